//! Declared regions as stretches of their threads.

use lockhound_trace::{Op, ThreadId};

use super::lanes::Step;
use crate::atomicity::regions::Declared;
use crate::model::Model;

/// A declared region, from its outermost `begin` to its `end`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Area {
    pub(super) declared: Declared,
    pub(super) thread: ThreadId,
    pub(super) begin: u32,
    pub(super) end: u32,
}

/// A region's place among all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct AreaId(u32);

/// All declared regions of a trace, in the order in which they begin.
#[derive(Debug, Default)]
pub(super) struct Areas {
    all: Vec<Area>,
    by_thread: Vec<Vec<AreaId>>,
}

impl Areas {
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn of(&self, id: AreaId) -> &Area {
        &self.all[id.0 as usize]
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = AreaId> + use<> {
        (0..).map(AreaId).take(self.all.len())
    }

    /// The one in which an access takes effect. Logarithmic in the regions of its thread.
    pub(super) fn around(&self, access: &Step) -> Option<AreaId> {
        let loc = access.spot.at.loc;
        let theirs = self.by_thread.get(access.thread().index())?;
        let begun = theirs.partition_point(|&id| self.of(id).begin <= loc);
        let last = theirs[begun.checked_sub(1)?];
        (loc <= self.of(last).end).then_some(last)
    }
}

impl Area {
    /// Whether `thread` was spawned in it, or by one that was: then it helps.
    pub(super) fn is_helped_by(&self, model: &Model<'_>, thread: ThreadId) -> bool {
        let mut ancestors = std::iter::successors(Some(thread), |&child| Some(model.spawn_of(child)?.thread));
        ancestors.by_ref().take(model.threads()).any(|child| {
            let spawn = model.spawn_of(child);
            spawn.is_some_and(|spawn| spawn.thread == self.thread && (self.begin..=self.end).contains(&spawn.loc))
        })
    }
}

/// The declared regions of the trace. Takes one pass over the events.
pub(super) fn areas(model: &Model<'_>) -> Areas {
    let mut all: Vec<Area> = Vec::new();
    let mut by_thread: Vec<Vec<AreaId>> = vec![Vec::new(); model.threads()];
    let mut depth: Vec<u32> = vec![0; model.threads()];
    for (index, thread, op) in model.log().iter() {
        let depth = &mut depth[thread.index()];
        match op {
            Op::Begin { name } => {
                *depth += 1;
                if *depth == 1 {
                    let declared = Declared { name, site: model.log().site(index), event: index };
                    let id = AreaId(u32::try_from(all.len()).expect("fewer regions than events of one thread"));
                    by_thread[thread.index()].push(id);
                    let (begin, end) = (model.log().loc(index), model.log().count(thread));
                    all.push(Area { declared, thread, begin, end });
                }
            }
            Op::End { .. } if *depth > 0 => {
                *depth -= 1;
                if let Some(area) = by_thread[thread.index()].last().filter(|_| *depth == 0) {
                    all[area.0 as usize].end = model.log().loc(index);
                }
            }
            _ => {}
        }
    }
    Areas { all, by_thread }
}

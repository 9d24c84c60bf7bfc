//! Declared regions as stretches of their threads.

use lockhound_trace::{Op, SiteId, ThreadId};
use rustc_hash::FxHashMap;

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

/// Instances of one region that are kept of each thread: the first in the trace, whose schedules are short.
const INSTANCES: usize = 16;

impl Area {
    /// Whether the access is in it.
    pub(super) fn contains(&self, step: &Step) -> bool {
        step.thread() == self.thread && (self.begin..=self.end).contains(&step.spot.at.loc)
    }

    /// Whether `thread` was spawned in it, or by one that was: then it helps.
    pub(super) fn is_helped_by(&self, model: &Model<'_>, thread: ThreadId) -> bool {
        let mut ancestors = std::iter::successors(Some(thread), |&child| Some(model.spawn_of(child)?.thread));
        ancestors.by_ref().take(model.threads()).any(|child| {
            let spawn = model.spawn_of(child);
            spawn.is_some_and(|spawn| spawn.thread == self.thread && (self.begin..=self.end).contains(&spawn.loc))
        })
    }
}

/// The declared regions of the trace, in the order in which they begin; of each thread and place only the first ones.
/// Takes one pass over the events.
pub(super) fn areas(model: &Model<'_>) -> Vec<Area> {
    let mut found: Vec<Area> = Vec::new();
    let mut open: Vec<(u32, Option<usize>)> = vec![(0, None); model.threads()];
    let mut taken: FxHashMap<(ThreadId, Option<SiteId>), usize> = FxHashMap::default();
    for (index, thread, op) in model.log().iter() {
        let (depth, area) = &mut open[thread.index()];
        match op {
            Op::Begin { name } => {
                *depth += 1;
                if *depth > 1 {
                    continue;
                }
                let site = model.log().site(index);
                let taken = taken.entry((thread, site)).or_default();
                *area = (*taken < INSTANCES).then_some(found.len());
                *taken += 1;
                if area.is_some() {
                    let declared = Declared { name, site, event: index };
                    found.push(Area {
                        declared,
                        thread,
                        begin: model.log().loc(index),
                        end: model.log().count(thread),
                    });
                }
            }
            Op::End { .. } => {
                *depth = depth.saturating_sub(1);
                if let Some(area) = area.take_if(|_| *depth == 0) {
                    found[area].end = model.log().loc(index);
                }
            }
            _ => {}
        }
    }
    found
}

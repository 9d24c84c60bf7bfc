//! The accesses of suspected variables, each with what a search needs to know of it.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op};

use super::access::{AccessKind, kind_of};
use super::lock_sets::{LockSetId, LockSets};
use crate::model::{HoldId, LockId, Model, Point};
use crate::statements::StatementId;

/// One access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) point: Point,
    pub(super) statement: StatementId,
    /// What was held.
    pub(super) locks: LockSetId,
    pub(super) kind: AccessKind,
}

/// The accesses of some variables, those of each in their recorded order.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) sets: LockSets<(LockId, Mode)>,
    by_var: Vec<Vec<Member>>,
}

/// Going through all events in their order costs less for each than looking up those of one variable, which lie far apart:
/// it pays from one in this many on.
const SCATTERED: usize = 16;

impl Gathered {
    /// Those of `vars`. `statements`: which one each site belongs to. Time linear in their accesses, or in all events if
    /// the accesses are many.
    pub(super) fn new(model: &Model<'_>, statements: &[StatementId], vars: &[ObjectId]) -> Self {
        let count = |&var: &ObjectId| model.on(var).map(|(_, locs)| locs.len()).sum();
        let counts: Vec<usize> = vars.iter().map(count).collect();
        let mut gathering = Gathering { model, statements, sets: LockSets::default(), scratch: Vec::new() };
        let by_var = if counts.iter().sum::<usize>() * SCATTERED < model.log().len() {
            vars.iter().map(|&var| gathering.look_up(var)).collect()
        } else {
            gathering.go_through(vars, &counts)
        };
        Self { sets: gathering.sets, by_var }
    }

    /// The accesses of the variable in this place.
    pub(super) fn members(&self, place: usize) -> &[Member] {
        &self.by_var[place]
    }
}

struct Gathering<'a> {
    model: &'a Model<'a>,
    statements: &'a [StatementId],
    sets: LockSets<(LockId, Mode)>,
    scratch: Vec<(LockId, Mode)>,
}

impl Gathering<'_> {
    fn look_up(&mut self, var: ObjectId) -> Vec<Member> {
        let model = self.model;
        let mut members: Vec<(EventIndex, Member)> = Vec::new();
        for (thread, locs) in model.on(var) {
            for point in locs.iter().map(|&loc| Point::new(thread, loc)) {
                let index = model.index(point);
                let locks = self.locks(model.held(point));
                members.extend(self.member(index, &model.op(point), point, locks).map(|member| (index, member)));
            }
        }
        members.sort_unstable_by_key(|&(index, _)| index);
        members.into_iter().map(|(_, member)| member).collect()
    }

    fn go_through(&mut self, vars: &[ObjectId], counts: &[usize]) -> Vec<Vec<Member>> {
        let (model, log) = (self.model, self.model.log());
        let mut places = vec![None; model.tables().objects().len()];
        for (place, var) in vars.iter().enumerate() {
            places[var.index()] = Some(place);
        }
        let mut by_var: Vec<Vec<Member>> = counts.iter().map(|&count| Vec::with_capacity(count)).collect();
        let mut locs = vec![0_u32; model.threads()];
        let mut held: Vec<Option<LockSetId>> = vec![None; model.threads()];
        for index in (0..log.len() as u64).map(EventIndex) {
            let (thread, op) = (log.thread(index), log.op(index));
            locs[thread.index()] += 1;
            let point = Point::new(thread, locs[thread.index()]);
            match op {
                Op::Acquire { .. }
                | Op::Release { .. }
                | Op::Wait { .. }
                | Op::Wake { .. }
                | Op::AcquirePermits { .. }
                | Op::ReleasePermits { .. } => held[thread.index()] = None,
                _ => {
                    let Some(place) = op.object().and_then(|object| places[object.index()]) else { continue };
                    let locks = *held[thread.index()].get_or_insert_with(|| self.locks(model.held(point)));
                    by_var[place].extend(self.member(index, &op, point, locks));
                }
            }
        }
        by_var
    }

    fn member(&self, index: EventIndex, op: &Op, point: Point, locks: LockSetId) -> Option<Member> {
        let (_, kind, _) = kind_of(op)?;
        let site = self.model.log().site(index);
        let statement = site.map_or(StatementId::UNKNOWN, |site| self.statements[site.index()]);
        Some(Member { point, statement, locks, kind })
    }

    fn locks(&mut self, held: &[HoldId]) -> LockSetId {
        self.scratch.clear();
        self.scratch.extend(held.iter().map(|&hold| {
            let hold = self.model.hold(hold);
            (hold.lock, hold.mode)
        }));
        self.sets.id(&mut self.scratch)
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::SiteId;
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::predict_on;
    use crate::closure::tests::random;
    use crate::script;
    use crate::statements::Statements;

    /// All that is known of each access, without the numbers of sets.
    fn told(gathering: &Gathering<'_>, members: &[Vec<Member>]) -> Vec<String> {
        let tell = |member: &Member| {
            let Member { point, statement, locks, kind } = member;
            format!("{point:?} {statement:?} {kind:?} {:?}", gathering.sets.get(*locks))
        };
        members.iter().flatten().map(tell).collect()
    }

    proptest! {
        #[test]
        fn both_ways_lead_to_the_same(script in random::scripts()) {
            predict_on(script::read(&script), |prediction| {
                let model = prediction.model;
                let tables = model.tables();
                let mut known = Statements::default();
                let sites = (0..tables.site_count()).map(SiteId::from_index);
                let statements: Vec<_> = sites.map(|site| known.of(tables, Some(site))).collect();
                let vars: Vec<_> = ["x", "y"].iter().filter_map(|var| tables.find_object(var)).collect();
                let new = || Gathering { model, statements: &statements, sets: LockSets::default(), scratch: Vec::new() };
                let (mut one, mut other) = (new(), new());
                let through = one.go_through(&vars, &vec![0; vars.len()]);
                let looked_up: Vec<_> = vars.iter().map(|&var| other.look_up(var)).collect();
                assert_eq!(told(&one, &through), told(&other, &looked_up));
            });
        }
    }
}

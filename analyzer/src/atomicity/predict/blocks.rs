//! Stretches of threads that run alone at the end of a schedule, and the base that lets them.
//!
//! Sync-preserving schedules alone prove almost nothing once all accesses share a lock: the sections of that lock would
//! have to keep their order. So the last sections are executed one after the other in the order that the claim needs,
//! after a sync-preserving base. The checker has the last word.

use lockhound_trace::{EventIndex, Op, ThreadId};

use crate::closure::Closure;
use crate::model::{Hold, Ideal, Model, Point};
use crate::witness::{Allowance, Schedule};

/// Events `first` … `last` of one thread, in one go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Block {
    pub(super) thread: ThreadId,
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Block {
    /// From `first` to `last` of one thread; none if `last` is before.
    pub(super) fn between(first: Point, last: u32) -> Option<Self> {
        (first.loc <= last).then_some(Self { thread: first.thread, first: first.loc, last })
    }

    pub(super) fn contains(&self, point: Point) -> bool {
        point.thread == self.thread && (self.first..=self.last).contains(&point.loc)
    }

    /// How many events it has.
    pub(super) fn len(&self) -> u64 {
        u64::from(self.last - self.first) + 1
    }

    pub(super) const fn start(&self) -> Point {
        Point::new(self.thread, self.first)
    }

    fn points(self) -> impl Iterator<Item = Point> {
        (self.first..=self.last).map(move |loc| Point::new(self.thread, loc))
    }
}

/// What is asked for: blocks to run at the end, in this order.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    pub(super) blocks: &'p [Block],
    /// What must be in the base besides what the blocks need.
    pub(super) included: Option<Point>,
    /// Events that may read anything.
    pub(super) free: &'p [Point],
}

/// Makes schedules of plans; keeps its memory between two.
pub(super) struct Arranger<'m> {
    model: &'m Model<'m>,
    closure: Closure<'m>,
    ideal: Ideal,
    before: Ideal,
}

impl<'m> Arranger<'m> {
    pub(super) fn new(model: &'m Model<'m>) -> Self {
        let ideal = || Ideal::new(model.threads());
        Self { model, closure: Closure::new(model), ideal: ideal(), before: ideal() }
    }

    /// A sync-preserving base in recorded order, then the blocks. Takes a closure for each round of locks that the blocks
    /// find held in the base.
    pub(super) fn arrange(&mut self, plan: &Plan<'_>) -> Option<Schedule> {
        self.ideal.copy_from(&Ideal::new(self.model.threads()));
        for (index, block) in plan.blocks.iter().enumerate() {
            // What a thread does before its first block belongs to the base; a later block follows on the earlier one.
            if !plan.blocks[..index].iter().any(|earlier| earlier.thread == block.thread) {
                self.ideal.join(self.model.pred(block.start()));
            }
        }
        if let Some(point) = plan.included {
            self.ideal.join(self.model.stamp(point));
        }
        let mut needs = Vec::new();
        for index in 0..plan.blocks.len() {
            self.needs(plan, index, &mut needs)?;
        }
        for &point in &needs {
            self.ideal.join(self.model.stamp(point));
        }
        if self.swallows(plan) || !self.can_lock(plan) {
            return None;
        }
        loop {
            self.closure.close(&mut self.ideal, &[]).ok()?;
            if self.swallows(plan) {
                return None;
            }
            self.before.copy_from(&self.ideal);
            for block in plan.blocks {
                self.free_locks(plan, block)?;
            }
            if self.before == self.ideal {
                break;
            }
        }
        let then = plan.blocks.iter().flat_map(|block| block.points()).map(|point| self.model.index(point)).collect();
        Some(Schedule { base: self.ideal.clone(), then })
    }

    /// Each block right after what it needs, so that third threads may run between them. The checker says whether that
    /// is possible. What runs between counts as steps: it is arranged event by event.
    pub(super) fn arrange_staged(&mut self, plan: &Plan<'_>, steps: &mut Allowance) -> Option<Schedule> {
        let mut done = Ideal::new(self.model.threads());
        let mut base = None;
        let mut then = Vec::new();
        for (index, block) in plan.blocks.iter().enumerate() {
            self.ideal.copy_from(&done);
            self.ideal.join(self.model.pred(block.start()));
            for point in block.points().filter(|point| !plan.free.contains(point)) {
                for need in needs_of(self.model, point) {
                    if !block.contains(need) {
                        self.ideal.join(self.model.stamp(need));
                    }
                }
            }
            self.close_sections(plan)?;
            if plan.blocks[index..].iter().any(|later| self.ideal.contains(later.start())) {
                return None;
            }
            if base.is_none() {
                base = Some(self.ideal.clone());
            } else {
                self.add_stage(&done, &mut then, steps)?;
            }
            then.extend(block.points().map(|point| self.model.index(point)));
            done.copy_from(&self.ideal);
            done.add(Point::new(block.thread, block.last));
        }
        Some(Schedule { base: base?, then })
    }

    /// What is in the ideal but not yet done, in recorded order.
    fn add_stage(&self, done: &Ideal, then: &mut Vec<EventIndex>, steps: &mut Allowance) -> Option<()> {
        if !steps.pay(self.ideal.len() - done.len()) {
            return None;
        }
        let from = then.len();
        for thread in (0..self.model.threads()).map(ThreadId::from_index) {
            then.extend((done.get(thread) + 1..=self.ideal.get(thread)).map(|loc| self.model.log().at(thread, loc)));
        }
        then[from..].sort_unstable();
        Some(())
    }

    /// Closes the sections that threads without a block have open.
    fn close_sections(&mut self, plan: &Plan<'_>) -> Option<()> {
        loop {
            self.before.copy_from(&self.ideal);
            for thread in (0..self.model.threads()).map(ThreadId::from_index) {
                if plan.blocks.iter().any(|block| block.thread == thread) || self.ideal.get(thread) == 0 {
                    continue;
                }
                let next = Point::new(thread, self.ideal.get(thread) + 1);
                for &hold in self.model.held(next) {
                    let release = self.model.hold(hold).release?;
                    self.ideal.join(self.model.stamp(Point::new(thread, release)));
                }
            }
            if self.before == self.ideal {
                return Some(());
            }
        }
    }

    /// Whether the base would contain what is to come after it.
    fn swallows(&self, plan: &Plan<'_>) -> bool {
        plan.blocks.iter().any(|block| self.ideal.contains(block.start()))
    }

    /// What the block at `index` must have before it and no earlier block gives. None if a later block would have to.
    fn needs(&self, plan: &Plan<'_>, index: usize, needs: &mut Vec<Point>) -> Option<()> {
        let block = plan.blocks[index];
        for point in block.points().filter(|point| !plan.free.contains(point)) {
            for need in needs_of(self.model, point) {
                let given = plan.blocks[..index].iter().any(|earlier| earlier.contains(need));
                if given {
                    continue;
                }
                let before = |block: &Block| need.thread != block.thread || need.loc < block.first;
                if !plan.blocks.iter().all(before) {
                    return None;
                }
                needs.push(need);
            }
        }
        Some(())
    }

    /// Whether no thread of another block holds, where it stands by then, a lock that a block takes.
    fn can_lock(&self, plan: &Plan<'_>) -> bool {
        plan.blocks.iter().enumerate().all(|(index, block)| {
            let others = plan.blocks.iter().filter(|other| other.thread != block.thread);
            others.into_iter().all(|other| {
                let earlier = plan.blocks[..index].iter().rev().find(|earlier| earlier.thread == other.thread);
                let stands = Point::new(other.thread, earlier.map_or(other.first, |earlier| earlier.last + 1));
                holds_from(self.model, *block).all(|mine| {
                    let held = self.model.held(stands).iter().map(|&hold| self.model.hold(hold));
                    !held.into_iter().any(|hold| hold.lock == mine.lock && hold.mode.conflicts_with(mine.mode))
                })
            })
        })
    }

    /// A lock that a block takes must not stay held in the base.
    fn free_locks(&mut self, plan: &Plan<'_>, block: &Block) -> Option<()> {
        for mine in holds_from(self.model, *block) {
            for (_, holds) in self.model.holds(mine.lock) {
                let thread = holds[0].thread;
                let taken = holds.partition_point(|hold| hold.acquire <= self.ideal.get(thread));
                let Some(open) = taken.checked_sub(1).map(|last| &holds[last]) else { continue };
                let ends_inside = open.release.is_some_and(|release| release <= self.ideal.get(thread));
                if thread == block.thread || ends_inside || !open.mode.conflicts_with(mine.mode) {
                    continue;
                }
                let release = Point::new(thread, open.release?);
                if plan.blocks.iter().any(|block| block.contains(release)) {
                    // Its own block gives it back, before or after: the checker sees which.
                    continue;
                }
                self.ideal.join(self.model.stamp(release));
            }
        }
        Some(())
    }
}

/// What the event itself (not what comes before it in its thread) brings of other threads: the last event of each.
pub(super) fn needs_of<'m>(model: &'m Model<'m>, point: Point) -> impl Iterator<Item = Point> + use<'m> {
    let (now, before) = (model.stamp(point), model.pred(point));
    let threads = if now.is_alike(before) { 0 } else { now.threads() };
    // Of a thread's first event, the spawn is before it, but in no event of its own.
    let spawn = (point.loc == 1).then(|| model.spawn_of(point.thread)).flatten();
    let brought = (0..threads).map(ThreadId::from_index).filter_map(move |thread| {
        let loc = now.get(thread);
        (thread != point.thread && loc > before.get(thread)).then_some(Point::new(thread, loc))
    });
    brought.chain(spawn)
}

/// The holds that begin in the block.
fn holds_from<'m>(model: &'m Model<'m>, block: Block) -> impl Iterator<Item = &'m Hold> {
    block.points().filter_map(move |point| {
        if !matches!(model.op(point), Op::Acquire { .. } | Op::Wake { .. } | Op::AcquirePermits { .. }) {
            return None;
        }
        let hold = model.held(point.next()).last()?;
        let hold = model.hold(*hold);
        (hold.acquire == point.loc).then_some(hold)
    })
}

/// The locks that are held all the way from one event of a thread to a later one.
pub(super) fn held_through<'m>(model: &'m Model<'m>, from: Point, to: Point) -> impl Iterator<Item = &'m Hold> {
    let later = model.held(to);
    model.held(from).iter().filter(move |hold| later.contains(hold)).map(|&hold| model.hold(hold))
}

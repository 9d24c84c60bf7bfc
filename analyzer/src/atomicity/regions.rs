//! Where each thread is: how far along, in which declared region, and on whose behalf.

use lockhound_trace::{EventIndex, ObjectId, Op, SiteId, TextId, ThreadId, Touched};
use rustc_hash::FxHashMap;

use super::access::{Access, Class};
use crate::analysis::Moment;

/// A region that the user declared, from its outermost `begin`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Declared {
    pub(super) name: Option<TextId>,
    pub(super) site: Option<SiteId>,
    pub(super) event: EventIndex,
}

/// The first accesses of a cell in the declared region.
#[derive(Debug, Default)]
pub(super) struct Firsts {
    pub(super) read: Option<Access>,
    pub(super) write: Option<Access>,
}

impl Firsts {
    pub(super) fn record(&mut self, access: &Access) {
        let first = match access.kind.as_first() {
            Class::Read => &mut self.read,
            Class::Write => &mut self.write,
        };
        first.get_or_insert_with(|| access.clone());
    }
}

/// One thread's way through the trace.
#[derive(Debug, Default)]
pub(super) struct Progress {
    own: u64,
    ended_steps: u32,
    depth: u32,
    /// Serial number of the region it is in; 0 = none.
    region: u64,
    pub(super) declared: Option<Declared>,
    pub(super) firsts: FxHashMap<ObjectId, Firsts>,
    /// The region in which it was spawned: what it does is done by that region.
    helps: Option<(ThreadId, u64)>,
    /// What inner holds of re-entrant locks did to the data.
    inner: Vec<(ObjectId, Touched)>,
}

/// All threads. Memory in the number of threads and of cells touched by open regions.
#[derive(Debug, Default)]
pub(super) struct Regions {
    threads: Vec<Progress>,
    /// Regions begun so far.
    begun: u64,
    open: u32,
}

impl Regions {
    pub(super) fn of(&mut self, thread: ThreadId) -> &mut Progress {
        if self.threads.len() <= thread.index() {
            self.threads.resize_with(thread.index() + 1, Progress::default);
        }
        &mut self.threads[thread.index()]
    }

    /// Whether any thread is in a declared region.
    pub(super) fn any_open(&self) -> bool {
        self.open > 0
    }

    /// Whether `foreign` was done by a helper that the region of `access` spawned.
    pub(super) fn helps(&self, foreign: &Access, access: &Access) -> bool {
        let helps = self.threads.get(foreign.thread.index()).and_then(|helper| helper.helps);
        access.region != 0 && helps == Some((access.thread, access.region))
    }

    /// Follows the event, except for what it accesses.
    pub(super) fn observe(&mut self, now: &Moment<'_>) {
        let thread = now.event.thread;
        match now.event.op {
            // Whether a request had to wait differs from run to run.
            Op::Block { .. } => {}
            Op::Begin { name } => self.begin(now, name),
            Op::End { .. } => self.end(thread),
            Op::Spawn { child } => {
                let region = self.of(thread).region;
                self.of(child).helps = (region != 0).then_some((thread, region));
                self.of(thread).pass(true);
            }
            op => self.of(thread).pass(ends_step(&op)),
        }
    }

    fn begin(&mut self, now: &Moment<'_>, name: Option<TextId>) {
        let serial = self.begun + 1;
        let progress = self.of(now.event.thread);
        progress.pass(false);
        progress.depth += 1;
        if progress.depth == 1 {
            progress.region = serial;
            progress.declared = Some(Declared { name, site: now.event.site, event: now.index });
            self.begun = serial;
            self.open += 1;
        }
    }

    fn end(&mut self, thread: ThreadId) {
        let progress = self.of(thread);
        progress.pass(false);
        if progress.depth == 1 {
            progress.region = 0;
            progress.declared = None;
            progress.firsts.clear();
            self.open -= 1;
        }
        let progress = self.of(thread);
        progress.depth = progress.depth.saturating_sub(1);
    }
}

impl Progress {
    fn pass(&mut self, ends_step: bool) {
        self.own += 1;
        self.ended_steps += u32::from(ends_step);
    }

    /// The access with its place in this thread.
    pub(super) fn place(&self, access: Access) -> Access {
        Access { own: self.own, ended_steps: self.ended_steps, region: self.region, ..access }
    }

    /// A hold of `lock` inside another hold of it ends.
    pub(super) fn release_inner(&mut self, lock: ObjectId, touched: Touched) {
        match self.inner.iter_mut().find(|(other, _)| *other == lock) {
            Some((_, known)) => *known = together(*known, touched),
            None => self.inner.push((lock, touched)),
        }
    }

    /// The outermost hold of `lock` ends: what was done during all of it.
    pub(super) fn release_outermost(&mut self, lock: ObjectId, touched: Touched) -> Touched {
        match self.inner.iter().position(|&(other, _)| other == lock) {
            Some(position) => together(self.inner.swap_remove(position).1, touched),
            None => touched,
        }
    }
}

/// What an outer and an inner hold did together. Which came first is not recorded: if one looked, the other's write
/// counts as looked at.
fn together(one: Touched, other: Touched) -> Touched {
    match (one.looks() || other.looks(), one.writes() || other.writes()) {
        (false, false) => Touched::None,
        (true, false) => Touched::Read,
        (true, true) => Touched::Write,
        (false, true) => Touched::Blind,
    }
}

/// Whether the thread waited for others to get further than a lock: then what follows is no longer the same step.
fn ends_step(op: &Op) -> bool {
    matches!(
        op,
        Op::Join { .. }
            | Op::Wait { .. }
            | Op::Recv { .. }
            | Op::RecvClosed { .. }
            | Op::Arrive { .. }
            | Op::Pass { .. }
            | Op::Await { .. }
    )
}

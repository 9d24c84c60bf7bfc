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
    own: u32,
    ended_steps: u32,
    depth: u32,
    /// Serial number of the region it is in; 0 = none.
    region: u32,
    pub(super) declared: Option<Declared>,
    pub(super) firsts: FxHashMap<ObjectId, Firsts>,
    /// The region in which it was spawned, and whose: what it does is done by that region, until it is joined or the
    /// region ends.
    helps: Option<(ThreadId, u32)>,
    /// Who helps the region that it is in.
    helpers: Vec<ThreadId>,
    /// What inner holds of re-entrant locks did to the data.
    inner: Vec<(ObjectId, Touched)>,
}

/// What an event means to regions.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// An outermost region of `actor` begins.
    Begins { actor: ThreadId, declared: Declared },
    /// It ends, and those who helped it do so no longer. Some were in the middle of a region of their own, which is no
    /// longer inside another.
    Ends { actor: ThreadId, released: Vec<(ThreadId, Option<Declared>)> },
    /// A thread begins to run that helps no region.
    Forks { actor: ThreadId, child: ThreadId },
    /// A thread has ended that did not help the joining thread's region.
    Joins { actor: ThreadId, child: ThreadId },
}

/// All threads. Memory in the number of threads and of cells touched by open regions.
#[derive(Debug, Default)]
pub(super) struct Regions {
    threads: Vec<Progress>,
    /// Regions begun so far.
    begun: u32,
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
    pub(super) const fn any_open(&self) -> bool {
        self.open > 0
    }

    /// Whether the user declared any region.
    pub(super) const fn any(&self) -> bool {
        self.begun > 0
    }

    /// On whose behalf `thread` acts now.
    pub(super) fn actor(&self, thread: ThreadId) -> ThreadId {
        self.helped(thread).map_or(thread, |(actor, _)| actor)
    }

    /// The region that `thread` helps now.
    fn helped(&self, thread: ThreadId) -> Option<(ThreadId, u32)> {
        let (actor, region) = self.threads.get(thread.index())?.helps?;
        (self.threads[actor.index()].region == region).then_some((actor, region))
    }

    /// Whether `foreign` was done by a helper of the region of `access`.
    pub(super) fn helps(&self, foreign: &Access, access: &Access) -> bool {
        let helps = self.threads.get(foreign.thread.index()).and_then(|helper| helper.helps);
        access.region != 0 && helps == Some((access.thread, access.region))
    }

    /// Follows the event, except for what it accesses.
    pub(super) fn observe(&mut self, now: &Moment<'_>) -> Change {
        let thread = now.event.thread;
        match now.event.op {
            // Whether a request had to wait differs from run to run.
            Op::Block { .. } => Change::None,
            Op::Begin { name } => self.begin(now, name),
            Op::End { .. } => self.end(thread),
            Op::Spawn { child } => {
                self.of(thread).pass(true);
                self.spawn(thread, child)
            }
            Op::Join { child } => {
                self.of(thread).pass(true);
                let actor = self.actor(thread);
                match self.helped(child) {
                    Some((helped, _)) if helped == actor => Change::None,
                    _ => Change::Joins { actor, child: self.actor(child) },
                }
            }
            op => {
                self.of(thread).pass(ends_step(&op));
                Change::None
            }
        }
    }

    fn spawn(&mut self, thread: ThreadId, child: ThreadId) -> Change {
        let region = self.of(thread).region;
        let helps = if region == 0 { self.helped(thread) } else { Some((thread, region)) };
        self.of(child).helps = helps;
        match helps {
            Some((actor, _)) => {
                self.of(actor).helpers.push(child);
                Change::None
            }
            None => Change::Forks { actor: thread, child },
        }
    }

    fn begin(&mut self, now: &Moment<'_>, name: Option<TextId>) -> Change {
        let thread = now.event.thread;
        let inside = self.helped(thread).is_some();
        let declared = Declared { name, site: now.event.site, event: now.index };
        let progress = self.of(thread);
        progress.pass(false);
        progress.depth += 1;
        if progress.depth > 1 {
            return Change::None;
        }
        progress.declared = Some(declared);
        if inside { Change::None } else { self.open_region(thread, declared) }
    }

    /// The outermost region of a thread that helps no other.
    fn open_region(&mut self, actor: ThreadId, declared: Declared) -> Change {
        self.begun += 1;
        self.open += 1;
        self.of(actor).region = self.begun;
        Change::Begins { actor, declared }
    }

    fn end(&mut self, thread: ThreadId) -> Change {
        let progress = self.of(thread);
        progress.pass(false);
        progress.depth = progress.depth.saturating_sub(1);
        if progress.depth > 0 {
            return Change::None;
        }
        progress.declared = None;
        if progress.region == 0 {
            return Change::None;
        }
        self.close_region(thread)
    }

    fn close_region(&mut self, actor: ThreadId) -> Change {
        let progress = self.of(actor);
        let region = std::mem::take(&mut progress.region);
        progress.firsts.clear();
        let helpers = std::mem::take(&mut progress.helpers);
        self.open -= 1;
        let mut released = Vec::new();
        for helper in helpers {
            if self.of(helper).helps != Some((actor, region)) {
                continue;
            }
            let declared = self.of(helper).declared;
            if declared.is_some() {
                self.begun += 1;
                self.open += 1;
                self.of(helper).region = self.begun;
            }
            released.push((helper, declared));
        }
        Change::Ends { actor, released }
    }
}

impl Progress {
    fn pass(&mut self, ends_step: bool) {
        self.own += 1;
        self.ended_steps += u32::from(ends_step);
    }

    /// The access with its place in this thread.
    pub(super) const fn place(&self, access: &mut Access) {
        access.own = self.own;
        access.ended_steps = self.ended_steps;
        access.region = self.region;
    }

    /// The region that its accesses stand in.
    pub(super) fn region(&self) -> Option<Declared> {
        self.declared.filter(|_| self.region != 0)
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
pub(super) fn ends_step(op: &Op) -> bool {
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

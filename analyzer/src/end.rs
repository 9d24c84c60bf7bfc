//! How each thread stands when the trace ends.

use lockhound_trace::{EventIndex, How, Op, Request, SiteId, StackId, ThreadId};

/// How a thread stands at the end of the trace.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Standing {
    /// It has no event: spawned at most, and still to begin.
    Unseen,
    /// It ended.
    Ended,
    /// It began an operation that never completed.
    Blocked(Blocked),
    /// The recording stopped while it was going on.
    Running,
}

/// An operation that never completed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Blocked {
    pub(crate) on: Request,
    pub(crate) event: EventIndex,
    pub(crate) site: Option<SiteId>,
    pub(crate) stack: Option<StackId>,
}

/// Follows every thread's last event. `start` and `exit` may be left out: a trace in which no thread has either, and
/// in which nobody waits for the end of a thread that is not itself stuck, ended as a whole, and so did its threads.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    threads: Vec<Option<Last>>,
    explicit: bool,
    /// Whether somebody spawned the thread.
    spawned: Vec<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    event: EventIndex,
    op: Op,
    site: Option<SiteId>,
    stack: Option<StackId>,
}

impl Ends {
    pub(crate) fn apply(&mut self, index: EventIndex, event: &lockhound_trace::Event) {
        let thread = event.thread.index();
        if self.threads.len() <= thread {
            self.threads.resize(thread + 1, None);
        }
        self.explicit |= matches!(event.op, Op::Start | Op::Exit);
        if let Op::Spawn { child } = event.op {
            if self.spawned.len() <= child.index() {
                self.spawned.resize(child.index() + 1, false);
            }
            self.spawned[child.index()] = true;
        }
        self.threads[thread] = Some(Last { event: index, op: event.op, site: event.site, stack: event.stack });
    }

    /// Whether the process was seen to end: all threads that nobody spawned (the main thread, above all) have said that they
    /// ended. Whoever has not by then runs in the background: the end of the process cuts it off, and what it waited for
    /// may have come had the process gone on.
    pub(crate) fn process_ended(&self) -> bool {
        let is_root = |index: usize| !self.spawned.get(index).is_some_and(|&spawned| spawned);
        let mut roots = self.threads.iter().enumerate().filter(|&(index, _)| is_root(index)).peekable();
        let last = |(_, last): (usize, &Option<Last>)| last.as_ref().map(|last| last.op);
        roots.peek().is_some() && roots.filter_map(last).all(|op| matches!(op, Op::Exit))
    }

    /// The standing of every thread up to `count`, in the order of their ids. `whole` says that the trace was read to its
    /// end: what follows a broken place is not known, so no thread of such a trace has ended without saying so.
    pub(crate) fn standings(&self, count: usize, whole: bool) -> Vec<Standing> {
        let mut standings: Vec<Standing> = (0..count)
            .map(|thread| self.threads.get(thread).copied().flatten().map_or(Standing::Unseen, standing))
            .collect();
        if whole && !self.explicit && !cut_short(&standings) {
            for standing in &mut standings {
                if matches!(standing, Standing::Running | Standing::Unseen) {
                    *standing = Standing::Ended;
                }
            }
        }
        standings
    }
}

fn standing(last: Last) -> Standing {
    let blocked = |on| Standing::Blocked(Blocked { on, event: last.event, site: last.site, stack: last.stack });
    match last.op {
        Op::Exit => Standing::Ended,
        Op::Block { on } => blocked(on),
        // Time alone ends any other wait.
        Op::Wait { condvar, lock, how: How::Lock, .. } => blocked(Request::Wait { condvar, lock }),
        Op::Arrive { barrier } => blocked(Request::Pass { barrier }),
        _ => Standing::Running,
    }
}

/// Whether somebody waits for the end of a thread that could still go on: had that thread ended, the join would have
/// returned.
fn cut_short(standings: &[Standing]) -> bool {
    let goes_on = |child: ThreadId| matches!(standings[child.index()], Standing::Running | Standing::Unseen);
    standings.iter().any(|standing| match standing {
        Standing::Blocked(Blocked { on: Request::Join { child }, .. }) => goes_on(*child),
        _ => false,
    })
}

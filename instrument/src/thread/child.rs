//! What a spawned thread brings from its parent.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use super::handle::{Thread, adopt};
use super::park::ParkToken;
use crate::engine::{
    self, Site, ThreadTicket, blocked_on_join, join_failed, joined, last_ticket, spawn_failed, spawned_again, spawning,
    started,
};

/// A thread that is about to be spawned; if it never is, it is recorded as refused.
pub(super) struct Unborn {
    ticket: ThreadTicket,
    /// None when not recording.
    shared: Option<Shared>,
    refused: bool,
}

/// What a thread shares with those who hold handles to it.
#[derive(Clone, Default)]
struct Shared {
    token: Arc<ParkToken>,
    gone: Arc<Gone>,
}

impl Unborn {
    pub(super) fn new(name: Option<&str>, site: Site) -> Self {
        Self::announced(spawning(name, site))
    }

    /// A thread of which the recorder knows that it is about to be spawned.
    pub(super) fn announced(ticket: ThreadTicket) -> Self {
        Self { ticket, shared: engine::is_on().then(Shared::default), refused: true }
    }

    /// What the new thread begins with.
    pub(super) fn birth(&self) -> Birth {
        Birth { ticket: self.ticket, shared: self.shared.clone() }
    }

    /// The thread exists.
    pub(super) fn born(mut self, thread: &std::thread::Thread) -> Child {
        self.refused = false;
        let (token, gone) = self.shared.take().map(|shared| (shared.token, shared.gone)).unzip();
        Child { thread: Thread::new(thread.clone(), token), end: End { ticket: self.ticket, gone } }
    }
}

impl Drop for Unborn {
    fn drop(&mut self) {
        if self.refused {
            spawn_failed(self.ticket);
        }
    }
}

/// The parent's view of a thread.
pub(super) struct Child {
    pub(super) thread: Thread,
    pub(super) end: End,
}

/// The end of a thread, for whoever joins it.
#[derive(Clone)]
pub(crate) struct End {
    ticket: ThreadTicket,
    gone: Option<Arc<Gone>>,
}

impl End {
    /// Records a join around the real one, which `wait` does.
    pub(crate) fn join<R>(self, site: Site, wait: impl FnOnce() -> R) -> R {
        let Some(gone) = self.gone else { return wait() };
        // Not `is_finished`: the join also waits for what the thread's locals do when they are dropped.
        let blocked = gone.get().is_none().then(|| blocked_on_join(self.ticket, site));
        let result = wait();
        drop(blocked);
        joined(self.ticket, site);
        match gone.get() {
            Some(&last) if last != self.ticket => joined(last, site),
            _ => {}
        }
        result
    }

    /// Records a join that ran out of time.
    pub(crate) fn gave_up(&self, site: Site) {
        join_failed(self.ticket, site);
    }

    /// Records a second spawn, which was refused.
    pub(crate) fn spawned_again(&self, site: Site) {
        spawned_again(self.ticket, site);
    }

    pub(super) const fn ticket(&self) -> ThreadTicket {
        self.ticket
    }
}

/// Set once a thread has done all that is recorded of it; says as whom it did the last.
type Gone = OnceLock<ThreadTicket>;

/// What a new thread does before anything of the user's.
pub(super) struct Birth {
    ticket: ThreadTicket,
    shared: Option<Shared>,
}

impl Birth {
    pub(super) fn begin(self) {
        let Some(Shared { token, gone }) = self.shared else {
            return;
        };
        // Before the recorder registers its own local, which records the exit: locals are dropped in reverse.
        let _ = LAST_WORD.try_with(|last| last.set(LastWord(gone)));
        started(self.ticket);
        adopt(token);
    }
}

thread_local!(static LAST_WORD: OnceCell<LastWord> = const { OnceCell::new() });

/// Says at the very end of a thread that it is gone.
struct LastWord(Arc<Gone>);

impl Drop for LastWord {
    fn drop(&mut self) {
        let _ = self.0.set(last_ticket());
    }
}

//! What a spawned thread brings from its parent.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::handle::{Thread, adopt};
use super::park::ParkToken;
use crate::engine::{self, Site, ThreadTicket, spawn_failed, spawning, started};

/// A thread that is about to be spawned; if it never is, it is recorded as refused.
pub(super) struct Unborn {
    ticket: ThreadTicket,
    token: Option<Arc<ParkToken>>,
    gone: Arc<AtomicBool>,
    refused: bool,
}

impl Unborn {
    pub(super) fn new(name: Option<&str>, site: Site) -> Self {
        let token = engine::is_on().then(Arc::default);
        Self { ticket: spawning(name, site), token, gone: Arc::default(), refused: true }
    }

    /// What the new thread begins with.
    pub(super) fn birth(&self) -> Birth {
        Birth { ticket: self.ticket, token: self.token.clone(), gone: Arc::clone(&self.gone) }
    }

    /// The thread exists.
    pub(super) fn born(mut self, thread: &std::thread::Thread) -> Child {
        self.refused = false;
        let thread = Thread::new(thread.clone(), self.token.take());
        Child { ticket: self.ticket, thread, gone: Arc::clone(&self.gone) }
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
    pub(super) ticket: ThreadTicket,
    pub(super) thread: Thread,
    /// Whether its exit has been recorded.
    pub(super) gone: Arc<AtomicBool>,
}

/// What a new thread does before anything of the user's.
pub(super) struct Birth {
    ticket: ThreadTicket,
    token: Option<Arc<ParkToken>>,
    gone: Arc<AtomicBool>,
}

impl Birth {
    pub(super) fn begin(self) {
        let Some(token) = self.token else {
            return;
        };
        // Before the recorder registers its own local, which records the exit: locals are dropped in reverse.
        let _ = LAST_WORD.try_with(|last| last.set(Gone(self.gone)));
        started(self.ticket);
        adopt(token);
    }
}

thread_local!(static LAST_WORD: OnceCell<Gone> = const { OnceCell::new() });

/// Says at the very end of a thread that it is gone.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

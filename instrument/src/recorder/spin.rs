//! The right to change an object that nothing else protects: an access and its event become one step.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::local::{self, Local};
use super::object::{Object, SPIN, THREAD, VERSION};

/// Rounds of waiting for a spin bit, most of them with a sleep.
const PATIENCE: u32 = 2000;

impl Object {
    /// Keeps all others off the object until the result is dropped.
    ///
    /// None if this very thread does so already: then a signal handler has interrupted it there, which must not wait for
    /// what cannot go on before it returns.
    #[inline]
    pub(super) fn spin(&self) -> Option<Spin<'_>> {
        self.spin_at_once().or_else(|| self.spin_contended())
    }

    /// The same for an object that is safe without it: gives up after a fraction of a second.
    #[inline]
    pub(super) fn try_spin(&self) -> Option<Spin<'_>> {
        self.spin_at_once().or_else(|| self.spin_within(PATIENCE))
    }

    /// Nearly always nobody else is there.
    #[inline]
    fn spin_at_once(&self) -> Option<Spin<'_>> {
        let word = self.word() & !SPIN;
        self.spin_from(word, word)
    }

    /// Sets the bit if the word is `seen`; it is to be left as `word`.
    #[inline]
    fn spin_from(&self, seen: u64, word: u64) -> Option<Spin<'_>> {
        let mine = local::spinner() | SPIN | word & VERSION;
        let set = self.word.compare_exchange(seen, mine, Ordering::Acquire, Ordering::Relaxed);
        // Not `then_some`: what that drops when the bit is not set would clear another's.
        set.is_ok().then(|| Spin { object: self, word })
    }

    #[cold]
    fn spin_contended(&self) -> Option<Spin<'_>> {
        let mut spin = None;
        while spin.is_none() && !self.is_spun_here() {
            spin = self.spin_within(u32::MAX);
        }
        spin
    }

    /// Whether this thread has set the bit. Nobody else could make it look so, or not so.
    fn is_spun_here(&self) -> bool {
        let (word, me) = (self.word(), local::spinner());
        word & SPIN != 0 && word & THREAD == me && me != 0
    }

    #[cold]
    fn spin_within(&self, rounds: u32) -> Option<Spin<'_>> {
        (0..rounds).find_map(|round| {
            let word = self.word();
            // What a thread of the parent held at the moment of a fork has no holder here. Nobody can tell how far it came.
            let left_by_fork = word & SPIN != 0 && local::is_of_ancestor(word & THREAD);
            if left_by_fork {
                return self.spin_from(word, word & VERSION);
            }
            let spin = if word & SPIN == 0 { self.spin_from(word, word) } else { None };
            if spin.is_none() {
                back_off(round);
            }
            spin
        })
    }
}

/// The other may have been preempted in between. A thread of real-time priority would never let it go on by yielding,
/// so in the end it sleeps.
pub(super) fn back_off(round: u32) {
    match round {
        0..64 => std::hint::spin_loop(),
        64..128 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}

/// The right to change an object that nothing else protects.
pub(super) struct Spin<'a> {
    object: &'a Object,
    /// The word to leave behind.
    word: u64,
}

impl Spin<'_> {
    /// Takes the next version; what the event must say, as [`Object::take_version`].
    #[inline]
    pub(super) fn take_version(&mut self, local: &Local) -> u64 {
        let version = (self.word & VERSION) + 1;
        let mine = self.word & THREAD == local.tag;
        self.word = local.tag | version & VERSION;
        if mine { 0 } else { version }
    }
}

impl Drop for Spin<'_> {
    #[inline]
    fn drop(&mut self) {
        self.object.word.store(self.word, Ordering::Release);
    }
}

//! The word of an object: who did what how often, and the right to change what nothing else protects.
//!
//! Everything here is a view of an atomic, and generic over it, so that models run this very code on atomics that try
//! every order and every value that the language allows.

use std::sync::atomic::{AtomicU64, Ordering};

use super::local::THREAD_BITS;
use super::spin::back_off;

/// Bits of a word that count the object's events.
pub(super) const VERSION: u64 = SPIN - 1;
/// Set while a thread makes access and event one step.
pub(super) const SPIN: u64 = 1 << (63 - THREAD_BITS);
/// Bits of a word that say which thread's event was the last.
pub(super) const THREAD: u64 = !(VERSION | SPIN);

/// What the recorder needs of an atomic.
pub(super) trait Atomic64 {
    fn load(&self, order: Ordering) -> u64;
    fn store(&self, value: u64, order: Ordering);
    /// Whether it was `current`, and is `new`; what it was.
    fn compare_exchange(&self, current: u64, new: u64, success: Ordering, failure: Ordering) -> Result<u64, u64>;
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;
    /// Lets others go on who may change it.
    fn back_off(round: u32);
}

impl Atomic64 for AtomicU64 {
    #[inline(always)]
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    #[inline(always)]
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }

    #[inline(always)]
    fn compare_exchange(&self, current: u64, new: u64, success: Ordering, failure: Ordering) -> Result<u64, u64> {
        self.compare_exchange(current, new, success, failure)
    }

    #[inline(always)]
    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }

    fn back_off(round: u32) {
        back_off(round);
    }
}

/// A word, and what its object's events do to it.
pub(super) struct Word<'a, A = AtomicU64>(pub(super) &'a A);

impl<A> Clone for Word<'_, A> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Word<'_, A> {}

impl<'a, A: Atomic64> Word<'a, A> {
    /// All of it, for comparison.
    #[inline(always)]
    pub(super) fn get(self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the next version, of a lock that the thread holds. What the event must say: the count before it, or 0 if
    /// this thread's own last event was the one before.
    #[inline(always)]
    pub(super) fn take_version(self, tag: u64) -> u64 {
        let (word, after) = next(self.get(), tag);
        self.0.store(word, Ordering::Relaxed);
        after
    }

    /// Of a lock that the thread holds and has just declared: its declaration is the last that happened to it.
    pub(super) fn follow_declaration(self, tag: u64) {
        self.0.store(tag | self.get() & VERSION, Ordering::Relaxed);
    }

    /// The same, if this thread's own last event was the one before; otherwise none.
    #[inline(always)]
    pub(super) fn take_next_version(self, tag: u64) -> Option<()> {
        let word = self.get();
        if (word ^ tag) & !VERSION != 0 {
            return None;
        }
        self.0.store(word + 1, Ordering::Relaxed);
        Some(())
    }

    /// The same, when this thread's own last event is known to be the one before.
    #[inline(always)]
    pub(super) fn take_own_version(self) {
        self.0.store(self.get() + 1, Ordering::Relaxed);
    }

    /// The right to change the object, if nobody has it. `me` is the thread, where a word has it.
    #[inline(always)]
    pub(super) fn spin_at_once(self, me: u64) -> Option<Spin<'a, A>> {
        let word = self.get() & !SPIN;
        self.spin_from(word, word, me)
    }

    /// The same within so many rounds of waiting, where `is_lost` says of whom it need not be waited for: what a thread of
    /// the parent held at the moment of a fork has no holder here. Nobody can tell how far it came.
    pub(super) fn spin_within(self, rounds: u32, me: u64, is_lost: impl Fn(u64) -> bool) -> Option<Spin<'a, A>> {
        (0..rounds).find_map(|round| {
            let word = self.get();
            if word & SPIN != 0 && is_lost(word & THREAD) {
                return self.spin_from(word, word & VERSION, me);
            }
            let spin = if word & SPIN == 0 { self.spin_from(word, word, me) } else { None };
            if spin.is_none() {
                A::back_off(round);
            }
            spin
        })
    }

    /// Sets the bit if the word is `seen`; it is to be left as `word`.
    #[inline(always)]
    fn spin_from(self, seen: u64, word: u64, me: u64) -> Option<Spin<'a, A>> {
        let mine = me | SPIN | word & VERSION;
        let set = self.0.compare_exchange(seen, mine, Ordering::Acquire, Ordering::Relaxed);
        // Not `then_some`: what that drops when the bit is not set would clear another's.
        set.is_ok().then(|| Spin { of: self, word })
    }

    /// Whether `me` has set the bit. Nobody else could make it look so, or not so.
    pub(super) fn is_spun_by(self, me: u64) -> bool {
        let word = self.get();
        word & SPIN != 0 && word & THREAD == me && me != 0
    }
}

/// The word after one more event, and what that event must say.
#[inline(always)]
const fn next(word: u64, tag: u64) -> (u64, u64) {
    let version = (word & VERSION) + 1;
    (tag | version & VERSION, if word & THREAD == tag { 0 } else { version })
}

/// The right to change an object that nothing else protects.
pub(super) struct Spin<'a, A: Atomic64 = AtomicU64> {
    of: Word<'a, A>,
    /// The word to leave behind.
    word: u64,
}

impl<A: Atomic64> Spin<'_, A> {
    /// Takes the next version; what the event must say, as [`Word::take_version`].
    #[inline(always)]
    pub(super) fn take_version(&mut self, tag: u64) -> u64 {
        let (word, after) = next(self.word, tag);
        self.word = word;
        after
    }
}

impl<A: Atomic64> Drop for Spin<'_, A> {
    #[inline(always)]
    fn drop(&mut self) {
        self.of.0.store(self.word, Ordering::Release);
    }
}

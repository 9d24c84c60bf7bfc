//! The number of an object, with the generation of the file that it is of: declared by a thread, published for all.

use std::sync::atomic::{AtomicU64, Ordering};

use super::word::Atomic64;

/// Generation and number of an object; 0 while it has none.
pub(super) struct Number<'a, A = AtomicU64>(pub(super) &'a A);

impl<A: Atomic64> Number<'_, A> {
    /// As it is. Whoever sees a number sees its declaration.
    #[inline(always)]
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// The number in the generation that has these bits: the one that others have published, or that `declare` gives,
    /// which is called first. An event that uses it comes later.
    ///
    /// Two threads may do so at once. The declaration of the one that comes second stays unused; both say the same version,
    /// since none is taken before a number is published.
    pub(super) fn settle(&self, generation_bits: u64, declare: impl FnOnce() -> Option<u32>) -> Option<u32> {
        let unpublished = self.get();
        if unpublished ^ generation_bits <= u64::from(u32::MAX) {
            // Another thread was quicker. Its number must not be replaced: it may be in use.
            return Some(unpublished as u32);
        }
        let number = declare()?;
        let id = generation_bits | u64::from(number);
        match self.0.compare_exchange(unpublished, id, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Some(number),
            Err(published) => Some(published as u32),
        }
    }

    /// Forgets it: what happens next is recorded as of another object. Not 0, so that who is about to publish a number for
    /// the object's beginning comes too late.
    pub(super) fn renew(&self) {
        let old = self.0.load(Ordering::Relaxed);
        self.0.store(old | u64::from(u32::MAX) << 32, Ordering::Release);
    }
}

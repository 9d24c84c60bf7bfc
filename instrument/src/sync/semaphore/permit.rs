//! Permits that come back by themselves.

use std::fmt;
use std::mem;

use super::Semaphore;

/// Permits of a [`Semaphore`], which gets them back when this is dropped, in whichever thread.
#[must_use = "if unused the permits are given back at once"]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    n: u32,
}

impl<'a> SemaphorePermit<'a> {
    pub(super) const fn new(semaphore: &'a Semaphore, n: u32) -> Self {
        Self { semaphore, n }
    }

    /// How many permits these are.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.n as usize
    }

    /// Whose permits these are.
    #[must_use]
    pub fn semaphore(&self) -> &'a Semaphore {
        self.semaphore
    }

    /// Keeps the permits: the semaphore gets none back, unless somebody [`release`](Semaphore::release)s some by hand.
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        // Too many only if somebody gave by hand what is given back here. It is recorded, and a drop can tell nobody.
        let _ = self.semaphore.give(self.n as usize, None);
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphorePermit").field("permits", &self.n).finish_non_exhaustive()
    }
}

//! Memory from the kernel, so that no allocator of the program runs while the graph is locked: one that locks by itself
//! could wait for whoever waits for the graph.

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64};

/// A type that all-zero bytes are a value of, and that threads may share.
///
/// # Safety
/// Both must be so, and the type must need no drop.
pub(super) unsafe trait Zeroed: Sync {}

// SAFETY: atomics of integers and pointers.
unsafe impl Zeroed for AtomicU32 {}
// SAFETY: as above.
unsafe impl Zeroed for AtomicU64 {}
// SAFETY: as above; zero is `false`.
unsafe impl Zeroed for AtomicBool {}
// SAFETY: as above; zero is null.
unsafe impl<T> Zeroed for AtomicPtr<T> {}

/// A slice of zeros at first. Pages that nobody has touched take no memory.
#[derive(Debug)]
pub(super) struct Region<T> {
    start: NonNull<T>,
    length: usize,
    owns: PhantomData<T>,
}

// SAFETY: it owns its elements, which threads may share, and lends only shared references.
unsafe impl<T: Zeroed> Sync for Region<T> {}
// SAFETY: as above; unmapping is not bound to a thread.
unsafe impl<T: Zeroed + Send> Send for Region<T> {}

impl<T: Zeroed> Region<T> {
    /// A region of `length` elements; none if the kernel refuses.
    pub(super) fn map(length: usize) -> Option<Self> {
        const { assert!(align_of::<T>() <= 4096 && size_of::<T>() > 0) };
        let size = length.checked_mul(size_of::<T>())?;
        // Miri knows no other flags. Without this one the kernel may set room aside for pages that nobody will touch.
        let sparse = if cfg!(miri) { 0 } else { libc::MAP_NORESERVE };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | sparse;
        // SAFETY: a new mapping that overlaps nothing.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Self { start: NonNull::new(start.cast())?, length, owns: PhantomData })
    }
}

impl<T> Deref for Region<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `map` made this many elements of zeros, which are values (`Zeroed`), and they stay until the drop.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> Drop for Region<T> {
    fn drop(&mut self) {
        // SAFETY: mapped by `map` with this size, and nobody borrows from it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length * size_of::<T>()) };
    }
}

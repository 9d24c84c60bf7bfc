//! The recorded `AtomicPtr`.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::Ordering;

use super::recorded::{recorded, updates};

recorded! {
    /// [`std::sync::atomic::AtomicPtr`], recorded: the same methods and orders. Its values are recorded as addresses.
    ///
    /// ```
    /// use lockhound::sync::atomic::{AtomicPtr, Ordering};
    ///
    /// let mut five = 5;
    /// let shared = AtomicPtr::new(&mut five);
    /// assert!(std::ptr::eq(shared.load(Ordering::Acquire), &five));
    /// ```
    AtomicPtr<T>, *mut T, "std::sync::atomic::AtomicPtr"
}

impl<T> AtomicPtr<T> {
    updates! { "std::sync::atomic::AtomicPtr", usize, *mut T:
        /// Moves the pointer on by `operand` values of `T`.
        fetch_ptr_add
        /// Moves the pointer back by `operand` values of `T`.
        fetch_ptr_sub
        /// Moves the pointer on by `operand` bytes.
        fetch_byte_add
        /// Moves the pointer back by `operand` bytes.
        fetch_byte_sub
        /// Keeps of the address only the bits of `operand`.
        fetch_and
        /// Sets the bits of `operand` in the address.
        fetch_or
        /// Turns the bits of `operand` in the address over.
        fetch_xor
    }
}

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(std::ptr::null_mut())
    }
}

/// As std prints it; not recorded.
impl<T> fmt::Pointer for AtomicPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.inner, f)
    }
}

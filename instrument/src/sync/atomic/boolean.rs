//! The recorded `AtomicBool`.

use std::panic::Location;
use std::sync::atomic::Ordering;

use super::recorded::{recorded, updates};

recorded! {
    /// [`std::sync::atomic::AtomicBool`], recorded: the same methods and orders.
    ///
    /// ```
    /// use lockhound::sync::atomic::{AtomicBool, Ordering};
    ///
    /// static STOP: AtomicBool = AtomicBool::new(false);
    ///
    /// STOP.store(true, Ordering::Release);
    /// assert!(STOP.load(Ordering::Acquire));
    /// ```
    AtomicBool, bool, "std::sync::atomic::AtomicBool"
}

/// A variable that holds false. See [`std::sync::atomic::ATOMIC_BOOL_INIT`].
#[deprecated(since = "0.1.0", note = "the `new` function is preferred, as in std")]
#[expect(clippy::declare_interior_mutable_const, reason = "each use is a new one, as in std")]
pub const ATOMIC_BOOL_INIT: AtomicBool = AtomicBool::new(false);

impl AtomicBool {
    pub(crate) const fn with_object(object: crate::engine::Object, value: bool) -> Self {
        Self { object, inner: std::sync::atomic::AtomicBool::new(value) }
    }

    updates! { "std::sync::atomic::AtomicBool", bool, bool:
        /// Stores the value and `operand`.
        fetch_and
        /// Stores not (the value and `operand`).
        fetch_nand
        /// Stores the value or `operand`.
        fetch_or
        /// Stores either the value or `operand`.
        fetch_xor
    }

    /// Stores the opposite; the value before. See [`std::sync::atomic::AtomicBool::fetch_not`].
    #[inline]
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.modify(order, Location::caller(), |inner| inner.fetch_not(order))
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

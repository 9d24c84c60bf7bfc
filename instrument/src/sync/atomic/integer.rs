//! The recorded atomic integers.

use std::panic::Location;
use std::sync::atomic::Ordering;

use super::recorded::{recorded, updates};

macro_rules! integers {
    ($($name:ident $value:ident $std:literal;)+) => {
        $(
            recorded! {
                #[doc = concat!("[`", $std, "`], recorded: the same methods and orders.")]
                ///
                /// ```
                #[doc = concat!("use lockhound::sync::atomic::{", stringify!($name), ", Ordering};")]
                ///
                #[doc = concat!("static TOTAL: ", stringify!($name), " = ", stringify!($name), "::new(40);")]
                ///
                /// assert_eq!(TOTAL.fetch_add(2, Ordering::Relaxed), 40);
                /// assert_eq!(TOTAL.load(Ordering::Relaxed), 42);
                /// ```
                $name, $value, $std
            }

            impl $name {
                updates! { $std, $value, $value:
                    /// Adds `operand`, wrapping around.
                    fetch_add
                    /// Takes `operand` off, wrapping around.
                    fetch_sub
                    /// Stores the bits that the value and `operand` share.
                    fetch_and
                    /// Stores the bits that the value and `operand` do not share.
                    fetch_nand
                    /// Stores the bits of the value and of `operand`.
                    fetch_or
                    /// Stores the bits that only one of the value and `operand` has.
                    fetch_xor
                    /// Stores the larger of the value and `operand`.
                    fetch_max
                    /// Stores the smaller of the value and `operand`.
                    fetch_min
                }
            }

            impl Default for $name {
                #[track_caller]
                fn default() -> Self {
                    Self::new(0)
                }
            }
        )+
    };
}

integers! {
    AtomicI8 i8 "std::sync::atomic::AtomicI8";
    AtomicI16 i16 "std::sync::atomic::AtomicI16";
    AtomicI32 i32 "std::sync::atomic::AtomicI32";
    AtomicI64 i64 "std::sync::atomic::AtomicI64";
    AtomicIsize isize "std::sync::atomic::AtomicIsize";
    AtomicU8 u8 "std::sync::atomic::AtomicU8";
    AtomicU16 u16 "std::sync::atomic::AtomicU16";
    AtomicU32 u32 "std::sync::atomic::AtomicU32";
    AtomicU64 u64 "std::sync::atomic::AtomicU64";
    AtomicUsize usize "std::sync::atomic::AtomicUsize";
}

/// A variable that holds 0. See [`std::sync::atomic::ATOMIC_ISIZE_INIT`].
#[deprecated(since = "0.1.0", note = "the `new` function is preferred, as in std")]
#[expect(clippy::declare_interior_mutable_const, reason = "each use is a new one, as in std")]
pub const ATOMIC_ISIZE_INIT: AtomicIsize = AtomicIsize::new(0);

/// A variable that holds 0. See [`std::sync::atomic::ATOMIC_USIZE_INIT`].
#[deprecated(since = "0.1.0", note = "the `new` function is preferred, as in std")]
#[expect(clippy::declare_interior_mutable_const, reason = "each use is a new one, as in std")]
pub const ATOMIC_USIZE_INIT: AtomicUsize = AtomicUsize::new(0);

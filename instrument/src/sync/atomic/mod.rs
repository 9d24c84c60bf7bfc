//! `std::sync::atomic`, with what the feature `record` records in place of std's own.
//!
//! Everything of `std::sync::atomic` is here. With the feature on, the atomic types and [`fence`] are recorded ones of the
//! same name and API: each load, store and read-modify-write with its order, its value and its place in your source. The
//! rest ([`Ordering`], [`compiler_fence`] …) is std's.
//!
//! * Access and event are one step, so that the trace has the accesses to one atomic in the order in which they
//!   happened. The order that you ask for is the one that the real access has.
//! * A thread that does nothing but load the same few atomics (`while !ready.load(Acquire) {}`), or try the same
//!   compare-exchange, records a load only when the value has been written since.
//! * A successful compare-exchange is recorded as one update, a failed one as a load; `fetch_update`, `try_update` and
//!   `update` as the loads and compare-exchanges of which they consist.
//! * A trace has no fences. A `fence` is recorded as an update of one atomic, called `fence`, which orders all fences of
//!   the process; and the accesses of its thread that it turns into releases (the writes after a release fence) or
//!   acquires (the last 32 loads and updates before an acquire fence) are recorded as such. So nothing that a program
//!   orders by fences is reported as a race; some that it does not order may go unnoticed.
//! * `get_mut` and `into_inner` are not recorded, since nobody else can have the variable then; neither is what is done
//!   through `as_ptr`, nor what `Debug` and `Pointer` look at.
//!
//! # Unsupported
//! A recorded atomic is larger than its value, so these functions of std's, which make one out of plain memory or the
//! reverse, have no counterpart when the feature is on: `from_ptr`, and the unstable `from_mut`, `from_mut_slice`,
//! `get_mut_slice`. For the same reason nothing may rely on its size, alignment or bits (`repr(C)` structures that are
//! shared with another process or language): name `std::sync::atomic` there.

#[cfg(feature = "record")]
mod boolean;
#[cfg(feature = "record")]
mod fence;
#[cfg(feature = "record")]
mod integer;
#[cfg(feature = "record")]
mod pointer;
#[cfg(feature = "record")]
mod recorded;

pub use std::sync::atomic::*;

#[cfg(feature = "record")]
#[expect(deprecated, reason = "std still has them")]
pub use self::{
    boolean::ATOMIC_BOOL_INIT,
    integer::{ATOMIC_ISIZE_INIT, ATOMIC_USIZE_INIT},
};
#[cfg(feature = "record")]
pub use self::{
    boolean::AtomicBool,
    fence::fence,
    integer::{
        AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
    },
    pointer::AtomicPtr,
};

//! A fence that records.

use std::any::type_name;
use std::panic::Location;
use std::sync::atomic::Ordering;

use crate::engine::{Kind, Object};

/// Stands for all fences of the process.
static FENCE: Object = Object::new(Kind::Atomic, type_name::<()>).named("fence");

/// [`std::sync::atomic::fence`], recorded; see the [module](super) for how.
///
/// # Panics
/// If `order` is [`Relaxed`](Ordering::Relaxed).
#[inline]
#[track_caller]
pub fn fence(order: Ordering) {
    FENCE.fence(order, Location::caller());
}

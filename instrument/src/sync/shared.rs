//! Plain shared memory whose accesses are recorded.

use std::any::type_name;
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;

use super::label::Label;
use crate::engine::{Kind, Object, Site, raw_value};

/// A [`Cell`](std::cell::Cell) that threads may share: what in other languages is a plain variable.
///
/// Each `get` and each `set` is whole, but nothing orders the accesses of two threads, and [`update`](Self::update) is
/// a read and then a write: threads that use it without a lock lose updates. That is its purpose: it behaves like
/// the bug, without undefined behaviour, and when recorded the bug is found. Do not use it to synchronise.
///
/// The values of integers, floating-point numbers, `bool` and `char` of up to eight bytes are recorded; of other types
/// (whose bytes may include padding) only the accesses.
///
/// ```
/// use lockhound::sync::Shared;
///
/// let balance = Shared::new(1000);
/// if balance.get() >= 800 {
///     balance.update(|balance| balance - 800);
/// }
/// assert_eq!(balance.into_inner(), 200);
/// ```
pub struct Shared<T> {
    object: Object,
    value: UnsafeCell<T>,
}

// SAFETY: through `&Shared` the value is only copied in or out, inside `Object::read` or `Object::write`, which keep the
// accesses to one object apart and order each before the next, recording or not.
unsafe impl<T: Send> Sync for Shared<T> {}

// The cell alone would forbid it, but no reference into it is ever lent: as for a `Mutex`, and each value is whole.
impl<T> std::panic::RefUnwindSafe for Shared<T> {}

impl<T> Shared<T> {
    /// A variable that holds `value`.
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::with_object(Object::new(Kind::Var, type_name::<T>), value)
    }

    #[track_caller]
    pub(crate) const fn labelled(label: Label, value: T) -> Self {
        Self::with_object(label.on(Object::new(Kind::Var, type_name::<T>)), value)
    }

    const fn with_object(object: Object, value: T) -> Self {
        Self { object, value: UnsafeCell::new(value) }
    }

    /// Gives the value back; not recorded, as nobody else can have it.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    /// The value; not recorded, as nobody else can have it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Copy> Shared<T> {
    /// Reads the value.
    #[track_caller]
    pub fn get(&self) -> T {
        self.read(Location::caller())
    }

    /// Writes the value.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.write(value, Location::caller());
    }

    /// Reads the value, then writes what `f` makes of it: two accesses, between which others may come.
    #[track_caller]
    pub fn update(&self, f: impl FnOnce(T) -> T) {
        let site = Location::caller();
        self.write(f(self.read(site)), site);
    }

    fn read(&self, site: Site) -> T {
        // SAFETY: the pointer is valid, and `Object::read` keeps writers away meanwhile.
        self.object.read(site, || unsafe { *self.value.get() }, raw_value)
    }

    fn write(&self, value: T, site: Site) {
        // SAFETY: the pointer is valid, and `Object::write` keeps everybody away meanwhile.
        self.object.write(site, raw_value(&value), || unsafe { *self.value.get() = value });
    }
}

impl<T: Default> Default for Shared<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Shared<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Reads the value, and is recorded like any other read.
impl<T: Copy + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("value", &self.get()).finish()
    }
}

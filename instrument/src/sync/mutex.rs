//! A mutex that records.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::hold::Hold;
use crate::engine::{self, How, Kind, Mode, Object, Site};

/// [`std::sync::Mutex`], recorded: the same methods, the same poisoning.
///
/// Reports call it by where it was created, or by its name if [`named`](crate::named::mutex).
///
/// ```
/// use lockhound::sync::{Arc, Mutex};
/// use lockhound::thread;
///
/// let total = Arc::new(Mutex::new(0));
/// let adders: Vec<_> = (1..=4)
///     .map(|n| {
///         let total = Arc::clone(&total);
///         thread::spawn(move || *total.lock().unwrap() += n)
///     })
///     .collect();
/// for adder in adders {
///     adder.join().unwrap();
/// }
/// assert_eq!(*total.lock().unwrap(), 10);
/// ```
pub struct Mutex<T: ?Sized> {
    object: Object,
    inner: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// A free mutex around `value`. See [`std::sync::Mutex::new`].
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::with_object(Object::new(Kind::Mutex, type_name::<T>), value)
    }

    pub(crate) const fn with_object(object: Object, value: T) -> Self {
        Self { object, inner: std::sync::Mutex::new(value) }
    }

    /// Gives the value back. See [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the value.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the lock is free and takes it. See [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the guard.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        if !engine::is_on() {
            return self.guard(self.inner.lock());
        }
        let site = Location::caller();
        self.object.check_order(Mode::Write, site);
        let result = match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => self.wait(site),
        };
        self.object.acquired(Mode::Write, How::Lock, site);
        self.guard(result)
    }

    /// Takes the lock if it is free. See [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    /// If the lock is held, or the mutex is poisoned; the latter carries the guard.
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        let result = match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => {
                self.object.try_failed(Mode::Write, site);
                return Err(TryLockError::WouldBlock);
            }
        };
        self.object.acquired(Mode::Write, How::Try, site);
        Ok(self.guard(result)?)
    }

    /// Whether a thread panicked while it held the lock. See [`std::sync::Mutex::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Forgets that a thread panicked while it held the lock. See [`std::sync::Mutex::clear_poison`].
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// The value, without locking: nobody else can have it. See [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    pub(super) const fn level(&self) -> Option<i64> {
        self.object.level()
    }

    #[cold]
    fn wait(&self, site: Site) -> LockResult<std::sync::MutexGuard<'_, T>> {
        let _blocked = self.object.blocked(Mode::Write, site);
        self.inner.lock()
    }

    #[inline]
    fn guard<'a>(&'a self, result: LockResult<std::sync::MutexGuard<'a, T>>) -> LockResult<MutexGuard<'a, T>> {
        MutexGuard::wrap(&self.object, result)
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// As std prints it; not recorded.
impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Holds a [`Mutex`] until it is dropped. See [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    hold: Hold<'a, false>,
    inner: std::sync::MutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    pub(super) fn wrap(object: &'a Object, result: LockResult<std::sync::MutexGuard<'a, T>>) -> LockResult<Self> {
        match result {
            Ok(inner) => Ok(Self { hold: Hold::new(object), inner }),
            Err(poisoned) => Err(PoisonError::new(Self { hold: Hold::new(object), inner: poisoned.into_inner() })),
        }
    }

    /// The two halves, for a wait: its event ends the hold.
    pub(super) fn into_parts(self) -> (Hold<'a, false>, std::sync::MutexGuard<'a, T>) {
        let Self { hold, inner } = self;
        (hold, inner)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.hold.look();
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.hold.write();
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

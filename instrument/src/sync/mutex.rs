//! A mutex that records.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::hold::Hold;
use super::spinning;
use crate::engine::{self, How, Kind, Look, Mode, Object, Site, Token};

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
    #[inline(always)]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        let gate = Look::now();
        self.object.check_order_if(gate, Mode::Write, site);
        let (inner, poisoned) = match self.inner.try_lock() {
            Ok(inner) => (inner, false),
            Err(TryLockError::Poisoned(poisoned)) => (poisoned.into_inner(), true),
            Err(TryLockError::WouldBlock) => (self.wait(site), self.inner.is_poisoned()),
        };
        let token = self.object.acquired_alone(gate, How::Lock, site);
        MutexGuard::with_token(&self.object, token, inner, poisoned)
    }

    /// Takes the lock if it is free. See [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    /// If the lock is held, or the mutex is poisoned; the latter carries the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        let (inner, poisoned) = match self.inner.try_lock() {
            Ok(inner) => (inner, false),
            Err(TryLockError::Poisoned(poisoned)) => (poisoned.into_inner(), true),
            Err(TryLockError::WouldBlock) => {
                self.object.try_failed(Mode::Write, site);
                return Err(TryLockError::WouldBlock);
            }
        };
        let token = self.object.acquired_alone(Look::now(), How::Try, site);
        Ok(MutexGuard::with_token(&self.object, token, inner, poisoned)?)
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

    /// A poisoned lock is still had; unlike a `LockResult`, a guard is returned in registers.
    #[cold]
    fn wait(&self, site: Site) -> std::sync::MutexGuard<'_, T> {
        if !engine::is_off() {
            if let Some(guard) = spinning::until(|| self.inner.try_lock()) {
                return guard;
            }
            let _blocked = self.object.blocked(Mode::Write, site);
            return self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        }
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// A guard of a lock whose acquisition was recorded by other means.
    pub(super) fn wrap(object: &'a Object, result: LockResult<std::sync::MutexGuard<'a, T>>) -> LockResult<Self> {
        let (inner, poisoned) = match result {
            Ok(inner) => (inner, false),
            Err(poisoned) => (poisoned.into_inner(), true),
        };
        Self::with_token(object, object.token(), inner, poisoned)
    }

    #[inline(always)]
    fn with_token(
        object: &'a Object,
        token: Token,
        inner: std::sync::MutexGuard<'a, T>,
        poisoned: bool,
    ) -> LockResult<Self> {
        let guard = Self { hold: Hold::new(object, token), inner };
        if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
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

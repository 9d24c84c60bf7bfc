//! A read/write lock that records.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::hold::Hold;
use super::spinning;
use crate::engine::{self, How, Kind, Look, Mode, Object, Site, Token};

/// [`std::sync::RwLock`], recorded: the same methods, the same poisoning.
///
/// ```
/// use lockhound::sync::RwLock;
///
/// let lock = RwLock::new(vec![1, 2]);
/// {
///     let (one, other) = (lock.read().unwrap(), lock.read().unwrap());
///     assert_eq!(one.len(), other.len());
/// }
/// lock.write().unwrap().push(3);
/// assert_eq!(lock.into_inner().unwrap(), [1, 2, 3]);
/// ```
pub struct RwLock<T: ?Sized> {
    object: Object,
    inner: std::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// A free lock around `value`. See [`std::sync::RwLock::new`].
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::with_object(Object::new(Kind::RwLock, type_name::<T>), value)
    }

    pub(crate) const fn with_object(object: Object, value: T) -> Self {
        Self { object, inner: std::sync::RwLock::new(value) }
    }

    /// Gives the value back. See [`std::sync::RwLock::into_inner`].
    ///
    /// # Errors
    /// If the lock is poisoned; the error carries the value.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until no writer has the lock and shares it. See [`std::sync::RwLock::read`].
    ///
    /// # Errors
    /// If the lock is poisoned; the error carries the guard.
    ///
    /// # Panics
    /// As std's: if there are too many readers, or where the platform notices that the thread is already a writer.
    #[inline(always)]
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        let gate = Look::now();
        self.object.check_order_if(gate, Mode::Read, site);
        let (inner, poisoned) = match self.inner.try_read() {
            Ok(inner) => (inner, false),
            Err(TryLockError::Poisoned(poisoned)) => (poisoned.into_inner(), true),
            Err(TryLockError::WouldBlock) => (self.wait_to_read(site), self.inner.is_poisoned()),
        };
        let token = self.object.acquired_shared(gate, How::Lock, site);
        self.read_guard(token, inner, poisoned)
    }

    /// Shares the lock if no writer has it or waits for it. See [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    /// If the lock is not free for readers, or poisoned; the latter carries the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        let (inner, poisoned) = match self.inner.try_read() {
            Ok(inner) => (inner, false),
            Err(TryLockError::Poisoned(poisoned)) => (poisoned.into_inner(), true),
            Err(TryLockError::WouldBlock) => {
                self.object.try_failed(Mode::Read, site);
                return Err(TryLockError::WouldBlock);
            }
        };
        let token = self.object.acquired_shared(Look::now(), How::Try, site);
        Ok(self.read_guard(token, inner, poisoned)?)
    }

    /// Waits until nobody has the lock and takes it. See [`std::sync::RwLock::write`].
    ///
    /// # Errors
    /// If the lock is poisoned; the error carries the guard.
    ///
    /// # Panics
    /// As std's: where the platform notices that the thread already has the lock.
    #[inline(always)]
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        let gate = Look::now();
        self.object.check_order_if(gate, Mode::Write, site);
        let (inner, poisoned) = match self.inner.try_write() {
            Ok(inner) => (inner, false),
            Err(TryLockError::Poisoned(poisoned)) => (poisoned.into_inner(), true),
            Err(TryLockError::WouldBlock) => (self.wait_to_write(site), self.inner.is_poisoned()),
        };
        let token = self.object.acquired_from_readers(gate, How::Lock, site);
        self.write_guard(token, inner, poisoned)
    }

    /// Takes the lock if nobody has it. See [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    /// If the lock is not free, or poisoned; the latter carries the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        let (inner, poisoned) = match self.inner.try_write() {
            Ok(inner) => (inner, false),
            Err(TryLockError::Poisoned(poisoned)) => (poisoned.into_inner(), true),
            Err(TryLockError::WouldBlock) => {
                self.object.try_failed(Mode::Write, site);
                return Err(TryLockError::WouldBlock);
            }
        };
        let token = self.object.acquired_from_readers(Look::now(), How::Try, site);
        Ok(self.write_guard(token, inner, poisoned)?)
    }

    /// Whether a thread panicked while it held the lock to write. See [`std::sync::RwLock::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Forgets that a thread panicked while it held the lock. See [`std::sync::RwLock::clear_poison`].
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// The value, without locking: nobody else can have it. See [`std::sync::RwLock::get_mut`].
    ///
    /// # Errors
    /// If the lock is poisoned; the error carries the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    pub(super) const fn level(&self) -> Option<i64> {
        self.object.level()
    }

    /// A poisoned lock is still had; unlike a `LockResult`, a guard is returned in registers.
    #[cold]
    fn wait_to_read(&self, site: Site) -> std::sync::RwLockReadGuard<'_, T> {
        if !engine::is_off() {
            if let Some(guard) = spinning::until(|| self.inner.try_read()) {
                return guard;
            }
            let _blocked = self.object.blocked(Mode::Read, site);
            return self.inner.read().unwrap_or_else(PoisonError::into_inner);
        }
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn wait_to_write(&self, site: Site) -> std::sync::RwLockWriteGuard<'_, T> {
        if !engine::is_off() {
            if let Some(guard) = spinning::until(|| self.inner.try_write()) {
                return guard;
            }
            let _blocked = self.object.blocked(Mode::Write, site);
            return self.inner.write().unwrap_or_else(PoisonError::into_inner);
        }
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline(always)]
    fn read_guard<'a>(
        &'a self,
        token: Token,
        inner: std::sync::RwLockReadGuard<'a, T>,
        poisoned: bool,
    ) -> LockResult<RwLockReadGuard<'a, T>> {
        let guard = RwLockReadGuard { hold: Hold::new(&self.object, token), inner };
        if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    #[inline(always)]
    fn write_guard<'a>(
        &'a self,
        token: Token,
        inner: std::sync::RwLockWriteGuard<'a, T>,
        poisoned: bool,
    ) -> LockResult<RwLockWriteGuard<'a, T>> {
        let guard = RwLockWriteGuard { hold: Hold::new(&self.object, token), inner };
        if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// As std prints it; not recorded.
impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Shares a [`RwLock`] with other readers until it is dropped. See [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    hold: Hold<'a, true>,
    inner: std::sync::RwLockReadGuard<'a, T>,
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.hold.look();
        &self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`RwLock`] alone until it is dropped. See [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    hold: Hold<'a, false>,
    inner: std::sync::RwLockWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Becomes a reader without letting a writer in between. See [`std::sync::RwLockWriteGuard::downgrade`].
    ///
    /// Recorded as the release of the one mode and the acquisition of the other.
    ///
    /// ```
    /// use lockhound::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// let mut writer = lock.write().unwrap();
    /// *writer = 2;
    /// let reader = RwLockWriteGuard::downgrade(writer);
    /// assert_eq!((*reader, *lock.read().unwrap()), (2, 2));
    /// ```
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let Self { hold, inner } = guard;
        let object = hold.end();
        let inner = std::sync::RwLockWriteGuard::downgrade(inner);
        let token = object.acquired_shared(Look::now(), How::Lock, Location::caller());
        RwLockReadGuard { hold: Hold::new(object, token), inner }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.hold.look();
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.hold.write();
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

//! A cell that is written once, and records.

use std::any::type_name;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use crate::engine::{self, OnceObject, Site};

/// [`std::sync::OnceLock`], recorded: the same methods.
///
/// Each write is the run of a once-initialiser; each look at the value comes after it. A write that panics, or one after
/// [`take`](Self::take), is one of another once-initialiser.
///
/// ```
/// use lockhound::sync::OnceLock;
///
/// static CONFIG: OnceLock<String> = OnceLock::new();
///
/// assert_eq!(CONFIG.get(), None);
/// assert_eq!(CONFIG.get_or_init(|| "quiet".into()), "quiet");
/// assert_eq!(CONFIG.set("loud".into()), Err("loud".into()));
/// ```
pub struct OnceLock<T> {
    object: OnceObject,
    inner: std::sync::OnceLock<T>,
}

impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// An empty cell. See [`std::sync::OnceLock::new`].
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        Self::around(std::sync::OnceLock::new())
    }

    #[track_caller]
    const fn around(inner: std::sync::OnceLock<T>) -> Self {
        Self { object: OnceObject::new(type_name::<T>), inner }
    }

    /// The value, if there is one. See [`std::sync::OnceLock::get`].
    #[inline]
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        let value = self.inner.get()?;
        self.object.passed(Location::caller());
        Some(value)
    }

    /// The value, if there is one; not recorded, as nobody else can have it. See [`std::sync::OnceLock::get_mut`].
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// Waits until there is a value. See [`std::sync::OnceLock::wait`].
    #[inline]
    #[track_caller]
    pub fn wait(&self) -> &T {
        let site = Location::caller();
        if self.inner.get().is_none() {
            let waiting = self.object.expect_end(site);
            self.inner.wait();
            drop(waiting);
        }
        self.object.passed(site);
        self.inner.wait()
    }

    /// Puts `value` into the cell if it is empty. See [`std::sync::OnceLock::set`].
    ///
    /// # Errors
    /// If it is not empty; the error is `value`.
    #[inline]
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let site = Location::caller();
        let mut value = Some(value);
        if self.inner.get().is_none() {
            self.initialise(|| value.take().expect("the initialiser runs once"), site);
        } else {
            self.object.passed(site);
        }
        match value {
            None => Ok(()),
            Some(value) => Err(value),
        }
    }

    /// The value; that of `f` if the cell is empty. See [`std::sync::OnceLock::get_or_init`].
    ///
    /// # Panics
    /// If `f` does; the cell stays empty.
    #[inline]
    #[track_caller]
    pub fn get_or_init<F>(&self, f: F) -> &T
    where
        F: FnOnce() -> T,
    {
        let site = Location::caller();
        match self.inner.get() {
            Some(value) => {
                self.object.passed(site);
                value
            }
            None => self.initialise(f, site),
        }
    }

    #[cold]
    fn initialise(&self, f: impl FnOnce() -> T, site: Site) -> &T {
        if !engine::is_on() {
            return self.inner.get_or_init(f);
        }
        let turn = self.object.turn(site);
        let value = self.inner.get_or_init(|| turn.run(site, f));
        self.object.passed(site);
        value
    }

    /// Gives the value back, if there is one. See [`std::sync::OnceLock::into_inner`].
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// Takes the value out, if there is one. See [`std::sync::OnceLock::take`].
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        let value = self.inner.take();
        if value.is_some() {
            self.object.reset();
        }
        value
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

/// As std prints it; not recorded.
impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self::around(self.get().cloned().map_or_else(std::sync::OnceLock::new, std::sync::OnceLock::from))
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::around(value.into())
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

//! A value that is made when it is first looked at, and records.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{Mutex, OnceLock};

use super::{Locks, Std};
use crate::engine::{self, OnceObject, Site};

/// [`std::sync::LazyLock`], recorded: the same methods, the same poisoning.
///
/// ```
/// use lockhound::sync::LazyLock;
///
/// static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| "made when needed".split(' ').collect());
///
/// assert_eq!(WORDS.len(), 3);
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    object: OnceObject,
    value: OnceLock<T>,
    /// What makes the value, until it is called. If it panicked, both are gone.
    initialiser: Mutex<Option<F>>,
}

// As std has it: the mutex alone would forgive an initialiser that is not unwind safe.
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `f` will make. See [`std::sync::LazyLock::new`].
    #[inline]
    #[track_caller]
    pub const fn new(f: F) -> Self {
        Self { object: OnceObject::new(type_name::<T>), value: OnceLock::new(), initialiser: Mutex::new(Some(f)) }
    }

    /// The value, made if it is not there yet. See [`std::sync::LazyLock::force`].
    ///
    /// # Panics
    /// If making it panics, now or before.
    #[inline]
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        let site = Location::caller();
        match this.value.get() {
            Some(value) => {
                this.object.passed(site);
                value
            }
            None => this.initialise(site),
        }
    }

    /// The same; not recorded, as nobody else can have it. See [`std::sync::LazyLock::force_mut`].
    ///
    /// # Panics
    /// If making it panics, now or before.
    #[inline]
    pub fn force_mut(this: &mut Self) -> &mut T {
        if this.value.get().is_none() {
            let value = this.take_initialiser()();
            // Nobody else can have put a value there.
            let _ = this.value.set(value);
        }
        this.value.get_mut().expect("it is there")
    }

    #[cold]
    fn initialise(&self, site: Site) -> &T {
        if !engine::is_on() {
            return self.value.get_or_init(|| self.take_initialiser()());
        }
        let turn = self.object.turn(site);
        let value = self.value.get_or_init(|| {
            let initialiser = self.take_initialiser();
            turn.run(site, initialiser)
        });
        self.object.passed(site);
        value
    }

    fn take_initialiser(&self) -> F {
        match Std::lock(&self.initialiser).take() {
            Some(initialiser) => initialiser,
            None => panic!("LazyLock instance has previously been poisoned"),
        }
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it is there; recorded if so. See [`std::sync::LazyLock::get`].
    #[inline]
    #[track_caller]
    pub fn get(this: &Self) -> Option<&T> {
        let value = this.value.get()?;
        this.object.passed(Location::caller());
        Some(value)
    }

    /// The value, if it is there. See [`std::sync::LazyLock::get_mut`].
    #[inline]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.value.get_mut()
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        Self::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default)
    }
}

/// As std prints it; not recorded.
impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("LazyLock");
        match self.value.get() {
            Some(value) => tuple.field(value),
            None => tuple.field(&format_args!("<uninit>")),
        };
        tuple.finish()
    }
}

//! A once-initialiser that records.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::OnceState;

use crate::engine::{self, OnceObject};

/// [`std::sync::Once`], recorded: the same methods, the same poisoning.
///
/// A run that panics is recorded as a once of its own, and so is the next one.
///
/// ```
/// use lockhound::sync::Once;
///
/// static START: Once = Once::new();
///
/// START.call_once(|| println!("only now"));
/// START.call_once(|| unreachable!());
/// assert!(START.is_completed());
/// ```
pub struct Once {
    object: OnceObject,
    inner: std::sync::Once,
}

/// A once of which nothing has run. See [`std::sync::ONCE_INIT`].
#[deprecated(since = "0.1.0", note = "the `Once::new()` function is preferred, as in std")]
#[expect(clippy::declare_interior_mutable_const, reason = "each use is a new one, as in std")]
pub const ONCE_INIT: Once = Once::new();

impl Once {
    /// A once of which nothing has run. See [`std::sync::Once::new`].
    #[inline]
    #[must_use]
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "std has none")]
    pub const fn new() -> Self {
        Self { object: OnceObject::new(type_name::<()>), inner: std::sync::Once::new() }
    }

    /// Runs `f` unless something has run already; waits for it if it is running. See [`std::sync::Once::call_once`].
    ///
    /// # Panics
    /// If an earlier run panicked, or `f` does.
    #[inline]
    #[track_caller]
    pub fn call_once<F>(&self, f: F)
    where
        F: FnOnce(),
    {
        let site = Location::caller();
        if self.inner.is_completed() {
            self.object.passed(site);
        } else if engine::is_on() {
            let turn = self.object.turn(site);
            self.inner.call_once(|| turn.run(site, f));
            self.object.passed(site);
        } else {
            self.inner.call_once(f);
        }
    }

    /// The same, but runs `f` also if earlier runs panicked. See [`std::sync::Once::call_once_force`].
    ///
    /// # Panics
    /// If `f` does.
    #[inline]
    #[track_caller]
    pub fn call_once_force<F>(&self, f: F)
    where
        F: FnOnce(&OnceState),
    {
        let site = Location::caller();
        if self.inner.is_completed() {
            self.object.passed(site);
        } else if engine::is_on() {
            let turn = self.object.turn(site);
            self.inner.call_once_force(|state| turn.run(site, || f(state)));
            self.object.passed(site);
        } else {
            self.inner.call_once_force(f);
        }
    }

    /// Whether a run has completed; recorded if so, since it is an order. See [`std::sync::Once::is_completed`].
    #[inline]
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        let completed = self.inner.is_completed();
        if completed {
            self.object.passed(Location::caller());
        }
        completed
    }

    /// Waits until a run has completed. See [`std::sync::Once::wait`].
    ///
    /// # Panics
    /// If a run panicked.
    #[track_caller]
    pub fn wait(&self) {
        self.wait_with(std::sync::Once::wait, Location::caller());
    }

    /// The same, but does not mind runs that panicked. See [`std::sync::Once::wait_force`].
    #[track_caller]
    pub fn wait_force(&self) {
        self.wait_with(std::sync::Once::wait_force, Location::caller());
    }

    fn wait_with(&self, wait: fn(&std::sync::Once), site: engine::Site) {
        if self.inner.is_completed() {
            self.object.passed(site);
            return;
        }
        let waiting = self.object.expect_end(site);
        wait(&self.inner);
        drop(waiting);
        self.object.passed(site);
    }
}

/// As std prints it; not recorded.
impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

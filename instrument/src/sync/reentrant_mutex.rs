//! A mutex that its holder may take again; std has none on stable.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use super::label::Label;
use super::{Locks, Std};
use crate::engine::{How, Kind, Mode, Object, Site, Touched};

/// A mutex that the thread which holds it may lock again; free when as many guards are dropped as were taken.
///
/// The API of std's unstable `ReentrantLock`: guards only lend `&T` (two may live at once in a thread), so what is to
/// be changed inside needs a [`Cell`] or [`RefCell`](std::cell::RefCell), and there is no poisoning. Every nested lock
/// and unlock is recorded. What happened to the data cannot be told from a `&T` that may hide a cell: a hold whose
/// guard was dereferenced counts as one that may have written.
///
/// ```
/// use lockhound::sync::ReentrantMutex;
/// use std::cell::Cell;
///
/// struct Account(ReentrantMutex<Cell<i64>>);
///
/// impl Account {
///     fn deposit(&self, amount: i64) {
///         let balance = self.0.lock();
///         balance.set(balance.get() + amount);
///     }
///     fn deposit_twice(&self, amount: i64) {
///         let _both = self.0.lock();
///         self.deposit(amount);
///         self.deposit(amount);
///     }
/// }
///
/// let account = Account(ReentrantMutex::new(Cell::new(0)));
/// account.deposit_twice(5);
/// assert_eq!(account.0.lock().get(), 10);
/// ```
pub struct ReentrantMutex<T: ?Sized> {
    core: Core,
    value: T,
}

// SAFETY: a `&T` is lent only by a guard, guards stay in the thread that holds the lock, and only one thread holds it
// (`Core`). So the value is used by one thread at a time, which is what `T: Send` allows.
unsafe impl<T: ?Sized + Send> Sync for ReentrantMutex<T> {}

impl<T> ReentrantMutex<T> {
    /// A free mutex around `value`.
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::with_object(Object::new(Kind::ReentrantMutex, type_name::<T>), value)
    }

    #[track_caller]
    pub(crate) const fn labelled(label: Label, value: T) -> Self {
        Self::with_object(label.on(Object::new(Kind::ReentrantMutex, type_name::<T>)), value)
    }

    const fn with_object(object: Object, value: T) -> Self {
        Self { core: Core::new(object), value }
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: ?Sized> ReentrantMutex<T> {
    /// Waits until no other thread has the lock and takes it (once more).
    ///
    /// # Panics
    /// If the calling thread already holds it 2³² - 1 times.
    #[track_caller]
    pub fn lock(&self) -> ReentrantMutexGuard<'_, T> {
        self.core.lock(Location::caller());
        ReentrantMutexGuard::new(self)
    }

    /// Takes the lock (once more) if no other thread has it.
    ///
    /// # Panics
    /// If the calling thread already holds it 2³² - 1 times.
    #[track_caller]
    pub fn try_lock(&self) -> Option<ReentrantMutexGuard<'_, T>> {
        self.core.try_lock(Location::caller()).then(|| ReentrantMutexGuard::new(self))
    }

    /// The value, without locking: nobody else can have it.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    pub(super) const fn level(&self) -> Option<i64> {
        self.core.object.level()
    }
}

impl<T> From<T> for ReentrantMutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for ReentrantMutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// The value if no other thread has the lock; not recorded.
impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ReentrantMutex");
        match self.core.peek() {
            Some(_peek) => shown.field("data", &&self.value),
            None => shown.field("data", &format_args!("<locked>")),
        };
        shown.finish_non_exhaustive()
    }
}

/// Holds a [`ReentrantMutex`] (once) until it is dropped; stays in its thread.
#[must_use = "if unused the ReentrantMutex will immediately unlock"]
#[clippy::has_significant_drop]
pub struct ReentrantMutexGuard<'a, T: ?Sized + 'a> {
    core: &'a Core,
    value: &'a T,
    used: AtomicBool,
    /// Not `Send`, but `Sync` if the value is.
    stays: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T: ?Sized> ReentrantMutexGuard<'a, T> {
    fn new(mutex: &'a ReentrantMutex<T>) -> Self {
        Self { core: &mutex.core, value: &mutex.value, used: AtomicBool::new(false), stays: PhantomData }
    }
}

impl<T: ?Sized> Deref for ReentrantMutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.used.store(true, Ordering::Relaxed);
        self.value
    }
}

impl<T: ?Sized> Drop for ReentrantMutexGuard<'_, T> {
    fn drop(&mut self) {
        self.core.unlock(if *self.used.get_mut() { Touched::Unknown } else { Touched::None });
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for ReentrantMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The lock without its value.
///
/// | owner | depth | gate | |
/// |---|---|---|---|
/// | 0 | 0 | open | free |
/// | t | 0 or more | shut | thread t is entering, holds it `depth` times, or is leaving |
///
/// `owner` is only ever set to a thread's own number, and back to 0, by that thread: if it reads its own number there,
/// it holds the lock, whatever others do meanwhile. `depth` is used by the holder only.
struct Core {
    object: Object,
    owner: AtomicUsize,
    depth: AtomicU32,
    gate: Gate,
}

impl Core {
    const fn new(object: Object) -> Self {
        Self { object, owner: AtomicUsize::new(0), depth: AtomicU32::new(0), gate: Gate::new() }
    }

    #[track_caller]
    fn lock(&self, site: Site) {
        self.object.check_order(Mode::Write, site);
        if !self.try_enter() {
            let _blocked = self.object.blocked(Mode::Write, site);
            self.gate.shut();
            self.enter();
        }
        self.object.acquired(Mode::Write, How::Lock, site);
    }

    fn try_lock(&self, site: Site) -> bool {
        let entered = self.try_enter();
        if entered {
            self.object.acquired(Mode::Write, How::Try, site);
        } else {
            self.object.try_failed(Mode::Write, site);
        }
        entered
    }

    fn unlock(&self, touched: Touched) {
        self.object.releasing(Mode::Write, touched);
        self.leave();
    }

    fn peek(&self) -> Option<Peek<'_>> {
        self.try_enter().then(|| Peek(self))
    }

    fn try_enter(&self) -> bool {
        let mine = self.owner.load(Ordering::Relaxed) == this_thread();
        if mine {
            let depth = self.depth.load(Ordering::Relaxed).checked_add(1).expect("a lock held too often");
            self.depth.store(depth, Ordering::Relaxed);
            return true;
        }
        let free = self.gate.try_shut();
        if free {
            self.enter();
        }
        free
    }

    fn enter(&self) {
        self.owner.store(this_thread(), Ordering::Relaxed);
        self.depth.store(1, Ordering::Relaxed);
    }

    fn leave(&self) {
        let depth = self.depth.load(Ordering::Relaxed) - 1;
        self.depth.store(depth, Ordering::Relaxed);
        if depth == 0 {
            self.owner.store(0, Ordering::Relaxed);
            self.gate.open();
        }
    }
}

/// An unrecorded hold.
struct Peek<'a>(&'a Core);

impl Drop for Peek<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A number that no other thread has or had: an address would be used again while a forgotten guard still holds.
fn this_thread() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        number.get()
    })
}

/// An exclusive lock without guards, so that any of a thread's guards may be the last.
///
/// | state | |
/// |---|---|
/// | `OPEN` | free |
/// | `SHUT` | held, nobody waits |
/// | `AWAITED` | held, and threads may wait |
///
/// A thread makes the state `AWAITED` before it sleeps, under the mutex that it gives up by sleeping. Who then opens
/// the gate takes that mutex before it notifies, so that the notification cannot come before the sleep.
struct Gate {
    state: AtomicU32,
    sleepers: Mutex<()>,
    opened: Condvar,
}

impl Gate {
    const OPEN: u32 = 0;
    const SHUT: u32 = 1;
    const AWAITED: u32 = 2;

    const fn new() -> Self {
        Self { state: AtomicU32::new(Self::OPEN), sleepers: Mutex::new(()), opened: Condvar::new() }
    }

    #[inline]
    fn try_shut(&self) -> bool {
        self.state.compare_exchange(Self::OPEN, Self::SHUT, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn shut(&self) {
        let mut sleepers = self.sleepers();
        while self.state.swap(Self::AWAITED, Ordering::Acquire) != Self::OPEN {
            sleepers = Std::wait(&self.opened, sleepers);
        }
    }

    #[inline]
    fn open(&self) {
        if self.state.swap(Self::OPEN, Ordering::Release) == Self::AWAITED {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        drop(self.sleepers());
        self.opened.notify_one();
    }

    fn sleepers(&self) -> MutexGuard<'_, ()> {
        Std::lock(&self.sleepers)
    }
}

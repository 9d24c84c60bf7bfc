//! Several locks at once, without an order to get wrong.

use std::sync::{LockResult, PoisonError};

use super::labelled::{mutex_level, rwlock_level};
use super::{Mutex, MutexGuard, ReentrantMutex, ReentrantMutexGuard, RwLock, RwLockWriteGuard};
use crate::engine;

/// Takes all `locks`, whatever the order in which they are named, and returns their guards in that order.
///
/// `locks` is a tuple of up to eight references to [`Mutex`], [`RwLock`] (taken to write) and [`ReentrantMutex`] in any
/// mix, or an array, a slice or a `Vec` of references to locks of one type (the latter two yield a `Vec` of guards).
/// Inside, the locks are taken in the order of their levels ([`levelled`](crate::levelled)) and then addresses. So any
/// number of threads that take their locks by one `lock_all` each cannot deadlock over them. That holds no longer for a
/// thread that already holds one of them, or takes more afterwards.
///
/// # Errors
/// If any of the locks is poisoned. All are taken then as well; the error carries all guards.
///
/// # Panics
/// If one lock is named twice; nothing is locked then.
///
/// # Complexity
/// O(n log n) for n locks, and no allocation for tuples.
///
/// ```
/// use lockhound::sync::{Mutex, lock_all};
///
/// fn transfer(from: &Mutex<i64>, to: &Mutex<i64>, amount: i64) {
///     let (mut from, mut to) = lock_all((from, to)).unwrap();
///     *from -= amount;
///     *to += amount;
/// }
///
/// let (ours, theirs) = (Mutex::new(100), Mutex::new(0));
/// transfer(&ours, &theirs, 30);
/// transfer(&theirs, &ours, 10);
/// assert_eq!(*ours.lock().unwrap(), 80);
/// ```
#[track_caller]
pub fn lock_all<L: LockSet>(locks: L) -> LockResult<L::Guards> {
    let _together = engine::together();
    locks.lock_in_order()
}

/// A lock that [`lock_all`] can take. Sealed.
pub trait Lockable: sealed::Sealed {
    /// What holds it.
    type Guard<'a>
    where
        Self: 'a;

    /// Its place in the declared order.
    #[doc(hidden)]
    fn level(&self) -> Option<i64>;

    /// Locks, for [`lock_all`].
    #[doc(hidden)]
    fn take(&self) -> LockResult<Self::Guard<'_>>;
}

/// A collection of locks that [`lock_all`] can take. Sealed.
pub trait LockSet: sealed::Sealed {
    /// The guards of its locks, in the same arrangement.
    type Guards;

    /// What [`lock_all`] does.
    #[doc(hidden)]
    fn lock_in_order(self) -> LockResult<Self::Guards>;
}

impl<T: ?Sized> Lockable for Mutex<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        Self: 'a;

    fn level(&self) -> Option<i64> {
        mutex_level(self)
    }

    #[track_caller]
    fn take(&self) -> LockResult<Self::Guard<'_>> {
        self.lock()
    }
}

impl<T: ?Sized> Lockable for RwLock<T> {
    type Guard<'a>
        = RwLockWriteGuard<'a, T>
    where
        Self: 'a;

    fn level(&self) -> Option<i64> {
        rwlock_level(self)
    }

    #[track_caller]
    fn take(&self) -> LockResult<Self::Guard<'_>> {
        self.write()
    }
}

impl<T: ?Sized> Lockable for ReentrantMutex<T> {
    type Guard<'a>
        = ReentrantMutexGuard<'a, T>
    where
        Self: 'a;

    fn level(&self) -> Option<i64> {
        self.level()
    }

    #[track_caller]
    fn take(&self) -> LockResult<Self::Guard<'_>> {
        Ok(self.lock())
    }
}

impl<'a, L: Lockable + ?Sized> LockSet for &[&'a L] {
    type Guards = Vec<L::Guard<'a>>;

    #[track_caller]
    fn lock_in_order(self) -> LockResult<Self::Guards> {
        let mut guards: Vec<_> = self.iter().map(|_| None).collect();
        let poisoned = fill(self, &mut guards);
        verdict(guards.into_iter().flatten().collect(), poisoned)
    }
}

impl<'a, L: Lockable + ?Sized> LockSet for Vec<&'a L> {
    type Guards = Vec<L::Guard<'a>>;

    #[track_caller]
    fn lock_in_order(self) -> LockResult<Self::Guards> {
        self.as_slice().lock_in_order()
    }
}

impl<'a, L: Lockable + ?Sized, const N: usize> LockSet for [&'a L; N] {
    type Guards = [L::Guard<'a>; N];

    #[track_caller]
    fn lock_in_order(self) -> LockResult<Self::Guards> {
        let mut guards = [const { None }; N];
        let poisoned = fill(&self, &mut guards);
        verdict(guards.map(|guard| guard.expect(EACH_TAKEN)), poisoned)
    }
}

macro_rules! tuples {
    ($(($($lock:ident $index:tt),+))+) => {
        $(
            impl<'a, $($lock: Lockable + ?Sized),+> LockSet for ($(&'a $lock,)+) {
                type Guards = ($($lock::Guard<'a>,)+);

                #[track_caller]
                fn lock_in_order(self) -> LockResult<Self::Guards> {
                    let mut guards = ($(None::<$lock::Guard<'a>>,)+);
                    let mut poisoned = false;
                    for index in in_order(&mut [$((Place::of(self.$index), $index)),+]) {
                        match index {
                            $($index => guards.$index = Some(guard(self.$index.take(), &mut poisoned)),)+
                            _ => unreachable!("an index of the tuple"),
                        }
                    }
                    verdict(($(guards.$index.expect(EACH_TAKEN),)+), poisoned)
                }
            }

            impl<$($lock: Lockable + ?Sized),+> sealed::Sealed for ($(&$lock,)+) {}
        )+
    };
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

const EACH_TAKEN: &str = "each lock was taken";

/// Takes `locks` in order, each guard into the slot of its lock; whether any was poisoned.
#[track_caller]
fn fill<'a, L: Lockable + ?Sized>(locks: &[&'a L], guards: &mut [Option<L::Guard<'a>>]) -> bool {
    let mut poisoned = false;
    let mut places: Vec<_> = locks.iter().enumerate().map(|(index, lock)| (Place::of(*lock), index)).collect();
    for index in in_order(&mut places) {
        guards[index] = Some(guard(locks[index].take(), &mut poisoned));
    }
    poisoned
}

/// Where a lock stands in the order in which [`lock_all`] takes locks: first by declared level, those without before
/// all others, then by address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    level: Option<i64>,
    address: usize,
}

impl Place {
    fn of<L: Lockable + ?Sized>(lock: &L) -> Self {
        Self { level: lock.level(), address: std::ptr::from_ref(lock).addr() }
    }
}

/// The indices in the order of their places.
#[track_caller]
fn in_order(places: &mut [(Place, usize)]) -> impl Iterator<Item = usize> {
    places.sort_unstable();
    for pair in places.windows(2) {
        let ((place, index), (next_place, next_index)) = (pair[0], pair[1]);
        assert!(place != next_place, "lock_all: locks {index} and {next_index} (counted from 0) are the same lock");
    }
    places.iter().map(|&(_, index)| index)
}

fn guard<G>(result: LockResult<G>, poisoned: &mut bool) -> G {
    result.unwrap_or_else(|error| {
        *poisoned = true;
        error.into_inner()
    })
}

fn verdict<G>(guards: G, poisoned: bool) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guards)) } else { Ok(guards) }
}

mod sealed {
    use super::{Lockable, Mutex, ReentrantMutex, RwLock};

    pub trait Sealed {}

    impl<T: ?Sized> Sealed for Mutex<T> {}
    impl<T: ?Sized> Sealed for RwLock<T> {}
    impl<T: ?Sized> Sealed for ReentrantMutex<T> {}
    impl<L: Lockable + ?Sized> Sealed for &[&L] {}
    impl<L: Lockable + ?Sized> Sealed for Vec<&L> {}
    impl<L: Lockable + ?Sized, const N: usize> Sealed for [&L; N] {}
}

//! The traits for peers whose API is that of `std`, or the one without poisoning that `parking_lot` made common.

/// Implements [`Mutexes`](crate::primitives::Mutexes), [`Condvars`](crate::primitives::Condvars) and
/// [`RwLocks`](crate::primitives::RwLocks) for a peer whose module `$sync` has std's types.
#[macro_export]
macro_rules! locks_like_std {
    ($peer:ty, $sync:ident) => {
        impl $crate::primitives::Mutexes for $peer {
            type Mutex<T: Send + 'static> = $sync::Mutex<T>;
            type Guard<'a, T: Send + 'static> = $sync::MutexGuard<'a, T>;

            #[inline(always)]
            fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T> {
                $sync::Mutex::new(value)
            }

            #[inline(always)]
            fn lock<T: Send + 'static>(mutex: &Self::Mutex<T>) -> Self::Guard<'_, T> {
                mutex.lock().unwrap()
            }
        }

        impl $crate::primitives::Condvars for $peer {
            type Condvar = $sync::Condvar;

            #[inline(always)]
            fn condvar() -> Self::Condvar {
                $sync::Condvar::new()
            }

            #[inline(always)]
            fn wait<'a, T: Send + 'static>(condvar: &Self::Condvar, guard: Self::Guard<'a, T>) -> Self::Guard<'a, T> {
                condvar.wait(guard).unwrap()
            }

            #[inline(always)]
            fn notify(condvar: &Self::Condvar) {
                condvar.notify_one();
            }
        }

        impl $crate::primitives::RwLocks for $peer {
            type RwLock<T: Send + Sync + 'static> = $sync::RwLock<T>;
            type ReadGuard<'a, T: Send + Sync + 'static> = $sync::RwLockReadGuard<'a, T>;
            type WriteGuard<'a, T: Send + Sync + 'static> = $sync::RwLockWriteGuard<'a, T>;

            #[inline(always)]
            fn rwlock<T: Send + Sync + 'static>(value: T) -> Self::RwLock<T> {
                $sync::RwLock::new(value)
            }

            #[inline(always)]
            fn read<T: Send + Sync + 'static>(lock: &Self::RwLock<T>) -> Self::ReadGuard<'_, T> {
                lock.read().unwrap()
            }

            #[inline(always)]
            fn write<T: Send + Sync + 'static>(lock: &Self::RwLock<T>) -> Self::WriteGuard<'_, T> {
                lock.write().unwrap()
            }
        }
    };
}

/// Implements [`Mutexes`](crate::primitives::Mutexes), [`Condvars`](crate::primitives::Condvars) and
/// [`RwLocks`](crate::primitives::RwLocks) for a peer whose module `$sync` has types like
/// std's whose locks cannot be poisoned.
#[macro_export]
macro_rules! locks_without_poison {
    ($peer:ty, $sync:ident) => {
        impl $crate::primitives::Mutexes for $peer {
            type Mutex<T: Send + 'static> = $sync::Mutex<T>;
            type Guard<'a, T: Send + 'static> = $sync::MutexGuard<'a, T>;

            #[inline(always)]
            fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T> {
                $sync::Mutex::new(value)
            }

            #[inline(always)]
            fn lock<T: Send + 'static>(mutex: &Self::Mutex<T>) -> Self::Guard<'_, T> {
                mutex.lock()
            }
        }

        impl $crate::primitives::Condvars for $peer {
            type Condvar = $sync::Condvar;

            #[inline(always)]
            fn condvar() -> Self::Condvar {
                $sync::Condvar::new()
            }

            #[inline(always)]
            fn wait<'a, T: Send + 'static>(
                condvar: &Self::Condvar,
                mut guard: Self::Guard<'a, T>,
            ) -> Self::Guard<'a, T> {
                condvar.wait(&mut guard);
                guard
            }

            #[inline(always)]
            fn notify(condvar: &Self::Condvar) {
                condvar.notify_one();
            }
        }

        impl $crate::primitives::RwLocks for $peer {
            type RwLock<T: Send + Sync + 'static> = $sync::RwLock<T>;
            type ReadGuard<'a, T: Send + Sync + 'static> = $sync::RwLockReadGuard<'a, T>;
            type WriteGuard<'a, T: Send + Sync + 'static> = $sync::RwLockWriteGuard<'a, T>;

            #[inline(always)]
            fn rwlock<T: Send + Sync + 'static>(value: T) -> Self::RwLock<T> {
                $sync::RwLock::new(value)
            }

            #[inline(always)]
            fn read<T: Send + Sync + 'static>(lock: &Self::RwLock<T>) -> Self::ReadGuard<'_, T> {
                lock.read()
            }

            #[inline(always)]
            fn write<T: Send + Sync + 'static>(lock: &Self::RwLock<T>) -> Self::WriteGuard<'_, T> {
                lock.write()
            }
        }
    };
}

/// Implements [`Channels`](crate::primitives::Channels) and [`Atomics`](crate::primitives::Atomics) for a peer whose module
/// `$sync` has std's `mpsc` and `atomic`.
#[macro_export]
macro_rules! messages_like_std {
    ($peer:ty, $sync:ident) => {
        impl $crate::primitives::Channels for $peer {
            type Sender = $sync::mpsc::Sender<u64>;
            type Receiver = $sync::mpsc::Receiver<u64>;

            #[inline(always)]
            fn channel() -> (Self::Sender, Self::Receiver) {
                $sync::mpsc::channel()
            }

            #[inline(always)]
            fn send(sender: &Self::Sender, message: u64) {
                sender.send(message).unwrap();
            }

            #[inline(always)]
            fn receive(receiver: &Self::Receiver) -> u64 {
                receiver.recv().unwrap()
            }
        }

        impl $crate::primitives::Atomics for $peer {
            type Counter = $sync::atomic::AtomicU64;

            #[inline(always)]
            fn counter() -> Self::Counter {
                $sync::atomic::AtomicU64::new(0)
            }

            #[inline(always)]
            fn add(counter: &Self::Counter) -> u64 {
                counter.fetch_add(1, $sync::atomic::Ordering::Relaxed)
            }
        }
    };
}

//! The interface of a queue, the same for every order.

/// Defines a queue that keeps its items in `$storage`.
macro_rules! queue {
    ($(#[$doc:meta])* $name:ident<T $(: $bound:ident)?> in $storage:ident) => {
        $(#[$doc])*
        pub struct $name<T> {
            core: Core<$storage<T>>,
        }

        impl<T $(: $bound)?> $name<T> {
            /// A queue that always has room.
            #[must_use]
            #[track_caller]
            pub const fn new() -> Self {
                Self { core: Core::new::<T>($storage::new(), $storage::<T>::ORDER, None, None) }
            }

            /// A queue with room for `capacity` items at a time.
            ///
            /// # Panics
            /// If that is none. (In Python, it means no bound.)
            #[must_use]
            #[track_caller]
            pub const fn bounded(capacity: usize) -> Self {
                Self { core: Core::new::<T>($storage::new(), $storage::<T>::ORDER, None, Some(capacity)) }
            }

            #[track_caller]
            pub(crate) const fn labelled(label: Label, capacity: Option<usize>) -> Self {
                Self { core: Core::new::<T>($storage::new(), $storage::<T>::ORDER, Some(label), capacity) }
            }

            /// Puts a value in; waits for room if need be.
            #[track_caller]
            pub fn put(&self, value: T) {
                let put = self.core.put(value, Patience::Endless, Location::caller());
                put.expect("a wait without end ends only with room");
            }

            /// Puts a value in if there is room.
            ///
            /// # Errors
            /// If there is none; the value comes back.
            #[track_caller]
            pub fn try_put(&self, value: T) -> Result<(), Full<T>> {
                self.core.put(value, Patience::None, Location::caller())
            }

            /// Puts a value in if there is room before `timeout` is over.
            ///
            /// # Errors
            /// If there is none; the value comes back.
            #[track_caller]
            pub fn put_timeout(&self, value: T, timeout: Duration) -> Result<(), Full<T>> {
                self.core.put(value, Patience::of(timeout), Location::caller())
            }

            /// Takes a value out; waits for one if need be.
            #[track_caller]
            pub fn get(&self) -> T {
                let got = self.core.get(Patience::Endless, Location::caller());
                got.expect("a wait without end ends only with something")
            }

            /// Takes a value out if there is one.
            ///
            /// # Errors
            /// If there is none.
            #[track_caller]
            pub fn try_get(&self) -> Result<T, Empty> {
                self.core.get(Patience::None, Location::caller())
            }

            /// Takes a value out if there is one before `timeout` is over.
            ///
            /// # Errors
            /// If there is none.
            #[track_caller]
            pub fn get_timeout(&self, timeout: Duration) -> Result<T, Empty> {
                self.core.get(Patience::of(timeout), Location::caller())
            }

            /// Says that what was to be done with one of the values is done, for those who [`join`](Self::join). To be called
            /// once for each value got, by whomever.
            ///
            /// # Errors
            /// If as many are done as were put: somebody has said it once too often. Then nothing changes.
            #[track_caller]
            pub fn task_done(&self) -> Result<(), AllDone> {
                self.core.task_done(Location::caller())
            }

            /// Waits until all that was put is [done](Self::task_done); also what a [`put`](Self::put) still waits to put.
            #[track_caller]
            pub fn join(&self) {
                self.core.join(Location::caller());
            }

            /// How many values are inside. By the time that one knows, it may be wrong; nothing is recorded.
            #[must_use]
            pub fn len(&self) -> usize {
                self.core.len()
            }

            /// Whether nothing is inside. As sure as [`len`](Self::len).
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.core.len() == 0
            }

            /// Whether there is no room. As sure as [`len`](Self::len).
            #[must_use]
            pub fn is_full(&self) -> bool {
                self.core.is_full()
            }

            /// How many values there is room for; none if there is no bound.
            #[must_use]
            pub const fn capacity(&self) -> Option<usize> {
                self.core.capacity()
            }

            /// How many values were put and are not [done](Self::task_done). As sure as [`len`](Self::len).
            #[must_use]
            pub fn unfinished(&self) -> usize {
                self.core.unfinished()
            }
        }

        impl<T $(: $bound)?> Default for $name<T> {
            #[track_caller]
            fn default() -> Self {
                Self::new()
            }
        }

        impl<T $(: $bound)?> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("len", &self.len())
                    .field("capacity", &self.capacity())
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(super) use queue;

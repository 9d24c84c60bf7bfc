//! An object of which each thread has its own copy.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// This thread's copies, by the numbers of what they are copies of.
    static COPIES: RefCell<BTreeMap<u64, Rc<dyn Any>>> = const { RefCell::new(BTreeMap::new()) };
}

/// A variable of which each thread has a copy of its own: Python's `threading.local()`.
///
/// Threads share the name and nothing else, so no lock is needed and no access can race. std's
/// [`thread_local!`](std::thread_local) does the same for statics; this is a value, which may also be a field or a local
/// variable.
///
/// ```
/// use lockhound::sync::PerThread;
/// use lockhound::thread;
///
/// static RESOURCE: PerThread<String> = PerThread::new(String::new);
///
/// fn process() -> String {
///     RESOURCE.with(|resource| format!("{resource} http://c.biancheng.net/python/"))
/// }
///
/// RESOURCE.set("main".to_owned());
/// let t1 = thread::spawn(|| {
///     RESOURCE.set("t1".to_owned());
///     process()
/// });
/// assert_eq!(t1.join().unwrap(), "t1 http://c.biancheng.net/python/");
/// assert_eq!(RESOURCE.get(), "main");
/// ```
///
/// A thread's copy is made when the thread first asks for it, and dropped when the thread ends. Those of other
/// threads outlive the `PerThread` if that is dropped before.
///
/// Nothing is recorded: there is nothing to tell.
///
/// # Panics
/// Every method, where the thread is so far in its end that its copies are gone; and `init`, if it asks for the copy that
/// it makes, goes on for ever.
pub struct PerThread<T: 'static> {
    init: fn() -> T,
    /// 0 until there is a copy.
    number: AtomicU64,
}

impl<T> PerThread<T> {
    /// A variable that is `init()` in each thread to begin with.
    #[must_use]
    pub const fn new(init: fn() -> T) -> Self {
        Self { init, number: AtomicU64::new(0) }
    }

    /// Lends the thread's copy to `f`.
    ///
    /// # Panics
    /// If `f` asks for the same copy again.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.copy(self.init).borrow_mut())
    }

    /// A clone of the thread's copy.
    #[must_use]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(|copy| copy.clone())
    }

    /// Puts `value` into the thread's copy, without `init` where there is none yet.
    pub fn set(&self, value: T) {
        let value = Cell::new(Some(value));
        let copy = self.copy(|| value.take().expect("made once"));
        if let Some(value) = value.take() {
            // What was there is dropped only when the copy may be used again.
            let before = copy.replace(value);
            drop(before);
        }
    }

    /// Puts `value` into the thread's copy; what was there.
    pub fn replace(&self, value: T) -> T {
        self.copy(self.init).replace(value)
    }

    fn copy(&self, make: impl FnOnce() -> T) -> Rc<RefCell<T>> {
        let number = self.number();
        if let Some(known) = COPIES.with_borrow(|copies| copies.get(&number).cloned()) {
            return known.downcast().expect("the number is that of a copy of this type");
        }
        let made = Rc::new(RefCell::new(make()));
        COPIES.with_borrow_mut(|copies| copies.insert(number, made.clone()));
        made
    }

    fn number(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        match self.number.load(Ordering::Relaxed) {
            0 => {
                let new = NEXT.fetch_add(1, Ordering::Relaxed);
                // A number means nothing but itself, so no order is needed; who comes second takes the first one's.
                self.number
                    .compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed)
                    .map_or_else(|first| first, |_| new)
            }
            known => known,
        }
    }
}

impl<T> Drop for PerThread<T> {
    fn drop(&mut self) {
        let number = *self.number.get_mut();
        // Dropped outside of the borrow, as it may have copies of its own to look at. Where the thread's are gone already,
        // so is this one.
        let own = COPIES.try_with(|copies| copies.borrow_mut().remove(&number));
        drop(own);
    }
}

impl<T: Default> Default for PerThread<T> {
    fn default() -> Self {
        Self::new(T::default)
    }
}

/// Shows the thread's copy, if there is one that nobody uses.
impl<T: fmt::Debug> fmt::Debug for PerThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.load(Ordering::Relaxed);
        let copy = COPIES.try_with(|copies| copies.borrow().get(&number).cloned()).ok().flatten();
        let copy = copy.and_then(|copy| copy.downcast::<RefCell<T>>().ok());
        let mut all = f.debug_struct("PerThread");
        if let Some(copy) = &copy
            && let Ok(copy) = copy.try_borrow()
        {
            all.field("copy", &*copy);
        }
        all.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    static NUMBER: PerThread<i32> = PerThread::new(|| 7);

    #[test]
    fn each_thread_has_its_own() {
        NUMBER.set(1);
        NUMBER.with(|number| *number += 1);
        let elsewhere = thread::spawn(|| {
            NUMBER.with(|number| *number *= 10);
            (NUMBER.replace(0), NUMBER.get())
        });
        assert_eq!(elsewhere.join().expect("no panic"), (70, 0));
        assert_eq!(NUMBER.get(), 2);
    }

    #[test]
    fn copies_of_several_are_told_apart() {
        let (one, other) = (PerThread::new(String::new), PerThread::<Vec<u8>>::default());
        one.set("one".to_owned());
        other.with(|bytes| bytes.push(one.get().len() as u8));
        assert_eq!((one.get(), other.get()), ("one".to_owned(), vec![3]));
        assert_eq!(format!("{one:?} {other:?}"), "PerThread { copy: \"one\", .. } PerThread { copy: [3], .. }");
        assert_eq!(format!("{:?}", PerThread::new(|| 1)), "PerThread { .. }");
    }

    #[test]
    fn what_is_set_first_needs_no_beginning() {
        let never = PerThread::new(|| -> i32 { unreachable!("not asked for") });
        never.set(3);
        assert_eq!(never.get(), 3);
    }

    #[test]
    #[should_panic(expected = "already")]
    fn a_copy_is_lent_once_at_a_time() {
        NUMBER.with(|_| NUMBER.get());
    }

    /// As it is dropped, each copy looks at another variable: also by being replaced, and with the variable.
    #[test]
    fn copies_are_dropped_with_their_thread_and_with_the_variable() {
        static LOOKED_AT: PerThread<i32> = PerThread::new(|| 0);

        struct Guarded(Arc<()>);

        impl Drop for Guarded {
            fn drop(&mut self) {
                if !thread::panicking() && thread::current().name() != Some("ends") {
                    LOOKED_AT.with(|looks| *looks += 1);
                }
            }
        }

        let alive = Arc::new(());
        let variable = PerThread::<Option<Guarded>>::default();
        let guarded = || Some(Guarded(Arc::clone(&alive)));
        thread::scope(|s| {
            let ends = thread::Builder::new().name("ends".to_owned());
            ends.spawn_scoped(s, || variable.set(guarded())).expect("a thread").join().expect("no panic");
        });
        assert_eq!(Arc::strong_count(&alive), 1, "the thread has ended");
        variable.set(guarded());
        variable.set(guarded());
        assert_eq!((Arc::strong_count(&alive), LOOKED_AT.get()), (2, 1));
        drop(variable);
        assert_eq!((Arc::strong_count(&alive), LOOKED_AT.get()), (1, 2));
        let kept = guarded().map(|guarded| guarded.0.clone());
        drop(kept);
    }
}

//! Mutex, RwLock and Condvar behave as std's do, recorded or not.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use lockhound::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, mpsc,
};
use lockhound::{levelled, named, thread};

fn poison<T>(lock: impl FnOnce() -> T) {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock();
        std::panic::resume_unwind(Box::new("while holding"));
    }));
    assert!(outcome.is_err());
}

#[test]
fn mutex_excludes() {
    let total = Mutex::new(0);
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..1000 {
                    *total.lock().unwrap() += 1;
                }
            });
        }
    });
    assert_eq!(total.into_inner().unwrap(), 4000);
}

#[test]
fn try_lock_fails_while_held_and_works_after() {
    let lock = Mutex::new(1);
    let held = lock.lock().unwrap();
    assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
    drop(held);
    assert_eq!(*lock.try_lock().unwrap(), 1);
}

#[test]
fn a_panic_poisons_a_mutex_until_cleared() {
    let mut lock = Mutex::new(1);
    poison(|| lock.lock().unwrap());
    assert!(lock.is_poisoned());
    assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
    assert!(matches!(lock.try_lock(), Err(TryLockError::Poisoned(error)) if **error.get_ref() == 1));
    assert_eq!(**lock.get_mut().as_ref().unwrap_err().get_ref(), 1);
    assert_eq!(format!("{lock:?}"), "Mutex { data: 1, poisoned: true, .. }");
    lock.clear_poison();
    *lock.lock().unwrap() += 1;
    poison(|| lock.lock().unwrap());
    assert_eq!(lock.into_inner().map_err(PoisonError::into_inner), Err(2));
}

#[test]
fn a_writer_that_panics_poisons_a_rwlock_and_a_reader_does_not() {
    let lock = RwLock::new(1);
    poison(|| lock.read().unwrap());
    assert!(!lock.is_poisoned());
    poison(|| lock.write().unwrap());
    assert!(lock.is_poisoned());
    assert_eq!(*lock.read().unwrap_err().into_inner(), 1);
    assert_eq!(*lock.write().unwrap_err().into_inner(), 1);
    assert!(matches!(lock.try_read(), Err(TryLockError::Poisoned(_))));
    assert!(matches!(lock.try_write(), Err(TryLockError::Poisoned(_))));
    lock.clear_poison();
    assert_eq!(*lock.read().unwrap(), 1);
}

#[test]
fn readers_share_and_writers_do_not() {
    let lock = RwLock::new(5);
    let (one, two) = (lock.read().unwrap(), lock.try_read().unwrap());
    assert_eq!(*one + *two, 10);
    assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    drop((one, two));
    let writer = lock.write().unwrap();
    assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
    assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    drop(writer);
}

#[test]
fn a_downgraded_writer_lets_readers_in_and_no_writer() {
    let lock = RwLock::new(1);
    let mut writer = lock.write().unwrap();
    *writer = 2;
    let reader: RwLockReadGuard<'_, i32> = RwLockWriteGuard::downgrade(writer);
    assert!(lock.try_write().is_err());
    assert_eq!((*reader, *lock.try_read().unwrap()), (2, 2));
    drop(reader);
    assert!(lock.try_write().is_ok());
}

#[test]
fn content_may_be_unsized() {
    let lock: &Mutex<[i32]> = &Mutex::new([1, 2, 3]);
    lock.lock().unwrap()[0] = 9;
    assert_eq!(lock.lock().unwrap().iter().sum::<i32>(), 14);
    let shape: Arc<RwLock<dyn std::fmt::Debug>> = Arc::new(RwLock::new("round"));
    assert_eq!(format!("{:?}", &*shape.read().unwrap()), "\"round\"");
}

#[test]
fn statics_need_no_initialiser() {
    static PLAIN: Mutex<Vec<i32>> = Mutex::new(Vec::new());
    static NAMED: RwLock<i32> = named::rwlock("named", 1);
    static LEVELLED: Mutex<i32> = levelled::mutex(3, "levelled", 1);
    static CHANGED: Condvar = named::condvar("changed");
    PLAIN.lock().unwrap().push(1);
    CHANGED.notify_all();
    assert_eq!(PLAIN.lock().unwrap().len(), 1);
    assert_eq!(*NAMED.read().unwrap() + *LEVELLED.lock().unwrap(), 2);
}

#[test]
fn locks_print_as_std_does() {
    let (mutex, rwlock) = (Mutex::new("x"), RwLock::new("y"));
    assert_eq!(
        format!("{mutex:?} {rwlock:?}"),
        format!("{:?} {:?}", std::sync::Mutex::new("x"), std::sync::RwLock::new("y"))
    );
    let (held, writer) = (mutex.lock().unwrap(), rwlock.write().unwrap());
    let std = std::sync::Mutex::new("x");
    let std_held = std.lock().unwrap();
    assert_eq!(format!("{mutex:?}"), format!("{std:?}"));
    drop(std_held);
    assert_eq!(format!("{held:?} {held} {writer:?} {writer}"), "\"x\" x \"y\" y");
    drop(writer);
    let reader = rwlock.read().unwrap();
    assert_eq!(format!("{reader:?} {reader}"), "\"y\" y");
    assert_eq!(format!("{:?}", Condvar::new()), "Condvar { .. }");
}

#[test]
fn locks_come_from_values_and_defaults() {
    let (mutex, rwlock): (Mutex<i32>, RwLock<i32>) = (4.into(), 5.into());
    let (empty, none): (Mutex<String>, RwLock<Option<i32>>) = Default::default();
    assert_eq!(*mutex.lock().unwrap() + *rwlock.read().unwrap(), 9);
    assert!(empty.lock().unwrap().is_empty() && none.read().unwrap().is_none());
}

#[test]
fn a_forgotten_guard_holds_for_ever() {
    let lock = Mutex::new(());
    std::mem::forget(lock.lock().unwrap());
    assert!(lock.try_lock().is_err());
}

#[test]
fn guards_pass_a_condvar_and_back() {
    let (queue, changed) = (Mutex::new(Vec::new()), Condvar::new());
    thread::scope(|s| {
        let consumer = s.spawn(|| {
            let mut queue = queue.lock().unwrap();
            while queue.is_empty() {
                queue = changed.wait(queue).unwrap();
            }
            queue.pop()
        });
        queue.lock().unwrap().push(7);
        changed.notify_one();
        assert_eq!(consumer.join().unwrap(), Some(7));
    });
}

#[test]
fn wait_while_wakes_everybody_on_notify_all() {
    let (open, opened) = (Mutex::new(false), Condvar::new());
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                let guard: MutexGuard<'_, bool> = opened.wait_while(open.lock().unwrap(), |open| !*open).unwrap();
                assert!(*guard);
            });
        }
        *open.lock().unwrap() = true;
        opened.notify_all();
    });
}

#[test]
fn timed_waits_say_whether_the_time_was_up() {
    let (lock, never) = (Mutex::new(0), Condvar::new());
    let (guard, result) = never.wait_timeout_while(lock.lock().unwrap(), Duration::from_millis(5), |_| true).unwrap();
    assert!(result.timed_out());
    let (guard, result) = never.wait_timeout_while(guard, Duration::MAX, |_| false).unwrap();
    assert!(!result.timed_out());
    let (guard, _) = never.wait_timeout(guard, Duration::from_millis(1)).unwrap();
    #[expect(deprecated, reason = "std still has it")]
    let (guard, _) = never.wait_timeout_ms(guard, 1).unwrap();
    assert_eq!(*guard, 0);
}

#[test]
fn a_wait_reports_poison_and_keeps_the_lock() {
    let (lock, changed) = (Mutex::new(()), Condvar::new());
    poison(|| lock.lock().unwrap());
    let guard = lock.lock().unwrap_err().into_inner();
    let guard = match changed.wait_timeout(guard, Duration::from_millis(1)) {
        Err(error) => error.into_inner().0,
        Ok(_) => panic!("poison forgotten"),
    };
    assert!(lock.try_lock().is_err());
    drop(guard);
    assert!(matches!(lock.try_lock(), Err(TryLockError::Poisoned(_))));
}

#[test]
fn what_is_not_wrapped_is_stds() {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(1).unwrap()).join().unwrap();
    assert_eq!(receiver.recv(), Ok(1));
}

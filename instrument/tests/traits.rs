//! Each type is `Send`, `Sync`, unwind safe … exactly when its counterpart in std is.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::MutexGuard as NotSend;

use lockhound::{sync, thread};

/// Whether a type has a trait: an inherent constant, where its bounds hold, goes before that of a trait.
macro_rules! has {
    ($type:ty: $trait:path) => {{
        struct Probe<T: ?Sized>(PhantomData<T>);
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Otherwise for Probe<T> {}
        impl<T: ?Sized + $trait> Probe<T> {
            const HAS: bool = true;
        }
        // `i32` has all of them: both constants are used, whichever the type in question has.
        let _: (Probe<i32>, bool) = (Probe(PhantomData), Probe::<i32>::HAS != <Probe<i32> as Otherwise>::HAS);
        <Probe<$type>>::HAS
    }};
}

macro_rules! traits {
    ($type:ty) => {
        [
            ("Send", has!($type: Send)),
            ("Sync", has!($type: Sync)),
            ("Unpin", has!($type: Unpin)),
            ("UnwindSafe", has!($type: UnwindSafe)),
            ("RefUnwindSafe", has!($type: RefUnwindSafe)),
            ("Debug", has!($type: std::fmt::Debug)),
            ("Display", has!($type: std::fmt::Display)),
            ("Default", has!($type: Default)),
            ("Clone", has!($type: Clone)),
            ("PartialEq", has!($type: PartialEq)),
            ("Eq", has!($type: Eq)),
        ]
    };
}

macro_rules! alike {
    ($($ours:ty = $std:ty),+ $(,)?) => {
        $(assert_eq!(traits!($ours), traits!($std), stringify!($ours));)+
    };
}

macro_rules! alike_around {
    ($($content:ty),+ $(,)?) => {
        $(alike! {
            sync::Mutex<$content> = std::sync::Mutex<$content>,
            sync::MutexGuard<'static, $content> = std::sync::MutexGuard<'static, $content>,
            sync::RwLock<$content> = std::sync::RwLock<$content>,
            sync::RwLockReadGuard<'static, $content> = std::sync::RwLockReadGuard<'static, $content>,
            sync::RwLockWriteGuard<'static, $content> = std::sync::RwLockWriteGuard<'static, $content>,
            sync::OnceLock<$content> = std::sync::OnceLock<$content>,
            sync::LazyLock<$content> = std::sync::LazyLock<$content>,
            sync::LazyLock<i32, $content> = std::sync::LazyLock<i32, $content>,
            sync::LazyLock<$content, Cell<i32>> = std::sync::LazyLock<$content, Cell<i32>>,
            sync::LazyLock<$content, &'static mut i32> = std::sync::LazyLock<$content, &'static mut i32>,
            sync::atomic::AtomicPtr<$content> = std::sync::atomic::AtomicPtr<$content>,
            sync::mpsc::Sender<$content> = std::sync::mpsc::Sender<$content>,
            sync::mpsc::SyncSender<$content> = std::sync::mpsc::SyncSender<$content>,
            sync::mpsc::Receiver<$content> = std::sync::mpsc::Receiver<$content>,
            sync::mpsc::Iter<'static, $content> = std::sync::mpsc::Iter<'static, $content>,
            sync::mpsc::TryIter<'static, $content> = std::sync::mpsc::TryIter<'static, $content>,
            sync::mpsc::IntoIter<$content> = std::sync::mpsc::IntoIter<$content>,
            thread::JoinHandle<$content> = std::thread::JoinHandle<$content>,
            thread::ScopedJoinHandle<'static, $content> = std::thread::ScopedJoinHandle<'static, $content>,
        })+
    };
}

#[test]
fn the_probe_tells_yes_from_no() {
    assert!(has!(i32: Send));
    assert!(!has!(Rc<i32>: Send));
    assert!(!has!(sync::MutexGuard<'static, i32>: Send));
    assert!(has!(sync::MutexGuard<'static, i32>: Sync));
}

#[test]
fn as_in_std() {
    alike_around!(i32, Cell<i32>, Rc<i32>, NotSend<'static, i32>, &'static mut i32, *const u8);
    alike! {
        sync::Condvar = std::sync::Condvar,
        sync::Once = std::sync::Once,
        sync::atomic::AtomicBool = std::sync::atomic::AtomicBool,
        sync::atomic::AtomicI8 = std::sync::atomic::AtomicI8,
        sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64,
        sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize,
        sync::Barrier = std::sync::Barrier,
        sync::BarrierWaitResult = std::sync::BarrierWaitResult,
        thread::Thread = std::thread::Thread,
        thread::Builder = std::thread::Builder,
    }
}

#[test]
fn a_scope_may_be_sent_and_shared() {
    assert!(has!(thread::Scope<'static, 'static>: Send));
    assert!(has!(thread::Scope<'static, 'static>: Sync));
}

#[test]
fn a_reentrant_mutex_makes_what_can_be_sent_shareable() {
    assert!(has!(sync::ReentrantMutex<RefCell<i32>>: Sync));
    assert!(has!(sync::ReentrantMutex<RefCell<i32>>: Send));
    assert!(!has!(sync::ReentrantMutex<Rc<i32>>: Sync));
    assert!(!has!(sync::ReentrantMutexGuard<'static, i32>: Send));
    assert!(has!(sync::ReentrantMutexGuard<'static, i32>: Sync));
    assert!(!has!(sync::ReentrantMutexGuard<'static, RefCell<i32>>: Sync));
}

#[test]
fn a_shared_variable_makes_what_can_be_sent_shareable() {
    assert!(has!(sync::Shared<Cell<i32>>: Sync));
    assert!(!has!(sync::Shared<*const u8>: Sync));
    assert!(!has!(sync::Shared<*const u8>: Send));
}

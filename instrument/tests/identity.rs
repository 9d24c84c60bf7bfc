//! Without the feature `record`, the names are std's own.
#![cfg(not(feature = "record"))]
#![forbid(unsafe_code)]

use std::any::TypeId;

use lockhound::{sync, thread};

macro_rules! identical {
    ($($ours:ty = $std:ty),+ $(,)?) => {
        $(assert_eq!(TypeId::of::<$ours>(), TypeId::of::<$std>(), stringify!($ours));)+
    };
}

#[test]
fn types_are_the_very_same() {
    identical! {
        sync::Mutex<i32> = std::sync::Mutex<i32>,
        sync::MutexGuard<'static, i32> = std::sync::MutexGuard<'static, i32>,
        sync::RwLock<str> = std::sync::RwLock<str>,
        sync::RwLockReadGuard<'static, i32> = std::sync::RwLockReadGuard<'static, i32>,
        sync::RwLockWriteGuard<'static, i32> = std::sync::RwLockWriteGuard<'static, i32>,
        sync::Condvar = std::sync::Condvar,
        sync::WaitTimeoutResult = std::sync::WaitTimeoutResult,
        sync::PoisonError<i32> = std::sync::PoisonError<i32>,
        sync::Once = std::sync::Once,
        sync::OnceLock<i32> = std::sync::OnceLock<i32>,
        sync::Barrier = std::sync::Barrier,
        sync::mpsc::Sender<i32> = std::sync::mpsc::Sender<i32>,
        sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8,
        thread::JoinHandle<i32> = std::thread::JoinHandle<i32>,
        thread::ScopedJoinHandle<'static, i32> = std::thread::ScopedJoinHandle<'static, i32>,
        thread::Scope<'static, 'static> = std::thread::Scope<'static, 'static>,
        thread::Builder = std::thread::Builder,
        thread::Thread = std::thread::Thread,
        thread::ThreadId = std::thread::ThreadId,
    }
}

#[test]
fn values_go_either_way() {
    let ours: sync::Mutex<i32> = std::sync::Mutex::new(1);
    let theirs: std::sync::Mutex<i32> = lockhound::named::mutex("theirs", 2);
    let guards: [std::sync::MutexGuard<'_, i32>; 2] = [ours.lock().unwrap(), theirs.lock().unwrap()];
    assert_eq!(guards.iter().map(|guard| **guard).sum::<i32>(), 3);
    let _: std::sync::RwLock<()> = lockhound::levelled::rwlock(1, "rwlock", ());
    let _: std::sync::Condvar = lockhound::named::condvar("condvar");
}

#[test]
fn functions_are_the_very_same() {
    type Body = fn() -> i32;
    let spawns: [fn(Body) -> std::thread::JoinHandle<i32>; 2] = [thread::spawn, std::thread::spawn];
    assert!(std::ptr::fn_addr_eq(spawns[0], spawns[1]));
    assert!(std::ptr::fn_addr_eq(thread::park as fn(), std::thread::park as fn()));
    assert!(std::ptr::fn_addr_eq(
        thread::current as fn() -> std::thread::Thread,
        std::thread::current as fn() -> std::thread::Thread
    ));
}

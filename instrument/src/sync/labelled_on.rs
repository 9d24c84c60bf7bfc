//! The labels of the recorded types: put on at construction, and read.

use std::any::type_name;

use super::atomic::AtomicBool;
use super::label::Label;
use super::mpsc::{self, Receiver, Sender, SyncSender};
use super::{Barrier, Condvar, Mutex, RwLock};
use crate::engine::{Kind, Object};

#[track_caller]
pub(crate) const fn mutex<T>(label: Label, value: T) -> Mutex<T> {
    Mutex::with_object(label.on(Object::new(Kind::Mutex, type_name::<T>)), value)
}

#[track_caller]
pub(crate) const fn rwlock<T>(label: Label, value: T) -> RwLock<T> {
    RwLock::with_object(label.on(Object::new(Kind::RwLock, type_name::<T>)), value)
}

pub(crate) const fn mutex_level<T: ?Sized>(mutex: &Mutex<T>) -> Option<i64> {
    mutex.level()
}

pub(crate) const fn rwlock_level<T: ?Sized>(lock: &RwLock<T>) -> Option<i64> {
    lock.level()
}

#[track_caller]
pub(crate) const fn condvar(label: Label) -> Condvar {
    Condvar::with_object(label.on(Object::new(Kind::Condvar, type_name::<()>)))
}

#[track_caller]
pub(crate) const fn atomic_bool(label: Label, value: bool) -> AtomicBool {
    AtomicBool::with_object(label.on(Object::new(Kind::Atomic, type_name::<bool>)), value)
}

#[track_caller]
pub(crate) const fn barrier(label: Label, n: usize) -> Barrier {
    Barrier::labelled(label, n)
}

#[track_caller]
pub(crate) fn channel<T>(label: Label) -> (Sender<T>, Receiver<T>) {
    mpsc::labelled_channel(label)
}

#[track_caller]
pub(crate) fn sync_channel<T>(label: Label, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    mpsc::labelled_sync_channel(label, bound)
}

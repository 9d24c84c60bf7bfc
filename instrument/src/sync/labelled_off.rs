//! The labels of std's types, which cannot carry any.

use super::atomic::AtomicBool;
use super::label::Label;
use super::mpsc::{self, Receiver, Sender, SyncSender};
use super::{Barrier, Condvar, Mutex, RwLock};

pub(crate) const fn mutex<T>(_label: Label, value: T) -> Mutex<T> {
    Mutex::new(value)
}

pub(crate) const fn rwlock<T>(_label: Label, value: T) -> RwLock<T> {
    RwLock::new(value)
}

pub(crate) const fn mutex_level<T: ?Sized>(_mutex: &Mutex<T>) -> Option<i64> {
    None
}

pub(crate) const fn rwlock_level<T: ?Sized>(_lock: &RwLock<T>) -> Option<i64> {
    None
}

pub(crate) const fn condvar(_label: Label) -> Condvar {
    Condvar::new()
}

pub(crate) const fn atomic_bool(_label: Label, value: bool) -> AtomicBool {
    AtomicBool::new(value)
}

pub(crate) const fn barrier(_label: Label, n: usize) -> Barrier {
    Barrier::new(n)
}

pub(crate) fn channel<T>(_label: Label) -> (Sender<T>, Receiver<T>) {
    mpsc::channel()
}

pub(crate) fn sync_channel<T>(_label: Label, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    mpsc::sync_channel(bound)
}

//! What a peer may provide: a trait a primitive.
//!
//! The methods are `#[track_caller]`, so that a recorder sees the workload's line, as it would see the user's.

use std::ops::{Deref, DerefMut};

/// What a thread runs.
pub type Job = Box<dyn FnOnce() + Send>;

/// Waits for a thread's end.
pub type Running = Box<dyn FnOnce()>;

/// The threads of a peer; std's own unless it has others.
pub trait Threads: 'static {
    /// Starts a thread.
    fn spawn(job: Job) -> Running {
        let thread = std::thread::spawn(job);
        Box::new(move || thread.join().expect("a workload does not panic"))
    }
}

/// A mutex.
pub trait Mutexes: Threads {
    /// The mutex.
    type Mutex<T: Send + 'static>: Send + Sync + 'static;
    /// What holds it.
    type Guard<'a, T: Send + 'static>: DerefMut<Target = T>;

    /// A free mutex.
    #[track_caller]
    fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T>;

    /// Takes it.
    #[track_caller]
    fn lock<T: Send + 'static>(mutex: &Self::Mutex<T>) -> Self::Guard<'_, T>;
}

/// A condition variable for the peer's mutex.
pub trait Condvars: Mutexes {
    /// The condition variable.
    type Condvar: Send + Sync + 'static;

    /// One for which nobody waits.
    #[track_caller]
    fn condvar() -> Self::Condvar;

    /// Gives the mutex up while waiting for a notification.
    #[track_caller]
    fn wait<'a, T: Send + 'static>(condvar: &Self::Condvar, guard: Self::Guard<'a, T>) -> Self::Guard<'a, T>;

    /// Wakes one.
    #[track_caller]
    fn notify(condvar: &Self::Condvar);
}

/// A read/write lock.
pub trait RwLocks: Threads {
    /// The lock.
    type RwLock<T: Send + Sync + 'static>: Send + Sync + 'static;
    /// What holds it to read.
    type ReadGuard<'a, T: Send + Sync + 'static>: Deref<Target = T>;
    /// What holds it to write.
    type WriteGuard<'a, T: Send + Sync + 'static>: DerefMut<Target = T>;

    /// A free lock.
    #[track_caller]
    fn rwlock<T: Send + Sync + 'static>(value: T) -> Self::RwLock<T>;

    /// Takes it to read.
    #[track_caller]
    fn read<T: Send + Sync + 'static>(lock: &Self::RwLock<T>) -> Self::ReadGuard<'_, T>;

    /// Takes it to write.
    #[track_caller]
    fn write<T: Send + Sync + 'static>(lock: &Self::RwLock<T>) -> Self::WriteGuard<'_, T>;
}

/// An unbounded channel of many senders.
pub trait Channels: Threads {
    /// Sends.
    type Sender: Send + 'static;
    /// Receives.
    type Receiver: Send + 'static;

    /// An empty channel.
    #[track_caller]
    fn channel() -> (Self::Sender, Self::Receiver);

    /// Sends a message.
    #[track_caller]
    fn send(sender: &Self::Sender, message: u64);

    /// Waits for a message.
    #[track_caller]
    fn receive(receiver: &Self::Receiver) -> u64;
}

/// An atomic number.
pub trait Atomics: Threads {
    /// The number.
    type Counter: Send + Sync + 'static;

    /// Zero.
    #[track_caller]
    fn counter() -> Self::Counter;

    /// Adds one, relaxed; what it was before.
    #[track_caller]
    fn add(counter: &Self::Counter) -> u64;
}

/// A variable that threads share.
pub trait Variables: Threads {
    /// The variable.
    type Variable: Send + Sync + 'static;

    /// Zero.
    #[track_caller]
    fn variable() -> Self::Variable;

    /// Reads it.
    #[track_caller]
    fn get(variable: &Self::Variable) -> u64;

    /// Writes it.
    #[track_caller]
    fn set(variable: &Self::Variable, value: u64);
}

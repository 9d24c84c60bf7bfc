//! `std::sync`, with what the feature `record` records in place of std's own.
//!
//! Everything of `std::sync` is here. With the feature on, `Mutex`, `RwLock`, `Condvar` and their guards, `Barrier`, `Once`,
//! `OnceLock`, `LazyLock`, the atomics and the channels of `mpsc` are recorded types of the same name and API; the rest is
//! std's. [`Event`], [`PerThread`], [`ReentrantMutex`], [`Scheduler`], [`Semaphore`], [`Shared`], [`ThreadPool`], [`Timer`],
//! [`lock_all`] and the queues are additions.

pub mod atomic;
#[cfg(feature = "record")]
mod barrier;
#[cfg(feature = "record")]
mod condvar;
mod event;
#[cfg(feature = "record")]
mod hold;
pub(crate) mod label;
#[cfg_attr(feature = "record", path = "labelled_on.rs")]
#[cfg_attr(not(feature = "record"), path = "labelled_off.rs")]
pub(crate) mod labelled;
#[cfg(feature = "record")]
mod lazy_lock;
mod lock_all;
mod locks;
#[cfg(feature = "record")]
pub mod mpsc;
#[cfg(feature = "record")]
mod mutex;
#[cfg(feature = "record")]
mod once;
#[cfg(feature = "record")]
mod once_lock;
mod patience;
mod per_thread;
mod queue;
mod reentrant_mutex;
#[cfg(feature = "record")]
mod rwlock;
mod scheduler;
mod semaphore;
mod shared;
#[cfg(feature = "record")]
mod spinning;
mod thread_pool;
mod timer;

pub use std::sync::*;

#[cfg(feature = "record")]
#[expect(deprecated, reason = "std still has it")]
pub use self::once::ONCE_INIT;
#[cfg(feature = "record")]
pub use self::{
    barrier::{Barrier, BarrierWaitResult},
    condvar::Condvar,
    lazy_lock::LazyLock,
    mutex::{Mutex, MutexGuard},
    once::Once,
    once_lock::OnceLock,
    rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};

pub(crate) use locks::{Locks, Std};
pub(crate) use patience::Patience;

pub use event::Event;
pub use lock_all::{LockSet, Lockable, lock_all};
pub use per_thread::PerThread;
pub use queue::{AllDone, Empty, Full, LifoQueue, PriorityQueue, Queue};
pub use reentrant_mutex::{ReentrantMutex, ReentrantMutexGuard};
pub use scheduler::{EventId, NotScheduled, Scheduler};
pub use semaphore::{Overfull, Semaphore, SemaphorePermit};
pub use shared::Shared;
pub use thread_pool::{Future, Results, ShutDown, TaskError, ThreadPool};
pub use timer::Timer;

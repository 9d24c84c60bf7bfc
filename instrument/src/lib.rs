//! Drop-in `std::sync` and `std::thread` that record what a program does, for `lockhound` to find its deadlocks,
//! lock-order violations, data races and lost updates: also those that did not happen in the recorded run.
//!
//! # How to use it
//! Change the imports; everything else stays as it is:
//!
//! ```
//! use lockhound::sync::{Arc, Mutex}; // was: use std::sync::{Arc, Mutex};
//! use lockhound::thread; //             was: use std::thread;
//!
//! let balance = Arc::new(Mutex::new(1000));
//! let teller = {
//!     let balance = Arc::clone(&balance);
//!     thread::spawn(move || *balance.lock().unwrap() -= 800)
//! };
//! teller.join().unwrap();
//! assert_eq!(*balance.lock().unwrap(), 200);
//! ```
//!
//! Then build with the feature `record` and run with the variable `LOCKHOUND_TRACE` set:
//!
//! ```text
//! LOCKHOUND_TRACE=traces/%e-%p.lht cargo test --features lockhound/record
//! lockhound check traces
//! ```
//!
//! | | what `lockhound::sync::Mutex` is | cost |
//! |---|---|---|
//! | feature `record` off (default) | `std::sync::Mutex` itself, re-exported | none, and no dependency |
//! | on, `LOCKHOUND_TRACE` unset | a wrapper of the same API | a load and a branch an operation |
//! | on, `LOCKHOUND_TRACE` set | the same wrapper | an event an operation, into a file of this process |
//!
//! Only the top-level command should turn the feature on, never a library: features are additive, and a library would
//! turn it on for everybody.
//!
//! `LOCKHOUND_TRACE` is a file name in which `%e` stands for the executable's name, `%p` for the process id, `%t` for
//! the time of its start and `%h` for the host.
//!
//! # What is recorded
//! * [`sync::Mutex`], [`sync::RwLock`], [`sync::Condvar`]: each acquisition, wait, release and notification, with its
//!   place in your source, and what each hold did to the data: nothing, looked, wrote. A guard learns that from its
//!   `Deref` and `DerefMut`.
//! * [`sync::Once`], [`sync::OnceLock`], [`sync::LazyLock`]: the run of the initialiser, and in each other thread the first
//!   time that it finds the run complete.
//! * [`sync::atomic`]: each access with its order and value; [there](sync::atomic) is what that means for spinning threads
//!   and for fences.
//! * [`thread::spawn`], [`thread::Builder`], [`thread::scope`], joins, [`thread::park`] and `unpark`; also on threads
//!   that were spawned by other means.
//! * [`sync::ReentrantMutex`], [`sync::Shared`] and [`sync::lock_all`], which std does not have. They work the same, but
//!   unrecorded, with the feature off.
//!
//! Everything else in [`sync`] and [`thread`] is std's own. Reports call a lock by the place where it was created;
//! [`named`] gives it a better name, and [`levelled`] declares in which order locks may be taken.
//!
//! # Limits
//! * The types are not those of std when the feature is on: a signature that names `std::sync::MutexGuard` accepts no
//!   guard of ours. Name `lockhound::sync` there as well. A type of std that cannot be constructed from outside
//!   (`WaitTimeoutResult`, `PoisonError`, `ThreadId`) stays std's.
//! * A look at data that can change without `DerefMut` (a cell, or another lock, inside a `Mutex`) counts as a look. A
//!   [`sync::ReentrantMutex`] lends nothing else, so there each look counts as a write.
//! * `DerefMut` without a `Deref` before counts as a write without a look, though `*guard += 1` does look.
//! * Shared memory other than [`sync::Shared`] is not seen: plain data that threads share without a lock needs `unsafe`
//!   in Rust.
//! * The initialiser that `LazyLock::force_mut` or `DerefMut` runs is not recorded: nobody else can have the value then.
//! * A thread that was unparked by a handle of std's (`std::thread::Thread`) is not recorded as unparked.
//! * A scoped thread ends, in the recording, with its function, as scopes do not wait for more; what its thread-locals do
//!   on being dropped is recorded as done by another thread, called `thread-locals`, after it.

#[cfg_attr(feature = "record", path = "engine/on.rs")]
#[cfg_attr(not(feature = "record"), path = "engine/off.rs")]
mod engine;
pub mod levelled;
pub mod monitor;
pub mod named;
#[cfg(feature = "record")]
mod recorder;
mod settings;
pub mod sync;
pub mod thread;

pub use settings::{Settings, Stacks, Strict, TooLate};
pub use std::thread_local;

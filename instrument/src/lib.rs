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
//! | on, nothing asked for | a wrapper of the same API | a load and a branch an operation |
//! | on, and a [setting](#settings) asks for the recorder | the same wrapper | an event an operation: see [Overhead](#overhead) |
//!
//! Only the top-level command should turn the feature on, never a library: features are additive, and a library would
//! turn it on for everybody.
//!
//! # What is recorded
//! * [`sync::Mutex`], [`sync::RwLock`], [`sync::Condvar`]: each acquisition, wait, release and notification, with its
//!   place in your source, and what each hold did to the data: nothing, looked, wrote. A guard learns that from its
//!   `Deref` and `DerefMut`.
//! * [`sync::Once`], [`sync::OnceLock`], [`sync::LazyLock`]: the run of the initialiser, and in each other thread the first
//!   time that it finds the run complete.
//! * [`sync::atomic`]: each access with its order and value; [there](sync::atomic) is what that means for spinning threads
//!   and for fences.
//! * [`sync::mpsc`]: each message sent and received (also those that a receiver takes with it when it goes), tries that
//!   failed, and ends that were dropped. A channel made while nothing is recorded is std's own, for good.
//! * [`sync::Barrier`]: each arrival and each passing.
//! * [`thread::spawn`], [`thread::Builder`], [`thread::scope`], joins, [`thread::park`] and `unpark`; also on threads
//!   that were spawned by other means.
//! * [`sync::Semaphore`]: permits taken and given, and tries that failed. [`sync::Event`]: when it is set and cleared, who was
//!   let go, and what looks at it have seen. [`sync::PerThread`] is never recorded: each thread has its own.
//! * [`thread::Startable`], a thread that is made first and started later, which std does not have: where it was made, its start,
//!   joins, those that ran out of time, and a second start, which is a `misuse`. It works the same with the feature off.
//! * [`sync::Queue`], [`sync::LifoQueue`], [`sync::PriorityQueue`]: what is put and got, what failed for want of room or of
//!   something to get, and what is said to be done; [`sync::Scheduler`]: what is entered, and what is run or cancelled.
//! * [`sync::ThreadPool`]: each task as a thread of its own, the pool's threads as permits that tasks wait for and hold; not
//!   who runs what. Asking a [`sync::Future`] for its result is a join. [`sync::Timer`]: its thread, and its cancellation.
//! * [`sync::ReentrantMutex`], [`sync::Shared`] and [`sync::lock_all`]. std has none of these, from [`sync::Semaphore`] on; they
//!   work the same, but unrecorded, with the feature off.
//!
//! Everything else in [`sync`] and [`thread`] is std's own. Reports call a lock by the place where it was created;
//! [`named`] gives it a better name, and [`levelled`] declares in which order locks may be taken.
//!
//! # Settings
//! Any of the first three turns the recorder on.
//!
//! | variable | values | meaning |
//! |---|---|---|
//! | `LOCKHOUND_TRACE` | a path | file to record into, one a process: `%e` stands for the executable's name, `%p` for the process id, `%t` for the time of its start, `%h` for the host, `%%` for `%`. Never overwrites a file |
//! | `LOCKHOUND_ON_DEADLOCK` | `report`, `abort`, `exit:CODE`, `panic`, `off` | what the [live monitor](#the-live-monitor) does once it has reported a deadlock: nothing more, which is the default whenever the recorder is on; abort; end the process with this status (0 to 255); panic in the thread that closed the circle. `off`: there is no monitor |
//! | `LOCKHOUND_STRICT` | `1`, `on`, `panic`; `report`; `0`, `off` | [strict mode](#strict-mode): panic at a lock request out of order; report it and go on; neither, which is the default |
//! | `LOCKHOUND_STACKS` | `new`, `off`, `all` | when call stacks are captured: when a thread does something new and when it waits, which is the default; never; at each acquisition and wait, which is slow |
//! | `LOCKHOUND_LIMIT` | bytes; `k`, `M`, `G` | largest size of the trace, by default `4G`. Where it is reached recording stops, and monitor and strict mode with it; the program goes on |
//! | `LOCKHOUND_KEEP` | `all`, `concurrent` | whether each trace is kept, which is the default; or only that of a process which uses two threads or two locks, waits, or ends a thread that holds a lock: any other shows no bug. For runs of thousands of processes; `cargo lockhound` sets it |
//!
//! An empty variable counts as unset. A bad value is reported once on stderr and ignored. In a program that runs with more
//! rights than its user has (`AT_SECURE`) all are ignored. Without a trace the recorder remembers only what monitor and
//! strict mode need.
//!
//! The same from code, with [`Settings`]. Where both speak the environment wins: whoever starts the program decides last.
//!
//! ```
//! use lockhound::monitor::Action;
//! use lockhound::{Settings, Stacks, Strict};
//!
//! fn main() -> Result<(), lockhound::TooLate> {
//!     Settings::new()
//!         .on_deadlock(Action::Abort)
//!         .strict(Strict::Report)
//!         .stacks(Stacks::New)
//!         .limit(1 << 30)
//!         .apply()?;
//!     // …
//!     Ok(())
//! }
//! ```
//!
//! # The live monitor
//! While the recorder is on, a thread that really has to wait says for what, and looks whether whoever could end its wait
//! waits for it. If so, threads have deadlocked: over locks, joins, condition variables, channels, barriers, semaphores, events, initialisers
//! or a mixture. That is reported on stderr at once, with what each of them wants and holds, where, and how it got there;
//! then the [`Action`](monitor::Action) is taken. Operations that need not wait pay nothing for it.
//!
//! A circle of locks, joins and initialisers is proof by itself. What any thread could end (a message, a notification, an
//! unpark) can only be known to be lost once every thread of the process waits: as long as one runs or sleeps, nothing is
//! reported. Where a thread that has recorded nothing could still end it, the report says `possible`, and no action follows.
//!
//! ```
//! use lockhound::monitor::Action;
//! use lockhound::sync::Arc;
//! use lockhound::{Settings, named, thread};
//!
//! # if !cfg!(feature = "record") { return }
//! Settings::new()
//!     .on_deadlock(Action::call(|deadlock| {
//!         eprintln!("{} threads wait for each other", deadlock.participants.len());
//!         std::process::exit(0);
//!     }))
//!     .apply()
//!     .unwrap();
//!
//! let account = Arc::new(named::mutex("account", 100));
//! let held = account.lock().unwrap();
//! let teller = {
//!     let account = Arc::clone(&account);
//!     thread::spawn(move || *account.lock().unwrap() -= 80)
//! };
//! teller.join().unwrap(); // For ever: the teller waits for `account`, and `held` is still there.
//! # drop(held);
//! # unreachable!("the callback ended the process");
//! ```
//!
//! # Strict mode
//! For tests and development: the order of locks is checked *before* a thread waits. A request of a `Mutex`, `RwLock` or
//! `ReentrantMutex` panics at your line, before the lock is touched, if
//!
//! * earlier requests lead from this lock back to one that the thread holds: directly (A then B, and now B then A), or over
//!   others. The message names both locks and where each was taken, now and earlier, and by which thread;
//! * the lock has no higher [level](levelled) than one that the thread holds;
//! * the thread itself holds the lock, so that the request could never be granted.
//!
//! Nothing has to hang for that, nor two threads to meet: one run of each code path is enough.
//!
//! ```
//! use lockhound::{Settings, Strict, named};
//! use std::panic::{AssertUnwindSafe, catch_unwind};
//!
//! Settings::new().strict(Strict::Panic).apply().unwrap();
//!
//! let (from, to) = (named::mutex("from", 100), named::mutex("to", 0));
//! drop((from.lock().unwrap(), to.lock().unwrap()));
//!
//! let inverted = AssertUnwindSafe(|| drop((to.lock().unwrap(), from.lock().unwrap())));
//! // Without a recorder nobody notices.
//! assert_eq!(catch_unwind(inverted).is_err(), cfg!(feature = "record"));
//! ```
//!
//! * Order is all that counts. That a third lock is always held around the two makes no difference, nor that only one
//!   thread has run so far: a recorded run, checked afterwards, weighs these. The instances count, not where they were
//!   created: two locks of one type have no order until they are taken together.
//! * Requests that give up by themselves (`try_lock`) are not checked, but what they get is held like anything else. The
//!   locks that one [`sync::lock_all`] takes have no order among themselves. A condition variable's wait gives its mutex up
//!   and takes it again unchecked.
//! * Reads count among each other only for locks that some thread has asked to write: std lets no reader in behind a writer
//!   that waits, so that two readers can keep each other waiting. A thread may read a lock again as long as no other thread
//!   has asked to write it.
//! * A thread that is panicking already is not made to panic again: what is wrong is printed. [`Strict::Report`] prints it
//!   always, once for each pair of locks, and goes on.
//! * A panic unwinds as any other: the locks that the thread *holds* are poisoned, the one that it asked for is not. Where
//!   nothing may unwind (thread-locals' destructors, `extern "C"` functions) it aborts.
//! * A request that the thread has made before costs a comparison for each lock it holds. A new pair costs a search through
//!   the orders known so far. Up to 1,048,576 orders are remembered in a process, and
//!   the first 31 locks that a thread holds are looked at.
//!
//! # Overhead
//! An uncontended operation touches no shared counter, takes no time and captures no stack: it appends a few bytes to a
//! buffer of its thread, which is a piece of the file. What is new to a thread (a place, a lock, a lock under another one)
//! costs more once; what has to wait costs a stack, and waits anyway.
//!
//! CPU time of one operation on a machine of two processors, best round for the first seven rows and median for the others
//! (for `Shared`, std's is a plain relaxed atomic):
//!
//! | | std, ns | recorded, ns | times std | not recording, times std |
//! |---|--:|--:|--:|--:|
//! | lock and unlock a mutex | 4.61 | 10.4 | 2.26 | 1.00 |
//! | two mutexes, one in the other | 9.16 | 20.3 | 2.22 | 0.99 |
//! | read lock | 4.97 | 10.8 | 2.17 | 1.09 |
//! | write lock | 4.79 | 11.6 | 2.41 | 1.11 |
//! | make a mutex, and lock it once | 5.39 | 57.8 | 10.7 | 5.89 |
//! | two of 1,000 mutexes, for the first time | 9.70 | 27.4 | 2.83 | 1.22 |
//! | the same, again | 9.07 | 20.6 | 2.26 | 1.22 |
//! | condition variable, there and back | 8905 | 11678 | 1.32 | 1.00 |
//! | send and receive, one thread | 15.4 | 52.2 | 3.38 | 1.04 |
//! | send and receive, two threads | 47.9 | 416 | 8.82 | 0.99 |
//! | `fetch_add` | 2.24 | 15.5 | 7.01 | 1.02 |
//! | two threads, one mutex | 40.1 | 28.9 | 0.74 | 1.38 |
//! | four threads, a map in a mutex | 148 | 97.0 | 0.67 | 0.95 |
//! | `Shared::get` | 0.57 | 13.2 | 23.0 | 4.50 |
//! | `Shared::set` | 0.57 | 14.1 | 24.6 | 4.50 |
//!
//! Mutex loads take 4 bytes an event. What remains above std is, for a mutex pair, about 4 ns for the two events and 2 ns for
//! the file's pages, beside two locked instructions of 2.3 ns that are all of std's price. A fresh lock costs the memory of
//! its own description (104 bytes, which is most of the price when not recording) and a declaration.
//!
//! `bench/` in the repository measures all of it in one run, next to plain std and to other crates that watch locks;
//! `bench/README.md` has a whole table and says how to read it:
//!
//! ```text
//! cd bench && cargo run --release
//! ```
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
//! * [`sync::BarrierWaitResult`] is a type of our own, too: std's has no constructor.
//! * A recorded channel is a queue behind a lock, which costs more than std's where many threads send at once. The child
//!   of a fork that another thread had in its grip finds it locked for ever, as it does any lock of std's.
//! * A thread that was unparked by a handle of std's (`std::thread::Thread`) is not recorded as unparked.
//! * A scoped thread ends, in the recording, with its function, as scopes do not wait for more; what its thread-locals do
//!   on being dropped is recorded as done by another thread, called `thread-locals`, after it.
//! * What a task puts into thread-locals is seen by later tasks of the same thread of its pool, of which the recording knows
//!   nothing: it takes them for unordered. The live monitor cannot tell who will run a task that is still in line; so a
//!   pool whose tasks all wait for later ones is told of by the recorded run only.
//! * Threads that were not spawned through [`thread`] are recorded from their first operation on, as threads that nobody
//!   spawned, and their end when their thread-locals are dropped. Locks of other crates and of C are not seen at all: a
//!   deadlock over them is not reported, and what only they order looks unordered.
//! * A signal handler that locks is unsupported, as with std: the thread may be at work on that lock. The recorder makes no
//!   handler wait for the thread that it interrupted, and its events may be left out or spoil that thread's recording. But
//!   what is new to a thread (its first event, a new place) allocates, which a handler must not if it interrupts `malloc`.
//! * After `fork` the child records into a file of its own, from its next event on. It knows of no locks that the forking
//!   thread held, and has learnt no order. `exec` ends a recording: the new program starts with its own.
//! * The environment is read when the first event comes. Whoever changes it in the program (`std::env::set_var`) must do
//!   so before, or better use [`Settings`].

#[cfg_attr(feature = "record", path = "engine/on.rs")]
#[cfg_attr(not(feature = "record"), path = "engine/off.rs")]
mod engine;
pub mod levelled;
#[cfg(all(test, not(miri)))]
mod models;
pub mod monitor;
pub mod named;
#[cfg(feature = "record")]
mod recorder;
mod settings;
pub mod sync;
pub mod thread;

pub use settings::{Settings, Stacks, Strict, TooLate};
pub use std::thread_local;

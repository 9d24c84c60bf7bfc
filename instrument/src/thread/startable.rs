//! Threads that are made first and started later.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::JoinHandle;
use crate::engine::{End, Made};

/// A thread that is made first and started later, as the `Thread` objects of Python and Java are.
///
/// It can be asked for its name and whether it is alive, and joined by anybody, as often as they like. Dropping it changes
/// nothing for the thread: one that was started runs on, one that was not never will.
///
/// ```
/// use std::time::Duration;
///
/// use lockhound::thread::{AlreadyStarted, Startable};
///
/// let worker = Startable::new("worker", || println!("here I am"));
/// assert!(!worker.is_alive());
/// worker.start().unwrap();
/// assert_eq!(worker.start(), Err(AlreadyStarted));
///
/// while !worker.join_timeout(Duration::from_millis(10)) {
///     println!("still waiting for {}", worker.name());
/// }
/// assert!(!worker.is_alive());
/// ```
///
/// While recording, the second start above is a finding: `misuse`.
pub struct Startable {
    name: String,
    made: Made,
    state: Mutex<State>,
    /// Somebody has joined the thread.
    joined: Condvar,
    course: Arc<Course>,
}

#[derive(Default)]
struct State {
    /// What the thread is to do; taken by the first start.
    task: Option<Box<dyn FnOnce() + Send>>,
    /// Whether it has been started, and the end that it will have.
    end: Option<End>,
    /// Taken by the first who joins it.
    handle: Option<JoinHandle<()>>,
    /// How it ended, as the first who joined it found.
    ended: Option<Result<(), JoinError>>,
}

/// How far the thread's function has come.
#[derive(Default)]
struct Course {
    is_over: Mutex<bool>,
    over: Condvar,
}

/// [`Startable::start`] was called before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlreadyStarted;

/// Why [`Startable::join`] failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// The thread was not started, so that it will never end.
    NotStarted,
    /// The thread ended by a panic.
    Panicked,
}

impl Startable {
    /// A thread of this name that will run `f` once it is started.
    ///
    /// # Panics
    /// If the name contains a null byte.
    #[track_caller]
    pub fn new(name: impl Into<String>, f: impl FnOnce() + Send + 'static) -> Self {
        let name = name.into();
        assert!(!name.contains('\0'), "thread name may not contain interior null bytes");
        let made = Made::new(&name, Location::caller());
        let state = State { task: Some(Box::new(f)), ..State::default() };
        Self { name, made, state: Mutex::new(state), joined: Condvar::new(), course: Arc::default() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// If it was started before, even if it has ended since: a thread runs once. Nothing happens then.
    ///
    /// # Panics
    /// If the operating system refuses the thread.
    #[track_caller]
    pub fn start(&self) -> Result<(), AlreadyStarted> {
        let site = Location::caller();
        let mut state = self.state();
        let Some(task) = state.task.take() else {
            if let Some(end) = &state.end {
                end.spawned_again(site);
            }
            return Err(AlreadyStarted);
        };
        let over = Over(Arc::clone(&self.course));
        let run = move || {
            let _over = over;
            task();
        };
        match self.made.spawn(&self.name, site, run) {
            Ok((handle, end)) => {
                (state.handle, state.end) = (Some(handle), Some(end));
                Ok(())
            }
            Err(error) => {
                drop(state);
                panic!("failed to spawn thread: {error}");
            }
        }
    }

    /// Waits for the thread's end.
    ///
    /// # Errors
    /// At once, if the thread was not started; and if it panicked.
    #[track_caller]
    pub fn join(&self) -> Result<(), JoinError> {
        let site = Location::caller();
        let mut state = self.state();
        let Some(end) = state.end.clone() else { return Err(JoinError::NotStarted) };
        let handle = state.handle.take();
        drop(state);
        match handle {
            Some(handle) => {
                let ended = handle.join().map_err(|_| JoinError::Panicked);
                self.state().ended = Some(ended);
                self.joined.notify_all();
                ended
            }
            None => end.join(site, || {
                let state = self.joined.wait_while(self.state(), |state| state.ended.is_none());
                state.unwrap_or_else(PoisonError::into_inner).ended.unwrap_or(Ok(()))
            }),
        }
    }

    /// Waits for the thread's end, but no longer than this; whether it has ended by then, be it by a panic. Of a thread
    /// that was not started it says `false`, at once.
    ///
    /// The time counts up to the end of the thread's function. What its thread-locals do when they are dropped is waited
    /// for as by [`Startable::join`].
    #[track_caller]
    pub fn join_timeout(&self, timeout: Duration) -> bool {
        let Some(end) = self.state().end.clone() else { return false };
        let deadline = Instant::now().checked_add(timeout);
        let mut is_over = self.course.is_over();
        while !*is_over {
            let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                // Before the thread can say that it is over.
                end.gave_up(Location::caller());
                return false;
            }
            is_over = self.course.over.wait_timeout(is_over, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(is_over);
        // That it was started is known, and how it ended is not asked.
        let _ = self.join();
        true
    }

    /// Whether the thread has been started, and its function has neither returned nor panicked.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.state().end.is_some() && !*self.course.is_over()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    fn is_over(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the thread's function has returned or panicked.
struct Over(Arc<Course>);

impl Drop for Over {
    fn drop(&mut self) {
        *self.0.is_over() = true;
        self.0.over.notify_all();
    }
}

impl fmt::Debug for Startable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Startable")
            .field("name", &self.name)
            .field("is_alive", &self.is_alive())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for AlreadyStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the thread was started before, and a thread runs only once")
    }
}

impl Error for AlreadyStarted {}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "the thread was not started, so that it will never end",
            Self::Panicked => "the thread panicked",
        })
    }
}

impl Error for JoinError {}

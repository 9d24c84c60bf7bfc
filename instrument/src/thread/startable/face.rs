//! A thread that is made first, as its users see it.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::life::{Join, Life, Over, Task};
use super::{AlreadyStarted, JoinError};
use crate::engine::{End, Made};
use crate::sync::Patience;
use crate::thread::JoinHandle;

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
    life: Life<JoinHandle<()>, End>,
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
        Self { name, made, life: Life::new(Box::new(f)) }
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
        let spawn = |task: Task, over: Over| {
            let run = move || {
                let _over = over;
                task();
            };
            self.made.spawn(&self.name, site, run)
        };
        match self.life.start(spawn, |end| end.spawned_again(site)) {
            None => Err(AlreadyStarted),
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => panic!("failed to spawn thread: {error}"),
        }
    }

    /// Waits for the thread's end.
    ///
    /// # Errors
    /// At once, if the thread was not started; and if it panicked.
    #[track_caller]
    pub fn join(&self) -> Result<(), JoinError> {
        let site = Location::caller();
        match self.life.join().ok_or(JoinError::NotStarted)? {
            Join::First(handle) => {
                let ended = handle.join().map_err(|_| JoinError::Panicked);
                self.life.joined(ended);
                ended
            }
            Join::Later(end) => end.join(site, || self.life.wait_for_first()),
        }
    }

    /// Waits for the thread's end, but no longer than this; whether it has ended by then, be it by a panic. Of a thread
    /// that was not started it says `false`, at once.
    ///
    /// The time counts up to the end of the thread's function. What its thread-locals do when they are dropped is waited
    /// for as by [`Startable::join`].
    #[track_caller]
    pub fn join_timeout(&self, timeout: Duration) -> bool {
        let Some(end) = self.life.end() else { return false };
        let site = Location::caller();
        let is_over = self.life.wait(Patience::of(timeout), || end.gave_up(site));
        if is_over {
            // That it was started is known, and how it ended is not asked.
            let _ = self.join();
        }
        is_over
    }

    /// Whether the thread has been started, and its function has neither returned nor panicked.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.life.end().is_some() && !self.life.is_over()
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

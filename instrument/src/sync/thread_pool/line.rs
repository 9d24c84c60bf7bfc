//! What is to be done, and who does it: first come, first served.

use std::collections::VecDeque;

use crate::sync::{Locks, Std};

/// The jobs of a pool.
pub(super) struct Line<J, L: Locks = Std> {
    state: L::Mutex<State<J>>,
    arrived: L::Condvar,
}

struct State<J> {
    waiting: VecDeque<J>,
    /// What each worker does. The place of one that did not come stays empty.
    running: Vec<Option<J>>,
    hired: usize,
    /// Workers that sleep, or have been woken and are not up yet.
    idle: usize,
    closed: bool,
}

/// No more jobs are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Closed;

impl<J: Clone, L: Locks> Line<J, L> {
    pub(super) fn new() -> Self {
        let state = State { waiting: VecDeque::new(), running: Vec::new(), hired: 0, idle: 0, closed: false };
        Self { state: L::mutex(state), arrived: L::condvar() }
    }

    /// Lines up a job, which `make` makes under the lock. With the number of the worker to be hired for it, if no worker is
    /// free and there are fewer than `workers`.
    pub(super) fn put(&self, workers: usize, make: impl FnOnce() -> J) -> Result<Option<usize>, Closed> {
        let mut state = self.lock();
        if state.closed {
            return Err(Closed);
        }
        let job = make();
        state.waiting.push_back(job);
        let hires = state.idle < state.waiting.len() && state.hired < workers;
        let hired = hires.then_some(state.running.len());
        if hires {
            state.running.push(None);
            state.hired += 1;
        }
        drop(state);
        L::notify_one(&self.arrived);
        Ok(hired)
    }

    /// A worker that was hired does not come. Whether there are others.
    pub(super) fn dismiss(&self) -> bool {
        let mut state = self.lock();
        state.hired -= 1;
        state.hired > 0
    }

    /// The next job for a worker that `begin`, called under the lock, agrees to; waits for one. None when the line is closed
    /// and empty.
    pub(super) fn take(&self, worker: usize, mut begin: impl FnMut(&J) -> bool) -> Option<J> {
        let mut state = self.lock();
        loop {
            while let Some(job) = state.waiting.pop_front() {
                if begin(&job) {
                    state.running[worker] = Some(job.clone());
                    return Some(job);
                }
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = L::wait(&self.arrived, state);
            state.idle -= 1;
        }
    }

    /// A worker is done with its job if `conclude`, called under the lock, says so.
    pub(super) fn finish<E>(&self, worker: usize, conclude: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut state = self.lock();
        conclude()?;
        let done = state.running[worker].take();
        drop(state);
        drop(done);
        Ok(())
    }

    /// From here on no more jobs are taken; those in line are still done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        L::notify_all(&self.arrived);
    }

    /// A job that is in line or being done and of which `is_open` holds, the oldest first; none if there is no more.
    pub(super) fn open(&self, is_open: impl Fn(&J) -> bool) -> Option<J> {
        let state = self.lock();
        let all = state.running.iter().flatten().chain(&state.waiting);
        all.filter(|job| is_open(job)).map(J::clone).next()
    }

    /// The jobs that are in line.
    pub(super) fn waiting(&self) -> Vec<J> {
        self.lock().waiting.iter().cloned().collect()
    }

    fn lock(&self) -> L::Guard<'_, State<J>> {
        L::lock(&self.state)
    }
}

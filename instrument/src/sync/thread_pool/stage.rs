//! How far a task has come: it is begun or cancelled, never both; and it ends once.

use crate::sync::{Locks, Patience, Std};

/// The life of a task: `W` is what is to be done, `R` what comes of it, `C` what is to be told of that.
pub(super) struct Stage<W, R, C, L: Locks = Std> {
    state: L::Mutex<State<W, R, C>>,
    ended: L::Condvar,
}

struct State<W, R, C> {
    progress: Progress<W, R>,
    callbacks: Vec<C>,
    /// Nobody will ask what came of it.
    abandoned: bool,
}

enum Progress<W, R> {
    InLine(W),
    /// With its work until that is fetched.
    Running(Option<W>),
    Over(Option<R>),
}

/// What others see of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    InLine,
    Running,
    Over,
}

/// What is still to be done before a task can end.
pub(super) enum Rest<R, C> {
    /// These are to be told, and then it is to be tried again.
    Tell(R, Vec<C>),
    /// Nobody wants the result, which is to be dropped.
    Drop(R),
}

impl<W, R, C, L: Locks> Stage<W, R, C, L> {
    pub(super) fn new(work: W) -> Self {
        let state = State { progress: Progress::InLine(work), callbacks: Vec::new(), abandoned: false };
        Self { state: L::mutex(state), ended: L::condvar() }
    }

    /// Begins the task, unless it was cancelled; whether it has.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.lock();
        let (progress, begun) = match std::mem::replace(&mut state.progress, Progress::Running(None)) {
            Progress::InLine(work) => (Progress::Running(Some(work)), true),
            other => (other, false),
        };
        state.progress = progress;
        begun
    }

    /// Hands the work out, once, of a task that has begun.
    pub(super) fn work(&self) -> Option<W> {
        match &mut self.lock().progress {
            Progress::Running(work) => work.take(),
            _ => None,
        }
    }

    /// Ends the task before it has begun; with its work and what is to be told. None if it has begun. `settle` is called
    /// before anybody can see the end.
    pub(super) fn cancel(&self, result: R, settle: impl FnOnce()) -> Option<(W, Vec<C>)> {
        let mut state = self.lock();
        let Progress::InLine(_) = state.progress else { return None };
        settle();
        let over = Progress::Over(if state.abandoned { None } else { Some(result) });
        let before = std::mem::replace(&mut state.progress, over);
        let callbacks = std::mem::take(&mut state.callbacks);
        drop(state);
        L::notify_all(&self.ended);
        match before {
            Progress::InLine(work) => Some((work, callbacks)),
            Progress::Running(_) | Progress::Over(_) => None,
        }
    }

    /// Ends a task that has begun, unless there is something to be done before. `settle` is called before anybody can see
    /// the end.
    pub(super) fn conclude(&self, result: Option<R>, settle: impl FnOnce()) -> Result<(), Rest<R, C>> {
        let mut state = self.lock();
        match result {
            Some(result) if !state.callbacks.is_empty() => {
                return Err(Rest::Tell(result, std::mem::take(&mut state.callbacks)));
            }
            Some(result) if state.abandoned => return Err(Rest::Drop(result)),
            result => {
                settle();
                state.progress = Progress::Over(result);
            }
        }
        drop(state);
        L::notify_all(&self.ended);
        Ok(())
    }

    /// To be told when the task ends; given back if it has ended.
    pub(super) fn tell(&self, callback: C) -> Option<C> {
        let mut state = self.lock();
        if matches!(state.progress, Progress::Over(_)) {
            return Some(callback);
        }
        state.callbacks.push(callback);
        None
    }

    pub(super) fn seen(&self) -> Seen {
        match self.lock().progress {
            Progress::InLine(_) => Seen::InLine,
            Progress::Running(_) => Seen::Running,
            Progress::Over(_) => Seen::Over,
        }
    }

    /// Waits for the end; whether it has come.
    pub(super) fn wait(&self, patience: Patience) -> bool {
        let is_over = |state: &State<W, R, C>| matches!(state.progress, Progress::Over(_));
        is_over(&L::wait_for(&self.ended, self.lock(), patience, is_over))
    }

    /// What came of it, once, when it has ended.
    pub(super) fn take(&self) -> Option<R> {
        match &mut self.lock().progress {
            Progress::Over(result) => result.take(),
            _ => None,
        }
    }

    /// Puts back what was taken.
    pub(super) fn put_back(&self, result: R) {
        self.lock().progress = Progress::Over(Some(result));
    }

    /// Nobody will ask what came of it.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        let result = match &mut state.progress {
            Progress::Over(result) => result.take(),
            _ => None,
        };
        drop(state);
        drop(result);
    }

    fn lock(&self) -> L::Guard<'_, State<W, R, C>> {
        L::lock(&self.state)
    }
}

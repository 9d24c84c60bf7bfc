//! What becomes of a thread that is made first: it is started once, and joined by anybody, as often as they like.

use std::sync::Arc;

use super::JoinError;
use crate::sync::{Locks, Patience, Std};

/// What a thread is to do.
pub(super) type Task = Box<dyn FnOnce() + Send>;

/// How a thread ended.
pub(super) type Ended = Result<(), JoinError>;

/// The life of a thread: by `H` it is joined, once; `E` is the end that it will have.
pub(super) struct Life<H, E, L: Locks = Std> {
    state: L::Mutex<State<H, E>>,
    /// Somebody has joined the thread.
    joined: L::Condvar,
    course: Arc<Course<L>>,
}

struct State<H, E> {
    /// Taken by the first start.
    task: Option<Task>,
    /// Whether it has been started, and the end that it will have.
    end: Option<E>,
    /// Taken by the first who joins it.
    handle: Option<H>,
    /// How it ended, as the first who joined it found.
    ended: Option<Ended>,
}

/// How far the thread's function has come.
struct Course<L: Locks> {
    is_over: L::Mutex<bool>,
    over: L::Condvar,
}

/// How to join a thread.
pub(super) enum Join<H, E> {
    /// As the first, by its handle; [what came of it](Life::joined) is then to be said to all others.
    First(H),
    /// By [waiting](Life::wait_for_first) for the first.
    Later(E),
}

/// Says, by being dropped, that the thread's function has returned or panicked.
pub(super) struct Over<L: Locks = Std>(Arc<Course<L>>);

impl<H, E: Clone, L: Locks> Life<H, E, L> {
    pub(super) fn new(task: Task) -> Self {
        let state = State { task: Some(task), end: None, handle: None, ended: None };
        let course = Course { is_over: L::mutex(false), over: L::condvar() };
        Self { state: L::mutex(state), joined: L::condvar(), course: Arc::new(course) }
    }

    /// Has `spawn` spawn the thread, before anybody can see that it is started. If it was before, calls `again`; then there
    /// is no result.
    pub(super) fn start<X>(
        &self,
        spawn: impl FnOnce(Task, Over<L>) -> Result<(H, E), X>,
        again: impl FnOnce(&E),
    ) -> Option<Result<(), X>> {
        let mut state = self.state();
        let Some(task) = state.task.take() else {
            state.end.as_ref().map(again);
            return None;
        };
        let spawned = spawn(task, Over(Arc::clone(&self.course)));
        Some(spawned.map(|(handle, end)| (state.handle, state.end) = (Some(handle), Some(end))))
    }

    /// What there is to be done in order to join the thread, if it was started.
    pub(super) fn join(&self) -> Option<Join<H, E>> {
        let mut state = self.state();
        let end = state.end.clone()?;
        Some(state.handle.take().map_or(Join::Later(end), Join::First))
    }

    /// Says what the first found.
    pub(super) fn joined(&self, ended: Ended) {
        self.state().ended = Some(ended);
        L::notify_all(&self.joined);
    }

    /// Waits until the first has come back; what it found.
    pub(super) fn wait_for_first(&self) -> Ended {
        let state = L::wait_for(&self.joined, self.state(), Patience::Endless, |state| state.ended.is_some());
        state.ended.unwrap_or(Ok(()))
    }

    /// Waits until the thread's function is over; whether it is. If not, calls `give_up` before the thread can say that it is.
    pub(super) fn wait(&self, patience: Patience, give_up: impl FnOnce()) -> bool {
        let is_over = L::wait_for(&self.course.over, self.course.is_over(), patience, |&is_over| is_over);
        if !*is_over {
            give_up();
        }
        *is_over
    }

    /// The end that it will have, if it has been started.
    pub(super) fn end(&self) -> Option<E> {
        self.state().end.clone()
    }

    /// Whether its function has returned or panicked.
    pub(super) fn is_over(&self) -> bool {
        *self.course.is_over()
    }

    fn state(&self) -> L::Guard<'_, State<H, E>> {
        L::lock(&self.state)
    }
}

impl<L: Locks> Course<L> {
    fn is_over(&self) -> L::Guard<'_, bool> {
        L::lock(&self.is_over)
    }
}

impl<L: Locks> Drop for Over<L> {
    fn drop(&mut self) {
        *self.0.is_over() = true;
        L::notify_all(&self.0.over);
    }
}

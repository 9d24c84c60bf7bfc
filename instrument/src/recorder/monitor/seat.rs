//! What a thread keeps ready for the case that it has to wait.

use std::cell::Cell;
use std::sync::Arc;

use super::tasks::this_task;
use super::waiter::FRAMES;

thread_local! {
    /// The number under which the thread was spawned, 0 if nobody announced it.
    static ANNOUNCED_AS: Cell<u32> = const { Cell::new(0) };
}

/// A thread's name, and how it got to its latest request.
#[derive(Debug)]
pub(in crate::recorder) struct Seat {
    pub(super) thread: u32,
    pub(super) task: i32,
    pub(super) name: Option<Arc<str>>,
    /// Whether its end comes after everything of the user's: else it may still release what it holds.
    pub(super) ends_last: bool,
    stack: [usize; FRAMES],
    depth: usize,
}

impl Seat {
    /// Of a thread that never runs.
    pub(in crate::recorder) const EMPTY: Self =
        Self { thread: 0, task: 0, name: None, ends_last: false, stack: [0; FRAMES], depth: 0 };

    /// Of the calling thread. `spawned`: it begins only now; whoever joins it knows it by this number, also when a later
    /// stream of its own has another. Allocates.
    pub(in crate::recorder) fn take(thread: u32, spawned: bool) -> Self {
        let task = this_task();
        if spawned {
            ANNOUNCED_AS.set(thread);
        }
        let thread = Some(ANNOUNCED_AS.get()).filter(|&number| number != 0).unwrap_or(thread);
        let name = if spawned {
            std::thread::current().name().map(Arc::from)
        } else {
            // Std's handle to a thread is not to be had where its locals are being dropped.
            (task.cast_unsigned() == std::process::id()).then(|| Arc::from("main"))
        };
        Self { thread, task, name, ends_last: spawned, ..Self::EMPTY }
    }

    /// Of the calling thread while it runs a task, as which others wait for it. Its end does not come last: what the task put
    /// into the thread's locals stays there.
    pub(in crate::recorder) fn of_task(number: u32, name: &Arc<str>) -> Self {
        Self { thread: number, task: this_task(), name: Some(Arc::clone(name)), ..Self::EMPTY }
    }

    /// Keeps a stack that was captured.
    pub(in crate::recorder) fn remember(&mut self, stack: &[usize]) {
        self.depth = stack.len().min(FRAMES);
        self.stack[..self.depth].copy_from_slice(&stack[..self.depth]);
    }

    /// The stack captured last.
    pub(super) fn stack(&self) -> &[usize] {
        &self.stack[..self.depth]
    }
}

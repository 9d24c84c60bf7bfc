//! Objects whose state is a count or a truth value: semaphores, wait groups, flags, once-initialisers.

use super::step::{Effect, Step, Verdict, since};
use crate::ids::{ObjectId, ThreadId};
use crate::read::source::Place;

#[derive(Clone, Debug)]
pub(super) struct Semaphore {
    pub(super) permits: u64,
    pub(super) bound: Option<u32>,
}

impl Semaphore {
    pub(super) fn acquire(&mut self, step: &Step<'_>, semaphore: ObjectId, n: u32) -> Verdict {
        match self.permits.checked_sub(n.into()) {
            Some(left) => self.permits = left,
            None => {
                let (who, semaphore, permits) = (step.who(), step.object(semaphore), self.permits);
                return Err(format!("{who} takes {} of {semaphore}, which has {permits}", permits_of(n)));
            }
        }
        Ok(())
    }

    pub(super) fn release(&mut self, n: u32) -> Effect {
        let permits = self.permits + u64::from(n);
        let fits = self.bound.is_none_or(|bound| permits <= bound.into());
        if fits {
            self.permits = permits;
        }
        Effect::done_if(fits)
    }
}

fn permits_of(n: u32) -> String {
    format!("{n} permit{}", if n == 1 { "" } else { "s" })
}

#[derive(Clone, Debug)]
pub(super) struct Waitgroup {
    pub(super) count: u64,
}

impl Waitgroup {
    pub(super) fn add(&mut self, n: u32) {
        self.count += u64::from(n);
    }

    pub(super) fn done(&mut self, n: u32) -> Effect {
        let left = self.count.checked_sub(n.into());
        self.count = left.unwrap_or(self.count);
        Effect::done_if(left.is_some())
    }

    pub(super) fn awaited(&self, step: &Step<'_>, waitgroup: ObjectId) -> Verdict {
        if self.count == 0 {
            return Ok(());
        }
        Err(format!("{} has awaited {}, but its count is {}", step.who(), step.object(waitgroup), self.count))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Flag {
    pub(super) set: bool,
}

impl Flag {
    pub(super) fn awaited(&self, step: &Step<'_>, flag: ObjectId) -> Verdict {
        if self.set {
            return Ok(());
        }
        Err(format!("{} has awaited {}, but it is not set", step.who(), step.object(flag)))
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Once {
    #[default]
    Untouched,
    Running(ThreadId, Place),
    Done(Place),
}

impl Once {
    pub(super) fn begin(&mut self, step: &Step<'_>, once: ObjectId) -> Verdict {
        let before = match *self {
            Self::Untouched => {
                *self = Self::Running(step.thread, step.place);
                return Ok(());
            }
            Self::Running(by, place) => format!("{} runs it{}", step.name(by), since(place)),
            Self::Done(place) => format!("it is done{}", since(place)),
        };
        Err(format!("{} begins {}, but {before}", step.who(), step.object(once)))
    }

    pub(super) fn end(&mut self, step: &Step<'_>, once: ObjectId) -> Verdict {
        match *self {
            Self::Running(by, _) if by == step.thread => {
                *self = Self::Done(step.place);
                Ok(())
            }
            _ => Err(format!("{} ends {}, which it has not begun", step.who(), step.object(once))),
        }
    }

    pub(super) fn awaited(&self, step: &Step<'_>, once: ObjectId) -> Verdict {
        match self {
            Self::Done(_) => Ok(()),
            _ => Err(format!("{} has awaited {}, but it is not done", step.who(), step.object(once))),
        }
    }
}

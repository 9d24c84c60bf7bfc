//! What to try next: some threads' next steps, such that nothing that the others do before matters to them.

use lockhound_trace::{ObjectId, ThreadId};

use crate::witness::machine::{Awaits, Machine};
use crate::witness::orders::stretch::{Reach, Stretch};
use crate::witness::orders::touch::{Touch, touches};
use crate::witness::recording::{Recording, Step};

/// One way to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// The thread does what it does next.
    Step(ThreadId),
    /// It makes known that it wants to write.
    Queue(ThreadId, ObjectId),
}

/// Where a thread stands.
struct Ready {
    thread: ThreadId,
    step: Step,
    can: bool,
    queue: Option<ObjectId>,
}

impl Ready {
    fn choice(&self) -> Option<Choice> {
        if self.can { Some(Choice::Step(self.thread)) } else { self.queue.map(|lock| Choice::Queue(self.thread, lock)) }
    }
}

/// A state, and what is left of a stretch.
pub(super) struct Scene<'s, 't> {
    pub(super) recording: &'s Recording<'t>,
    pub(super) machine: &'s Machine,
    pub(super) stretch: &'s Stretch,
    pub(super) reach: &'s Reach,
}

impl Scene<'_, '_> {
    /// The steps to try; none if nobody can go on. Quadratic in the threads of the stretch, at worst cubic.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let ready: Vec<Ready> = self.reach.threads.iter().filter_map(|&thread| self.ready(thread)).collect();
        let mut fewest: Option<Vec<Choice>> = None;
        for one in ready.iter().filter(|one| one.choice().is_some()) {
            let choices = self.persistent(one, &ready, fewest.as_ref().map_or(usize::MAX, Vec::len));
            if let Some(choices) = choices {
                if choices.len() == 1 {
                    return choices;
                }
                fewest = Some(choices);
            }
        }
        fewest.unwrap_or_default()
    }

    fn ready(&self, thread: ThreadId) -> Option<Ready> {
        let at = self.machine.next(self.recording, thread)?;
        let step = self.recording.step(at);
        if step.loc > self.stretch.until.get(thread) {
            return None;
        }
        let can = self.machine.can(self.recording, &step);
        let queue = if can { None } else { self.machine.may_queue(self.recording, thread) };
        Some(Ready { thread, step, can, queue })
    }

    /// What the least persistent set with the step of `first` has to try, if that is less than `bound`.
    fn persistent(&self, first: &Ready, ready: &[Ready], bound: usize) -> Option<Vec<Choice>> {
        let mut set = vec![first.thread];
        let mut choices = Vec::new();
        let mut seen = 0;
        while let Some(&thread) = set.get(seen) {
            seen += 1;
            let Some(one) = ready.iter().find(|one| one.thread == thread) else { continue };
            choices.extend(one.choice());
            if choices.len() >= bound {
                return None;
            }
            self.add_whom_it_takes(one, &mut set);
        }
        Some(choices)
    }

    fn add_whom_it_takes(&self, one: &Ready, set: &mut Vec<ThreadId>) {
        let mut add = |thread: ThreadId| {
            if !set.contains(&thread) {
                set.push(thread);
            }
        };
        let done = |thread| self.machine.done(thread);
        if (one.can && !self.recording.is_inert(one.step.at)) || one.queue.is_some() {
            for (object, touch) in touches(&one.step.op, self.recording.tables()).into_iter().flatten() {
                self.reach.touching(object, done, |other| touch.conflicts_with(other)).for_each(&mut add);
            }
        }
        if let Some(lock) = one.queue {
            self.reach.touching(lock, done, |other| Touch::Take.conflicts_with(other)).for_each(&mut add);
        }
        if !one.can {
            match self.machine.awaits(self.recording, &one.step) {
                Awaits::Nobody => {}
                Awaits::Thread(thread) => add(thread),
                Awaits::Object(object) => self.reach.touching(object, done, |_| true).for_each(&mut add),
            }
        }
    }
}

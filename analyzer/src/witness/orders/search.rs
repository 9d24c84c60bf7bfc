//! The search: depth first, every state once.

use std::hash::{DefaultHasher, Hasher};

use lockhound_trace::{EventIndex, Op, Request, ThreadId};
use rustc_hash::FxHashSet;

use crate::witness::claim::Rejection;
use crate::witness::knot::Knot;
use crate::witness::machine::{Asking, Executed, Look, Saved};
use crate::witness::orders::next::{Choice, Scene};
use crate::witness::orders::stretch::{Reach, Stretch};
use crate::witness::run::Run;
use crate::witness::schedule::Schedule;

/// How a search ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Searched {
    /// Every order was seen, as far as it matters.
    All,
    /// The steps were used up.
    Cut,
}

/// The end of an execution in which some threads are stuck.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeadEnd {
    pub(crate) schedule: Schedule,
    /// A least set of them, each at its request: as in a [`crate::witness::Proof`].
    pub(crate) stuck: Vec<(ThreadId, EventIndex)>,
}

/// A search at work.
pub(in crate::witness) struct Search<'s, 'c, 't> {
    run: &'s mut Run<'c, 't>,
    stretch: &'s Stretch,
    reach: Reach,
    known: FxHashSet<u64>,
    /// What was executed since the stretch began.
    path: Vec<EventIndex>,
    told: FxHashSet<Vec<(ThreadId, EventIndex)>>,
}

/// A state with more than one way to go on.
struct Fork {
    state: Saved,
    depth: usize,
    choices: Vec<Choice>,
}

impl<'s, 'c, 't> Search<'s, 'c, 't> {
    /// In the state that `run` has reached: that in which the stretch begins.
    pub(in crate::witness) fn new(run: &'s mut Run<'c, 't>, stretch: &'s Stretch) -> Self {
        let reach = Reach::new(run.recording, stretch);
        Self { run, stretch, reach, known: FxHashSet::default(), path: Vec::new(), told: FxHashSet::default() }
    }

    /// Calls `visit` with every dead end that is not like one before. Takes time in the states, at worst exponential in
    /// the threads: bounded by the steps that the run has left.
    ///
    /// # Errors
    /// The steps are used up, and some orders were not tried.
    pub(in crate::witness) fn run(&mut self, mut visit: impl FnMut(DeadEnd)) -> Result<(), Rejection> {
        let mut forks: Vec<Fork> = Vec::new();
        self.go_on(&mut forks, &mut visit)?;
        while let Some(fork) = forks.last_mut() {
            let Some(choice) = fork.choices.pop() else {
                forks.pop();
                continue;
            };
            self.run.machine.load(&fork.state);
            self.path.truncate(fork.depth);
            if self.make(choice)? {
                self.go_on(&mut forks, &mut visit)?;
            }
        }
        Ok(())
    }

    /// Goes on while there is one way only.
    fn go_on(&mut self, forks: &mut Vec<Fork>, visit: &mut impl FnMut(DeadEnd)) -> Result<(), Rejection> {
        loop {
            let scene = Scene {
                recording: self.run.recording,
                machine: self.run.machine,
                stretch: self.stretch,
                reach: &self.reach,
            };
            let choices = scene.choices();
            match *choices.as_slice() {
                [] => {
                    self.tell(visit);
                    return Ok(());
                }
                [only] => {
                    if !self.make(only)? {
                        return Ok(());
                    }
                }
                _ => {
                    let state = self.run.machine.keep(&self.reach.objects);
                    forks.push(Fork { state, depth: self.path.len(), choices });
                    return Ok(());
                }
            }
        }
    }

    /// Whether the state was not known.
    fn make(&mut self, choice: Choice) -> Result<bool, Rejection> {
        match choice {
            Choice::Step(thread) => {
                let at = self.run.next(thread).ok_or(Rejection::NotAsClaimed)?;
                let step = self.run.recording.step(at);
                if self.run.execute(&step, Look::Bound)? == Executed::No {
                    return Err(Rejection::Impossible(at));
                }
                self.path.push(at);
            }
            Choice::Queue(thread, lock) => self.run.machine.queue(thread, lock),
        }
        let mut digest = DefaultHasher::new();
        self.run.machine.digest(&self.reach.objects, &mut digest);
        Ok(self.known.insert(digest.finish()))
    }

    /// Nobody can go on: who will never?
    fn tell(&mut self, visit: &mut impl FnMut(DeadEnd)) {
        let knot = Knot::new(self.run.recording, self.run.machine);
        let set = knot.stuck();
        for part in least_parts(&knot, &set) {
            let at = |&thread: &ThreadId| Some((thread, request(self.run, knot.asking(thread)?)?));
            let Some(stuck) = part.iter().map(at).collect::<Option<Vec<_>>>() else { continue };
            if self.told.insert(stuck.clone()) {
                visit(DeadEnd {
                    schedule: Schedule { base: self.stretch.from.clone(), then: self.path.clone() },
                    stuck,
                });
            }
        }
    }
}

/// Where a request stands in the recording; none where a `wait` that never returned was notified: it is not said there
/// how it goes on.
fn request(run: &Run<'_, '_>, asking: Asking) -> Option<EventIndex> {
    let wants_lock = matches!(asking.on, Request::Wake { .. });
    let said = || matches!(run.recording.step(asking.at).op, Op::Wake { .. });
    (!wants_lock || said()).then_some(asking.at)
}

/// The least closed parts of a closed set.
fn least_parts(knot: &Knot<'_, '_>, set: &[bool]) -> Vec<Vec<ThreadId>> {
    let mut parts: Vec<Vec<ThreadId>> = Vec::new();
    for thread in (0..set.len()).filter(|&index| set[index]).map(ThreadId::from_index) {
        let part = knot.least(set.to_vec(), &[thread]);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let contains = |all: &[ThreadId], part: &[ThreadId]| part.iter().all(|thread| all.contains(thread));
    let is_least = |one: &Vec<ThreadId>| !parts.iter().any(|other| other.len() < one.len() && contains(one, other));
    parts.iter().filter(|part| is_least(part)).cloned().collect()
}

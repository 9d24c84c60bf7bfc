//! The search: depth first, every state once.

use lockhound_trace::{EventIndex, ThreadId};
use rustc_hash::FxHashSet;

use crate::blocking::orders::next::{Choice, Scene};
use crate::blocking::orders::program::{ActorId, Program};
use crate::blocking::orders::reach::Reach;
use crate::blocking::orders::stuck::Waiting;
use crate::blocking::orders::supply::Supplies;
use crate::witness::Schedule;

/// The end of an execution in which some threads are stuck, as far as is known here: no proof yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeadEnd {
    pub(crate) schedule: Schedule,
    /// A least set of them that keep one another, each at its request.
    pub(crate) stuck: Vec<(ThreadId, EventIndex)>,
}

/// A search at work.
#[derive(Debug)]
pub(crate) struct Search<'p, 'm> {
    program: &'p Program<'m>,
    reach: Reach,
    supplies: Supplies,
    state: Vec<u32>,
    known: FxHashSet<u64>,
    /// The acts that were done, and how many of that actor before.
    path: Vec<(ActorId, u32)>,
    /// States with more than one way to go on, one after the other, and what is left to try in them.
    saved: Vec<u32>,
    forks: Vec<Fork>,
    told: FxHashSet<Vec<(ThreadId, EventIndex)>>,
}

#[derive(Debug)]
struct Fork {
    depth: usize,
    choices: Vec<Choice>,
}

impl<'p, 'm> Search<'p, 'm> {
    pub(crate) fn new(program: &'p Program<'m>) -> Self {
        Self {
            program,
            reach: Reach::new(program),
            supplies: Supplies::default(),
            state: program.start.clone(),
            known: FxHashSet::default(),
            path: Vec::new(),
            saved: Vec::new(),
            forks: Vec::new(),
            told: FxHashSet::default(),
        }
    }

    /// Calls `visit` with every dead end that is not like one before. `pay` is asked before each step whether to take it. Takes
    /// time in the states, at worst exponential in the threads. Whether every order was seen, as far as it matters.
    pub(crate) fn run(&mut self, mut pay: impl FnMut() -> bool, mut visit: impl FnMut(DeadEnd)) -> bool {
        self.go_on(&mut pay, &mut visit) && {
            while let Some(choice) = self.turn_back() {
                if !pay() {
                    return false;
                }
                if self.make(choice) && !self.go_on(&mut pay, &mut visit) {
                    return false;
                }
            }
            true
        }
    }

    /// Back to the last state with something left to try.
    fn turn_back(&mut self) -> Option<Choice> {
        let words = self.state.len();
        loop {
            let fork = self.forks.last_mut()?;
            let from = self.saved.len() - words;
            if let Some(choice) = fork.choices.pop() {
                self.state.copy_from_slice(&self.saved[from..]);
                self.path.truncate(fork.depth);
                return Some(choice);
            }
            self.forks.pop();
            self.saved.truncate(from);
        }
    }

    /// Goes on while there is one way only. Whether there were steps enough.
    fn go_on(&mut self, pay: &mut impl FnMut() -> bool, visit: &mut impl FnMut(DeadEnd)) -> bool {
        loop {
            let choices = Scene { program: self.program, reach: &self.reach, state: &self.state }.choices();
            match *choices.as_slice() {
                [] => {
                    self.tell(visit);
                    return true;
                }
                [only] => {
                    if !pay() {
                        return false;
                    }
                    if !self.make(only) {
                        return true;
                    }
                }
                _ => {
                    self.saved.extend_from_slice(&self.state);
                    self.forks.push(Fork { depth: self.path.len(), choices });
                    return true;
                }
            }
        }
    }

    /// Whether the state was not known.
    fn make(&mut self, choice: Choice) -> bool {
        match choice {
            Choice::Act(actor) => {
                let before = |state: &[u32], actor| self.program.acted(state, actor) - 1;
                let acted = self.program.perform(&mut self.state, actor);
                self.path.extend(acted.into_iter().flatten().map(|actor| (actor, before(&self.state, actor))));
            }
            Choice::Queue(actor) => self.program.make_known(&mut self.state, actor),
        }
        self.known.insert(self.program.essence(&self.state))
    }

    /// Nobody can go on: who will never?
    fn tell(&mut self, visit: &mut impl FnMut(DeadEnd)) {
        for stuck in Waiting::new(self.program, &self.state, &mut self.supplies).least_sets() {
            if self.told.insert(stuck.clone()) {
                let then = self.path.iter().flat_map(|&(actor, act)| self.program.events(actor, act)).collect();
                visit(DeadEnd { schedule: Schedule { base: self.program.stretch.from.clone(), then }, stuck });
            }
        }
    }
}

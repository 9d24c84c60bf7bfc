//! Barriers and their generations.

use super::step::{Step, Verdict};
use super::thread::Thread;
use crate::ids::ObjectId;

#[derive(Clone, Debug)]
pub(super) struct Barrier {
    /// Of unknown size if it was never declared: then the first to pass tells that the generation is complete.
    parties: Option<u32>,
    arrived: u32,
    generation: u64,
}

impl Barrier {
    pub(super) fn new(parties: Option<u32>) -> Self {
        Self { parties, arrived: 0, generation: 0 }
    }

    pub(super) fn arrive(&mut self, step: &Step<'_>, thread: &mut Thread, barrier: ObjectId) -> Verdict {
        if thread.arrival(barrier) == Some(self.generation) {
            return Err(format!("{} arrives at {} again without having passed", step.who(), step.object(barrier)));
        }
        thread.arrive(barrier, self.generation);
        self.arrived += 1;
        if self.parties.is_some_and(|parties| self.arrived >= parties) {
            self.open();
        }
        Ok(())
    }

    pub(super) fn pass(&mut self, step: &Step<'_>, thread: &mut Thread, barrier: ObjectId) -> Verdict {
        let Some(generation) = thread.arrival(barrier) else {
            return Err(format!("{} passes {} without having arrived", step.who(), step.object(barrier)));
        };
        if generation == self.generation {
            if let Some(parties) = self.parties {
                let (who, barrier, arrived) = (step.who(), step.object(barrier), self.arrived);
                return Err(format!("{who} passes {barrier}, where {arrived} of {parties} have arrived"));
            }
            self.open();
        }
        thread.pass(barrier);
        Ok(())
    }

    fn open(&mut self) {
        self.generation += 1;
        self.arrived = 0;
    }
}

//! The closure: applies the rules until none has anything to add.

use lockhound_trace::{ObjectId, ThreadId};

use crate::closure::lock_rule::open;
use crate::closure::rules::{OrderedId, Rules};
use crate::model::{HoldId, Ideal, Model, Point};

/// No schedule contains the ideal: a hold that never ends would have to, or a message that is never received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Infeasible;

/// Closes ideals; keeps what it needs between two calls. Allocates nothing while it closes. All of one model share
/// one index, made when the first of them is.
///
/// Works from what changed: a thread that got further may hold something new that a later hold of another's must wait
/// for, and may have taken something that another still holds; and the channels, condition variables and barriers that
/// it touched on its way are to be looked at again. An ideal that was closed last and then grew is not begun anew.
#[derive(Clone)]
pub(crate) struct Closure<'m> {
    model: &'m Model<'m>,
    rules: &'m Rules,
    /// By thread, how far its events have been seen to. Between two calls all of it is closed.
    seen: Ideal,
    nothing: Ideal,
    /// By thread, what it holds there.
    open: Vec<&'m [HoldId]>,
    /// Objects to be looked at again …
    dirty: Vec<OrderedId>,
    /// … and by object, whether it is one of them.
    is_dirty: Vec<bool>,
    drained: Vec<OrderedId>,
}

impl<'m> Closure<'m> {
    pub(crate) fn new(model: &'m Model<'m>) -> Self {
        let rules = model.rules();
        let ordered = rules.ordered();
        Self {
            model,
            rules,
            seen: Ideal::new(model.threads()),
            nothing: Ideal::new(model.threads()),
            open: vec![&[]; model.threads()],
            dirty: Vec::with_capacity(ordered),
            is_dirty: vec![false; ordered],
            drained: Vec::new(),
        }
    }

    /// Grows `ideal`, which must be closed under must-order (a join of stamps is), to the least closed one that contains
    /// it. Of the channels in `drained` every message sent is received.
    ///
    /// Each round costs threads times nested locks, times the logarithm of the holds; there is at most one a critical
    /// section that is taken in.
    ///
    /// # Errors
    /// No closed ideal contains it; `ideal` is then whatever had been taken in.
    pub(crate) fn close(&mut self, ideal: &mut Ideal, drained: &[ObjectId]) -> Result<(), Infeasible> {
        if !contains(ideal, &self.seen) {
            self.restart();
        }
        for object in drained {
            self.drained.extend(self.rules.id(*object));
        }
        for position in 0..self.drained.len() {
            self.mark(self.drained[position]);
        }
        let outcome = self.run(ideal);
        self.drained.clear();
        if outcome.is_err() {
            self.restart();
        }
        outcome
    }

    fn restart(&mut self) {
        self.seen.copy_from(&self.nothing);
        self.open.fill(&[]);
        self.is_dirty.fill(false);
        self.dirty.clear();
    }

    fn run(&mut self, ideal: &mut Ideal) -> Result<(), Infeasible> {
        loop {
            while let Some(thread) = self.unseen(ideal) {
                self.see(thread, ideal)?;
            }
            let Some(id) = self.dirty.pop() else { return Ok(()) };
            self.is_dirty[id.index()] = false;
            let drained = self.drained.contains(&id);
            if self.rules.apply(self.model, id, ideal, drained)? {
                // What it took in may be under its own rule again.
                self.mark(id);
            }
        }
    }

    /// A thread that has got further than has been seen to.
    fn unseen(&self, ideal: &Ideal) -> Option<ThreadId> {
        let mut both = ideal.as_slice().iter().zip(self.seen.as_slice());
        both.position(|(now, seen)| now != seen).map(ThreadId::from_index)
    }

    /// Rule L for all that `thread` did since it was looked at, and what else that concerns.
    fn see(&mut self, thread: ThreadId, ideal: &mut Ideal) -> Result<(), Infeasible> {
        let (model, rules) = (self.model, self.rules);
        let (from, to) = (self.seen.get(thread), ideal.get(thread));
        self.seen.add(Point::new(thread, to));
        for id in rules.touched(thread, from, to) {
            self.mark(id);
        }
        self.open[thread.index()] = open(model, thread, ideal);
        for (index, holds) in self.open.iter().enumerate() {
            let holder = ThreadId::from_index(index);
            for &hold in *holds {
                let hold = model.hold(hold);
                let ends = if holder == thread {
                    rules.acquires.is_followed(model, hold, ideal)
                } else {
                    rules.acquires.is_followed_by(model, hold, thread, ideal)
                };
                if ends {
                    let release = hold.release.ok_or(Infeasible)?;
                    ideal.join(model.stamp(Point::new(holder, release)));
                }
            }
        }
        Ok(())
    }

    fn mark(&mut self, id: OrderedId) {
        if !std::mem::replace(&mut self.is_dirty[id.index()], true) {
            self.dirty.push(id);
        }
    }
}

/// Whether all of `other` is in `ideal`.
fn contains(ideal: &Ideal, other: &Ideal) -> bool {
    ideal.as_slice().iter().zip(other.as_slice()).all(|(here, there)| here >= there)
}

//! What to try next: some actors' next acts, such that nothing that the others do before matters to them.

use crate::blocking::orders::awaits::Awaits;
use crate::blocking::orders::program::{Act, ActorId, Program, ThingId};
use crate::blocking::orders::reach::Reach;
use crate::blocking::orders::touch::Touch;

/// One way to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// The actor does what it does next.
    Act(ActorId),
    /// It makes known that it wants to write.
    Queue(ActorId),
}

/// An actor that has something left to do.
struct Ready<'p> {
    actor: ActorId,
    act: &'p Act,
    can: bool,
    queue: Option<ThingId>,
}

impl Ready<'_> {
    fn choice(&self) -> Option<Choice> {
        match (self.can, self.queue) {
            (true, _) => Some(Choice::Act(self.actor)),
            (false, Some(_)) => Some(Choice::Queue(self.actor)),
            (false, None) => None,
        }
    }

    /// Whether nobody has anything to do with it.
    fn is_alone(&self) -> bool {
        self.can && self.act.touches == [None; 2]
    }
}

/// A state of a program.
pub(super) struct Scene<'s, 'm> {
    pub(super) program: &'s Program<'m>,
    pub(super) reach: &'s Reach,
    pub(super) state: &'s [u32],
}

impl Scene<'_, '_> {
    /// The acts to try; none if nobody can go on. Quadratic in the actors, at worst cubic.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let mut ready: Vec<Ready<'_>> = Vec::new();
        for actor in self.program.actors() {
            let Some(one) = self.ready(actor) else { continue };
            if one.is_alone() {
                return vec![Choice::Act(actor)];
            }
            ready.push(one);
        }
        let mut fewest: Option<Vec<Choice>> = None;
        let mut set = Vec::new();
        for one in ready.iter().filter(|one| one.choice().is_some()) {
            let bound = fewest.as_ref().map_or(usize::MAX, Vec::len);
            if let Some(choices) = self.persistent(one, &ready, bound, &mut set) {
                if choices.len() == 1 {
                    return choices;
                }
                fewest = Some(choices);
            }
        }
        fewest.unwrap_or_default()
    }

    fn ready(&self, actor: ActorId) -> Option<Ready<'_>> {
        let act = self.program.next(self.state, actor)?;
        let can = self.program.can(self.state, actor);
        let queue = if can { None } else { self.program.may_queue(self.state, actor) };
        Some(Ready { actor, act, can, queue })
    }

    /// What the least persistent set with the act of `first` has to try, if that is less than `bound`.
    fn persistent(
        &self,
        first: &Ready<'_>,
        ready: &[Ready<'_>],
        bound: usize,
        set: &mut Vec<ActorId>,
    ) -> Option<Vec<Choice>> {
        set.clear();
        set.push(first.actor);
        let mut choices = Vec::new();
        let mut seen = 0;
        while let Some(&actor) = set.get(seen) {
            seen += 1;
            let Ok(place) = ready.binary_search_by_key(&actor, |one| one.actor) else { continue };
            choices.extend(ready[place].choice());
            if choices.len() >= bound {
                return None;
            }
            self.add_whom_it_takes(&ready[place], set);
        }
        Some(choices)
    }

    fn add_whom_it_takes(&self, one: &Ready<'_>, set: &mut Vec<ActorId>) {
        let mut add = |actor: ActorId| {
            if !set.contains(&actor) {
                set.push(actor);
            }
        };
        let acted = |actor| self.program.acted(self.state, actor);
        if one.can || one.queue.is_some() {
            for (thing, touch) in one.act.touches.into_iter().flatten() {
                self.reach.touching(thing, acted, |other| touch.conflicts_with(other)).for_each(&mut add);
            }
        }
        if let Some(lock) = one.queue {
            self.reach.touching(lock, acted, |other| Touch::Take.conflicts_with(other)).for_each(&mut add);
        }
        if !one.can {
            match self.program.awaits(self.state, one.actor, one.act) {
                Awaits::Nobody => {}
                Awaits::Actor(actor) => add(actor),
                Awaits::Thing(thing) => self.reach.touching(thing, acted, |_| true).for_each(&mut add),
            }
        }
    }
}

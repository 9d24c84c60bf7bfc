//! A stretch, made ready for the search: what each thread does in it, without what concerns nobody else, and where in a
//! state of a few words each object is.

use std::ops::Range;

use lockhound_trace::{EventIndex, Mode, ObjectId, ObjectKind, Op, ThreadId};

use crate::blocking::orders::stand::Stand;
use crate::blocking::orders::stretch::Stretch;
use crate::blocking::orders::touch::Touch;
use crate::model::Model;

/// A thread's place among those of a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ActorId(pub(super) u32);

impl ActorId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An object's place among those of a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ThingId(pub(super) u32);

impl ThingId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A thread, if it does anything in the stretch, or waits for something all the time.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) thread: ThreadId,
    pub(super) acts: Vec<Act>,
    /// Where it stands before each act, and after the last.
    pub(super) stands: Vec<Stand>,
}

/// What is seen by acts that do not look.
pub(super) const ANYTHING: u32 = u32::MAX;

/// One event, and those after it in its thread that are always possible and change nothing for anybody in the stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    /// `Start` also stands for events of that kind at the beginning of the stretch.
    pub(super) op: Op,
    /// That event.
    pub(super) at: EventIndex,
    /// Which events of the thread have happened then.
    pub(super) last: u32,
    pub(super) thing: ThingId,
    /// The lock of a `wait` or `wake`.
    pub(super) lock: ThingId,
    /// What it saw: the write of a variable, of data in a lock or a message, or the state of what was refused.
    pub(super) sees: u32,
    /// What others see when it has happened: it, or 0 for nothing.
    pub(super) leaves: u32,
    /// How a `wake` takes its lock.
    pub(super) mode: Mode,
    pub(super) depth: u32,
    /// Who must have come how far: the spawner, the joined thread, the other half of a rendezvous (exactly so far).
    pub(super) needs: Option<(ActorId, u32)>,
    pub(super) touches: [Option<(ThingId, Touch)>; 2],
}

/// An object that anybody uses or waits for.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) object: ObjectId,
    pub(super) kind: ObjectKind,
    /// Where it is in a state.
    pub(super) words: Range<usize>,
}

/// A message that is sent or received in the stretch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Message {
    pub(super) channel: ObjectId,
    pub(super) sent: EventIndex,
    /// If it was, be it later.
    pub(super) received: Option<EventIndex>,
}

/// The stretch as the search sees it.
#[derive(Debug)]
pub(crate) struct Program<'m> {
    pub(super) model: &'m Model<'m>,
    pub(super) stretch: Stretch,
    /// Per thread, whether its last event is the last it would ever have had.
    pub(super) ends: Vec<bool>,
    pub(super) actors: Vec<Actor>,
    pub(super) things: Vec<Thing>,
    /// In the order in which they were sent: the first is number 1.
    pub(super) messages: Vec<Message>,
    /// The state in the beginning.
    pub(crate) start: Vec<u32>,
}

impl Program<'_> {
    pub(crate) fn actors(&self) -> impl Iterator<Item = ActorId> + use<> {
        (0..self.actors.len() as u32).map(ActorId)
    }

    /// Where the stretch ends.
    #[cfg(test)]
    pub(crate) const fn end(&self) -> EventIndex {
        self.stretch.end
    }

    /// The actor that `thread` is, if it is one.
    pub(super) fn actor(&self, thread: ThreadId) -> Option<ActorId> {
        self.actors.binary_search_by_key(&thread, |actor| actor.thread).ok().map(|place| ActorId(place as u32))
    }

    pub(crate) fn thread(&self, actor: ActorId) -> ThreadId {
        self.actors[actor.index()].thread
    }

    /// The thing that `object` is, if anybody uses it.
    pub(super) fn thing(&self, object: ObjectId) -> Option<ThingId> {
        self.things.binary_search_by_key(&object, |thing| thing.object).ok().map(|place| ThingId(place as u32))
    }

    pub(super) fn acts(&self, actor: ActorId) -> &[Act] {
        &self.actors[actor.index()].acts
    }

    pub(super) fn kind(&self, thing: ThingId) -> ObjectKind {
        self.things[thing.index()].kind
    }

    /// How many events of its thread an actor has done after so many acts.
    pub(super) fn done(&self, actor: ActorId, acts: u32) -> u32 {
        match acts.checked_sub(1) {
            Some(last) => self.acts(actor)[last as usize].last,
            None => self.stretch.from.get(self.thread(actor)),
        }
    }

    /// The acts on an object, and whose they are.
    pub(super) fn acts_on(&self, object: ObjectId) -> impl Iterator<Item = (ThreadId, &Act)> {
        let acts = self.actors.iter().flat_map(|actor| actor.acts.iter().map(move |act| (actor.thread, act)));
        acts.filter(move |(_, act)| match act.op {
            Op::Wait { lock, .. } | Op::Wake { lock, .. } => lock == object || act.op.object() == Some(object),
            ref op => op.asked().object() == Some(object),
        })
    }

    /// The events of the actor's act, in their order.
    pub(crate) fn events(&self, actor: ActorId, act: u32) -> impl Iterator<Item = EventIndex> {
        let thread = self.thread(actor);
        (self.done(actor, act) + 1..=self.done(actor, act + 1)).map(move |loc| self.model.log().at(thread, loc))
    }

    /// Whether one message was taken in the recording while the other was inside.
    pub(super) fn passed(&self, taken: u32, other: u32) -> bool {
        let message = |number: u32| self.messages[number as usize - 1];
        let (taken, other) = (message(taken), message(other));
        taken.received.is_some_and(|at| other.sent < at && other.received.is_none_or(|other| at < other))
    }
}

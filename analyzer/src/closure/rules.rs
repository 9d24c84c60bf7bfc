//! What the rules of the closure look things up in; built once a trace.

use lockhound_trace::{ObjectId, ThreadId};

use crate::closure::barriers::Barrier;
use crate::closure::channels::Channel;
use crate::closure::close::Infeasible;
use crate::closure::condvars::Condvar;
use crate::closure::interchangeable::Interchangeable;
use crate::closure::lock_rule::Acquires;
use crate::closure::overtaking::Overtaking;
use crate::model::{Ideal, Model};

/// The index of the closure. Building it takes time linear in the holds and in the events on channels, condition
/// variables and barriers.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(super) acquires: Acquires,
    ordered: Vec<Ordered>,
    /// By thread: where it touched what is in `ordered`.
    touches: Vec<Touches>,
    /// By object, counted from 1: its place in `ordered`, 0 = none. Empty if nothing is ordered.
    places: Vec<u32>,
}

/// An object whose operations keep their recorded order, other than a lock.
#[derive(Debug)]
enum Ordered {
    Channel(Channel),
    Overtaking(Overtaking),
    Interchangeable(Interchangeable),
    Condvar(Condvar),
    Barrier(Barrier),
}

/// The place in `Rules` of a channel, condition variable or barrier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct OrderedId(u32);

impl OrderedId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where one thread touched ordered objects.
#[derive(Default, Debug)]
struct Touches {
    /// Every time, ascending.
    all: Vec<(u32, OrderedId)>,
    /// The first time of each object, ascending.
    first: Vec<(u32, OrderedId)>,
}

impl Rules {
    pub(crate) fn new(model: &Model<'_>) -> Self {
        let mut rules =
            Self { acquires: Acquires::new(model), ordered: Vec::new(), touches: Vec::new(), places: Vec::new() };
        for object in (0..model.tables().objects().len()).map(ObjectId::from_index) {
            rules.add(model, object);
        }
        for touches in &mut rules.touches {
            touches.all.sort_unstable();
            let mut seen = vec![false; rules.ordered.len()];
            let is_first = |&&(_, id): &&(u32, OrderedId)| !std::mem::replace(&mut seen[id.index()], true);
            touches.first = touches.all.iter().filter(is_first).copied().collect();
        }
        rules
    }

    fn add(&mut self, model: &Model<'_>, object: ObjectId) {
        // What only one thread touches stays in order by itself.
        if !model.is_shared(object) {
            return;
        }
        let ordered = Interchangeable::new(model, object)
            .map(Ordered::Interchangeable)
            .or_else(|| Channel::new(model, object).map(Ordered::Channel))
            .or_else(|| Overtaking::new(model, object).map(Ordered::Overtaking))
            .or_else(|| Condvar::new(model, object).map(Ordered::Condvar))
            .or_else(|| Barrier::new(model, object).map(Ordered::Barrier));
        let Some(ordered) = ordered else { return };
        let id = OrderedId(u32::try_from(self.ordered.len()).expect("no more than there are objects"));
        self.ordered.push(ordered);
        self.places.resize(model.tables().objects().len(), 0);
        self.places[object.index()] = id.0 + 1;
        self.touches.resize_with(model.threads(), Touches::default);
        for (thread, locs) in model.on(object) {
            self.touches[thread.index()].all.extend(locs.iter().map(|&loc| (loc, id)));
        }
    }

    /// How many ordered objects there are.
    pub(super) fn ordered(&self) -> usize {
        self.ordered.len()
    }

    /// The ordered object that `object` is, if it is one.
    pub(super) fn id(&self, object: ObjectId) -> Option<OrderedId> {
        let place = self.places.get(object.index()).copied().unwrap_or(0);
        place.checked_sub(1).map(OrderedId)
    }

    /// The ordered objects that `thread` touched after its first `from` events and within its first `to`; some more than
    /// once.
    pub(super) fn touched(&self, thread: ThreadId, from: u32, to: u32) -> impl Iterator<Item = OrderedId> {
        let touches = self.touches.get(thread.index());
        let all = touches.map_or(&[][..], |touches| within(&touches.all, from, to));
        let first = touches.map_or(&[][..], |touches| within(&touches.first, 0, to));
        // Going through all objects it ever touched may be less work than through all that it did with them.
        let least = if first.len() < all.len() { first } else { all };
        least.iter().map(|&(_, id)| id)
    }

    /// Applies the rule of one object; whether anything new was taken in.
    pub(super) fn apply(
        &self,
        model: &Model<'_>,
        id: OrderedId,
        ideal: &mut Ideal,
        drained: bool,
    ) -> Result<bool, Infeasible> {
        match &self.ordered[id.index()] {
            Ordered::Channel(channel) => channel.apply(model, ideal, drained),
            Ordered::Overtaking(channel) => channel.apply(model, ideal, drained),
            Ordered::Interchangeable(channel) => channel.apply(model, ideal, drained),
            Ordered::Condvar(condvar) => Ok(condvar.apply(model, ideal)),
            Ordered::Barrier(barrier) => Ok(barrier.apply(model, ideal)),
        }
    }
}

fn within(touches: &[(u32, OrderedId)], from: u32, to: u32) -> &[(u32, OrderedId)] {
    let start = touches.partition_point(|&(loc, _)| loc <= from);
    let end = touches.partition_point(|&(loc, _)| loc <= to);
    &touches[start..end.max(start)]
}

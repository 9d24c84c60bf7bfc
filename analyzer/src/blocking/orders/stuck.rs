//! Who is stuck for good in a state: all that nobody sets free.
//!
//! Freedom spreads: who goes on may do all that it did in the recording, and so set others free. A thread that is to be spawned
//! is as free as who spawns it.

use lockhound_trace::{EventIndex, Mode, ObjectId, ObjectKind, Request, ThreadId};

use crate::blocking::orders::lock;
use crate::blocking::orders::program::{ActorId, Program, ThingId};
use crate::blocking::orders::stand::Stand;
use crate::blocking::orders::supply::{Supplies, Wanted};
use crate::blocking::orders::{sleepers, things};

/// What keeps an actor where it is.
#[derive(Debug)]
enum Keeps {
    /// Each of these threads alone: who holds the lock, or queues for it before; a thread that has not ended.
    Any(Vec<ThreadId>),
    /// So much is missing, and so much could each of these provide.
    Short { missing: u64, supply: Vec<(ThreadId, u64)> },
    /// Who could let it go has ended.
    ForGood,
}

#[derive(Debug)]
struct Waits {
    thread: ThreadId,
    /// Where it is said in the recording what it waits for.
    at: Option<EventIndex>,
    keeps: Keeps,
}

/// The threads that wait in a state.
#[derive(Debug)]
pub(crate) struct Waiting<'p, 'm> {
    program: &'p Program<'m>,
    /// How many events each thread has done.
    done: Vec<u32>,
    waits: Vec<Waits>,
}

/// Which of those who wait are not free.
type Stuck = Vec<bool>;

impl<'p, 'm> Waiting<'p, 'm> {
    /// Quadratic in the actors.
    pub(crate) fn new(program: &'p Program<'m>, state: &[u32], supplies: &mut Supplies) -> Self {
        let mut done = program.stretch.from.as_slice().to_vec();
        for actor in program.actors() {
            done[program.thread(actor).index()] = program.done(actor, program.acted(state, actor));
        }
        let mut waiting = Self { program, done, waits: Vec::new() };
        waiting.waits = program.actors().filter_map(|actor| waiting.waits(state, actor, supplies)).collect();
        waiting
    }

    fn waits(&self, state: &[u32], actor: ActorId, supplies: &mut Supplies) -> Option<Waits> {
        let program = self.program;
        let thread = program.thread(actor);
        let (at, keeps) = match program.actors[actor.index()].stands[program.acted(state, actor) as usize] {
            Stand::Goes => return None,
            Stand::Sleeps(asleep) => {
                let area = program.area(state, program.thing(asleep.condvar)?);
                if asleep.by_itself || sleepers::is_notified(area, thread) {
                    (asleep.wakes, self.locked(state, asleep.lock, thread, asleep.mode)?)
                } else {
                    let missing = self.missing(Wanted::Notification, asleep.condvar, thread, 1, supplies);
                    (Some(asleep.since), missing)
                }
            }
            Stand::Asks { on, at } => (Some(at), self.keeps(state, actor, &on, supplies)?),
        };
        Some(Waits { thread, at, keeps })
    }

    /// What keeps who makes this request; none: nothing does.
    fn keeps(&self, state: &[u32], actor: ActorId, on: &Request, supplies: &mut Supplies) -> Option<Keeps> {
        let (program, thread) = (self.program, self.program.thread(actor));
        let thing = match on.object() {
            Some(object) => Some(program.thing(object)?),
            None => None,
        };
        let area = thing.map_or(&[][..], |thing| program.area(state, thing));
        let kind = thing.map(|thing| program.kind(thing));
        let meets = |request: Request| self.asks(state, actor, &request);
        let (object, wanted, missing) = match *on {
            Request::Acquire { lock, mode, .. } => return self.locked(state, lock, thread, mode),
            Request::Join { child } => return (!self.has_ended(child)).then(|| Keeps::Any(vec![child])),
            Request::Wait { .. } | Request::Wake { .. } => return None,
            Request::Send { channel } => {
                let room = if kind.is_some_and(|kind| kind.is_rendezvous()) {
                    meets(Request::Recv { channel })
                } else {
                    !kind.is_some_and(|kind| things::is_full(kind, area))
                };
                (channel, Wanted::Room, u64::from(!room && area[things::CLOSED] == 0))
            }
            Request::Recv { channel } => {
                let meets = kind.is_some_and(|kind| kind.is_rendezvous()) && meets(Request::Send { channel });
                let there = area[things::INSIDE] > 0 || meets || area[things::CLOSED] != 0;
                (channel, Wanted::Message, u64::from(!there))
            }
            Request::AcquirePermits { semaphore, n, .. } => {
                (semaphore, Wanted::Permits, n.saturating_sub(area[0]).into())
            }
            Request::Pass { barrier } => {
                let parties = match kind {
                    // Of a barrier of unknown size nobody can tell who is missing.
                    Some(ObjectKind::Barrier { parties }) => parties.filter(|_| things::has_arrived(area, thread)),
                    _ => None,
                };
                let missing = parties.map_or(0, |all| all.saturating_sub(things::arrived(area).len() as u32));
                (barrier, Wanted::Arrivals, missing.into())
            }
            Request::Await { object } => match kind {
                Some(ObjectKind::Flag { .. }) => (object, Wanted::Deed, u64::from(area[0] == 0)),
                Some(ObjectKind::Once) => (object, Wanted::Deed, things::runner(area).is_some().into()),
                _ => (object, Wanted::Zero, area[0].into()),
            },
        };
        (missing > 0).then(|| self.missing(wanted, object, thread, missing, supplies))
    }

    /// Who keeps `thread` from having the lock.
    fn locked(&self, state: &[u32], lock: ObjectId, thread: ThreadId, mode: Mode) -> Option<Keeps> {
        let program = self.program;
        let thing: ThingId = program.thing(lock)?;
        let area = program.area(state, thing);
        let mut keepers: Vec<ThreadId> = lock::blockers(program.kind(thing), area, thread, mode).collect();
        if keepers.is_empty() {
            keepers.extend(program.queue(state, thing, thread, mode));
        }
        match keepers.iter().any(|&keeper| self.has_ended(keeper)) {
            true => Some(Keeps::ForGood),
            false => (!keepers.is_empty()).then_some(Keeps::Any(keepers)),
        }
    }

    fn missing(&self, wanted: Wanted, object: ObjectId, of: ThreadId, missing: u64, supplies: &mut Supplies) -> Keeps {
        // Nobody arrives twice before the barrier opens.
        let enough = if wanted == Wanted::Arrivals { 1 } else { missing };
        let model = self.program.model;
        let others = model.on(object).filter(|&(thread, _)| thread != of);
        let left = others.map(|(thread, _)| {
            (thread, supplies.left(model, wanted, object, thread, self.done[thread.index()], enough))
        });
        Keeps::Short { missing, supply: left.filter(|left| left.1 > 0).collect() }
    }

    /// Whether another actor makes this request.
    fn asks(&self, state: &[u32], but: ActorId, request: &Request) -> bool {
        let asks = |actor: ActorId| {
            let stand = &self.program.actors[actor.index()].stands[self.program.acted(state, actor) as usize];
            actor != but && matches!(stand, Stand::Asks { on, .. } if on == request)
        };
        self.program.actors().any(asks)
    }

    fn is_open(&self, thread: ThreadId) -> bool {
        let spawn = self.program.model.spawn_of(thread);
        spawn.is_none_or(|spawn| spawn.loc <= self.done[spawn.thread.index()])
    }

    fn has_ended(&self, thread: ThreadId) -> bool {
        let model = self.program.model;
        self.is_open(thread)
            && self.program.ends[thread.index()]
            && self.done[thread.index()] == model.log().count(thread)
    }

    /// All who are stuck.
    pub(crate) fn stuck(&self) -> Stuck {
        let mut stuck = vec![true; self.waits.len()];
        self.spread(&mut stuck);
        stuck
    }

    /// Sets free whom the free set free, until that is nobody.
    fn spread(&self, stuck: &mut Stuck) {
        loop {
            let freed = (0..stuck.len()).find(|&place| stuck[place] && !self.is_kept(&self.waits[place].keeps, stuck));
            match freed {
                Some(place) => stuck[place] = false,
                None => return,
            }
        }
    }

    fn is_kept(&self, keeps: &Keeps, stuck: &Stuck) -> bool {
        match keeps {
            Keeps::ForGood => true,
            Keeps::Any(threads) => threads.iter().any(|&thread| !self.is_free(thread, stuck)),
            Keeps::Short { missing, supply } => {
                let free = supply.iter().filter(|left| self.is_free(left.0, stuck));
                free.map(|left| left.1).sum::<u64>() < *missing
            }
        }
    }

    fn is_free(&self, mut thread: ThreadId, stuck: &Stuck) -> bool {
        // Spawns go back to a thread that nobody spawned.
        loop {
            if self.waits.iter().zip(stuck).any(|(waits, &stuck)| stuck && waits.thread == thread) {
                return false;
            }
            match self.program.model.spawn_of(thread) {
                Some(spawn) if !self.is_open(thread) => thread = spawn.thread,
                _ => return true,
            }
        }
    }

    /// The least sets of the stuck that keep one another, each with where its threads wait; without those of which the
    /// recording does not say where they do.
    pub(crate) fn least_sets(&self) -> Vec<Vec<(ThreadId, EventIndex)>> {
        let stuck = self.stuck();
        let mut sets: Vec<Stuck> = Vec::new();
        for place in (0..stuck.len()).filter(|&place| stuck[place]) {
            let set = self.least(stuck.clone(), place);
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        let contains = |all: &Stuck, part: &Stuck| all != part && part.iter().zip(all).all(|(part, all)| !part || *all);
        let least = sets.iter().filter(|set| !sets.iter().any(|other| contains(set, other)));
        let told = |set: &Stuck| {
            let members = self.waits.iter().zip(set).filter(|(_, stuck)| **stuck);
            members.map(|(waits, _)| Some((waits.thread, waits.at?))).collect::<Option<Vec<_>>>()
        };
        least.filter_map(told).collect()
    }

    /// As few of them as keep the one at `place`.
    fn least(&self, mut stuck: Stuck, place: usize) -> Stuck {
        for other in (0..stuck.len()).rev().filter(|&other| other != place) {
            if stuck[other] {
                let mut fewer = stuck.clone();
                fewer[other] = false;
                self.spread(&mut fewer);
                if fewer[place] {
                    stuck = fewer;
                }
            }
        }
        stuck
    }

    /// The actors that are stuck.
    #[cfg(test)]
    pub(crate) fn stuck_threads(&self) -> Vec<ThreadId> {
        let stuck = self.stuck();
        self.waits.iter().zip(stuck).filter(|(_, stuck)| *stuck).map(|(waits, _)| waits.thread).collect()
    }
}

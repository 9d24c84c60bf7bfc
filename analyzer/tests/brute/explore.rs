//! All states that reorderings of a recorded run reach.

use std::rc::Rc;

use lockhound_trace::{How, Mode, ObjectId, Op, Refusal, Request, ThreadId, WakeReason};
use rustc_hash::FxHashMap;

use super::recording::Recording;
use super::semantics::World;

/// Which reorderings count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Freedom {
    /// Every correct one: threads do a prefix of what they did and read what they read.
    Full,
    /// Of these, the sync-preserving ones: what excludes one another on a lock, and all that is done to one object of any
    /// other kind, keeps its order as far as it happens.
    Preserving,
    /// Threads do what they did, whatever they read. Not to be believed; an upper bound of what they might do.
    Heedless,
}

/// How far every thread has got, and what all objects are doing.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct State {
    pub(crate) at: Vec<u8>,
    pub(crate) world: World,
}

/// What may happen next in a state of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Rules<'r> {
    pub(crate) recording: &'r Recording,
    freedom: Freedom,
    /// For each event, those that must not have happened before it.
    later: Vec<Vec<usize>>,
    /// Whether each thread has ended when it has done all its events.
    ends: Vec<bool>,
}

impl<'r> Rules<'r> {
    pub(crate) fn new(recording: &'r Recording, freedom: Freedom) -> Self {
        let events = 0..recording.events.len();
        let later = match freedom {
            Freedom::Preserving => events.map(|event| kept_behind(recording, event)).collect(),
            Freedom::Full | Freedom::Heedless => vec![Vec::new(); recording.events.len()],
        };
        Self { recording, freedom, later, ends: ends(recording) }
    }

    pub(crate) fn start(&self) -> State {
        State { at: vec![0; self.recording.threads.len()], world: World::new(&self.recording.tables) }
    }

    pub(crate) fn has_happened(&self, state: &State, event: usize) -> bool {
        usize::from(state.at[self.recording.thread(event).index()]) > self.recording.at[event]
    }

    pub(crate) fn has_started(&self, state: &State, thread: ThreadId) -> bool {
        self.recording.spawn[thread.index()].is_none_or(|spawn| self.has_happened(state, spawn))
    }

    /// What `thread` does next, if it has begun and has something left.
    pub(crate) fn next_event(&self, state: &State, thread: ThreadId) -> Option<usize> {
        let next = self.recording.event_at(thread, state.at[thread.index()].into())?;
        self.has_started(state, thread).then_some(next)
    }

    /// Whether `thread` has done everything and waits for nothing.
    pub(crate) fn has_ended(&self, state: &State, thread: ThreadId) -> bool {
        let events = &self.recording.threads[thread.index()];
        let done = self.has_started(state, thread) && usize::from(state.at[thread.index()]) == events.len();
        let waits = match events.last().map(|&last| self.recording.op(last)) {
            Some(Op::Wait { condvar, .. }) => state.world.waits(condvar, thread).is_some(),
            Some(Op::Arrive { barrier }) => state.world.missing(barrier, thread, 0).is_some(),
            _ => false,
        };
        done && self.ends[thread.index()] && !waits
    }

    /// All states that one step leads to.
    pub(crate) fn moves(&self, state: &State) -> Vec<State> {
        let mut moves = Vec::new();
        for thread in self.recording.thread_ids() {
            let Some(event) = self.next_event(state, thread) else { continue };
            // The two halves of a rendezvous are one step.
            let second_half =
                matches!(self.recording.op(event), Op::Recv { .. }) && self.recording.other_half(event).is_some();
            if !second_half {
                moves.extend(self.after(state, event));
            }
            if let Some(lock) = self.waits_to_write(event) {
                moves.extend(state.world.queued(thread, lock).map(|world| State { at: state.at.clone(), world }));
            }
        }
        moves
    }

    /// The lock that `event` asks for, ready to wait for ever, to write.
    fn waits_to_write(&self, event: usize) -> Option<ObjectId> {
        match self.recording.op(event) {
            Op::Acquire { lock, mode: Mode::Write, how: How::Lock }
            | Op::Block { on: Request::Acquire { lock, mode: Mode::Write, how: How::Lock } }
                if !self.recording.is_remark(event) =>
            {
                Some(lock)
            }
            _ => None,
        }
    }

    /// The states in which `event` has happened next, as it is recorded; none if it cannot.
    pub(crate) fn after(&self, state: &State, event: usize) -> Vec<State> {
        let reads_as_recorded = self.freedom == Freedom::Heedless || self.reads_as_recorded(state, event);
        if reads_as_recorded { self.after_reading_anything(state, event) } else { Vec::new() }
    }

    /// Whether `event` would read now what it read in the recording.
    pub(crate) fn reads_as_recorded(&self, state: &State, event: usize) -> bool {
        let object = match self.recording.op(event) {
            Op::Wake { lock, .. } => Some(lock),
            op => op.object(),
        };
        match (self.recording.reads[event], object) {
            (Some(read), Some(object)) => state.world.content(object) == read,
            _ => true,
        }
    }

    /// The same, whatever it reads.
    pub(crate) fn after_reading_anything(&self, state: &State, event: usize) -> Vec<State> {
        let recording = self.recording;
        let thread = recording.thread(event);
        let in_turn = self.next_event(state, thread) == Some(event);
        if !in_turn || self.later[event].iter().any(|&later| self.has_happened(state, later)) {
            return Vec::new();
        }
        let mut at = state.at.clone();
        at[thread.index()] += 1;
        match recording.op(event) {
            Op::Block { .. } if !recording.is_remark(event) => return Vec::new(),
            Op::Join { child } if !self.has_ended(state, child) => return Vec::new(),
            Op::Refused { what: Refusal::Spawn { child } } if !self.has_started(state, child) => return Vec::new(),
            Op::TryFailed { .. } if self.had_waited(event) => {
                return vec![State { at, world: state.world.clone() }];
            }
            Op::Send { channel, .. } | Op::Recv { channel, .. } if recording.is_rendezvous(channel) => {
                let Some(other) = recording.other_half(event) else { return Vec::new() };
                let partner = recording.thread(other);
                if self.next_event(state, partner) != Some(other) {
                    return Vec::new();
                }
                at[partner.index()] += 1;
            }
            _ => {}
        }
        let worlds = state.world.after(thread, recording.op(event), event, &self.stealers(state));
        worlds.into_iter().map(|world| State { at: at.clone(), world }).collect()
    }

    /// Whether a request that gave up had been ready to wait for a time: then it may give up whenever it likes.
    fn had_waited(&self, event: usize) -> bool {
        let before = self.recording.at[event].checked_sub(1);
        let before = before.and_then(|before| self.recording.event_at(self.recording.thread(event), before));
        before.is_some_and(|before| matches!(self.recording.op(before), Op::Block { .. }))
    }

    /// Threads whose next wake is recorded as no work of a notification.
    fn stealers(&self, state: &State) -> Vec<ThreadId> {
        let wakes_alone = |&thread: &ThreadId| {
            let Some(next) = self.next_event(state, thread) else { return false };
            match self.recording.op(self.recording.request_of(next)) {
                Op::Wake { by, .. } => by != WakeReason::Notify,
                _ => false,
            }
        };
        self.recording.thread_ids().filter(wakes_alone).collect()
    }
}

/// `start` and `exit` may be left out; where there is any, a thread without `exit` was still running.
fn ends(recording: &Recording) -> Vec<bool> {
    let explicit = recording.events.iter().any(|event| matches!(event.op, Op::Start | Op::Exit));
    let exits = |events: &Vec<usize>| events.last().is_some_and(|&last| recording.op(last) == Op::Exit);
    recording.threads.iter().map(|events| !explicit || exits(events)).collect()
}

/// The events that a sync-preserving reordering keeps behind `event`.
fn kept_behind(recording: &Recording, event: usize) -> Vec<usize> {
    let keeps = |&later: &usize| {
        let foreign = recording.thread(event) != recording.thread(later);
        foreign && recording.other_half(event) != Some(later) && are_ordered(recording, event, later)
    };
    (event + 1..recording.events.len()).filter(keeps).collect()
}

fn are_ordered(recording: &Recording, event: usize, later: usize) -> bool {
    let taken = |op: Op| match op {
        Op::Acquire { lock, mode, .. } => Some((lock, mode)),
        Op::Wake { lock, .. } => Some((lock, Mode::Write)),
        _ => None,
    };
    let (one, other) = (recording.op(event), recording.op(later));
    let locks = matches!((taken(one), taken(other)), (Some(one), Some(other))
        if one.0 == other.0 && one.1.conflicts_with(other.1));
    let is_sync = |op: Op| {
        !matches!(
            op,
            Op::Block { .. }
                | Op::Acquire { .. }
                | Op::Release { .. }
                | Op::TryFailed { .. }
                | Op::Read { .. }
                | Op::Write { .. }
                | Op::Load { .. }
                | Op::Store { .. }
                | Op::Rmw { .. }
        )
    };
    let same_object = one.object().is_some() && one.object() == other.object();
    locks || (is_sync(one) && is_sync(other) && same_object)
}

/// What a recording could have been: every reachable state and every step between two.
#[derive(Debug)]
pub(crate) struct Space<'r> {
    pub(crate) rules: Rules<'r>,
    pub(crate) states: Vec<Rc<State>>,
    /// For each state, those that one step leads to.
    pub(crate) next: Vec<Vec<usize>>,
}

impl<'r> Space<'r> {
    /// None if there are more than `limit` states.
    pub(crate) fn explore(recording: &'r Recording, freedom: Freedom, limit: usize) -> Option<Self> {
        let rules = Rules::new(recording, freedom);
        let start = rules.start();
        Self::explore_from(rules, vec![start], limit)
    }

    /// The same, from other beginnings.
    pub(crate) fn explore_from(rules: Rules<'r>, starts: Vec<State>, limit: usize) -> Option<Self> {
        let mut known: FxHashMap<Rc<State>, usize> = FxHashMap::default();
        let mut states: Vec<Rc<State>> = Vec::new();
        let mut number = |state: State, states: &mut Vec<Rc<State>>| {
            if let Some(&number) = known.get(&state) {
                return number;
            }
            let state = Rc::new(state);
            known.insert(Rc::clone(&state), states.len());
            states.push(state);
            states.len() - 1
        };
        for start in starts {
            number(start, &mut states);
        }
        let mut next: Vec<Vec<usize>> = Vec::new();
        while let Some(state) = states.get(next.len()).cloned() {
            if states.len() > limit {
                return None;
            }
            next.push(rules.moves(&state).into_iter().map(|state| number(state, &mut states)).collect());
        }
        Some(Self { rules, states, next })
    }

    pub(crate) fn recording(&self) -> &'r Recording {
        self.rules.recording
    }
}

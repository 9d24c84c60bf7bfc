//! Who is stuck for ever: the greatest set of threads that wait, each for what only threads of the set could give it. Of a
//! lock or a join one who has it suffices; of a message, a notification or a flag all who could provide it must be in the
//! set; of what is counted, those outside must provide less than is missing.

use lockhound_trace::{EventIndex, ObjectId, Op, Request, ThreadId};

use crate::witness::machine::{Asking, Machine, Obstacle};
use crate::witness::provisions::Side;
use crate::witness::recording::Recording;

/// All threads that cannot go on now, and what each of them waits for.
pub(super) struct Knot<'c, 't> {
    recording: &'c Recording<'t>,
    /// Per thread: whether it has been spawned.
    open: Vec<bool>,
    done: Vec<u32>,
    waits: Vec<Option<Waits>>,
}

struct Waits {
    asking: Asking,
    stays: Stays,
}

/// When a thread stays where it is, in terms of the threads that do.
enum Stays {
    /// While any one of these does.
    WhileAny(Vec<ThreadId>),
    /// While those that do not provide less than is missing: what each of them could provide, and how much is missing.
    WhileShort(Vec<(ThreadId, u64)>, u64),
    /// For ever: who could let it go has ended.
    ForEver,
}

impl<'c, 't> Knot<'c, 't> {
    /// Looks at all threads. Quadratic in them at worst.
    pub(super) fn new(recording: &'c Recording<'t>, machine: &Machine) -> Self {
        let threads = || (0..recording.threads()).map(ThreadId::from_index);
        let asking: Vec<Option<Asking>> = threads().map(|thread| machine.asking(recording, thread)).collect();
        let mut knot = Self {
            recording,
            open: threads().map(|thread| machine.is_open(thread)).collect(),
            done: threads().map(|thread| machine.done(thread)).collect(),
            waits: Vec::new(),
        };
        let waits = |thread: ThreadId| {
            let asking_of = asking[thread.index()]?;
            let meets = |request: &Request| {
                threads()
                    .any(|other| other != thread && asking[other.index()].is_some_and(|other| other.on == *request))
            };
            let granted = machine.grants(recording, thread, &asking_of.on, meets);
            let stays = || knot.stays(thread, &asking_of.on, machine);
            (!granted).then(|| Waits { asking: asking_of, stays: stays() })
        };
        knot.waits = threads().map(waits).collect();
        knot
    }

    fn stays(&self, thread: ThreadId, on: &Request, machine: &Machine) -> Stays {
        match machine.obstacle(thread, on) {
            Obstacle::Threads(threads) if threads.iter().any(|&thread| self.has_ended(thread)) => Stays::ForEver,
            Obstacle::Threads(threads) => Stays::WhileAny(threads),
            Obstacle::Missing { object, side, amount } => {
                let provisions = self.recording.provisions();
                // Nobody arrives twice in one generation.
                let enough = if matches!(on, Request::Pass { .. }) { 1 } else { amount };
                let others = provisions.providers(object).filter(|&other| other != thread);
                let left = |other: ThreadId| provisions.left(object, other, side, self.done[other.index()], enough);
                let others = others.map(|other| (other, left(other))).filter(|other| other.1 > 0);
                Stays::WhileShort(others.collect(), amount)
            }
        }
    }

    fn has_ended(&self, thread: ThreadId) -> bool {
        let all = self.recording.count(thread);
        self.open[thread.index()] && self.recording.ended(thread) && self.done[thread.index()] == all
    }

    /// The threads that are stuck if nobody acts but as recorded: the greatest set of which each stays while the others do.
    pub(super) fn stuck(&self) -> Vec<bool> {
        let mut set: Vec<bool> = self.waits.iter().map(Option::is_some).collect();
        self.close(&mut set);
        set
    }

    /// Shrinks `set` to its greatest closed part.
    fn close(&self, set: &mut [bool]) {
        let mut changed = true;
        while changed {
            changed = false;
            for index in 0..set.len() {
                if set[index] && !self.remains(index, set) {
                    set[index] = false;
                    changed = true;
                }
            }
        }
    }

    fn remains(&self, index: usize, set: &[bool]) -> bool {
        match &self.waits[index] {
            None => false,
            Some(Waits { stays: Stays::ForEver, .. }) => true,
            Some(Waits { stays: Stays::WhileAny(threads), .. }) => threads.iter().any(|&other| self.is_in(other, set)),
            Some(Waits { stays: Stays::WhileShort(others, missing), .. }) => {
                let outside = others.iter().filter(|other| !self.is_in(other.0, set));
                outside.map(|other| other.1).sum::<u64>() < *missing
            }
        }
    }

    /// Whether `thread` is stuck with `set`, or is never spawned because who would is.
    fn is_in(&self, mut thread: ThreadId, set: &[bool]) -> bool {
        // A chain of spawns is no longer than there are threads.
        for _ in 0..=set.len() {
            if set[thread.index()] {
                return true;
            }
            match self.recording.spawn(thread) {
                Some(spawn) if !self.open[thread.index()] => thread = self.recording.step(spawn).thread,
                _ => return false,
            }
        }
        false
    }

    /// The least closed part of the closed set `set` with one of `members`; those with high ids, and no members, are left
    /// out first where there is a choice.
    pub(super) fn least(&self, mut set: Vec<bool>, members: &[ThreadId]) -> Vec<ThreadId> {
        let of = |member: bool| {
            let all = (0..set.len()).rev().map(ThreadId::from_index);
            all.filter(move |thread| members.contains(thread) == member)
        };
        let order: Vec<ThreadId> = of(false).chain(of(true)).collect();
        for thread in order {
            if !set[thread.index()] {
                continue;
            }
            let mut fewer = set.clone();
            fewer[thread.index()] = false;
            self.close(&mut fewer);
            if members.iter().any(|member| fewer[member.index()]) {
                set = fewer;
            }
        }
        (0..set.len()).filter(|&index| set[index]).map(ThreadId::from_index).collect()
    }

    /// What `thread` is stuck at.
    pub(super) fn asking(&self, thread: ThreadId) -> Option<Asking> {
        self.waits[thread.index()].as_ref().map(|waits| waits.asking)
    }

    /// Whether nothing but locks and ends of threads keeps `thread` where it is.
    pub(super) fn waits_for_threads(&self, thread: ThreadId) -> bool {
        let waits = self.waits[thread.index()].as_ref();
        waits.is_some_and(|waits| !matches!(waits.stays, Stays::WhileShort(..)))
    }

    /// Who, not in the closed set `set`, could let `thread` go, and by which event.
    pub(super) fn way_out(&self, thread: ThreadId, set: &[bool]) -> Option<(ThreadId, EventIndex)> {
        let Waits { asking, stays } = self.waits[thread.index()].as_ref()?;
        let provisions = self.recording.provisions();
        match stays {
            Stays::ForEver => None,
            Stays::WhileAny(threads) => {
                let other = threads.iter().copied().find(|&other| !self.is_in(other, set))?;
                let event = match asking.on {
                    Request::Acquire { lock, .. } | Request::Wake { lock, .. } => self.next_release(other, lock),
                    _ => self.recording.at(other, self.recording.count(other)),
                };
                event.map(|event| (other, event))
            }
            Stays::WhileShort(others, _) => {
                let other = others.iter().map(|other| other.0).find(|&other| !self.is_in(other, set))?;
                let object = asking.on.object()?;
                let side = Side::needed_by(&asking.on);
                let loc = provisions.first(object, other, side, self.done[other.index()])?;
                self.recording.at(other, loc).map(|event| (other, event))
            }
        }
    }

    /// The next event by which `thread` gives the lock back, if it comes soon.
    fn next_release(&self, thread: ThreadId, lock: ObjectId) -> Option<EventIndex> {
        const SOON: u32 = 4096;
        let done = self.done[thread.index()];
        let ahead = (done + 1..=done.saturating_add(SOON)).map_while(|loc| self.recording.at(thread, loc));
        let gives_back = |&at: &EventIndex| match self.recording.step(at).op {
            Op::Release { lock: given, .. } | Op::Wait { lock: given, .. } => given == lock,
            _ => false,
        };
        { ahead }.find(gives_back)
    }
}

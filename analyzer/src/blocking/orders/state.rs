//! States of a program, and what each act needs and does in them.
//!
//! A state is some words: for each actor twice the number of its acts that are done, and one more while it is known to
//! queue for writing; then the [`things`]. To keep it is to copy them.

use lockhound_trace::{ChannelOrder, Mode, ObjectKind, Op, Policy, Refusal, ThreadId, WakeReason};

use crate::blocking::orders::program::{ANYTHING, Act, ActorId, Program, ThingId};
use crate::blocking::orders::{lock, sleepers, things};

impl Program<'_> {
    /// How many acts are done.
    pub(crate) fn acted(&self, state: &[u32], actor: ActorId) -> u32 {
        state[actor.index()] >> 1
    }

    pub(super) fn next(&self, state: &[u32], actor: ActorId) -> Option<&Act> {
        self.acts(actor).get(self.acted(state, actor) as usize)
    }

    pub(super) fn area<'w>(&self, state: &'w [u32], thing: ThingId) -> &'w [u32] {
        self.things.get(thing.index()).map_or(&[], |thing| &state[thing.words.clone()])
    }

    fn area_mut<'w>(&self, state: &'w mut [u32], thing: ThingId) -> &'w mut [u32] {
        &mut state[self.things[thing.index()].words.clone()]
    }

    /// Whether the actor's next act can be done now, and sees what it saw.
    pub(crate) fn can(&self, state: &[u32], actor: ActorId) -> bool {
        self.next(state, actor).is_some_and(|act| self.allows(state, actor, act) && self.shows(state, actor, act))
    }

    fn allows(&self, state: &[u32], actor: ActorId, act: &Act) -> bool {
        let thread = self.thread(actor);
        let area = self.area(state, act.thing);
        match act.op {
            Op::Start | Op::Refused { what: Refusal::Spawn { .. } } => {
                act.needs.is_none_or(|(spawner, acts)| self.acted(state, spawner) >= acts)
            }
            Op::Join { .. } => act.needs.is_some_and(|(child, acts)| self.acted(state, child) >= acts),
            // Nothing followed.
            Op::Block { .. } => false,
            Op::Acquire { mode, .. } => self.blocker(state, act.thing, thread, mode).is_none(),
            Op::Wait { .. } => {
                !sleepers::sleeps(area, thread)
                    && lock::holds(self.area(state, act.lock)).any(|(holder, _)| holder == thread)
            }
            Op::Wake { by, .. } => {
                sleepers::sleeps(area, thread)
                    && (by != WakeReason::Notify || sleepers::may_wake(area, thread))
                    && self.blocker(state, act.lock, thread, act.mode).is_none()
            }
            Op::Send { .. } | Op::Recv { .. } if self.meets(act) => {
                area[things::CLOSED] == 0
                    && act.needs.is_some_and(|(other, acts)| {
                        self.acted(state, other) == acts && self.next(state, other).is_some()
                    })
            }
            Op::Send { .. } => area[things::CLOSED] == 0 && !things::is_full(self.kind(act.thing), area),
            Op::Recv { .. } => area[things::INSIDE] > 0,
            Op::RecvClosed { .. } => area[things::CLOSED] != 0 && area[things::INSIDE] == 0,
            // Of a barrier of unknown size, as many as there were in the recording let the first one pass.
            Op::Pass { .. } => {
                things::allows(self.kind(act.thing), area, thread, &act.op)
                    || things::arrived(area).len() == act.sees as usize
            }
            ref op => things::allows(self.kind(act.thing), area, thread, op),
        }
    }

    /// Whether it sees what it saw.
    fn shows(&self, state: &[u32], actor: ActorId, act: &Act) -> bool {
        if act.sees == ANYTHING {
            return true;
        }
        match act.op {
            Op::Pass { .. } | Op::Send { .. } => true,
            Op::Recv { .. } => self.gives(act.thing, self.area(state, act.thing), act.sees),
            _ => self.sight(state, actor, act) == act.sees,
        }
    }

    /// What the act would see now; of a message, nothing.
    pub(super) fn sight(&self, state: &[u32], actor: ActorId, act: &Act) -> u32 {
        let (thread, area) = (self.thread(actor), self.area(state, act.thing));
        match act.op {
            Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => area[0],
            Op::Acquire { .. } => lock::data(area),
            Op::Wake { .. } => lock::data(self.area(state, act.lock)),
            Op::TryFailed { mode, .. } => match self.kind(act.thing) {
                ObjectKind::Semaphore { .. } => (area[0] == 0).into(),
                kind => lock::blockers(kind, area, thread, mode).next().is_some().into(),
            },
            Op::TrySendFailed { .. } if area[things::CLOSED] != 0 => things::SEES_CLOSED,
            Op::TrySendFailed { .. } => {
                let kind = self.kind(act.thing);
                (things::is_full(kind, area) && !kind.is_rendezvous()).into()
            }
            Op::TryRecvFailed { .. } if area[things::INSIDE] > 0 => 0,
            Op::TryRecvFailed { .. } => {
                if area[things::CLOSED] == 0 {
                    1
                } else {
                    things::SEES_CLOSED
                }
            }
            Op::Pass { .. } if things::has_arrived(area, thread) => things::arrived(area).len() as u32,
            Op::Pass { .. } => area[things::OPENED_WITH],
            _ => ANYTHING,
        }
    }

    /// Whether a message can be received: those before it let it pass. In what order they leave is the channel's; where it
    /// goes by what they are, one that was preferred for coming first must do so again, the other way round it need not.
    fn gives(&self, thing: ThingId, area: &[u32], message: u32) -> bool {
        let all = things::messages(area);
        let Some(place) = all.iter().position(|&other| other == message) else { return false };
        let (older, newer) = (&all[..place], &all[place + 1..]);
        let passes_older = || older.iter().all(|&other| other < message && self.passed(message, other));
        let passes_newer = || newer.iter().all(|&other| self.passed(message, other));
        match self.kind(thing) {
            ObjectKind::Channel { order: ChannelOrder::Lifo, .. } => {
                passes_newer() && newer.iter().all(|&other| message < other)
            }
            ObjectKind::Channel { order: ChannelOrder::Any, .. } => passes_older() && passes_newer(),
            _ => passes_older(),
        }
    }

    /// Whether it is half of a rendezvous: one act of two actors.
    pub(super) fn meets(&self, act: &Act) -> bool {
        matches!(act.op, Op::Send { .. } | Op::Recv { .. }) && self.kind(act.thing).is_rendezvous()
    }

    /// Who keeps `thread` from having the lock: who has it, or, for a reader where that is the policy, who queues to write.
    pub(super) fn blocker(&self, state: &[u32], lock: ThingId, thread: ThreadId, mode: Mode) -> Option<ThreadId> {
        let holder = lock::blockers(self.kind(lock), self.area(state, lock), thread, mode).next();
        holder.or_else(|| self.queue(state, lock, thread, mode).next())
    }

    /// The writers that a reader lets go first.
    pub(super) fn queue(
        &self,
        state: &[u32],
        lock: ThingId,
        thread: ThreadId,
        mode: Mode,
    ) -> impl Iterator<Item = ThreadId> {
        let stops = mode == Mode::Read && self.lets_writers_first(lock);
        let queues = move |&actor: &ActorId| {
            stops && state[actor.index()] & 1 != 0 && self.next(state, actor).is_some_and(|act| act.thing == lock)
        };
        self.actors().filter(queues).map(|actor| self.thread(actor)).filter(move |&writer| writer != thread)
    }

    fn lets_writers_first(&self, lock: ThingId) -> bool {
        self.kind(lock) == ObjectKind::RwLock { policy: Policy::Writer }
    }

    /// Whether the actor stands before a request to write that it could make known, so that readers let it go first.
    pub(crate) fn may_queue(&self, state: &[u32], actor: ActorId) -> Option<ThingId> {
        let act = self.next(state, actor)?;
        let Op::Acquire { mode: Mode::Write, how, .. } = act.op else { return None };
        let is_new = how.may_wait_for_ever() && self.lets_writers_first(act.thing) && state[actor.index()] & 1 == 0;
        (is_new && self.blocker(state, act.thing, self.thread(actor), Mode::Write).is_some()).then_some(act.thing)
    }

    /// The actor makes known that it wants to write.
    pub(crate) fn make_known(&self, state: &mut [u32], actor: ActorId) {
        state[actor.index()] |= 1;
    }

    /// Does the actor's next act, and of a rendezvous the other half as well. Returns whose acts were done.
    pub(crate) fn perform(&self, state: &mut [u32], actor: ActorId) -> [Option<ActorId>; 2] {
        let Some(&act) = self.next(state, actor) else { return [None; 2] };
        let go_on = |state: &mut [u32], actor: ActorId| state[actor.index()] = (state[actor.index()] & !1) + 2;
        go_on(state, actor);
        let thread = self.thread(actor);
        match act.op {
            Op::Start | Op::Join { .. } | Op::Block { .. } | Op::Refused { .. } => {}
            Op::Send { .. } | Op::Recv { .. } if self.meets(&act) => {
                let other = act.needs.map(|needs| needs.0);
                other.into_iter().for_each(|other| go_on(state, other));
                return [Some(actor), other];
            }
            Op::Write { .. } | Op::Store { .. } | Op::Rmw { .. } => self.area_mut(state, act.thing)[0] = act.leaves,
            Op::Wait { .. } => {
                lock::give_all(self.kind(act.lock), self.area_mut(state, act.lock), thread);
                self.leave(state, act.lock, act.leaves);
                sleepers::sleep(self.area_mut(state, act.thing), thread);
            }
            Op::Wake { by, .. } => {
                sleepers::wake(self.area_mut(state, act.thing), thread, by == WakeReason::Notify);
                lock::take(self.kind(act.lock), self.area_mut(state, act.lock), thread, act.mode, act.depth);
            }
            ref op => {
                let kind = self.kind(act.thing);
                let area = self.area_mut(state, act.thing);
                things::perform(kind, area, thread, op);
                match op {
                    Op::Send { .. } if act.leaves != 0 => things::put(area, act.leaves),
                    Op::Recv { .. } => things::take(area, act.sees),
                    Op::Release { .. } => self.leave(state, act.thing, act.leaves),
                    _ => {}
                }
            }
        }
        [Some(actor), None]
    }

    fn leave(&self, state: &mut [u32], lock: ThingId, data: u32) {
        if data != 0 {
            lock::leave(self.area_mut(state, lock), data);
        }
    }

    /// The state in one word, all that matters of it.
    pub(super) fn essence(&self, state: &[u32]) -> u64 {
        let mut hash = Hash(0x243f_6a88_85a3_08d3);
        state[..self.actors.len()].iter().for_each(|&word| hash.add(word.into()));
        for thing in &self.things {
            let area = &state[thing.words.clone()];
            match thing.kind {
                ObjectKind::Condvar => sleepers::essence(area, |word| hash.add(word)),
                _ => area.iter().for_each(|&word| hash.add(word.into())),
            }
        }
        hash.0
    }

    /// What the actor does next.
    #[cfg(test)]
    pub(crate) fn next_op(&self, state: &[u32], actor: ActorId) -> Option<&Op> {
        self.next(state, actor).map(|act| &act.op)
    }
}

/// Mixes words: a multiplication of 64 × 64 bits, folded (the idea of wyhash).
struct Hash(u64);

impl Hash {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93_u128;
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}

//! What an act that is not possible waits for, in terms of what was recorded: who else has to do something first.

use lockhound_trace::{ObjectKind, Op, Refusal, ThreadId, WakeReason};

use crate::blocking::orders::program::{Act, ActorId, Program, ThingId};
use crate::blocking::orders::{sleepers, things};

/// Who could make an act possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Awaits {
    /// Nobody any more.
    Nobody,
    /// This one must go on, whatever else is needed.
    Actor(ActorId),
    /// Somebody must do something with this.
    Thing(ThingId),
}

impl Program<'_> {
    /// What an act waits for that is not possible: something without which it never is.
    pub(super) fn awaits(&self, state: &[u32], actor: ActorId, act: &Act) -> Awaits {
        let thread = self.thread(actor);
        let comes = |(other, acts): (ActorId, u32)| match self.acted(state, other) < acts {
            true => Awaits::Actor(other),
            false => Awaits::Nobody,
        };
        let needs = || act.needs.map_or(Awaits::Nobody, comes);
        let area = self.area(state, act.thing);
        match act.op {
            Op::Block { .. } => Awaits::Nobody,
            Op::Start | Op::Join { .. } | Op::Refused { what: Refusal::Spawn { .. } } => needs(),
            Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => needs(),
            Op::Acquire { mode, .. } => {
                self.blocker(state, act.thing, thread, mode).map_or_else(needs, |holder| self.awaits_thread(holder))
            }
            Op::Wake { by, .. } if by == WakeReason::Notify && !sleepers::may_wake(area, thread) => {
                Awaits::Thing(act.thing)
            }
            Op::Wake { .. } => {
                self.blocker(state, act.lock, thread, act.mode).map_or_else(needs, |holder| self.awaits_thread(holder))
            }
            Op::Send { .. } | Op::Recv { .. } if self.meets(act) => needs(),
            // Without a need: behind others, which somebody else has to take.
            Op::Recv { .. } => match needs() {
                Awaits::Nobody => Awaits::Thing(act.thing),
                awaits => awaits,
            },
            Op::Await { .. } | Op::OnceBegin { .. } if self.kind(act.thing) == ObjectKind::Once => {
                things::runner(area).map_or(Awaits::Thing(act.thing), |runner| self.awaits_thread(runner))
            }
            _ => Awaits::Thing(act.thing),
        }
    }

    fn awaits_thread(&self, thread: ThreadId) -> Awaits {
        self.actor(thread).map_or(Awaits::Nobody, Awaits::Actor)
    }
}

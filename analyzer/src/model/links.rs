//! One pass over the trace that follows messages, notifications, barriers, flags, wait groups and once-initialisers: which
//! event each received from which.

mod barrier;
mod channel;
mod condvar;
mod gate;

use barrier::BarrierIndex;
use gate::Gate;
use lockhound_trace::{EventIndex, ObjectId, Op, Request, Tables};

use crate::by_object::ByObject;
use crate::model::Log;

/// What that pass finds.
#[derive(Debug, Default)]
pub(super) struct Links {
    partners: Partners,
    pub(super) barriers: ByObject<BarrierIndex>,
    /// Sends that gave up because the buffer was full: which event, and a send whose message was in it.
    pub(super) failures: Vec<(u32, u32)>,
}

/// For each event that has one, the event it belongs to. A word an event; those of a trace without links are never touched.
#[derive(Debug, Default)]
struct Partners(Vec<u32>);

impl Partners {
    fn set(&mut self, event: u32, partner: u32) {
        self.0[event as usize] = partner + 1;
    }

    /// Both ways.
    fn pair(&mut self, one: u32, other: u32) {
        self.set(one, other);
        self.set(other, one);
    }

    fn get(&self, event: u32) -> Option<u32> {
        self.0.get(event as usize).copied().unwrap_or(0).checked_sub(1)
    }
}

impl Links {
    /// Takes amortised constant time an event, but time in the waiting threads at condition variables, and in the number of
    /// senders for a send that fails.
    pub(super) fn new(tables: &Tables, log: &Log) -> Self {
        let mut this = Self::default();
        let mut running = Running::default();
        for (EventIndex(event), thread, loc, op) in log.meetings() {
            if this.partners.0.is_empty() {
                this.partners.0 = vec![0; log.len()];
            }
            #[expect(clippy::cast_possible_truncation, reason = "a log counts in 32 bits")]
            let now = Now { event: event as u32, thread, loc, log, tables };
            this.take(&mut running, now, op);
        }
        this
    }

    pub(super) fn partner(&self, event: EventIndex) -> Option<EventIndex> {
        let event = u32::try_from(event.0).ok()?;
        self.partners.get(event).map(|partner| EventIndex(partner.into()))
    }

    fn take(&mut self, running: &mut Running, now: Now<'_>, op: Op) {
        let Self { partners, barriers, failures } = self;
        let Running { channels, condvars, barriers: arrived, gates } = running;
        match op {
            Op::Send { channel, message } => channels.get_or_default(channel).send(now, channel, message, partners),
            Op::Recv { channel, message } => channels.get_or_default(channel).recv(now, channel, message, partners),
            Op::RecvClosed { channel } => channels.get_or_default(channel).find_closed(now, partners),
            Op::Close { channel } => channels.get_or_default(channel).close(now),
            Op::TrySendFailed { channel } => {
                channels.get_or_default(channel).fail_to_send(now, channel, partners, failures);
            }
            Op::Wait { condvar, .. } | Op::Block { on: Request::Wait { condvar, .. } } => {
                condvars.get_or_default(condvar).wait(now);
            }
            Op::Wake { condvar, by, .. } => condvars.get_or_default(condvar).wake(now, by, partners),
            Op::Notify { condvar } => condvars.get_or_default(condvar).notify(now, 1),
            Op::NotifyAll { condvar } => condvars.get_or_default(condvar).notify(now, usize::MAX),
            Op::Arrive { barrier } => {
                let parties = now.parties(barrier);
                arrived.get_or_default(barrier).arrive(now, parties, barriers.get_or_default(barrier));
            }
            Op::Pass { barrier } => {
                arrived.get_or_default(barrier).pass(now, barriers.get_or_default(barrier), partners);
            }
            Op::Set { flag: object } | Op::OnceEnd { once: object } | Op::Done { waitgroup: object, .. } => {
                gates.get_or_default(object).open(now, object);
            }
            Op::Clear { flag: object } | Op::Add { waitgroup: object, .. } => gates.get_or_default(object).shut(),
            Op::Await { object } => gates.get_or_default(object).pass(now, partners),
            _ => {}
        }
    }
}

/// What is under way.
#[derive(Default)]
struct Running {
    channels: ByObject<channel::Running>,
    condvars: ByObject<condvar::Running>,
    barriers: ByObject<barrier::Running>,
    gates: ByObject<Gate>,
}

/// One moment of the pass.
#[derive(Clone, Copy)]
struct Now<'a> {
    event: u32,
    thread: lockhound_trace::ThreadId,
    loc: u32,
    log: &'a Log,
    tables: &'a Tables,
}

impl Now<'_> {
    fn index(self) -> EventIndex {
        EventIndex(self.event.into())
    }

    fn parties(self, barrier: ObjectId) -> Option<u32> {
        match self.tables.object(barrier).kind {
            lockhound_trace::ObjectKind::Barrier { parties } => parties,
            _ => None,
        }
    }

    /// Whether the thread's event before this was the beginning of the same wait.
    fn was_blocked(self) -> bool {
        let before = self.loc.checked_sub(1).filter(|&before| before > 0);
        before.is_some_and(|before| matches!(self.log.op(self.log.at(self.thread, before)), Op::Block { .. }))
    }

    /// When the thread last did anything but begin to wait.
    fn last_step(self) -> Option<EventIndex> {
        let events = (1..self.loc).rev().map(|loc| self.log.at(self.thread, loc));
        events.into_iter().find(|&event| !matches!(self.log.op(event), Op::Block { .. }))
    }
}

//! What every event of the recorded run saw, found out by running it once.

use lockhound_trace::{EventIndex, How, MessageId, ObjectId, Op, Request, Tables, ThreadId, Touched};
use rustc_hash::FxHashMap;

use crate::end::Standing;
use crate::model::{Log, Scope};
use crate::witness::machine::Machine;
use crate::witness::provisions::Provisions;
use crate::witness::seen::Seen;

/// An event with what is needed to execute it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) at: EventIndex,
    pub(super) thread: ThreadId,
    /// Which event of its thread it is, counted from 1.
    pub(super) loc: u32,
    pub(super) op: Op,
}

/// The recorded run. Four bytes an event, besides the log.
#[derive(Debug)]
pub(super) struct Recording<'t> {
    tables: &'t Tables,
    log: &'t Log,
    /// * of what looks at a variable, atomic or the data in a lock: the event that wrote it;
    /// * of a `recv` its `send`, and of a `send` its `recv`;
    /// * of the release (or `wait`) that ends a thread's hold of a lock: the acquire (or `wake`) that began it;
    /// * of what failed to get something: the state of that;
    /// * of the `pass` of a barrier of unknown size: how many had arrived;
    /// * of what concerns nobody but its thread: that.
    seen: Vec<Seen>,
    /// Per thread, the event that created it.
    spawns: Vec<Option<EventIndex>>,
    ended: Vec<bool>,
    provisions: Provisions,
}

impl<'t> Recording<'t> {
    /// Runs the recording. Linear in the events. `standings`: how every thread stands at the end.
    pub(super) fn new(tables: &'t Tables, log: &'t Log, standings: &[Standing]) -> Self {
        let threads = tables.threads().len();
        let ended = |index| matches!(standings.get(index), Some(Standing::Ended));
        let mut recording = Self {
            tables,
            log,
            seen: vec![Seen::ANYTHING; log.len()],
            spawns: vec![None; threads],
            ended: (0..threads).map(ended).collect(),
            provisions: Provisions::new(tables.objects().len()),
        };
        let mut replay = Replay::new(tables, threads);
        for (at, thread, op) in log.iter() {
            replay.step(&mut recording, &Step { at, thread, loc: log.loc(at), op });
        }
        recording.find_inert(&replay.memory);
        recording
    }

    /// Marks the events that no schedule needs to execute. What follows a `block` is none: it may have to wait.
    fn find_inert(&mut self, memory: &[Memory]) {
        let mut blocked = vec![false; self.threads()];
        for ((thread, scope), seen) in self.log.scopes().zip(&mut self.seen) {
            let inert = match scope {
                Scope::Own => true,
                Scope::Memory(object) => !memory[object.index()].is_fought_over(),
                Scope::Block | Scope::Others => false,
            };
            if !std::mem::replace(&mut blocked[thread.index()], scope == Scope::Block) && inert {
                *seen = Seen::INERT;
            }
        }
    }

    /// Whether the event concerns nobody but its thread.
    #[inline]
    pub(super) fn is_inert(&self, at: EventIndex) -> bool {
        self.seen(at) == Seen::INERT
    }

    pub(super) fn tables(&self) -> &'t Tables {
        self.tables
    }

    pub(super) fn log(&self) -> &'t Log {
        self.log
    }

    pub(super) fn threads(&self) -> usize {
        self.spawns.len()
    }

    pub(super) fn contains(&self, at: EventIndex) -> bool {
        at.0 < self.log.len() as u64
    }

    #[inline]
    pub(super) fn step(&self, at: EventIndex) -> Step {
        Step { at, thread: self.log.thread(at), loc: self.log.loc(at), op: self.log.op(at) }
    }

    /// How many events `thread` has.
    pub(super) fn count(&self, thread: ThreadId) -> u32 {
        self.log.count(thread)
    }

    /// The `loc`-th event of `thread`, if it has so many.
    pub(super) fn at(&self, thread: ThreadId, loc: u32) -> Option<EventIndex> {
        (1..=self.count(thread)).contains(&loc).then(|| self.log.at(thread, loc))
    }

    #[inline]
    pub(super) fn seen(&self, at: EventIndex) -> Seen {
        self.seen[index_of(at)]
    }

    pub(super) fn spawn(&self, thread: ThreadId) -> Option<EventIndex> {
        self.spawns[thread.index()]
    }

    /// Whether the thread's last event is the last it would ever have had.
    pub(super) fn ended(&self, thread: ThreadId) -> bool {
        self.ended[thread.index()]
    }

    pub(super) fn provisions(&self) -> &Provisions {
        &self.provisions
    }

    /// Whether, on their channel, the message of `send` was taken while that of `other` was inside.
    pub(super) fn passed(&self, send: EventIndex, other: EventIndex) -> bool {
        let received = |send| self.seen(send).as_event();
        received(send).is_some_and(|at| other < at && received(other).is_none_or(|other| at < other))
    }

    /// What the `wait` that follows its own `block` says of itself.
    pub(super) fn late_wait(&self, block: &Step) -> (Touched, How) {
        match self.at(block.thread, block.loc + 1).map(|at| self.log.op(at)) {
            Some(Op::Wait { touched, how, .. }) => (touched, how),
            _ => (Touched::Unknown, How::Lock),
        }
    }
}

fn index_of(at: EventIndex) -> usize {
    usize::try_from(at.0).expect("an event of this log")
}

/// Who accesses a variable or an atomic.
#[derive(Clone, Copy, Default)]
struct Memory {
    by: Option<ThreadId>,
    shared: bool,
    written: bool,
}

impl Memory {
    fn access(&mut self, thread: ThreadId, writes: bool) {
        self.shared |= *self.by.get_or_insert(thread) != thread;
        self.written |= writes;
    }

    /// Whether one thread can see what another does.
    const fn is_fought_over(self) -> bool {
        self.shared && self.written
    }
}

/// The run itself, and what is open in the middle of it.
struct Replay {
    machine: Machine,
    /// Per thread, its holds.
    holds: Vec<Vec<Hold>>,
    /// Messages with ids that were sent and not received.
    messages: FxHashMap<(ObjectId, MessageId), EventIndex>,
    /// Recorded halves of rendezvous without the other.
    halves: FxHashMap<ObjectId, Vec<EventIndex>>,
    /// Per object; of use for variables and atomics.
    memory: Vec<Memory>,
}

#[derive(Clone, Copy)]
struct Hold {
    lock: ObjectId,
    began: EventIndex,
    looked: bool,
}

impl Replay {
    fn new(tables: &Tables, threads: usize) -> Self {
        Self {
            machine: Machine::new(tables),
            holds: vec![Vec::new(); threads],
            messages: FxHashMap::default(),
            halves: FxHashMap::default(),
            memory: vec![Memory::default(); tables.objects().len()],
        }
    }

    fn step(&mut self, recording: &mut Recording<'_>, step: &Step) {
        self.look(recording, step);
        self.machine.apply(recording, step);
        match step.op {
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } => {
                self.given_back(recording, step, lock, touched);
            }
            Op::Block { on: Request::Wait { lock, .. } } => {
                let (touched, _) = recording.late_wait(step);
                self.given_back(recording, step, lock, touched);
            }
            _ => {}
        }
        recording.provisions.add(step.thread, step.loc, &step.op);
    }

    /// Notes what the event meets, before it takes effect.
    fn look(&mut self, recording: &mut Recording<'_>, step: &Step) {
        match step.op {
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } if !self.machine.holds(lock, step.thread) => {
                recording.seen[index_of(step.at)] = self.machine.sees(recording, step);
                self.holds[step.thread.index()].push(Hold { lock, began: step.at, looked: false });
            }
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                self.memory[object.index()].access(step.thread, matches!(step.op, Op::Rmw { .. }));
                recording.seen[index_of(step.at)] = self.machine.sees(recording, step);
            }
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } => {
                self.memory[object.index()].access(step.thread, true);
            }
            Op::TryFailed { .. } | Op::TryJoinFailed { .. } | Op::TrySendFailed { .. } | Op::TryRecvFailed { .. } => {
                let sees = self.machine.sees(recording, step);
                // Where nothing stood in the way, it failed for a reason of its own, as it may again.
                if sees != Seen::NOTHING && !ran_out_of_time(recording, step) {
                    recording.seen[index_of(step.at)] = sees;
                }
            }
            Op::Send { channel, .. } | Op::Recv { channel, .. } if self.machine.is_rendezvous(channel) => {
                self.meet(recording, step, channel);
            }
            Op::Send { channel, message: Some(message) } => {
                self.messages.insert((channel, message), step.at);
            }
            Op::Recv { channel, message } => {
                let send = match message {
                    Some(message) => self.messages.remove(&(channel, message)),
                    None => self.machine.next_message(channel),
                };
                pair(recording, send, step.at);
            }
            Op::Pass { barrier } => {
                recording.seen[index_of(step.at)] = Seen::state(self.machine.gathered(barrier, step.thread));
            }
            Op::Spawn { child } => {
                recording.spawns[child.index()].get_or_insert(step.at);
            }
            Op::Join { child } => recording.ended[child.index()] = true,
            _ => {}
        }
    }

    /// Part of a hold has ended, or all of it.
    fn given_back(&mut self, recording: &mut Recording<'_>, step: &Step, lock: ObjectId, touched: Touched) {
        let holds = &mut self.holds[step.thread.index()];
        let Some(position) = holds.iter().rposition(|hold| hold.lock == lock) else { return };
        holds[position].looked |= touched.looks() || touched == Touched::Blind;
        if !self.machine.holds(lock, step.thread) {
            let hold = holds.remove(position);
            recording.seen[index_of(step.at)] = Seen::event(hold.began);
            if !hold.looked {
                recording.seen[index_of(hold.began)] = Seen::ANYTHING;
            }
        }
    }

    /// Finds the other half of a rendezvous, if it was recorded before: its thread has waited since for this very event.
    fn meet(&mut self, recording: &mut Recording<'_>, step: &Step, channel: ObjectId) {
        let before = |loc| recording.at(step.thread, loc).map(|at| recording.step(at));
        let last = match before(step.loc - 1) {
            Some(Step { op: Op::Block { .. }, .. }) => before(step.loc - 2),
            other => other,
        };
        let since = last.map(|last| last.at).or(recording.spawn(step.thread));
        let halves = self.halves.entry(channel).or_default();
        let fits = |&half: &EventIndex| {
            let half = recording.step(half);
            let matches = match (half.op, step.op) {
                (Op::Send { message: sent, .. }, Op::Recv { message: received, .. })
                | (Op::Recv { message: received, .. }, Op::Send { message: sent, .. }) => sent == received,
                _ => false,
            };
            matches && half.thread != step.thread && since.is_none_or(|since| since < half.at)
        };
        match halves.iter().position(fits) {
            Some(position) => {
                let half = halves.remove(position);
                pair(recording, Some(half), step.at);
            }
            None => halves.push(step.at),
        }
    }
}

fn pair(recording: &mut Recording<'_>, one: Option<EventIndex>, other: EventIndex) {
    if let Some(one) = one {
        recording.seen[index_of(one)] = Seen::event(other);
        recording.seen[index_of(other)] = Seen::event(one);
    } else {
        recording.seen[index_of(other)] = Seen::NOTHING;
    }
}

/// Whether a request that gave up had been ready to wait for some time.
fn ran_out_of_time(recording: &Recording<'_>, step: &Step) -> bool {
    let before = recording.at(step.thread, step.loc - 1).map(|at| recording.step(at).op);
    let Some(Op::Block { on: Request::Acquire { how, .. } | Request::AcquirePermits { how, .. } }) = before else {
        return false;
    };
    how != How::Try
}

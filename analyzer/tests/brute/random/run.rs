//! Running random programs, by a random scheduler.

use lockhound_trace::{Event, How, MessageId, ObjectId, ObjectKind, Op, SiteId, Tables, ThreadId, Value, WakeReason};

use super::super::dice::Dice;
use super::super::recording::Recording;
use super::super::semantics::World;
use super::profile::Profile;
use super::program::{Program, programs};
use super::wish::{Line, Wish};

/// The most events of a trace that everything is tried on.
const LARGEST: usize = 26;

/// A trace of at most `LARGEST` events; the same for the same dice.
pub(crate) fn recording(profile: Profile, dice: &mut Dice) -> Recording {
    loop {
        if let Some(recording) = Simulation::new(profile, dice).run() {
            return recording;
        }
    }
}

struct Simulated {
    program: Vec<Line>,
    next: usize,
    begun: bool,
    /// It said that it has to wait.
    told: bool,
    /// What it read last.
    read: i64,
}

impl Simulated {
    fn new(program: Program) -> Self {
        Self { program: program.lines, next: 0, begun: !program.spawned, told: false, read: 0 }
    }
}

struct Simulation<'d> {
    dice: &'d mut Dice,
    tables: Tables,
    world: World,
    threads: Vec<Simulated>,
    events: Vec<Event>,
    values: Vec<i64>,
    messages: u64,
}

impl<'d> Simulation<'d> {
    fn new(profile: Profile, dice: &'d mut Dice) -> Self {
        let (tables, programs) = programs(profile, LARGEST - 2, dice);
        Self {
            dice,
            world: World::new(&tables),
            threads: programs.into_iter().map(Simulated::new).collect(),
            events: Vec::new(),
            values: vec![0; tables.objects().len()],
            messages: 0,
            tables,
        }
    }

    /// None if it became too long, or ended where a program that passes its tests does not.
    fn run(mut self) -> Option<Recording> {
        let mut current = 0;
        let mut idle = 0;
        while idle < 60 {
            if self.events.len() > LARGEST {
                return None;
            }
            if self.dice.chance(30) || !self.goes_on(current) {
                current = self.dice.range(0, self.threads.len() - 1);
            }
            if self.goes_on(current) && self.step(current) { idle = 0 } else { idle += 1 }
        }
        let hangs = (0..self.threads.len()).any(|thread| self.goes_on(thread));
        if self.events.len() < 6 || hangs && (!self.dice.chance(15) || !self.tell_what_hangs()) {
            return None;
        }
        Some(Recording::new(self.tables, self.events))
    }

    fn goes_on(&self, thread: usize) -> bool {
        let thread = &self.threads[thread];
        thread.begun && thread.next < thread.program.len()
    }

    fn wish(&self, thread: usize) -> Option<Line> {
        self.goes_on(thread).then(|| self.threads[thread].program[self.threads[thread].next])
    }

    /// Tries to carry out the next wish; whether anything happened.
    fn step(&mut self, thread: usize) -> bool {
        let (wish, site) = self.wish(thread).expect("it goes on");
        let id = ThreadId::from_index(thread);
        if let Wish::Send(channel, How::Lock) | Wish::Recv(channel, How::Lock) = wish
            && self.is_rendezvous(channel)
        {
            return self.meet(thread, channel, matches!(wish, Wish::Send(..)));
        }
        let Some(op) = self.outcome(thread, wish) else { return self.maybe_tell(thread) };
        if let Op::Join { child } = op
            && (self.goes_on(child.index()) || !self.threads[child.index()].begun)
        {
            return self.maybe_tell(thread);
        }
        let worlds = self.world.after(id, op, self.events.len(), &[]);
        if worlds.is_empty() {
            return self.maybe_tell(thread);
        }
        self.world = self.dice.pick(&worlds);
        let op = self.with_value(thread, op);
        self.record(thread, op, site);
        self.threads[thread].next += 1;
        match op {
            Op::Spawn { child } => self.threads[child.index()].begun = true,
            Op::OnceBegin { once } => self.follow(thread, Op::OnceEnd { once }, site),
            Op::Arrive { barrier } => self.follow(thread, Op::Pass { barrier }, site),
            _ => {}
        }
        true
    }

    /// Has the thread do something next that it had not planned.
    fn follow(&mut self, thread: usize, op: Op, site: SiteId) {
        let next = self.threads[thread].next;
        self.threads[thread].program.insert(next, (Wish::Do(op), site));
    }

    fn record(&mut self, thread: usize, op: Op, site: SiteId) {
        self.threads[thread].told = false;
        self.events.push(Event { site: Some(site), ..Event::new(ThreadId::from_index(thread), op) });
    }

    /// The operation as which the wish is recorded, if it comes true now.
    fn outcome(&mut self, thread: usize, wish: Wish) -> Option<Op> {
        let id = ThreadId::from_index(thread);
        match wish {
            Wish::Do(Op::Send { .. }) => unreachable!("a wish of its own"),
            Wish::Do(op) => Some(op),
            Wish::Increment(var) => Some(Op::Write { var, value: None }),
            Wish::Lock(lock, mode, how) => {
                let free = self.world.blockers(lock, id, mode).is_empty();
                let gives_up = how == How::Try || how == How::Timed && self.threads[thread].told;
                match (free, gives_up) {
                    (true, _) => Some(Op::Acquire { lock, mode, how }),
                    (false, true) => Some(Op::TryFailed { object: lock, mode }),
                    (false, false) => None,
                }
            }
            Wish::Wake { condvar, lock, how } => {
                let (_, notified) = self.world.waits(condvar, id).expect("it waits");
                let by = match (notified, how) {
                    (true, _) => WakeReason::Notify,
                    (false, How::Timed) if self.dice.chance(20) => WakeReason::Timeout,
                    (false, _) if self.dice.chance(2) => WakeReason::Spurious,
                    (false, _) => return None,
                };
                Some(Op::Wake { condvar, lock, by })
            }
            Wish::Send(channel, how) => {
                if self.world.is_closed(channel) {
                    return Some(Op::TrySendFailed { channel });
                }
                match (self.world.is_full(channel), how) {
                    (true, How::Lock) => None,
                    (true, _) => Some(Op::TrySendFailed { channel }),
                    (false, _) => {
                        self.messages += 1;
                        Some(Op::Send { channel, message: Some(MessageId(self.messages)) })
                    }
                }
            }
            Wish::Recv(channel, how) => match self.world.next(channel) {
                Some(message) => Some(Op::Recv { channel, message }),
                None if self.world.is_closed(channel) => Some(Op::RecvClosed { channel }),
                None if how != How::Lock => Some(Op::TryRecvFailed { channel }),
                None => None,
            },
            Wish::RunOnce(once) => {
                let begin = Op::OnceBegin { once };
                let untouched = !self.world.after(id, begin, 0, &[]).is_empty();
                Some(if untouched { begin } else { Op::Await { object: once } })
            }
        }
    }

    fn is_rendezvous(&self, channel: ObjectId) -> bool {
        self.tables.object(channel).kind.is_rendezvous()
    }

    /// Both halves of a rendezvous, in either order, if somebody is at the other end.
    fn meet(&mut self, thread: usize, channel: ObjectId, sends: bool) -> bool {
        if self.world.is_closed(channel) {
            let op = if sends { Op::TrySendFailed { channel } } else { Op::RecvClosed { channel } };
            let (_, site) = self.wish(thread).expect("it goes on");
            self.record(thread, op, site);
            self.threads[thread].next += 1;
            return true;
        }
        let other_end = if sends { Wish::Recv(channel, How::Lock) } else { Wish::Send(channel, How::Lock) };
        let partners: Vec<_> = (0..self.threads.len())
            .filter(|&other| other != thread && self.wish(other).is_some_and(|(wish, _)| wish == other_end))
            .collect();
        if partners.is_empty() {
            return self.maybe_tell(thread);
        }
        let partner = self.dice.pick(&partners);
        self.messages += 1;
        let message = Some(MessageId(self.messages));
        let mut halves = [(thread, sends), (partner, !sends)];
        if self.dice.chance(50) {
            halves.reverse();
        }
        for (thread, sends) in halves {
            let (_, site) = self.wish(thread).expect("it goes on");
            let op = if sends { Op::Send { channel, message } } else { Op::Recv { channel, message } };
            self.record(thread, op, site);
            self.threads[thread].next += 1;
        }
        true
    }

    fn with_value(&mut self, thread: usize, op: Op) -> Op {
        let increments = matches!(self.wish(thread), Some((Wish::Increment(_), _)));
        match op {
            Op::Read { var, .. } => {
                self.threads[thread].read = self.values[var.index()];
                Op::Read { var, value: Some(Value::Int(self.values[var.index()])) }
            }
            Op::Write { var, .. } => {
                let any = i64::try_from(self.dice.range(50, 90)).expect("small");
                let value = if increments { self.threads[thread].read + 1 } else { any };
                self.values[var.index()] = value;
                Op::Write { var, value: Some(Value::Int(value)) }
            }
            op => op,
        }
    }

    /// A thread that has to wait may say so, once.
    fn maybe_tell(&mut self, thread: usize) -> bool {
        let timed = matches!(self.wish(thread), Some((Wish::Lock(_, _, How::Timed), _)));
        if self.threads[thread].told || !timed && !self.dice.chance(8) {
            return false;
        }
        self.tell(thread)
    }

    fn tell(&mut self, thread: usize) -> bool {
        let Some((wish, site)) = self.wish(thread) else { return false };
        let Some(on) = wish.request() else { return false };
        self.record(thread, Op::Block { on }, site);
        self.threads[thread].told = true;
        true
    }

    /// Records the requests with which a run that hangs ends; whether all of them can be recorded.
    fn tell_what_hangs(&mut self) -> bool {
        (0..self.threads.len()).all(|thread| !self.goes_on(thread) || self.threads[thread].told || self.tell(thread))
    }
}

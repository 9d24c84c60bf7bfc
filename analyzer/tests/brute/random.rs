//! Random small traces: random programs, run by a random scheduler on the same objects that judge them later, so that what is
//! recorded is possible by construction.

use std::ops::Range;

use lockhound_trace::{
    Event, How, MessageId, Mode, ObjectId, ObjectKind, Op, Order, Policy, Request, SiteId, Tables, ThreadId, Touched,
    Value, WakeReason,
};

use super::dice::Dice;
use super::recording::Recording;
use super::semantics::World;

/// The seeds of the traces of each profile that a test tries: some, or 2,500 others for each night, by the number that
/// `LOCKHOUND_NIGHTLY` gives it (22,500 traces in all).
pub(crate) fn seeds() -> Range<u64> {
    const NIGHTLY: u64 = 2_500;
    match std::env::var("LOCKHOUND_NIGHTLY") {
        Ok(night) => {
            let first = night.parse::<u64>().expect("LOCKHOUND_NIGHTLY is a number") * NIGHTLY;
            first..first + NIGHTLY
        }
        Err(_) => 0..40,
    }
}

/// What programs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Profile {
    /// Mutexes and variables.
    Locks,
    /// The same, with threads that spawn and join one another.
    Joins,
    /// The same, with data inside the mutexes.
    Touched,
    /// Read/write locks of both policies, recursive reads.
    RwLocks,
    /// Channels of every capacity, with and without ends.
    Channels,
    /// Condition variables.
    Condvars,
    /// Barriers, semaphores, wait groups, flags, once-initialisers.
    Counters,
    /// Whole operations on shared counters: locked or not, in one piece or in two, in regions or not.
    Operations,
    /// All of it.
    Everything,
}

impl Profile {
    pub(crate) const ALL: [Self; 9] = [
        Self::Locks,
        Self::Joins,
        Self::Touched,
        Self::RwLocks,
        Self::Channels,
        Self::Condvars,
        Self::Counters,
        Self::Operations,
        Self::Everything,
    ];

    /// Which pieces its programs are made of, and how often.
    fn pieces(self) -> Vec<(u32, Piece)> {
        use Piece::{
            Access, Atomic, Barrier, Channel, Condvar, Flag, Once, Operation, Region, RwSection, Section, Semaphore,
            Waitgroup,
        };
        match self {
            Self::Locks | Self::Joins => vec![(5, Section), (4, Access)],
            Self::Touched => vec![(6, Section), (2, Access), (1, Atomic)],
            Self::RwLocks => vec![(5, RwSection), (2, Section), (2, Access)],
            Self::Channels => vec![(5, Channel), (3, Section), (1, Access)],
            Self::Condvars => vec![(5, Condvar), (3, Section), (1, Access)],
            Self::Counters => {
                vec![(2, Barrier), (2, Semaphore), (2, Waitgroup), (2, Flag), (1, Once), (2, Section), (1, Access)]
            }
            Self::Operations => vec![(8, Operation), (1, Region), (1, Access)],
            Self::Everything => vec![
                (4, Section),
                (2, RwSection),
                (3, Channel),
                (2, Condvar),
                (1, Barrier),
                (1, Semaphore),
                (1, Waitgroup),
                (1, Flag),
                (1, Once),
                (2, Access),
                (1, Atomic),
                (1, Operation),
                (1, Region),
            ],
        }
    }

    fn spawns(self) -> u32 {
        match self {
            Self::Joins => 100,
            Self::Locks => 0,
            _ => 30,
        }
    }

    /// How often, of a hundred, a mutex protects data of its own.
    fn data_in_locks(self) -> u32 {
        match self {
            Self::Locks | Self::Joins | Self::Operations => 0,
            Self::Touched => 100,
            _ => 40,
        }
    }

    /// How often, of a hundred, something rare happens: a leaked lock, a request that does not wait for ever.
    fn oddities(self) -> u32 {
        match self {
            Self::Locks | Self::Joins | Self::Operations => 0,
            _ => 6,
        }
    }
}

/// A piece of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece {
    Access,
    Atomic,
    Section,
    RwSection,
    Channel,
    Condvar,
    Barrier,
    Semaphore,
    Waitgroup,
    Flag,
    Once,
    Operation,
    Region,
}

/// What a thread wants to do next; what comes of it is up to the objects.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Wish {
    /// An operation whose outcome is certain once it is possible.
    Do(Op),
    Lock(ObjectId, Mode, How),
    Wake {
        condvar: ObjectId,
        lock: ObjectId,
        how: How,
    },
    Send(ObjectId, How),
    Recv(ObjectId, How),
    RunOnce(ObjectId),
    /// A write of what was read last, and one more.
    Increment(ObjectId),
}

/// A wish and its place in the source.
type Line = (Wish, SiteId);

struct Simulated {
    program: Vec<Line>,
    next: usize,
    begun: bool,
    /// It said that it has to wait.
    told: bool,
    /// What it read last.
    read: i64,
}

struct Simulation<'d> {
    dice: &'d mut Dice,
    profile: Profile,
    tables: Tables,
    world: World,
    threads: Vec<Simulated>,
    /// What threads have to do so that others need not wait for ever, mostly.
    owed: Vec<(usize, Wish)>,
    events: Vec<Event>,
    values: Vec<i64>,
    messages: u64,
}

/// A trace of at most `LARGEST` events; the same for the same dice.
pub(crate) fn recording(profile: Profile, dice: &mut Dice) -> Recording {
    loop {
        if let Some(recording) = Simulation::new(profile, dice).run() {
            return recording;
        }
    }
}

/// The most events of a trace that everything is tried on.
const LARGEST: usize = 26;

impl<'d> Simulation<'d> {
    fn new(profile: Profile, dice: &'d mut Dice) -> Self {
        let mut tables = Tables::default();
        for thread in 0..dice.pick(&[2, 2, 3, 3, 3, 4]) {
            tables.thread_named(&format!("T{thread}"));
        }
        let mut simulation = Self {
            world: World::new(&tables),
            tables,
            dice,
            profile,
            threads: Vec::new(),
            owed: Vec::new(),
            events: Vec::new(),
            values: Vec::new(),
            messages: 0,
        };
        simulation.write_programs();
        simulation.world = World::new(&simulation.tables);
        simulation.values = vec![0; simulation.tables.objects().len()];
        simulation
    }

    // Programs.

    fn write_programs(&mut self) {
        let count = self.tables.threads().len();
        let size = self.dice.range(8, LARGEST - 2) / count;
        let spawned = self.dice.chance(self.profile.spawns());
        for thread in 0..count {
            let mut program = Vec::new();
            while program.len() < size {
                let piece = self.piece(0, thread);
                program.extend(piece);
            }
            self.threads.push(Simulated { program, next: 0, begun: !spawned || thread == 0, told: false, read: 0 });
        }
        for (thread, wish) in std::mem::take(&mut self.owed) {
            let length = self.threads[thread].program.len();
            let position = self.dice.range(0, length);
            self.insert(thread, position, wish);
        }
        if spawned {
            (1..count).for_each(|child| self.hang_in(ThreadId::from_index(child)));
        }
    }

    /// Has some earlier thread spawn `child`, and perhaps join it, anywhere.
    fn hang_in(&mut self, child: ThreadId) {
        let parent = self.dice.range(0, child.index() - 1);
        let length = self.threads[parent].program.len();
        let spawn = if self.dice.chance(60) { 0 } else { self.dice.range(0, length) };
        let joined = self.dice.chance(75).then(|| self.dice.range(spawn, length));
        if let Some(join) = joined {
            self.insert(parent, join, Wish::Do(Op::Join { child }));
        }
        self.insert(parent, spawn, Wish::Do(Op::Spawn { child }));
    }

    /// Nothing comes between a wait and its end.
    fn insert(&mut self, thread: usize, position: usize, wish: Wish) {
        let site = self.site(thread);
        let program = &mut self.threads[thread].program;
        let ends_wait = |line: &Line| matches!(line.0, Wish::Wake { .. });
        let behind = position + usize::from(program.get(position).is_some_and(ends_wait));
        program.insert(behind, (wish, site));
    }

    fn site(&mut self, thread: usize) -> SiteId {
        let line = 10 + self.tables.objects().len() + self.dice.range(0, 1_000_000);
        self.tables.intern_site(&format!("t{thread}.rs:{line}:1"))
    }

    fn object(&mut self, name: &str, kind: ObjectKind) -> ObjectId {
        self.tables.object_named(name, kind)
    }

    fn any_var(&mut self) -> ObjectId {
        let name = self.dice.pick(&["x", "x", "y"]);
        self.object(name, ObjectKind::Var)
    }

    fn any_mutex(&mut self) -> ObjectId {
        let name = self.dice.pick(&["a", "a", "b", "b", "c"]);
        let reentrant = name == "c" && self.profile.oddities() > 0;
        self.object(name, ObjectKind::Mutex { reentrant })
    }

    fn lines(&mut self, thread: usize, wishes: impl IntoIterator<Item = Wish>) -> Vec<Line> {
        wishes.into_iter().map(|wish| (wish, self.site(thread))).collect()
    }

    fn piece(&mut self, depth: u32, thread: usize) -> Vec<Line> {
        let piece = self.dice.weighted(&self.profile.pieces());
        let wishes = match piece {
            Piece::Access => vec![self.access()],
            Piece::Atomic => vec![self.atomic()],
            Piece::Section if depth < 3 => return self.section(depth, thread, false),
            Piece::RwSection if depth < 3 => return self.section(depth, thread, true),
            Piece::Section | Piece::RwSection => vec![self.access()],
            Piece::Channel => vec![self.message(thread)],
            Piece::Condvar => return self.condvar(thread),
            Piece::Barrier => {
                let barrier = self.object("bar", ObjectKind::Barrier { parties: Some(2) });
                self.owes(thread, Wish::Do(Op::Arrive { barrier }));
                vec![Wish::Do(Op::Arrive { barrier })]
            }
            Piece::Semaphore => return self.permits(depth, thread),
            Piece::Waitgroup => vec![self.waitgroup(thread)],
            Piece::Flag => vec![self.flag(thread)],
            Piece::Once => vec![Wish::RunOnce(self.object("once", ObjectKind::Once))],
            Piece::Operation => return self.operation(thread),
            Piece::Region => {
                let (x, y) = (self.access(), self.access());
                vec![Wish::Do(Op::Begin { name: None }), x, y, Wish::Do(Op::End { name: None })]
            }
        };
        self.lines(thread, wishes)
    }

    fn access(&mut self) -> Wish {
        let var = self.any_var();
        Wish::Do(if self.dice.chance(50) { Op::Read { var, value: None } } else { Op::Write { var, value: None } })
    }

    fn atomic(&mut self) -> Wish {
        let atomic = self.object("atom", ObjectKind::Atomic);
        let order = Order::SeqCst;
        Wish::Do(match self.dice.range(0, 3) {
            0 => Op::Load { atomic, order, value: None, failed_cas: false },
            1 => Op::Store { atomic, order, value: None },
            2 => Op::Rmw { atomic, order, value: None, cas: true },
            _ => Op::Rmw { atomic, order, value: None, cas: false },
        })
    }

    /// A section of a lock around whatever; the lock may be given back too late, or never.
    fn section(&mut self, depth: u32, thread: usize, read_write: bool) -> Vec<Line> {
        let lock = if read_write {
            let policy = self.dice.pick(&[("rw", Policy::Writer), ("rr", Policy::Reader)]);
            self.object(policy.0, ObjectKind::RwLock { policy: policy.1 })
        } else {
            self.any_mutex()
        };
        let mode = if read_write && self.dice.chance(65) { Mode::Read } else { Mode::Write };
        let how = self.how();
        let touched = self.touched(mode);
        let mut lines = self.lines(thread, [Wish::Lock(lock, mode, how)]);
        for _ in 0..self.dice.pick(&[0, 1, 1, 2]) {
            let piece = self.piece(depth + 1, thread);
            lines.extend(piece);
        }
        if !self.dice.chance(self.profile.oddities() / 2) {
            let release = self.lines(thread, [Wish::Do(Op::Release { lock, mode, touched })]);
            // Hand over hand: before the last step of what is inside.
            let early = usize::from(lines.len() > 1 && self.dice.chance(10));
            let position = lines.len() - early;
            lines.splice(position..position, release);
        }
        lines
    }

    fn how(&mut self) -> How {
        if self.dice.chance(self.profile.oddities()) { self.dice.pick(&[How::Try, How::Timed]) } else { How::Lock }
    }

    fn touched(&mut self, mode: Mode) -> Touched {
        if !self.dice.chance(self.profile.data_in_locks()) {
            return Touched::None;
        }
        match mode {
            Mode::Read => Touched::Read,
            _ => self.dice.pick(&[Touched::Read, Touched::Write, Touched::Write, Touched::Blind, Touched::Unknown]),
        }
    }

    /// Mostly, some other thread does its part, somewhere.
    fn owes(&mut self, thread: usize, wish: Wish) {
        let others: Vec<_> = (0..self.tables.threads().len()).filter(|&other| other != thread).collect();
        if self.dice.chance(80) {
            let other = self.dice.pick(&others);
            self.owed.push((other, wish));
        }
    }

    fn message(&mut self, thread: usize) -> Wish {
        let (name, capacity) = self.dice.pick(&[("c0", Some(0)), ("c1", Some(1)), ("c2", Some(2)), ("cu", None)]);
        let channel = self.object(name, ObjectKind::Channel { capacity });
        let how = self.how();
        match self.dice.range(0, 9) {
            0 => Wish::Do(Op::Close { channel }),
            1..=4 => {
                self.owes(thread, Wish::Send(channel, How::Lock));
                Wish::Recv(channel, how)
            }
            _ => {
                self.owes(thread, Wish::Recv(channel, How::Lock));
                Wish::Send(channel, how)
            }
        }
    }

    /// A wait, mostly inside its lock's section, or a notification, inside or outside.
    fn condvar(&mut self, thread: usize) -> Vec<Line> {
        let condvar = self.object("cv", ObjectKind::Condvar);
        let lock = self.object("m", ObjectKind::Mutex { reentrant: false });
        let touched = [self.touched(Mode::Write), self.touched(Mode::Write)];
        let take = Wish::Lock(lock, Mode::Write, How::Lock);
        let give = Wish::Do(Op::Release { lock, mode: Mode::Write, touched: touched[0] });
        let wishes = if self.dice.chance(45) {
            let how = if self.dice.chance(10) { How::Timed } else { How::Lock };
            let wait = Wish::Do(Op::Wait { condvar, lock, touched: touched[1], how });
            self.owes(thread, Wish::Do(Op::NotifyAll { condvar }));
            vec![take, wait, Wish::Wake { condvar, lock, how }, give]
        } else {
            let all = self.dice.chance(30);
            let notify = Wish::Do(if all { Op::NotifyAll { condvar } } else { Op::Notify { condvar } });
            match self.dice.range(0, 2) {
                0 => vec![notify],
                1 => vec![take, notify, give],
                _ => vec![take, give, notify],
            }
        };
        self.lines(thread, wishes)
    }

    fn permits(&mut self, depth: u32, thread: usize) -> Vec<Line> {
        let semaphore = self.object("sem", ObjectKind::Semaphore { permits: 1, bound: None });
        let (take, give) =
            (Op::AcquirePermits { semaphore, n: 1, how: How::Lock }, Op::ReleasePermits { semaphore, n: 1 });
        let mut lines = match self.dice.range(0, 3) {
            0 => return self.lines(thread, [Wish::Do(give)]),
            1 => {
                self.owes(thread, Wish::Do(give));
                return self.lines(thread, [Wish::Do(take)]);
            }
            _ => self.lines(thread, [Wish::Do(take)]),
        };
        if depth < 2 {
            lines.extend(self.piece(depth + 1, thread));
        }
        lines.extend(self.lines(thread, [Wish::Do(give)]));
        lines
    }

    fn waitgroup(&mut self, thread: usize) -> Wish {
        let waitgroup = self.object("wg", ObjectKind::Waitgroup { count: 0 });
        let done = Wish::Do(Op::Done { waitgroup, n: 1 });
        Wish::Do(match self.dice.range(0, 3) {
            0 | 1 => {
                self.owes(thread, done);
                Op::Add { waitgroup, n: 1 }
            }
            _ => Op::Await { object: waitgroup },
        })
    }

    fn flag(&mut self, thread: usize) -> Wish {
        let flag = self.object("flag", ObjectKind::Flag { set: false });
        Wish::Do(match self.dice.range(0, 4) {
            0 => Op::Clear { flag },
            1 | 2 => Op::Set { flag },
            _ => {
                self.owes(thread, Wish::Do(Op::Set { flag }));
                Op::Await { object: flag }
            }
        })
    }

    /// What programs do to a shared counter.
    fn operation(&mut self, thread: usize) -> Vec<Line> {
        let var = self.any_var();
        let lock = self.object("l", ObjectKind::Mutex { reentrant: false });
        let outer = self.object("o", ObjectKind::Mutex { reentrant: false });
        let take = |lock| Wish::Lock(lock, Mode::Write, How::Lock);
        let give = |lock| Wish::Do(Op::Release { lock, mode: Mode::Write, touched: Touched::None });
        let read = Wish::Do(Op::Read { var, value: None });
        let write = Wish::Do(Op::Write { var, value: None });
        let increment = Wish::Increment(var);
        let split = [take(lock), read, give(lock), take(lock), increment, give(lock)];
        let wishes = match self.dice.range(0, 10) {
            0 => vec![take(lock), read, increment, give(lock)],
            1..=3 => split.to_vec(),
            4 => vec![take(lock), write, give(lock)],
            5 => vec![take(lock), read, give(lock)],
            6 => vec![read, increment],
            7 => [&[take(outer)], &split[..], &[give(outer)]].concat(),
            8 => vec![take(lock), read, give(lock), take(lock), read, increment, give(lock)],
            9 => {
                let (begin, end) = (Wish::Do(Op::Begin { name: None }), Wish::Do(Op::End { name: None }));
                [&[begin], &split[..], &[end]].concat()
            }
            _ => return self.update(thread, var, lock),
        };
        self.on_one_line(thread, wishes)
    }

    /// One call that reads and writes, each in a section of its own.
    fn update(&mut self, thread: usize, var: ObjectId, lock: ObjectId) -> Vec<Line> {
        let site = self.site(thread);
        let read = Wish::Do(Op::Read { var, value: None });
        let section = |wish| {
            [
                (Wish::Lock(lock, Mode::Write, How::Lock), site),
                (wish, site),
                (Wish::Do(Op::Release { lock, mode: Mode::Write, touched: Touched::None }), site),
            ]
        };
        if self.dice.chance(50) {
            return vec![(read, site), (Wish::Increment(var), site)];
        }
        [section(read), section(Wish::Increment(var))].concat()
    }

    /// Different places of one line, so that what is written counts as derived from what was read.
    fn on_one_line(&mut self, thread: usize, wishes: Vec<Wish>) -> Vec<Line> {
        let line = self.dice.range(1, 1_000_000);
        let site = |column: usize| format!("t{thread}.rs:{line}:{}", column + 1);
        wishes.into_iter().enumerate().map(|(column, wish)| (wish, self.tables.intern_site(&site(column)))).collect()
    }

    // The run.

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
            Wish::Recv(channel, how) => match self.world.oldest(channel) {
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
        matches!(self.tables.object(channel).kind, ObjectKind::Channel { capacity: Some(0) })
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
        let Some(on) = request(wish) else { return false };
        self.record(thread, Op::Block { on }, site);
        self.threads[thread].told = true;
        true
    }

    /// Records the requests with which a run that hangs ends; whether all of them can be recorded.
    fn tell_what_hangs(&mut self) -> bool {
        (0..self.threads.len()).all(|thread| !self.goes_on(thread) || self.threads[thread].told || self.tell(thread))
    }
}

fn request(wish: Wish) -> Option<Request> {
    Some(match wish {
        Wish::Lock(lock, mode, how) => Request::Acquire { lock, mode, how },
        Wish::Send(channel, How::Lock) => Request::Send { channel },
        Wish::Recv(channel, How::Lock) => Request::Recv { channel },
        Wish::Do(Op::AcquirePermits { semaphore, n, how }) => Request::AcquirePermits { semaphore, n, how },
        Wish::Do(Op::Join { child }) => Request::Join { child },
        Wish::Do(Op::Pass { barrier }) => Request::Pass { barrier },
        Wish::Do(Op::Await { object }) => Request::Await { object },
        _ => return None,
    })
}

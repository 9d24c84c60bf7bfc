//! Random programs: what each thread wants to do, written before anything runs.

use lockhound_trace::{
    ChannelOrder, How, Mode, ObjectId, ObjectKind, Op, Order, Policy, SiteId, Tables, ThreadId, Touched,
};

use super::super::dice::Dice;
use super::profile::{Piece, Profile};
use super::wish::{Line, Wish};

/// What one thread does.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) lines: Vec<Line>,
    /// Whether some other program spawns the thread.
    pub(super) spawned: bool,
}

/// Programs of at most `length` lines in all, more or less, and what they work on.
pub(super) fn programs(profile: Profile, length: usize, dice: &mut Dice) -> (Tables, Vec<Program>) {
    let mut tables = Tables::default();
    for thread in 0..dice.pick(&[2, 2, 3, 3, 3, 4]) {
        tables.thread_named(&format!("T{thread}"));
    }
    let mut writer = Writer { dice, profile, tables, programs: Vec::new(), owed: Vec::new() };
    writer.write(length);
    (writer.tables, writer.programs)
}

struct Writer<'d> {
    dice: &'d mut Dice,
    profile: Profile,
    tables: Tables,
    programs: Vec<Program>,
    /// What threads have to do so that others need not wait for ever, mostly.
    owed: Vec<(usize, Wish)>,
}

impl Writer<'_> {
    fn write(&mut self, length: usize) {
        let count = self.tables.threads().len();
        let size = self.dice.range(8, length) / count;
        let spawned = self.dice.chance(self.profile.spawns());
        for thread in 0..count {
            let mut lines = Vec::new();
            while lines.len() < size {
                let piece = self.piece(0, thread);
                lines.extend(piece);
            }
            self.programs.push(Program { lines, spawned: spawned && thread > 0 });
        }
        for (thread, wish) in std::mem::take(&mut self.owed) {
            let length = self.programs[thread].lines.len();
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
        let length = self.programs[parent].lines.len();
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
        let program = &mut self.programs[thread].lines;
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
        let (name, capacity, order) = self.dice.pick(&[
            ("c0", Some(0), ChannelOrder::Fifo),
            ("c1", Some(1), ChannelOrder::Fifo),
            ("c2", Some(2), ChannelOrder::Fifo),
            ("cu", None, ChannelOrder::Fifo),
            ("s2", Some(2), ChannelOrder::Lifo),
            ("pu", None, ChannelOrder::Any),
        ]);
        let channel = self.object(name, ObjectKind::Channel { capacity, order });
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
}

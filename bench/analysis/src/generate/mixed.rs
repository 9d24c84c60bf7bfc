//! Threads that use every kind of object: critical sections of mutexes and read/write locks, permits, messages, conditions,
//! flags, barriers, atomics, and regions that are declared atomic. Nobody waits in vain.

use std::collections::VecDeque;

use fastrand::Rng;
use lockhound_trace::{
    ChannelOrder, Event, How, MessageId, Mode, ObjectId, ObjectKind, Op, Order, Policy, SiteId, Tables, ThreadId,
    Touched, WakeReason,
};

use super::{Emit, Size};

/// Objects of each kind.
const EACH: usize = 16;
/// Data of its own that each thread has.
const OWN: usize = 50;
const CAPACITY: usize = 8;
const PERMITS: u32 = 4;
/// Guarded data are accessed without the lock once in so many times.
const CARELESS: u32 = 2_000;
/// Inner mutexes have a higher number than outer ones, except once in so many times.
const OUT_OF_ORDER: u32 = 2_000;

/// The program whose run the trace is.
pub(super) struct Program {
    size: Size,
    rng: Rng,
    tables: Tables,
    threads: Vec<Thread>,
    mutexes: Vec<Guard>,
    rwlocks: Vec<Guard>,
    semaphores: Vec<(ObjectId, u32)>,
    channels: Vec<(ObjectId, VecDeque<MessageId>)>,
    conditions: Vec<Condition>,
    flags: Vec<(ObjectId, bool)>,
    atomics: Vec<ObjectId>,
    barrier: ObjectId,
    messages: u64,
    written: u64,
}

struct Thread {
    id: ThreadId,
    own: Vec<ObjectId>,
    /// What it will do next, the last first.
    plan: Vec<Step>,
}

/// A lock with a variable that it guards.
struct Guard {
    lock: ObjectId,
    var: ObjectId,
    writer: bool,
    readers: u32,
}

/// A condition variable, its mutex, and who waits.
struct Condition {
    condvar: ObjectId,
    mutex: usize,
    waiting: VecDeque<usize>,
}

#[derive(Clone, Copy)]
enum Step {
    Lock(usize),
    /// A mutex out of order, unless somebody has it.
    Dare(usize),
    Unlock(usize),
    Guarded(usize),
    ReadLock(usize),
    ReadUnlock(usize),
    WriteLock(usize),
    WriteUnlock(usize),
    Look(usize),
    Change(usize),
    Take(usize),
    Give(usize),
    Send(usize),
    Receive(usize),
    Wait(usize),
    /// Somebody has notified it.
    Wake(usize),
    Notify(usize),
    Raise(usize),
    Lower(usize),
    Pass(usize),
    Count(usize),
    Own,
    Begin,
    End,
}

impl Program {
    pub(super) fn new(size: Size) -> Self {
        let mut tables = Tables::default();
        let mut objects = |name: &str, kind: ObjectKind| -> Vec<ObjectId> {
            (0..EACH).map(|number| tables.object_named(&format!("{name}{number}"), kind)).collect()
        };
        let mut guards = |name: &str, kind: ObjectKind| -> Vec<Guard> {
            let locks = objects(name, kind);
            let vars = objects(&format!("{name}data"), ObjectKind::Var);
            let guard = |(lock, var)| Guard { lock, var, writer: false, readers: 0 };
            locks.into_iter().zip(vars).map(guard).collect()
        };
        let mutexes = guards("mutex", ObjectKind::Mutex { reentrant: false });
        let rwlocks = guards("rwlock", ObjectKind::RwLock { policy: Policy::Writer });
        let semaphores = objects("semaphore", ObjectKind::Semaphore { permits: PERMITS, bound: None });
        let channels =
            objects("channel", ObjectKind::Channel { capacity: Some(CAPACITY as u64), order: ChannelOrder::Fifo });
        let condvars = objects("condvar", ObjectKind::Condvar);
        let flags = objects("flag", ObjectKind::Flag { set: false });
        let atomics = objects("atomic", ObjectKind::Atomic);
        let parties = u32::try_from(size.threads).ok();
        let barrier = tables.object_named("barrier", ObjectKind::Barrier { parties });
        let condition = |(mutex, condvar)| Condition { condvar, mutex, waiting: VecDeque::new() };
        Self {
            size,
            rng: Rng::with_seed(1),
            threads: (0..size.threads).map(|number| Thread::new(number, &mut tables)).collect(),
            tables,
            mutexes,
            rwlocks,
            semaphores: semaphores.into_iter().map(|semaphore| (semaphore, PERMITS)).collect(),
            channels: channels.into_iter().map(|channel| (channel, VecDeque::new())).collect(),
            conditions: condvars.into_iter().enumerate().map(condition).collect(),
            flags: flags.into_iter().map(|flag| (flag, false)).collect(),
            atomics,
            barrier,
            messages: 0,
            written: 0,
        }
    }

    pub(super) fn run(mut self, emit: Emit<'_>) -> anyhow::Result<Tables> {
        for child in 1..self.size.threads {
            let child = self.threads[child].id;
            self.emit(emit, 0, "spawn", Op::Spawn { child })?;
        }
        self.meet(emit)?;
        let ends = 4 * self.size.threads as u64;
        while self.written + ends < self.size.events {
            let thread = self.rng.usize(..self.size.threads);
            // A quantum of the scheduler.
            for _ in 0..self.rng.u32(1..13) {
                if !self.go_on(emit, thread, true)? {
                    break;
                }
            }
        }
        self.finish(emit)?;
        self.meet(emit)?;
        for child in 1..self.size.threads {
            let child = self.threads[child].id;
            self.emit(emit, 0, "join", Op::Join { child })?;
        }
        Ok(self.tables)
    }

    /// All meet at the barrier.
    fn meet(&mut self, emit: Emit<'_>) -> anyhow::Result<()> {
        let barrier = self.barrier;
        for thread in 0..self.size.threads {
            self.emit(emit, thread, "arrive", Op::Arrive { barrier })?;
        }
        (0..self.size.threads).try_for_each(|thread| self.emit(emit, thread, "arrive", Op::Pass { barrier }))
    }

    /// Lets everybody end what they are at.
    fn finish(&mut self, emit: Emit<'_>) -> anyhow::Result<()> {
        loop {
            let mut moved = false;
            for thread in 0..self.size.threads {
                while self.go_on(emit, thread, false)? {
                    moved = true;
                }
            }
            let sleeping = (0..EACH).find(|&condition| !self.conditions[condition].waiting.is_empty());
            let awake = (0..self.size.threads).find(|&thread| !self.is_asleep(thread));
            match sleeping.zip(awake) {
                Some((condition, waker)) => self.notify(emit, waker, condition)?,
                None if !moved => return Ok(()),
                None => {}
            }
        }
    }

    /// One step of `thread`; false: it would have to wait, or has no plan and is to make none.
    fn go_on(&mut self, emit: Emit<'_>, thread: usize, more: bool) -> anyhow::Result<bool> {
        if self.is_asleep(thread) {
            return Ok(false);
        }
        if more && self.threads[thread].plan.is_empty() {
            self.plan(thread);
        }
        let Some(step) = self.threads[thread].plan.pop() else { return Ok(false) };
        let done = self.step(emit, thread, step)?;
        if !done {
            self.threads[thread].plan.push(step);
        }
        Ok(done)
    }

    fn plan(&mut self, thread: usize) {
        let one = self.rng.usize(..EACH);
        let inner = one + 1 + self.rng.usize(..4);
        use Step::{
            Begin, Change, Count, Dare, End, Give, Guarded, Lock, Look, Lower, Notify, Own, Pass, Raise, ReadLock,
            ReadUnlock, Receive, Send, Take, Unlock, Wait, WriteLock, WriteUnlock,
        };
        let half_full = self.channels[one].1.len() >= CAPACITY / 2;
        let mut steps = match self.rng.u32(..100) {
            0..12 if self.rng.u32(..OUT_OF_ORDER) == 0 => vec![Lock(one), Dare(self.rng.usize(..EACH)), Unlock(one)],
            0..12 if inner < EACH => {
                vec![Lock(one), Guarded(one), Lock(inner), Guarded(inner), Unlock(inner), Unlock(one)]
            }
            0..24 => vec![Lock(one), Guarded(one), Unlock(one)],
            24..34 => vec![ReadLock(one), Look(one), ReadUnlock(one)],
            34..38 => vec![WriteLock(one), Look(one), Change(one), WriteUnlock(one)],
            38..44 => vec![Take(one), Own, Give(one)],
            44..56 if half_full => vec![Receive(one), Own],
            44..56 => vec![Own, Send(one)],
            56..58 if self.some_may_sleep() => vec![Lock(one), Wait(one), Guarded(one), Unlock(one)],
            56..60 => vec![Lock(one), Guarded(one), Notify(one), Unlock(one)],
            60..62 if self.flags[one].1 => vec![Lower(one)],
            60..62 => vec![Raise(one)],
            62..65 if self.flags[one].1 => vec![Pass(one)],
            65..70 => vec![Count(one)],
            70..74 => vec![Begin, Lock(one), Guarded(one), Guarded(one), Unlock(one), End],
            _ => vec![Own, Own, Own],
        };
        if self.rng.u32(..CARELESS) == 0 {
            steps.push(Guarded(one));
        }
        steps.reverse();
        self.threads[thread].plan = steps;
    }

    fn is_asleep(&self, thread: usize) -> bool {
        self.conditions.iter().any(|condition| condition.waiting.contains(&thread))
    }

    /// Whether enough threads would be left who go on.
    fn some_may_sleep(&self) -> bool {
        2 * self.conditions.iter().map(|condition| condition.waiting.len()).sum::<usize>() < self.size.threads
    }

    /// Does the step, if it can be done now.
    fn step(&mut self, emit: Emit<'_>, thread: usize, step: Step) -> anyhow::Result<bool> {
        let lock = |lock, mode| Op::Acquire { lock, mode, how: How::Lock };
        let unlock = |lock, mode| Op::Release { lock, mode, touched: Touched::None };
        match step {
            Step::Lock(one) | Step::WriteLock(one) => {
                let guard = self.guard(step, one);
                if guard.writer || guard.readers > 0 {
                    return Ok(false);
                }
                guard.writer = true;
                let op = lock(guard.lock, Mode::Write);
                self.emit(emit, thread, "lock", op)?;
            }
            Step::Dare(one) => {
                if !self.mutexes[one].writer {
                    self.threads[thread].plan.extend([Step::Unlock(one), Step::Guarded(one)]);
                    return self.step(emit, thread, Step::Lock(one));
                }
            }
            Step::Unlock(one) | Step::WriteUnlock(one) => {
                let guard = self.guard(step, one);
                guard.writer = false;
                let op = unlock(guard.lock, Mode::Write);
                self.emit(emit, thread, "unlock", op)?;
            }
            Step::ReadLock(one) => {
                let guard = &mut self.rwlocks[one];
                if guard.writer {
                    return Ok(false);
                }
                guard.readers += 1;
                let op = lock(guard.lock, Mode::Read);
                self.emit(emit, thread, "read_lock", op)?;
            }
            Step::ReadUnlock(one) => {
                let guard = &mut self.rwlocks[one];
                guard.readers -= 1;
                let op = unlock(guard.lock, Mode::Read);
                self.emit(emit, thread, "read_unlock", op)?;
            }
            Step::Guarded(one) => {
                let var = self.mutexes[one].var;
                self.emit(emit, thread, "read", Op::Read { var, value: None })?;
                self.emit(emit, thread, "write", Op::Write { var, value: None })?;
            }
            Step::Look(one) => {
                let var = self.rwlocks[one].var;
                self.emit(emit, thread, "look", Op::Read { var, value: None })?;
            }
            Step::Change(one) => {
                let var = self.rwlocks[one].var;
                self.emit(emit, thread, "change", Op::Write { var, value: None })?;
            }
            Step::Take(one) => {
                let (semaphore, permits) = &mut self.semaphores[one];
                if *permits == 0 {
                    return Ok(false);
                }
                *permits -= 1;
                let op = Op::AcquirePermits { semaphore: *semaphore, n: 1, how: How::Lock };
                self.emit(emit, thread, "take", op)?;
            }
            Step::Give(one) => {
                let (semaphore, permits) = &mut self.semaphores[one];
                *permits += 1;
                let op = Op::ReleasePermits { semaphore: *semaphore, n: 1 };
                self.emit(emit, thread, "give", op)?;
            }
            Step::Send(one) => {
                let message = MessageId(self.messages);
                let (channel, queue) = &mut self.channels[one];
                if queue.len() == CAPACITY {
                    return Ok(false);
                }
                queue.push_back(message);
                self.messages += 1;
                let op = Op::Send { channel: *channel, message: Some(message) };
                self.emit(emit, thread, "send", op)?;
            }
            Step::Receive(one) => {
                let (channel, queue) = &mut self.channels[one];
                let Some(message) = queue.pop_front() else {
                    // Somebody was faster: it does without.
                    return Ok(true);
                };
                let op = Op::Recv { channel: *channel, message: Some(message) };
                self.emit(emit, thread, "receive", op)?;
            }
            Step::Wait(one) => {
                let Condition { condvar, mutex, ref mut waiting } = self.conditions[one];
                waiting.push_back(thread);
                let guard = &mut self.mutexes[mutex];
                guard.writer = false;
                let op = Op::Wait { condvar, lock: guard.lock, touched: Touched::None, how: How::Lock };
                self.emit(emit, thread, "wait", op)?;
            }
            Step::Wake(one) => {
                let Condition { condvar, mutex, .. } = self.conditions[one];
                let guard = &mut self.mutexes[mutex];
                if guard.writer {
                    return Ok(false);
                }
                guard.writer = true;
                let op = Op::Wake { condvar, lock: guard.lock, by: WakeReason::Notify };
                self.emit(emit, thread, "wait", op)?;
            }
            Step::Notify(one) => self.notify(emit, thread, one)?,
            Step::Raise(one) => {
                let (flag, set) = &mut self.flags[one];
                *set = true;
                let op = Op::Set { flag: *flag };
                self.emit(emit, thread, "set", op)?;
            }
            Step::Lower(one) => {
                let (flag, set) = &mut self.flags[one];
                *set = false;
                let op = Op::Clear { flag: *flag };
                self.emit(emit, thread, "clear", op)?;
            }
            Step::Pass(one) => {
                let (object, set) = self.flags[one];
                if set {
                    self.emit(emit, thread, "await", Op::Await { object })?;
                }
            }
            Step::Count(one) => {
                let atomic = self.atomics[one];
                let op = Op::Rmw { atomic, order: Order::SeqCst, value: None, cas: false };
                self.emit(emit, thread, "count", op)?;
            }
            Step::Own => {
                let var = self.threads[thread].own[self.rng.usize(..OWN)];
                let write = self.rng.u32(..10) < 3;
                let op = if write { Op::Write { var, value: None } } else { Op::Read { var, value: None } };
                self.emit(emit, thread, "own", op)?;
            }
            Step::Begin => self.emit(emit, thread, "begin", Op::Begin { name: None })?,
            Step::End => self.emit(emit, thread, "begin", Op::End { name: None })?,
        }
        Ok(true)
    }

    fn guard(&mut self, step: Step, one: usize) -> &mut Guard {
        let is_mutex = matches!(step, Step::Lock(_) | Step::Unlock(_));
        if is_mutex { &mut self.mutexes[one] } else { &mut self.rwlocks[one] }
    }

    fn notify(&mut self, emit: Emit<'_>, thread: usize, one: usize) -> anyhow::Result<()> {
        let Condition { condvar, ref mut waiting, .. } = self.conditions[one];
        if let Some(woken) = waiting.pop_front() {
            self.threads[woken].plan.push(Step::Wake(one));
        }
        self.emit(emit, thread, "notify", Op::Notify { condvar })
    }

    /// One line of the program for each kind of step and object.
    fn emit(&mut self, emit: Emit<'_>, thread: usize, what: &str, op: Op) -> anyhow::Result<()> {
        self.written += 1;
        let line = op.object().map_or(0, |object| object.index());
        let site: SiteId = self.tables.intern_site(&format!("{what}.rs:{}:9", line + 1));
        emit(&self.tables, &Event { site: Some(site), ..Event::new(self.threads[thread].id, op) })
    }
}

impl Thread {
    fn new(number: usize, tables: &mut Tables) -> Self {
        let own = |var| tables.object_named(&format!("own{number}.{var}"), ObjectKind::Var);
        let own = (0..OWN).map(own).collect();
        Self { id: tables.thread_named(&format!("T{number}")), own, plan: Vec::new() }
    }
}

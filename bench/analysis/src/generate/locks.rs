//! Threads that run in bursts, with nested critical sections: most accesses to data of their own, the others under the lock
//! that guards the data, a few without.

use fastrand::Rng;
use lockhound_trace::{Event, How, Mode, ObjectId, ObjectKind, Op, SiteId, Tables, ThreadId, Touched};

use super::{Emit, Size};

const LOCKS: usize = 64;
/// Guarded data; each lock guards an equal share.
const SHARED: usize = 2_000;
/// Data of its own that each thread has.
const OWN: usize = 50;
/// Of accesses outside of critical sections, one in so many is to shared data.
const UNPROTECTED: u32 = 2_000;
/// Locks are nested in ascending order, except one nested acquire in so many.
const OUT_OF_ORDER: u32 = 2_000;
/// Deepest nesting.
const DEPTH: usize = 4;

/// The program whose run the trace is: state of its scheduler and of what it shares.
pub(super) struct Program {
    size: Size,
    rng: Rng,
    tables: Tables,
    threads: Vec<ThreadId>,
    locks: Vec<ObjectId>,
    shared: Vec<ObjectId>,
    own: Vec<ObjectId>,
    sites: Sites,
    owner: Vec<Option<usize>>,
    held: Vec<Vec<usize>>,
    written: u64,
}

/// Places in the source: a few a kind of step, as in a program of some thousand lines.
struct Sites {
    spawn: SiteId,
    join: SiteId,
    acquire: Vec<SiteId>,
    release: Vec<SiteId>,
    own: Accesses,
    guarded: Accesses,
    unprotected: Accesses,
}

/// A read and a write of the same data are two statements.
struct Accesses {
    read: Vec<SiteId>,
    write: Vec<SiteId>,
}

impl Sites {
    fn new(tables: &mut Tables) -> Self {
        let mut of = |file: &str, count: usize| -> Vec<SiteId> {
            (0..count).map(|line| tables.intern_site(&format!("{file}.rs:{}:9", line + 1))).collect()
        };
        Self {
            acquire: of("acquire", LOCKS),
            release: of("release", LOCKS),
            own: Accesses { read: of("own_read", OWN), write: of("own_write", OWN) },
            guarded: Accesses { read: of("guarded_read", 500), write: of("guarded_write", 500) },
            unprotected: Accesses { read: of("unprotected_read", 500), write: of("unprotected_write", 500) },
            spawn: of("spawn", 1)[0],
            join: of("join", 1)[0],
        }
    }
}

impl Program {
    pub(super) fn new(size: Size) -> Self {
        let mut tables = Tables::default();
        let mutex = ObjectKind::Mutex { reentrant: false };
        let threads = (0..size.threads).map(|thread| tables.thread_named(&format!("T{thread}"))).collect();
        let locks = (0..LOCKS).map(|lock| tables.object_named(&format!("L{lock}"), mutex)).collect();
        let mut vars = |name: &str, count: usize| -> Vec<ObjectId> {
            (0..count).map(|var| tables.object_named(&format!("{name}{var}"), ObjectKind::Var)).collect()
        };
        let (shared, own) = (vars("V", SHARED), vars("own", OWN * size.threads));
        let sites = Sites::new(&mut tables);
        Self {
            size,
            rng: Rng::with_seed(1),
            tables,
            threads,
            locks,
            shared,
            own,
            sites,
            owner: vec![None; LOCKS],
            held: vec![Vec::new(); size.threads],
            written: 0,
        }
    }

    pub(super) fn run(mut self, emit: Emit<'_>) -> anyhow::Result<Tables> {
        let children = 1..self.size.threads;
        for child in children.clone() {
            let child = self.threads[child];
            self.emit(emit, 0, Op::Spawn { child }, self.sites.spawn)?;
        }
        let ends = (children.len() + DEPTH * self.size.threads) as u64;
        while self.written + ends < self.size.events {
            let thread = self.rng.usize(..self.size.threads);
            // A quantum of the scheduler.
            for _ in 0..self.rng.u32(1..13) {
                if !self.step(emit, thread)? {
                    break;
                }
            }
        }
        for thread in 0..self.size.threads {
            while self.release(emit, thread)? {}
        }
        for child in children {
            let child = self.threads[child];
            self.emit(emit, 0, Op::Join { child }, self.sites.join)?;
        }
        Ok(self.tables)
    }

    /// One step of `thread`; false: it would have to wait.
    fn step(&mut self, emit: Emit<'_>, thread: usize) -> anyhow::Result<bool> {
        let nested = !self.held[thread].is_empty();
        match self.rng.u32(..100) {
            0..16 if self.held[thread].len() < DEPTH => return self.acquire(emit, thread),
            16..34 if nested => drop(self.release(emit, thread)?),
            34..60 => self.access_elsewhere(emit, thread)?,
            _ if !nested => self.access_elsewhere(emit, thread)?,
            _ => self.access_guarded(emit, thread)?,
        }
        Ok(true)
    }

    fn acquire(&mut self, emit: Emit<'_>, thread: usize) -> anyhow::Result<bool> {
        let lock = match self.held[thread].last() {
            None => self.rng.usize(..LOCKS),
            Some(_) if self.rng.u32(..OUT_OF_ORDER) == 0 => self.rng.usize(..LOCKS),
            Some(&last) if last + 1 == LOCKS => return Ok(true),
            Some(&last) => self.rng.usize(last + 1..(last + 9).min(LOCKS)),
        };
        if self.owner[lock].is_some() {
            return Ok(false);
        }
        self.owner[lock] = Some(thread);
        self.held[thread].push(lock);
        let op = Op::Acquire { lock: self.locks[lock], mode: Mode::Write, how: How::Lock };
        self.emit(emit, thread, op, self.sites.acquire[lock])?;
        Ok(true)
    }

    fn release(&mut self, emit: Emit<'_>, thread: usize) -> anyhow::Result<bool> {
        let Some(lock) = self.held[thread].pop() else { return Ok(false) };
        self.owner[lock] = None;
        let op = Op::Release { lock: self.locks[lock], mode: Mode::Write, touched: Touched::None };
        self.emit(emit, thread, op, self.sites.release[lock])?;
        Ok(true)
    }

    fn access_elsewhere(&mut self, emit: Emit<'_>, thread: usize) -> anyhow::Result<()> {
        if self.rng.u32(..UNPROTECTED) == 0 {
            let var = self.rng.usize(..SHARED);
            return self.access(emit, thread, self.shared[var], |sites| &sites.unprotected, var % 500);
        }
        let var = self.rng.usize(..OWN);
        self.access(emit, thread, self.own[thread * OWN + var], |sites| &sites.own, var)
    }

    fn access_guarded(&mut self, emit: Emit<'_>, thread: usize) -> anyhow::Result<()> {
        let held = &self.held[thread];
        let lock = held[self.rng.usize(..held.len())];
        // The data with this remainder are the lock's.
        let var = lock + LOCKS * self.rng.usize(..SHARED / LOCKS);
        self.access(emit, thread, self.shared[var], |sites| &sites.guarded, var % 500)
    }

    fn access(
        &mut self,
        emit: Emit<'_>,
        thread: usize,
        var: ObjectId,
        sites: fn(&Sites) -> &Accesses,
        place: usize,
    ) -> anyhow::Result<()> {
        let sites = sites(&self.sites);
        let (op, site) = if self.rng.u32(..10) < 3 {
            (Op::Write { var, value: None }, sites.write[place])
        } else {
            (Op::Read { var, value: None }, sites.read[place])
        };
        self.emit(emit, thread, op, site)
    }

    fn emit(&mut self, emit: Emit<'_>, thread: usize, op: Op, site: SiteId) -> anyhow::Result<()> {
        self.written += 1;
        emit(&self.tables, &Event { site: Some(site), ..Event::new(self.threads[thread], op) })
    }
}

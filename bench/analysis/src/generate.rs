//! Random traces that are well formed and look like programs: threads that run in bursts, nested critical sections, most
//! accesses to data of their own, the others under the lock that guards the data, a few without.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use fastrand::Rng;
use lockhound_trace::{
    BinaryWriter, Event, EventSink, How, Mode, ObjectId, ObjectKind, Op, SiteId, StdWriter, Tables, ThreadId, Touched,
};

/// How large a trace is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    pub(crate) events: u64,
    pub(crate) threads: usize,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}`: expected EVENTS/THREADS, such as 10M/16");
        let (events, threads) = text.split_once('/').ok_or_else(expected)?;
        let (digits, unit) = match events.strip_suffix(['k', 'M']) {
            Some(digits) if events.ends_with('k') => (digits, 1_000),
            Some(digits) => (digits, 1_000_000),
            None => (events, 1),
        };
        let events = digits.parse::<u64>().map_err(|_| expected())? * unit;
        let threads = threads.parse().ok().filter(|&threads| threads >= 2).ok_or_else(expected)?;
        Ok(Self { events, threads })
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { events, threads } = self;
        match (events % 1_000_000, events % 1_000) {
            (0, _) => write!(f, "{}M/{threads}", events / 1_000_000),
            (_, 0) => write!(f, "{}k/{threads}", events / 1_000),
            _ => write!(f, "{events}/{threads}"),
        }
    }
}

/// One trace in two forms.
#[derive(Debug)]
pub(crate) struct Traces {
    pub(crate) binary: PathBuf,
    pub(crate) std: PathBuf,
}

/// The traces of this size, written unless they are there: equal sizes give equal traces.
pub(crate) fn traces(folder: &Path, size: Size) -> anyhow::Result<Traces> {
    let name = format!("{}-{}", size.events, size.threads);
    let traces = Traces { binary: folder.join(format!("{name}.lht")), std: folder.join(format!("{name}.std")) };
    if traces.binary.exists() && traces.std.exists() {
        return Ok(traces);
    }
    // Under other names until they are whole.
    let half = |path: &Path| path.with_extension("part");
    let (binary, std) = (half(&traces.binary), folder.join(format!("{name}.std.part")));
    let create = |path: &Path| File::create(path).with_context(|| path.display().to_string());
    let mut sinks: [Box<dyn EventSink>; 2] = [
        Box::new(BinaryWriter::new(BufWriter::new(create(&binary)?))),
        Box::new(StdWriter::new(BufWriter::new(create(&std)?))),
    ];
    Program::new(size).run(&mut |tables, event| {
        sinks.iter_mut().try_for_each(|sink| sink.write(tables, event)).context("could not write a trace")
    })?;
    let tables = Program::new(size).tables;
    for sink in &mut sinks {
        sink.finish(&tables).context("could not write a trace")?;
    }
    drop(sinks);
    fs::rename(&binary, &traces.binary)?;
    fs::rename(&std, &traces.std)?;
    Ok(traces)
}

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

type Emit<'a> = &'a mut dyn FnMut(&Tables, &Event) -> anyhow::Result<()>;

/// The program whose run the trace is: state of its scheduler and of what it shares.
struct Program {
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
    fn new(size: Size) -> Self {
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

    fn run(mut self, emit: Emit<'_>) -> anyhow::Result<()> {
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
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn events(size: Size) -> Vec<Event> {
        let mut events = Vec::new();
        Program::new(size)
            .run(&mut |_, event| {
                events.push(*event);
                Ok(())
            })
            .unwrap();
        events
    }

    #[test]
    fn a_size_is_written_as_it_is_read() {
        for text in ["100k/8", "10M/16", "1234/2"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert!("10M".parse::<Size>().is_err());
        assert!("10M/1".parse::<Size>().is_err());
    }

    #[test]
    fn equal_sizes_give_equal_traces_of_about_that_size() {
        let size = Size { events: 10_000, threads: 4 };
        let trace = events(size);
        assert_eq!(trace, events(size));
        assert!((9_900..=10_020).contains(&trace.len()), "{}", trace.len());
    }

    #[test]
    fn a_trace_is_well_formed() {
        let folder = std::env::temp_dir().join(format!("lockhound-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let written = traces(&folder, Size { events: 5_000, threads: 3 }).unwrap();
        for path in [written.binary, written.std] {
            let mut source = lockhound_trace::open(&path, None).unwrap();
            let mut count = 0;
            while lockhound_trace::EventSource::next_event(&mut source).unwrap().is_some() {
                count += 1;
            }
            assert!(count > 4_900, "{}: {count}", path.display());
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}

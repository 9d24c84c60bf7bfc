//! How long an index takes: `cargo test --release -p lockhound-analyzer --lib model::tests::speed -- --ignored --nocapture`.

use lockhound_trace::{Event, How, Mode, ObjectId, ObjectKind, Op, Tables, ThreadId, Touched};

use super::recorded::Recorded;
use crate::model::{Log, Model};

/// Threads that take turns at random: accesses of shared variables, with locks held and without.
struct Mixture {
    state: u64,
    locks: usize,
    variables: usize,
    held: Vec<Vec<usize>>,
    taken: Vec<bool>,
}

impl Mixture {
    fn random(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).expect("31 bits") % below
    }

    fn step(&mut self) -> Event {
        let thread = self.random(self.held.len());
        let choice = self.random(10);
        let lock = self.random(self.locks);
        let var = ObjectId::from_index(self.locks + self.random(self.variables));
        let op = if choice < 2 && !self.taken[lock] && self.held[thread].len() < 3 {
            self.taken[lock] = true;
            self.held[thread].push(lock);
            Op::Acquire { lock: ObjectId::from_index(lock), mode: Mode::Write, how: How::Lock }
        } else if choice < 4
            && let Some(lock) = self.held[thread].pop()
        {
            self.taken[lock] = false;
            let touched = if self.random(2) == 0 { Touched::None } else { Touched::Write };
            Op::Release { lock: ObjectId::from_index(lock), mode: Mode::Write, touched }
        } else if choice < 6 {
            Op::Write { var, value: None }
        } else {
            Op::Read { var, value: None }
        };
        Event::new(ThreadId::from_index(thread), op)
    }
}

fn measure(events: usize, threads: usize, locks: usize, variables: usize) {
    let mut tables = Tables::default();
    for number in 0..threads {
        tables.thread_named(&format!("T{number}"));
    }
    for number in 0..locks {
        tables.object_named(&format!("m{number}"), ObjectKind::Mutex { reentrant: false });
    }
    for number in 0..variables {
        tables.object_named(&format!("x{number}"), ObjectKind::Var);
    }
    let (held, taken) = (vec![Vec::new(); threads], vec![false; locks]);
    let mut mixture = Mixture { state: 7, locks, variables, held, taken };
    let steps: Vec<Event> = (0..events).map(|_| mixture.step()).collect();
    index(tables, &steps, &format!("{events} events, {threads} threads"));
}

/// Many threads that live a short time, some of them at once, and share a counter in a lock.
fn measure_short_lived(threads: usize, at_once: usize) {
    let mut tables = Tables::default();
    for number in 0..=threads {
        tables.thread_named(&format!("T{number}"));
    }
    let lock = tables.object_named("m", ObjectKind::Mutex { reentrant: false });
    let (main, thread) = (ThreadId::from_index(0), ThreadId::from_index);
    let mut steps = Vec::new();
    for first in (1..=threads).step_by(at_once) {
        let all = first..(first + at_once).min(threads + 1);
        steps.extend(all.clone().map(|child| Event::new(main, Op::Spawn { child: thread(child) })));
        for _ in 0..10 {
            for child in all.clone() {
                let acquire = Op::Acquire { lock, mode: Mode::Write, how: How::Lock };
                let release = Op::Release { lock, mode: Mode::Write, touched: Touched::Write };
                steps.extend([acquire, release].map(|op| Event::new(thread(child), op)));
            }
        }
        steps.extend(all.map(|child| Event::new(main, Op::Join { child: thread(child) })));
    }
    index(tables, &steps, &format!("{threads} threads, {at_once} at once"));
}

fn index(tables: Tables, steps: &[Event], name: &str) {
    let start = milliseconds();
    let mut log = Log::default();
    steps.iter().for_each(|event| log.push(event));
    println!("{name}: log {} ms, {} MB", milliseconds() - start, log.bytes() >> 20);
    let recorded = Recorded::of(tables, log);
    let before = resident();
    let start = milliseconds();
    let model: Model<'_> = recorded.model();
    println!("  index {} ms, {} MB; in all {} MB", milliseconds() - start, resident() - before, resident());
    drop(model);
}

/// What all threads of the process have computed so far, where the system tells: others may compute at the same time.
fn milliseconds() -> u64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = status.rsplit_once(')').map_or("", |(_, rest)| rest);
    // Fields 14 and 15, in hundredths of a second.
    after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10
}

/// Resident memory in MB, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) >> 10
}

#[test]
#[ignore = "takes seconds and says how many"]
fn indexes_of_large_traces() {
    measure(1_000_000, 16, 64, 2_000);
    measure(1_000_000, 64, 64, 2_000);
    measure(1_000_000, 1_000, 64, 2_000);
    measure_short_lived(10_000, 10);
    measure_short_lived(10_000, 1_000);
    measure(10_000_000, 16, 64, 2_000);
}

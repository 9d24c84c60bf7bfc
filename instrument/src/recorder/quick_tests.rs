//! The quick forms of events: what they take for granted must have happened, on real recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lockhound_trace::binary::Reader;
use lockhound_trace::{Event, EventSource, How, Mode, Op, Touched};

use super::{Kind, Object};
use crate::sync::{Condvar, Mutex, RwLock, Shared};
use crate::{named, thread};

const SCENARIO: &str = "TEST_QUICK_SCENARIO";

fn command(scenario: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("known"));
    command.args(["recorder::quick_tests::in_a_child", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(SCENARIO, scenario).env("LOCKHOUND_TRACE", folder.join("%p.lht"));
    command
}

/// Runs a scenario in a process of its own; the traces that it and its forks leave, its own first.
fn run(scenario: &str, folder: &Path) -> Vec<PathBuf> {
    let child = command(scenario, folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    let own = folder.join(format!("{}.lht", child.id()));
    let output = child.wait_with_output().expect("runs");
    assert!(output.status.success(), "{output:?}");
    let listed = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let mut traces: Vec<_> = listed.filter(|path| *path != own).collect();
    traces.insert(0, own);
    traces
}

#[test]
fn in_a_child() {
    match std::env::var(SCENARIO).as_deref() {
        Ok("same_place") => same_place(),
        Ok("inherited") => inherited(),
        Ok("deep") => deep(),
        Ok("classes") => classes(),
        Ok("wide") => wide(),
        Ok("readers") => readers(),
        Ok("counts") => counts(),
        Ok("windows") => windows(),
        Ok("kill_me") => kill_me(),
        Ok("spin" | "spin_off") => spin(),
        Ok("contended") => contended(),
        _ => {}
    }
}

/// The events of a trace that can have happened and of which nothing is missing.
fn events(trace: &Path) -> (Vec<Event>, Reader) {
    let mut checked = lockhound_trace::open(trace, None).expect("a trace");
    while checked.next_event().expect("possible").is_some() {}
    let mut reader = Reader::open(trace).expect("a trace");
    let mut events = Vec::new();
    while let Some(event) = reader.next_event().expect("sound") {
        events.push(event);
    }
    assert_eq!(reader.gaps(), 0);
    (events, reader)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("writable")
}

/// How often each lock was acquired, and released.
fn pairs(events: &[Event]) -> BTreeMap<usize, (usize, usize)> {
    let mut pairs: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for event in events {
        match event.op {
            Op::Acquire { lock, .. } => pairs.entry(lock.index()).or_default().0 += 1,
            Op::Release { lock, .. } => pairs.entry(lock.index()).or_default().1 += 1,
            _ => {}
        }
    }
    pairs
}

/// Locks that come and go at one address, locked in one place.
fn same_place() {
    for round in 0..100 {
        let mutex = Mutex::new(round);
        for _ in 0..3 {
            *mutex.lock().unwrap() += 1;
        }
    }
}

#[test]
fn a_lock_where_another_was_is_another() {
    let folder = folder();
    let (events, _) = events(&run("same_place", folder.path())[0]);
    let pairs = pairs(&events);
    assert_eq!(pairs.len(), 100);
    assert!(pairs.values().all(|&pair| pair == (3, 3)), "{pairs:?}");
}

/// Numbers of locks and sites begin anew in the child, so that what it locks looks like what it inherited.
fn inherited() {
    let (a, b) = (Mutex::new(0), Mutex::new(0));
    let lock = |mutex: &'static Mutex<i32>| mutex.lock().unwrap();
    let (a, b): (&'static _, &'static _) = (Box::leak(Box::new(a)), Box::leak(Box::new(b)));
    let inherited = lock(a);
    // SAFETY: the child only locks, and leaves without running the parent's exit handlers.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let own = lock(b);
        drop(inherited);
        drop(lock(a));
        drop(own);
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    let mut status = -1;
    // SAFETY: waits for the child just made.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0);
    drop(inherited);
}

#[test]
fn a_guard_from_before_a_fork_is_not_released_in_the_childs_trace() {
    let folder = folder();
    let traces = run("inherited", folder.path());
    assert_eq!(traces.len(), 2);
    let locks = |trace| {
        let (events, reader) = events(trace);
        let ops = events.iter().filter_map(|event| match event.op {
            Op::Acquire { lock, .. } => Some((true, reader.tables().object(lock).at)),
            Op::Release { lock, .. } => Some((false, reader.tables().object(lock).at)),
            _ => None,
        });
        ops.collect::<Vec<_>>()
    };
    assert_eq!(locks(&traces[0]).len(), 2);
    let child = locks(&traces[1]);
    let [(true, b), (true, a), (false, inner), (false, outer)] = child[..] else { panic!("{child:?}") };
    assert_eq!((inner, outer), (a, b));
    assert_ne!(a, b);
}

const DEEP: usize = 100;

/// More locks at a time than have room without allocating, given back in all kinds of orders.
fn deep() {
    let locks: Vec<_> = (0..DEEP).map(Mutex::new).collect();
    for round in 0..7 {
        let mut guards: Vec<_> = locks.iter().map(|lock| Some(lock.lock().unwrap())).collect();
        for step in 0..DEEP {
            drop(guards[(step * (2 * round + 1) * 3 + round) % DEEP].take());
        }
        // What is left, backwards.
        while let Some(guard) = guards.pop() {
            drop(guard);
        }
        drop(locks[round].lock());
    }
}

#[test]
fn any_number_of_locks_can_be_held() {
    let folder = folder();
    let (events, _) = events(&run("deep", folder.path())[0]);
    let pairs = pairs(&events);
    assert_eq!(pairs.len(), DEEP);
    assert!(pairs.values().all(|&(acquired, released)| acquired == released && (7..=8).contains(&acquired)));
}

fn make(name: &'static str) -> Vec<Mutex<u64>> {
    (0..50).map(|number| named::mutex(name, number)).collect()
}

/// Threads make locks in the same place, of several names, and use each other's.
fn classes() {
    let locks: Vec<_> = ["red", "green", "blue"].into_iter().map(make).collect();
    let plain: Vec<_> = (0..50).map(|number| Mutex::new(number as u8)).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..50 {
                    for colour in &locks {
                        *colour[number].lock().unwrap() += 1;
                    }
                    *plain[number].lock().unwrap() += 1;
                }
            });
        }
    });
}

#[test]
fn objects_of_a_class_have_its_name_type_and_place() {
    let folder = folder();
    let (events, reader) = events(&run("classes", folder.path())[0]);
    let mut of_name: BTreeMap<_, usize> = BTreeMap::new();
    for (index, pair) in pairs(&events) {
        let object = &reader.tables().objects()[index];
        let content = object.type_name.as_deref().expect("a type");
        let site = reader.tables().site(object.at.expect("a place"));
        assert!(site.contains("quick_tests.rs:"), "{site}");
        assert_eq!(content, if object.name.is_some() { "u64" } else { "u8" });
        assert_eq!(pair, (4, 4));
        *of_name.entry(object.name.as_deref().map(str::to_owned)).or_default() += 1;
    }
    let name = |name: &str| Some(name.to_owned());
    let expected = [(None, 50), (name("blue"), 50), (name("green"), 50), (name("red"), 50)];
    assert_eq!(of_name, BTreeMap::from(expected));
}

const MANY: usize = 70_000;

/// More locks than narrow records can tell apart.
fn wide() {
    let locks: Vec<_> = (0..MANY).map(|_| Mutex::new(())).collect();
    for lock in &locks {
        drop(lock.lock());
    }
    for pair in locks[MANY - 100..].windows(2) {
        for _ in 0..3 {
            let _outer = pair[0].lock();
            drop(pair[1].lock());
        }
    }
}

#[test]
fn locks_beyond_the_narrow_numbers_are_told_apart() {
    let folder = folder();
    let (events, _) = events(&run("wide", folder.path())[0]);
    let pairs = pairs(&events);
    assert_eq!(pairs.len(), MANY);
    assert!(pairs.values().all(|&(acquired, released)| acquired == released));
    assert_eq!(pairs.values().filter(|&&pair| pair == (7, 7)).count(), 98);
    assert_eq!(pairs.values().filter(|&&pair| pair == (4, 4)).count(), 2);
    assert_eq!(pairs.values().filter(|&&pair| pair == (1, 1)).count(), MANY - 100);
}

const ROUNDS: usize = 20_000;
const READS: usize = 200_000;

/// The main thread reads first and counts alone; the others share a counter.
fn readers() {
    let lock = RwLock::new(0_u64);
    drop(lock.read());
    thread::scope(|scope| {
        for thread in 0..3 {
            let lock = &lock;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    if (round + thread) % 7 == 0 {
                        *lock.write().unwrap() += 1;
                    } else {
                        assert!(*lock.read().unwrap() < u64::MAX);
                    }
                }
            });
        }
        for round in 0..ROUNDS {
            let _outer = lock.read().unwrap();
            if round % 5 == 0 {
                drop(_outer);
                *lock.write().unwrap() += 1;
            }
        }
    });
}

#[test]
fn a_writer_comes_after_all_readers_before_it() {
    let folder = folder();
    let (events, _) = events(&run("readers", folder.path())[0]);
    let (mut reading, mut writing, mut reads) = (0, 0, 0);
    for event in &events {
        match event.op {
            Op::Acquire { mode: Mode::Read, .. } => {
                reading += 1;
                reads += 1;
            }
            Op::Release { mode: Mode::Read, .. } => reading -= 1,
            Op::Acquire { .. } => {
                assert_eq!((reading, writing), (0, 0));
                writing += 1;
            }
            Op::Release { .. } => writing -= 1,
            _ => {}
        }
        assert!(reading == 0 || writing == 0);
    }
    assert!(reads > 3 * ROUNDS, "{reads}");
}

/// Readers only, so that no real lock need keep anybody away.
fn counts() {
    static LOCK: Object = Object::new(Kind::RwLock, || "content");
    let here = Location::caller();
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                for _ in 0..READS {
                    assert!(LOCK.acquired(Mode::Read, How::Lock, here).is_some());
                    LOCK.releasing(Mode::Read, Touched::Read);
                }
            });
        }
    });
    assert_eq!(LOCK.reads(Ordering::Acquire), 4 * READS as u64);
}

#[test]
fn no_reader_goes_uncounted() {
    let folder = folder();
    let (events, _) = events(&run("counts", folder.path())[0]);
    assert_eq!(pairs(&events).into_values().collect::<Vec<_>>(), [(4 * READS, 4 * READS)]);
}

const LONG: usize = 400_000;

/// Fills a thread's window several times, then is killed.
fn windows() {
    let mutex = Mutex::new(0);
    for _ in 0..LONG {
        *mutex.lock().unwrap() += 1;
    }
    // SAFETY: sends a signal to this very process.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

#[test]
fn no_event_in_a_window_is_lost() {
    let folder = folder();
    let output = command("windows", folder.path()).output().expect("runs");
    assert_eq!(output.status.signal(), Some(libc::SIGKILL));
    let trace = std::fs::read_dir(folder.path()).expect("readable").next().expect("a trace").expect("readable").path();
    let (events, _) = events(&trace);
    assert_eq!(pairs(&events).into_values().collect::<Vec<_>>(), [(LONG, LONG)]);
}

/// Locks until it is killed, and says every now and then how often it has.
fn kill_me() {
    let mutexes = [Mutex::new(0), Mutex::new(0)];
    let mut out = std::io::stdout();
    for round in 1_u64.. {
        let _outer = mutexes[0].lock().unwrap();
        *mutexes[1].lock().unwrap() += round;
        if round.is_multiple_of(1 << 12) {
            writeln!(out, "\nround {round}").expect("writable");
        }
    }
}

#[test]
fn a_kill_at_any_moment_tears_no_record() {
    for moment in 0..8 {
        let folder = folder();
        let mut child = command("kill_me", folder.path()).stdout(Stdio::piped()).spawn().expect("runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut rounds =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("round ")?.parse::<usize>().ok());
        let first = rounds.next().expect("says so");
        let reached = std::thread::scope(|scope| {
            let rest = scope.spawn(|| rounds.last().unwrap_or(first));
            std::thread::sleep(Duration::from_micros(20_000 + 7_137 * moment));
            child.kill().expect("still runs");
            rest.join().expect("reads on")
        });
        child.wait().expect("killed");
        let trace = std::fs::read_dir(folder.path()).expect("readable").next().expect("a trace").expect("readable");
        let (events, _) = events(&trace.path());
        let acquired: usize = pairs(&events).values().map(|pair| pair.0).sum();
        assert!(acquired >= 2 * reached, "{acquired} events of {reached} rounds");
    }
}

/// Forks while other threads are in the spin sections of what the child then uses.
fn spin() {
    static VALUE: Shared<u64> = Shared::new(0);
    static CHANGED: Condvar = Condvar::new();
    let stop = AtomicBool::new(false);
    let mut failed = false;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    VALUE.update(|value| value + 1);
                    CHANGED.notify_one();
                }
            });
        }
        for _ in 0..100 {
            // SAFETY: the child only uses what is tested, and leaves without running the parent's exit handlers.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: makes the kernel end a child that hangs.
                unsafe { libc::alarm(20) };
                VALUE.set(1);
                CHANGED.notify_all();
                let same = VALUE.get() == 1;
                // SAFETY: ends the process.
                unsafe { libc::_exit(i32::from(!same)) };
            }
            let mut status = -1;
            // SAFETY: waits for the child just made.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            if status != 0 {
                failed = true;
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(!failed, "a child hangs or reads what nobody wrote");
}

#[test]
fn a_child_takes_over_what_its_parents_threads_held() {
    for scenario in ["spin", "spin_off"] {
        let folder = folder();
        let mut command = command(scenario, folder.path());
        if scenario == "spin_off" {
            command.env_remove("LOCKHOUND_TRACE");
        }
        let output = command.output().expect("runs");
        assert!(output.status.success(), "{scenario}: {output:?}");
    }
}

/// Two threads that wait for each other's lock again and again, in one place.
fn contended() {
    let mutex = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let mut guard = mutex.lock().unwrap();
                    *guard += 1;
                    std::thread::sleep(Duration::from_micros(200));
                }
            });
        }
    });
}

#[test]
fn a_wait_has_a_stack_when_it_is_new() {
    let folder = folder();
    let (events, _) = events(&run("contended", folder.path())[0]);
    let waits = events.iter().filter(|event| matches!(event.op, Op::Block { .. }) && event.site.is_some());
    let mut by_thread: BTreeMap<_, Vec<bool>> = BTreeMap::new();
    for wait in waits.filter(|wait| wait.thread.index() != 0) {
        by_thread.entry(wait.thread).or_default().push(wait.stack.is_some());
    }
    assert!(!by_thread.is_empty(), "nobody waited");
    for stacks in by_thread.values() {
        assert!(stacks[0], "the first has one");
        assert_eq!(stacks.iter().filter(|&&stack| stack).count(), 1, "the others came the same way");
    }
    let threads: BTreeSet<_> = events.iter().map(|event| event.thread).collect();
    assert_eq!(threads.len(), 3);
}

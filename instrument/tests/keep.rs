//! `LOCKHOUND_KEEP=concurrent`: a trace is there if, and only if, the process did something that could show a bug; and then
//! it has everything, however the process ends.
#![cfg(all(feature = "record", target_os = "linux"))]

mod process;

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use lockhound::sync::{Condvar, Mutex, RwLock, Shared};
use lockhound::thread;
use lockhound_trace::{Op, open};
use process::{again, finish};

/// Names what the process is to do.
const SCENARIO: &str = "LOCKHOUND_TEST_SCENARIO";

static ONE: Mutex<u32> = Mutex::new(0);
static TWO: RwLock<u32> = RwLock::new(0);

const TIMES: usize = 1000;

#[test]
fn scenario() {
    let Ok(name) = std::env::var(SCENARIO) else { return };
    for _ in 0..TIMES {
        *ONE.lock().unwrap() += 1;
    }
    match name.as_str() {
        "one thread and one lock" => {
            let (cell, condvar) = (Shared::new(0), Condvar::new());
            cell.set(1);
            condvar.notify_all();
        }
        "two locks" => drop(TWO.read().unwrap()),
        "two threads" => {
            // Waiting for it would be reason enough.
            let other = thread::spawn(|| drop(ONE.lock().unwrap()));
            while !other.is_finished() {
                thread::yield_now();
            }
            other.join().unwrap();
        }
        "a lock taken twice" => {
            let _held = ONE.lock().unwrap();
            drop(ONE.lock());
        }
        "waits that time out" => {
            let wait = Condvar::new().wait_timeout(ONE.lock().unwrap(), std::time::Duration::from_millis(1));
            drop(wait);
            thread::park_timeout(std::time::Duration::from_millis(1));
        }
        "a leak" => std::mem::forget(ONE.lock().unwrap()),
        "two locks, killed" => {
            drop(TWO.read().unwrap());
            // SAFETY: sends a signal to this very process.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        }
        "two locks, then another program" => {
            drop(TWO.read().unwrap());
            panic!("{}", Command::new("true").exec());
        }
        "a fork" => in_a_fork(|| drop(ONE.lock().unwrap())),
        "a fork with two locks" => in_a_fork(|| drop((ONE.lock().unwrap(), TWO.read().unwrap()))),
        unknown => panic!("{unknown}"),
    }
}

fn in_a_fork(run: impl FnOnce()) {
    // SAFETY: the child uses nothing that another thread of the parent may hold, and ends without clean-up.
    let child = unsafe { libc::fork() };
    if child == 0 {
        run();
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) }, child);
}

fn run(scenario: &str, pattern: &Path, keep: &str) -> Output {
    let mut command = again("scenario");
    command.env(SCENARIO, scenario).env("LOCKHOUND_TRACE", pattern).env("LOCKHOUND_KEEP", keep);
    command.env("LOCKHOUND_ON_DEADLOCK", "exit:9");
    finish(command)
}

/// How many acquisitions each trace has that the scenario leaves, in ascending order.
fn kept(scenario: &str) -> Vec<usize> {
    let folder = tempfile::tempdir().unwrap();
    run(scenario, &folder.path().join("deep/down/%e-%p.lht"), "concurrent");
    acquisitions(&folder.path().join("deep/down"))
}

fn acquisitions(folder: &Path) -> Vec<usize> {
    let mut counts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let mut source = open(&entry.unwrap().path(), None).unwrap();
        let mut count = 0;
        while let Some(event) = source.next_event().unwrap() {
            count += usize::from(matches!(event.op, Op::Acquire { .. }));
        }
        counts.push(count);
    }
    counts.sort_unstable();
    counts
}

#[test]
fn what_cannot_show_a_bug_leaves_nothing() {
    assert!(kept("one thread and one lock").is_empty());
    assert!(kept("a fork").is_empty());
    assert!(kept("waits that time out").is_empty());
}

#[test]
fn a_second_lock_or_thread_keeps_all() {
    assert_eq!(kept("two locks"), [TIMES + 1]);
    assert_eq!(kept("two threads"), [TIMES + 1]);
}

#[test]
fn so_does_what_one_thread_can_do_to_itself() {
    assert_eq!(kept("a lock taken twice"), [TIMES + 1]);
    assert_eq!(kept("a leak"), [TIMES + 1]);
}

#[test]
fn the_end_of_the_process_makes_no_difference() {
    assert_eq!(kept("two locks, killed"), [TIMES + 1]);
    assert_eq!(kept("two locks, then another program"), [TIMES + 1]);
}

#[test]
fn parent_and_child_are_judged_apart() {
    assert_eq!(kept("a fork with two locks"), [2]);
}

#[test]
fn a_thread_that_nobody_announced_tells_its_name() {
    const NAME: &str = "a_thread_that_nobody_announced_tells_its_name";
    let folder = tempfile::tempdir().unwrap();
    let variables = [("LOCKHOUND_TRACE", folder.path().join("t.lht").to_str().unwrap().to_owned())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let in_child = || {
        let named = std::thread::Builder::new().name("worker of somebody else".to_owned());
        named.spawn(|| drop(thread::spawn(|| drop(ONE.lock().unwrap())).join())).unwrap().join().unwrap();
    };
    if process::passes(NAME, &variables, in_child).is_none() {
        return;
    }
    let mut source = open(&folder.path().join("t.lht"), None).unwrap();
    while source.next_event().unwrap().is_some() {}
    let tables = source.tables();
    let names: Vec<_> = tables.threads().iter().map(|thread| thread.name.as_deref()).collect();
    assert_eq!(names, [Some("worker of somebody else"), None]);
}

#[test]
fn by_default_everything_is_kept() {
    for keep in ["", "all"] {
        let folder = tempfile::tempdir().unwrap();
        run("one thread and one lock", &folder.path().join("%p.lht"), keep);
        assert_eq!(acquisitions(folder.path()), [TIMES]);
    }
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("trace.lht");
    std::fs::write(&taken, "mine").unwrap();
    run("two locks", &taken, "concurrent");
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
    assert!(folder.path().join("trace.1.lht").exists());
}

#[test]
fn a_folder_that_cannot_be_written_to_stops_the_recording_and_not_the_program() {
    let output = run("two locks", Path::new("/proc/none/%p.lht"), "concurrent");
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("recording stopped: could not create the file in LOCKHOUND_TRACE"), "{stderr}");
}

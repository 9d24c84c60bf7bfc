//! Never worse than the bug: whatever happens to a recorded program, it behaves as it would unrecorded, and what it had
//! recorded until then can be read.
//!
//! Each test starts this binary again as a process that records a scenario, in a folder of its own.
#![cfg(all(feature = "record", target_os = "linux"))]

#[expect(dead_code, reason = "the scenarios here have names of their own")]
mod process;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lockhound::sync::mpsc::sync_channel;
use lockhound::sync::{Mutex, RwLock};
use lockhound::{named, thread};
use lockhound_trace::{ObjectId, Op, open};
use process::{again, finish};

/// Names the scenario that the process is to run.
const SCENARIO: &str = "LOCKHOUND_TEST_SCENARIO";

static BEFORE_MAIN: Mutex<u32> = named::mutex("before main", 0);
static STATIC: Mutex<u32> = named::mutex("static", 0);
static OTHER: Mutex<u32> = named::mutex("other", 0);

#[test]
fn scenario() {
    match std::env::var(SCENARIO).as_deref() {
        Ok("abort") => {
            lock_times(&STATIC, 1000);
            std::process::abort();
        }
        Ok("exit") => exit_beside_a_busy_thread(),
        Ok("panic") => panic_with_guards(),
        Ok("exec") => exec(),
        Ok("again") => lock_times(&STATIC, 7),
        Ok("threads") => ten_thousand_threads(),
        Ok("locks") => a_million_locks(),
        Ok("life") => whole_life(),
        Ok("messages") => messages(|_| ()),
        Ok("killed") => messages(|received| {
            if received == 20_000 {
                // SAFETY: sends a signal to this very process.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            }
        }),
        Ok("much") => {
            lock_times(&STATIC, 3_000_000);
            println!("went on");
        }
        _ => {}
    }
}

fn lock_times(mutex: &Mutex<u32>, times: u32) {
    for _ in 0..times {
        *mutex.lock().unwrap() += 1;
    }
}

/// A command that records a scenario into `folder`.
fn recorded(scenario: &str, folder: &Path) -> Command {
    let mut command = again("scenario");
    command.env(SCENARIO, scenario).env("LOCKHOUND_TRACE", folder.join("t-%p.lht"));
    command
}

fn run(scenario: &str, folder: &Path) -> Output {
    finish(recorded(scenario, folder))
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

fn traces(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn only_trace(folder: &Path) -> PathBuf {
    let [path] = &traces(folder)[..] else { panic!("{:?}", traces(folder)) };
    path.clone()
}

/// What a trace that passes validation contains.
#[derive(Debug, Default, PartialEq, Eq)]
struct Content {
    /// Acquisitions, by the lock's name.
    acquired: BTreeMap<String, usize>,
    /// Releases, likewise.
    released: BTreeMap<String, usize>,
    threads: usize,
    locks: usize,
}

fn content(path: &Path) -> Content {
    let mut source = open(path, None).unwrap();
    let mut content = Content::default();
    let (mut acquired, mut released) = (BTreeMap::new(), BTreeMap::new());
    while let Some(event) = source.next_event().unwrap() {
        match event.op {
            Op::Acquire { lock, .. } => *acquired.entry(lock).or_default() += 1,
            Op::Release { lock, .. } => *released.entry(lock).or_default() += 1,
            Op::Start => content.threads += 1,
            _ => {}
        }
    }
    content.locks = acquired.len();
    let by_name = |counts: BTreeMap<ObjectId, usize>| {
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        for (lock, count) in counts {
            *named.entry(source.tables().object_label(lock).to_string()).or_default() += count;
        }
        named
    };
    content.acquired = by_name(acquired);
    content.released = by_name(released);
    content
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn an_abort_loses_nothing() {
    let folder = folder();
    let output = run("abort", folder.path());
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{output:?}");
    let content = content(&only_trace(folder.path()));
    assert_eq!((content.acquired["static"], content.released["static"]), (1000, 1000));
}

fn exit_beside_a_busy_thread() {
    let begun = std::sync::Arc::new(AtomicBool::new(false));
    let busy = begun.clone();
    thread::spawn(move || {
        loop {
            lock_times(&OTHER, 10);
            busy.store(true, Ordering::Release);
        }
    });
    while !begun.load(Ordering::Acquire) {
        thread::yield_now();
    }
    lock_times(&STATIC, 100);
    let _held = STATIC.lock();
    std::process::exit(0);
}

#[test]
fn an_exit_beside_a_busy_thread_leaves_a_sound_trace() {
    let folder = folder();
    succeeded(&run("exit", folder.path()));
    let content = content(&only_trace(folder.path()));
    assert_eq!(content.acquired["static"], 101);
    assert!(content.acquired["other"] >= 10);
}

fn panic_with_guards() {
    static LOCK: RwLock<u32> = named::rwlock("lock", 0);
    let dying = thread::spawn(|| {
        let _one = STATIC.lock().unwrap();
        let _two = LOCK.write().unwrap();
        let _three = OTHER.lock().unwrap();
        panic!("on purpose");
    });
    assert!(dying.join().is_err());
    assert!(STATIC.is_poisoned() && LOCK.is_poisoned() && OTHER.is_poisoned());
    drop(STATIC.lock().unwrap_err());
}

#[test]
fn a_panic_releases_and_poisons_as_in_std() {
    let folder = folder();
    succeeded(&run("panic", folder.path()));
    let content = content(&only_trace(folder.path()));
    assert_eq!((content.acquired["static"], content.acquired["lock"], content.acquired["other"]), (2, 1, 1));
    assert_eq!(content.released, content.acquired);
}

/// Builds an example of this crate such that a panic aborts.
fn built_to_abort(example: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panic-abort");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", "panic-abort", "--features", "record", "--example", example])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "could not build the example");
    target.join("panic-abort/examples").join(example)
}

#[test]
fn a_panic_that_aborts_loses_nothing() {
    let folder = folder();
    let mut command = Command::new(built_to_abort("abort_on_panic"));
    command.env("LOCKHOUND_TRACE", folder.path().join("t.lht"));
    let output = finish(command);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{output:?}");
    let content = content(&only_trace(folder.path()));
    assert_eq!((content.acquired["held"], content.released["held"]), (101, 100));
}

fn exec() {
    lock_times(&STATIC, 5);
    let failed = Command::new(std::env::current_exe().unwrap())
        .args(["scenario", "--exact", "--test-threads=1"])
        .env(SCENARIO, "again")
        .exec();
    panic!("{failed}");
}

#[test]
fn a_program_that_replaces_itself_leaves_two_traces() {
    let folder = folder();
    succeeded(&run("exec", folder.path()));
    let counts: Vec<_> = traces(folder.path()).iter().map(|path| content(path).acquired["static"]).collect();
    assert_eq!(counts.len(), 2);
    assert!(counts.contains(&5) && counts.contains(&7), "{counts:?}");
}

const THREADS: u32 = 10_000;

/// As many at the same time as the system allows.
fn ten_thousand_threads() {
    let mut rest = THREADS;
    while rest > 0 {
        let mut alive = Vec::new();
        let release = std::sync::Arc::new(AtomicBool::new(false));
        while rest > 0 {
            let release = release.clone();
            let born = thread::Builder::new().stack_size(64 << 10).spawn(move || {
                lock_times(&STATIC, 1);
                while !release.load(Ordering::Acquire) {
                    thread::sleep(Duration::from_millis(50));
                }
            });
            let Ok(thread) = born else { break };
            alive.push(thread);
            rest -= 1;
        }
        assert!(!alive.is_empty(), "not even one thread");
        release.store(true, Ordering::Release);
        for thread in alive {
            thread.join().unwrap();
        }
    }
}

#[test]
fn ten_thousand_threads_are_all_there() {
    let folder = folder();
    succeeded(&run("threads", folder.path()));
    let content = content(&only_trace(folder.path()));
    assert_eq!(content.acquired["static"], THREADS as usize);
    // And the test harness's thread that spawned them; a refused one has a start and an exit, but no lock.
    assert!(content.threads > THREADS as usize);
    assert_eq!(content.released, content.acquired);
}

const LOCKS: usize = 1_000_000;

fn a_million_locks() {
    let locks: Vec<_> = (0..LOCKS).map(Mutex::new).collect();
    for lock in &locks {
        drop(lock.lock());
    }
}

#[test]
fn a_million_locks_are_told_apart() {
    let folder = folder();
    succeeded(&run("locks", folder.path()));
    let content = content(&only_trace(folder.path()));
    assert_eq!(content.locks, LOCKS + 1, "and the one that is taken before main");
    assert_eq!(content.released, content.acquired);
}

/// Runs before `main`, like a constructor of a C++ library would.
extern "C" fn before_main() {
    // SAFETY: the name ends with a zero, and nothing changes the environment this early.
    if !unsafe { libc::getenv(c"LOCKHOUND_TEST_SCENARIO".as_ptr()) }.is_null() {
        lock_times(&BEFORE_MAIN, 2);
    }
}

#[used]
// SAFETY: a list of functions that the loader calls with arguments that this one ignores.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = before_main;

/// Locks when it is dropped.
struct Last(&'static Mutex<u32>);

impl Drop for Last {
    fn drop(&mut self) {
        lock_times(self.0, 1);
    }
}

extern "C" fn at_exit() {
    lock_times(&OTHER, 4);
}

fn whole_life() {
    static IN_DESTRUCTOR: Mutex<u32> = named::mutex("destructor", 0);
    thread_local!(static LAST: Last = const { Last(&IN_DESTRUCTOR) });
    // SAFETY: the handler is an ordinary function.
    unsafe { libc::atexit(at_exit) };
    lock_times(&STATIC, 1);
    thread::spawn(|| LAST.with(|_| ())).join().unwrap();
    // Not through any handle of ours, and before it has recorded anything.
    std::thread::spawn(|| LAST.with(|_| ())).join().unwrap();
}

#[test]
fn all_of_a_programs_life_is_recorded() {
    let folder = folder();
    succeeded(&run("life", folder.path()));
    let acquired = content(&only_trace(folder.path())).acquired;
    let expected = [("before main", 2), ("destructor", 2), ("other", 4), ("static", 1)];
    assert_eq!(acquired, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

/// Runs a command with a file system of 256 KiB at `folder`, that nobody else sees. None if the system does not let us.
fn on_a_small_disk(mut command: Command, folder: &Path) -> Option<Output> {
    let target = CString::new(folder.to_str()?).ok()?;
    let mount = move || {
        // SAFETY: system calls on zero-terminated texts; between fork and exec only such are made.
        let mounted = unsafe {
            libc::unshare(libc::CLONE_NEWNS) == 0
                && libc::mount(
                    std::ptr::null(),
                    c"/".as_ptr(),
                    std::ptr::null(),
                    libc::MS_REC | libc::MS_PRIVATE,
                    std::ptr::null(),
                ) == 0
                && libc::mount(c"tmpfs".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, c"size=256k".as_ptr().cast())
                    == 0
        };
        if mounted { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    // SAFETY: the closure only makes system calls.
    unsafe { command.pre_exec(mount) };
    match command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => Some(child.wait_with_output().unwrap()),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES | libc::ENOSYS)) => None,
        Err(error) => panic!("{error}"),
    }
}

fn stopped_once(output: &Output, why: &str) {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("went on"), "{output:?}");
    let said = error.lines().filter(|line| line.contains("recording stopped")).count();
    assert!(said == 1 && error.contains(why), "{error}");
}

#[test]
fn a_full_file_system_stops_the_recording_only() {
    let folder = folder();
    let Some(output) = on_a_small_disk(recorded("much", folder.path()), folder.path()) else {
        eprintln!("SKIPPED: mounting a small file system needs more rights than this process has");
        return;
    };
    stopped_once(&output, "no space left");
}

#[test]
fn an_unwritable_folder_stops_the_recording_only() {
    let folder = folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut command = recorded("much", folder.path());
    command.env("LOCKHOUND_TRACE", file.join("t.lht"));
    stopped_once(&finish(command), "LOCKHOUND_TRACE");
}

/// Three senders over channels of all kinds, 30,000 messages in all.
fn messages(after_receive: impl Fn(u64)) {
    let received = AtomicU64::new(0);
    for capacity in [0, 1, 64] {
        let (tx, rx) = sync_channel(capacity);
        let senders: Vec<_> = [tx.clone(), tx.clone(), tx]
            .into_iter()
            .map(|tx| thread::spawn(move || (0..10_000 / 3).for_each(|number| tx.send(number).unwrap())))
            .collect();
        for _ in rx {
            after_receive(received.fetch_add(1, Ordering::Relaxed) + 1);
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
    println!("received {}", received.into_inner());
}

#[test]
fn a_recording_that_stops_leaves_the_channels_working() {
    let folder = folder();
    let mut command = recorded("messages", folder.path());
    command.env("LOCKHOUND_LIMIT", "100k");
    let output = finish(command);
    succeeded(&output);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("received 29997"), "{stdout}");
    assert_eq!(stderr.matches("lockhound: recording stopped").count(), 1, "{stderr}");
}

#[test]
fn a_kill_leaves_no_gap() {
    let folder = folder();
    let output = run("killed", folder.path());
    assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{output:?}");
    let mut source = open(&only_trace(folder.path()), None).unwrap();
    let mut received = 0;
    while let Some(event) = source.next_event().unwrap() {
        received += u64::from(matches!(event.op, Op::Recv { .. }));
    }
    assert_eq!(received, 20_000);
}

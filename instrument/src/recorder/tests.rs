//! Recordings of real processes: this test binary runs itself with a scenario's name in the environment.

use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Condvar, Mutex, RwLock};
use std::{fs, thread};

use lockhound_trace::binary::Reader;
use lockhound_trace::{Event, EventSource, How, Mode, Op, Touched, Value, WakeReason};

use super::{Kind, Object, RawValue, joined, spawn_failed, spawning, started};

const SCENARIO: &str = "TEST_SCENARIO";

/// Runs a scenario in a process of its own, which records into `folder`.
fn run(scenario: &str, folder: &Path, adjust: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("known"));
    command.args(["recorder::tests::in_a_child", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(SCENARIO, scenario).env("LOCKHOUND_TRACE", folder.join("sub/trace-%p.lht"));
    adjust(&mut command);
    command.output().expect("runs")
}

#[test]
fn in_a_child() {
    match std::env::var(SCENARIO).as_deref() {
        Ok("count") => count(0),
        Ok("killed") => count(20_000),
        Ok("order") => order(),
        Ok("late") => late(),
        Ok("refused") => refused(),
        Ok("process_exit") => {
            locked_once(&named_mutex());
            std::process::exit(0);
        }
        Ok("abort") => {
            locked_once(&named_mutex());
            std::process::abort();
        }
        Ok("errno") => errno(),
        Ok("once") => locked_once(&named_mutex()),
        _ => {}
    }
}

fn name() -> &'static str {
    "content"
}

fn named_mutex() -> Object {
    Object::new(Kind::Mutex, name).named("the mutex").levelled(-3)
}

#[track_caller]
fn locked_once(object: &Object) {
    object.acquired(Mode::Write, How::Lock, Location::caller());
    object.releasing(Mode::Write, Touched::Read);
}

#[track_caller]
fn spawn(name: &'static str, run: impl FnOnce() + Send + 'static) -> impl FnOnce() {
    let site = Location::caller();
    let ticket = spawning(Some(name), site);
    let handle = thread::spawn(move || {
        started(ticket);
        run();
    });
    move || {
        handle.join().expect("does not panic");
        joined(ticket, site);
    }
}

const THREADS: usize = 4;
const ROUNDS: usize = 30_000;

static LOCKS: [Mutex<()>; 8] = [const { Mutex::new(()) }; 8];
static OBJECTS: [Object; 8] = [const { Object::new(Kind::Mutex, name) }; 8];

/// Threads over locks; the process is killed by one of them after `kill_after` rounds, if not 0.
fn count(kill_after: usize) {
    let work = move |seed: usize| {
        for round in 0..ROUNDS {
            if kill_after != 0 && round == kill_after && seed == 1 {
                // SAFETY: sends a signal to this very process.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            }
            let at = (round * (seed * 2 + 1)) % LOCKS.len();
            let guard = LOCKS[at].lock().expect("nobody panics");
            locked_once(&OBJECTS[at]);
            drop(guard);
        }
    };
    let joins: Vec<_> = (0..THREADS).map(|seed| spawn("worker", move || work(seed))).collect();
    joins.into_iter().for_each(|join| join());
}

fn order() {
    static LOCK: Mutex<bool> = Mutex::new(false);
    static MUTEX: Object = Object::new(Kind::Mutex, name);
    static CHANGED: Condvar = Condvar::new();
    static CONDVAR: Object = Object::new(Kind::Condvar, name);
    static SHARED: RwLock<()> = RwLock::new(());
    static RWLOCK: Object = Object::new(Kind::RwLock, name);
    struct Cell(UnsafeCell<i64>);
    // SAFETY: only used under the spin bit of VAR.
    unsafe impl Sync for Cell {}
    static CELL: Cell = Cell(UnsafeCell::new(0));
    static VAR: Object = Object::new(Kind::Var, name);
    let here = Location::caller();
    let wait = spawn("waiter", move || {
        let mut guard = LOCK.lock().expect("nobody panics");
        MUTEX.acquired(Mode::Write, How::Lock, here);
        while !*guard {
            let _ = CONDVAR.waiting(&MUTEX, Touched::Read, How::Lock, here);
            guard = CHANGED.wait(guard).expect("nobody panics");
            CONDVAR.woken(&MUTEX, false, here);
        }
        MUTEX.releasing(Mode::Write, Touched::Write);
    });
    let workers = (0..3).map(|_| {
        spawn("worker", move || {
            for round in 0..500 {
                // SAFETY: the recorder runs one access at a time.
                let seen = VAR.read(here, || unsafe { *CELL.0.get() }, |value| Some(RawValue::Signed(*value)));
                // SAFETY: as above.
                VAR.write(here, Some(RawValue::Signed(seen - 1)), || unsafe { *CELL.0.get() = seen - 1 });
                if round % 5 == 0 {
                    let _guard = SHARED.write().expect("nobody panics");
                    RWLOCK.acquired(Mode::Write, How::Lock, here);
                    RWLOCK.releasing(Mode::Write, Touched::Write);
                } else {
                    let _guard = SHARED.read().expect("nobody panics");
                    RWLOCK.acquired(Mode::Read, How::Lock, here);
                    RWLOCK.releasing(Mode::Read, Touched::Read);
                }
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    workers.into_iter().for_each(|join| join());
    *LOCK.lock().expect("nobody panics") = true;
    CONDVAR.notifying(true, here);
    CHANGED.notify_all();
    wait();
    drop(MUTEX.blocked(Mode::Write, here));
    MUTEX.try_failed(Mode::Write, here);
    spawn_failed(spawning(None, here));
}

struct LocksInDestructor;

impl Drop for LocksInDestructor {
    fn drop(&mut self) {
        locked_once(&OBJECTS[0]);
    }
}

thread_local!(static LATE: LocksInDestructor = const { LocksInDestructor });

extern "C" fn at_exit() {
    locked_once(&OBJECTS[1]);
}

/// Events in a thread-local destructor and in an exit handler.
fn late() {
    // SAFETY: registers a function that lives as long as the process.
    unsafe { libc::atexit(at_exit) };
    spawn("late", || LATE.with(|_| ()))();
    // Returning from main's thread would run the handler; so does this.
    std::process::exit(0);
}

/// The program must go on, whatever becomes of the recording.
fn refused() {
    for _ in 0..100_000 {
        locked_once(&OBJECTS[0]);
    }
    println!("went on");
}

/// The first event opens the file, in folders some of which exist; later ones change the chunk.
fn errno() {
    for _ in 0..10_000 {
        // SAFETY: the calling thread's own `errno`.
        unsafe { *libc::__errno_location() = libc::EXDEV };
        locked_once(&OBJECTS[0]);
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(libc::EXDEV));
    }
}

fn traces(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder.join("sub"));
    let mut paths: Vec<_> = listed.into_iter().flatten().map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> (Vec<Event>, Reader) {
    check_possible(path);
    let mut reader = Reader::open(path).expect("a trace");
    let mut events = Vec::new();
    while let Some(event) = reader.next_event().expect("sound") {
        events.push(event);
    }
    (events, reader)
}

/// What was recorded can have happened, as far as the semantics of the objects tell.
fn check_possible(path: &Path) {
    let mut source = lockhound_trace::open(path, None).expect("a trace");
    while source.next_event().expect("possible").is_some() {}
}

/// Checks that no two threads hold a mutex at once; gives acquires by lock.
fn check_exclusion(events: &[Event]) -> BTreeMap<usize, usize> {
    let mut holders = BTreeMap::new();
    let mut acquires = BTreeMap::new();
    for event in events {
        match event.op {
            Op::Acquire { lock, mode: Mode::Write, .. } => {
                assert_eq!(holders.insert(lock, event.thread), None, "held twice");
                *acquires.entry(lock.index()).or_default() += 1;
            }
            Op::Release { lock, mode: Mode::Write, .. } => assert_eq!(holders.remove(&lock), Some(event.thread)),
            _ => {}
        }
    }
    acquires
}

#[test]
fn every_event_of_every_thread_is_read_back() {
    let folder = tempfile::tempdir().expect("writable");
    let output = run("count", folder.path(), |_| {});
    assert!(output.status.success(), "{output:?}");
    let paths = traces(folder.path());
    let (events, reader) = read(&paths[0]);
    assert_eq!(reader.gaps(), 0);
    let acquires = check_exclusion(&events);
    assert_eq!(acquires.values().sum::<usize>(), THREADS * ROUNDS);
    let others = 2 + 4 * THREADS;
    assert_eq!(events.len(), 2 * THREADS * ROUNDS + others, "start, exit; spawn, start, exit, join of each");
    let tables = reader.tables();
    assert_eq!(tables.threads().len(), 1 + THREADS);
    assert_eq!(tables.threads()[1].name.as_deref(), Some("worker"));
    assert_eq!(tables.header().pid.map(|pid| paths[0].ends_with(format!("trace-{pid}.lht"))), Some(true));
    assert!(
        tables.header().cwd.is_some() && tables.header().start.is_some() && tables.header().env.contains_key("exe")
    );
}

#[test]
fn what_was_committed_survives_a_kill() {
    let folder = tempfile::tempdir().expect("writable");
    let output = run("killed", folder.path(), |_| {});
    assert_eq!(output.status.signal(), Some(libc::SIGKILL));
    let (events, reader) = read(&traces(folder.path())[0]);
    let of = |index: usize| {
        let mine = |event: &&Event| event.thread.index() == index && matches!(event.op, Op::Acquire { .. });
        events.iter().filter(mine).count()
    };
    let threads = reader.tables().threads().len();
    assert!((0..threads).any(|index| of(index) == 20_000), "all rounds of the thread that killed the process");
    let spawned = events.iter().filter(|event| matches!(event.op, Op::Spawn { .. })).count();
    let joined = events.iter().filter(|event| matches!(event.op, Op::Join { .. })).count();
    assert!(joined < spawned, "the thread that killed the process has not ended");
}

#[test]
fn real_order_of_every_kind_of_object() {
    let folder = tempfile::tempdir().expect("writable");
    let output = run("order", folder.path(), |_| {});
    assert!(output.status.success(), "{output:?}");
    let (events, reader) = read(&traces(folder.path())[0]);
    assert_eq!(reader.gaps(), 0);
    let (mut value, mut accesses, mut readers, mut writers, mut started_threads) = (0, 0, 0, 0, 0);
    let mut woken = Vec::new();
    for event in &events {
        match event.op {
            Op::Read { value: Some(Value::Int(read)), .. } => {
                assert_eq!(read, value, "a read sees the last write");
                accesses += 1;
            }
            Op::Write { value: Some(Value::Int(written)), .. } => {
                value = written;
                accesses += 1;
            }
            Op::Acquire { mode: Mode::Read, .. } => {
                assert_eq!(writers, 0);
                readers += 1;
            }
            Op::Release { mode: Mode::Read, .. } => readers -= 1,
            Op::Acquire { lock, .. } if reader.tables().object(lock).kind.name() == "rwlock" => {
                assert_eq!((readers, writers), (0, 0));
                writers += 1;
            }
            Op::Release { lock, .. } if reader.tables().object(lock).kind.name() == "rwlock" => writers -= 1,
            Op::Wake { by, .. } => woken.push(by),
            Op::Start => started_threads += 1,
            _ => {}
        }
    }
    assert_eq!(accesses, 3000);
    assert_eq!(started_threads, 6);
    assert!(woken.is_empty() || woken.last() == Some(&WakeReason::Notify), "{woken:?}");
    let [.., block, failed, _, _, _, _] = &events[..] else { panic!("too few events") };
    assert!(matches!(block.op, Op::Block { .. }) && block.stack.is_some(), "{block:?}");
    assert!(matches!(failed.op, Op::TryFailed { .. }), "{failed:?}");
    let frames = reader.tables().stack(block.stack.expect("captured"));
    let exe = std::env::current_exe().expect("known");
    let own = frames
        .iter()
        .filter(|frame| matches!(frame, lockhound_trace::Frame::Address { module, .. } if Path::new(&**module) == exe));
    assert!(own.count() > 2, "{frames:?}");
}

#[test]
fn declarations_arrive() {
    for scenario in ["once", "process_exit", "abort"] {
        let folder = tempfile::tempdir().expect("writable");
        run(scenario, folder.path(), |_| {});
        let (events, reader) = read(&traces(folder.path())[0]);
        let [start, acquire, release, ..] = &events[..] else { panic!("{scenario}: {events:?}") };
        assert_eq!(start.op, Op::Start);
        assert!(matches!(release.op, Op::Release { touched: Touched::Read, .. }));
        let Op::Acquire { lock, .. } = acquire.op else { panic!("{acquire:?}") };
        let object = reader.tables().object(lock);
        assert_eq!((object.id.as_str(), object.name.as_deref()), ("mutex1", Some("the mutex")));
        assert_eq!((object.type_name.as_deref(), object.level), (Some("content"), Some(-3)));
        let site = reader.tables().site(acquire.site.expect("recorded"));
        assert!(site.contains("recorder/tests.rs:"), "{site}");
    }
}

#[test]
fn destructors_and_exit_handlers_record() {
    let folder = tempfile::tempdir().expect("writable");
    run("late", folder.path(), |_| {});
    let (events, reader) = read(&traces(folder.path())[0]);
    assert_eq!(check_exclusion(&events).values().sum::<usize>(), 2);
    let late = reader.tables().threads().iter().position(|thread| thread.name.as_deref() == Some("late"));
    let of_late: Vec<_> =
        events.iter().filter(|event| Some(event.thread.index()) == late).map(|event| event.op).collect();
    let [Op::Start, Op::Acquire { .. }, Op::Release { .. }, Op::Exit] = of_late[..] else { panic!("{of_late:?}") };
}

#[test]
fn recording_stops_and_the_program_goes_on() {
    let went_on = |output: &Output, why: &str| {
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("went on"), "{output:?}");
        let said = error.lines().filter(|line| line.contains("recording stopped")).count();
        assert!(said == 1 && error.contains(why), "{error}");
    };
    let folder = tempfile::tempdir().expect("writable");
    went_on(
        &run("refused", folder.path(), |command| {
            command.env("LOCKHOUND_LIMIT", "64k");
        }),
        "LOCKHOUND_LIMIT",
    );
    let (events, _) = read(&traces(folder.path())[0]);
    assert!(check_exclusion(&events).values().sum::<usize>() > 1000);

    let folder = tempfile::tempdir().expect("writable");
    let limit = |command: &mut Command| {
        let limit = libc::rlimit { rlim_cur: 32 << 10, rlim_max: 32 << 10 };
        // SAFETY: `setrlimit` may be called between fork and exec.
        unsafe {
            command.pre_exec(move || {
                libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
                Ok(())
            })
        };
    };
    went_on(&run("refused", folder.path(), limit), "RLIMIT_FSIZE");
    assert_eq!(traces(folder.path()).len(), 1);

    let unwritable = |command: &mut Command| {
        command.env("LOCKHOUND_TRACE", "/proc/no/such/%p.lht");
    };
    went_on(&run("refused", folder.path(), unwritable), "LOCKHOUND_TRACE");
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = tempfile::tempdir().expect("writable");
    let path = folder.path().join("same.lht");
    for _ in 0..3 {
        run("once", folder.path(), |command| {
            command.env("LOCKHOUND_TRACE", &path);
        });
    }
    for name in ["same.lht", "same.1.lht", "same.2.lht"] {
        assert!(!read(&folder.path().join(name)).0.is_empty());
    }
}

#[test]
fn the_programs_last_error_is_left_alone() {
    let folder = tempfile::tempdir().expect("writable");
    let output = run("errno", folder.path(), |_| {});
    assert!(output.status.success(), "{output:?}");
    assert_eq!(traces(folder.path()).len(), 1);
}

#[test]
fn nothing_is_written_when_off() {
    let folder = tempfile::tempdir().expect("writable");
    let output = run("order", folder.path(), |command| {
        command.env_remove("LOCKHOUND_TRACE");
    });
    assert!(output.status.success(), "{output:?}");
    assert!(traces(folder.path()).is_empty());
}

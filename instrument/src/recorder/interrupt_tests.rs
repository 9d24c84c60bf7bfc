//! Signal handlers that record, at each instruction in turn of a thread that changes its chunk.

use std::arch::asm;
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use super::local;
use crate::sync::Mutex;

const CHILD: &str = "TEST_INTERRUPT_CHILD";
/// Instructions at the beginning and end of a change where a handler comes at each.
const EDGE: usize = 150;
/// In the processor's flags: it traps after each instruction.
const TRAP: i64 = 1 << 8;

static LOCK: Mutex<()> = Mutex::new(());
/// Instructions until the handler acts.
static LEFT: AtomicUsize = AtomicUsize::new(0);
static HAS_ACTED: AtomicBool = AtomicBool::new(false);
/// The number of the stream that the interrupted thread has.
static STREAM: AtomicU32 = AtomicU32::new(0);
static FOUND_ANOTHER_STREAM: AtomicBool = AtomicBool::new(false);

/// What a handler does once; for the rest the thread goes on without traps.
extern "C" fn act(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let left = LEFT.load(Ordering::Relaxed);
    if left > 0 {
        return LEFT.store(left - 1, Ordering::Relaxed);
    }
    drop(LOCK.try_lock());
    let stream = local::last_number();
    FOUND_ANOTHER_STREAM.fetch_or(stream != 0 && stream != STREAM.load(Ordering::Relaxed), Ordering::Relaxed);
    HAS_ACTED.store(true, Ordering::Relaxed);
    // SAFETY: the kernel hands over the state that it goes back to, which nobody else uses meanwhile.
    unsafe { (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP };
}

fn install() {
    // SAFETY: an all-zero action is a valid one, and the pointers are to a live one or null.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = act as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO;
        assert_eq!(libc::sigaction(libc::SIGTRAP, &raw const action, std::ptr::null_mut()), 0);
    }
}

/// Runs `body`, interrupted after so many instructions; whether it has as many.
fn interrupted(after: usize, body: impl FnOnce()) -> bool {
    LEFT.store(after, Ordering::Relaxed);
    HAS_ACTED.store(false, Ordering::Relaxed);
    // SAFETY: sets a flag of which only the handler takes note.
    unsafe { asm!("pushfq", "or qword ptr [rsp], {trap}", "popfq", trap = const TRAP) };
    body();
    // SAFETY: as above.
    unsafe { asm!("pushfq", "and qword ptr [rsp], {others}", "popfq", others = const !TRAP) };
    HAS_ACTED.load(Ordering::Relaxed)
}

/// A thread whose chunk is full, after `earlier` others, makes room. Whether it was interrupted in the midst of that.
fn change(earlier: usize, after: usize) -> bool {
    let in_thread = || {
        drop(LOCK.try_lock());
        local::with(|local| {
            let local = local.expect("records");
            STREAM.store(local.thread(), Ordering::Relaxed);
            for _ in 0..earlier {
                local.buffer.fill();
                local.buffer.reserve().expect("room");
            }
            local.buffer.fill();
            let was_interrupted = interrupted(after, || local.buffer.reserve().expect("room"));
            let mapped = local.buffer.mapped();
            assert_eq!(mapped.iter().collect::<BTreeSet<_>>().len(), mapped.len(), "a chunk would be unmapped twice");
            was_interrupted
        })
    };
    std::thread::scope(|scope| scope.spawn(in_thread).join().expect("no failure"))
}

/// How many instructions a change takes.
fn instructions(earlier: usize) -> usize {
    change(earlier, usize::MAX);
    usize::MAX - LEFT.load(Ordering::Relaxed)
}

/// Each of the first and last instructions, where the recorder notes whether it is at work, and some of the others.
fn moments(all: usize) -> impl Iterator<Item = usize> {
    (0..all).filter(move |&at| at < EDGE || at >= all - EDGE || at % 37 == 0)
}

#[test]
fn in_a_child() {
    if std::env::var_os(CHILD).is_some() {
        install();
        for earlier in [0, 1] {
            let all = instructions(earlier);
            let missed = moments(all).filter(|&at| !change(earlier, at)).count();
            assert!(missed < EDGE / 10, "{missed} moments of {all} did not come");
        }
        // Windows, of whose instructions most clear them.
        for earlier in [4, 5] {
            assert!((0..EDGE).all(|at| change(earlier, at)));
        }
        assert!(!FOUND_ANOTHER_STREAM.load(Ordering::Relaxed), "a handler began a stream in the midst of another");
    }
}

#[test]
fn a_handler_may_come_at_any_moment_of_a_change_of_chunks() {
    let folder = tempfile::tempdir().expect("writable");
    let mut command = Command::new(std::env::current_exe().expect("known"));
    command.args(["recorder::interrupt_tests::in_a_child", "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(CHILD, "1").env("LOCKHOUND_TRACE", folder.path().join("%p.lht")).output().expect("runs");
    assert!(output.status.success(), "{output:?}");
}

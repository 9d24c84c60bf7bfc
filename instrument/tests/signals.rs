//! A signal handler may use the atomics that it interrupts, recorded or not.

use std::time::{Duration, Instant};

use lockhound::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static HITS: AtomicUsize = AtomicUsize::new(0);
static FLAG: AtomicBool = AtomicBool::new(false);

extern "C" fn handle(_: libc::c_int) {
    HITS.fetch_add(1, Ordering::Relaxed);
    FLAG.store(true, Ordering::Release);
}

/// Has this process interrupted some thousand times a second, until it ends.
fn interrupt_often() {
    let every = libc::timeval { tv_sec: 0, tv_usec: 200 };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    let handler: extern "C" fn(libc::c_int) = handle;
    // SAFETY: the handler only uses atomics, and both structures are whole.
    let failed = unsafe {
        libc::signal(libc::SIGALRM, handler as libc::sighandler_t) == libc::SIG_ERR
            || libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) != 0
    };
    assert!(!failed, "{}", std::io::Error::last_os_error());
}

#[test]
fn a_signal_handler_may_use_what_it_interrupts() {
    interrupt_often();
    let (start, mut own) = (Instant::now(), 0);
    while own < 200_000 || HITS.load(Ordering::Relaxed) < own + 200 {
        HITS.fetch_add(1, Ordering::Relaxed);
        own += 1;
        let _ = FLAG.compare_exchange(true, false, Ordering::AcqRel, Ordering::Acquire);
        assert!(start.elapsed() < Duration::from_secs(60), "{own} of its own, {HITS:?} in all");
    }
}

#[cfg(feature = "record")]
#[test]
fn also_when_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.lht");
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_signal_handler_may_use_what_it_interrupts", "--quiet"])
        .env("LOCKHOUND_TRACE", &trace)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let mut events = lockhound_trace::open(&trace, None).unwrap();
    let mut updates = 0;
    while let Some(event) = lockhound_trace::EventSource::next_event(&mut events).unwrap() {
        updates += usize::from(matches!(event.op, lockhound_trace::Op::Rmw { cas: false, .. }));
    }
    assert!(updates >= 200_000, "{updates} updates");
}

//! How the trace file comes by its name: at once, or, under `LOCKHOUND_KEEP=concurrent`, when the process has done something
//! that could show a bug ([`worth`](super::worth)).
//!
//! Until then it is a file without a name (`O_TMPFILE`), in the folder where it will have one. It is written to like any
//! other; and if its process ends before, in whatever way, the kernel removes it. So nothing is different for those who
//! record, and whatever has a name is complete.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

use lockhound_trace::binary::encode::{Bytes, Scratch};

use super::file::last_error;
use super::settings::{self, PATH, put_number};

/// There is no file, or it has its name.
const SETTLED: u8 = 0;
const UNNAMED: u8 = 1;
const NAMING: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(SETTLED);

/// Creates the file, with a name that was not in use, or without.
pub(super) fn create(pattern: &[u8]) -> Result<i32, &'static str> {
    if settings::keeps_all() {
        return create_named(pattern);
    }
    // Where that is impossible (an old file system, no /proc), a file more does no harm.
    match create_unnamed(pattern) {
        Some(descriptor) => {
            STATE.store(UNNAMED, Ordering::Release);
            Ok(descriptor)
        }
        None => create_named(pattern),
    }
}

/// Gives the file its name, if it has none. Whoever comes second waits for it: what follows must not be lost either.
///
/// To be called while the thread is busy: a signal handler of its own would wait for ever.
#[cold]
pub(super) fn settle(descriptor: impl FnOnce() -> Option<i32>) -> Result<(), &'static str> {
    loop {
        match STATE.load(Ordering::Acquire) {
            SETTLED => return Ok(()),
            UNNAMED => {
                if STATE.compare_exchange(UNNAMED, NAMING, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    let named = descriptor().map_or(Err("the program closed the trace file"), name);
                    STATE.store(SETTLED, Ordering::Release);
                    return named;
                }
            }
            _ => std::thread::yield_now(),
        }
    }
}

/// In the child of a fork: the file is the parent's.
pub(super) fn abandon() {
    STATE.store(SETTLED, Ordering::Relaxed);
}

fn create_named(pattern: &[u8]) -> Result<i32, &'static str> {
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC | libc::O_NOFOLLOW;
    // SAFETY: the path ends with a zero.
    first_unused(pattern, |path| unsafe { libc::open(path.as_ptr(), flags, 0o644) })
}

fn name(descriptor: i32) -> Result<(), &'static str> {
    let own = path_of(descriptor);
    let link = |path: &CStr| {
        let (here, follow) = (libc::AT_FDCWD, libc::AT_SYMLINK_FOLLOW);
        // SAFETY: both paths end with a zero.
        unsafe { libc::linkat(here, own.bytes().as_ptr().cast(), here, path.as_ptr(), follow) }
    };
    let pattern = settings::pattern().ok_or("LOCKHOUND_TRACE was unset")?;
    first_unused(pattern, link).map(|_| ())
}

/// Does what gives a file its name until the name is one that nobody has.
fn first_unused(pattern: &[u8], make: impl Fn(&CStr) -> i32) -> Result<i32, &'static str> {
    for attempt in 0..10_000 {
        let path = settings::expand(pattern, attempt).ok_or("the path in LOCKHOUND_TRACE is too long")?;
        let path = CStr::from_bytes_with_nul(path.bytes()).map_err(|_| "the path in LOCKHOUND_TRACE is no path")?;
        if attempt == 0 {
            create_parents(path);
        }
        let made = make(path);
        if made >= 0 {
            return Ok(made);
        }
        match last_error() {
            libc::EEXIST | libc::EINTR => {}
            libc::EACCES | libc::EROFS | libc::EPERM => return Err("the folder in LOCKHOUND_TRACE is not writable"),
            libc::ENOSPC => return Err("no space left for the trace file"),
            _ => return Err("could not create the file in LOCKHOUND_TRACE"),
        }
    }
    Err("could not find an unused name for the trace file")
}

/// A file that can be given a name in its folder later. Not for a relative path: the program may change its folder.
fn create_unnamed(pattern: &[u8]) -> Option<i32> {
    let path = settings::expand(pattern, 0).filter(|path| path.bytes().starts_with(b"/"))?;
    create_parents(CStr::from_bytes_with_nul(path.bytes()).ok()?);
    let mut folder = Scratch::<PATH>::default();
    folder.put(&path.bytes()[..=path.bytes().iter().rposition(|&byte| byte == b'/')?]);
    folder.put(&[0]);
    let flags = libc::O_RDWR | libc::O_TMPFILE | libc::O_CLOEXEC;
    // SAFETY: the path ends with a zero.
    let descriptor = unsafe { libc::open(folder.bytes().as_ptr().cast(), flags, 0o644) };
    if descriptor < 0 {
        return None;
    }
    // SAFETY: the path ends with a zero.
    let can_be_named = unsafe { libc::access(path_of(descriptor).bytes().as_ptr().cast(), libc::F_OK) } == 0;
    if !can_be_named {
        // SAFETY: just opened, and known to nobody else.
        unsafe { libc::close(descriptor) };
    }
    can_be_named.then_some(descriptor)
}

/// Where the kernel shows the file, zero-terminated.
fn path_of(descriptor: i32) -> Scratch<64> {
    let mut path = Scratch::<64>::default();
    path.put(b"/proc/self/fd/");
    put_number(&mut path, u64::from(descriptor.unsigned_abs()));
    path.put(&[0]);
    path
}

/// What cannot be created is noticed when the file itself cannot.
fn create_parents(path: &CStr) {
    let bytes = path.to_bytes();
    let mut folder = [0_u8; PATH];
    for (at, _) in bytes.iter().enumerate().filter(|&(at, &byte)| byte == b'/' && at > 0) {
        folder[..at].copy_from_slice(&bytes[..at]);
        folder[at] = 0;
        // SAFETY: the text ends with a zero.
        unsafe { libc::mkdir(folder.as_ptr().cast(), 0o755) };
    }
}

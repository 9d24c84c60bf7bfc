//! What the recorder asks the operating system for, past the standard library.

use std::sync::atomic::{AtomicBool, Ordering};

use lockhound_trace::binary::encode::{Bytes, Scratch};

/// Writes to standard error past the standard library, whose lock the caller may hold.
pub(in crate::recorder) fn say(parts: &[&str]) {
    let mut line = Scratch::<1024>::default();
    for part in parts {
        let room = line.room();
        line.put(&part.as_bytes()[..part.len().min(room)]);
    }
    write(line.bytes());
}

/// The same for a text of any length.
pub(in crate::recorder) fn say_all(text: &str) {
    let mut rest = text.as_bytes();
    while let Some(written) = write(rest).filter(|&written| written > 0) {
        rest = &rest[written..];
    }
}

/// What cannot be written is lost, by intent.
fn write(bytes: &[u8]) -> Option<usize> {
    // SAFETY: the pointer and length are those of a live slice.
    usize::try_from(unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) }).ok()
}

/// Has `in_child` called in the child of every fork. Whether that could be arranged.
///
/// Threads that come here at the same time each arrange for it, since none may go on before it is done, and none may wait
/// for another that a fork could take away. So `in_child` may run several times a fork.
pub(in crate::recorder) fn watch_forks(in_child: extern "C" fn()) -> bool {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.load(Ordering::Acquire) {
        return true;
    }
    // SAFETY: the handler only stores to atomics and thread-locals without destructors, and makes system calls.
    let watching = unsafe { libc::pthread_atfork(None, None, Some(handler(in_child))) } == 0;
    WATCHING.fetch_or(watching, Ordering::Release);
    watching
}

fn handler(function: extern "C" fn()) -> unsafe extern "C" fn() {
    function
}

/// Nanoseconds since 1970.
pub(in crate::recorder) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Appends a number in decimal.
pub(in crate::recorder) fn put_number(out: &mut impl Bytes, number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.put(&digits[at..]);
}

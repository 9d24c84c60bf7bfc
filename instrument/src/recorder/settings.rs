//! What the environment asks for, read without the standard library's locks and without allocating: the first event of a
//! process may come from its allocator.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

use lockhound_trace::binary::encode::{Bytes, Scratch};

/// Longest path, with its terminating zero.
pub(super) const PATH: usize = 4096;

const DEFAULT_LIMIT: u64 = 4 << 30;

/// A variable of the environment; empty counts as unset. So does any in a program that runs with more rights than its
/// user has: nobody may make such a program write files.
fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: only asks for a number that the kernel gave to the process.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return None;
    }
    // SAFETY: `name` ends with a zero. Like every reader of the environment, this relies on nobody changing it at the
    // same time, which `std::env::set_var` demands of its callers.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: `getenv` returns a zero-terminated text that lives as long as the variable is not changed.
    Some(unsafe { CStr::from_ptr(value) }.to_bytes()).filter(|bytes| !bytes.is_empty())
}

/// `LOCKHOUND_TRACE`: the pattern of the file's path.
pub(super) fn pattern() -> Option<&'static [u8]> {
    variable(c"LOCKHOUND_TRACE")
}

/// `LOCKHOUND_LIMIT`: how large the file may grow, in bytes. A bad value is reported once and ignored.
pub(super) fn limit() -> u64 {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    let Some(text) = variable(c"LOCKHOUND_LIMIT") else { return DEFAULT_LIMIT };
    parse_size(text).unwrap_or_else(|| {
        if !REPORTED.swap(true, Ordering::Relaxed) {
            say(&["lockhound: LOCKHOUND_LIMIT ignored: expected a number of bytes, perhaps with k, M or G\n"]);
        }
        DEFAULT_LIMIT
    })
}

fn parse_size(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 10),
        b'm' | b'M' => (&text[..text.len() - 1], 20),
        b'g' | b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift).filter(|&size| size > 0)
}

/// Writes to standard error past the standard library, whose lock the caller may hold.
pub(super) fn say(parts: &[&str]) {
    let mut line = Scratch::<1024>::default();
    for part in parts {
        let room = line.room();
        line.put(&part.as_bytes()[..part.len().min(room)]);
    }
    let bytes = line.bytes();
    // SAFETY: the pointer and length are those of a live slice. What cannot be written is lost, by intent.
    let _ = unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
}

/// Has `in_child` called in the child of every fork. Whether that could be arranged.
pub(super) fn watch_forks(in_child: extern "C" fn()) -> bool {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.swap(true, Ordering::Relaxed) {
        return true;
    }
    // SAFETY: the handler only stores to atomics and thread-locals without destructors, and closes a descriptor.
    unsafe { libc::pthread_atfork(None, None, Some(handler(in_child))) == 0 }
}

fn handler(function: extern "C" fn()) -> unsafe extern "C" fn() {
    function
}

/// The path of the file, zero-terminated: the pattern with `%e` executable, `%p` process id, `%t` seconds since 1970,
/// `%h` host, `%%` itself. `attempt` > 0 goes before the extension, so that nothing is overwritten.
pub(super) fn expand(pattern: &[u8], attempt: u32) -> Option<Scratch<PATH>> {
    let mut path = Scratch::<PATH>::default();
    let name = pattern.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    let dot = pattern[name..].iter().rposition(|&byte| byte == b'.').filter(|&at| at > 0).map(|at| name + at);
    let extension = dot.unwrap_or(pattern.len());
    let mut at = 0;
    while at <= pattern.len() {
        if at == extension && attempt > 0 {
            path.put(b".");
            put_number(&mut path, u64::from(attempt));
        }
        let Some(&byte) = pattern.get(at) else { break };
        let letter = if byte == b'%' { pattern.get(at + 1) } else { None };
        match letter {
            Some(b'e') => with_program(|name| path.put(base_name(name))),
            Some(b'p') => put_number(&mut path, u64::from(std::process::id())),
            Some(b't') => put_number(&mut path, now() / 1_000_000_000),
            Some(b'h') => put_host(&mut path),
            Some(b'%') => path.put(b"%"),
            _ => path.put(&[byte]),
        }
        let known = matches!(letter, Some(b'e' | b'p' | b't' | b'h' | b'%'));
        at += if known { 2 } else { 1 };
    }
    path.put(&[0]);
    (!path.bytes().is_empty()).then_some(path)
}

/// What follows the last slash.
pub(super) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// Calls `f` with the path of the running executable.
pub(super) fn with_program(f: impl FnOnce(&[u8])) {
    let mut path = [0_u8; PATH];
    // SAFETY: the buffer has the length it is said to have; `readlink` writes no terminating zero.
    let length = unsafe { libc::readlink(c"/proc/self/exe".as_ptr(), path.as_mut_ptr().cast(), path.len()) };
    f(usize::try_from(length).map_or(&[], |length| &path[..length]));
}

/// Nanoseconds since 1970.
pub(super) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn put_host(out: &mut impl Bytes) {
    let mut name = [0_u8; 256];
    // SAFETY: the buffer has the length it is said to have.
    if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } == 0 {
        out.put(name.split(|&byte| byte == 0).next().unwrap_or(&[]));
    }
}

/// Appends a number in decimal.
pub(super) fn put_number(out: &mut impl Bytes, number: u64) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(pattern: &str, attempt: u32) -> String {
        let path = expand(pattern.as_bytes(), attempt).expect("short");
        String::from_utf8(path.bytes().to_vec()).expect("text").trim_end_matches('\0').to_owned()
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size(b"64k"), Some(65_536));
        assert_eq!(parse_size(b" 3 G "), Some(3 << 30));
        assert_eq!(parse_size(b"12"), Some(12));
        for bad in ["", "0", "k", "-1", "1T", "99999999999G"] {
            assert_eq!(parse_size(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn patterns() {
        let pid = std::process::id();
        assert_eq!(expanded("a/b-%p.lht", 0), format!("a/b-{pid}.lht"));
        assert_eq!(expanded("a.d/b-%p.lht", 2), format!("a.d/b-{pid}.2.lht"));
        assert_eq!(expanded("a.d/b", 1), "a.d/b.1");
        assert_eq!(expanded("100%%%", 0), "100%%");
        let exe = std::env::current_exe().expect("known");
        assert_eq!(expanded("%e", 0), exe.file_name().expect("named").to_string_lossy());
    }

    #[test]
    fn a_path_too_long_is_none() {
        assert!(expand(&[b'x'; PATH], 0).is_none());
    }
}

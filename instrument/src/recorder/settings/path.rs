//! The path of the trace file.

use lockhound_trace::binary::encode::{Bytes, Scratch};

use super::system::{now, put_number};

/// Longest path, with its terminating zero.
pub(in crate::recorder) const PATH: usize = 4096;

/// The path of the file, zero-terminated: the pattern with `%e` executable, `%p` process id, `%t` seconds since 1970,
/// `%h` host, `%%` itself. `attempt` > 0 goes before the extension, so that nothing is overwritten.
pub(in crate::recorder) fn expand(pattern: &[u8], attempt: u32) -> Option<Scratch<PATH>> {
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
pub(in crate::recorder) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// Calls `f` with the path of the running executable.
pub(in crate::recorder) fn with_program(f: impl FnOnce(&[u8])) {
    let mut path = [0_u8; PATH];
    // SAFETY: the buffer has the length it is said to have; `readlink` writes no terminating zero.
    let length = unsafe { libc::readlink(c"/proc/self/exe".as_ptr(), path.as_mut_ptr().cast(), path.len()) };
    f(usize::try_from(length).map_or(&[], |length| &path[..length]));
}

fn put_host(out: &mut impl Bytes) {
    let mut name = [0_u8; 256];
    // SAFETY: the buffer has the length it is said to have.
    if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } == 0 {
        out.put(name.split(|&byte| byte == 0).next().unwrap_or(&[]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(pattern: &str, attempt: u32) -> String {
        let path = expand(pattern.as_bytes(), attempt).expect("short");
        String::from_utf8(path.bytes().to_vec()).expect("text").trim_end_matches('\0').to_owned()
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

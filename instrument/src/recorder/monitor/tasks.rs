//! What the kernel tells of this process's threads.

use std::fs;

/// Signals that do not count as handled by the program: std catches SIGBUS and SIGSEGV to tell of overflowing stacks, and
/// glibc two more for its own use.
const NOT_THE_PROGRAMS: u64 = 1 << (libc::SIGBUS - 1) | 1 << (libc::SIGSEGV - 1) | 1 << 31 | 1 << 32;

/// The kernel's number of the calling thread.
pub(super) fn this_task() -> i32 {
    // SAFETY: only asks for a number.
    let task = unsafe { libc::syscall(libc::SYS_gettid) };
    i32::try_from(task).unwrap_or(0)
}

/// Whether a thread sleeps. A thread that was woken does not, though it may not run yet.
pub(super) fn sleeps(task: i32) -> bool {
    state(task) == Some(b'S')
}

fn state(task: i32) -> Option<u8> {
    let stat = fs::read(format!("/proc/self/task/{task}/stat")).ok()?;
    // The name, in brackets, may contain anything.
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    stat.get(end + 2).copied()
}

/// The name of a thread, of which the kernel keeps no more than 15 bytes. Unnamed threads inherit one; that is none.
pub(super) fn task_name(task: i32) -> Option<String> {
    let inherited = fs::read_to_string("/proc/self/comm").ok()?;
    let name = fs::read_to_string(format!("/proc/self/task/{task}/comm")).ok()?;
    let name = name.trim_end();
    let cut = if name.len() == 15 { "…" } else { "" };
    (name != inherited.trim_end()).then(|| format!("{name}{cut}"))
}

/// How many threads do what.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Others {
    pub(super) asleep: usize,
    pub(super) awake: usize,
}

/// The threads besides `known`; none if that cannot be told.
pub(super) fn others_than(known: impl Iterator<Item = i32>) -> Option<Others> {
    let known: std::collections::HashSet<i32> = known.collect();
    let mut others = Others::default();
    for entry in fs::read_dir("/proc/self/task").ok()? {
        let task = entry.ok()?.file_name().to_str()?.parse().ok()?;
        if known.contains(&task) {
            continue;
        }
        match state(task) {
            // It has ended.
            None | Some(b'Z' | b'X') => {}
            Some(b'S') => others.asleep += 1,
            Some(_) => others.awake += 1,
        }
    }
    Some(others)
}

/// Whether the program handles any signal; true if that cannot be told.
pub(super) fn handles_signals() -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return true };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_none_or(|mask| mask & !NOT_THE_PROGRAMS != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    #[test]
    fn a_thread_that_waits_sleeps_and_this_one_does_not() {
        let ((say, heard), (end, ended)) = (channel(), channel::<()>());
        let other = std::thread::spawn(move || {
            say.send(this_task()).expect("heard");
            let _ = ended.recv();
        });
        let task = heard.recv().expect("said");
        let deadline = Instant::now() + Duration::from_secs(10);
        while !sleeps(task) && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert!(sleeps(task));
        assert!(!sleeps(this_task()));
        let all = others_than(std::iter::empty()).expect("known");
        assert!(all.asleep >= 1 && all.awake >= 1, "{all:?}");
        drop(end);
        other.join().expect("does not panic");
    }
}

//! Whether a process still moves.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

/// How long nothing has moved in a process.
///
/// It rests while each of its threads sleeps, be it for a time or for want of something, and none has been awake in between: the kernel counts
/// how often each was. A thread that could run, but does not get to because others do, is no rest; so a busy machine makes a
/// program slow, but not quiet.
#[derive(Debug)]
pub(super) struct Rest {
    process: Pid,
    seen: Vec<Thread>,
    since: Instant,
}

/// A thread as the kernel describes it.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Thread {
    id: u32,
    sleeps: bool,
    /// How often it has begun to run.
    runs: u64,
}

impl Rest {
    pub(super) fn of(process: Pid) -> Self {
        Self { process, seen: Vec::new(), since: Instant::now() }
    }

    /// Looks, and says how long nothing has moved. What the kernel does not tell has not moved.
    pub(super) fn look(&mut self) -> Duration {
        let now = threads(Path::new(&format!("/proc/{}/task", self.process)));
        if now != self.seen || now.iter().any(|thread| !thread.sleeps) {
            self.seen = now;
            self.since = Instant::now();
        }
        self.since.elapsed()
    }
}

fn threads(folder: &Path) -> Vec<Thread> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut threads: Vec<Thread> = entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            thread(id, &fs::read_to_string(entry.path().join("status")).ok()?)
        })
        .collect();
    threads.sort_unstable();
    threads
}

/// Of `proc(5)`, `/proc/PID/task/TID/status`.
fn thread(id: u32, status: &str) -> Option<Thread> {
    let field = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.split_whitespace().next()
    };
    let count = |name: &str| field(name)?.parse::<u64>().ok();
    let runs = count("voluntary_ctxt_switches")? + count("nonvoluntary_ctxt_switches")?;
    Some(Thread { id, sleeps: field("State")? == "S", runs })
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    struct Shell(Child);

    impl Shell {
        fn running(script: &str) -> (Self, Rest) {
            let child = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().unwrap();
            let rest = Rest::of(Pid::from_raw(i32::try_from(child.id()).unwrap()));
            (Self(child), rest)
        }
    }

    impl Drop for Shell {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn look_for(time: Duration, rest: &mut Rest) -> Duration {
        let start = Instant::now();
        let mut longest = Duration::ZERO;
        while start.elapsed() < time {
            longest = longest.max(rest.look());
            std::thread::sleep(Duration::from_millis(5));
        }
        longest
    }

    #[test]
    fn a_program_that_waits_rests() {
        let (_shell, mut rest) = Shell::running("exec sleep 1000");
        let start = Instant::now();
        while rest.look() < Duration::from_millis(200) {
            assert!(start.elapsed() < Duration::from_secs(60), "never at rest: {:?}", rest.seen);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_program_that_computes_never_rests() {
        let (_shell, mut rest) = Shell::running("while :; do :; done");
        assert!(look_for(Duration::from_millis(600), &mut rest) < Duration::from_millis(300));
    }

    #[test]
    fn to_wake_up_for_a_moment_ends_the_rest() {
        let told = |runs: u32| {
            format!(
                "Name:\tx\nState:\tS (sleeping)\nvoluntary_ctxt_switches:\t{runs}\nnonvoluntary_ctxt_switches:\t2\n"
            )
        };
        assert_eq!(thread(1, &told(5)), Some(Thread { id: 1, sleeps: true, runs: 7 }));
        assert_ne!(thread(1, &told(5)), thread(1, &told(6)));
        assert!(!thread(1, &told(5).replace("S (", "R (")).unwrap().sleeps);
        assert_eq!(thread(1, "State:\tS\n"), None);
    }
}

//! A program under supervision: in a process group of its own, with a time limit.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::console;
use crate::terminal::Terminal;

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// By itself, or by a signal.
    Alone(ExitStatus),
    /// By us, after this long.
    AfterTimeout(Duration),
}

/// What the supervisor waits for.
enum Happening {
    Ended(io::Result<ExitStatus>),
    Signalled(i32),
}

/// Runs `command` in a process group of its own, to its end or to `timeout`, when the whole group is killed: a hung
/// program does not react to anything milder, and its children hang with it. Signals that ask this process to end go
/// on to the group, the second time as SIGKILL. A program that reads from the terminal is lent it.
///
/// # Errors
/// If the program cannot be started or waited for.
pub(crate) fn supervise(command: &mut Command, timeout: Option<Duration>) -> io::Result<Ended> {
    let (sender, happenings) = mpsc::channel();
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGCHLD])?;
    let handle = signals.handle();
    forward(signals, sender.clone());
    let mut child = command.process_group(0).spawn()?;
    let group = Group::of(child.id())?;
    thread::spawn(move || sender.send(Happening::Ended(child.wait())));
    let ended = wait(&happenings, group, timeout);
    handle.close();
    ended
}

fn forward(mut signals: Signals, sender: Sender<Happening>) {
    thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(Happening::Signalled(signal)).is_err() {
                break;
            }
        }
    });
}

fn wait(happenings: &Receiver<Happening>, group: Group, timeout: Option<Duration>) -> io::Result<Ended> {
    let mut terminal = Terminal::for_group(group.0);
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut timed_out = false;
    let mut interrupted = false;
    loop {
        let happening = match deadline.filter(|_| !timed_out) {
            Some(deadline) => happenings.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            None => happenings.recv().map_err(RecvTimeoutError::from),
        };
        match happening {
            Ok(Happening::Ended(status)) => {
                let status = status?;
                return Ok(match timeout.filter(|_| timed_out && status.signal() == Some(Signal::SIGKILL as i32)) {
                    Some(timeout) => Ended::AfterTimeout(timeout),
                    None => Ended::Alone(status),
                });
            }
            Ok(Happening::Signalled(SIGCHLD)) => terminal.follow()?,
            Ok(Happening::Signalled(signal)) => {
                group.send(if interrupted { Signal::SIGKILL } else { Signal::try_from(signal)? })?;
                interrupted = true;
            }
            Err(RecvTimeoutError::Timeout) => {
                timed_out = true;
                let after = humantime::format_duration(timeout.unwrap_or_default());
                console::note(&format!("the program is still running after {after}: ending it"));
                group.send(Signal::SIGKILL)?;
            }
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("lost sight of the program")),
        }
    }
}

/// A process group, known by its first process.
#[derive(Clone, Copy, Debug)]
struct Group(Pid);

impl Group {
    fn of(leader: u32) -> io::Result<Self> {
        let leader = i32::try_from(leader).map_err(io::Error::other)?;
        Ok(Self(Pid::from_raw(leader)))
    }

    /// A group that has just ended on its own got what was wanted.
    fn send(self, signal: Signal) -> io::Result<()> {
        match killpg(self.0, signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_that_ends_by_itself_keeps_its_status() {
        let ended = supervise(&mut shell("exit 7"), Some(Duration::from_secs(60))).unwrap();
        assert!(matches!(ended, Ended::Alone(status) if status.code() == Some(7)));
        let ended = supervise(&mut shell("kill -TERM $$"), None).unwrap();
        assert!(matches!(ended, Ended::Alone(status) if status.signal() == Some(15)));
    }

    #[test]
    fn a_hung_program_is_ended_with_its_children() {
        // Were the child of the shell left alive, it would keep the pipe open, and `read_to_end` would not return.
        let (mut output, input) = io::pipe().unwrap();
        let mut command = shell("sleep 1000 & wait");
        command.stdout(input);
        let limit = Duration::from_millis(50);
        let ended = supervise(&mut command, Some(limit)).unwrap();
        drop(command);
        assert_eq!(ended, Ended::AfterTimeout(limit));
        io::Read::read_to_end(&mut output, &mut Vec::new()).unwrap();
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        let error = supervise(&mut Command::new("/nowhere/to/be/found"), None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

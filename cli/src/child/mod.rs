//! A program under supervision: in a process group of its own, with a time limit.

mod rest;

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

use self::rest::Rest;
use crate::terminal::Terminal;

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// By itself, or by a signal.
    Alone(ExitStatus),
    /// By us.
    ByUs(Reason),
}

/// Why a program was not waited for any longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// It had been running for this long.
    TooLong(Duration),
    /// Nothing in it had moved for this long.
    TooQuiet(Duration),
}

/// How long a program is waited for.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Patience {
    /// In all.
    pub(crate) time: Option<Duration>,
    /// While nothing moves in its first process.
    pub(crate) quiet: Option<Duration>,
}

/// How often a program is looked at that may be too quiet.
const LOOK: Duration = Duration::from_millis(50);

/// What the supervisor waits for.
enum Happening {
    Ended(io::Result<ExitStatus>),
    Signalled(i32),
}

/// Runs `command` in a process group of its own, to its end or to that of `patience`, when the whole group is killed: a hung
/// program does not react to anything milder, and its children hang with it. Signals that ask this process to end go
/// on to the group, the second time as SIGKILL. A program that reads from the terminal is lent it.
///
/// # Errors
/// If the program cannot be started or waited for.
pub(crate) fn supervise(command: &mut Command, patience: Patience) -> io::Result<Ended> {
    let (sender, happenings) = mpsc::channel();
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGCHLD])?;
    let handle = signals.handle();
    forward(signals, sender.clone());
    let mut child = command.process_group(0).spawn()?;
    let group = Group::of(child.id())?;
    thread::spawn(move || sender.send(Happening::Ended(child.wait())));
    let ended = wait(&happenings, group, patience);
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

fn wait(happenings: &Receiver<Happening>, group: Group, patience: Patience) -> io::Result<Ended> {
    let mut terminal = Terminal::for_group(group.0);
    let mut clock = Clock::of(group, patience);
    let mut ending = None;
    let mut interrupted = false;
    loop {
        let happening = match clock.next().filter(|_| ending.is_none()) {
            Some(time) => happenings.recv_timeout(time),
            None => happenings.recv().map_err(RecvTimeoutError::from),
        };
        match happening {
            Ok(Happening::Ended(status)) => {
                let status = status?;
                return Ok(match ending.filter(|_| status.signal() == Some(Signal::SIGKILL as i32)) {
                    Some(reason) => Ended::ByUs(reason),
                    None => Ended::Alone(status),
                });
            }
            Ok(Happening::Signalled(SIGCHLD)) => terminal.follow()?,
            Ok(Happening::Signalled(signal)) => {
                group.send(if interrupted { Signal::SIGKILL } else { Signal::try_from(signal)? })?;
                interrupted = true;
            }
            Err(RecvTimeoutError::Timeout) => {
                ending = clock.reason();
                if ending.is_some() {
                    group.send(Signal::SIGKILL)?;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("lost sight of the program")),
        }
    }
}

/// Knows when patience ends.
#[derive(Debug)]
struct Clock {
    start: Instant,
    patience: Patience,
    rest: Rest,
}

impl Clock {
    fn of(group: Group, patience: Patience) -> Self {
        Self { start: Instant::now(), patience, rest: Rest::of(group.0) }
    }

    /// When to ask for a reason; never, if there can be none.
    fn next(&self) -> Option<Duration> {
        let left = self.patience.time.map(|time| time.saturating_sub(self.start.elapsed()));
        let look = self.patience.quiet.map(|_| LOOK);
        left.into_iter().chain(look).min()
    }

    fn reason(&mut self) -> Option<Reason> {
        let quiet = self.patience.quiet.filter(|&quiet| self.rest.look() >= quiet);
        let time = self.patience.time.filter(|&time| self.start.elapsed() >= time);
        quiet.map(Reason::TooQuiet).or(time.map(Reason::TooLong))
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
        let ended =
            supervise(&mut shell("exit 7"), Patience { time: Some(Duration::from_secs(60)), quiet: None }).unwrap();
        assert!(matches!(ended, Ended::Alone(status) if status.code() == Some(7)));
        let ended = supervise(&mut shell("kill -TERM $$"), Patience::default()).unwrap();
        assert!(matches!(ended, Ended::Alone(status) if status.signal() == Some(15)));
    }

    #[test]
    fn a_hung_program_is_ended_with_its_children() {
        // Were the child of the shell left alive, it would keep the pipe open, and `read_to_end` would not return.
        let (mut output, input) = io::pipe().unwrap();
        let mut command = shell("sleep 1000 & wait");
        command.stdout(input);
        let limit = Duration::from_millis(50);
        let ended = supervise(&mut command, Patience { time: Some(limit), quiet: None }).unwrap();
        drop(command);
        assert_eq!(ended, Ended::ByUs(Reason::TooLong(limit)));
        io::Read::read_to_end(&mut output, &mut Vec::new()).unwrap();
    }

    #[test]
    fn a_program_in_which_nothing_moves_is_ended() {
        let quiet = Duration::from_millis(100);
        let patience = Patience { time: Some(Duration::from_secs(60)), quiet: Some(quiet) };
        let ended = supervise(&mut shell("exec sleep 1000"), patience).unwrap();
        assert_eq!(ended, Ended::ByUs(Reason::TooQuiet(quiet)));
        let ended = supervise(&mut shell("exit 7"), patience).unwrap();
        assert!(matches!(ended, Ended::Alone(_)));
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        let error = supervise(&mut Command::new("/nowhere/to/be/found"), Patience::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

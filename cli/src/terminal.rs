//! The terminal, lent to the program that is being recorded.

use std::io::{self, stdin};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, killpg, raise};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

/// The terminal on stdin. A program that reads from it gets it: in the background that would stop it for good. All others
/// stay in the background, so that Ctrl-C reaches this process, which knows how to end them. Dropping it takes the
/// terminal back.
#[derive(Debug)]
pub(crate) struct Terminal {
    group: Pid,
    lent: bool,
}

impl Terminal {
    /// For the program that leads `group`.
    pub(crate) fn for_group(group: Pid) -> Self {
        Self { group, lent: false }
    }

    /// To be called when the program may have been stopped. If it was for want of the terminal, it gets that; if it has
    /// the terminal and was stopped by Ctrl-Z, this process stops with it until both are continued.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn follow(&mut self) -> io::Result<()> {
        let stops = WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG;
        match waitid(Id::Pid(self.group), stops) {
            Ok(WaitStatus::Stopped(_, Signal::SIGTTIN | Signal::SIGTTOU)) => self.lend(),
            Ok(WaitStatus::Stopped(..)) if self.lent => {
                self.take_back();
                raise(Signal::SIGTSTP)?;
                self.lend()
            }
            _ => Ok(()),
        }
    }

    fn lend(&mut self) -> io::Result<()> {
        if tcgetpgrp(stdin()) != Ok(getpgrp()) {
            // No terminal, or not ours to give.
            return Ok(());
        }
        hand_to(self.group)?;
        self.lent = true;
        match killpg(self.group, Signal::SIGCONT) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Fails only if the terminal is gone, and then nobody needs it.
    fn take_back(&mut self) {
        if std::mem::take(&mut self.lent) {
            let _ = hand_to(getpgrp());
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// With SIGTTOU blocked: it would stop a process that does this from the background.
fn hand_to(group: Pid) -> nix::Result<()> {
    let mut background = SigSet::empty();
    background.add(Signal::SIGTTOU);
    let before = background.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    let handed = tcsetpgrp(stdin(), group);
    before.thread_set_mask()?;
    handed
}

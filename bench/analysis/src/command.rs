//! The measured command: this program again, as `lockhound check`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::rows::Row;

/// Tells this program that it is to be `lockhound`.
pub(crate) const CHILD: &str = "BENCH_ANALYSIS_CHILD";

/// Runs `lockhound` with this process's arguments, and says on stderr's last line how much memory it took at most.
pub(crate) fn be_lockhound() -> i32 {
    // The library gives the exit status to `main`, not as a number; its memory is asked for when it is over.
    let status = lockhound_cli::main(lockhound_cli::Invocation::Direct);
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF);
    if let Ok(usage) = usage {
        eprintln!("peak {} KiB", usage.max_rss());
    }
    i32::from(status != std::process::ExitCode::SUCCESS)
}

/// One row on one trace.
#[derive(Clone, Debug)]
pub(crate) enum Measured {
    /// It ended.
    Done {
        wall: Duration,
        /// Most memory at once, in KiB.
        peak: u64,
        /// The report's last line.
        summary: String,
    },
    /// It was given up.
    TooSlow,
}

impl Measured {
    /// The run with the median time.
    pub(crate) fn median(row: &Row, trace: &Path, rounds: u32, timeout: u64) -> anyhow::Result<Self> {
        let mut runs = Vec::new();
        for _ in 0..rounds {
            match Self::once(row, trace, Duration::from_secs(timeout))? {
                Self::TooSlow => return Ok(Self::TooSlow),
                done => runs.push(done),
            }
        }
        runs.sort_by_key(|run| match run {
            Self::Done { wall, .. } => *wall,
            Self::TooSlow => Duration::MAX,
        });
        Ok(runs.swap_remove(runs.len() / 2))
    }

    fn once(row: &Row, trace: &Path, timeout: Duration) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(CHILD, "1").arg("check").args(row.options).arg(trace);
        let started = Instant::now();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("could not start")?;
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id())?);
        // The pipes are read while it runs; whoever takes too long is ended from beside.
        let (done, waits) = std::sync::mpsc::channel::<()>();
        let watchdog = std::thread::spawn(move || {
            let late = waits.recv_timeout(timeout) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            if late {
                // It may have ended just now: then there is nobody to end.
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
            late
        });
        let output = child.wait_with_output().context("could not run")?;
        let wall = started.elapsed();
        drop(done);
        if watchdog.join().unwrap_or(false) {
            return Ok(Self::TooSlow);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let peak =
            stderr.lines().last().and_then(|line| line.strip_prefix("peak ")?.strip_suffix(" KiB")?.parse().ok());
        let Some(peak) = peak else { bail!("`lockhound check` failed: {stderr}") };
        let stdout = String::from_utf8_lossy(&output.stdout);
        Ok(Self::Done { wall, peak, summary: stdout.lines().last().unwrap_or_default().to_owned() })
    }
}

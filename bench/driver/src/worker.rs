//! A worker process and the conversation with it.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use bench_workloads::protocol::{Answer, Request};

use crate::peer::{Peer, Variant};
use crate::traces::Folder;

/// A running worker. It is ended when this is dropped, if it has not come to its own end.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<anyhow::Result<Answer>>,
}

impl Worker {
    /// Starts the worker of `peer`, whose files go into `folder`.
    pub(crate) fn start(peer: &Peer, program: &Path, folder: &Folder) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        // What a user has not set: some peers capture more with backtraces on, and Lockhound has settings of its own.
        for (name, _) in env::vars_os() {
            let foreign = ["RUST_", "LOCKHOUND_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
            if foreign {
                command.env_remove(name);
            }
        }
        match peer.variant {
            Variant::Plain => {}
            Variant::Recording => {
                command.env("LOCKHOUND_TRACE", folder.path().join("%p.lht"));
            }
            Variant::Logging => {
                command.env("BENCH_LOG", folder.path().join("peer.log"));
            }
            // Everything is detected as ever, but not told: std, without the sanitizer, makes it see races that are none.
            Variant::Sanitized => {
                command.env("TSAN_OPTIONS", "report_bugs=0");
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("could not start {}", program.display()))?;
        let requests = process.stdin.take();
        let output = BufReader::new(process.stdout.take().context("a worker without output")?);
        let (tell, answers) = mpsc::channel();
        // Ends with the worker's output, that is with the worker.
        thread::spawn(move || {
            for line in output.lines() {
                let found = line.and_then(|line| Answer::find(&line)).map_err(anyhow::Error::from).transpose();
                if found.is_some_and(|found| tell.send(found).is_err()) {
                    break;
                }
            }
        });
        Ok(Self { process, requests, answers })
    }

    /// Has it run a workload; none if it takes longer than `patience`.
    pub(crate) fn ask(&mut self, request: Request, patience: Duration) -> anyhow::Result<Option<Answer>> {
        let requests = self.requests.as_mut().context("the worker was told to end")?;
        writeln!(requests, "{request}").context("the worker is gone")?;
        match self.answers.recv_timeout(patience) {
            Ok(answer) => answer.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.wait()?;
                anyhow::bail!("the worker ended at the request `{request}`: {status}")
            }
        }
    }

    /// Lets it come to its end.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.requests = None;
        let status = self.process.wait()?;
        anyhow::ensure!(status.success(), "the worker failed: {status}");
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Neither says anything new if it has ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

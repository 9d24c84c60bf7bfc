//! Recording a program of this crate, and counting what arrived.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lockhound_trace::{EventSource, Op, ReadError};

/// A command that records its process into a file of this folder.
pub fn record_to(folder: &Path, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env("LOCKHOUND_TRACE", folder.join("%e-%p.lht"));
    command
}

/// The one trace in a folder.
///
/// # Panics
/// If there is none, or more.
#[must_use]
pub fn trace_in(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder).expect("the folder of traces can be read");
    let mut traces: Vec<_> = entries
        .map(|entry| entry.expect("the folder of traces can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "lht"))
        .collect();
    assert_eq!(traces.len(), 1, "expected one trace in {}: {traces:?}", folder.display());
    traces.remove(0)
}

/// What is in a trace, counted.
#[derive(Debug, Default)]
pub struct Recording {
    /// Acquisitions by the thread's name.
    pub acquired: BTreeMap<String, u64>,
    /// Releases by the thread's name.
    pub released: BTreeMap<String, u64>,
    /// What ended reading early.
    pub error: Option<ReadError>,
}

impl Recording {
    /// Reads a trace to its end; every event passes the validator on its way.
    ///
    /// # Panics
    /// If it cannot be opened.
    #[must_use]
    pub fn read(trace: &Path) -> Self {
        let mut source = lockhound_trace::open(trace, None).expect("the trace can be opened");
        let mut acquired = Vec::new();
        let mut released = Vec::new();
        let error = loop {
            let event = match source.next_event() {
                Ok(Some(event)) => event,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            match event.op {
                Op::Acquire { .. } => count(&mut acquired, event.thread.index()),
                Op::Release { .. } => count(&mut released, event.thread.index()),
                _ => {}
            }
        };
        let tables = source.tables();
        let by_name = |counts: Vec<u64>| -> BTreeMap<String, u64> {
            let names = tables.threads().iter().map(|thread| thread.name.as_ref().unwrap_or(&thread.id).clone());
            names.zip(counts).filter(|&(_, count)| count > 0).collect()
        };
        Self { acquired: by_name(acquired), released: by_name(released), error }
    }
}

fn count(counts: &mut Vec<u64>, index: usize) {
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    counts[index] += 1;
}

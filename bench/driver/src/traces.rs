//! The folder of the files that workers write, and what a trace holds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::build;

/// A folder of this run's own; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

/// The size of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub(crate) struct Footprint {
    /// Committed bytes of all records, definitions and stacks among them.
    pub(crate) bytes: u64,
    /// Events.
    pub(crate) events: u64,
}

impl Footprint {
    /// Bytes an event; none without events.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 bytes")]
    pub(crate) fn bytes_per_event(self) -> Option<f64> {
        (self.events > 0).then(|| self.bytes as f64 / self.events as f64)
    }
}

impl Folder {
    /// Creates one under `parent`.
    pub(crate) fn create(parent: Option<&Path>) -> anyhow::Result<Self> {
        let parent = parent.map_or_else(build::target_folder, |parent| Ok(parent.to_owned()))?;
        let path = parent.join(format!("traces-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("could not create {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The one trace in it, if any.
    pub(crate) fn trace(&self) -> anyhow::Result<Option<PathBuf>> {
        let entries = fs::read_dir(&self.0)?.map(|entry| entry.map(|entry| entry.path()));
        let mut traces = entries.collect::<Result<Vec<_>, _>>()?;
        anyhow::ensure!(traces.len() <= 1, "expected one trace in {}, found {}", self.0.display(), traces.len());
        Ok(traces.pop())
    }

    /// Deletes what is in it.
    pub(crate) fn clear(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be deleted lies under `target` or where the user asked for it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads a trace from beginning to end.
pub(crate) fn read(path: &Path) -> anyhow::Result<Footprint> {
    let mut source = lockhound_trace::open(path, None)?;
    let mut events = 0;
    while source.next_event()?.is_some() {
        events += 1;
    }
    Ok(Footprint { bytes: source.progress().read, events })
}

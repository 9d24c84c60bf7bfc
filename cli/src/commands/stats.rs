//! `lockhound stats`: locks by how often they were acquired, waited for and held.

use std::path::Path;

use lockhound_trace::{Batch, EventSource, Place, ReadError, ReadErrorKind};

use crate::args::StatsArgs;
use crate::console;
use crate::exit_code::ExitCode;
use crate::stats::{Counter, Stats, table};
use crate::traces::Found;

pub(crate) fn run(args: &StatsArgs) -> anyhow::Result<ExitCode> {
    let (files, mut problems) = Found::at(&args.traces).into_files();
    let mut stats = Stats::default();
    for file in &files {
        problems.extend(count(file, &mut stats).err().map(|error| error.to_string()));
    }
    stats.sort();
    if stats.traces > 0 {
        let text = if args.json { serde_json::to_string_pretty(&stats)? + "\n" } else { table(&stats, args.top) };
        console::print(&text)?;
    }
    for problem in &problems {
        console::error(problem);
    }
    Ok(if problems.is_empty() { ExitCode::Clean } else { ExitCode::Trouble })
}

/// Adds what one trace shows, up to an error.
fn count(path: &Path, stats: &mut Stats) -> Result<(), ReadError> {
    let mut source = lockhound_trace::open(path, None)?;
    let mut counter = Counter::default();
    let mut batch = Batch::default();
    let result = loop {
        batch.clear();
        let more = source.next_batch(&mut batch);
        batch.events().iter().for_each(|event| counter.observe(event));
        match more {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    if counter.events() == 0 {
        return result.and(Err(ReadError { path: path.to_owned(), place: Place::File, kind: ReadErrorKind::Empty }));
    }
    stats.add(counter, source.tables());
    result
}

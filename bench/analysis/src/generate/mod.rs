//! Random traces that are well formed and look like programs.

mod locks;
mod mixed;
mod size;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lockhound_trace::{BinaryWriter, Event, EventSink, StdWriter, Tables};

pub(crate) use size::{Shape, Size};

/// Takes the events of a trace, one after the other.
type Emit<'a> = &'a mut dyn FnMut(&Tables, &Event) -> anyhow::Result<()>;

/// One trace, in one form or two.
#[derive(Debug)]
pub(crate) struct Traces {
    pub(crate) binary: PathBuf,
    /// None where STD text could not say what the threads do.
    pub(crate) std: Option<PathBuf>,
}

/// The traces of this size, written unless they are there: equal sizes give equal traces.
pub(crate) fn traces(folder: &Path, size: Size) -> anyhow::Result<Traces> {
    let name = size.to_string().replace('/', "-");
    let binary = folder.join(format!("{name}.lht"));
    let std = (size.shape == Shape::Locks).then(|| folder.join(format!("{name}.std")));
    let whole = || std.iter().chain([&binary]).all(|path| path.exists());
    if !whole() {
        write(size, &binary, std.as_deref())?;
    }
    Ok(Traces { binary, std })
}

/// Under other names until they are whole.
fn write(size: Size, binary: &Path, std: Option<&Path>) -> anyhow::Result<()> {
    let half = |path: &Path| path.with_added_extension("part");
    let create = |path: &Path| File::create(half(path)).with_context(|| path.display().to_string());
    let mut sinks: Vec<Box<dyn EventSink>> = vec![Box::new(BinaryWriter::new(BufWriter::new(create(binary)?)))];
    if let Some(std) = std {
        sinks.push(Box::new(StdWriter::new(BufWriter::new(create(std)?))));
    }
    let tables = run(size, &mut |tables, event| {
        sinks.iter_mut().try_for_each(|sink| sink.write(tables, event)).context("could not write a trace")
    })?;
    for sink in &mut sinks {
        sink.finish(&tables).context("could not write a trace")?;
    }
    drop(sinks);
    for path in std.into_iter().chain([binary]) {
        fs::rename(half(path), path)?;
    }
    Ok(())
}

fn run(size: Size, emit: Emit<'_>) -> anyhow::Result<Tables> {
    match size.shape {
        Shape::Locks => locks::Program::new(size).run(emit),
        Shape::Mixed => mixed::Program::new(size).run(emit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(size: Size) -> Vec<Event> {
        let mut events = Vec::new();
        run(size, &mut |_, event| {
            events.push(*event);
            Ok(())
        })
        .unwrap();
        events
    }

    #[test]
    fn equal_sizes_give_equal_traces_of_about_that_size() {
        for shape in [Shape::Locks, Shape::Mixed] {
            let size = Size { events: 10_000, threads: 4, shape };
            let trace = events(size);
            assert_eq!(trace, events(size));
            assert!((9_900..=10_100).contains(&trace.len()), "{shape:?}: {}", trace.len());
        }
    }

    #[test]
    fn a_trace_is_well_formed() {
        let folder = tempfile::tempdir().unwrap();
        for shape in [Shape::Locks, Shape::Mixed] {
            let written = traces(folder.path(), Size { events: 20_000, threads: 16, shape }).unwrap();
            for path in written.std.into_iter().chain([written.binary]) {
                // Checks that every event is possible.
                let mut source = lockhound_trace::open(&path, None).unwrap();
                let mut count = 0;
                while lockhound_trace::EventSource::next_event(&mut source).unwrap().is_some() {
                    count += 1;
                }
                assert!(count > 19_800, "{}: {count}", path.display());
            }
        }
    }
}

//! How fast a trace is read: `cargo run --release -p lockhound-trace --example drain -- FILE [ROUNDS]`.
//!
//! Prints, for the fastest and the median round, nanoseconds an event and, for the median, millions of events a second:
//! reading and merging alone, with validation, and through `open`, in batches and one event at a time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use lockhound_trace::binary::Reader;
use lockhound_trace::{Batch, EventSource, ReadError, Validated, open};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(path) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: drain FILE [ROUNDS]");
        return ExitCode::from(2);
    };
    let rounds = arguments.next().and_then(|rounds| rounds.to_str()?.parse().ok()).unwrap_or(9);
    for (name, way) in WAYS {
        match (0..rounds).map(|_| way(&path)).collect::<Result<Vec<_>, _>>() {
            Ok(runs) => print(name, runs),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Events and nanoseconds of one run.
type Run = Result<(u64, f64), ReadError>;

type Way = (&'static str, fn(&Path) -> Run);

const WAYS: [Way; 5] = [
    ("read and merge, in batches", |path| time(|| in_batches(Reader::open(path)?))),
    ("with validation, in batches", |path| time(|| in_batches(Validated::new(Reader::open(path)?, path)))),
    ("through open, in batches", |path| time(|| in_batches(open(path, None)?))),
    ("read and merge", |path| time(|| one_by_one(Reader::open(path)?))),
    ("through open", |path| time(|| one_by_one(open(path, None)?))),
];

fn time(read: impl FnOnce() -> Result<u64, ReadError>) -> Run {
    let start = Instant::now();
    let events = read()?;
    Ok((events, start.elapsed().as_nanos() as f64))
}

fn one_by_one(mut source: impl EventSource) -> Result<u64, ReadError> {
    let mut events = 0;
    while let Some(event) = source.next_event()? {
        std::hint::black_box(&event);
        events += 1;
    }
    Ok(events)
}

fn in_batches(mut source: impl EventSource) -> Result<u64, ReadError> {
    let mut events = 0;
    let mut batch = Batch::default();
    let mut more = true;
    while more {
        batch.clear();
        more = source.next_batch(&mut batch)?;
        events += std::hint::black_box(&batch).len() as u64;
    }
    Ok(events)
}

fn print(name: &str, mut runs: Vec<(u64, f64)>) {
    runs.sort_by(|a, b| a.1.total_cmp(&b.1));
    let each = |run: usize| runs.get(run).map_or(0.0, |&(events, nanoseconds)| nanoseconds / events as f64);
    let (fastest, median) = (each(0), each(runs.len() / 2));
    let events = runs.first().map_or(0, |run| run.0);
    println!("{name:<28} {events:>10} events {fastest:>6.1} {median:>6.1} ns an event {:>6.1} M/s", 1e3 / median);
}

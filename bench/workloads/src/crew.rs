//! Several threads that begin at once.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use crate::Cost;
use crate::clock::{self, Span};
use crate::primitives::{Job, Threads};

/// Runs `jobs`, together so many operations, each on a thread of the peer's, and adds up what they took.
///
/// They meet at a counter of std's, which no peer records or slows, and each measures itself from there.
pub(crate) fn crew<P: Threads>(operations: u64, jobs: Vec<Job>) -> Cost {
    let missing = Arc::new(AtomicUsize::new(jobs.len()));
    let (report, reports) = mpsc::channel();
    let process = clock::process_cpu();
    let running: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let (missing, report) = (Arc::clone(&missing), report.clone());
            P::spawn(Box::new(move || {
                meet(&missing);
                let measured = clock::span(job);
                report.send(measured).expect("somebody waits for the reports");
            }))
        })
        .collect();
    drop(report);
    for thread in running {
        thread();
    }
    let process = clock::process_cpu().saturating_sub(process);
    let (spans, times): (Vec<Span>, Vec<_>) = reports.iter().unzip();
    let start = spans.iter().map(|span| span.start).min().expect("a crew has members");
    let end = spans.iter().map(|span| span.end).max().expect("a crew has members");
    Cost { cpu: times.iter().sum(), wall: end - start, process, operations }
}

/// Waits until nobody is missing. Yields, because there may be fewer processors than threads.
fn meet(missing: &AtomicUsize) {
    missing.fetch_sub(1, Ordering::AcqRel);
    while missing.load(Ordering::Acquire) != 0 {
        hint::spin_loop();
        std::thread::yield_now();
    }
}

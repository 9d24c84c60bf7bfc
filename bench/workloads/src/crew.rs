//! Several threads that begin at once.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Cost;
use crate::clock::{self, Span};
use crate::primitives::{Job, Threads};

/// Runs `jobs`, together so many operations, each on a thread of the peer's, and adds up what they took.
///
/// The threads are dealt out to the processors. Left to itself the system has two of them now in parallel and now by turns on
/// one processor, which for threads that wake or hinder each other are two different measurements.
///
/// They meet at a counter of std's, which no peer records or slows, and each measures itself from there.
pub(crate) fn crew<P: Threads>(operations: u64, jobs: Vec<Job>) -> Cost {
    let missing = Arc::new(AtomicUsize::new(jobs.len()));
    let (report, reports) = mpsc::channel();
    let process = clock::process_cpu();
    let running: Vec<_> = jobs
        .into_iter()
        .zip(processors().into_iter().cycle())
        .map(|(job, processor)| {
            let (missing, report) = (Arc::clone(&missing), report.clone());
            P::spawn(Box::new(move || {
                stay_on(processor);
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

/// The processors that this process may use; one that stands for any if they are not known.
fn processors() -> Vec<Option<usize>> {
    let Ok(allowed) = sched_getaffinity(Pid::this()) else { return vec![None] };
    let set: Vec<_> = (0..CpuSet::count()).filter(|&at| allowed.is_set(at).unwrap_or(false)).map(Some).collect();
    if set.is_empty() { vec![None] } else { set }
}

fn stay_on(processor: Option<usize>) {
    let mut only = CpuSet::new();
    if processor.is_some_and(|processor| only.set(processor).is_ok()) {
        // Where that is forbidden, the thread runs where it likes. Zero is the calling thread.
        let _ = sched_setaffinity(Pid::from_raw(0), &only);
    }
}

/// Waits until nobody is missing. Yields, because there may be fewer processors than threads.
fn meet(missing: &AtomicUsize) {
    missing.fetch_sub(1, Ordering::AcqRel);
    while missing.load(Ordering::Acquire) != 0 {
        hint::spin_loop();
        std::thread::yield_now();
    }
}

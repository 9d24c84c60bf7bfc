//! How fast a recording becomes one order again.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bench_workloads::Row;
use bench_workloads::protocol::{Answer, Request};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::build::Built;
use crate::peer::RECORDING;
use crate::statistics::median;
use crate::traces::{self, Folder, Footprint};
use crate::worker::Worker;

/// How fast a trace was read, merged and checked.
#[derive(Debug, Serialize)]
pub(crate) struct Merge {
    /// The trace.
    pub(crate) footprint: Footprint,
    /// Events by seconds of the clock on the wall.
    pub(crate) by_wall: f64,
    /// Events by seconds of this process's CPU time.
    pub(crate) by_cpu: f64,
}

impl Merge {
    /// The better of both: a machine that does other things takes away from either.
    pub(crate) fn events_per_second(&self) -> f64 {
        self.by_wall.max(self.by_cpu)
    }
}

const READINGS: usize = 5;
const PATIENCE: Duration = Duration::from_mins(2);

/// Records about so many events of four threads over 64 mutexes and reads them back, several times. None if the peer that
/// records is not there.
pub(crate) fn measure(built: &[Built], folder: &Folder, events: u64) -> anyhow::Result<Option<Merge>> {
    let recording = built.iter().find(|built| built.peer.name == RECORDING);
    let Some((peer, Ok(program))) = recording.map(|built| (built.peer, &built.program)) else { return Ok(None) };
    eprintln!("recording about {events} events to merge");
    let mut worker = Worker::start(peer, program, folder)?;
    // An operation is two events, and a quarter more come from warming up.
    let request = Request { row: Row::Crossing, operations: (events * 2).div_ceil(5) };
    let answer = worker.ask(request, PATIENCE)?;
    anyhow::ensure!(matches!(answer, Some(Answer::Ran(_))), "the recording did not come to its end");
    worker.finish()?;
    let trace = folder.trace()?.context("nothing was recorded")?;
    let readings = (0..READINGS).map(|_| read_once(&trace)).collect::<anyhow::Result<Vec<_>>>()?;
    folder.clear()?;
    let footprint = readings[0].0;
    let rate = |time: fn(&(Footprint, Duration, Duration)) -> Duration| {
        #[expect(clippy::cast_precision_loss, reason = "nobody merges 2^53 events")]
        let rates = readings.iter().map(|reading| reading.0.events as f64 / time(reading).as_secs_f64());
        median(rates).unwrap_or(0.0)
    };
    Ok(Some(Merge { footprint, by_wall: rate(|reading| reading.1), by_cpu: rate(|reading| reading.2) }))
}

fn read_once(trace: &std::path::Path) -> anyhow::Result<(Footprint, Duration, Duration)> {
    let (start, before) = (Instant::now(), cpu()?);
    let footprint = traces::read(trace)?;
    Ok((footprint, start.elapsed(), cpu()?.saturating_sub(before)))
}

/// Of the whole process: a reader may have threads.
fn cpu() -> anyhow::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

//! Runs every row on every peer, in rounds.

use std::time::Duration;

use anyhow::Context as _;
use bench_workloads::protocol::{Answer, Request};
use bench_workloads::{Cost, Row};

use crate::args::Args;
use crate::build::Built;
use crate::peer::Variant;
use crate::traces::{self, Folder, Footprint};
use crate::worker::Worker;

/// What was measured of one row on one peer.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) outcome: Outcome,
    /// Of one recorded run.
    pub(crate) footprint: Option<Footprint>,
}

/// Whether anything could be measured.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The peer could not be built.
    Unavailable,
    /// The peer has no such primitive.
    Lacking,
    /// The peer took longer than anybody wants to wait.
    TooSlow,
    /// What it took, by rounds.
    Ran {
        /// How many operations each run is asked for.
        operations: u64,
        /// A run a round.
        costs: Vec<Cost>,
    },
}

/// All cells: rows, and in each the peers.
pub(crate) type Measured = Vec<Vec<Cell>>;

/// Measures everything. In a round each row is run by all peers before the next row comes, so that what disturbs the machine
/// disturbs all; who begins changes from round to round. Every run has a process of its own.
pub(crate) fn measure(rows: &[Row], built: &[Built], args: &Args, folder: &Folder) -> anyhow::Result<Measured> {
    let bench = Bench { args, folder };
    let mut measured = Measured::new();
    for &row in rows {
        eprintln!("calibrating {}", row.name());
        measured.push(built.iter().map(|peer| bench.calibrate(row, peer)).collect::<anyhow::Result<_>>()?);
    }
    for round in 0..args.rounds as usize {
        eprintln!("round {} of {}", round + 1, args.rounds);
        for (&row, cells) in rows.iter().zip(&mut measured) {
            for turn in 0..built.len() {
                let index = (round + turn) % built.len();
                bench.run(row, &built[index], &mut cells[index])?;
            }
        }
    }
    Ok(measured)
}

struct Bench<'a> {
    args: &'a Args,
    folder: &'a Folder,
}

impl Bench<'_> {
    /// Finds out how many operations take about as long as a run is to take.
    fn calibrate(&self, row: Row, built: &Built) -> anyhow::Result<Cell> {
        let mut operations = 1;
        let mut outcome = Outcome::Unavailable;
        if let Ok(program) = &built.program {
            let mut worker = Worker::start(built.peer, program, self.folder)?;
            outcome = loop {
                match worker.ask(Request { row, operations }, self.args.patience())? {
                    None => break Outcome::TooSlow,
                    Some(Answer::Lacking) => break Outcome::Lacking,
                    Some(Answer::Ran(cost)) => match next(operations, cost, self.args.sample()) {
                        Step::Ask(more) => operations = more,
                        Step::Settle(operations) => break Outcome::Ran { operations, costs: Vec::new() },
                    },
                }
            };
            drop(worker);
            self.folder.clear()?;
        }
        Ok(Cell { outcome, footprint: None })
    }

    fn run(&self, row: Row, built: &Built, cell: &mut Cell) -> anyhow::Result<()> {
        let (Outcome::Ran { operations, costs }, Ok(program)) = (&mut cell.outcome, &built.program) else {
            return Ok(());
        };
        let context = || format!("{} on {}", row.name(), built.peer.name);
        let request = Request { row, operations: *operations };
        let mut worker = Worker::start(built.peer, program, self.folder)?;
        let Some(Answer::Ran(cost)) = worker.ask(request, self.args.patience()).with_context(context)? else {
            cell.outcome = Outcome::TooSlow;
            drop(worker);
            return self.folder.clear();
        };
        worker.finish().with_context(context)?;
        costs.push(cost);
        if built.peer.variant == Variant::Recording && cell.footprint.is_none() {
            let trace = self.folder.trace()?;
            // A program none of whose operations are recorded writes no trace.
            let footprint = trace.map_or_else(|| Ok(Footprint::default()), |trace| traces::read(&trace));
            cell.footprint = Some(footprint.with_context(context)?);
        }
        self.folder.clear()
    }
}

/// What follows from a run.
#[derive(PartialEq, Eq, Debug)]
enum Step {
    /// It was too short to tell: ask for so many.
    Ask(u64),
    /// So many take about as long as they should.
    Settle(u64),
}

/// A run of `asked` operations took `cost`; what to ask for so that one takes `sample`?
fn next(asked: u64, cost: Cost, sample: Duration) -> Step {
    const GROWTH: u64 = 8;
    if cost.cpu * 4 < sample {
        return Step::Ask(asked.max(cost.operations) * GROWTH);
    }
    let wanted = u128::from(cost.operations) * sample.as_nanos() / cost.cpu.as_nanos().max(1);
    Step::Settle(u64::try_from(wanted).unwrap_or(u64::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(millis: u64, operations: u64) -> Cost {
        let cpu = Duration::from_millis(millis);
        Cost { cpu, wall: cpu, process: cpu, operations }
    }

    #[test]
    fn short_runs_are_followed_by_longer_ones() {
        let sample = Duration::from_millis(20);
        assert_eq!(next(10, cost(4, 10), sample), Step::Ask(80));
        assert_eq!(next(1, cost(1, 1000), sample), Step::Ask(8000), "the worker ran more than it was asked for");
    }

    #[test]
    fn long_runs_are_scaled() {
        let sample = Duration::from_millis(20);
        assert_eq!(next(10, cost(10, 10), sample), Step::Settle(20));
        assert_eq!(next(1, cost(2000, 10), sample), Step::Settle(1));
    }
}

//! What the run showed: everything that is printed, and what `--json` writes.

use std::fs;
use std::thread;

use bench_workloads::{Cost, Row};
use serde::Serialize;

use crate::args::Args;
use crate::build::Built;
use crate::goals::{self, Goal, Standing};
use crate::merge::Merge;
use crate::rounds::{Cell, Measured, Outcome};
use crate::statistics::Statistic;
use crate::traces::Footprint;

/// The whole run. Times are in nanoseconds an operation.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) rounds: u32,
    pub(crate) sample_ms: u64,
    pub(crate) statistic: Statistic,
    pub(crate) processors: usize,
    /// How many threads wanted a processor, on average of the last five minutes, when the run ended.
    pub(crate) load: Option<f64>,
    pub(crate) peers: Vec<PeerEntry>,
    pub(crate) rows: Vec<RowEntry>,
    pub(crate) merge: Option<Merge>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) standings: Vec<Standing>,
}

/// A peer that took part.
#[derive(Debug, Serialize)]
pub(crate) struct PeerEntry {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) foresees: bool,
    /// Why it could not be built.
    pub(crate) unavailable: Option<String>,
}

/// A row, with a cell a peer.
#[derive(Debug, Serialize)]
pub(crate) struct RowEntry {
    #[serde(skip)]
    pub(crate) row: Row,
    pub(crate) name: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) cells: Vec<CellEntry>,
}

/// What is known of a row on a peer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CellEntry {
    Unavailable,
    Lacking,
    TooSlow,
    Ran(Figures),
}

/// What a row took on a peer.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// How many operations a run had.
    pub(crate) operations: u64,
    /// CPU time of the threads that did the work.
    pub(crate) cpu: Series,
    /// By the clock on the wall.
    pub(crate) wall: Series,
    /// CPU time of the process, with the threads of the peer's own.
    pub(crate) process: Series,
    /// Of a recording.
    pub(crate) bytes_per_event: Option<f64>,
    /// Whether the peer should have recorded and has not: there are fewer events than operations.
    pub(crate) unrecorded: bool,
}

/// One clock's times, a run each.
#[derive(Debug, Serialize)]
pub(crate) struct Series {
    /// The one that stands for all runs; see [`Statistic`].
    pub(crate) figure: f64,
    /// Times std.
    pub(crate) ratio: Option<f64>,
    pub(crate) runs: Vec<f64>,
}

impl Report {
    /// Makes sense of what was measured.
    pub(crate) fn new(args: &Args, rows: &[Row], built: &[Built], measured: &Measured, merge: Option<Merge>) -> Self {
        let peer = |built: &Built| PeerEntry {
            name: built.peer.name,
            title: built.peer.title,
            foresees: built.peer.foresees,
            unavailable: built.program.as_ref().err().cloned(),
        };
        let row = |(&row, cells): (&Row, &Vec<Cell>)| RowEntry {
            row,
            name: row.name(),
            operation: row.title(),
            cells: cells.iter().map(|cell| CellEntry::new(cell, &cells[0], args.statistic().fit_for(row))).collect(),
        };
        let mut report = Self {
            rounds: args.rounds,
            sample_ms: args.sample_ms,
            statistic: args.statistic(),
            processors: thread::available_parallelism().map_or(0, Into::into),
            load: load(),
            peers: built.iter().map(peer).collect(),
            rows: rows.iter().zip(measured).map(row).collect(),
            merge,
            goals: Vec::new(),
            standings: Vec::new(),
        };
        report.goals = goals::all(&report);
        report.standings = goals::standings(&report);
        report
    }

    /// What `row` took on the peer of that name, if it ran.
    pub(crate) fn figures(&self, row: Row, peer: &str) -> Option<&Figures> {
        let column = self.peers.iter().position(|known| known.name == peer)?;
        match self.rows.iter().find(|entry| entry.row == row)?.cells.get(column)? {
            CellEntry::Ran(figures) => Some(figures),
            _ => None,
        }
    }
}

impl CellEntry {
    fn new(cell: &Cell, base: &Cell, statistic: Statistic) -> Self {
        match &cell.outcome {
            Outcome::Unavailable => Self::Unavailable,
            Outcome::Lacking => Self::Lacking,
            Outcome::TooSlow => Self::TooSlow,
            Outcome::Ran { costs, .. } => {
                let base: &[Cost] = if let Outcome::Ran { costs, .. } = &base.outcome { costs } else { &[] };
                let series =
                    |time: fn(&Cost) -> f64| Series::new(statistic, costs.iter().map(time), base.iter().map(time));
                let operations = costs.first().map_or(0, |cost| cost.operations);
                Self::Ran(Figures {
                    operations,
                    cpu: series(|cost| each(cost.cpu.as_secs_f64(), cost)),
                    wall: series(|cost| each(cost.wall.as_secs_f64(), cost)),
                    process: series(|cost| each(cost.process.as_secs_f64(), cost)),
                    bytes_per_event: cell.footprint.and_then(Footprint::bytes_per_event),
                    unrecorded: cell.footprint.is_some_and(|footprint| footprint.events < operations),
                })
            }
        }
    }
}

impl Series {
    fn new(statistic: Statistic, runs: impl Iterator<Item = f64>, base: impl Iterator<Item = f64>) -> Self {
        let (runs, base): (Vec<_>, Vec<_>) = (runs.collect(), base.collect());
        Self { figure: statistic.of(&runs).unwrap_or(0.0), ratio: statistic.ratio(&runs, &base), runs }
    }
}

/// Nanoseconds an operation.
#[expect(clippy::cast_precision_loss, reason = "nobody runs 2^53 operations")]
fn each(seconds: f64, cost: &Cost) -> f64 {
    seconds * 1e9 / cost.operations as f64
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;
    use crate::peer::{PEERS, RECORDING};

    fn ran(micros: u64, footprint: Option<Footprint>) -> Cell {
        let cpu = Duration::from_micros(micros);
        let cost = Cost { cpu, wall: cpu, process: cpu, operations: 1000 };
        Cell { outcome: Outcome::Ran { operations: 1000, costs: vec![cost; 3] }, footprint }
    }

    /// The mutex row: std takes 10 ns, Lockhound 14 and the other two what is said.
    fn report(events: u64, others: [Cell; 2]) -> Report {
        let names = ["std", RECORDING, "tracing-mutex", "deloxide-log"];
        let peers = names.map(|name| PEERS.iter().find(|peer| peer.name == name).expect("known"));
        let built = peers.map(|peer| Built { peer, program: Ok(name(peer.name)) });
        let ours = ran(14, Some(Footprint { bytes: events * 5, events }));
        let cells = [ran(10, None), ours].into_iter().chain(others).collect();
        Report::new(&Args::parse_from(["bench"]), &[Row::Mutex], &built, &vec![cells], None)
    }

    fn name(peer: &str) -> std::path::PathBuf {
        peer.into()
    }

    fn goal<'a>(report: &'a Report, part: &str) -> &'a Goal {
        report.goals.iter().find(|goal| goal.name.starts_with(part)).expect("such a goal")
    }

    #[test]
    fn goals_are_judged_by_ratios_and_bytes() {
        let report = report(2000, [ran(20, None), ran(2000, None)]);
        let ratio = goal(&report, "mutex: lockhound, times");
        assert_eq!((ratio.measured, ratio.is_met()), (Some(1.4), Some(true)));
        let bytes = goal(&report, "mutex: bytes");
        assert_eq!((bytes.measured, bytes.is_met()), (Some(5.0), Some(true)));
        assert_eq!(goal(&report, "nested").is_met(), None);
    }

    #[test]
    fn what_was_not_recorded_reaches_no_goal() {
        let report = report(999, [ran(20, None), ran(2000, None)]);
        assert_eq!(goal(&report, "mutex: lockhound, times").is_met(), None);
        assert!(report.standings.is_empty());
    }

    #[test]
    fn who_costs_less_is_ahead() {
        let lacking = Cell { outcome: Outcome::Lacking, footprint: None };
        let ahead = report(2000, [ran(20, None), lacking]);
        assert_eq!((ahead.standings[0].rivals, ahead.standings[0].behind.len()), (1, 0));
        let behind = report(2000, [ran(13, None), ran(2000, None)]);
        assert_eq!(behind.standings[0].behind, [("tracing-mutex", 1.3)]);
    }
}

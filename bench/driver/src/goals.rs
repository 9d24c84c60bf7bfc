//! What Lockhound set out to reach.

use bench_workloads::Row;
use serde::Serialize;

use crate::merge::Merge;
use crate::peer::{IDLE, RECORDING};
use crate::report::{Figures, Report};

/// A goal, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Goal {
    /// What is to be reached.
    pub(crate) name: String,
    /// How much of it.
    pub(crate) limit: f64,
    /// Whether more is better.
    pub(crate) at_least: bool,
    /// None if it was not measured this time.
    pub(crate) measured: Option<f64>,
}

impl Goal {
    /// Whether it is reached, if that is known.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.measured.map(|measured| if self.at_least { measured >= self.limit } else { measured <= self.limit })
    }
}

const RATIOS: [(Row, &str, f64); 8] = [
    (Row::Mutex, RECORDING, 1.6),
    (Row::Nested, RECORDING, 1.6),
    (Row::Read, RECORDING, 2.0),
    (Row::PairsWarm, RECORDING, 1.6),
    (Row::PairsCold, RECORDING, 4.0),
    (Row::Fresh, RECORDING, 3.0),
    (Row::Contended, RECORDING, 1.5),
    (Row::Mutex, IDLE, 1.05),
];

/// Rows that are mutexes and little else. Neither a fresh mutex nor a new order is of what a program mostly does.
const MUTEX_LOADS: [Row; 5] = [Row::Mutex, Row::Nested, Row::PairsWarm, Row::Contended, Row::Map];
const BYTES_PER_EVENT: f64 = 6.0;

const MERGED_PER_SECOND: f64 = 40e6;

/// All goals. What should have been recorded and was not reaches none.
pub(crate) fn all(report: &Report) -> Vec<Goal> {
    let ratios = RATIOS.into_iter().map(|(row, peer, limit)| Goal {
        name: format!("{}: {peer}, times std", row.name()),
        limit,
        at_least: false,
        measured: report.figures(row, peer).and_then(ratio),
    });
    let bytes = MUTEX_LOADS.into_iter().map(|row| Goal {
        name: format!("{}: bytes an event", row.name()),
        limit: BYTES_PER_EVENT,
        at_least: false,
        measured: report.figures(row, RECORDING).and_then(|figures| figures.bytes_per_event),
    });
    let merge = Goal {
        name: "merge: million events a second".to_owned(),
        limit: MERGED_PER_SECOND / 1e6,
        at_least: true,
        measured: report.merge.as_ref().map(|merge| Merge::events_per_second(merge) / 1e6),
    };
    ratios.chain(bytes).chain([merge]).collect()
}

/// How recording stands on a row among those who log or predict too.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
    /// The row.
    pub(crate) row: &'static str,
    /// How many of them ran it.
    pub(crate) rivals: usize,
    /// Who of them costs less, and how many times std.
    pub(crate) behind: Vec<(&'static str, f64)>,
}

/// All rows that Lockhound and at least one such peer ran.
pub(crate) fn standings(report: &Report) -> Vec<Standing> {
    report.rows.iter().filter_map(|row| standing(report, row.row)).collect()
}

fn standing(report: &Report, row: Row) -> Option<Standing> {
    let ours = report.figures(row, RECORDING).and_then(ratio)?;
    let rivals = report.peers.iter().filter(|peer| peer.foresees && peer.name != RECORDING);
    let rivals: Vec<_> =
        rivals.filter_map(|peer| Some((peer.name, report.figures(row, peer.name).and_then(ratio)?))).collect();
    let behind = rivals.iter().copied().filter(|&(_, theirs)| theirs <= ours).collect();
    (!rivals.is_empty()).then_some(Standing { row: row.name(), rivals: rivals.len(), behind })
}

fn ratio(figures: &Figures) -> Option<f64> {
    figures.cpu.ratio.filter(|_| !figures.unrecorded)
}

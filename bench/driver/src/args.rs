//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use bench_workloads::Row;
use clap::Parser;

use crate::peer::{PEERS, Peer};
use crate::statistics::Statistic;

/// Measures the cost of Lockhound and of its peers in one run: CPU time of the threads that do the work, medians over rounds
/// in which the peers take turns.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// How often each peer runs each row.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,

    /// Only rows whose name contains this; may be repeated.
    #[arg(long = "row", value_name = "TEXT")]
    row_filters: Vec<String>,

    /// Only peers whose name contains this, and std, which all are compared with; may be repeated.
    #[arg(long = "peer", value_name = "TEXT")]
    peer_filters: Vec<String>,

    /// CPU time that one run of one row is to take, in milliseconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sample_ms: u64,

    /// Seconds after which a peer is given up on a row.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,

    /// Where the traces and logs go, each deleted after its run. Without it, a folder beside the workers.
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,

    /// Also writes everything measured to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Lock events of the trace on which the merge is measured.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) merge_events: u64,

    /// Leaves the merge out.
    #[arg(long)]
    pub(crate) no_merge: bool,

    /// Shows each peer's best round in place of the median, except where several threads work: for a machine that others use.
    #[arg(long)]
    best: bool,

    /// Says which rows and peers there are.
    #[arg(long)]
    pub(crate) list: bool,
}

impl Args {
    /// The rows asked for.
    pub(crate) fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let rows: Vec<_> = Row::TABLE.into_iter().filter(|row| matches(&self.row_filters, row.name())).collect();
        anyhow::ensure!(!rows.is_empty(), "no row is named like that; --list shows all");
        Ok(rows)
    }

    /// The peers asked for; std is the first.
    pub(crate) fn peers(&self) -> anyhow::Result<Vec<&'static Peer>> {
        let wanted = |peer: &&Peer| peer.is_baseline() || matches(&self.peer_filters, peer.name);
        let peers: Vec<_> = PEERS.iter().filter(wanted).collect();
        let found = self.peer_filters.iter().all(|filter| PEERS.iter().any(|peer| peer.name.contains(filter)));
        anyhow::ensure!(found, "no peer is named like that; --list shows all");
        Ok(peers)
    }

    /// What is to be made of the rounds.
    pub(crate) const fn statistic(&self) -> Statistic {
        if self.best { Statistic::Best } else { Statistic::Median }
    }

    /// How much CPU time one run is to take.
    pub(crate) const fn sample(&self) -> Duration {
        Duration::from_millis(self.sample_ms)
    }

    /// How long a worker may take to answer.
    pub(crate) const fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

fn matches(filters: &[String], name: &str) -> bool {
    filters.is_empty() || filters.iter().any(|filter| name.contains(filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Args {
        Args::try_parse_from(line.split(' ')).expect("a command line")
    }

    #[test]
    fn filters_keep_the_baseline() {
        let args = parsed("bench --peer deloxide --row pairs");
        let names: Vec<_> = args.peers().expect("some").iter().map(|peer| peer.name).collect();
        assert_eq!(names, ["std", "deloxide-log", "deloxide-order"]);
        assert_eq!(args.rows().expect("some"), [Row::PairsCold, Row::PairsWarm]);
    }

    #[test]
    fn a_filter_that_fits_nothing_is_an_error() {
        assert!(parsed("bench --peer deloxide --peer nobody").peers().is_err());
        assert!(parsed("bench --row nothing").rows().is_err());
    }

    #[test]
    fn nothing_asked_is_everything() {
        let args = parsed("bench");
        assert_eq!(args.rows().expect("all").len(), Row::TABLE.len());
        assert_eq!(args.peers().expect("all").len(), PEERS.len());
    }
}

//! The report as text: tables that are Markdown too.

use std::fmt::{self, Display, Formatter};

use bench_workloads::Row;

use crate::goals::{Goal, Standing};
use crate::peer::PEERS;
use crate::report::{CellEntry, Figures, Report, RowEntry, Series};
use crate::table::Table;

/// Everything that was measured.
pub(crate) struct Tables<'a>(pub(crate) &'a Report);

impl Display for Tables<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(report) = self;
        let load = report.load.map_or_else(|| "unknown".to_owned(), |load| load.to_string());
        let Report { rounds, sample_ms: sample, processors, statistic, .. } = report;
        writeln!(f, "{rounds} rounds of {sample} ms on {processors} processors, load average {load}.")?;
        for peer in &report.peers {
            if let Some(why) = &peer.unavailable {
                writeln!(f, "{} could not be built: {why}", peer.name)?;
            }
        }
        let nanoseconds = |series: &Series| number(series.figure);
        let times = |series: &Series| series.ratio.map_or_else(|| "?".to_owned(), number);
        writeln!(f, "\nNanoseconds an operation, CPU time of the threads that do the work ({statistic}):\n")?;
        write!(f, "{}{}", grid(report, nanoseconds), Aside(report))?;
        writeln!(f, "\nTimes std ({statistic}):\n")?;
        write!(f, "{}", grid(report, times))?;
        writeln!(
            f,
            "\n-: the peer has no such primitive; n/a: not built; *: fewer events than operations were recorded"
        )?;
        if let Some(merge) = &report.merge {
            let (wall, cpu) = (merge.by_wall / 1e6, merge.by_cpu / 1e6);
            let (events, bytes) = (merge.footprint.events, merge.footprint.bytes_per_event().unwrap_or(0.0));
            writeln!(f, "\nReading and merging {events} events of {bytes:.2} bytes (four threads over 64 mutexes):")?;
            writeln!(f, "{wall:.1} M events/s by the clock on the wall, {cpu:.1} M events/s of CPU time.")?;
        }
        writeln!(f, "\nGoals:\n\n{}", goals(&report.goals))?;
        write!(f, "Lockhound among the peers that write a log or predict:\n\n{}", Standings(&report.standings))
    }
}

/// A line a row, a column a peer; rows of several threads have a second line for the wall clock.
fn grid(report: &Report, show: fn(&Series) -> String) -> Table {
    let mut table = Table::new(["row"].into_iter().chain(report.peers.iter().map(|peer| peer.name)));
    let mut line = |row: &RowEntry, suffix: &str, series: fn(&Figures) -> &Series| {
        let cells = row.cells.iter().map(|cell| match cell {
            CellEntry::Unavailable => "n/a".to_owned(),
            CellEntry::Lacking => "-".to_owned(),
            CellEntry::TooSlow => "too slow".to_owned(),
            CellEntry::Ran(figures) if figures.unrecorded => show(series(figures)) + "*",
            CellEntry::Ran(figures) => show(series(figures)),
        });
        table.row([format!("{}{suffix}", row.name)].into_iter().chain(cells));
    };
    for row in &report.rows {
        line(row, "", |figures| &figures.cpu);
        if row.row.is_threaded() {
            line(row, ", wall", |figures| &figures.wall);
        }
    }
    table
}

fn goals(goals: &[Goal]) -> Table {
    let mut table = Table::new(["goal", "limit", "measured", ""]);
    for goal in goals {
        let limit = format!("{} {}", if goal.at_least { "≥" } else { "≤" }, goal.limit);
        let measured = goal.measured.map_or_else(|| "-".to_owned(), |measured| format!("{measured:.2}"));
        let verdict = match goal.is_met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured",
        };
        table.row([goal.name.as_str(), &limit, &measured, verdict]);
    }
    table
}

/// A line a row.
struct Standings<'a>(&'a [Standing]);

impl Display for Standings<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|standing| standing.row.len()).max().unwrap_or(0);
        for Standing { row, rivals, behind } in self.0 {
            let names: Vec<_> = behind.iter().map(|(peer, ratio)| format!("{peer} ({})", number(*ratio))).collect();
            match &names[..] {
                [] => writeln!(f, "* {row:width$}  ahead of all {rivals}")?,
                _ => writeln!(f, "* {row:width$}  behind {} of {rivals}: {}", names.len(), names.join(", "))?,
            }
        }
        Ok(())
    }
}

/// What the peers leave to threads of their own, where it is much. Only for rows of one thread: the others' threads cost the
/// process something before and after they are measured.
struct Aside<'a>(&'a Report);

impl Display for Aside<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const MUCH: f64 = 0.5;
        for peer in &self.0.peers {
            let rows = self.0.rows.iter().filter(|row| !row.row.is_threaded());
            let aside = rows.filter_map(|row| {
                let figures = self.0.figures(row.row, peer.name)?;
                let rest = figures.process.figure - figures.cpu.figure;
                (rest > MUCH * figures.cpu.figure).then(|| format!("{} {}", row.name, number(rest)))
            });
            let aside: Vec<_> = aside.collect();
            if !aside.is_empty() {
                writeln!(f, "\nNot counted, in threads of {}'s own meanwhile: {}.", peer.name, aside.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Three digits at least, and never more than two behind the point.
fn number(value: f64) -> String {
    match value {
        small if small < 10.0 => format!("{small:.2}"),
        medium if medium < 100.0 => format!("{medium:.1}"),
        large if large < 1e6 => format!("{large:.0}"),
        huge => format!("{:.0} M", huge / 1e6),
    }
}

/// Which rows and peers there are.
pub(crate) struct Catalogue;

impl Display for Catalogue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rows = Table::new(["row", "an operation"]);
        for row in Row::TABLE {
            rows.row([row.name(), row.title()]);
        }
        let mut peers = Table::new(["peer", "what it is"]);
        for peer in PEERS {
            peers.row([peer.name, peer.title]);
        }
        write!(f, "{rows}\n{peers}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need() {
        assert_eq!([0.014, 9.99, 12.34, 12_345.6, 2.4e7].map(number), ["0.01", "9.99", "12.3", "12346", "24 M"]);
    }

    #[test]
    fn a_goal_is_met_on_its_own_side_of_the_limit() {
        let goal = |at_least, measured| Goal { name: "g".to_owned(), limit: 2.0, at_least, measured };
        let text = |goal| goals(&[goal]).to_string();
        assert!(text(goal(false, Some(1.9))).contains("met"));
        assert!(text(goal(false, Some(2.1))).contains("MISSED"));
        assert!(text(goal(true, Some(1.9))).contains("MISSED"));
        assert!(text(goal(true, None)).contains("not measured"));
    }
}

//! Statistics for people.

use std::fmt::Write as _;

use anstyle::Style;
use lockhound_trace::one_line;
use unicode_width::UnicodeWidthStr;

use super::classes::{Class, Stats};

/// Places shown of each lock.
const SITES: usize = 3;
/// Columns of a name that others are aligned with.
const WIDEST: usize = 48;
const COLUMNS: [&str; 9] =
    ["lock", "acquired", "contended", "waited", "longest", "held", "longest", "threads", "places"];
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A table of the first `top` locks, with the places that acquire most.
pub(crate) fn table(stats: &Stats, top: usize) -> String {
    let mut text = String::new();
    if stats.locks.is_empty() {
        let _ = writeln!(text, "No lock was used in {}.", number(stats.events, "event"));
        return text;
    }
    let shown = &stats.locks[..top.min(stats.locks.len())];
    let rows: Vec<[String; 9]> = std::iter::once(COLUMNS.map(str::to_owned)).chain(shown.iter().map(row)).collect();
    let widths: Vec<usize> =
        (0..9).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0)).collect();
    for (place, row) in rows.iter().enumerate() {
        let style = if place == 0 { BOLD } else { Style::new() };
        let pad = widths[0].min(WIDEST).saturating_sub(row[0].width());
        let _ = write!(text, "{style}{}{:pad$}", row[0], "");
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        let _ = writeln!(text, "{style:#}");
        if let Some(class) = place.checked_sub(1).map(|place| &shown[place]) {
            details(&mut text, class);
        }
    }
    let more = stats.locks.len() - shown.len();
    if more > 0 {
        let _ = writeln!(text, "… and {} (--top {})", number(more as u64, "further row"), stats.locks.len());
    }
    let _ = writeln!(
        text,
        "\n{} in {}. Waits and holds are measured in events of all threads, as traces know no time.",
        number(stats.events, "event"),
        number(stats.traces, "trace")
    );
    text
}

fn row(class: &Class) -> [String; 9] {
    let mut name = one_line(&class.name);
    if class.locks > 1 {
        let _ = write!(name, " ({} locks)", class.locks);
    }
    [
        name,
        class.acquired.to_string(),
        class.contended.to_string(),
        class.waited.total.to_string(),
        class.waited.longest.to_string(),
        class.held.total.to_string(),
        class.held.longest.to_string(),
        class.threads.to_string(),
        class.sites.len().to_string(),
    ]
}

/// What numbers side by side do not show.
fn details(text: &mut String, class: &Class) {
    for site in class.sites.iter().take(SITES) {
        let at = site.at.as_deref().map_or_else(|| "at a place that is not known".to_owned(), one_line);
        let waits = if site.contended > 0 { format!(", {} contended", site.contended) } else { String::new() };
        let _ = writeln!(text, "{DIM}    {}× {at}{waits}{DIM:#}", site.acquired);
    }
    if class.sites.len() > SITES {
        let _ = writeln!(text, "{DIM}    … {}{DIM:#}", number((class.sites.len() - SITES) as u64, "further place"));
    }
    if class.gave_up > 0 {
        let _ = writeln!(text, "    {} in vain", number(class.gave_up, "request"));
    }
    if class.waiting_at_end > 0 {
        let waits = if class.waiting_at_end == 1 { "waits" } else { "wait" };
        let _ = writeln!(text, "    {} still {waits} at the end", number(class.waiting_at_end, "thread"));
    }
}

fn number(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

//! The result, as a Markdown table.

use std::fmt;

use crate::command::Measured;
use crate::generate::Size;
use crate::rows::Row;

/// Rows, in the order in which they were measured.
#[derive(Default, Debug)]
pub(crate) struct Table {
    lines: Vec<String>,
}

impl Table {
    pub(crate) fn add(&mut self, size: Size, form: &str, row: &Row, measured: &Measured) {
        let goal = row.goal.map(|[binary, std]| if form == "binary" { binary } else { std });
        let line = match measured {
            Measured::TooSlow => format!("| {} | {size} | {form} | too slow | | | | |", row.name),
            Measured::Done { wall, peak, summary } => {
                #[expect(clippy::cast_precision_loss, reason = "a rate")]
                let rate = size.events as f64 / wall.as_secs_f64() / 1e6;
                let goal = goal
                    .map_or_else(String::new, |goal| format!("{goal} {}", if rate >= goal { "met" } else { "missed" }));
                let (name, wall) = (row.name, wall.as_secs_f64());
                format!("| {name} | {size} | {form} | {wall:.2} s | {rate:.2} | {goal} | {} | {summary} |", peak >> 10)
            }
        };
        eprintln!("{line}");
        self.lines.push(line);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | trace | form | wall | M events/s | goal | peak MiB | found |")?;
        writeln!(f, "|---|---|---|--:|--:|---|--:|---|")?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

//! A schedule for people: the steps that lead to a finding, side by side by thread.

use anstyle::Style;
use lockhound_analyzer::{Evidence, Rule};
use lockhound_trace::one_line;
use thiserror::Error;
use unicode_width::UnicodeWidthStr;

use super::summary::counted;
use crate::document::{Finding, Move};
use crate::naming::named;
use crate::replay::{Replay, Row};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// More threads than this do not fit side by side.
const COLUMNS: usize = 4;
/// A column is at least and at most as wide.
const WIDTHS: std::ops::RangeInclusive<usize> = 16..=44;

/// There is nothing to show.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Nothing proves the finding.
    #[error("finding {id} is `{}`: only what happened, or was proved by a schedule, can be shown step by step", .evidence.name())]
    NotShown {
        /// Which finding.
        id: String,
        /// How sure it is.
        evidence: Evidence,
    },
}

/// The steps that lead to `finding`, with escape sequences for colours: the schedule that proves it, or what was recorded.
/// `all`: also the steps that do not matter; where no words were kept of them, they are only named.
///
/// # Errors
/// If the finding is only possible, or its document says nothing of the steps.
pub fn schedule_text(finding: &Finding, all: bool) -> Result<String, ScheduleError> {
    let finding = &*named(finding);
    match &finding.replay {
        Some(replay) if !replay.rows.is_empty() => Ok(View::new(finding, replay, all).render()),
        _ => Err(ScheduleError::NotShown { id: finding.fingerprint.clone(), evidence: finding.evidence }),
    }
}

/// One line of the table.
enum Line {
    /// Steps that are left out.
    Skipped(usize),
    /// What is true of the steps below.
    Heading(String),
    /// A step, numbered from 1; none of those that are only claimed to come next.
    Step { number: Option<usize>, event: u64, column: usize, texts: Vec<String> },
}

struct View<'a> {
    finding: &'a Finding,
    replay: &'a Replay,
    /// The names of the threads, a column each.
    columns: Vec<String>,
    lines: Vec<Line>,
}

impl<'a> View<'a> {
    fn new(finding: &'a Finding, replay: &'a Replay, all: bool) -> Self {
        let columns = replay.lanes.iter().map(|lane| one_line(lane)).collect();
        let mut view = Self { finding, replay, columns, lines: Vec::new() };
        let mut done = 0;
        let mut claimed = false;
        for row in &replay.rows {
            view.skip(done, row.skipped, all);
            done = done.saturating_add(row.skipped).saturating_add(usize::from(row.number.is_some()));
            if row.number.is_none() && !claimed {
                claimed = true;
                view.skip(done, replay.steps.saturating_sub(done), all);
                view.lines.push(Line::Heading(view.claim()));
            }
            let column = view.column(row.lane);
            view.lines.push(Line::Step { number: row.number, event: row.event, column, texts: texts(row) });
        }
        if !claimed {
            view.skip(done, replay.steps.saturating_sub(done), all);
        }
        view
    }

    /// Steps that have no row, after the first `done`.
    fn skip(&mut self, done: usize, count: usize, all: bool) {
        let moves = self.finding.witness.get(done..done.saturating_add(count)).filter(|moves| all && !moves.is_empty());
        match moves {
            Some(moves) => {
                for (index, &Move { ref thread, event }) in moves.iter().enumerate() {
                    let column = self.column_of(thread);
                    let number = Some(done + index + 1);
                    self.lines.push(Line::Step { number, event, column, texts: vec![format!("event {event}")] });
                }
            }
            None if count > 0 => self.lines.push(Line::Skipped(count)),
            None => {}
        }
    }

    /// Lanes that the document does not name share a column.
    fn column(&mut self, lane: usize) -> usize {
        if lane < self.replay.lanes.len() { lane } else { self.column_of("?") }
    }

    fn column_of(&mut self, thread: &str) -> usize {
        let name = one_line(self.finding.thread_name(thread));
        let known = self.columns.iter().position(|column| *column == name);
        known.unwrap_or_else(|| {
            self.columns.push(name);
            self.columns.len() - 1
        })
    }

    /// What is true of the rows that are only claimed to come next.
    fn claim(&self) -> String {
        let claimed = self.replay.rows.iter().filter(|row| row.number.is_none()).count();
        let text = match (self.replay.end.as_str(), self.finding.rule, claimed) {
            ("", Rule::DataRace, _) => "now both can happen, in either order or at once",
            ("", _, 1) => "now this waits for ever",
            ("", ..) => "now these wait for ever",
            (end, ..) => end,
        };
        format!("{}:", one_line(text))
    }

    fn render(&self) -> String {
        let finding = self.finding;
        let (rule, message) = (finding.rule.name(), one_line(&finding.message));
        let steps = counted(self.replay.steps as u64, "step", "steps");
        let mut text = format!("{BOLD}{rule}{BOLD:#} {}: {message}\n", one_line(&finding.fingerprint));
        text.push_str(&match self.replay.predicted {
            true => format!("proved by this schedule, {steps} of the recorded run in another order:\n\n"),
            false => format!("this is what happened, {steps} of the recorded run:\n\n"),
        });
        if self.columns.len() > COLUMNS {
            self.list(&mut text);
        } else {
            self.table(&mut text);
        }
        let is_told = self.lines.iter().any(|line| matches!(line, Line::Heading(_)));
        if !self.replay.end.is_empty() && !is_told {
            text.push_str(&format!("  {BOLD}{}{BOLD:#}\n", one_line(&self.replay.end)));
        }
        text
    }

    fn table(&self, text: &mut String) {
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        text.push_str(&format!("{DIM}  step   event{DIM:#}"));
        for (name, &width) in self.columns.iter().zip(&widths) {
            let pad = width.saturating_sub(name.width());
            text.push_str(&format!(" | {BOLD}{name}{BOLD:#}{:pad$}", ""));
        }
        end_line(text);
        for line in &self.lines {
            match line {
                Line::Skipped(count) => text.push_str(&format!("{DIM}{}{DIM:#}\n", skipped(*count))),
                Line::Heading(heading) => text.push_str(&format!("{BOLD}  {heading}{BOLD:#}\n")),
                Line::Step { number, event, column, texts } => {
                    for (index, content) in texts.iter().enumerate() {
                        text.push_str(&margin((index == 0).then_some((*number, *event))));
                        for (position, &width) in widths.iter().enumerate() {
                            let content = if position == *column { content.as_str() } else { "" };
                            text.push_str(&format!(" | {}", cell(content, width)));
                        }
                        end_line(text);
                    }
                }
            }
        }
    }

    /// Too many threads for columns: each step names its own.
    fn list(&self, text: &mut String) {
        for line in &self.lines {
            match line {
                Line::Skipped(count) => text.push_str(&format!("{DIM}{}{DIM:#}\n", skipped(*count))),
                Line::Heading(heading) => text.push_str(&format!("{BOLD}  {heading}{BOLD:#}\n")),
                Line::Step { number, event, column, texts } => {
                    let margin = margin(Some((*number, *event)));
                    let name = &self.columns[*column];
                    text.push_str(&format!("{margin}  {BOLD}{name}{BOLD:#}  {}\n", texts.join("  ")));
                }
            }
        }
    }

    fn width(&self, column: usize) -> usize {
        let texts = self.lines.iter().filter_map(|line| match line {
            Line::Step { column: of, texts, .. } if *of == column => Some(texts),
            _ => None,
        });
        let widest = texts.flatten().map(|text| text.width()).max().unwrap_or(0);
        widest.max(self.columns[column].width()).clamp(*WIDTHS.start(), *WIDTHS.end())
    }
}

/// What a step does, where, what it then waits for and what it assumes.
fn texts(row: &Row) -> Vec<String> {
    let mut texts = vec![one_line(&row.text)];
    texts.extend(row.at.as_deref().map(one_line));
    let standing = row.after.iter().find(|standing| standing.lane == row.lane);
    if let Some(standing) = standing {
        texts.extend(standing.waits.as_deref().map(|what| format!("waits for {}", one_line(what))));
        texts.extend(standing.knows.as_deref().map(one_line));
    }
    texts.extend(row.assumes.as_deref().map(|what| format!("assumes: {}", one_line(what))));
    texts
}

fn margin(of: Option<(Option<usize>, u64)>) -> String {
    match of {
        Some((Some(number), event)) => format!("{number:>6} {event:>7}"),
        Some((None, event)) => format!("{:>6} {event:>7}", ""),
        None => format!("{:>14}", ""),
    }
}

fn skipped(count: usize) -> String {
    match count {
        1 => "        … one step, as it was recorded".to_owned(),
        _ => format!("        … {count} steps, as they were recorded"),
    }
}

/// `content` in exactly `width` columns, cut in the front where it is too long: the ends of places tell most.
fn cell(content: &str, width: usize) -> String {
    let mut content = content.to_owned();
    if content.width() > width {
        while content.width() >= width {
            content.remove(0);
        }
        content.insert(0, '…');
    }
    let pad = width.saturating_sub(content.width());
    format!("{content}{:pad$}", "")
}

fn end_line(text: &mut String) {
    let length = text.trim_end_matches(' ').len();
    text.truncate(length);
    text.push('\n');
}

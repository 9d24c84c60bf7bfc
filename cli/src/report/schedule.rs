//! A witness for people: the schedule that proves a finding, side by side by thread.

use std::collections::BTreeSet;

use anstyle::Style;
use anyhow::bail;
use lockhound_analyzer::{Finding, Report, Witness};
use lockhound_trace::{EventIndex, ObjectId, Op, ThreadId, one_line};
use unicode_width::UnicodeWidthStr;

use super::describe;
use super::outcome::Outcome;
use crate::traces::Analysed;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A schedule of at most this many steps is shown whole.
const SHORT: usize = 40;
/// Of a longer one, so many of the last recorded steps of each thread that matter …
const SHOWN_OF_A_THREAD: usize = 8;
/// … and so many of those that come in another order.
const SHOWN_REORDERED: usize = 60;
/// More threads than this do not fit side by side.
const COLUMNS: usize = 4;
/// A column is at least and at most as wide.
const WIDTHS: std::ops::RangeInclusive<usize> = 16..=44;

/// The schedule of the finding whose id begins with `id`; `all`: every step of it, not only those that matter.
///
/// # Errors
/// If there is no such finding, more than one, or it was not proved by a schedule.
pub(crate) fn schedule(outcome: &Outcome, id: &str, all: bool) -> anyhow::Result<String> {
    let (trace, finding) = choose(outcome, id)?;
    let Some(witness) = &finding.witness else {
        bail!(
            "finding {} is `{}`: only `feasible` ones are proved by a schedule",
            finding.fingerprint,
            finding.evidence.name()
        );
    };
    Ok(View::new(&trace.report, finding, witness, all).render(&trace.path))
}

/// Several traces may show one bug: the first that proves it speaks for it.
fn choose<'a>(outcome: &'a Outcome, id: &str) -> anyhow::Result<(&'a Analysed, &'a Finding)> {
    let wanted = id.to_ascii_lowercase();
    let named = || outcome.findings().filter(|(_, _, finding)| finding.fingerprint.to_string().starts_with(&wanted));
    let ids: BTreeSet<String> = named().map(|(_, _, finding)| finding.fingerprint.to_string()).collect();
    if ids.len() > 1 {
        bail!("`{id}` is the beginning of {} ids: {}", ids.len(), ids.into_iter().collect::<Vec<_>>().join(", "));
    }
    let proved = named().find(|(_, _, finding)| finding.witness.is_some());
    match proved.or_else(|| named().next()) {
        Some((_, trace, finding)) => Ok((trace, finding)),
        None => bail!("no finding has the id `{id}`: `-v` shows the ids, and so does `--format json`"),
    }
}

/// One line of the table.
enum Row {
    /// What is said between steps.
    Note(String),
    Step(Step),
}

struct Step {
    /// From 1; none of those that are only claimed to come next.
    number: Option<usize>,
    event: EventIndex,
    thread: ThreadId,
    /// What it does, where, and what it assumes.
    lines: Vec<String>,
}

struct View<'a> {
    report: &'a Report,
    finding: &'a Finding,
    witness: &'a Witness,
    /// Also those that are left out.
    count: usize,
    rows: Vec<Row>,
}

impl<'a> View<'a> {
    fn new(report: &'a Report, finding: &'a Finding, witness: &'a Witness, all: bool) -> Self {
        let steps = report.schedule(witness);
        let mut view = Self { report, finding, witness, count: steps.len(), rows: Vec::new() };
        let shown = view.shown(&steps, all);
        let mut skipped = 0;
        for (number, &(thread, event)) in steps.iter().enumerate() {
            if !shown.contains(&number) {
                skipped += 1;
                continue;
            }
            view.skip(std::mem::take(&mut skipped));
            view.step(Some(number + 1), event, thread);
        }
        view.skip(skipped);
        let next = witness.next.iter().filter_map(|&event| Some((event, report.event(event)?.thread)));
        for (position, (event, thread)) in next.enumerate() {
            if position == 0 {
                view.rows.push(Row::Note(format!("{BOLD}  {}{BOLD:#}", view.end())));
            }
            view.step(None, event, thread);
        }
        view
    }

    fn step(&mut self, number: Option<usize>, event: EventIndex, thread: ThreadId) {
        let lines = self.lines(event);
        self.rows.push(Row::Step(Step { number, event, thread, lines }));
    }

    fn skip(&mut self, count: usize) {
        if count > 0 {
            self.rows.push(Row::Note(format!("{DIM}{}{DIM:#}", skipped(count))));
        }
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.rows.iter().filter_map(|row| match row {
            Row::Step(step) => Some(step),
            Row::Note(_) => None,
        })
    }

    /// Positions of the steps worth showing: what differs from the recorded order, and the last of those by the
    /// finding's threads on what it is about.
    fn shown(&self, steps: &[(ThreadId, EventIndex)], all: bool) -> BTreeSet<usize> {
        if all || steps.len() <= SHORT {
            return (0..steps.len()).collect();
        }
        let base = steps.len() - self.witness.then.len();
        let objects = self.objects();
        let last_of = |thread: ThreadId| {
            let objects = &objects;
            let matters =
                move |&position: &usize| steps[position].0 == thread && self.is_about(steps[position].1, objects);
            (0..base).rev().filter(matters).take(SHOWN_OF_A_THREAD)
        };
        let reordered = (base..steps.len()).rev().take(SHOWN_REORDERED);
        reordered.chain(self.finding.threads.iter().flat_map(|&thread| last_of(thread))).collect()
    }

    fn objects(&self) -> BTreeSet<ObjectId> {
        let held = self.finding.steps.iter().flat_map(|step| step.holds.iter().map(|hold| hold.object));
        self.finding.objects.iter().copied().chain(held).collect()
    }

    fn is_about(&self, event: EventIndex, objects: &BTreeSet<ObjectId>) -> bool {
        let Some(event) = self.report.event(event) else { return false };
        let lock = match event.op {
            Op::Wait { lock, .. } | Op::Wake { lock, .. } => Some(lock),
            _ => None,
        };
        event.op.object().into_iter().chain(lock).any(|object| objects.contains(&object))
            || matches!(event.op, Op::Spawn { child } | Op::Join { child } if self.finding.threads.contains(&child))
    }

    fn lines(&self, index: EventIndex) -> Vec<String> {
        let tables = &self.report.tables;
        let Some(event) = self.report.event(index) else { return Vec::new() };
        let mut lines = vec![one_line(&describe(&event.op, tables))];
        lines.extend(event.site.map(|site| one_line(tables.site(site))));
        let assumed = self.witness.assumes.iter().filter(|(step, _)| *step == index);
        lines.extend(assumed.map(|(_, what)| format!("assumes: {what}")));
        lines
    }

    fn render(&self, path: &str) -> String {
        let finding = self.finding;
        let (rule, message) = (finding.rule.name(), one_line(&finding.message));
        let count = self.count;
        let mut text = format!("{BOLD}{rule}{BOLD:#} {}: {message}\n", finding.fingerprint);
        text.push_str(&format!("{}: proved by this schedule of {count} of its events\n\n", one_line(path)));
        let threads = self.columns();
        if threads.len() > COLUMNS {
            self.list(&mut text);
        } else {
            self.table(&mut text, &threads);
        }
        text
    }

    /// The threads that are shown: the finding's first.
    fn columns(&self) -> Vec<ThreadId> {
        let mut threads = self.finding.threads.clone();
        let others: BTreeSet<ThreadId> =
            self.steps().map(|step| step.thread).filter(|thread| !threads.contains(thread)).collect();
        threads.extend(others);
        threads
    }

    fn table(&self, text: &mut String, threads: &[ThreadId]) {
        let widths: Vec<usize> = threads.iter().map(|&thread| self.width(thread)).collect();
        text.push_str(&format!("{DIM}  step   event{DIM:#}"));
        for (&thread, &width) in threads.iter().zip(&widths) {
            let label = self.label(thread);
            let pad = width.saturating_sub(label.width());
            text.push_str(&format!(" | {BOLD}{label}{BOLD:#}{:pad$}", ""));
        }
        end_line(text);
        for row in &self.rows {
            match row {
                Row::Note(note) => text.push_str(&format!("{note}\n")),
                Row::Step(Step { number, event, thread, lines }) => {
                    for (line, content) in lines.iter().enumerate() {
                        text.push_str(&margin((line == 0).then_some((*number, *event))));
                        for (&column, &width) in threads.iter().zip(&widths) {
                            let content = if column == *thread { content.as_str() } else { "" };
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
        for row in &self.rows {
            match row {
                Row::Note(note) => text.push_str(&format!("{note}\n")),
                Row::Step(Step { number, event, thread, lines }) => {
                    let margin = margin(Some((*number, *event)));
                    text.push_str(&format!("{margin}  {BOLD}{}{BOLD:#}  {}\n", self.label(*thread), lines.join("  ")));
                }
            }
        }
    }

    /// What the last rows are.
    fn end(&self) -> &'static str {
        use lockhound_analyzer::Rule::DataRace;
        match (self.finding.rule, self.witness.next.len()) {
            (DataRace, _) => "now both can happen, in either order or at once:",
            (_, 1) => "now this waits for ever:",
            _ => "now these wait for ever:",
        }
    }

    fn label(&self, thread: ThreadId) -> String {
        one_line(self.report.tables.thread_label(thread))
    }

    fn width(&self, thread: ThreadId) -> usize {
        let lines = self.steps().filter(|step| step.thread == thread).flat_map(|step| &step.lines);
        let widest = lines.map(|line| line.width()).max().unwrap_or(0).max(self.label(thread).width());
        widest.clamp(*WIDTHS.start(), *WIDTHS.end())
    }
}

fn margin(of: Option<(Option<usize>, EventIndex)>) -> String {
    match of {
        Some((Some(number), event)) => format!("{number:>6} {:>7}", event.0),
        Some((None, event)) => format!("{:>6} {:>7}", "", event.0),
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
    let pad = width - content.width();
    format!("{content}{:pad$}", "")
}

fn end_line(text: &mut String) {
    let length = text.trim_end_matches(' ').len();
    text.truncate(length);
    text.push('\n');
}

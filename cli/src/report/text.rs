//! The report for people, in rustc's look.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};
use anstyle::Style;
use lockhound_analyzer::{Evidence, Finding, Refutation, Report, Rule, Severity, Witness};
use lockhound_trace::{Tables, ThreadId, one_line};

use super::outcome::{Outcome, Reported};
use super::places::Places;
use super::summary::{counted, summary};
use crate::sources::Sources;
use crate::symbols::{Frames, Symbols};
use crate::traces::Analysed;

const BOLD: Style = Style::new().bold();

/// What the report shows beside the findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TextOptions {
    /// The patterns that the runs refute.
    pub(crate) refuted: bool,
    /// The call stacks, and the identity of each finding.
    pub(crate) stacks: Option<Frames>,
}

/// The whole report, with escape sequences for colours: whoever prints it removes them where they do not belong.
pub(crate) fn text(outcome: &Outcome, sources: &dyn Sources, symbols: &Symbols, options: TextOptions) -> String {
    let writer = Writer { outcome, sources, symbols, options, renderer: renderer() };
    let bugs = outcome.bugs();
    let mut report = String::new();
    for bug in &bugs {
        writer.finding(&mut report, bug);
    }
    if options.refuted {
        for trace in outcome.traces() {
            for refutation in &trace.report.refutations {
                writer.refutation(&mut report, trace, refutation);
            }
        }
    }
    for trace in outcome.traces() {
        writer.limits(&mut report, trace);
    }
    report.push_str(&format!("{BOLD}{}{BOLD:#}\n", summary(outcome, &bugs)));
    report
}

/// The width is fixed, so that a report does not depend on where it is made.
fn renderer() -> Renderer {
    Renderer::styled().decor_style(DecorStyle::Ascii).term_width(140)
}

struct Writer<'a> {
    outcome: &'a Outcome,
    sources: &'a dyn Sources,
    symbols: &'a Symbols,
    options: TextOptions,
    renderer: Renderer,
}

impl Writer<'_> {
    fn finding(&self, report: &mut String, bug: &Reported<'_>) {
        let finding = bug.finding;
        let tables = &bug.trace.report.tables;
        let title = level(finding.severity).primary_title(one_line(&finding.message)).id(finding.rule.name());
        let mut groups = vec![Group::with_title(title)];
        for (index, step) in finding.steps.iter().enumerate() {
            let mut group = match index {
                0 => groups.remove(0),
                _ => Group::with_title(Level::NOTE.secondary_title(one_line(&step.story))),
            };
            group = group.elements(Places::of(step, tables).elements(self.sources, tables.header()));
            if let Some(frames) = self.options.stacks {
                group = group.elements(self.stack(step, tables, frames).map(|stack| Level::NOTE.message(stack)));
            }
            groups.push(group);
        }
        if let Some(last) = groups.pop() {
            groups.push(last.elements(self.notes(bug).into_iter().map(|note| Level::NOTE.message(note))));
        }
        groups.extend(finding.help.iter().map(|help| Group::with_title(Level::HELP.secondary_title(one_line(help)))));
        self.render(report, &groups);
    }

    /// Why it is no false alarm, and where it was seen. How often is for the finding's own notes to say, except where
    /// several traces add up.
    fn notes(&self, bug: &Reported<'_>) -> Vec<String> {
        let mut notes: Vec<String> = certainty(bug.finding, &bug.trace.report).into_iter().collect();
        notes.extend(bug.finding.notes.iter().map(|note| one_line(note)));
        let all = self.outcome.traces().len();
        let path = one_line(&bug.trace.path);
        match (bug.traces, all) {
            (_, 1) => {}
            (1, _) => notes.push(format!("in {path}")),
            (some, _) => {
                let times = counted(bug.occurrences, "time", "times");
                notes.push(format!("seen in {some} of {all} traces, {times} in all; here as in {path}"));
            }
        }
        if self.options.stacks.is_some() {
            notes.push(format!("this finding is {}", bug.finding.fingerprint));
        }
        notes
    }

    fn stack(&self, step: &lockhound_analyzer::Step, tables: &Tables, frames: Frames) -> Option<String> {
        let lines = self.symbols.stack(tables.stack(step.stack?), frames);
        if lines.is_empty() {
            return None;
        }
        let mut text = format!("`{}` got there by", one_line(tables.thread_label(step.thread)));
        for (depth, line) in lines.iter().enumerate() {
            text.push_str(&format!("\n{depth:>4}: {}", one_line(line)));
        }
        Some(text)
    }

    fn refutation(&self, report: &mut String, trace: &Analysed, refutation: &Refutation) {
        let tables = &trace.report.tables;
        let title = Level::INFO.with_name("refuted").primary_title(one_line(&refutation.message));
        let mut group = Group::with_title(title.id(refutation.rule.name()));
        for step in &refutation.steps {
            group = group.elements(Places::of(step, tables).lines());
        }
        group = group.element(Level::NOTE.with_name("because").message(one_line(&refutation.reason)));
        if self.outcome.traces().len() > 1 {
            group = group.element(Level::NOTE.message(format!("in {}", one_line(&trace.path))));
        }
        self.render(report, &[group]);
    }

    /// Where an analysis gave up: silence there proves nothing, so it has to be said.
    fn limits(&self, report: &mut String, trace: &Analysed) {
        for limit in &trace.report.limits {
            let title = Level::WARNING.primary_title(one_line(limit));
            let place = Level::NOTE.message(format!("in {}", one_line(&trace.path)));
            self.render(report, &[Group::with_title(title).element(place)]);
        }
    }

    fn render(&self, report: &mut String, groups: &[Group<'_>]) {
        report.push_str(&self.renderer.render(groups));
        report.push_str("\n\n");
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// How sure the finding is, in words. A mere note claims no bug that could happen or not.
fn certainty(finding: &Finding, report: &Report) -> Option<String> {
    let text = match finding.evidence {
        _ if finding.severity == Severity::Note => return None,
        Evidence::Observed => "it did happen in the recorded run".to_owned(),
        Evidence::Feasible => match &finding.witness {
            Some(witness) => proof(finding, witness, report),
            None => "it can happen: another interleaving of this run's own events leads there".to_owned(),
        },
        Evidence::Possible => "it may happen: this run neither proves nor refutes it".to_owned(),
    };
    Some(text)
}

/// The witness in a sentence: how far each participant gets, and how to see every step.
fn proof(finding: &Finding, witness: &Witness, report: &Report) -> String {
    let reaches = |&thread: &ThreadId| {
        let name = one_line(report.tables.thread_label(thread));
        match report.reached(witness, thread) {
            Some(event) => format!("`{name}` up to event {}", event.0),
            None => format!("`{name}` up to its first request"),
        }
    };
    let runs: Vec<String> = finding.threads.iter().map(reaches).collect();
    let end = match (finding.rule, witness.next.len()) {
        (Rule::DataRace, _) => ", then the two accesses can happen at once",
        (Rule::LostUpdate | Rule::AtomicityViolation, _) | (_, 0) => "",
        (_, 1) => ", then it blocks",
        (_, 2) => ", then both block",
        _ => ", then all block",
    };
    let id = &finding.fingerprint.to_string()[..8];
    format!(
        "it can happen, proved by reordering this run: {}{end} (`--witness {id}` shows every step)",
        runs.join(", ")
    )
}

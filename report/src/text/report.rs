//! The report for people, in rustc's look.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};
use anstyle::Style;
use lockhound_analyzer::Severity;
use lockhound_trace::one_line;

use super::places::Places;
use super::summary::{counted, summary};
use crate::document::{Document, Finding, Refutation, Step, Trace};
use crate::listing::Listings;
use crate::naming::named;
use crate::sources::Sources;

const BOLD: Style = Style::new().bold();

/// What the report shows beside the findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TextOptions {
    /// The patterns that the runs refute.
    pub refuted: bool,
    /// The call stacks, and the identity of each finding.
    pub stacks: bool,
    /// Findings that are accepted, and why.
    pub suppressed: bool,
}

/// The whole report, with escape sequences for colours: whoever prints it removes them where they do not belong. Takes
/// time linear in the findings and the texts that they quote.
#[must_use]
pub fn text(document: &Document, sources: &dyn Sources, options: TextOptions) -> String {
    let writer = Writer { document, listings: Listings::new(sources), options, renderer: renderer() };
    let mut report = String::new();
    for finding in &document.findings {
        if finding.suppressed.is_none() || options.suppressed {
            writer.finding(&mut report, finding);
        }
    }
    if options.refuted {
        for refutation in document.refuted.iter().flatten() {
            writer.refutation(&mut report, refutation);
        }
    }
    writer.limits(&mut report);
    report.push_str(&format!("{BOLD}{}{BOLD:#}\n", summary(document, options)));
    report
}

/// The width is fixed, so that a report does not depend on where it is made.
fn renderer() -> Renderer {
    Renderer::styled().decor_style(DecorStyle::Ascii).term_width(140)
}

struct Writer<'a> {
    document: &'a Document,
    listings: Listings<'a>,
    options: TextOptions,
    renderer: Renderer,
}

impl Writer<'_> {
    fn finding(&self, report: &mut String, finding: &Finding) {
        let finding = &*named(finding);
        let title = level(finding.severity).primary_title(one_line(&finding.message)).id(finding.rule.name());
        let mut groups = vec![Group::with_title(title)];
        for (index, step) in finding.steps.iter().enumerate() {
            let mut group = match index {
                0 => groups.remove(0),
                _ => Group::with_title(Level::NOTE.secondary_title(story(finding, step))),
            };
            let cwd = self.trace(finding.run_of(step)).and_then(|trace| trace.cwd.as_deref());
            group = group.elements(
                Places::of(step, finding.thread_name(&step.thread), |id| finding.object_name(id))
                    .elements(&self.listings, cwd),
            );
            if self.options.stacks {
                group = group.elements(stack(finding, step).map(|stack| Level::NOTE.message(stack)));
            }
            groups.push(group);
        }
        if let Some(last) = groups.pop() {
            groups.push(last.elements(self.notes(finding).into_iter().map(|note| Level::NOTE.message(note))));
        }
        groups.extend(advice(finding).map(|help| Group::with_title(Level::HELP.secondary_title(one_line(&help)))));
        self.render(report, &groups);
    }

    /// Why it is no false alarm, and where it was seen. How often is for the finding's own notes to say, except where
    /// several traces add up.
    fn notes(&self, finding: &Finding) -> Vec<String> {
        let mut notes: Vec<String> = finding.notes.iter().map(|note| one_line(note)).collect();
        notes.extend(self.document.seen(finding).map(|seen| one_line(&seen)));
        if let Some(suppression) = &finding.suppressed {
            let (reason, from) = (one_line(&suppression.reason), one_line(&suppression.from));
            notes.push(format!("accepted, it fails no build: {reason} ({from})"));
        }
        if self.options.stacks {
            notes.push(format!("this finding is {}", one_line(&finding.fingerprint)));
        }
        notes
    }

    fn refutation(&self, report: &mut String, refutation: &Refutation) {
        let title = Level::INFO.with_name("refuted").primary_title(one_line(&refutation.message));
        let mut group = Group::with_title(title.id(refutation.rule.name()));
        for step in &refutation.steps {
            group = group.elements(Places::of(step, &step.thread, |id| id).lines());
        }
        group = group.element(Level::NOTE.with_name("because").message(one_line(&refutation.reason)));
        if let Some(trace) = self.trace(refutation.trace).filter(|_| self.document.traces.len() > 1) {
            group = group.element(Level::NOTE.message(format!("in {}", one_line(&trace.path))));
        }
        self.render(report, &[group]);
    }

    /// Where an analysis gave up: silence there proves nothing, so it has to be said. What concerns no single run comes
    /// last.
    fn limits(&self, report: &mut String) {
        for trace in &self.document.traces {
            if let Some(violation) = &trace.violation {
                let events = counted(trace.events, "event", "events");
                let title = format!("{} could be read only up to a point: {events}", one_line(&trace.path));
                let notes = [one_line(violation), "what comes after is not in this report".to_owned()];
                let title = Level::WARNING.primary_title(title);
                self.render(report, &[title.elements(notes.map(|note| Level::NOTE.message(note)))]);
            }
            for limit in &trace.limits {
                let title = Level::WARNING.primary_title(one_line(limit));
                let place = Level::NOTE.message(format!("in {}", one_line(&trace.path)));
                self.render(report, &[Group::with_title(title).element(place)]);
            }
        }
        for warning in &self.document.warnings {
            self.render(report, &[Group::with_title(Level::WARNING.primary_title(one_line(warning)))]);
        }
    }

    fn trace(&self, index: usize) -> Option<&Trace> {
        self.document.traces.get(index)
    }

    fn render(&self, report: &mut String, groups: &[Group<'_>]) {
        report.push_str(&self.renderer.render(groups));
        report.push_str("\n\n");
    }
}

pub(super) fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The sentence that introduces a further thread.
fn story(finding: &Finding, step: &Step) -> String {
    match step.story.as_str() {
        "" => format!("`{}` takes part", one_line(finding.thread_name(&step.thread))),
        story => one_line(story),
    }
}

fn stack(finding: &Finding, step: &Step) -> Option<String> {
    if step.stack.is_empty() {
        return None;
    }
    let mut text = format!("`{}` got there by", one_line(finding.thread_name(&step.thread)));
    for (depth, line) in step.stack.iter().enumerate() {
        text.push_str(&format!("\n{depth:>4}: {}", one_line(line)));
    }
    Some(text)
}

/// What to do about it: mend it, else say why it may stay.
fn advice(finding: &Finding) -> impl Iterator<Item = String> {
    let accept = format!("to accept it: lockhound allow {} --reason \"…\"", finding.short_id());
    let is_open = finding.suppressed.is_none();
    finding.help.iter().cloned().chain(is_open.then_some(accept))
}

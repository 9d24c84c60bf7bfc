//! One line a finding, for editors.

use lockhound_analyzer::Severity;
use lockhound_trace::one_line;

use crate::document::{Document, Finding, Step};
use crate::naming::named;
use crate::site::Site;

/// Each finding as `file:line:column: severity[rule]: message (evidence, id)`, the form that editors know from
/// compilers; then, as compilers do, a `note` for every further thread: the other half of a finding is a place to go to
/// as well. What the trace's author placed nowhere in a file stands under the trace's name. Accepted findings are left
/// out, unless the `suppressed` ones are wanted too; then they say `accepted`.
#[must_use]
pub fn short(document: &Document, suppressed: bool) -> String {
    let mut report = String::new();
    for finding in document.findings.iter().filter(|finding| suppressed || finding.suppressed.is_none()) {
        let finding = &*named(finding);
        let path = |run: usize| document.traces.get(run).map_or("?", |trace| trace.path.as_str());
        let first = finding.steps.first();
        report.push_str(&verdict(finding, path(first.map_or(finding.trace, |step| finding.run_of(step)))));
        for step in finding.steps.iter().skip(1) {
            report.push_str(&note(finding, step, path(finding.run_of(step))));
        }
    }
    for trace in &document.traces {
        let cut = trace.truncated.then_some("the trace ends in the middle");
        for said in cut.into_iter().chain(trace.violation.as_deref()).chain(trace.limits.iter().map(String::as_str)) {
            report.push_str(&format!("{}: warning: {}\n", one_line(&trace.path), one_line(said)));
        }
    }
    for warning in &document.warnings {
        report.push_str(&format!("warning: {}\n", one_line(warning)));
    }
    report
}

fn verdict(finding: &Finding, trace: &str) -> String {
    let (place, elsewhere) = place(finding.steps.first(), trace);
    format!(
        "{place}: {}[{}]: {}{elsewhere} ({}{}, {})\n",
        finding.severity.name(),
        finding.rule.name(),
        one_line(&finding.message),
        if finding.suppressed.is_some() { "accepted, " } else { "" },
        finding.evidence.name(),
        one_line(finding.short_id()),
    )
}

fn note(finding: &Finding, step: &Step, trace: &str) -> String {
    let (place, elsewhere) = place(Some(step), trace);
    let name = finding.thread_name(&step.thread);
    let said = if step.story.is_empty() { format!("`{name}`: {}", step.label) } else { step.story.clone() };
    let level = Severity::Note.name();
    format!("{place}: {level}: {}{elsewhere} ({})\n", one_line(&said), one_line(finding.short_id()))
}

/// Where an editor can go, and what else is known of the place.
fn place(step: Option<&Step>, trace: &str) -> (String, String) {
    match step.and_then(|step| step.at.as_deref()).map(Site::parse) {
        Some(Site::Code { file, line, column }) => (format!("{}:{line}:{column}", one_line(file)), String::new()),
        Some(Site::Other(text)) => (one_line(trace), format!(", at {}", one_line(text))),
        None => (one_line(trace), String::new()),
    }
}

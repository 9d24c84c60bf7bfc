//! Workflow commands that GitHub shows as annotations, in the log and beside the lines of a pull request.
//!
//! After "Workflow commands for GitHub Actions". A step shows ten annotations of each level, a run fifty: findings come
//! worst first.

use lockhound_analyzer::Severity;

use crate::document::{Document, Finding};
use crate::naming::named;
use crate::spots::{Locate, Part, Placed, parts, shown_at};

/// One command a line: a finding at its first place, with all others in its text; then what silence does not prove.
/// Accepted findings are left out.
#[must_use]
pub fn github(document: &Document, locate: Locate<'_>) -> String {
    let findings = document.findings.iter().filter(|finding| finding.suppressed.is_none());
    let commands = findings.map(|finding| annotation(document, finding, locate));
    let limits = document.traces.iter().flat_map(|trace| {
        let said = trace.limits.iter().chain(&trace.violation).cloned();
        let cut = trace.truncated.then(|| "the trace ends in the middle".to_owned());
        said.chain(cut).map(|said| format!("{}: {said}", trace.path))
    });
    let warnings = limits.chain(document.warnings.iter().cloned());
    commands.chain(warnings.map(|text| command("warning", &[("title", "lockhound".to_owned())], &text))).collect()
}

fn annotation(document: &Document, finding: &Finding, locate: Locate<'_>) -> String {
    let finding = &*named(finding);
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let parts = parts(document, finding, locate);
    let mut properties = shown_at(&parts).map_or_else(Vec::new, |place| {
        vec![("file", place.file.clone()), ("line", place.line.to_string()), ("col", place.column.to_string())]
    });
    properties.push(("title", format!("{} ({})", finding.rule.name(), finding.evidence.name())));
    command(level, &properties, &text(document, finding, &parts))
}

fn text(document: &Document, finding: &Finding, parts: &[Part]) -> String {
    let mut lines = vec![finding.message.clone()];
    lines.extend(parts.iter().flat_map(|part| &part.spots).map(line));
    lines.extend(finding.notes.first().cloned());
    lines.extend(document.seen(finding));
    lines.extend(finding.help.iter().map(|help| format!("help: {help}")));
    lines.push(format!("id: {}", finding.short_id()));
    lines.join("\n")
}

fn line(spot: &Placed) -> String {
    match &spot.place {
        Some(place) => format!("{} ({}:{}:{})", spot.text, place.file, place.line, place.column),
        None => spot.text.clone(),
    }
}

fn command(name: &str, properties: &[(&str, String)], data: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", escape_property(value))).collect();
    format!("::{name} {}::{}\n", properties.join(","), escape_data(data))
}

/// Text can neither end the command nor begin another.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Suppression;
    use crate::samples;

    #[test]
    fn a_finding_stands_at_its_line() {
        insta::assert_snapshot!(github(&samples::potential_deadlock(), &|file, _| Some(file.to_owned())));
    }

    #[test]
    fn a_name_cannot_smuggle_a_command() {
        let mut document = samples::potential_deadlock();
        document.findings[0].message = "a\n::set-env name=x::y\r100%".to_owned();
        document.traces[0].path = "b\n::error::c".to_owned();
        document.traces[0].limits = vec!["cut".to_owned()];
        let report = github(&document, &|_, _| Some("a,b:c\n::stop.rs".to_owned()));
        assert_eq!(report.lines().count(), 2, "{report}");
        assert!(report.starts_with("::error file=a%2Cb%3Ac%0A%3A%3Astop.rs,line=5,col=36,"), "{report}");
        assert!(report.contains("%0D100%25"), "{report}");
    }

    #[test]
    fn places_in_the_repository_come_first_and_accepted_findings_not_at_all() {
        let mut document = samples::potential_deadlock();
        document.findings[0].steps[0].at = Some("/rustc/mutex.rs:1:1".to_owned());
        let locate = |file: &str, _: Option<&str>| (!file.starts_with('/')).then(|| file.to_owned());
        assert!(github(&document, &locate).starts_with("::error file=src/bank.rs,line=14,"));
        document.findings[0].suppressed = Some(Suppression { reason: String::new(), from: String::new() });
        assert_eq!(github(&document, &locate), "");
    }
}

//! JUnit XML, which every CI service shows as a list of tests.

use lockhound_analyzer::{Rule, Severity};
use lockhound_trace::one_line;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::document::{Document, Finding};
use crate::explanations::summary;
use crate::naming::named;
use crate::spots::{Locate, Part, Placed, parts};

/// The report as a suite a rule and a test case a finding. A rule without findings passes, in one case, so that there is
/// always something to show; accepted findings are skipped, mere notes pass; a trace that could be read only in part is an
/// error. Says nothing of times, which a report has none of.
#[must_use]
pub fn junit(document: &Document, locate: Locate<'_>) -> String {
    let mut report = Report::new("lockhound");
    report.add_test_suites(Rule::ALL.map(|rule| suite(document, rule, locate)));
    let unread: Vec<TestCase> = document.traces.iter().filter_map(unread).collect();
    if !unread.is_empty() {
        let mut suite = TestSuite::new("traces");
        suite.add_test_cases(unread);
        report.add_test_suite(suite);
    }
    let mut text = report.to_string().expect("writing into memory does not fail");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn suite(document: &Document, rule: Rule, locate: Locate<'_>) -> TestSuite {
    let mut suite = TestSuite::new(rule.name());
    suite.add_test_cases(
        document.findings.iter().filter(|finding| finding.rule == rule).map(|finding| case(document, finding, locate)),
    );
    if suite.test_cases.is_empty() {
        suite.add_test_case(titled(
            rule.name(),
            format!("nothing found: {}", summary(rule)),
            TestCaseStatus::success(),
        ));
    }
    suite
}

fn case(document: &Document, finding: &Finding, locate: Locate<'_>) -> TestCase {
    let finding = &*named(finding);
    let text = description(document, finding, &parts(document, finding, locate));
    let mut status = match (&finding.suppressed, finding.severity) {
        (Some(_), _) => TestCaseStatus::skipped(),
        (None, Severity::Note) => TestCaseStatus::success(),
        (None, _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    match &finding.suppressed {
        Some(suppression) => {
            status.set_message(format!(
                "accepted: {} ({})",
                one_line(&suppression.reason),
                one_line(&suppression.from)
            ));
        }
        None if finding.severity == Severity::Note => {}
        None => {
            status.set_message(one_line(&finding.message));
            status.set_type(format!("{} {}", finding.severity.name(), finding.evidence.name()));
            status.set_description(text.clone());
        }
    }
    let mut case =
        titled(finding.rule.name(), format!("{}: {}", finding.short_id(), one_line(&finding.message)), status);
    if finding.severity == Severity::Note && finding.suppressed.is_none() {
        case.set_system_out(text);
    }
    case
}

fn titled(rule: &str, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("lockhound.{rule}"));
    case
}

/// What each thread does where, why it is true, and what to do.
fn description(document: &Document, finding: &Finding, parts: &[Part]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        lines.extend(part.spots.iter().map(line));
        lines.push(String::new());
    }
    lines.extend(finding.notes.iter().map(|note| format!("note: {}", one_line(note))));
    lines.extend(document.seen(finding).map(|seen| format!("note: {}", one_line(&seen))));
    lines.extend(finding.help.iter().map(|help| format!("help: {}", one_line(help))));
    lines.push(format!("id: {}", one_line(&finding.fingerprint)));
    lines.join("\n")
}

fn line(spot: &Placed) -> String {
    match &spot.place {
        Some(place) => format!("{}:{}:{}: {}", one_line(&place.file), place.line, place.column, spot.text),
        None => spot.text.clone(),
    }
}

fn unread(trace: &crate::Trace) -> Option<TestCase> {
    let why = match &trace.violation {
        Some(violation) => one_line(violation),
        None if trace.truncated => "the trace ends in the middle".to_owned(),
        None => return None,
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(why);
    Some(titled("traces", one_line(&trace.path), status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Suppression;
    use crate::samples;

    fn report(document: &Document) -> String {
        junit(document, &|_, _| None)
    }

    #[test]
    fn a_finding_is_a_test_that_fails() {
        insta::assert_snapshot!(report(&samples::potential_deadlock()));
    }

    #[test]
    fn notes_pass_and_what_is_accepted_is_skipped() {
        let mut document = samples::potential_deadlock();
        let mut accepted = document.findings[0].clone();
        accepted.suppressed = Some(Suppression { reason: "<known>".to_owned(), from: "lockhound.toml:3".to_owned() });
        document.findings[0].severity = Severity::Note;
        document.findings.push(accepted);
        let report = report(&document);
        assert!(report.contains(r#"failures="0""#) && report.contains(r#"skipped="1""#), "{report}");
        assert!(report.contains("accepted: &lt;known&gt; (lockhound.toml:3)"), "{report}");
        assert!(report.contains("<system-out>"), "{report}");
    }

    #[test]
    fn a_cut_trace_is_an_error() {
        let mut document = Document { traces: vec![samples::trace("a.lht", "a")], ..Document::default() };
        assert!(!report(&document).contains("traces"));
        document.traces[0].truncated = true;
        assert!(report(&document).contains(r#"errors="1""#));
    }

    #[test]
    fn names_with_control_characters_are_still_xml() {
        let mut document = samples::potential_deadlock();
        document.findings[0].message = "a\u{0}b\u{1b}[31m<&>\"".to_owned();
        let report = report(&document);
        let bad = |character: char| character.is_control() && character != '\n';
        assert!(!report.contains(bad), "{report}");
    }
}

//! What the text report looks like. How each rule is told, from real traces, is in `tests/rules`.

use std::collections::HashMap;
use std::sync::Arc;

use insta::assert_snapshot;
use lockhound_analyzer::{Rule, Severity};

use super::{TextOptions, short, text};
use crate::document::{Document, Finding, Hold, Refutation, Step, Suppression};
use crate::samples;
use crate::sources::Sources;

/// Program text in memory.
#[derive(Default)]
struct Texts(HashMap<&'static str, &'static str>);

impl Sources for Texts {
    fn text(&self, file: &str, _: Option<&str>) -> Option<Arc<str>> {
        self.0.get(file).map(|text| Arc::from(*text))
    }
}

const BANK: &str = "\
impl Bank {
    fn transfer(&self) {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.check();
        let mut audit = self.audit.lock().unwrap();
        audit.log(&accounts);
    }

    fn reconcile(&self) {
        let audit = self.audit.lock().unwrap();
        // The comment that explains all of this.
        let a = 0;
        let b = 1;
        let accounts = self.accounts.lock().unwrap();
    }
}
";

fn bank() -> Texts {
    Texts([("src/bank.rs", BANK)].into())
}

fn plain(document: &Document, sources: &Texts, options: TextOptions) -> String {
    anstream::adapter::strip_str(&text(document, sources, options)).to_string()
}

fn last_line(document: &Document, options: TextOptions) -> String {
    plain(document, &Texts::default(), options).lines().last().unwrap().to_owned()
}

fn plainly(document: &Document) -> String {
    plain(document, &Texts::default(), TextOptions::default())
}

#[test]
fn both_threads_with_their_source() {
    assert_snapshot!(plain(&samples::potential_deadlock(), &bank(), TextOptions::default()));
}

#[test]
fn places_without_source() {
    assert_snapshot!(plainly(&samples::potential_deadlock()));
}

#[test]
fn source_that_is_not_what_was_built_counts_as_unread() {
    let document = samples::potential_deadlock();
    let other = Texts([("src/bank.rs", "fn main() {}\n")].into());
    assert_eq!(plain(&document, &other, TextOptions::default()), plainly(&document));
}

#[test]
fn stacks_on_demand() {
    let options = TextOptions { stacks: true, ..TextOptions::default() };
    let report = plain(&samples::potential_deadlock(), &bank(), options);
    assert!(report.contains("= note: `nightly` got there by\n              0: bank::Bank::transfer at"), "{report}");
    assert!(report.contains("= note: this finding is 7f3a91c2004d5e6f"), "{report}");
}

#[test]
fn accepted_findings_are_counted_and_shown_on_demand() {
    let mut document = samples::potential_deadlock();
    let accepted = Suppression { reason: "only in tests\n".to_owned(), from: "lockhound.toml:12".to_owned() };
    document.findings[0].suppressed = Some(accepted);
    assert_snapshot!(plainly(&document), @"nothing found in 1 trace: 90 events, 3 threads, 2 locks, 0 other objects; 1 suppressed (--suppressed lists them), 0 truncated");
    assert_eq!(short(&document, false), "");
    let report = plain(&document, &bank(), TextOptions { suppressed: true, ..TextOptions::default() });
    assert!(report.contains("= note: accepted, it fails no build: only in tests\\n (lockhound.toml:12)"), "{report}");
    assert!(!report.contains("to accept it"), "{report}");
    assert!(report.ends_with("; 1 suppressed, 0 truncated\n"), "{report}");
}

#[test]
fn one_bug_of_several_runs_is_one_finding() {
    let mut document = samples::potential_deadlock();
    document.traces.push(samples::trace("2.lht", "bank"));
    assert!(plainly(&document).contains("= note: seen in 1 of 2 runs: target/lockhound/bank-17.lht\n"));
    document.findings[0].seen_in = vec![0, 1];
    assert!(plainly(&document).contains("= note: seen in 2 of 2 runs, 3 times in all; here as in target/lockhound/"));
}

#[test]
fn refuted_patterns_on_demand() {
    let mut document = samples::potential_deadlock();
    let finding = document.findings.remove(0);
    document.refuted = Some(vec![Refutation {
        rule: Rule::PotentialDeadlock,
        trace: 0,
        message: finding.message,
        reason: "both threads hold the gate lock `g`".to_owned(),
        threads: finding.threads,
        objects: finding.objects,
        steps: finding.steps,
    }]);
    document.summary.refuted = 1;
    assert_snapshot!(plain(&document, &bank(), TextOptions { refuted: true, ..TextOptions::default() }));
    let silent = plainly(&document);
    assert_snapshot!(silent, @"nothing found in 1 trace: 90 events, 3 threads, 2 locks, 0 other objects; 0 suppressed, 0 truncated, 1 refuted by the run (--refuted lists them)");
}

#[test]
fn the_last_line_counts_by_rule() {
    let mut document = samples::potential_deadlock();
    document.traces[0].truncated = true;
    for (rule, count) in [(Rule::LostUpdate, 2), (Rule::DataRace, 1)] {
        let finding = Finding { rule, ..document.findings[0].clone() };
        document.findings.extend(std::iter::repeat_n(finding, count));
    }
    assert_snapshot!(last_line(&document, TextOptions::default()), @"4 findings: 1 potential deadlock, 2 lost updates, 1 data race, in 1 trace; 0 suppressed, 1 truncated");
}

#[test]
fn what_was_left_undone_is_said() {
    let mut document = samples::potential_deadlock();
    document.findings.clear();
    document.traces[0].limits.push("the search ended early".to_owned());
    document.warnings.push("lockhound.toml:3: nothing matches this entry".to_owned());
    assert_snapshot!(plainly(&document));
    let told = "target/lockhound/bank-17.lht: warning: the search ended early\n\
                warning: lockhound.toml:3: nothing matches this entry\n";
    assert_eq!(short(&document, false), told);
}

#[test]
fn one_line_a_finding_for_editors_and_one_for_each_further_thread() {
    let mut document = samples::potential_deadlock();
    let mut other = document.findings[0].clone();
    other.severity = Severity::Warning;
    other.steps[0].at = Some("17".to_owned());
    other.steps[1].at = None;
    other.steps[1].story.clear();
    document.findings.push(other);
    assert_snapshot!(short(&document, false));
}

#[test]
fn one_call_that_holds_and_requests_and_calls_over_several_lines() {
    let source = "\
fn both(a: &Mutex<u8>, b: &Mutex<u8>) {
    for lock in [a, b] { guards.push(lock.lock().unwrap()) }
    let sum = *a.lock().unwrap() + *b.read().unwrap();
    lock_all(
        a,
        b,
    );
}
";
    let step = |held_at: &str, at: &str, story: &str| Step {
        holds: vec![hold(held_at)],
        at: Some(at.to_owned()),
        story: story.to_owned(),
        label: "and waits for `b`".to_owned(),
        ..samples::potential_deadlock().findings.remove(0).steps.remove(0)
    };
    let hold_and_request = [
        step("src/x.rs:2:38", "src/x.rs:2:38", ""),
        step("src/x.rs:3:16", "src/x.rs:3:37", "on one line"),
        step("macro expansion", "src/x.rs:4:5", "over several lines, the hold elsewhere"),
    ];
    let mut document = samples::potential_deadlock();
    document.findings[0].steps = hold_and_request.to_vec();
    assert_snapshot!(plain(&document, &Texts([("src/x.rs", source)].into()), TextOptions::default()));
}

fn hold(at: &str) -> Hold {
    Hold {
        object: "a".to_owned(),
        at: Some(at.to_owned()),
        event: 4,
        label: "`worker-3` holds `a` from here".to_owned(),
    }
}

#[test]
fn places_far_apart_are_shown_without_what_lies_between() {
    let source = format!("fn a() {{\n    a.lock();\n{}    b.lock();\n}}\n", "    nothing();\n".repeat(5_000));
    let source: &'static str = source.leak();
    let mut document = samples::potential_deadlock();
    let step = &mut document.findings[0].steps[0];
    step.holds[0].at = Some("src/x.rs:2:5".to_owned());
    step.at = Some("src/x.rs:5003:5".to_owned());
    document.findings[0].steps.truncate(1);
    assert_snapshot!(plain(&document, &Texts([("src/x.rs", source)].into()), TextOptions::default()));
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let nasty = "\u{1b}[31mred\n";
    let mut document = samples::potential_deadlock();
    document.traces.push(samples::trace(nasty, nasty));
    document.traces[1].limits.push(nasty.to_owned());
    document.warnings.push(nasty.to_owned());
    let finding = &mut document.findings[0];
    for text in [&mut finding.message, &mut finding.fingerprint, &mut finding.notes[0], &mut finding.help[0]] {
        *text = nasty.to_owned();
    }
    for step in &mut finding.steps {
        step.at = Some(nasty.to_owned());
        step.stack = vec![nasty.to_owned()];
        (step.label, step.story) = (nasty.to_owned(), nasty.to_owned());
        step.holds[0].at = Some(format!("src/{nasty}.rs:1:1"));
    }
    let options = TextOptions { stacks: true, refuted: true, suppressed: true };
    let colored = text(&document, &Texts::default(), options);
    assert!(!colored.contains("\u{1b}[31m"), "{colored:?}");
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert!(plain.contains("\\u{1b}[31mred\\n"), "{plain}");
    assert!(!short(&document, false).contains('\u{1b}'));
}

#[test]
fn nothing_depends_on_what_a_foreign_document_leaves_out() {
    let mut document = samples::potential_deadlock();
    document.traces.clear();
    let finding = &mut document.findings[0];
    finding.trace = 9;
    finding.thread_names.clear();
    for step in &mut finding.steps {
        (step.label, step.story) = (String::new(), String::new());
        step.holds[0].label.clear();
        step.at = None;
    }
    assert_snapshot!(plainly(&document));
}

//! What the text report looks like.

use insta::assert_snapshot;
use lockhound_analyzer::{Evidence, Rule, Severity};
use lockhound_trace::{Mode, Place, ReadErrorKind};

use super::samples::{self, DRAW, Sample, Texts};
use super::{Outcome, TextOptions, text};
use crate::symbols::{Frames, Symbols};

const PLAIN: TextOptions = TextOptions { refuted: false, stacks: None };

fn plain(outcome: &Outcome, sources: &Texts, options: TextOptions) -> String {
    let colored = text(outcome, sources, &Symbols::default(), options);
    anstream::adapter::strip_str(&colored).to_string()
}

#[test]
fn both_threads_of_a_potential_deadlock_with_their_source() {
    let outcome = samples::potential_deadlock("bank.lht").outcome();
    assert_snapshot!(plain(&outcome, &samples::bank(), PLAIN));
}

#[test]
fn places_without_source() {
    let outcome = samples::potential_deadlock("bank.lht").outcome();
    assert_snapshot!(plain(&outcome, &Texts::default(), PLAIN));
}

#[test]
fn source_that_is_not_what_was_built_counts_as_unread() {
    let outcome = samples::potential_deadlock("bank.lht").outcome();
    let report = plain(&outcome, &Texts::of(&[("src/bank.rs", "fn main() {}\n")]), PLAIN);
    assert_eq!(report, plain(&outcome, &Texts::default(), PLAIN));
}

#[test]
fn stacks_without_foreign_frames() {
    let outcome = samples::potential_deadlock("bank.lht").outcome();
    let options = TextOptions { stacks: Some(Frames::Program), ..PLAIN };
    assert_snapshot!(plain(&outcome, &samples::bank(), options));
}

#[test]
fn values_and_wide_names() {
    let outcome = samples::lost_update("draw.lht").outcome();
    assert_snapshot!(plain(&outcome, &Texts::of(&[("src/draw.rs", DRAW)]), PLAIN));
}

#[test]
fn one_bug_of_several_runs_is_one_finding() {
    let runs = [
        samples::potential_deadlock("1.lht"),
        Sample::new("2.lht").program("bank"),
        samples::potential_deadlock("3.lht"),
        samples::lost_update("4.lht"),
    ];
    assert_snapshot!(plain(&samples::outcome(runs), &Texts::default(), PLAIN));
}

#[test]
fn findings_of_programs_without_a_name_stay_apart() {
    let mut samples = [Sample::new("a.std"), Sample::new("b.std")];
    for sample in &mut samples {
        let thread = sample.thread("T1", "T1");
        let lock = sample.mutex("l", "l");
        let step = sample.step(thread, "acquire", lock, "7", 3);
        sample.find(samples::finding(Rule::SelfDeadlock, Evidence::Observed, Severity::Error, "twice", vec![step]));
    }
    assert_eq!(samples::outcome(samples).bugs().len(), 2);
}

#[test]
fn refuted_patterns_on_demand() {
    let outcome = samples::refuted("gate.jsonl").outcome();
    assert_snapshot!(plain(&outcome, &samples::bank(), TextOptions { refuted: true, stacks: None }));
    let silent = plain(&outcome, &samples::bank(), PLAIN);
    assert_snapshot!(silent, @"nothing found in 1 trace: 1234 events, 2 threads, 2 locks, 0 other objects; 0 suppressed, 0 truncated, 1 refuted by the run (--refuted lists them)");
}

#[test]
fn a_truncated_trace_is_counted() {
    let mut sample = samples::lost_update("draw.lht");
    sample.fail(Place::Offset(4096), ReadErrorKind::Truncated("a chunk of 12 bytes is cut short".to_owned()));
    let report = plain(&samples::outcome([sample, Sample::new("other.lht")]), &Texts::default(), PLAIN);
    let last = report.lines().last().unwrap();
    assert_snapshot!(last, @"2 findings: 1 lost update, 1 data race, in 2 traces; 0 suppressed, 1 truncated");
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
    let mut sample = Sample::new("x.lht");
    let thread = sample.thread("T0", "main");
    let (a, b) = (sample.mutex("a", "a"), sample.mutex("b", "b"));
    let mut steps = Vec::new();
    for (hold, request) in [("src/x.rs:2:38", "src/x.rs:2:38"), ("src/x.rs:3:16", "src/x.rs:3:37")] {
        let mut step = sample.step(thread, "acquire", b, request, 5);
        step.holds.push(sample.hold(a, hold, 4));
        step.label = "and waits for `b`".to_owned();
        step.story = "on one line".to_owned();
        steps.push(step);
    }
    let mut step = sample.step(thread, "acquire", b, "src/x.rs:4:5", 5);
    step.holds.push(sample.hold(a, "macro expansion", 4));
    step.holds[0].mode = Mode::Read;
    step.label = "and waits for `b`".to_owned();
    step.story = "over several lines, the hold elsewhere".to_owned();
    steps.push(step);
    sample.find(samples::finding(Rule::Deadlock, Evidence::Observed, Severity::Error, "`main` waits", steps));
    assert_snapshot!(plain(&sample.outcome(), &Texts::of(&[("src/x.rs", source)]), PLAIN));
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let mut sample = Sample::new("x.jsonl");
    let thread = sample.thread("T0", "\u{1b}[2Jmain\n");
    let lock = sample.mutex("l", "l\r");
    let mut step = sample.step(thread, "acquire", lock, "a\u{1b}b", 5);
    step.holds.push(sample.hold(lock, "src/\u{1b}.rs:1:1", 4));
    step.label = "\u{1b}[31mred".to_owned();
    sample.find(samples::finding(Rule::SelfDeadlock, Evidence::Observed, Severity::Error, "\u{1b}c", vec![step]));
    let report = text(&sample.outcome(), &Texts::default(), &Symbols::default(), PLAIN);
    let stripped = anstream::adapter::strip_str(&report).to_string();
    assert!(stripped.contains("\\u{1b}c") && stripped.contains("\\u{1b}[31mred"), "{stripped}");
}

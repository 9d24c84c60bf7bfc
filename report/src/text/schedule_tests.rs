//! What a schedule looks like.

use insta::assert_snapshot;

use super::schedule_text;
use crate::document::{Finding, Move};
use crate::replay::{Replay, Row};
use crate::samples;

fn finding() -> Finding {
    samples::potential_deadlock().findings.remove(0)
}

fn shown(finding: &Finding, all: bool) -> String {
    anstream::adapter::strip_str(&schedule_text(finding, all).unwrap()).to_string()
}

/// The sample, behind some steps that do not matter.
fn long() -> Finding {
    let mut finding = finding();
    let replay = finding.replay.as_mut().unwrap();
    replay.steps += 3;
    replay.rows[0].skipped = 2;
    replay.rows[1].skipped = 1;
    replay.rows[0].number = Some(3);
    replay.rows[1].number = Some(5);
    let moves = [("T1", 38), ("T2", 39), ("T1", 41), ("T0", 60), ("T2", 77)];
    finding.witness = moves.map(|(thread, event)| Move { thread: thread.to_owned(), event }).to_vec();
    finding
}

#[test]
fn a_schedule_shows_what_matters() {
    assert_snapshot!(shown(&long(), false));
}

#[test]
fn every_step_is_shown_when_asked_for() {
    assert_snapshot!(shown(&long(), true));
}

#[test]
fn what_happened_is_not_called_a_proof() {
    let mut finding = finding();
    finding.replay.as_mut().unwrap().predicted = false;
    assert!(shown(&finding, false).contains("this is what happened, 2 steps of the recorded run:"));
}

#[test]
fn many_threads_are_listed() {
    let mut finding = finding();
    let rows = (0..6).map(|lane| Row { number: Some(lane + 1), lane, text: "starts".to_owned(), ..Row::default() });
    let lanes = (0..6).map(|lane| format!("T{lane}")).collect();
    finding.replay = Some(Replay { predicted: true, steps: 6, lanes, rows: rows.collect(), end: "done".to_owned() });
    assert_snapshot!(shown(&finding, false));
}

#[test]
fn who_asks_for_what_is_not_there_is_told() {
    let finding = Finding { replay: None, ..finding() };
    let error = schedule_text(&finding, false).unwrap_err().to_string();
    assert!(error.starts_with("finding 7f3a91c2004d5e6f is `feasible`: only what happened"), "{error}");
}

#[test]
fn documents_by_others_break_nothing() {
    let mut finding = finding();
    let row = Row { lane: usize::MAX, skipped: usize::MAX, text: "\u{1b}[2J".to_owned(), ..Row::default() };
    finding.replay = Some(Replay { steps: 1, rows: vec![row.clone(), row], ..Replay::default() });
    let text = shown(&finding, true);
    assert!(text.contains("\\u{1b}[2J"), "{text}");
}

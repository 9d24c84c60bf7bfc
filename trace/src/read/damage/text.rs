//! Damaged text.

use super::corruption::{Corruption, Random, first_difference};
use super::samples;
use super::watched::Reading;
use crate::read::source::ReadErrorKind;

const ROUNDS: usize = 1000;
/// Bytes of a block that is zeroed, moved or copied: a few lines.
const BLOCK: usize = 256;

type Read = fn(&[u8]) -> Reading;

fn texts() -> Vec<(String, Vec<u8>, Read)> {
    let mut texts: Vec<(String, Vec<u8>, Read)> = Vec::new();
    for (name, recording) in samples::recordings() {
        texts.push((format!("{name}.jsonl"), samples::jsonl(&recording), Reading::of_jsonl));
        let std = samples::std(&recording);
        if !std.is_empty() {
            texts.push((format!("{name}.std"), std, Reading::of_std));
        }
    }
    texts
}

/// Lines that end before the byte at `at`.
fn whole_lines(text: &[u8], at: usize) -> u64 {
    text[..at].iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// What stands on the lines before the damage is read as if there was none.
fn assert_prefix(name: &str, what: Corruption, whole: &Reading, part: &Reading, lines: u64) {
    let sound = whole.events.iter().take_while(|event| event.place <= lines).count();
    assert!(part.events.len() >= sound, "{name}, {what}: {} events of {sound}", part.events.len());
    assert_eq!(part.events[..sound], whole.events[..sound], "{name}, {what}");
}

#[test]
fn a_thousand_corruptions_of_each_leave_what_precedes_them() {
    for (name, text, read) in texts() {
        let whole = read(&text);
        assert!(!whole.complains() && !whole.events.is_empty(), "{name}: {:?}", whole.error);
        let mut random = Random::new(text.len() as u64);
        for round in 0..ROUNDS {
            let what = Corruption::ALL[round % Corruption::ALL.len()];
            let damaged = what.of(&text, BLOCK, &mut random);
            let Some(from) = first_difference(&text, &damaged) else { continue };
            let part = read(&damaged);
            assert_prefix(&name, what, &whole, &part, whole_lines(&text, from));
            // Zeros are no text in either format.
            assert!(what != Corruption::Zeroed || part.complains(), "{name}: zeros from {from} on are not told");
        }
    }
}

#[test]
fn every_cut_leaves_the_lines_before_it_and_is_told_within_a_line() {
    for (name, text, read) in texts() {
        let whole = read(&text);
        let first = text.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
        let near = 0..text.len().min(first + 600);
        let far = (near.end..text.len()).step_by(211);
        for cut in near.chain(far) {
            let part = read(&text[..cut]);
            let lines = whole_lines(&text, cut);
            assert_prefix(&name, Corruption::Truncated, &whole, &part, lines);
            let at_end_of_line = cut == 0 || text[cut - 1] == b'\n' || text[cut] == b'\n';
            match part.error.map(|error| error.kind) {
                None => assert!(part.events.len() <= lines as usize + 1),
                Some(ReadErrorKind::Empty) => assert!(whole.events.iter().all(|event| event.place > lines)),
                Some(ReadErrorKind::Truncated(_)) => assert!(!at_end_of_line, "{name}: a whole line before {cut}"),
                // What is left of the last line of STD text can be one of its own.
                Some(kind) => assert!(name.ends_with(".std") && !at_end_of_line, "{name} cut at {cut}: {kind}"),
            }
        }
    }
}

//! Chunks as a recorder leaves them that was killed: open, or copied and not yet given up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Outcome, choices, read, recording};
use crate::binary::format::{CHUNK_HEADER, COMMITTED_AT, ChunkHeader, OPEN, PAGE};
use crate::read::ReadErrorKind;

/// Where the chunks are, and their headers.
fn chunks(file: &[u8]) -> Vec<(usize, ChunkHeader)> {
    let mut at = PAGE;
    let mut found = Vec::new();
    while at < file.len() {
        let bytes = file[at..at + CHUNK_HEADER].try_into().expect("a header");
        let (header, _) = ChunkHeader::decode(&bytes).expect("a chunk");
        found.push((at, header));
        at += header.size as usize;
    }
    found
}

fn same(one: &Outcome, other: &Outcome) -> bool {
    let ends = |outcome: &Outcome| (outcome.gaps, outcome.error.as_ref().map(ToString::to_string));
    one.events == other.events && ends(one) == ends(other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn an_open_chunk_ends_where_its_zeros_begin(choices in choices(), per_chunk in 20usize..100, which: u64) {
        let closed = recording(&choices, per_chunk);
        let mut opened = closed.clone();
        for (number, (at, _)) in chunks(&closed).into_iter().enumerate() {
            if which >> (number % 64) & 1 == 1 {
                opened[at + COMMITTED_AT..at + CHUNK_HEADER].copy_from_slice(&OPEN.to_le_bytes());
            }
        }
        prop_assert!(same(&read(&closed).expect("a trace"), &read(&opened).expect("a trace")));
    }

    #[test]
    fn of_a_last_chunk_and_its_copy_the_one_in_front_counts(choices in choices(), per_chunk in 20usize..100, there in 0.0..1.0) {
        let original = recording(&choices, per_chunk);
        let last: BTreeMap<_, _> = chunks(&original).into_iter().map(|(at, header)| (header.thread, (at, header))).collect();
        let mut copied = original.clone();
        for (at, header) in last.into_values() {
            let size = header.size as usize;
            let start = copied.len();
            copied.extend_from_slice(&original[at..at + size]);
            // Whoever is killed has copied no more than a part.
            copied[start + CHUNK_HEADER + ((size - CHUNK_HEADER) as f64 * there) as usize..].fill(0);
        }
        prop_assert!(same(&read(&original).expect("a trace"), &read(&copied).expect("a trace")));
    }
}

#[test]
fn a_copy_of_a_chunk_that_others_follow_is_damage() {
    let choices: Vec<_> = (0..200).map(|step| (step % 2, step * 7)).collect();
    let mut file = recording(&choices, 20);
    let all = chunks(&file);
    let (at, header) = all[0];
    assert!(all.iter().any(|(_, other)| other.thread == header.thread && other.sequence > header.sequence));
    file.extend_from_within(at..at + header.size as usize);
    let error = read(&file).expect("a trace").error.expect("noticed");
    assert!(matches!(error.kind, ReadErrorKind::Corrupt(_)), "{error}");
}

#[test]
fn zeros_in_a_closed_chunk_are_damage() {
    let choices: Vec<_> = (0..100).map(|step| (step % 2, step * 7)).collect();
    let mut file = recording(&choices, 1000);
    let (at, _) = chunks(&file)[0];
    let committed = u32::from_le_bytes(file[at + COMMITTED_AT..at + CHUNK_HEADER].try_into().expect("four bytes"));
    file[at + COMMITTED_AT..at + CHUNK_HEADER].copy_from_slice(&(committed + 1).to_le_bytes());
    let error = read(&file).expect("a trace").error.expect("noticed");
    assert!(matches!(error.kind, ReadErrorKind::Corrupt(_)), "{error}");
}

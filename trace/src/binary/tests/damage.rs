//! Files that are cut, damaged or no traces at all.

use proptest::prelude::*;

use super::{Outcome, choices, read, recording};
use crate::binary::format::{CHUNK_HEADER, MAGIC, PAGE};
use crate::event::Event;
use crate::read::{Place, ReadError, ReadErrorKind};

/// The operations of each thread, by its id.
fn by_thread(outcome: &Outcome) -> Vec<Vec<&'static str>> {
    let names = |index: usize| {
        let of = |event: &&Event| event.thread.index() == index;
        outcome.events.iter().filter(of).map(|event| event.op.name()).collect()
    };
    (0..outcome.tables.threads().len()).map(names).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_cut_file_gives_a_prefix_and_says_so(choices in choices(), per_chunk in 20usize..100, cut in 0.0..1.0) {
        let whole = recording(&choices, per_chunk);
        let length = (whole.len() as f64 * cut) as usize;
        let complete = read(&whole).expect("a trace");
        match read(&whole[..length]) {
            Err(error) => {
                let early = length < PAGE;
                prop_assert!(early && matches!(error.kind, ReadErrorKind::Truncated(_) | ReadErrorKind::Empty), "{}", error);
            }
            Ok(part) => {
                prop_assert!(part.events.len() <= complete.events.len());
                let longer = by_thread(&complete);
                for shorter in by_thread(&part) {
                    prop_assert!(longer.iter().any(|whole| whole.starts_with(&shorter)));
                }
                // A cut between two chunks looks like a process that was killed, perhaps before anything happened, unless
                // what the lost ones declared is missed.
                let tells = |error: &ReadError| {
                    matches!(error.kind, ReadErrorKind::Empty)
                        || error.to_string().contains("an object that was not declared")
                };
                if part.error.as_ref().is_some_and(tells) {
                    prop_assert!(length.is_multiple_of(PAGE));
                } else if let Some(error) = part.error {
                    prop_assert!(matches!(error.kind, ReadErrorKind::Truncated(_)), "{}", error);
                    prop_assert_eq!(error.place, Place::Offset(length as u64));
                    prop_assert_eq!(part.gaps, 0);
                } else {
                    prop_assert!(length.is_multiple_of(PAGE));
                }
            }
        }
    }

    #[test]
    fn damage_never_panics(
        choices in choices(),
        per_chunk in 5usize..100,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..20),
    ) {
        let mut bytes = recording(&choices, per_chunk);
        for (at, byte, near) in damage {
            // Most of a file is padding: half of the damage goes where records are.
            let at = if near { at.index(bytes.len() / PAGE) * PAGE + at.index(200) } else { at.index(bytes.len()) };
            bytes[at] = byte;
        }
        if let Ok(outcome) = read(&bytes) {
            prop_assert!(outcome.events.len() < bytes.len());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000), magic: bool) {
        let bytes = if magic { [&MAGIC[..], &bytes].concat() } else { bytes };
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn arbitrary_records_never_panic(records in prop::collection::vec(prop_oneof![0u8..41, any::<u8>()], 0..400)) {
        let mut bytes = recording(&[], 100);
        let at = PAGE + CHUNK_HEADER;
        bytes[at - 4..at].copy_from_slice(&(records.len() as u32).to_le_bytes());
        bytes[at..at + records.len()].copy_from_slice(&records);
        prop_assert!(read(&bytes).is_ok());
    }
}

#[test]
fn each_kind_of_bad_file_is_told_apart() {
    let kind = |bytes: &[u8]| read(bytes).map(|_| ()).expect_err("not a trace").kind;
    assert!(matches!(kind(b""), ReadErrorKind::Empty));
    assert!(matches!(kind(b"{\"lockhound\":1}"), ReadErrorKind::NotATrace(_)));
    assert!(matches!(kind(&MAGIC[..5]), ReadErrorKind::Truncated(_)));
    let mut bytes = recording(&[], 100);
    bytes[8] = 9;
    assert!(matches!(kind(&bytes), ReadErrorKind::NotATrace(what) if what.contains("version 9")));
    let mut bytes = recording(&[], 100);
    bytes[16] ^= 1;
    assert!(matches!(kind(&bytes), ReadErrorKind::Corrupt(_)));
}

#[test]
fn a_bad_record_is_told_after_everything_before_it() {
    let choices: Vec<_> = (0..200).map(|round| (0, round * 8 + 2)).collect();
    let mut bytes = recording(&choices, 1000);
    let complete = read(&bytes).expect("a trace").events.len();
    let at = PAGE + CHUNK_HEADER + 1200;
    bytes[at..at + 100].fill(0);
    let outcome = read(&bytes).expect("a trace");
    assert!((20..complete).contains(&outcome.events.len()), "{} of {complete}", outcome.events.len());
    let error = outcome.error.expect("damaged");
    assert!(matches!(error.kind, ReadErrorKind::Corrupt(_)), "{error}");
    let Place::Offset(offset) = error.place else { panic!("{error}") };
    assert!((at as u64 - 20..=at as u64 + 100).contains(&offset), "{offset} near {at}");
}

#[test]
fn a_killed_process_loses_only_what_was_not_committed() {
    let choices: Vec<_> = (0..400).map(|round| (round % 5, round * 37 + 1)).collect();
    let mut bytes = recording(&choices, 30);
    let complete = read(&bytes).expect("a trace").events.len();
    // This chunk was taken, but its header never written.
    let page = bytes.len() / PAGE / 2 * PAGE;
    bytes[page..page + CHUNK_HEADER].fill(0);
    let outcome = read(&bytes).expect("a trace");
    assert!(outcome.events.len() < complete);
    assert!(outcome.events.len() > complete / 2);
}

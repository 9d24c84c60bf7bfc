//! Damaged binary traces.

use std::collections::BTreeMap;

use super::corruption::{Corruption, Random, first_difference};
use super::samples;
use super::watched::Reading;
use crate::binary::format::{CHUNK_HEADER, ChunkHeader, PAGE};
use crate::read::source::ReadErrorKind;

const ROUNDS: usize = 1000;
/// Bytes of an event's record without what a long operand adds.
const RECORD: u64 = 40;

/// One chunk of an undamaged file.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    thread: u32,
    sequence: u32,
    start: usize,
    size: usize,
}

fn chunks(file: &[u8]) -> Vec<Chunk> {
    let pages = (0..file.len()).step_by(PAGE);
    let header = |start: usize| {
        let bytes = file[start..start + CHUNK_HEADER].try_into().expect("as many");
        let (header, _) = ChunkHeader::decode(bytes)?;
        Some(Chunk { thread: header.thread, sequence: header.sequence, start, size: header.size as usize })
    };
    pages.filter_map(header).collect()
}

/// Where in each thread's stream the first damaged byte is: in which chunk, at which byte of the file.
fn damaged_from(chunks: &[Chunk], whole: &[u8], damaged: &[u8]) -> BTreeMap<u32, (u32, u64)> {
    let mut from = BTreeMap::<u32, (u32, u64)>::new();
    for chunk in chunks {
        let part = |file: &[u8]| file.get(chunk.start..chunk.start + chunk.size).map(<[u8]>::to_vec);
        let rest = |file: &[u8]| part(file).unwrap_or_else(|| file.get(chunk.start..).unwrap_or_default().to_vec());
        if let Some(at) = first_difference(&rest(whole), &rest(damaged)) {
            let here = (chunk.sequence, (chunk.start + at) as u64);
            let first = from.entry(chunk.thread).or_insert(here);
            *first = here.min(*first);
        }
    }
    from
}

/// Events from bytes that precede the damage of their thread's stream say what they always said.
fn assert_intact(name: &str, whole: &Reading, part: &Reading, chunks: &[Chunk], from: &BTreeMap<u32, (u32, u64)>) {
    let said: BTreeMap<u64, u64> = whole.events.iter().map(|event| (event.place, event.said)).collect();
    for event in &part.events {
        let of = |chunk: &&Chunk| (chunk.start..chunk.start + chunk.size).contains(&(event.place as usize));
        let Some(chunk) = chunks.iter().find(of) else { continue };
        let intact = from.get(&chunk.thread).is_none_or(|&(sequence, at)| {
            chunk.sequence < sequence || chunk.sequence == sequence && event.place + RECORD <= at
        });
        if intact {
            assert_eq!(said.get(&event.place), Some(&event.said), "{name}: the event at {}", event.place);
        }
    }
}

/// Of a file in observed order, what stands in the chunks before the damage is the beginning of what was.
fn assert_prefix(name: &str, whole: &Reading, part: &Reading, chunks: &[Chunk], from: usize) {
    let sound_chunks = chunks.iter().take_while(|chunk| chunk.start + chunk.size <= from);
    let end = sound_chunks.last().map_or(0, |chunk| (chunk.start + chunk.size) as u64);
    let sound = whole.events.iter().take_while(|event| event.place < end).count();
    assert!(part.events.len() >= sound, "{name}: {} events of {sound}", part.events.len());
    assert!(
        whole
            .events
            .iter()
            .map(|event| event.all)
            .take(part.events.len())
            .eq(part.events.iter().map(|event| event.all)),
        "{name}"
    );
}

/// How damage that changed what was read fared.
#[derive(Clone, Copy, Default, Debug)]
struct Tally {
    all: u32,
    /// The reader gave an error or counted gaps.
    told: u32,
    /// If it did not, the validator did.
    impossible: u32,
}

fn thousand_corruptions(name: &str, file: &[u8], mut check: impl FnMut(&str, Corruption, &[u8], &Reading, &Reading)) {
    let whole = Reading::of_binary(file);
    assert!(!whole.complains() && !whole.events.is_empty(), "{name}: {:?}", whole.error);
    let mut random = Random::new(file.len() as u64);
    for round in 0..ROUNDS {
        let what = Corruption::ALL[round % Corruption::ALL.len()];
        let damaged = what.of(file, PAGE, &mut random);
        if let Some(from) = first_difference(file, &damaged) {
            let part = Reading::of_binary(&damaged);
            check(&format!("{name}, {what} from {from}"), what, &damaged, &whole, &part);
        }
    }
}

/// Whether both give the same events in the same order.
fn same(whole: &Reading, part: &Reading) -> bool {
    whole.events.iter().map(|event| event.all).eq(part.events.iter().map(|event| event.all))
}

#[test]
fn a_thousand_corruptions_of_each_recording_are_survived_and_nearly_all_told() {
    let mut recordings = samples::recordings();
    recordings.push(("simulated", samples::simulated(40)));
    let mut tallies = BTreeMap::<Corruption, Tally>::new();
    for (name, recording) in recordings {
        let chunks = chunks(&recording);
        thousand_corruptions(name, &recording, |name, what, damaged, whole, part| {
            assert_intact(name, whole, part, &chunks, &damaged_from(&chunks, &recording, damaged));
            if !same(whole, part) {
                let tally = tallies.entry(what).or_default();
                tally.all += 1;
                tally.told += u32::from(part.complains());
                tally.impossible += u32::from(!part.complains() && Reading::of_checked_binary(damaged).complains());
            }
        });
    }
    for (what, Tally { all, told, impossible }) in tallies {
        println!("{what:<12} {all:>5} change what is read; {told:>5} told, {impossible:>3} impossible");
        // What no structure guards: bits of a record that make another one, and the end of a thread's last chunk.
        let silent = all - told;
        let guarded = matches!(what, Corruption::Truncated | Corruption::Inserted);
        assert!(silent * 8 <= all && (silent == 0 || !guarded), "{what}: {silent} of {all} are not told");
    }
}

#[test]
fn a_thousand_corruptions_of_each_merged_file_are_all_told() {
    for (name, recording) in samples::recordings() {
        let merged = samples::merged(&recording);
        let chunks = chunks(&merged);
        thousand_corruptions(name, &merged, |name, _, damaged, whole, part| {
            let from = first_difference(&merged, damaged).expect("damaged");
            assert_prefix(name, whole, part, &chunks, from);
            assert!(part.complains() || same(whole, part), "{name}: nothing is told");
        });
    }
}

#[test]
fn every_cut_gives_what_precedes_it_and_is_told_within_a_page() {
    for (name, recording) in samples::recordings() {
        let whole = Reading::of_binary(&recording);
        let chunks = chunks(&recording);
        let first = &chunks[0];
        let header = 0..200;
        let padding = (200..first.start).step_by(97);
        let chunk = first.start..first.start + first.size;
        let rest = (chunk.end..recording.len()).step_by(509);
        for cut in header.chain(padding).chain(chunk).chain(rest) {
            let part = Reading::of_binary(&recording[..cut]);
            let name = format!("{name}, cut at {cut}");
            assert_intact(&name, &whole, &part, &chunks, &damaged_from(&chunks, &recording, &recording[..cut]));
            assert!(part.error.is_none() || part.gaps == 0, "{name}: an order was guessed beyond known damage");
            match part.error.map(|error| error.kind) {
                Some(ReadErrorKind::Empty) => assert!(cut % PAGE == 0 && part.events.is_empty()),
                Some(ReadErrorKind::Truncated(_)) => assert!(cut > 0),
                Some(kind) => panic!("{name}: {kind}"),
                // Looks like a process that was killed.
                None => assert!(cut % PAGE == 0, "{name}: nothing is told"),
            }
        }
    }
}

//! Predicted blocking against brute force: whatever is called feasible is reached by some reordering, and most of what some
//! sync-preserving reordering reaches is found.

#[expect(dead_code, unused_imports, reason = "each test file uses its part")]
mod brute;

use std::collections::BTreeSet;

use brute::{Dice, Freedom, Profile, Reasons, Recording, Space, Stuck, deadlocks, random_recording};
use lockhound_analyzer::{Evidence, Finding, Rule, analyze};
use lockhound_trace::{EventIndex, Op, ThreadId};

const STATES: usize = 60_000;

fn traces() -> u64 {
    let asked = std::env::var("LOCKHOUND_TRACES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(if std::env::var_os("LOCKHOUND_NIGHTLY").is_some() { 2_500 } else { 60 })
}

fn first_seed() -> u64 {
    std::env::var("LOCKHOUND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// Seeds far from each other, whose sequences do not overlap.
fn mixed(seed: u64) -> u64 {
    let mut mixed = (seed ^ (seed >> 30)).wrapping_add(1).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The event at which brute force says that the thread waits.
fn waits_at(recording: &Recording, event: EventIndex) -> usize {
    let event = usize::try_from(event.0).expect("a small trace");
    match recording.op(event) {
        Op::Wait { .. } | Op::Arrive { .. } => {
            let mut next = recording.next_of(event);
            while let Some(event) = next.filter(|&event| recording.is_remark(event)) {
                next = recording.next_of(event);
            }
            next.unwrap_or(event)
        }
        _ => recording.request_of(event),
    }
}

fn is_reached(space: &Space<'_>, waiting: &[(ThreadId, usize)]) -> bool {
    space.states.iter().any(|state| {
        let stuck = Stuck::new(&space.rules, state);
        let threads = stuck.threads(Reasons::Any);
        waiting.iter().all(|&(thread, event)| threads.contains(thread) && stuck.event(thread) == event)
    })
}

/// Whether the recording itself ends with the thread waiting there.
fn is_observed(recording: &Recording, event: usize) -> bool {
    matches!(recording.op(event), Op::Block { .. } | Op::Wait { .. } | Op::Arrive { .. })
}

fn feasible(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| {
        finding.evidence == Evidence::Feasible
            && matches!(
                finding.rule,
                Rule::PotentialDeadlock | Rule::SelfDeadlock | Rule::LostWakeup | Rule::BlockedForever
            )
    })
}

#[test]
fn nothing_is_called_feasible_that_no_reordering_reaches() {
    for profile in Profile::ALL {
        let (mut proofs, mut bugs, mut preserving, mut found, mut with_bug, mut with_proof) = (0, 0, 0, 0, 0, 0);
        for seed in first_seed()..first_seed() + traces() {
            let recording = random_recording(profile, &mut Dice::new(mixed(seed)));
            let Some(space) = Space::explore(&recording, Freedom::Full, STATES) else { continue };
            let report = analyze(recording.source(), |_| {});
            let mut proved: Vec<BTreeSet<usize>> = Vec::new();
            for finding in feasible(&report.findings) {
                let witness = finding.witness.as_ref().expect("a witness");
                let waiting: Vec<(ThreadId, usize)> = witness
                    .next
                    .iter()
                    .map(|&event| {
                        let at = waits_at(&recording, event);
                        (recording.thread(at), at)
                    })
                    .collect();
                assert!(
                    is_reached(&space, &waiting),
                    "{profile:?} {seed}: {} {waiting:?}\n{witness:?}\n{}",
                    finding.message,
                    recording.to_json()
                );
                proofs += 1;
                proved.push(waiting.into_iter().map(|(_, event)| event).collect());
            }
            let full = deadlocks(&space, Reasons::Any);
            bugs += full.len();
            if let Some(space) = Space::explore(&recording, Freedom::Preserving, STATES) {
                let sets = deadlocks(&space, Reasons::Any);
                let sets: Vec<_> =
                    sets.iter().filter(|set| !set.iter().any(|&event| is_observed(&recording, event))).collect();
                preserving += sets.len();
                with_bug += usize::from(!sets.is_empty());
                with_proof += usize::from(!sets.is_empty() && !proved.is_empty());
                if sets.is_empty() || !proved.is_empty() {
                    found += 1;
                } else if std::env::var_os("LOCKHOUND_MISSES").is_some() {
                    println!("missed {profile:?} {seed}: {sets:?}\n{}", recording.to_json());
                }
            }
        }
        println!(
            "{profile:?}: {proofs} proofs; {bugs} least sets, {preserving} of them sync-preserving; of {with_bug} traces \
             with one {with_proof} have a proof ({found})"
        );
    }
}

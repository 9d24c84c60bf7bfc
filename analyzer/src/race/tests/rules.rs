//! FastTrack's rules one by one.

use lockhound_trace::EventSource;

use crate::analysis::{Analysis, Moment};
use crate::holds::Holds;
use crate::race::DataRaces;
use crate::race::fasttrack::RuleCounts;
use crate::script;
use lockhound_trace::EventIndex;

/// The rules that the script makes fire.
fn rules(text: &str) -> RuleCounts {
    let mut source = script::read(text);
    let mut analysis = DataRaces::default();
    let mut holds = Holds::default();
    let mut index = 0;
    while let Some(event) = source.next_event().expect("a readable script") {
        let now = Moment { tables: source.tables(), index: EventIndex(index), event: &event, holds: &holds };
        analysis.observe(now);
        holds.apply(EventIndex(index), &event);
        index += 1;
    }
    analysis.rules()
}

#[test]
fn accesses_of_one_epoch_are_passed_over() {
    let rules = rules("T1 read x\nT1 read x\nT1 write x\nT1 write x\nT1 write x");
    assert_eq!((rules.read_exclusive, rules.read_same_epoch), (1, 1));
    assert_eq!((rules.write_exclusive, rules.write_same_epoch), (1, 2));
}

#[test]
fn ordered_reads_stay_an_epoch() {
    let rules = rules("T0 read x\nT0 spawn T1\nT1 read x\nT0 join T1\nT0 read x");
    assert_eq!((rules.read_exclusive, rules.read_share), (3, 0));
}

#[test]
fn unordered_reads_become_a_vector_until_the_next_write() {
    let rules = rules("T1 read x\nT2 read x\nT3 read x\nT3 read x\nT3 write x\nT3 read x");
    assert_eq!((rules.read_exclusive, rules.read_share, rules.read_shared), (2, 1, 1));
    assert_eq!((rules.read_same_epoch, rules.write_shared), (1, 1));
}

#[test]
fn atomics_have_rules_of_their_own() {
    let rules = rules("T1 store a\nT2 load a\nT2 rmw a");
    assert_eq!(rules, RuleCounts { atomic: 3, ..RuleCounts::default() });
}

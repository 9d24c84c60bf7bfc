//! What is predicted, against brute force.

mod brute;

use std::collections::BTreeSet;
use std::path::Path;

use brute::{
    Dice, Freedom, Profile, Reasons, Recording, Space, Stuck, Triple, deadlocks, is_broken, never_let_go, quadruples,
    races, random_recording, triples, verdicts,
};

const STATES: usize = 200_000;

/// The rows of the tables of expected verdicts, by trace.
fn expected(folder: &str) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/litmus").join(folder).join("EXPECTED.md");
    let text = std::fs::read_to_string(file).unwrap();
    let row = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(|line| line.starts_with('|')).map(row).collect()
}

fn litmus_trace(name: &str) -> Recording {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/litmus").join(format!("{name}.std"));
    Recording::from_std(&std::fs::read_to_string(&file).unwrap())
}

/// `(1,6) (2,3)`, counted from 1; `-` for none.
fn shown(sets: BTreeSet<Vec<usize>>) -> String {
    let set = |events: Vec<usize>| {
        let events: Vec<_> = events.iter().map(|event| (event + 1).to_string()).collect();
        format!("({})", events.join(","))
    };
    let sets: Vec<_> = sets.into_iter().map(set).collect();
    if sets.is_empty() { "-".to_owned() } else { sets.join(" ") }
}

#[test]
fn brute_force_knows_the_races_of_the_litmus_traces() {
    let rows: Vec<_> = expected("").into_iter().filter(|row| row[0].starts_with('r')).collect();
    assert_eq!(rows.len(), 14);
    for row in rows {
        let recording = litmus_trace(&row[0]);
        for (freedom, expected) in [(Freedom::Full, &row[2]), (Freedom::Preserving, &row[3])] {
            let space = Space::explore(&recording, freedom, STATES).unwrap();
            let races = races(&space).into_iter().map(|(one, other)| vec![one, other]).collect();
            assert_eq!(shown(races), *expected, "{} {freedom:?}", row[0]);
        }
    }
}

#[test]
fn brute_force_knows_the_deadlocks_of_the_litmus_traces() {
    let rows: Vec<_> = expected("").into_iter().filter(|row| row[0].starts_with("d") && row.len() > 8).collect();
    assert_eq!(rows.len(), 15);
    for row in rows {
        let recording = litmus_trace(&row[0]);
        let [all, preserving, with_joins] = [&row[2], &row[3], &row[7]];
        let joins = if all == "-" { with_joins } else { all };
        let preserving = if all == "-" { with_joins } else { preserving };
        for (freedom, expected) in [(Freedom::Full, joins), (Freedom::Preserving, preserving)] {
            let space = Space::explore(&recording, freedom, STATES).unwrap();
            assert_eq!(shown(deadlocks(&space, Reasons::Locks)), *expected, "{} {freedom:?}", row[0]);
        }
    }
}

#[test]
fn brute_force_knows_the_interleavings_of_the_litmus_traces() {
    let rows: Vec<_> = expected("atomicity").into_iter().filter(|row| row[0].starts_with("b")).collect();
    assert_eq!(rows.len(), 22);
    for row in rows.iter().filter(|row| row[0] != "b22_foreign_fetch_add") {
        let recording = litmus_trace(&format!("atomicity/{}", row[0]));
        let space = Space::explore(&recording, Freedom::Full, STATES).unwrap();
        let (feasible, due) = verdicts(&space, &triples(&recording));
        let words = |triple: &Triple| {
            let pattern = triple.pattern.name().chars().map(String::from).collect::<Vec<_>>().join("-");
            format!("{pattern} p={} q={} c={}", triple.p + 1, triple.q + 1, triple.c + 1)
        };
        let mut found: Vec<_> = feasible.iter().map(|triple| words(triple) + ": feasible").collect();
        found.extend(due.iter().map(|triple| words(triple) + ": due only"));
        found.sort_unstable();
        let mut expected: Vec<_> = row[2].split("<br>").filter(|verdict| *verdict != "-").collect();
        expected.iter_mut().for_each(|verdict| *verdict = verdict.split(" [").next().unwrap());
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", row[0]);
        let pairs = row[5].split("feasible pairs ").nth(1).map(|pairs| pairs.split(' ').next().unwrap());
        if let Some(pairs) = pairs {
            let broken = quadruples(&recording).iter().filter(|quadruple| is_broken(&space, quadruple)).count();
            assert_eq!(broken.to_string(), pairs, "{}", row[0]);
        }
    }
}

/// How many traces of each profile are tried.
fn traces() -> u64 {
    if std::env::var_os("LOCKHOUND_NIGHTLY").is_some() { 2_500 } else { 40 }
}

#[test]
fn random_traces_are_possible_and_reachable() {
    for profile in Profile::ALL {
        let (mut events, mut states, mut skipped) = (0, 0, 0);
        for seed in 0..traces() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            if let Err(error) = recording.check() {
                panic!("{profile:?} {seed}: {error}\n{}", recording.to_json());
            }
            events += recording.events.len();
            let Some(space) = Space::explore(&recording, Freedom::Full, STATES) else {
                skipped += 1;
                continue;
            };
            states += space.states.len();
            let all: Vec<u8> = recording
                .threads
                .iter()
                .map(|events| events.iter().filter(|&&event| !hangs(&recording, event)).count() as u8)
                .collect();
            assert!(
                space.states.iter().any(|state| state.at == all),
                "{profile:?} {seed}: the recorded run is not reached\n{}",
                recording.to_json()
            );
        }
        println!("{profile:?}: {events} events, {states} states, {skipped} skipped");
    }
}

fn hangs(recording: &Recording, event: usize) -> bool {
    matches!(recording.op(event), lockhound_trace::Op::Block { .. }) && !recording.is_remark(event)
}

#[test]
fn who_waits_for_ever_is_never_let_go() {
    for profile in Profile::ALL {
        let (mut knots, mut exact, mut sets) = (0, 0, 0);
        for seed in 0..traces() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            let Some(space) = Space::explore(&recording, Freedom::Full, STATES / 10) else { continue };
            let Some(heedless) = Space::explore(&recording, Freedom::Heedless, STATES / 10) else { continue };
            for space in [&space, &heedless] {
                let never = never_let_go(space);
                for (state, never) in space.states.iter().zip(never) {
                    let stuck = Stuck::new(&space.rules, state).threads(Reasons::Any);
                    knots += usize::from(!stuck.is_empty());
                    exact += usize::from(stuck == never && !stuck.is_empty());
                    assert!(
                        stuck.is_subset(never),
                        "{profile:?} {seed}: {stuck:?} {never:?} {state:?}\n{}",
                        recording.to_json()
                    );
                }
            }
            sets += deadlocks(&space, Reasons::Any).len();
        }
        println!("{profile:?}: {knots} knots, {exact} of them all that is never let go; {sets} least sets");
    }
}

//! The merged order against the order that really was.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::read;
use super::simulator::{Did, Simulation};

/// Which event: thread and place in the thread.
type Which = (usize, usize);

/// What the checker needs to know of an order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Events that took a version, by object, in order.
    versions: BTreeMap<usize, Vec<Which>>,
    /// Under which version a thread read.
    readings: BTreeMap<Which, usize>,
}

fn facts(order: &[(usize, Did)]) -> Facts {
    let mut facts = Facts::default();
    let mut counts = BTreeMap::<usize, usize>::new();
    for &(thread, did) in order {
        let count = counts.entry(thread).or_default();
        let which = (thread, *count);
        *count += 1;
        match did {
            Did::Version(first, second) => {
                for object in [Some(first), second].into_iter().flatten() {
                    facts.versions.entry(object).or_default().push(which);
                }
            }
            Did::Reading(object) => {
                facts.readings.insert(which, facts.versions.get(&object).map_or(0, Vec::len));
            }
            _ => {}
        }
    }
    facts
}

/// The simulated events in the order in which the reader gave them. Program order holds by construction: the n-th event of
/// a thread is taken to be its n-th; that it really is one shows in the kind of operation.
fn merged(simulation: &Simulation, file: &[u8]) -> Vec<(usize, Did)> {
    let outcome = read(file).expect("a trace");
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.gaps, 0);
    let mut by_thread = BTreeMap::<usize, Vec<Did>>::new();
    for &(thread, did) in &simulation.order {
        by_thread.entry(thread).or_default().push(did);
    }
    let numbers = spawn_order(&outcome);
    let mut next = BTreeMap::<usize, usize>::new();
    let mut order = Vec::new();
    for event in &outcome.events {
        let thread = numbers[event.thread.index()];
        let at = next.entry(thread).or_default();
        let did = by_thread[&thread][*at];
        *at += 1;
        // Of a pair the simulation only keeps that it is one of the two.
        let op = match event.op.name() {
            "release" => "acquire",
            "wake" => "wait",
            name => name,
        };
        assert_eq!(op, name_of(did));
        order.push((thread, did));
    }
    assert_eq!(order.len(), simulation.order.len());
    order
}

fn name_of(did: Did) -> &'static str {
    match did {
        Did::Version(0..=3, None) | Did::Reading(_) => "acquire",
        Did::Version(4, None) => "notify",
        Did::Version(4, Some(_)) => "wait",
        Did::Version(..) => "write",
        Did::Glance(_) => "block",
        Did::Spawn(_) => "spawn",
        Did::Start => "start",
        Did::Exit => "exit",
        Did::Join(_) => "join",
    }
}

/// The simulation's index of each thread of the trace.
fn spawn_order(outcome: &super::Outcome) -> Vec<usize> {
    outcome
        .tables
        .threads()
        .iter()
        .map(|thread| thread.name.as_deref().map_or(0, |name| name.parse().expect("a number")))
        .collect()
}

fn check_threads(order: &[(usize, Did)]) {
    let place = |wanted: (usize, Did)| order.iter().position(|&event| event == wanted);
    for (at, &(thread, did)) in order.iter().enumerate() {
        match did {
            Did::Start if thread != 0 => {
                let spawned = order.iter().position(|&(_, other)| other == Did::Spawn(thread));
                assert!(spawned.is_some_and(|spawned| spawned < at), "started before it was spawned");
            }
            Did::Join(child) => {
                assert!(place((child, Did::Exit)).is_some_and(|exit| exit < at), "joined before its exit")
            }
            _ => {}
        }
    }
}

fn check_glances(real: &[(usize, Did)], merged: &[(usize, Did)]) {
    let glances = |order: &[(usize, Did)]| {
        let mut seen = BTreeMap::<usize, usize>::new();
        let mut counts = BTreeMap::<usize, usize>::new();
        let mut list = BTreeMap::new();
        for &(thread, did) in order {
            let count = counts.entry(thread).or_default();
            *count += 1;
            match did {
                Did::Version(first, second) => {
                    for object in [Some(first), second].into_iter().flatten() {
                        *seen.entry(object).or_default() += 1;
                    }
                }
                Did::Glance(object) => drop(list.insert((thread, *count), seen.get(&object).copied().unwrap_or(0))),
                _ => {}
            }
        }
        list
    };
    let (real, merged) = (glances(real), glances(merged));
    assert!(real.iter().all(|(which, seen)| merged[which] >= *seen), "a block before what it saw");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn program_order_and_each_objects_order_survive(
        choices in prop::collection::vec((0usize..8, 0usize..2048), 1..600),
        per_chunk in 1usize..200,
        wide: bool,
    ) {
        let simulation = Simulation::run(wide, choices);
        let file = simulation.file(per_chunk);
        let order = merged(&simulation, &file);
        prop_assert_eq!(facts(&order), facts(&simulation.order));
        check_threads(&order);
        check_glances(&simulation.order, &order);
    }
}

//! The lock graph against GoodLock as it is defined: every tuple of acquires, one by one.

#[expect(dead_code, reason = "each test file uses its part")]
mod deadlock_support;

use std::collections::BTreeSet;

use deadlock_support::{analyze_std, relevant};
use lockhound_analyzer::Rule;
use proptest::prelude::*;

const THREADS: usize = 4;
const LOCKS: [&str; 4] = ["a", "b", "c", "g"];

#[derive(Clone, Debug)]
struct Acquire {
    thread: usize,
    lock: usize,
    held: BTreeSet<usize>,
    /// How many steps of each thread come before it by spawns alone.
    clock: [usize; THREADS],
}

/// A well-formed trace as STD text, with its acquires.
#[derive(Clone, Debug, Default)]
struct Trace {
    text: String,
    acquires: Vec<Acquire>,
}

/// Carries out what can be carried out of a list of wishes.
fn trace(wishes: &[(usize, u8, usize)]) -> Trace {
    let mut trace = Trace::default();
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); THREADS];
    let mut clocks = [[0; THREADS]; THREADS];
    let mut begun = [false; THREADS];
    let write = |trace: &mut Trace, thread: usize, what: String| {
        let line = trace.text.lines().count() + 1;
        trace.text.push_str(&format!("T{thread}|{what}|{line}\n"));
    };
    for &(thread, what, operand) in wishes {
        begun[thread] = true;
        clocks[thread][thread] += 1;
        let free = held.iter().all(|locks| !locks.contains(&operand));
        match what {
            0..=5 if free && held[thread].len() < 3 => {
                let acquire = Acquire {
                    thread,
                    lock: operand,
                    held: held[thread].iter().copied().collect(),
                    clock: clocks[thread],
                };
                trace.acquires.push(acquire);
                held[thread].push(operand);
                write(&mut trace, thread, format!("acq({})", LOCKS[operand]));
            }
            6 if operand < THREADS && !begun[operand] => {
                begun[operand] = true;
                clocks[operand] = clocks[thread];
                write(&mut trace, thread, format!("fork(T{operand})"));
            }
            _ => {
                if let Some(lock) = held[thread].pop() {
                    write(&mut trace, thread, format!("rel({})", LOCKS[lock]));
                }
            }
        }
    }
    trace
}

fn concurrent(one: &Acquire, other: &Acquire) -> bool {
    let precedes = |one: &Acquire, other: &Acquire| other.clock[one.thread] >= one.clock[one.thread];
    !precedes(one, other) && !precedes(other, one)
}

/// The sets of locks of all tuples that are deadlock patterns.
fn patterns(acquires: &[Acquire]) -> BTreeSet<BTreeSet<String>> {
    fn grow<'a>(chosen: &mut Vec<&'a Acquire>, all: &'a [Acquire], found: &mut BTreeSet<BTreeSet<String>>) {
        if let [first, .., last] = chosen.as_slice()
            && first.held.contains(&last.lock)
        {
            found.insert(chosen.iter().map(|acquire| LOCKS[acquire.lock].to_owned()).collect());
        }
        for next in all {
            let fits = chosen.iter().all(|other| {
                other.thread != next.thread
                    && other.lock != next.lock
                    && other.held.is_disjoint(&next.held)
                    && concurrent(other, next)
            });
            let follows = chosen.last().is_none_or(|last| next.held.contains(&last.lock));
            if fits && follows {
                chosen.push(next);
                grow(chosen, all, found);
                chosen.pop();
            }
        }
    }
    let mut found = BTreeSet::new();
    grow(&mut Vec::new(), acquires, &mut found);
    found
}

proptest! {
    #[test]
    fn agrees_with_goodlock_by_definition(
        wishes in prop::collection::vec((0..THREADS, 0_u8..12, 0..LOCKS.len()), 1..60),
        fewer_threads: bool,
    ) {
        let wishes: Vec<_> = wishes
            .into_iter()
            .map(|(thread, what, operand)| (if fewer_threads { thread / 2 } else { thread }, what, operand))
            .collect();
        let trace = trace(&wishes);
        prop_assume!(!trace.text.is_empty());
        let report = analyze_std(&trace.text);
        let found: BTreeSet<BTreeSet<String>> = relevant(&report)
            // One thread alone hangs on a lock that was never given back.
            .filter(|finding| finding.rule == Rule::PotentialDeadlock && finding.steps.len() > 1)
            .map(|finding| finding.objects.iter().map(|&lock| report.tables.object(lock).id.clone()).collect())
            .collect();
        prop_assert_eq!(found, patterns(&trace.acquires), "{}", trace.text);
    }
}

//! Proved deadlocks against SPDOffline as it is defined: every tuple of requests, one by one, with a slow closure.

#[expect(dead_code, reason = "each test file uses its part")]
mod deadlock_support;

use std::collections::{BTreeMap, BTreeSet};

use deadlock_support::{analyze_std, relevant};
use lockhound_analyzer::{Evidence, Finding};
use proptest::prelude::*;

const THREADS: usize = 5;
const LOCKS: usize = 3;
const VARS: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Op {
    Acquire(usize),
    Release(usize),
    Spawn(usize),
    Join(usize),
    Read(usize),
    Write(usize),
}

type Trace = Vec<(usize, Op)>;

/// Carries out what can be carried out of a list of wishes.
fn trace(wishes: &[(usize, u8, usize)]) -> Trace {
    let mut trace = Trace::new();
    let mut held = vec![Vec::new(); THREADS];
    let (mut begun, mut ended) = ([false; THREADS], [false; THREADS]);
    for &(thread, what, operand) in wishes {
        if ended[thread] {
            continue;
        }
        let lock = operand % LOCKS;
        let op = match what {
            0..=6 if held.iter().all(|locks: &Vec<usize>| !locks.contains(&lock)) && held[thread].len() < 3 => {
                held[thread].push(lock);
                Op::Acquire(lock)
            }
            7 if operand != thread && !begun[operand] => Op::Spawn(operand),
            8 | 9 if operand != thread && begun[operand] && !ended[operand] && held[operand].is_empty() => {
                ended[operand] = true;
                Op::Join(operand)
            }
            10 => Op::Read(operand % VARS),
            11 => Op::Write(operand % VARS),
            _ => match held[thread].pop() {
                Some(lock) => Op::Release(lock),
                None => continue,
            },
        };
        begun[thread] = true;
        if let Op::Spawn(child) = op {
            begun[child] = true;
        }
        trace.push((thread, op));
    }
    trace
}

fn text(trace: &Trace) -> String {
    let line = |(number, &(thread, op)): (usize, &(usize, Op))| {
        let what = match op {
            Op::Acquire(lock) => format!("acq(l{lock})"),
            Op::Release(lock) => format!("rel(l{lock})"),
            Op::Spawn(child) => format!("fork(T{child})"),
            Op::Join(child) => format!("join(T{child})"),
            Op::Read(var) => format!("r(x{var})"),
            Op::Write(var) => format!("w(x{var})"),
        };
        format!("T{thread}|{what}|{}\n", number + 1)
    };
    trace.iter().enumerate().map(line).collect()
}

type Ideal = [usize; THREADS];

fn join(into: &mut Ideal, other: &Ideal) {
    for (mine, theirs) in into.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

/// What the definition speaks of, for every event.
struct Index {
    /// How many events of its thread there are up to it.
    loc: Vec<usize>,
    stamp: Vec<Ideal>,
    pred: Vec<Ideal>,
    held: Vec<BTreeSet<usize>>,
    release: BTreeMap<usize, usize>,
}

fn index(trace: &Trace) -> Index {
    let mut index = Index { loc: vec![], stamp: vec![], pred: vec![], held: vec![], release: BTreeMap::new() };
    let mut clocks = [[0; THREADS]; THREADS];
    let mut written: BTreeMap<usize, Ideal> = BTreeMap::new();
    let mut held: Vec<Vec<(usize, usize)>> = vec![Vec::new(); THREADS];
    for (event, &(thread, op)) in trace.iter().enumerate() {
        index.pred.push(clocks[thread]);
        index.held.push(held[thread].iter().map(|&(lock, _)| lock).collect());
        clocks[thread][thread] += 1;
        match op {
            Op::Acquire(lock) => held[thread].push((lock, event)),
            Op::Release(_) => {
                let (_, acquire) = held[thread].pop().expect("locks are nested");
                index.release.insert(acquire, event);
            }
            Op::Spawn(child) => clocks[child] = clocks[thread],
            Op::Join(child) => {
                let theirs = clocks[child];
                join(&mut clocks[thread], &theirs);
            }
            Op::Read(var) => {
                if let Some(clock) = written.get(&var) {
                    join(&mut clocks[thread], clock);
                }
            }
            Op::Write(var) => {
                written.insert(var, clocks[thread]);
            }
        }
        index.loc.push(clocks[thread][thread]);
        index.stamp.push(clocks[thread]);
    }
    index
}

/// The least closed ideal around this one; none if a critical section in it would have to end and does not.
fn closure(trace: &Trace, index: &Index, mut ideal: Ideal) -> Option<Ideal> {
    loop {
        let before = ideal;
        for lock in 0..LOCKS {
            let mut last: BTreeMap<usize, usize> = BTreeMap::new();
            for (event, &(thread, op)) in trace.iter().enumerate() {
                if op == Op::Acquire(lock) && index.loc[event] <= ideal[thread] {
                    last.insert(thread, event);
                }
            }
            let Some(&latest) = last.values().max() else { continue };
            for acquire in last.into_values().filter(|&acquire| acquire != latest) {
                join(&mut ideal, &index.stamp[*index.release.get(&acquire)?]);
            }
        }
        if ideal == before {
            return Some(ideal);
        }
    }
}

/// What a member of a circle asks for, and which of the circle's locks it holds: who asks plays no part, as in a
/// finding's fingerprint. Who is joined does: here every thread is spawned at a place of its own, or nowhere.
type Bug = Vec<(Op, BTreeSet<usize>)>;

fn bug(members: impl Iterator<Item = (Op, BTreeSet<usize>)>) -> Bug {
    let lock = |op| match op {
        Op::Acquire(lock) => Some(lock),
        _ => None,
    };
    let members: Vec<_> = members.collect();
    let locks: BTreeSet<usize> = members.iter().filter_map(|&(op, _)| lock(op)).collect();
    let mut bug: Bug =
        members.into_iter().map(|(op, held)| (op, held.intersection(&locks).copied().collect())).collect();
    bug.sort();
    bug
}

/// Whether the thread of a request has, meanwhile, what another wants.
fn has<'a>(trace: &'a Trace, index: &'a Index) -> impl Fn(usize, Op) -> bool + 'a {
    let joined: BTreeSet<usize> =
        trace.iter().filter_map(|(_, op)| if let Op::Join(child) = op { Some(*child) } else { None }).collect();
    move |event, wanted| match wanted {
        Op::Acquire(lock) => index.held[event].contains(&lock),
        Op::Join(child) => joined.contains(&child) && trace[event].0 == child,
        _ => false,
    }
}

/// All tuples of requests that wait for one another in a circle in some sync-preserving reordering.
fn deadlocks(trace: &Trace) -> BTreeMap<BTreeSet<usize>, Bug> {
    let index = index(trace);
    let requests: Vec<usize> =
        (0..trace.len()).filter(|&event| matches!(trace[event].1, Op::Acquire(_) | Op::Join(_))).collect();
    let has = has(trace, &index);
    let mut found = BTreeMap::new();
    let mut open: Vec<Vec<usize>> = requests.iter().map(|&request| vec![request]).collect();
    while let Some(tuple) = open.pop() {
        let last = tuple[tuple.len() - 1];
        if tuple.len() > 1 && has(tuple[0], trace[last].1) {
            let mut before = [0; THREADS];
            tuple.iter().for_each(|&event| join(&mut before, &index.pred[event]));
            let outside = |ideal: Ideal| tuple.iter().all(|&event| index.loc[event] > ideal[trace[event].0]);
            if closure(trace, &index, before).is_some_and(outside) {
                let members = tuple.iter().map(|&event| (trace[event].1, index.held[event].clone()));
                found.insert(tuple.iter().copied().collect(), bug(members));
            }
        }
        for &next in &requests {
            let apart = |&other: &usize| {
                trace[other].0 != trace[next].0
                    && trace[other].1 != trace[next].1
                    && index.held[other].is_disjoint(&index.held[next])
            };
            if next != tuple[0] && has(next, trace[last].1) && tuple.iter().all(apart) {
                open.push([tuple.as_slice(), &[next]].concat());
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn proves_all_sync_preserving_deadlocks_and_no_others(
        wishes in prop::collection::vec((0..THREADS, 0_u8..14, 0..THREADS), 10..70),
    ) {
        let trace = trace(&wishes);
        prop_assume!(!trace.is_empty());
        let expected = deadlocks(&trace);
        let report = analyze_std(&text(&trace));
        let index = index(&trace);
        let has = has(&trace, &index);
        // A thread may also hang on a lock that was never given back, or on a thread that another was to spawn: no circles.
        let is_circle = |finding: &&Finding| {
            let events: Vec<usize> = finding.steps.iter().map(|step| step.event.0 as usize).collect();
            let next = events.iter().cycle().skip(1);
            events.len() > 1 && events.iter().zip(next).all(|(&event, &next)| has(next, trace[event].1))
        };
        let feasible = relevant(&report).filter(|finding| finding.evidence == Evidence::Feasible);
        let proved: Vec<&Finding> = feasible.filter(is_circle).collect();
        let mut found = BTreeSet::new();
        for finding in proved {
            let events: Vec<usize> = finding.steps.iter().map(|step| step.event.0 as usize).collect();
            let tuple: BTreeSet<usize> = events.iter().copied().collect();
            prop_assert!(expected.contains_key(&tuple), "{tuple:?}\n{}", text(&trace));
            found.insert(bug(events.iter().map(|&event| (trace[event].1, index.held[event].clone()))));
        }
        prop_assert_eq!(found, expected.into_values().collect(), "{}", text(&trace));
    }
}

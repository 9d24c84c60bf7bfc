//! Claims at random, held against brute force: what the checker proves can happen, and what is so it can prove.

use lockhound_trace::Op;

use super::super::machine::{Executed, Look};
use super::brute::execute::{Free, execute};
use super::brute::{Dice, Freedom, Profile, Reasons, Recording as Reordered, Space, Stuck, random_recording};
use super::*;

/// More states than this are too many for a test.
const STATES: usize = 20_000;

/// How many random traces of each kind.
fn traces() -> u64 {
    std::env::var("LOCKHOUND_CLAIMS").ok().and_then(|number| number.parse().ok()).unwrap_or(40)
}

struct Scene {
    trace: Trace,
    reordered: Reordered,
}

impl Scene {
    fn new(profile: Profile, dice: &mut Dice) -> Self {
        let reordered = random_recording(profile, dice);
        Self { trace: Trace::new(reordered.source()), reordered }
    }

    /// The first steps of a run at random.
    fn schedule(&self, dice: &mut Dice) -> Schedule {
        let trace = &self.trace;
        let recording = Recording::new(&trace.tables, &trace.log, &trace.standings);
        let mut machine = Machine::new(&trace.tables);
        machine.reset(&recording);
        let mut then = Vec::new();
        for _ in 0..dice.range(0, 2 * trace.log.len()) {
            let thread = ThreadId::from_index(dice.range(0, trace.tables.threads().len() - 1));
            let Some(at) = machine.next(&recording, thread) else { continue };
            if machine.execute(&recording, &recording.step(at), Look::Bound) != Executed::No {
                then.push(at);
            }
        }
        Schedule { base: Ideal::new(trace.tables.threads().len()), then }
    }

    fn words(&self, schedule: &Schedule, claim: &str, outcome: &Outcome) -> String {
        let steps: Vec<u64> = schedule.then.iter().map(|at| at.0).collect();
        format!("{steps:?} {claim} {outcome:?}\n{}", self.reordered.to_json())
    }
}

impl Scene {
    /// As brute force wants it: what says that the next event had to wait comes as early as it can, since a rendezvous
    /// happens there only when both have come to it.
    fn numbers(&self, events: &[EventIndex]) -> Vec<usize> {
        let reordered = &self.reordered;
        let first = |thread| reordered.event_at(thread, 0);
        let roots = reordered.thread_ids().filter(|thread| reordered.spawn[thread.index()].is_none());
        let mut order = Vec::new();
        let mut waiting: Vec<usize> = roots.filter_map(first).collect();
        let mut rest = events.iter().map(|at| usize::try_from(at.0).unwrap());
        loop {
            while let Some(remark) = waiting.pop() {
                if reordered.is_remark(remark) {
                    order.push(remark);
                    waiting.extend(reordered.next_of(remark));
                }
            }
            let Some(event) = rest.find(|event| !order.contains(event)) else { return order };
            order.push(event);
            waiting.extend(reordered.next_of(event));
            if let Op::Spawn { child } = reordered.op(event) {
                waiting.extend(first(child));
            }
        }
    }
}

/// Claims that some threads are blocked; how many were proved, and how many of those that are so.
fn blocked(profile: Profile, seed: u64) -> (u32, u32, u32) {
    let mut dice = Dice::new(seed);
    let scene = Scene::new(profile, &mut dice);
    let Some(space) = Space::explore(&scene.reordered, Freedom::Full, STATES) else { return (0, 0, 0) };
    let (mut proved, mut so, mut both) = (0, 0, 0);
    for _ in 0..12 {
        let schedule = scene.schedule(&mut dice);
        let all: Vec<ThreadId> = scene.reordered.thread_ids().collect();
        let mut members: Vec<ThreadId> = all.iter().copied().filter(|_| dice.chance(40)).collect();
        let steps = scene.numbers(&schedule.then);
        let states = execute(&space.rules, &steps, Free::default()).unwrap_or_else(|why| {
            panic!("{why}: {}", scene.words(&schedule, "", &Outcome::Rejected(Rejection::OutOfSteps)))
        });
        let stuck_here = |state| Stuck::new(&space.rules, state).threads(Reasons::Any);
        let is_stuck = states.iter().map(&stuck_here).find(|stuck| !stuck.is_empty());
        if let Some(stuck) = is_stuck {
            members = all.iter().copied().filter(|&thread| stuck.contains(thread)).collect();
            so += 1;
        }
        let outcome =
            scene.trace.check(&schedule, &Claim::Blocked { members: members.clone(), interchangeable: false });
        if let Outcome::Proved(proof) = &outcome
            && proof.closed != Closed::AsRecorded
        {
            proved += 1;
            both += u32::from(is_stuck.is_some());
            let reasons = if proof.closed == Closed::Locks { Reasons::Locks } else { Reasons::Any };
            let all: Vec<EventIndex> = schedule.then.iter().chain(&proof.then).copied().collect();
            let steps = scene.numbers(&all);
            let states = execute(&space.rules, &steps, Free::default())
                .unwrap_or_else(|why| panic!("{why}: {}", scene.words(&schedule, &format!("{members:?}"), &outcome)));
            let Some(behind) = Space::explore_from(space.rules.clone(), states, STATES) else { continue };
            let holds = behind.states.iter().any(|state| {
                let stuck = Stuck::new(&space.rules, state).threads(reasons);
                proof.stuck.iter().all(|&(thread, _)| stuck.contains(thread))
            });
            assert!(holds, "not so: {}", scene.words(&schedule, &format!("{members:?}"), &outcome));
        } else if is_stuck.is_some() && std::env::var("LOCKHOUND_SHOW").is_ok() {
            println!("missed: {}", scene.words(&schedule, &format!("{members:?}"), &outcome));
        }
    }
    (proved, so, both)
}

#[test]
fn who_is_proved_to_be_blocked_is_and_most_that_are_can_be() {
    for profile in Profile::ALL {
        let mut sum = (0, 0, 0);
        for seed in 0..traces() {
            let one = blocked(profile, seed);
            sum = (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2);
        }
        println!("{profile:?}: {} proved; {} of {} that are so", sum.0, sum.2, sum.1);
        assert!(sum.2 * 10 >= sum.1 * 9, "{profile:?}: {} of {}", sum.2, sum.1);
    }
}

#[test]
fn two_accesses_race_if_both_are_next() {
    for profile in [Profile::Locks, Profile::Joins, Profile::Everything] {
        for seed in 0..traces() {
            let mut dice = Dice::new(seed);
            let scene = Scene::new(profile, &mut dice);
            let Some(space) = Space::explore(&scene.reordered, Freedom::Full, STATES) else { continue };
            for _ in 0..12 {
                let schedule = scene.schedule(&mut dice);
                let states = execute(&space.rules, &scene.numbers(&schedule.then), Free::default()).unwrap();
                let next: Vec<usize> = scene
                    .reordered
                    .thread_ids()
                    .filter_map(|thread| space.rules.next_event(&states[0], thread))
                    .collect();
                for (position, &one) in next.iter().enumerate() {
                    for &other in &next[position + 1..] {
                        let events = [one, other].map(|event| EventIndex(event as u64));
                        let outcome = scene.trace.check(&schedule, &Claim::Race(events[0], events[1]));
                        let expected = super::brute::bugs::conflict(scene.reordered.op(one), scene.reordered.op(other));
                        let words = || scene.words(&schedule, &format!("{one} {other}"), &outcome);
                        assert_eq!(matches!(outcome, Outcome::Proved(_)), expected, "{}", words());
                    }
                }
            }
        }
    }
}

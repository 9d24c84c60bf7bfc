//! Brute force itself: it knows what is known, reaches what was recorded, and never lets go who waits for ever.

#[expect(dead_code, unused_imports, reason = "each test file uses its part")]
mod brute;
mod script;

use std::collections::BTreeSet;
use std::path::Path;

use brute::{
    Dice, Freedom, Profile, Reasons, Recording, Space, Stuck, Triple, check, deadlocks, is_broken, never_let_go,
    quadruples, races, random_recording, seeds, triples, verdicts,
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

#[test]
fn random_traces_are_possible_and_reachable() {
    for profile in Profile::ALL {
        let (mut events, mut states, mut skipped) = (0, 0, 0);
        for seed in seeds() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            if let Err(error) = check(&recording.tables, &recording.events) {
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
        for seed in seeds() {
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

/// The least sets of threads that can wait for ever, each with the object it waits at. What is inside of locks is not touched
/// where the text does not say so.
fn stuck(text: &str) -> Vec<String> {
    let touched = |line: &str| {
        let silent = line.contains(" release ") && !line.contains("touched=");
        format!("{line}{}\n", if silent { " touched=none" } else { "" })
    };
    let recording = Recording::read(script::read(&text.lines().map(touched).collect::<String>()));
    let lines = text.lines().filter(|line| line.trim().starts_with('T')).count();
    assert_eq!(recording.events.len(), lines, "not possible: {text}");
    let space = Space::explore(&recording, Freedom::Full, STATES).unwrap();
    let word = |&event: &usize| {
        let thread = &recording.tables.thread(recording.thread(event)).id;
        let object = recording.op(event).object();
        format!("{thread}:{}", object.map_or("join", |object| &recording.tables.object(object).id))
    };
    let sets = deadlocks(&space, Reasons::Any);
    let words: BTreeSet<_> = sets.iter().map(|set| set.iter().map(word).collect::<Vec<_>>().join(" ")).collect();
    words.into_iter().collect()
}

#[test]
fn a_second_read_waits_behind_a_queued_writer() {
    let text = |policy| {
        format!(
            "rwlock l policy={policy}\nT1 acquire l mode=read\nT1 acquire l mode=read\nT1 release l mode=read\n\
             T1 release l mode=read\nT2 acquire l\nT2 release l"
        )
    };
    assert_eq!(stuck(&text("writer")), ["T1:l T2:l"]);
    assert_eq!(stuck(&text("reader")), [""; 0]);
}

#[test]
fn a_notification_comes_too_early_or_reaches_another() {
    let wait = |thread| format!("{thread} acquire m\n{thread} wait cv lock=m touched=none\n");
    let woken = |thread| format!("{thread} wake cv lock=m by=notify\n{thread} release m touched=none\n");
    let alone = format!("{}T2 notify cv\n{}", wait("T1"), woken("T1"));
    assert_eq!(stuck(&alone), ["T1:cv"]);
    // What was looked at under the lock keeps the notification behind the wait.
    let kept = "T1 acquire m\nT1 wait cv lock=m touched=write\nT2 acquire m\nT2 notify cv\nT2 release m touched=read\n\
                T1 wake cv lock=m by=notify\nT1 release m touched=none";
    assert_eq!(stuck(kept), [""; 0]);
    let two = format!("{}{}T3 notify cv\nT3 notify cv\n{}{}", wait("T1"), wait("T2"), woken("T1"), woken("T2"));
    assert_eq!(stuck(&two), ["T1:cv", "T2:cv"]);
    let timed = alone.replace("touched=none", "touched=none how=timed");
    assert_eq!(stuck(&timed), [""; 0]);
}

#[test]
fn a_message_that_only_comes_behind_a_lock() {
    let text = |capacity| {
        format!("{capacity}\nT1 acquire m\nT1 send c msg=1\nT2 recv c msg=1\nT1 release m\nT2 acquire m\nT2 release m")
    };
    assert_eq!(stuck(&text("channel c")), [""; 0]);
    let sends_first = text("channel c capacity=0");
    assert_eq!(stuck(&sends_first), [""; 0]);
    let crossed = "channel c capacity=1\nT2 acquire m\nT2 release m\nT1 acquire m\nT1 send c msg=1\n\
                   T1 send d msg=1\nT1 release m\nT2 recv c msg=1\nT2 recv d msg=1";
    assert_eq!(stuck(crossed), [""; 0]);
    let behind = "channel c capacity=0\nT2 acquire m\nT2 release m\nT1 acquire m\nT1 send c msg=1\n\
                  T2 recv c msg=1\nT1 release m";
    assert_eq!(stuck(behind), ["T2:m T1:c"]);
}

#[test]
fn a_close_lets_senders_and_receivers_go() {
    let full = "channel c capacity=1\nT1 send c msg=1\nT2 recv c msg=1\nT1 send c msg=2\nT3 acquire m\nT3 release m";
    assert_eq!(stuck(full), [""; 0]);
    // The second message fills it; its receiver waits for the lock that the sender holds.
    let held = "channel c capacity=1\nT2 acquire m\nT2 recv c msg=1\nT2 release m\nT1 acquire m\nT1 release m";
    assert_eq!(
        stuck(&format!("{held}\nT1 send c msg=2").replace("T2 acquire m", "T1 send c msg=1\nT2 acquire m")),
        [""; 0]
    );
    let holds = "channel c capacity=1\nT1 send c msg=1\nT2 acquire m\nT2 recv c msg=1\nT2 release m\n\
                 T1 acquire m\nT1 send c msg=2\nT1 release m";
    assert_eq!(stuck(holds), ["T2:m T1:c"]);
    assert_eq!(stuck(&holds.replace("T2 release m", "T2 release m\nT3 acquire x\nT3 release x")), ["T2:m T1:c"]);
}

#[test]
fn counts_that_are_never_reached() {
    let barrier = "barrier b parties=2\nT1 acquire m\nT1 release m\nT2 acquire m\nT1 arrive b\nT2 arrive b\n\
                   T1 pass b\nT2 pass b\nT2 release m";
    assert_eq!(stuck(barrier), ["T1:m T2:b"]);
    let semaphore = "semaphore s permits=1\nsemaphore r permits=1\nT1 acquire s\nT1 acquire r\nT1 release r\n\
                     T1 release s\nT2 acquire r\nT2 acquire s\nT2 release s\nT2 release r";
    assert_eq!(stuck(semaphore), ["T1:r T2:s"]);
    let late_add = "waitgroup w count=0\nT1 await w\nT2 add w\nT2 acquire m\nT2 release m";
    assert_eq!(stuck(late_add), ["T1:w"]);
    let flag = "flag f\nT1 set f\nT2 await f\nT1 clear f";
    assert_eq!(stuck(flag), ["T2:f"]);
    let once =
        "once o\nT1 once_begin o\nT1 acquire m\nT1 release m\nT1 once_end o\nT2 acquire m\nT2 await o\nT2 release m";
    assert_eq!(stuck(once), ["T1:m T2:o"]);
}

#[test]
fn ends_that_never_come() {
    let join =
        "T0 acquire m\nT0 release m\nT0 spawn T1\nT0 acquire n\nT1 acquire n2\nT1 release n2\nT0 release n\nT0 join T1";
    assert_eq!(stuck(join), [""; 0]);
    let inside = "T0 spawn T1\nT1 acquire m\nT1 release m\nT0 acquire m\nT0 join T1\nT0 release m";
    assert_eq!(stuck(inside), ["T1:m T0:join"]);
    let leaked = "T1 acquire m touched=none\nT1 release m touched=none\nT2 acquire m";
    assert_eq!(stuck(leaked), ["T1:m"]);
}

#[test]
fn what_was_seen_in_a_lock_keeps_its_order() {
    let text = |touched| {
        format!(
            "T1 acquire a\nT1 acquire b\nT1 release b touched={touched}\nT1 release a touched={touched}\n\
             T2 acquire b\nT2 acquire a\nT2 release a touched={touched}\nT2 release b touched={touched}"
        )
    };
    assert_eq!(stuck(&text("none")), ["T1:b T2:a"]);
    assert_eq!(stuck(&text("read")), ["T1:b T2:a"]);
    assert_eq!(stuck(&text("write")), [""; 0]);
    assert_eq!(stuck(&text("blind")), [""; 0]);
}

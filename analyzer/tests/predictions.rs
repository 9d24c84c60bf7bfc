//! What is predicted, against brute force.

mod brute;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use brute::{
    Dice, Freedom, Profile, Reasons, Recording, Space, Stuck, Triple, check, check_sound, deadlocks, is_broken,
    missed_deadlocks, missed_races, missed_updates, never_let_go, quadruples, races, random_recording, shrink, triples,
    verdicts,
};
use lockhound_analyzer::{Evidence, Options, Regions, Report, analyze_with};

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

/// Analyses it as the user's check does; every two accesses in a row count as one step if `all`.
fn report(recording: &Recording, regions: Regions) -> Report {
    analyze_with(recording.source(), &Options { regions, ..Options::default() }, |_| {})
}

/// What went wrong, of which the first few cases are told, each with the smallest trace that shows it.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn check(&mut self, name: &str, recording: &Recording, check: impl Fn(&Recording) -> Result<(), String>) {
        const TOLD: usize = 6;
        if self.0.len() < TOLD && check(recording).is_err() {
            let smallest = shrink(recording, |smaller| check(smaller).is_err());
            let complaint = check(&smallest).unwrap_err();
            self.0.push(format!("{name}: {complaint}\n{}", smallest.to_json()));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

/// How often each rule was proved.
#[derive(Default)]
struct Proofs(BTreeMap<&'static str, usize>);

impl Proofs {
    fn count(&mut self, report: &Report) {
        for finding in report.findings.iter().filter(|finding| finding.evidence == Evidence::Feasible) {
            *self.0.entry(finding.rule.name()).or_default() += 1;
        }
    }
}

#[test]
fn nothing_is_proved_that_cannot_be() {
    let mut complaints = Complaints::default();
    for profile in Profile::ALL {
        let mut proofs = Proofs::default();
        for seed in 0..traces() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            let sound = |recording: &Recording| {
                let Some(space) = Space::explore(recording, Freedom::Full, STATES) else { return Ok(()) };
                check_sound(&space, &report(recording, Regions::Inferred))?;
                check_sound(&space, &report(recording, Regions::All))
            };
            complaints.check(&format!("{profile:?} {seed}"), &recording, sound);
            proofs.count(&report(&recording, Regions::All));
        }
        println!("{profile:?}: proved {:?}", proofs.0);
    }
    complaints.none();
}

/// How much of what there is was found.
#[derive(Default)]
struct Found {
    there: usize,
    missed: usize,
}

impl Found {
    fn count(&mut self, there: usize, missed: usize) {
        self.there += there;
        self.missed += missed;
    }

    fn percent(&self) -> f64 {
        100.0 - 100.0 * self.missed as f64 / self.there.max(1) as f64
    }
}

/// All sync-preserving races, deadlocks of locks and joins, and lost updates, of traces of locks, joins and variables.
#[test]
fn all_that_keeps_the_order_of_locks_is_found() {
    let mut complaints = Complaints::default();
    for profile in [Profile::Locks, Profile::Joins, Profile::Touched, Profile::RwLocks, Profile::Operations] {
        for seed in 0..traces() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            complaints.check(&format!("{profile:?} {seed}"), &recording, |recording| {
                let Some(space) = Space::explore(recording, Freedom::Preserving, STATES) else { return Ok(()) };
                let report = report(recording, Regions::All);
                let none = |what: &str, missed: String| {
                    if missed == "[]" { Ok(()) } else { Err(format!("missed {what}: {missed}")) }
                };
                none("races", format!("{:?}", missed_races(&space, &report)))?;
                let least = deadlocks(&space, Reasons::Locks);
                none("deadlocks", format!("{:?}", missed_deadlocks(recording, &report, &least)))?;
                none("updates", format!("{:?}", missed_updates(recording, &space, &report)))
            });
        }
    }
    complaints.none();
}

/// Of the least sets of threads that can wait for ever, most are found; those that keep the order of all operations nearly all.
#[test]
fn most_of_what_blocks_is_found() {
    let (mut all, mut preserving) = (Found::default(), Found::default());
    for profile in Profile::ALL {
        let (mut all_here, mut preserving_here) = (Found::default(), Found::default());
        for seed in 0..traces() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            if !recording.passes() {
                continue;
            }
            let report = report(&recording, Regions::Declared);
            for (freedom, found) in [(Freedom::Full, &mut all_here), (Freedom::Preserving, &mut preserving_here)] {
                let Some(space) = Space::explore(&recording, freedom, STATES) else { continue };
                let least = deadlocks(&space, Reasons::Any);
                found.count(least.len(), missed_deadlocks(&recording, &report, &least).len());
            }
        }
        println!(
            "{profile:?}: {:.1} % of {} sets, {:.1} % of {} that keep the order",
            all_here.percent(),
            all_here.there,
            preserving_here.percent(),
            preserving_here.there
        );
        all.count(all_here.there, all_here.missed);
        preserving.count(preserving_here.there, preserving_here.missed);
    }
    println!("all: {:.1} % of {}, {:.1} % of {}", all.percent(), all.there, preserving.percent(), preserving.there);
}

#[test]
fn equal_traces_give_equal_reports() {
    for profile in Profile::ALL {
        for seed in 0..traces() / 4 {
            let recording = random_recording(profile, &mut Dice::new(seed));
            let [one, other] = [(); 2].map(|()| report(&recording, Regions::All));
            assert_eq!(one.findings, other.findings, "{}", recording.to_json());
            assert_eq!(one.refutations, other.refutations, "{}", recording.to_json());
            assert_eq!(one.limits, other.limits, "{}", recording.to_json());
        }
    }
}

/// What is said of the trace in a file: `LOCKHOUND_TRACE_FILE=x.jsonl cargo test … what_is_said -- --ignored --nocapture`.
#[test]
#[ignore = "for looking at one trace"]
fn what_is_said() {
    let file = std::env::var_os("LOCKHOUND_TRACE_FILE").expect("a file in the JSON Lines format");
    let recording = Recording::from_json(&std::fs::read_to_string(file).unwrap());
    let report = report(&recording, Regions::All);
    for finding in &report.findings {
        let steps: Vec<_> = finding
            .steps
            .iter()
            .map(|step| (step.thread, step.event, step.marks.iter().map(|mark| mark.event).collect::<Vec<_>>()))
            .collect();
        let schedule = finding.witness.as_ref().map(|witness| report.schedule(witness));
        println!("{} {} {}", finding.rule.name(), finding.evidence.name(), finding.message);
        println!(
            "  steps {steps:?}\n  schedule {schedule:?}\n  next {:?}",
            finding.witness.as_ref().map(|witness| &witness.next)
        );
    }
    for refutation in &report.refutations {
        println!("refuted: {}: {}", refutation.message, refutation.reason);
    }
    for freedom in [Freedom::Full, Freedom::Preserving] {
        let space = Space::explore(&recording, freedom, STATES).unwrap();
        println!("{freedom:?}: races {:?}", races(&space));
        println!("  stuck {:?}\n  by locks {:?}", deadlocks(&space, Reasons::Any), deadlocks(&space, Reasons::Locks));
        println!("  feasible, due {:?}", verdicts(&space, &triples(&recording)));
    }
}

/// What blocks, keeps the order of all operations, and is not found: `LOCKHOUND_PROFILE=Channels cargo test … what_is_missed
/// -- --ignored --nocapture`.
#[test]
#[ignore = "for looking at what is missed"]
fn what_is_missed() {
    let wanted = std::env::var("LOCKHOUND_PROFILE").expect("a profile");
    let profile =
        Profile::ALL.into_iter().find(|profile| format!("{profile:?}") == wanted).expect("one of the profiles");
    let mut complaints = Complaints::default();
    for seed in 0..2_500 {
        let recording = random_recording(profile, &mut Dice::new(seed));
        complaints.check(&format!("{profile:?} {seed}"), &recording, |recording| {
            if !recording.passes() {
                return Ok(());
            }
            let report = report(recording, Regions::Declared);
            let Some(space) = Space::explore(recording, Freedom::Preserving, STATES) else { return Ok(()) };
            let missed = missed_deadlocks(recording, &report, &deadlocks(&space, Reasons::Any));
            if missed.is_empty() { Ok(()) } else { Err(format!("{missed:?}")) }
        });
    }
    complaints.none();
}

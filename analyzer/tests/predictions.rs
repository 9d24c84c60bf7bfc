//! What is predicted, against brute force: nothing is proved that cannot be, and what can easily be is found.

#[expect(dead_code, unused_imports, reason = "each test file uses its part")]
mod brute;

use std::collections::BTreeMap;

use brute::{
    Dice, Freedom, Profile, Reasons, Recording, Space, check_sound, deadlocks, missed_deadlocks, missed_races,
    missed_updates, random_recording, seeds, shrink,
};
use lockhound_analyzer::{Evidence, Options, Regions, Report, analyze_with};
use lockhound_trace::Op;

/// Traces with more states are left out.
const STATES: usize = 200_000;

/// Analyses it as the user's check does.
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
        for seed in seeds() {
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

/// All sync-preserving races, deadlocks of locks and joins, and lost updates. A request that gave up is left out: it is kept
/// behind the very hold that it met, where any hold would do.
#[test]
fn all_that_keeps_the_order_of_locks_is_found() {
    let mut complaints = Complaints::default();
    for profile in [Profile::Locks, Profile::Joins, Profile::Touched, Profile::RwLocks, Profile::Operations] {
        for seed in seeds() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            complaints.check(&format!("{profile:?} {seed}"), &recording, |recording| {
                if recording.events.iter().any(|event| matches!(event.op, Op::TryFailed { .. })) {
                    return Ok(());
                }
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
        for seed in seeds() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            if !recording.passes() {
                continue;
            }
            let report = report(&recording, Regions::Declared);
            for (freedom, found) in [(Freedom::Full, &mut all_here), (Freedom::Preserving, &mut preserving_here)] {
                let Some((there, missed)) = missed_of(&recording, &report, freedom) else { continue };
                found.count(there, missed.len());
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
    if all.percent() < 70.0 || preserving.percent() < 90.0 {
        tell_what_is_missed();
    }
}

/// How many least sets of threads can wait for ever, and which of them the report does not have; none if there are too many states.
fn missed_of(recording: &Recording, report: &Report, freedom: Freedom) -> Option<(usize, Vec<Vec<usize>>)> {
    let least = deadlocks(&Space::explore(recording, freedom, STATES)?, Reasons::Any);
    Some((least.len(), missed_deadlocks(recording, report, &least)))
}

/// Fails with the smallest traces in which something blocks, keeps the order of all operations, and is not found.
fn tell_what_is_missed() {
    let nothing_is_missed = |recording: &Recording| {
        if !recording.passes() {
            return Ok(());
        }
        let report = report(recording, Regions::Declared);
        let missed = missed_of(recording, &report, Freedom::Preserving).map_or_else(Vec::new, |(_, missed)| missed);
        if missed.is_empty() { Ok(()) } else { Err(format!("missed {missed:?}")) }
    };
    let mut complaints = Complaints::default();
    for profile in Profile::ALL {
        for seed in seeds() {
            let recording = random_recording(profile, &mut Dice::new(seed));
            complaints.check(&format!("{profile:?} {seed}"), &recording, nothing_is_missed);
        }
    }
    panic!("too little is found\n{}", complaints.0.join("\n"));
}

#[test]
fn equal_traces_give_equal_reports() {
    for profile in Profile::ALL {
        for seed in seeds().step_by(4) {
            let recording = random_recording(profile, &mut Dice::new(seed));
            let [one, other] = [(); 2].map(|()| report(&recording, Regions::All));
            assert_eq!(one.findings, other.findings, "{}", recording.to_json());
            assert_eq!(one.refutations, other.refutations, "{}", recording.to_json());
            assert_eq!(one.limits, other.limits, "{}", recording.to_json());
        }
    }
}

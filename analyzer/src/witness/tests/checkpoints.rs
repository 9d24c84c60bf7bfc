//! Schedules that begin at a checkpoint lead where those lead that begin at the beginning.

use proptest::prelude::*;

use super::super::checkpoints::Checkpoints;
use super::super::machine::Saved;
use super::*;
use crate::closure::tests::random;

/// Where a schedule leads, and how many steps that takes.
fn run(trace: &Trace, recording: &Recording<'_>, base: &Ideal, from: Option<&Checkpoints>) -> (String, u64) {
    let mut machine = Machine::new(&trace.tables);
    machine.reset(recording);
    let mut run = Run { recording, checkpoints: from, machine: &mut machine, left: u64::MAX, frozen: None };
    let schedule = Schedule { base: base.clone(), then: Vec::new() };
    let outcome = run.through(&schedule, EventIndex(u64::MAX), Run::follow);
    let steps = u64::MAX - run.left;
    // Where a schedule is refused, nobody looks at the rest.
    let state = outcome.is_ok().then(|| Saved::sorted(machine.save()));
    (format!("{outcome:?} {state:?}"), steps)
}

proptest! {
    #[test]
    fn checkpoints_change_nothing_but_the_steps(
        script in random::scripts(),
        left in prop::collection::vec(0_u32..6, 8),
    ) {
        let trace = Trace::of(&script);
        let recording = Recording::new(&trace.tables, &trace.log, &trace.standings);
        let checkpoints = Checkpoints::new(&recording);
        let mut base = Ideal::new(recording.threads());
        for (thread, left) in (0..recording.threads()).map(ThreadId::from_index).zip(left) {
            base.add(Point::new(thread, trace.log.count(thread).saturating_sub(left)));
        }
        let (slow, all) = run(&trace, &recording, &base, None);
        let (fast, some) = run(&trace, &recording, &base, Some(&checkpoints));
        prop_assert_eq!(slow, fast);
        prop_assert!(some <= all);
    }
}

#[test]
fn a_schedule_that_leaves_the_recording_late_takes_few_steps() {
    let trace = Trace::of(&"T1 write x\nT2 read x\n".repeat(4));
    let recording = Recording::new(&trace.tables, &trace.log, &trace.standings);
    let schedule = trace.base("T1*4 T2*3");
    let (_, steps) = run(&trace, &recording, &schedule.base, Some(&Checkpoints::new(&recording)));
    assert_eq!(steps, 1, "three events, then three more, are kept");
}

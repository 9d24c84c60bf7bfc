//! The search of all orders (`blocking::orders`) has semantics of its own: here they are held against the checker's, step by
//! step, and what it finds is put before the checker.

use lockhound_trace::{Mode, Op, Request};
use proptest::prelude::*;

use super::super::knot::Knot;
use super::super::machine::{Executed, Look};
use super::brute::{Dice, Profile, random_recording};
use super::random::{first_lonely_half, trace, wishes};
use super::*;
use crate::blocking::orders::{ActorId, DeadEnd, Past, Program, Search, Stretch, Supplies, Waiting};
use crate::model::Model;

fn model(trace: &Trace) -> Model<'_> {
    Model::new(&trace.log, &trace.tables, &trace.standings, u64::MAX).expect("room")
}

/// The recorded events `first <= index < end`.
fn program<'m>(model: &'m Model<'m>, first: usize, end: usize) -> Program<'m> {
    let [first, end] = [first, end].map(|index| EventIndex(index as u64));
    let mut past = Past::new(model);
    past.advance(first);
    Program::new(model, &past, Stretch::new(model, first, end))
}

/// The checker's machine beside a state of the search.
struct Twins<'t, 'm> {
    recording: &'t Recording<'t>,
    machine: Machine,
    program: &'t Program<'m>,
    state: Vec<u32>,
    /// Whether a writer has made itself known.
    queued: bool,
}

impl Twins<'_, '_> {
    /// Whether the machine does all of these, one after the other.
    fn follows(&mut self, events: impl Iterator<Item = EventIndex>) -> bool {
        let (recording, machine) = (self.recording, &mut self.machine);
        { events }.all(|at| machine.execute(recording, &recording.step(at), Look::Bound) != Executed::No)
    }

    /// Does something with the machine, and undoes it.
    fn trying<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let saved = self.machine.save();
        let done = work(self);
        self.machine.reset(self.recording);
        self.machine.load(&saved);
        done
    }

    /// Lets everybody come to its first act: the machine takes a request and its `block` for one.
    fn start(&mut self) {
        for actor in self.program.actors() {
            while matches!(self.program.next_op(&self.state, actor), Some(Op::Start))
                && self.program.can(&self.state, actor)
            {
                self.perform(actor);
            }
        }
    }

    fn agree(&mut self) -> Result<(), TestCaseError> {
        self.start();
        for actor in self.program.actors() {
            let Some(&op) = self.program.next_op(&self.state, actor) else { continue };
            let thread = self.program.thread(actor);
            let acted = self.program.acted(&self.state, actor);
            let events: Vec<EventIndex> = self.program.events(actor, acted).collect();
            let can = self.program.can(&self.state, actor);
            let machine_can = match op {
                // The machine executes the `block`, and no more.
                Op::Block { .. } => continue,
                // Who queues stands in the way of requests, not of those who only try.
                Op::TryFailed { .. } if self.queued => continue,
                _ if events.is_empty() => self.machine.is_open(thread),
                Op::TrySendFailed { .. } if matches!(self.recording.step(events[0]).op, Op::Block { .. }) => self
                    .trying(|this| {
                        let after = this.recording.at(thread, this.recording.step(events[0]).loc + 1).unwrap();
                        this.follows(events[..1].iter().copied()) && this.machine.comes_to(&this.recording.step(after))
                    }),
                _ => self.trying(|this| this.follows(events.iter().copied())),
            };
            prop_assert_eq!(can, machine_can, "{:?} {:?} {:?}", thread, op, events);
        }
        let set = Knot::new(self.recording, &self.machine).stuck();
        let expected: Vec<ThreadId> = (0..set.len()).filter(|&index| set[index]).map(ThreadId::from_index).collect();
        let stuck = Waiting::new(self.program, &self.state, &mut Supplies::default()).stuck_threads();
        prop_assert_eq!(stuck, expected);
        Ok(())
    }

    fn perform(&mut self, actor: ActorId) {
        let program = self.program;
        let before: Vec<u32> = program.actors().map(|actor| program.acted(&self.state, actor)).collect();
        for actor in program.perform(&mut self.state, actor).into_iter().flatten() {
            assert!(self.follows(program.events(actor, before[actor.index()])), "{actor:?}");
        }
    }

    /// Goes on somehow.
    fn step(&mut self, choice: usize) {
        let actors: Vec<_> = self.program.actors().collect();
        let Some(&actor) = actors.get(choice % actors.len().max(1)) else { return };
        if self.program.can(&self.state, actor) {
            self.perform(actor);
        } else if self.program.may_queue(&self.state, actor).is_some() {
            let Some(&Op::Acquire { lock, mode, how }) = self.program.next_op(&self.state, actor) else { return };
            assert_eq!(mode, Mode::Write);
            let on = Request::Acquire { lock, mode, how };
            self.program.make_known(&mut self.state, actor);
            self.machine.make_request(self.recording, self.program.thread(actor), &on, |_| {});
            self.queued = true;
        }
    }
}

fn agree_on(trace: &Trace, first: usize, end: usize, choices: &[usize]) -> Result<(), TestCaseError> {
    let model = model(trace);
    let program = program(&model, first, end);
    // Beyond, threads go on after half a rendezvous.
    if program.end().0 > first_lonely_half(trace) as u64 {
        return Ok(());
    }
    let recording = Recording::new(&trace.tables, &trace.log, &trace.standings);
    let mut machine = Machine::new(&trace.tables);
    machine.reset(&recording);
    let state = program.start.clone();
    let mut twins = Twins { recording: &recording, machine, program: &program, state, queued: false };
    prop_assert!(twins.follows((0..first as u64).map(EventIndex)));
    twins.agree()?;
    for &choice in choices {
        twins.step(choice);
        twins.agree()?;
    }
    Ok(())
}

proptest! {
    #[test]
    fn both_know_the_same_semantics(
        (wishes, objects) in wishes(),
        [from, to] in [0_usize..100, 0_usize..100],
        choices in prop::collection::vec(any::<usize>(), 80),
    ) {
        let trace = trace(&wishes, &objects);
        let sound = first_lonely_half(&trace);
        let (first, end) = (sound * from.min(to) / 100, if from < to { sound * to / 100 } else { sound });
        agree_on(&trace, first, end, &choices)
            .map_err(|error| TestCaseError::fail(format!("{error} {first}..{end} {}", told(&trace))))?;
    }
}

/// How many dead ends a search of so many steps finds; the checker must accept all of them.
fn accepted(trace: &Trace, first: usize, mut steps: u32) -> usize {
    let model = model(trace);
    let program = program(&model, first, trace.log.len());
    let mut ends: Vec<DeadEnd> = Vec::new();
    let pay = || {
        steps = steps.saturating_sub(1);
        steps > 0
    };
    Search::new(&program).run(pay, |end| ends.push(end));
    let checker = Checker::new(&trace.tables, &trace.log, &trace.standings, u64::MAX);
    for end in &ends {
        let members: Vec<ThreadId> = end.stuck.iter().map(|stuck| stuck.0).collect();
        let outcome =
            checker.check(&end.schedule, &Claim::Blocked { members: members.clone(), interchangeable: false });
        let Outcome::Proved(proof) = &outcome else {
            let order: Vec<u64> = end.schedule.then.iter().map(|at| at.0).collect();
            panic!("{members:?} after {order:?}: {outcome:?} {}", told(trace));
        };
        let stuck: Vec<ThreadId> = proof.stuck.iter().map(|stuck| stuck.0).collect();
        assert_eq!(stuck, members);
    }
    ends.len()
}

fn told(trace: &Trace) -> String {
    trace.log.iter().map(|(at, thread, op)| format!("\n{} {thread:?} {op:?}", at.0)).collect()
}

#[test]
fn the_checker_accepts_whatever_the_search_finds() {
    for profile in Profile::ALL {
        let mut found = 0;
        for seed in 0..60 {
            let trace = Trace::new(random_recording(profile, &mut Dice::new(seed)).source());
            found += accepted(&trace, 0, 5_000);
            found += accepted(&trace, trace.log.len() / 3, 5_000);
        }
        println!("{profile:?}: {found} dead ends");
        assert!(found > 0);
    }
}

//! Tests of the checker: scenarios, schedules that must be refused, and random traces.

mod blocked;
#[expect(dead_code, unused_imports, reason = "shared with the tests of whole reports")]
#[path = "../../../tests/brute/mod.rs"]
mod brute;
mod brute_force;
mod checkpoints;
mod interleaved;
mod orders;
mod race;
mod random;
mod rules;

use std::path::Path;

use lockhound_trace::{EventIndex, EventSource, Tables, ThreadId, Validated};

use super::claim::Proof;
use super::machine::Machine;
use super::recording::Recording;
use super::run::Run;
use super::{Checker, Claim, Closed, Outcome, Rejection, Schedule};
use crate::end::{Ends, Standing};
use crate::model::{Ideal, Log, Point};
use crate::script;

/// Two waits, each ended by a notification of its own.
const TWO_WAITERS: &str = "
    condvar c
    T1 acquire m
    T1 wait c lock=m touched=none
    T2 acquire m
    T2 wait c lock=m touched=none
    T3 notify c
    T1 wake c lock=m by=notify
    T1 release m touched=none
    T3 notify c
    T2 wake c lock=m by=notify
    T2 release m touched=none";

/// A recorded run.
struct Trace {
    tables: Tables,
    log: Log,
    standings: Vec<Standing>,
}

impl Trace {
    fn new(source: impl EventSource) -> Self {
        let mut source = Validated::new(source, Path::new("test"));
        let (mut log, mut ends) = (Log::default(), Ends::default());
        while let Some(event) = source.next_event().unwrap() {
            ends.apply(EventIndex(log.len() as u64), &event);
            log.push(&event);
        }
        let tables = source.tables().clone();
        let standings = ends.standings(tables.threads().len(), true);
        Self { tables, log, standings }
    }

    /// In the notation of [`script`].
    fn of(script: &str) -> Self {
        Self::new(script::read(script))
    }

    fn thread(&self, name: &str) -> ThreadId {
        self.tables.find_thread(name).unwrap_or_else(|| panic!("no thread {name}"))
    }

    /// `T1.3`: the third event of T1.
    fn event(&self, text: &str) -> EventIndex {
        let (thread, loc) = text.split_once('.').unwrap();
        self.log.at(self.thread(thread), loc.parse().unwrap())
    }

    fn events<const N: usize>(&self, text: &str) -> [EventIndex; N] {
        let events: Vec<EventIndex> = text.split_whitespace().map(|event| self.event(event)).collect();
        events.try_into().unwrap()
    }

    /// `T1*3 T2`: three events of T1, then one of T2.
    fn then(&self, text: &str) -> Schedule {
        let mut done = vec![0; self.tables.threads().len()];
        let mut then = Vec::new();
        for word in text.split_whitespace() {
            let (thread, times) = word.split_once('*').unwrap_or((word, "1"));
            let thread = self.thread(thread);
            for _ in 0..times.parse().unwrap() {
                done[thread.index()] += 1;
                then.push(self.log.at(thread, done[thread.index()]));
            }
        }
        Schedule { base: Ideal::new(done.len()), then }
    }

    /// The same number of events of each thread, in recorded order.
    fn base(&self, text: &str) -> Schedule {
        let Schedule { mut base, then } = self.then(text);
        for event in then {
            base.add(Point::new(self.log.thread(event), self.log.loc(event)));
        }
        Schedule { base, then: Vec::new() }
    }

    fn check(&self, schedule: &Schedule, claim: &Claim) -> Outcome {
        Checker::new(&self.tables, &self.log, &self.standings, u64::MAX).check(schedule, claim)
    }

    fn blocked(&self, schedule: &Schedule, members: &str, interchangeable: bool) -> Outcome {
        let members = members.split_whitespace().map(|member| self.thread(member)).collect();
        self.check(schedule, &Claim::Blocked { members, interchangeable })
    }

    /// Executes the schedule, and claims nothing.
    fn executes(&self, schedule: &Schedule) -> Result<(), Rejection> {
        let recording = Recording::new(&self.tables, &self.log, &self.standings);
        let mut machine = Machine::new(&self.tables);
        machine.reset(&recording);
        Run { recording: &recording, checkpoints: None, machine: &mut machine, left: u64::MAX, frozen: None }.through(
            schedule,
            EventIndex(u64::MAX),
            Run::follow,
        )
    }

    /// `locks T1.2 T2.2`: how closed, who is stuck, and where; `free T1 by T2.3`, `impossible T1.2` …
    fn words(&self, outcome: &Outcome) -> String {
        let name = |thread: ThreadId| self.tables.thread(thread).id.as_str();
        let event = |at: EventIndex| format!("{}.{}", name(self.log.thread(at)), self.log.loc(at));
        match outcome {
            Outcome::Proved(Proof { stuck, closed, .. }) => {
                let closed = match closed {
                    Closed::AsRecorded => "as recorded",
                    Closed::NobodyProvides => "nobody provides",
                    Closed::Locks => "locks",
                };
                let mut stuck: Vec<String> = stuck.iter().map(|&(_, at)| event(at)).collect();
                stuck.sort();
                format!("{closed}: {}", stuck.join(" "))
            }
            Outcome::Rejected(Rejection::Impossible(at)) => format!("impossible {}", event(*at)),
            Outcome::Rejected(Rejection::NotAsClaimed) => "not as claimed".to_owned(),
            Outcome::Rejected(Rejection::Freed { member, by: None }) => format!("free {}", name(*member)),
            Outcome::Rejected(Rejection::Freed { member, by: Some((_, at)) }) => {
                format!("free {} by {}", name(*member), event(*at))
            }
            Outcome::Rejected(Rejection::OutOfSteps) => "out of steps".to_owned(),
        }
    }

    /// Runs `then` and says what becomes of the claim that `members` are blocked.
    fn blocks(&self, then: &str, members: &str) -> String {
        self.words(&self.blocked(&self.then(then), members, false))
    }
}

//! The schedule that shows a finding, step by step.

use std::rc::Rc;

use lockhound_analyzer::{Finding, Pattern, Report, Rule};
use lockhound_trace::{EventIndex, Op, ThreadId};

use super::knowledge::{Seen, seen, writes};
use super::moments::Moments;
use super::phrases::{begins, does, holds, knows, waits};
use super::plan::{Plan, Planned};
use super::states::{ThreadState, asks, request};
use crate::replay::{Replay, Row, Standing};
use crate::timeline::Life;

/// What is said of who has overwritten something that was read.
const CHANGED: &str = " has changed since";

/// What `plan` shows, in words.
pub(super) fn replay(report: &Report, finding: &Finding, plan: &Plan<'_>, moments: &Moments) -> Replay {
    let label = |&thread: &ThreadId| report.tables.thread_label(thread).to_owned();
    let mut story = Story {
        report,
        finding,
        plan,
        moments,
        last: Vec::new(),
        claims: Vec::new(),
        known: Vec::new(),
        stale: Vec::new(),
        goes_by_stale: false,
    };
    let rows = plan.rows.iter().map(|row| story.row(row)).collect();
    Replay {
        predicted: finding.witness.is_some(),
        steps: plan.steps,
        lanes: plan.lanes.iter().map(label).collect(),
        rows,
        end: end(finding, story.goes_by_stale).to_owned(),
    }
}

/// Tells one row after the other.
struct Story<'a> {
    report: &'a Report,
    finding: &'a Finding,
    plan: &'a Plan<'a>,
    moments: &'a Moments,
    /// How the lanes stood after the last row.
    last: Vec<Standing>,
    /// Threads that made their last requests, and how they stand since.
    claims: Vec<(ThreadId, Rc<ThreadState>)>,
    /// What the lanes go by, and after how many of their events; nothing where it is not about that.
    known: Vec<(u32, Option<Seen>)>,
    /// Reads of what was overwritten afterwards, and by whom.
    stale: Vec<(EventIndex, ThreadId)>,
    /// Whether the thread that moved last went by something stale.
    goes_by_stale: bool,
}

type States = [(ThreadId, Rc<ThreadState>)];

impl Story<'_> {
    fn row(&mut self, row: &Planned) -> Row {
        let Some(event) = self.report.event(row.event) else { return Row::default() };
        let tables = &self.report.tables;
        let lane = self.plan.lanes.iter().position(|&lane| lane == row.thread).unwrap_or_default();
        let claimed = asks(&event.op).filter(|_| row.number.is_none() && self.finding.rule != Rule::DataRace);
        if claimed.is_some() && !row.is_done {
            self.claim(row, &event.op);
        }
        let known = self.last.get(lane).and_then(|standing| standing.knows.as_ref());
        self.goes_by_stale = known.is_some_and(|known| known.ends_with(CHANGED));
        let states: Vec<(ThreadId, Rc<ThreadState>)> =
            row.moment.iter().map(|&(thread, count)| (thread, self.state(thread, count))).collect();
        self.learn(row);
        if row.number.is_some() {
            self.overwritten(&event.op, row.thread);
        }
        let lanes = 0..self.plan.lanes.len();
        let standings: Vec<Standing> = lanes.map(|lane| self.standing(lane, row, &states)).collect();
        let changed = standings.iter().enumerate().filter(|&(lane, now)| self.last.get(lane) != Some(now));
        let after = changed.map(|(_, now)| now.clone()).collect();
        self.last = standings;
        let assumes = self.finding.witness.iter().flat_map(|witness| &witness.assumes);
        let assumed: Vec<&str> = assumes.filter(|(step, _)| *step == row.event).map(|&(_, what)| what).collect();
        Row {
            skipped: row.skipped,
            number: row.number,
            event: row.event.0,
            lane,
            text: match claimed {
                Some(on) if row.is_done => format!("keeps waiting for {}", waits(row.thread, &on, tables, &states[..])),
                Some(on) => begins(&on, tables),
                None => does(&event.op, tables),
            },
            at: event.site.map(|site| tables.site(site).to_owned()),
            assumes: (!assumed.is_empty()).then(|| assumed.join("; ")),
            after,
        }
    }

    /// The thread makes a request that is not granted.
    fn claim(&mut self, row: &Planned, op: &Op) {
        let done = row.moment.iter().find(|(thread, _)| *thread == row.thread).map_or(0, |&(_, count)| count);
        let mut state = ThreadState::clone(&self.state(row.thread, done));
        if request(op).is_some() {
            state.apply(row.event, op);
        } else {
            state.request = asks(op);
        }
        self.claims.push((row.thread, Rc::new(state)));
    }

    fn state(&self, thread: ThreadId, count: u32) -> Rc<ThreadState> {
        let claim = self.claims.iter().rev().find(|(of, _)| *of == thread);
        Rc::clone(claim.map_or_else(|| self.moments.state(thread, count), |(_, state)| state))
    }

    /// Notes what the lanes have read by now.
    fn learn(&mut self, row: &Planned) {
        let Some(log) = &self.report.log else { return };
        if !matches!(self.finding.rule, Rule::LostUpdate | Rule::AtomicityViolation) {
            return;
        }
        self.known.resize(self.plan.lanes.len(), (0, None));
        for (known, &(thread, count)) in self.known.iter_mut().zip(&row.moment) {
            if known.0 != count {
                *known = (count, seen(log, thread, count, &self.finding.objects));
            }
        }
    }

    /// Notes what the others have read of what this step overwrites.
    fn overwritten(&mut self, op: &Op, by: ThreadId) {
        let Some(object) = writes(op) else { return };
        let others = self.plan.lanes.iter().zip(&self.known).filter(|(lane, _)| **lane != by);
        let read = others.filter_map(|(_, (_, seen))| *seen).filter(|seen| seen.object == object);
        self.stale.extend(read.map(|seen| (seen.event, by)));
    }

    fn standing(&self, lane: usize, row: &Planned, states: &States) -> Standing {
        let tables = &self.report.tables;
        let (thread, state) = &states[lane];
        let life = self.moments.life(*thread, state, |of| {
            let known = row.moment.iter().find(|(thread, _)| *thread == of);
            known.map_or_else(|| self.plan.schedule.done(of, row.at), |&(_, count)| count)
        });
        Standing {
            lane,
            holds: holds(&state.holds, tables),
            waits: state.request.filter(|_| life == Life::Blocked).map(|on| waits(*thread, &on, tables, states)),
            knows: self.knows(lane),
            life,
        }
    }

    /// What a lane goes by, where it is about that.
    fn knows(&self, lane: usize) -> Option<String> {
        let tables = &self.report.tables;
        let seen = &self.known.get(lane)?.1?;
        let stale = self.stale.iter().rev().find(|(event, _)| *event == seen.event);
        Some(match stale {
            Some(&(_, by)) => {
                format!("{}, which `{}`{CHANGED}", knows(seen, tables), tables.thread_label(by))
            }
            None => knows(seen, tables),
        })
    }
}

/// What is true in the end; `stale`: who moved last went by a value that another thread had changed.
fn end(finding: &Finding, stale: bool) -> &'static str {
    let claims = finding.witness.as_ref().map_or(finding.threads.len(), |witness| witness.next.len());
    match (finding.rule, finding.pattern) {
        (Rule::DataRace, _) if finding.witness.is_some() => "now both can happen, in either order or at once",
        (Rule::DataRace, _) => "nothing orders these two accesses",
        (Rule::LostUpdate | Rule::AtomicityViolation, pattern) => match pattern {
            Some(Pattern::Rww) if stale => "this writes over a change that its thread has not seen",
            Some(Pattern::Rww) => "now what the other thread has read is out of date",
            Some(Pattern::Rwr) => "what its thread read first holds no more",
            Some(Pattern::Wrw) => "a change was seen that was only half done",
            Some(Pattern::Wwr) => "what its thread wrote is gone",
            None => "what should be one step was interrupted",
        },
        (Rule::LeakedLock, _) => "nobody is left to give back what is still held",
        (Rule::LockOrderViolation, _) => "this breaks the declared order",
        (Rule::LockOrderInversion, _) => "the locks have been taken in both orders",
        (Rule::Misuse, _) => "this is not allowed",
        _ if claims == 1 => "now this waits for ever",
        _ => "now these wait for ever",
    }
}

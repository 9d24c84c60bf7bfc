//! The schedule that shows a finding, step by step.

use std::rc::Rc;

use lockhound_analyzer::{Finding, Pattern, Report, Rule};
use lockhound_trace::{EventIndex, Op, ThreadId};

use super::moments::Moments;
use super::phrases::{begins, does, holds, knows, latest, waits};
use super::plan::{Plan, Planned};
use super::states::{ThreadState, Watched, asks, request};
use crate::replay::{Replay, Row, Standing};
use crate::timeline::Life;

/// What `plan` shows, in words.
pub(super) fn replay(report: &Report, finding: &Finding, plan: &Plan<'_>, moments: &Moments) -> Replay {
    let label = |&thread: &ThreadId| report.tables.thread_label(thread).to_owned();
    let mut story = Story { report, finding, plan, moments, last: Vec::new(), claims: Vec::new(), stale: Vec::new() };
    Replay {
        predicted: finding.witness.is_some(),
        steps: plan.steps,
        lanes: plan.lanes.iter().map(label).collect(),
        rows: plan.rows.iter().map(|row| story.row(row)).collect(),
        end: end(finding).to_owned(),
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
    /// Reads of what was overwritten afterwards, and by whom.
    stale: Vec<(EventIndex, ThreadId)>,
}

type States = [(ThreadId, Rc<ThreadState>)];

impl Story<'_> {
    fn row(&mut self, row: &Planned) -> Row {
        let Some(event) = self.report.event(row.event) else { return Row::default() };
        let tables = &self.report.tables;
        let claimed = asks(&event.op).filter(|_| row.number.is_none() && self.finding.rule != Rule::DataRace);
        if claimed.is_some() {
            self.claim(row, &event.op);
        }
        let states: Vec<(ThreadId, Rc<ThreadState>)> =
            row.moment.iter().map(|&(thread, count)| (thread, self.state(thread, count))).collect();
        if row.number.is_some() {
            self.overwritten(&event.op, row.thread, &states);
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
            lane: self.plan.lanes.iter().position(|&lane| lane == row.thread).unwrap_or_default(),
            text: claimed.map_or_else(|| does(&event.op, tables), |on| begins(&on, tables)),
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
            state.apply(row.event, op, &Watched::default());
        } else {
            state.request = asks(op);
        }
        self.claims.push((row.thread, Rc::new(state)));
    }

    fn state(&self, thread: ThreadId, count: u32) -> Rc<ThreadState> {
        let claim = self.claims.iter().rev().find(|(of, _)| *of == thread);
        Rc::clone(claim.map_or_else(|| self.moments.state(thread, count), |(_, state)| state))
    }

    /// Notes what the others have seen of what this step overwrites.
    fn overwritten(&mut self, op: &Op, by: ThreadId, states: &States) {
        let object = match *op {
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } | Op::Rmw { atomic: object, .. } => object,
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } if touched.writes() => lock,
            _ => return,
        };
        let others = states.iter().filter(|(thread, _)| *thread != by);
        let seen = others.flat_map(|(_, state)| &state.seen).filter(|seen| seen.object == object);
        self.stale.extend(seen.map(|seen| (seen.event, by)));
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
            knows: self.knows(state),
            life,
        }
    }

    /// What a thread goes by, where it is about that.
    fn knows(&self, state: &ThreadState) -> Option<String> {
        if !matches!(self.finding.rule, Rule::LostUpdate | Rule::AtomicityViolation) {
            return None;
        }
        let tables = &self.report.tables;
        let seen = latest(state, &self.finding.objects)?;
        let stale = self.stale.iter().rev().find(|(event, _)| *event == seen.event);
        Some(match stale {
            Some(&(_, by)) => {
                format!("{}, which `{}` has changed since", knows(seen, tables), tables.thread_label(by))
            }
            None => knows(seen, tables),
        })
    }
}

/// What is true in the end.
fn end(finding: &Finding) -> &'static str {
    let claims = finding.witness.as_ref().map_or(finding.threads.len(), |witness| witness.next.len());
    match (finding.rule, finding.pattern) {
        (Rule::DataRace, _) if finding.witness.is_some() => "now both can happen, in either order or at once",
        (Rule::DataRace, _) => "nothing orders these two accesses",
        (Rule::LostUpdate | Rule::AtomicityViolation, Some(Pattern::Rww)) => {
            "an update is lost: what was written follows from a value that was read before it"
        }
        (Rule::LostUpdate | Rule::AtomicityViolation, Some(Pattern::Rwr)) => "what was read first holds no more",
        (Rule::LostUpdate | Rule::AtomicityViolation, Some(Pattern::Wrw)) => {
            "a change was seen that was only half done"
        }
        (Rule::LostUpdate | Rule::AtomicityViolation, Some(Pattern::Wwr)) => {
            "what was written is gone before it is read"
        }
        (Rule::LostUpdate | Rule::AtomicityViolation, None) => "what should be one step was interrupted",
        (Rule::LeakedLock, _) => "nobody is left to give back what is still held",
        (Rule::LockOrderViolation, _) => "this breaks the declared order",
        (Rule::LockOrderInversion, _) => "the locks have been taken in both orders",
        (Rule::Misuse, _) => "this is not allowed",
        _ if claims == 1 => "now this waits for ever",
        _ => "now these wait for ever",
    }
}

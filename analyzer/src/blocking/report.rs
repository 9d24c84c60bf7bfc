//! What can get stuck, as a finding.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op};

use crate::blocking::candidates::Found;
use crate::blocking::evaluate::Proof;
use crate::blocking::links::Kinds;
use crate::blocking::need::Need;
use crate::blocking::words::{Shape, Stuck, Words, missed};
use crate::finding::{Evidence, Finding, Hold, Mark, Rule, Severity, Step, Witness};
use crate::fingerprint::{Fingerprint, FingerprintBuilder};
use crate::model::Point;
use crate::prose;
use crate::witness::Closed;

impl Words<'_> {
    pub(super) fn finding(&self, found: &Found) -> Finding {
        let proof = &found.proof;
        let stuck = self.in_circle(proof.stuck.iter().filter_map(|&(_, event)| self.stuck(event)).collect());
        let shape = shape(&stuck, proof);
        let evidence = self.evidence(proof);
        let rule = match shape {
            Shape::Circle | Shape::Leak => Rule::PotentialDeadlock,
            Shape::LostWakeup => Rule::LostWakeup,
            Shape::Alone => Rule::BlockedForever,
        };
        let objects = prose::sorted(stuck.iter().filter_map(|one| one.need.object()).collect::<Vec<ObjectId>>());
        let mut steps: Vec<Step> = stuck.iter().map(|one| self.step(one, &stuck)).collect();
        self.mark_missed(&mut steps, proof);
        Finding {
            rule,
            evidence,
            severity: match (shape, evidence) {
                (Shape::Alone, _) | (_, Evidence::Possible) => Severity::Warning,
                _ => Severity::Error,
            },
            fingerprint: self.fingerprint(rule, &stuck, &objects, proof),
            message: self.message(shape, &stuck, &objects, proof),
            pattern: None,
            region: None,
            threads: prose::sorted(stuck.iter().map(|one| one.thread).collect()),
            objects,
            witness: (evidence == Evidence::Feasible).then(|| witness(proof)),
            occurrences: 1 + found.twins.len() as u64,
            notes: self.notes(&stuck, found, evidence),
            help: vec![self.help(shape, &stuck)],
            steps,
        }
    }

    fn stuck(&self, event: EventIndex) -> Option<Stuck> {
        let model = self.prediction.model;
        let point = model.point(event);
        let request = self.links.requests.at(point)?;
        // A `block` announces the request that completes next.
        let point = match model.op(point) {
            Op::Block { .. } if Some(point) != model.last(point.thread) => point.next(),
            _ => point,
        };
        let given_back = match model.op(point) {
            Op::Wait { lock, .. } => Some(lock),
            _ => None,
        };
        let holds = model.held(point).iter().map(|&id| model.hold(id)).filter(|hold| Some(hold.object) != given_back);
        let holds = holds
            .map(|hold| {
                let acquire = Point::new(hold.thread, hold.acquire);
                Hold { object: hold.object, mode: hold.mode, site: model.site(acquire), event: model.index(acquire) }
            })
            .collect();
        Some(Stuck { thread: point.thread, request, point, need: self.links.requests.get(request).need, holds })
    }

    /// Each before the one it waits for, as far as there is one circle; the earliest in the trace first.
    fn in_circle(&self, mut left: Vec<Stuck>) -> Vec<Stuck> {
        left.sort_unstable_by_key(|one| one.thread);
        let mut order: Vec<Stuck> = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let next = order.last().and_then(|last: &Stuck| left.iter().position(|one| self.waits_for(last, one)));
            order.push(left.remove(next.unwrap_or(0)));
        }
        order
    }

    fn waits_for(&self, one: &Stuck, other: &Stuck) -> bool {
        self.links.may_depend_at(one.request, other.request, other.point, Kinds::All)
    }

    /// Feasible, unless it rests on threads that would read other values, or on messages that may not be alike.
    fn evidence(&self, proof: &Proof) -> Evidence {
        let tables = self.end.tables;
        let unknown = |channel: &ObjectId| tables.object(*channel).type_name.as_deref() != Some("()");
        if proof.closed == Closed::AsRecorded || self.alike(proof).iter().any(unknown) {
            Evidence::Possible
        } else {
            Evidence::Feasible
        }
    }

    fn fingerprint(&self, rule: Rule, stuck: &[Stuck], objects: &[ObjectId], proof: &Proof) -> Fingerprint {
        let mut fingerprint = FingerprintBuilder::new(self.end.tables, rule);
        let model = self.prediction.model;
        for one in stuck {
            // What else is held by chance is no part of the bug.
            let held = one.holds.iter().map(|hold| hold.object).filter(|lock| objects.contains(lock));
            fingerprint.part(operation(one.need), one.need.object(), model.site(one.point), held);
        }
        for (_, missed) in missed(proof) {
            let op = model.op(missed);
            fingerprint.part(op.name(), op.object(), model.site(missed), []);
        }
        fingerprint.finish()
    }

    fn step(&self, one: &Stuck, all: &[Stuck]) -> Step {
        let model = self.prediction.model;
        let tables = self.end.tables;
        let event = model.event(one.point);
        let who = prose::thread(tables, one.thread);
        let held: Vec<ObjectId> = prose::sorted(one.holds.iter().map(|hold| hold.object).collect());
        let (asks, waits) = (self.asks(one), self.waits(one, all));
        let story = if held.is_empty() {
            format!("{who} would wait for {waits}")
        } else {
            format!("{who} holds {} and would wait for {waits}", prose::objects(tables, &held))
        };
        Step {
            thread: one.thread,
            op: match event.op {
                Op::Block { on } => on.name(),
                op => op.name(),
            },
            object: one.need.object(),
            site: event.site,
            event: model.index(one.point),
            label: format!("{}{asks}", if one.holds.is_empty() { "" } else { "and " }),
            holds: one.holds.clone(),
            stack: event.stack,
            marks: Vec::new(),
            story,
        }
    }

    /// Shows, next to a wait, what comes too early for it.
    fn mark_missed(&self, steps: &mut [Step], proof: &Proof) {
        let model = self.prediction.model;
        for (wait, missed) in missed(proof) {
            let Some(step) = steps.iter_mut().find(|step| step.thread == wait.thread) else { continue };
            let op = model.op(missed);
            let what = op.object().map_or_else(String::new, |object| prose::object(self.end.tables, object));
            let verb = match op {
                Op::Clear { .. } => "clears",
                Op::Add { .. } => "adds to",
                _ => "notifies",
            };
            step.marks.push(Mark {
                site: model.site(missed),
                event: model.index(missed),
                label: format!("{} {verb} {what} here, before that", prose::thread(self.end.tables, missed.thread)),
            });
        }
    }
}

fn shape(stuck: &[Stuck], proof: &Proof) -> Shape {
    let missed = |one: &Stuck| missed(proof).any(|(wait, _)| wait == one.point);
    let same = stuck.windows(2).all(|pair| pair[0].need == pair[1].need);
    match stuck {
        // All others there wait for whoever missed what it was to be woken by.
        [one, ..] if same && matches!(one.need, Need::Notification(_)) && stuck.iter().any(missed) => Shape::LostWakeup,
        [one] => match one.need {
            Need::Lock { .. } => Shape::Leak,
            _ => Shape::Alone,
        },
        _ => Shape::Circle,
    }
}

/// Its name in a fingerprint: the same as that of the lock order's findings.
const fn operation(need: Need) -> &'static str {
    match need {
        Need::Lock { mode: Mode::Write, .. } | Need::Permits(_) => "acquire",
        Need::Lock { mode: Mode::Read, .. } => "acquire read",
        Need::Lock { mode: Mode::Upgrade, .. } => "acquire upgrade",
        Need::End(_) => "join",
        Need::Notification(_) => "wait",
        Need::Parties(_) => "pass",
        Need::Room(_) => "send",
        Need::Message(_) => "recv",
        Need::Completion(_) => "await",
    }
}

fn witness(proof: &Proof) -> Witness {
    Witness {
        base: proof.schedule.base.as_slice().to_vec(),
        then: proof.schedule.then.clone(),
        next: proof.stuck.iter().map(|&(_, event)| event).collect(),
        assumes: Vec::new(),
    }
}

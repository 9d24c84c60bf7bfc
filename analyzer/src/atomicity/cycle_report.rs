//! Declared regions that no serial order explains, as findings.

use lockhound_trace::{ObjectId, Tables, ThreadId};

use super::access::AccessKind;
use super::cycles::{ForeseenCycle, SeenCycle};
use super::regions::Declared;
use super::report::witness;
use super::serializability::{Cycle, Link, Touch};
use crate::finding::{Evidence, Finding, Mark, Region, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::prose;

/// What was met as a finding.
pub(super) fn observed(tables: &Tables, seen: &SeenCycle) -> Finding {
    let words = Words { tables, can: false };
    let mut finding = words.finding(&seen.first);
    finding.occurrences = seen.count;
    if seen.count > 1 {
        finding.notes.push(format!("seen {} in this run", prose::times(seen.count)));
    }
    finding
}

/// What another schedule shows as a finding.
pub(super) fn foreseen(tables: &Tables, ForeseenCycle { cycle, proof }: &ForeseenCycle) -> Finding {
    let words = Words { tables, can: true };
    let mut finding = words.finding(cycle);
    finding.evidence = Evidence::Feasible;
    finding.witness = Some(witness(proof));
    if let Some(Link { from, to, .. }) = cycle.links.first() {
        let (t, u) = (words.who(*from), words.who(*to));
        finding
            .notes
            .push(format!("in another order of this run's own events, what {u} does fits between the two of {t}"));
    }
    finding
}

struct Words<'a> {
    tables: &'a Tables,
    /// Whether it can happen, rather than did.
    can: bool,
}

impl Words<'_> {
    fn finding(&self, cycle: &Cycle) -> Finding {
        let mut builder = FingerprintBuilder::new(self.tables, Rule::AtomicityViolation);
        builder.part("begin", None, cycle.region.site, []);
        if let Some(other) = cycle.other {
            builder.part("begin", None, other.site, []);
        }
        let objects = prose::sorted(cycle.objects().collect());
        for &object in &objects {
            builder.part("cycle", Some(object), None, []);
        }
        Finding {
            rule: Rule::AtomicityViolation,
            evidence: Evidence::Observed,
            severity: Severity::Error,
            fingerprint: builder.finish(),
            message: self.message(cycle),
            pattern: None,
            region: Some(Region::Declared),
            threads: prose::sorted(cycle.threads().collect()),
            objects,
            steps: self.steps(cycle),
            witness: None,
            occurrences: 1,
            notes: vec![self.why_one_step(cycle), self.why_no_order(cycle)],
            help: vec!["hold one lock over each of the regions, wherever their data are used".to_owned()],
        }
    }

    fn who(&self, thread: ThreadId) -> String {
        prose::thread(self.tables, thread)
    }

    fn name(&self, object: Option<ObjectId>) -> String {
        object.map_or_else(|| "it".to_owned(), |object| prose::object(self.tables, object))
    }

    /// "wrote `x`", "writes `x`".
    fn did(&self, touch: &Touch) -> String {
        let name = self.name(touch.object);
        let (did, does) = match touch.kind {
            Some(AccessKind::Read) => ("read", "reads"),
            Some(AccessKind::Write) => ("wrote", "writes"),
            Some(AccessKind::Update) => ("updated", "updates"),
            Some(AccessKind::Look) => ("looked at", "looks at"),
            Some(AccessKind::Change | AccessKind::Blind) => ("changed", "changes"),
            None => ("joined", "joins"),
        };
        format!("{} {name}", if self.can { does } else { did })
    }

    /// "`T1` wrote `x` before `T2` read it".
    fn link(&self, link: &Link) -> String {
        let (from, to) = (self.who(link.from), self.who(link.to));
        match (&link.before, &link.after) {
            (Some(before), Some(after)) => {
                let again = self.did(&Touch { object: None, ..*after });
                format!("{from} {} before {to} {again}", self.did(before))
            }
            (None, Some(_)) => format!("{from} ended before {to} joined it"),
            _ => format!("{from} came before {to}"),
        }
    }

    /// Three accesses of one object, if that is all.
    fn three<'c>(&self, cycle: &'c Cycle) -> Option<[&'c Touch; 3]> {
        let [there, back] = &cycle.links[..] else { return None };
        let (p, q) = (there.before.as_ref()?, there.after.as_ref()?);
        let c = back.after.as_ref()?;
        (back.before.as_ref()?.event == q.event).then_some([p, q, c])
    }

    fn message(&self, cycle: &Cycle) -> String {
        if let Some([p, q, c]) = self.three(cycle) {
            let did = |touch: &Touch| self.did(&Touch { object: None, ..*touch });
            let consequence = match [p, q, c].map(|touch| touch.kind.is_some_and(AccessKind::writes)) {
                [true, true, true] => "write-write-write, as no serial run could write them".to_owned(),
                _ => format!("{} came into the middle of a step", self.who(q.thread)),
            };
            let (t, u) = (self.who(p.thread), self.who(q.thread));
            let again = self.who(c.thread);
            let name = self.name(p.object);
            let can = if self.can { "in another schedule, " } else { "" };
            return format!("{name}: {can}{t} {}, then {u} {}, then {again} {}: {consequence}", did(p), did(q), did(c));
        }
        let links = prose::list(cycle.links.iter().map(|link| self.link(link)).collect());
        let explains = if self.can { "may explain" } else { "explains" };
        format!("no serial order {explains} {}: {links}", self.regions(cycle))
    }

    fn regions(&self, cycle: &Cycle) -> String {
        let t = cycle.links.first().map_or_else(String::new, |link| self.who(link.from));
        let mine = format!("{} of {t}", self.region(&cycle.region));
        match (&cycle.other, cycle.links.last()) {
            (Some(other), Some(last)) => format!("{mine} and {} of {}", self.region(other), self.who(last.from)),
            _ => mine,
        }
    }

    fn region(&self, region: &Declared) -> String {
        region.name.map_or_else(|| "the region".to_owned(), |name| format!("the region `{}`", self.tables.text(name)))
    }

    fn why_one_step(&self, cycle: &Cycle) -> String {
        let both = cycle.other.filter(|other| other.name != cycle.region.name);
        match both {
            Some(other) => {
                format!("{} and {} are declared to be one step each", self.region(&cycle.region), self.region(&other))
            }
            None => format!("{} is declared to be one step", self.region(&cycle.region)),
        }
    }

    fn why_no_order(&self, cycle: &Cycle) -> String {
        let links: Vec<String> = cycle.links.iter().map(|link| self.link(link)).collect();
        format!("each comes before the next, and the last before the first: {}", links.join("; "))
    }

    /// Where each thread met the next, in the order of the cycle.
    fn steps(&self, cycle: &Cycle) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let touches = cycle.links.iter().flat_map(|link| [(link.from, link.before), (link.to, link.after)]);
        for (actor, touch) in touches.filter_map(|(actor, touch)| Some((actor, touch?))) {
            match steps.iter_mut().find(|step| step.thread == touch.thread) {
                Some(step) => self.add(step, actor, &touch),
                None => steps.push(self.step(actor, &touch)),
            }
        }
        if let Some(first) = steps.first_mut() {
            let label = format!("{} begins {} here", self.who(first.thread), self.region(&cycle.region));
            first.marks.insert(0, Mark { site: cycle.region.site, event: cycle.region.event, label });
        }
        steps
    }

    /// A later access becomes the step, the earlier one a mark of it.
    fn add(&self, step: &mut Step, actor: ThreadId, touch: &Touch) {
        let fresh = self.step(actor, touch);
        let mark = |step: &Step| Mark { site: step.site, event: step.event, label: step.label.clone() };
        if fresh.event == step.event {
            return;
        }
        let mut marks = std::mem::take(&mut step.marks);
        if fresh.event > step.event {
            marks.push(mark(step));
            *step = Step { marks, ..fresh };
        } else {
            marks.push(mark(&fresh));
            step.marks = marks;
        }
        step.marks.sort_by_key(|mark| mark.event);
    }

    fn step(&self, actor: ThreadId, touch: &Touch) -> Step {
        let who = self.who(touch.thread);
        let on_behalf = if actor == touch.thread {
            String::new()
        } else {
            format!(", which helps the region of {},", self.who(actor))
        };
        let op = match (touch.kind, touch.object) {
            (Some(kind), Some(object)) => kind.op_name(&self.tables.object(object).kind),
            _ => "join",
        };
        Step {
            thread: touch.thread,
            op,
            object: touch.object,
            site: touch.site,
            event: touch.shown,
            holds: Vec::new(),
            stack: touch.stack,
            label: format!("{who} {} here", self.did(touch)),
            marks: Vec::new(),
            story: format!("{who}{on_behalf} {}", self.did(touch)),
        }
    }
}

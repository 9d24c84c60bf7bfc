//! Lost updates and atomicity violations as findings.

use lockhound_trace::{ObjectId, Tables};

use super::access::{Access, AccessKind};
use super::cells::Cell;
use super::interleavings::{Basis, Interleaving};
use super::predict::Proof;
use super::verdict::{Forecast, Stale, Verdict};
use crate::finding::{Evidence, Finding, Mark, Pattern, Region, Rule, Step, Witness};
use crate::fingerprint::{Fingerprint, FingerprintBuilder};
use crate::prose;
use crate::values::{Difference, shown};

/// The verdict as a finding; `cell` is what is kept of its object at the end of the trace.
pub(super) fn finding(tables: &Tables, verdict: &Verdict, cell: Option<&Cell>) -> Finding {
    let Interleaving { object, pattern, p, q, .. } = &verdict.interleaving;
    let rule = if *pattern == Pattern::Rww { Rule::LostUpdate } else { Rule::AtomicityViolation };
    let mut threads = vec![p.thread, q.thread];
    threads.sort_unstable();
    let words = Words { tables, object: *object, name: prose::object(tables, *object) };
    Finding {
        rule,
        evidence: verdict.evidence,
        severity: verdict.severity,
        fingerprint: fingerprint(tables, rule, verdict),
        message: words.message(verdict),
        pattern: Some(*pattern),
        region: Some(verdict.region),
        threads,
        objects: vec![*object],
        steps: vec![
            words.own_step(&verdict.interleaving),
            words.foreign_step(&verdict.interleaving, verdict.forecast.is_none()),
        ],
        witness: verdict.forecast.as_ref().map(|forecast| witness(&forecast.proof)),
        occurrences: verdict.count,
        notes: words.notes(verdict, cell),
        help: words.help(verdict),
    }
}

/// The schedule as the report keeps it. Its last step is the claim.
pub(super) fn witness(proof: &Proof) -> Witness {
    let mut then = proof.schedule.then.clone();
    let next = then.pop().into_iter().collect();
    let assumes = proof.assumes.iter().map(|&index| (index, "leaves its critical section"));
    Witness { base: proof.schedule.base.as_slice().to_vec(), then, next, assumes: assumes.collect() }
}

/// Who comes between differs from run to run; the pair that should have been one step stays.
fn fingerprint(tables: &Tables, rule: Rule, verdict: &Verdict) -> Fingerprint {
    let Interleaving { object, pattern, p, c, .. } = &verdict.interleaving;
    let mut builder = FingerprintBuilder::new(tables, rule);
    for access in [p, c] {
        builder.part(access.kind.op_name(&tables.object(*object).kind), Some(*object), access.site, []);
    }
    builder.part(pattern.name(), None, None, []);
    builder.finish()
}

/// Says things about one object.
struct Words<'a> {
    tables: &'a Tables,
    object: ObjectId,
    /// The object for the reader.
    name: String,
}

impl Words<'_> {
    fn who(&self, access: &Access) -> String {
        prose::thread(self.tables, access.thread)
    }

    /// "wrote 200", "looked at it".
    fn did(&self, access: &Access) -> String {
        let value = access.value.map(|value| shown(self.tables, value));
        match (access.kind, value) {
            (AccessKind::Read, Some(value)) => format!("read {value}"),
            (AccessKind::Read, None) => "read it".to_owned(),
            (AccessKind::Write, Some(value)) => format!("wrote {value}"),
            (AccessKind::Write, None) => "wrote it".to_owned(),
            (AccessKind::Update, Some(value)) => format!("updated it to {value}"),
            (AccessKind::Update, None) => "updated it".to_owned(),
            (AccessKind::Look, _) => "looked at it".to_owned(),
            (AccessKind::Change | AccessKind::Blind, _) => "changed it".to_owned(),
        }
    }

    /// "writes 200", "locks it and looks at it".
    fn does(&self, access: &Access) -> String {
        let name = &self.name;
        let value = access.value.map(|value| shown(self.tables, value));
        match (access.kind, value) {
            (AccessKind::Read, Some(value)) => format!("reads {value} from {name}"),
            (AccessKind::Read, None) => format!("reads {name}"),
            (AccessKind::Write, Some(value)) => format!("writes {value} to {name}"),
            (AccessKind::Write, None) => format!("writes {name}"),
            (AccessKind::Update, Some(value)) => format!("updates {name} to {value}"),
            (AccessKind::Update, None) => format!("updates {name}"),
            (AccessKind::Look, _) => format!("locks {name} and looks at its value"),
            (AccessKind::Change, _) => format!("locks {name}, looks at its value and changes it"),
            (AccessKind::Blind, _) => format!("locks {name} and changes its value without looking at it"),
        }
    }

    fn message(&self, verdict: &Verdict) -> String {
        match &verdict.forecast {
            None => self.observed(&verdict.interleaving),
            Some(Forecast { stale: None, .. }) => self.feasible(&verdict.interleaving),
            Some(Forecast { stale: Some(_), .. }) => self.due(&verdict.interleaving),
        }
    }

    /// What another schedule of the run leads to.
    fn feasible(&self, Interleaving { basis, pattern, p, q, c, .. }: &Interleaving) -> String {
        let (t, u, name) = (self.who(p), self.who(q), &self.name);
        let can = match q.kind {
            AccessKind::Read => "read",
            AccessKind::Write => "write",
            AccessKind::Update => "update",
            AccessKind::Look => "look at",
            AccessKind::Change | AccessKind::Blind => "change",
        };
        let noun = |access: &Access| match access.kind {
            AccessKind::Read => "read",
            AccessKind::Write => "write",
            AccessKind::Update => "update",
            AccessKind::Look => "look",
            AccessKind::Change | AccessKind::Blind => "change",
        };
        let consequence = match (pattern, basis) {
            (Pattern::Rww, _) => format!("what {u} wrote is then lost"),
            (Pattern::Rwr, _) => format!("what {t} had seen then no longer holds"),
            (Pattern::Wrw, _) => "it then sees the middle of a step".to_owned(),
            (Pattern::Wwr, _) => format!("{t} then does not find what it wrote"),
        };
        let again = if noun(p) == noun(c) { format!("its next {}", noun(c)) } else { format!("its {}", noun(c)) };
        format!("{name}: {u} can {can} it between {t}'s {} and {again}: {consequence}", noun(p))
    }

    /// The thread of `p` comes earlier than in the run, and what it then writes is not known.
    fn due(&self, Interleaving { p, q, .. }: &Interleaving) -> String {
        let (t, u, name) = (self.who(p), self.who(q), &self.name);
        format!(
            "{t} can read {name} before {u} overwrites it; {t}'s next write would then be computed from the stale value"
        )
    }

    fn observed(&self, interleaving: &Interleaving) -> String {
        let Interleaving { basis, pattern, p, q, c, .. } = interleaving;
        let (t, u) = (self.who(p), self.who(q));
        let mut last = self.did(c);
        if let Basis::WroteAllTheSame(write) = basis {
            last = format!("{last} and {}", self.did(write));
        }
        let consequence = match (pattern, basis) {
            (Pattern::Rww, _) => format!("what {u} wrote is lost"),
            (Pattern::Rwr, Basis::LookThenBlind) => {
                last = format!("{last} without looking again");
                format!("what {t} had seen no longer held")
            }
            (Pattern::Rwr, Basis::WroteAllTheSame(_)) => format!("what {t} had read first no longer held"),
            (Pattern::Rwr, _) => format!("what {t} had seen no longer held within its step"),
            (Pattern::Wrw, _) => format!("{u} saw it in the middle of a step"),
            (Pattern::Wwr, _) => format!("{t} no longer found what it had written"),
        };
        format!("{}: {t} {}, then {u} {}, then {t} {last}: {consequence}", self.name, self.did(p), self.did(q))
    }

    fn own_step(&self, interleaving: &Interleaving) -> Step {
        let Interleaving { basis, p, q, c, .. } = interleaving;
        let story = format!("{} does not expect {} between its accesses", self.who(p), self.who(q));
        let mut marks = vec![self.mark(p)];
        let at = match basis {
            Basis::WroteAllTheSame(write) => {
                marks.push(self.mark(c));
                &**write
            }
            Basis::Declared(declared) => {
                let name = declared.name.map_or_else(String::new, |name| format!(" `{}`", self.tables.text(name)));
                let label = format!("{} begins the region{name} here", self.who(p));
                marks.insert(0, Mark { site: declared.site, event: declared.event, label });
                c
            }
            Basis::ReadWrite | Basis::LookThenBlind | Basis::Consecutive => c,
        };
        Step { marks, ..self.step(at, story) }
    }

    fn foreign_step(&self, interleaving: &Interleaving, observed: bool) -> Step {
        let q = &interleaving.q;
        let story = if observed {
            format!("in between, {} {}", self.who(q), self.did(q))
        } else {
            format!("{} can come in between; in this run it did not", self.who(q))
        };
        let mut step = self.step(q, story);
        if let Some(from) = interleaving.q_from {
            step.label = format!("{}, having read {}", step.label, shown(self.tables, from));
        }
        step
    }

    fn step(&self, access: &Access, story: String) -> Step {
        Step {
            thread: access.thread,
            op: access.kind.op_name(&self.tables.object(self.object).kind),
            object: Some(self.object),
            site: access.site,
            event: access.shown(self.object),
            // A hold that is itself the access is no hold besides.
            holds: prose::holds(access.holds.iter().filter(|held| held.lock != self.object)),
            stack: access.stack,
            label: format!("{} {} here", self.who(access), self.does(access)),
            marks: Vec::new(),
            story,
        }
    }

    fn mark(&self, access: &Access) -> Mark {
        let label = format!("{} {} here", self.who(access), self.does(access));
        Mark { site: access.site, event: access.shown(self.object), label }
    }

    fn notes(&self, verdict: &Verdict, cell: Option<&Cell>) -> Vec<String> {
        let interleaving = &verdict.interleaving;
        let mut notes = vec![self.why_one_step(verdict), self.why_not_locked(interleaving)];
        if let Some(forecast) = &verdict.forecast {
            notes.extend(self.by_which_schedule(verdict, forecast));
            return notes;
        }
        notes.extend(self.twice_for_once(verdict));
        if let Some(value) = cell.and_then(Cell::last_write).and_then(|write| write.value) {
            notes.push(format!("{} was {} in the end", self.name, shown(self.tables, value)));
        }
        if verdict.count > 1 {
            notes.push(format!("seen {} in this run", prose::times(verdict.count)));
        }
        notes
    }

    /// How the schedule goes, and what it does not prove.
    fn by_which_schedule(&self, verdict: &Verdict, forecast: &Forecast) -> Vec<String> {
        let Interleaving { p, q, c, .. } = &verdict.interleaving;
        let (t, u) = (self.who(p), self.who(q));
        let mut notes = Vec::new();
        let section = |access: &Access| if access.holds.is_empty() { "step" } else { "section" };
        match forecast.stale {
            None => notes.push(format!(
                "in another order of this run's own events, {u}'s {} fits between the two of {t}",
                section(q)
            )),
            Some(stale) => {
                notes.push(format!(
                    "in another order of this run's own events, {t}'s {} with the read fits before {u} writes",
                    section(p)
                ));
                notes.push(self.why_it_writes(stale, &t, &u, c));
            }
        }
        if !forecast.proof.assumes.is_empty() {
            notes.push(
                "this assumes that a thread which sees another value than in this run still leaves its critical section"
                    .to_owned(),
            );
        }
        notes
    }

    /// Why (or whether) the thread writes from the stale value.
    fn why_it_writes(&self, stale: Stale, t: &str, u: &str, c: &Access) -> String {
        match stale {
            Stale::SameValue => format!("{t} then reads the value that it read in this run, so it writes as it did"),
            Stale::OneCall => format!("one call reads and writes, so {t} writes whatever it reads"),
            Stale::Twin => format!(
                "{u} read that value at the same place, and went on to write; whether {t} would is not proved, as in this \
                 run it read what {u} had written"
            ),
            Stale::Unknown => format!(
                "whether {t} then {} is not proved: in this run it read what {u} had written",
                if c.kind == AccessKind::Write { "writes" } else { "goes on" }
            ),
        }
    }

    fn why_one_step(&self, verdict: &Verdict) -> String {
        let t = self.who(&verdict.interleaving.p);
        match (&verdict.interleaving.basis, verdict.region, verdict.step) {
            (Basis::Declared(declared), ..) => match declared.name {
                Some(name) => format!("the region `{}` is declared to be one step", self.tables.text(name)),
                None => "the region is declared to be one step".to_owned(),
            },
            (Basis::Consecutive, ..) => {
                format!("every two accesses of {} in a row were asked to count as one step", self.name)
            }
            (Basis::LookThenBlind, ..) => {
                "the two belong together: the change always follows directly on the look, and never looks itself"
                    .to_owned()
            }
            (Basis::WroteAllTheSame(_), ..) => format!(
                "the second read shows the change, and {t} wrote all the same; this run does not tell whether the \
                 write depended on the first read"
            ),
            (Basis::ReadWrite, Region::Call, _) => {
                "one call reads and writes: the two are meant as one step".to_owned()
            }
            (Basis::ReadWrite, _, Some(step)) => {
                format!("the two belong together: what is written is always what was read {step}")
            }
            (Basis::ReadWrite, ..) => "the two belong together: what is written follows from what was read".to_owned(),
        }
    }

    fn why_not_locked(&self, Interleaving { p, q, c, basis, .. }: &Interleaving) -> String {
        let name = &self.name;
        if p.kind.is_hold() {
            return format!("each access is locked, but {name} is given back in between");
        }
        let c = if let Basis::WroteAllTheSame(write) = basis { write } else { c };
        let given_back = p.holds.iter().find(|held| {
            let again = |access: &Access| access.holds.iter().any(|other| other.lock == held.lock);
            again(c) && again(q)
        });
        match given_back {
            Some(held) => {
                let lock = prose::object(self.tables, held.lock);
                format!("each access is locked by {lock}, but it is given back in between")
            }
            None => format!("no lock keeps {} out from {}'s first access to its last", self.who(q), self.who(p)),
        }
    }

    /// For a lost update: both threads took the same step, and it shows once.
    fn twice_for_once(&self, verdict: &Verdict) -> Option<String> {
        let Interleaving { pattern: Pattern::Rww, p, q, q_from, c, .. } = &verdict.interleaving else { return None };
        let own = Difference::between(p.value?, c.value?)?;
        let foreign = Difference::between((*q_from)?, q.value?)?;
        (own == foreign && *q_from == p.value && !own.is_zero()).then(|| {
            format!(
                "both took the step {own} from {}: {} together, but {} went to {} only",
                shown(self.tables, p.value.expect("read above")),
                own.doubled(),
                self.name,
                shown(self.tables, c.value.expect("read above"))
            )
        })
    }

    fn help(&self, verdict: &Verdict) -> Vec<String> {
        let name = &self.name;
        let mut help = Vec::new();
        match &verdict.interleaving.basis {
            Basis::LookThenBlind => help.push(format!(
                "keep one guard of {name} from the look to the change, or look again under the second one"
            )),
            Basis::Declared(_) => help.push(format!("hold one lock over the whole region, wherever {name} is used")),
            _ => help.push(format!(
                "hold one lock from the first read of {name} to the write, wherever it is used, or use an atomic \
                 and one read-modify-write"
            )),
        }
        let consecutive = matches!(verdict.interleaving.basis, Basis::Consecutive);
        if verdict.evidence == Evidence::Possible || verdict.region == Region::Weak || consecutive {
            help.push("if the two are not meant as one step, accept the finding".to_owned());
        }
        help
    }
}

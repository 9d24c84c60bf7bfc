//! Data races as findings.

use lockhound_trace::{ObjectId, Tables};

use super::access::Access;
use super::races::{Doubt, Race};
use crate::finding::{Evidence, Finding, Refutation, Rule, Severity, Step};
use crate::fingerprint::{Fingerprint, FingerprintBuilder};
use crate::prose;
use crate::values::shown;

pub(super) fn finding(tables: &Tables, fingerprint: Fingerprint, race: &Race) -> Finding {
    let mut threads = vec![race.first.thread, race.second.thread];
    threads.sort_unstable();
    Finding {
        rule: Rule::DataRace,
        evidence: race.evidence,
        severity: if race.evidence == Evidence::Possible { Severity::Warning } else { Severity::Error },
        fingerprint,
        message: message(tables, race),
        pattern: None,
        region: None,
        threads,
        objects: vec![race.var],
        steps: vec![
            step(tables, race.var, &race.second, &race.first),
            step(tables, race.var, &race.first, &race.second),
        ],
        witness: race.witness.clone(),
        occurrences: race.occurrences,
        notes: notes(tables, race),
        help: help(tables, race),
    }
}

/// Two accesses that could be a race, if it were not for the reason.
pub(super) fn refutation(
    tables: &Tables,
    var: ObjectId,
    first: &Access,
    second: &Access,
    reason: String,
) -> Refutation {
    let mut threads = vec![first.thread, second.thread];
    threads.sort_unstable();
    let (one, other) = (prose::thread(tables, first.thread), prose::thread(tables, second.thread));
    let (does, also_does, name) = (first.kind.does(), second.kind.does(), prose::object(tables, var));
    Refutation {
        rule: Rule::DataRace,
        message: format!("{one} {does} {name} and {other} {also_does} it, with no lock in common"),
        reason,
        threads,
        objects: vec![var],
        steps: vec![step(tables, var, second, first), step(tables, var, first, second)],
    }
}

/// Which of the two statements' accesses are met first, and with which locks held, differs from run to run: only the
/// variable and the files stay.
pub(super) fn fingerprint(tables: &Tables, var: ObjectId, first: &Access, second: &Access) -> Fingerprint {
    let mut builder = FingerprintBuilder::new(tables, Rule::DataRace);
    for access in [first, second] {
        builder.part("access", Some(var), access.site, []);
    }
    builder.finish()
}

fn message(tables: &Tables, race: &Race) -> String {
    let var = prose::object(tables, race.var);
    let (first, second) = (&race.first, &race.second);
    let (one, other) = (prose::thread(tables, first.thread), prose::thread(tables, second.thread));
    match race.evidence {
        Evidence::Observed if first.kind == second.kind => {
            let did = first.kind.did();
            format!("{one} and {other} both {did} {var}, and nothing ordered the two accesses")
        }
        Evidence::Observed => {
            let (did, also_did) = (first.kind.did(), second.kind.did());
            format!("{one} {did} {var} and {other} {also_did} it, and nothing ordered the two accesses")
        }
        Evidence::Feasible => {
            let (does, also_does) = (first.kind.does(), second.kind.does());
            format!("it can happen that {one} {does} {var} while {other} {also_does} it")
        }
        Evidence::Possible => {
            let (does, also_does) = (first.kind.does(), second.kind.does());
            format!("{one} {does} {var} and {other} {also_does} it, with no lock in common")
        }
    }
}

fn step(tables: &Tables, var: ObjectId, access: &Access, other: &Access) -> Step {
    let name = prose::object(tables, var);
    let thread = prose::thread(tables, access.thread);
    let does = access.kind.does();
    let label = match access.value {
        Some(value) => format!("{thread} {does} {name} here: {}", shown(tables, value)),
        None => format!("{thread} {does} {name} here"),
    };
    let when = if access.event < other.event { "before that" } else { "after that" };
    Step {
        thread: access.thread,
        op: access.kind.name(),
        object: Some(var),
        site: access.site,
        event: access.event,
        holds: prose::holds(access.holds.iter()),
        stack: access.stack,
        label,
        marks: Vec::new(),
        story: format!("{when}, {thread} {} {name}, {}", access.kind.did(), holding(tables, access)),
    }
}

/// "holding `a` and `b`".
fn holding(tables: &Tables, access: &Access) -> String {
    let locks: Vec<_> = access.holds.iter().map(|held| held.lock).collect();
    if locks.is_empty() { "holding no lock".to_owned() } else { format!("holding {}", prose::objects(tables, &locks)) }
}

fn notes(tables: &Tables, race: &Race) -> Vec<String> {
    let (first, second) = (&race.first, &race.second);
    let (one, other) = (prose::thread(tables, first.thread), prose::thread(tables, second.thread));
    let held = match (first.holds.is_empty(), second.holds.is_empty()) {
        (true, true) => "neither held a lock".to_owned(),
        _ => format!(
            "no lock kept them apart: {one} was {}, {other} was {}",
            holding(tables, first),
            holding(tables, second)
        ),
    };
    let mut notes = vec![format!("{held}, and {}", unordered(race.evidence))];
    match race.evidence {
        Evidence::Observed => notes.push(format!("seen {}: {}", prose::times(race.occurrences), kinds(race))),
        Evidence::Feasible => {}
        Evidence::Possible => notes.extend(race.doubt.map(|doubt| why_not_more(doubt).to_owned())),
    }
    if race.vars > 1 {
        notes.push(format!("the same of {} variables of this name", race.vars));
    }
    if race.threads.len() > 2 {
        notes.push(format!("{} threads took part", race.threads.len()));
    }
    notes
}

/// Why it is not proved.
fn why_not_more(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Order => {
            "bringing them together takes some operations in another order than this run had them in, such as two \
             critical sections of one lock; whether that can be, it does not show"
        }
        Doubt::Unchecked => {
            "a schedule that brings them together was found, but there were no steps left to execute it"
        }
        Doubt::Rejected => "a schedule that brings them together was found, but could not be executed as recorded",
    }
}

/// What did not keep the accesses apart.
fn unordered(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Observed => {
            "no spawn, join, message, notification or atomic of this run put one access before the other"
        }
        Evidence::Feasible => {
            "what put one access before the other in this run, a lock that either could have taken first, need not do so"
        }
        Evidence::Possible => {
            "no spawn, join, message or value that was read puts one access before the other in every run"
        }
    }
}

/// "read against write 3 times, write against write once".
fn kinds(race: &Race) -> String {
    if let &[(one, other, _)] = race.kinds.as_slice() {
        return format!("{} against {}", one.name(), other.name());
    }
    let mut kinds = race.kinds.clone();
    kinds.sort_unstable();
    let shown = kinds
        .iter()
        .map(|&(one, other, count)| format!("{} against {} {}", one.name(), other.name(), prose::times(count)))
        .collect();
    prose::list(shown)
}

fn help(tables: &Tables, race: &Race) -> Vec<String> {
    let var = prose::object(tables, race.var);
    let common = [(&race.first, &race.second), (&race.second, &race.first)]
        .into_iter()
        .find_map(|(one, other)| one.holds.first().filter(|_| other.holds.is_empty()).map(|held| (held.lock, other)));
    let how = match common {
        Some((lock, other)) => format!(
            "hold {} in {} too whenever it accesses {var}",
            prose::object(tables, lock),
            prose::thread(tables, other.thread)
        ),
        None => format!("protect every access of {var} by one lock, or make it an atomic"),
    };
    vec![how]
}

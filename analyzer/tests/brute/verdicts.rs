//! What a report says, held against everything that could have been.

use std::collections::BTreeSet;

use lockhound_analyzer::{Evidence, Finding, Pattern, Region, Report, Rule, Witness};
use lockhound_trace::{EventIndex, ObjectId, Op, ThreadId};

use super::bugs::races;
use super::execute::{Free, execute, number, schedule};
use super::explore::{Space, State};
use super::interleavings::{
    Quadruple, Triple, conflict, is_broken, is_due, is_feasible, is_hold, is_unconditional, may_read_anything, pattern,
    triples,
};
use super::knot::{Reasons, Stuck};
use super::recording::Recording;

/// The first `feasible` finding that is wrong, and why: the state it speaks of is not reached by any reordering, or not by
/// its witness.
///
/// # Errors
/// The complaint.
pub(crate) fn check_sound(space: &Space<'_>, report: &Report) -> Result<(), String> {
    for finding in report.findings.iter().filter(|finding| finding.evidence == Evidence::Feasible) {
        let judged = match (&finding.witness, finding.rule) {
            (None, _) => Err("it has no witness".to_owned()),
            (Some(witness), Rule::DataRace) => check_race(space, report, finding, witness),
            (Some(witness), Rule::LostUpdate | Rule::AtomicityViolation) => {
                check_interleaving(space, report, finding, witness)
            }
            (Some(witness), _) => check_stuck(space, report, finding, witness),
        };
        judged.map_err(|why| format!("{} `{}`: {why}", finding.rule.name(), finding.message))?;
    }
    Ok(())
}

fn check_race(space: &Space<'_>, report: &Report, finding: &Finding, witness: &Witness) -> Result<(), String> {
    let [one, other] = &finding.steps[..] else { return Err("not two accesses".to_owned()) };
    let (one, other) = (number(one.event.0), number(other.event.0));
    if !races(space).contains(&(one.min(other), one.max(other))) {
        return Err(format!("{one} and {other} are never both next"));
    }
    let states = execute(&space.rules, &schedule(report, witness), Free::default())?;
    let is_next = |state: &State, event| space.rules.next_event(state, space.recording().thread(event)) == Some(event);
    if states.iter().any(|state| is_next(state, one) && is_next(state, other)) {
        return Ok(());
    }
    Err(format!("{one} and {other} are not both next when the witness has been executed"))
}

/// From where the witness leaves everything, some continuation must come to a state in which all threads of the finding wait
/// for ever, each where the finding says.
fn check_stuck(space: &Space<'_>, report: &Report, finding: &Finding, witness: &Witness) -> Result<(), String> {
    let recording = space.recording();
    let claimed: Vec<(ThreadId, usize)> = finding
        .steps
        .iter()
        .filter(|step| finding.rule != Rule::LostWakeup || waits(recording.op(number(step.event.0))))
        .map(|step| (step.thread, standing(recording, number(step.event.0))))
        .collect();
    let is_so = |state: &State| {
        let stuck = Stuck::new(&space.rules, state);
        let threads = stuck.threads(Reasons::Any);
        claimed
            .iter()
            .all(|&(thread, event)| threads.contains(thread) && standing(recording, stuck.event(thread)) == event)
    };
    if claimed.is_empty() {
        return Err("nobody waits in it".to_owned());
    }
    if !space.states.iter().any(|state| is_so(state)) {
        return Err(format!("no reordering has these threads wait for ever: {claimed:?}"));
    }
    let states = execute(&space.rules, &schedule(report, witness), Free::default())?;
    let Some(behind) = Space::explore_from(space.rules.clone(), states, usize::MAX) else { return Ok(()) };
    if behind.states.iter().any(|state| is_so(state)) {
        return Ok(());
    }
    Err(format!("its witness does not lead to where these threads wait for ever: {claimed:?}"))
}

fn waits(op: Op) -> bool {
    matches!(op, Op::Wait { .. } | Op::Wake { .. } | Op::Block { .. } | Op::Await { .. })
}

/// One event for each place where a thread may be stuck: the wait for its wake, the arrival for its passing.
fn standing(recording: &Recording, event: usize) -> usize {
    let event = recording.request_of(event);
    let before = recording.threads[recording.thread(event).index()][..recording.at[event]].iter().rev();
    let mut before = before.copied().filter(|&event| !recording.is_remark(event));
    match (recording.op(event), before.next()) {
        (Op::Wake { .. } | Op::Pass { .. }, Some(begun))
            if matches!(recording.op(begun), Op::Wait { .. } | Op::Arrive { .. }) =>
        {
            begun
        }
        _ => event,
    }
}

fn check_interleaving(space: &Space<'_>, report: &Report, finding: &Finding, witness: &Witness) -> Result<(), String> {
    let recording = space.recording();
    // The last access may be told as what comes next.
    let mut schedule = schedule(report, witness);
    schedule.extend(witness.next.iter().map(|next| number(next.0)));
    let claims = claims(recording, finding);
    if claims.is_empty() {
        return Err("it does not say which accesses it is about".to_owned());
    }
    let mut complaints = Vec::new();
    for claim in claims {
        match check_claim(space, finding, &schedule, claim) {
            Ok(()) => return Ok(()),
            Err(complaint) => complaints.push(complaint),
        }
    }
    Err(format!("{}; its schedule: {schedule:?}", complaints.join("; or ")))
}

/// What a finding may be about: of its marks it does not say which are accesses.
#[derive(Clone, Copy, Debug)]
enum Claim {
    Triple(Triple),
    Quadruple(Quadruple),
}

fn claims(recording: &Recording, finding: &Finding) -> Vec<Claim> {
    let access = |event: EventIndex| end_of_access(recording, number(event.0));
    let mut claims = Vec::new();
    for own in &finding.steps {
        for foreign in finding.steps.iter().filter(|foreign| foreign.thread != own.thread) {
            let c = access(own.event);
            let firsts = own.marks.iter().map(|mark| access(mark.event)).filter(|&p| recording.at[p] < recording.at[c]);
            for p in firsts {
                let q2 = access(foreign.event);
                if let Some(pattern) = finding.pattern.filter(|&named| pattern(recording, p, q2, c) == Some(named)) {
                    claims.push(Claim::Triple(Triple { pattern, p, q: q2, c }));
                }
                let q1s = foreign.marks.iter().map(|mark| access(mark.event)).chain([q2]);
                let q1s = q1s.filter(|&q1| conflict(recording, p, q1) && conflict(recording, q2, c));
                claims.extend(q1s.map(|q1| Claim::Quadruple(Quadruple { p, q1, q2, c })));
            }
        }
    }
    claims
}

/// A hold is told by where it begins, and is an access where it ends.
fn end_of_access(recording: &Recording, event: usize) -> usize {
    recording.holds.iter().find(|hold| hold.begin == event).and_then(|hold| hold.end).unwrap_or(event)
}

/// Where an access reads: a hold where it begins.
fn read_of_access(recording: &Recording, event: usize) -> usize {
    recording.holds.iter().find(|hold| hold.end == Some(event)).map_or(event, |hold| hold.begin)
}

fn check_claim(space: &Space<'_>, finding: &Finding, schedule: &[usize], claim: Claim) -> Result<(), String> {
    let recording = space.recording();
    let place = |event| schedule.iter().position(|&step| step == event);
    let in_order = |events: &[usize]| {
        let places: Option<Vec<_>> = events.iter().map(|&event| place(event)).collect();
        places.is_some_and(|places| places.is_sorted())
    };
    // Of holds the witness is the only judge.
    let of_variables = |event| !is_hold(recording.op(event));
    match claim {
        Claim::Triple(triple) if place(triple.c).is_some() => {
            let Triple { pattern, p, q, c } = triple;
            if !in_order(&[p, q, c]) || schedule.last() != Some(&c) {
                return Err(format!("its witness is not {triple:?}"));
            }
            if of_variables(c) && !is_feasible(space, &triple) {
                return Err(format!("no schedule has {triple:?}"));
            }
            let changing = may_read_anything(recording, q).then(|| (read_of_access(recording, q), q));
            let last = Some(read_of_access(recording, c));
            execute(&space.rules, schedule, Free { last, changing })?;
            if pattern == Pattern::Wrw && of_variables(c) && last_write_before(recording, schedule, q) != Some(p) {
                return Err(format!("{q} does not read what {p} wrote"));
            }
            Ok(())
        }
        Claim::Triple(triple) => {
            let Triple { pattern, p, q, c } = triple;
            if pattern != Pattern::Rww || !in_order(&[p, q]) || schedule.last() != Some(&q) {
                return Err(format!("its witness is not {triple:?}, due"));
            }
            if !is_due(space, &triple) {
                return Err(format!("not even due: {triple:?}"));
            }
            let one_call = recording.events[p].site == recording.events[c].site;
            if !one_call && finding.region != Some(Region::Call) && !reads_equal_value(recording, schedule, p) {
                return Err(format!("due, but nothing says that it goes on: {triple:?}"));
            }
            let last = is_unconditional(recording, q).then_some(q);
            execute(&space.rules, schedule, Free { last, changing: Some((p, p)) }).map(drop)
        }
        Claim::Quadruple(quadruple) => {
            let Quadruple { p, q1, q2, c } = quadruple;
            if !in_order(&[p, q1, q2, c]) || schedule.last() != Some(&c) {
                return Err(format!("its witness is not {quadruple:?}"));
            }
            if [p, q1, q2, c].into_iter().all(of_variables) && !is_broken(space, &quadruple) {
                return Err(format!("no schedule has {quadruple:?}"));
            }
            let last = Some(read_of_access(recording, c));
            execute(&space.rules, schedule, Free { last, changing: None }).map(drop)
        }
    }
}

fn last_write_before(recording: &Recording, schedule: &[usize], read: usize) -> Option<usize> {
    let before = schedule.iter().copied().take_while(|&event| event != read);
    let object = recording.op(read).object();
    let writes = |event: &usize| {
        let writes = matches!(recording.op(*event), Op::Write { .. } | Op::Store { .. } | Op::Rmw { .. });
        writes && recording.op(*event).object() == object
    };
    before.filter(writes).last()
}

/// Whether `read` gets in the schedule the very value that it got in the recording, from wherever.
fn reads_equal_value(recording: &Recording, schedule: &[usize], read: usize) -> bool {
    let write = last_write_before(recording, schedule, read);
    if recording.reads[read] == Some(write) {
        return true;
    }
    let value = |op| match op {
        Op::Read { value, .. }
        | Op::Write { value, .. }
        | Op::Load { value, .. }
        | Op::Store { value, .. }
        | Op::Rmw { value, .. } => value,
        _ => None,
    };
    let first_read = (0..recording.events.len()).find(|&event| {
        recording.reads[event] == Some(None) && recording.op(event).object() == recording.op(read).object()
    });
    let written = write.or(first_read).and_then(|event| value(recording.op(event)));
    written.is_some() && written == value(recording.op(read))
}

/// What a request is about, apart from who makes it: several threads that do the same make one finding.
fn about(recording: &Recording, events: &[usize]) -> BTreeSet<(&'static str, Option<ObjectId>)> {
    let name = |op: Op| match op {
        Op::Block { on } => on.name(),
        Op::Wait { .. } => "wake",
        Op::Arrive { .. } => "pass",
        op => op.name(),
    };
    events.iter().map(|&event| (name(recording.op(event)), recording.op(event).object())).collect()
}

/// Sets of requests at which threads can wait for ever, `least` of them, of which the report says nothing.
pub(crate) fn missed_deadlocks(
    recording: &Recording,
    report: &Report,
    least: &BTreeSet<Vec<usize>>,
) -> Vec<Vec<usize>> {
    let is_of_them = |finding: &&Finding| {
        finding.evidence >= Evidence::Feasible
            && matches!(
                finding.rule,
                Rule::Deadlock
                    | Rule::PotentialDeadlock
                    | Rule::SelfDeadlock
                    | Rule::BlockedForever
                    | Rule::LostWakeup
                    | Rule::LeakedLock
            )
    };
    let found: Vec<_> = report
        .findings
        .iter()
        .filter(is_of_them)
        .map(|finding| {
            let events: Vec<_> = finding.steps.iter().map(|step| recording.request_of(number(step.event.0))).collect();
            about(recording, &events)
        })
        .collect();
    let is_told = |events: &Vec<usize>| {
        let wanted = about(recording, events);
        found.iter().any(|found| found.is_subset(&wanted) || wanted.is_subset(found))
    };
    least.iter().filter(|events| !is_told(events)).cloned().collect()
}

/// Sync-preserving races, by pairs of places, of which the report says nothing.
pub(crate) fn missed_races(space: &Space<'_>, report: &Report) -> Vec<(usize, usize)> {
    let recording = space.recording();
    // A statement is a line.
    let statement = |event: usize| {
        let site = recording.events[event].site.map(|site| recording.tables.site(site));
        site.and_then(|site| site.rsplit_once(':')).map(|(line, _)| line)
    };
    let places = |one: usize, other: usize| {
        let mut places = [statement(one), statement(other)];
        places.sort_unstable();
        (recording.op(one).object(), places)
    };
    let found: BTreeSet<_> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == Rule::DataRace && finding.evidence >= Evidence::Feasible)
        .map(|finding| places(number(finding.steps[0].event.0), number(finding.steps[1].event.0)))
        .collect();
    races(space).into_iter().filter(|&(one, other)| !found.contains(&places(one, other))).collect()
}

/// Lost updates that a sync-preserving schedule has and of which the report says nothing, where every two consecutive accesses
/// count as one step. A step that is told as the one that
/// comes between need not be told again as the one that is torn.
pub(crate) fn missed_updates(recording: &Recording, preserving: &Space<'_>, report: &Report) -> Vec<Triple> {
    let place = |event: usize| recording.events[event].site;
    let told: Vec<Triple> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == Rule::LostUpdate && finding.evidence >= Evidence::Feasible)
        .flat_map(|finding| claims(recording, finding))
        .filter_map(|claim| match claim {
            Claim::Triple(triple) => Some(triple),
            Claim::Quadruple(_) => None,
        })
        .collect();
    let is_told = |triple: &Triple| {
        told.iter().any(|told| {
            let same_step = (place(told.p), place(told.c)) == (place(triple.p), place(triple.c));
            same_step || place(told.q) == place(triple.c)
        })
    };
    let lost = |triple: &Triple| triple.pattern == Pattern::Rww && is_feasible(preserving, triple);
    triples(recording).into_iter().filter(|triple| lost(triple) && !is_told(triple)).collect()
}

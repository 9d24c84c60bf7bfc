//! Which foreign accesses can come between two accesses of one thread.
//!
//! Reads keep what they read, but for the last access, which may read anything, and the foreign one (of a pair that is
//! *due*: the first one), which may too if its thread then only gives back what it holds: a changed value does not keep a
//! lock for ever. An unconditional foreign read-modify-write that read another value wrote another value; only the last access
//! may read that.

use std::collections::BTreeSet;

use lockhound_analyzer::Pattern;
use lockhound_trace::{ObjectId, Op, Touched};

use super::explore::{Rules, Space, State};
use super::recording::Recording;

/// Two accesses `p` and `c` of one thread and one `q` of another between them, all of one variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Triple {
    pub(crate) pattern: Pattern,
    pub(crate) p: usize,
    pub(crate) q: usize,
    pub(crate) c: usize,
}

/// Two accesses `p` and `c` of one thread in one region, and `q1` and `q2` of another between them; the first conflicts with
/// the second, the third with the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Quadruple {
    pub(crate) p: usize,
    pub(crate) q1: usize,
    pub(crate) q2: usize,
    pub(crate) c: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    Read,
    Write,
    /// Reads and writes in one step.
    Both,
}

/// A hold of a lock is one access of the data inside, placed where it ends.
fn access(recording: &Recording, event: usize) -> Option<(ObjectId, Access)> {
    match recording.op(event) {
        Op::Release { lock, .. } | Op::Wait { lock, .. } => match recording.touched_by(event) {
            Touched::None => None,
            Touched::Read => Some((lock, Access::Read)),
            Touched::Unknown | Touched::Write | Touched::Blind => Some((lock, Access::Both)),
        },
        Op::Read { var: object, .. } | Op::Load { atomic: object, .. } => Some((object, Access::Read)),
        Op::Write { var: object, .. } | Op::Store { atomic: object, .. } => Some((object, Access::Write)),
        Op::Rmw { atomic, .. } => Some((atomic, Access::Both)),
        _ => None,
    }
}

/// A step that writes whatever it reads.
pub(crate) fn is_unconditional(recording: &Recording, event: usize) -> bool {
    let blind = is_hold(recording.op(event)) && recording.touched_by(event) == Touched::Blind;
    blind || matches!(recording.op(event), Op::Rmw { cas: false, .. })
}

/// Whether what it reads decides nothing of what it writes: it writes nothing, or writes whatever it reads.
pub(crate) fn may_read_anything(recording: &Recording, event: usize) -> bool {
    let only_reads = matches!(access(recording, event), Some((_, Access::Read)));
    only_reads || is_unconditional(recording, event)
}

/// Whether it accesses data inside a lock rather than a variable.
pub(crate) fn is_hold(op: Op) -> bool {
    matches!(op, Op::Release { .. } | Op::Wait { .. })
}

/// All unserialisable triples of accesses of variables that follow one another in their thread.
pub(crate) fn triples(recording: &Recording) -> Vec<Triple> {
    let mut triples = Vec::new();
    for c in 0..recording.events.len() {
        let Some((object, _)) = access(recording, c).filter(|_| !is_hold(recording.op(c))) else { continue };
        let is_of_object = |event: &usize| access(recording, *event).is_some_and(|access| access.0 == object);
        let own = &recording.threads[recording.thread(c).index()][..recording.at[c]];
        let Some(p) = own.iter().copied().rfind(is_of_object) else { continue };
        let foreign = (0..recording.events.len()).filter(|&q| recording.thread(q) != recording.thread(c));
        triples.extend(foreign.filter(is_of_object).filter_map(|q| {
            let pattern = pattern(recording, p, q, c)?;
            Some(Triple { pattern, p, q, c })
        }));
    }
    triples
}

/// Which unserialisable pattern three accesses of one variable make. Who reads again in the end loses no update.
pub(crate) fn pattern(recording: &Recording, p: usize, q: usize, c: usize) -> Option<Pattern> {
    let kind = |event| access(recording, event).map(|access| access.1);
    let writes = |event| kind(event).is_some_and(|kind| kind != Access::Read);
    match (writes(p), writes(q), kind(c)? == Access::Write) {
        (false, true, true) => Some(Pattern::Rww),
        (false, true, false) => Some(Pattern::Rwr),
        (true, false, true) => Some(Pattern::Wrw),
        (true, true, false) => Some(Pattern::Wwr),
        _ => None,
    }
}

/// All quadruples of accesses of variables in declared regions.
pub(crate) fn quadruples(recording: &Recording) -> Vec<Quadruple> {
    let mut quadruples = Vec::new();
    let pairs = || recording.threads.iter().flat_map(|own| pairs_of(own));
    for (p, c) in pairs().filter(|&(p, c)| are_in_one_region(recording, p, c)) {
        let foreign = |&(q1, _): &(usize, usize)| recording.thread(q1) != recording.thread(p);
        let singles = (0..recording.events.len()).map(|q| (q, q));
        for (q1, q2) in pairs().chain(singles).filter(foreign) {
            let of_variables = ![p, c].iter().any(|&event| is_hold(recording.op(event)));
            if of_variables && conflict(recording, p, q1) && conflict(recording, q2, c) {
                quadruples.push(Quadruple { p, q1, q2, c });
            }
        }
    }
    quadruples
}

fn pairs_of(own: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    own.iter().enumerate().flat_map(move |(first, &one)| own[first + 1..].iter().map(move |&other| (one, other)))
}

pub(crate) fn conflict(recording: &Recording, one: usize, other: usize) -> bool {
    match (access(recording, one), access(recording, other)) {
        (Some(one), Some(other)) => one.0 == other.0 && (one.1, other.1) != (Access::Read, Access::Read),
        _ => false,
    }
}

/// Whether two events of one thread lie between one outermost `begin` and its `end`.
pub(crate) fn are_in_one_region(recording: &Recording, p: usize, c: usize) -> bool {
    let own = &recording.threads[recording.thread(p).index()];
    let mut depth = 0;
    let mut open_at_p = false;
    for &event in own {
        match recording.op(event) {
            Op::Begin { .. } => depth += 1,
            Op::End { .. } => {
                depth -= 1;
                open_at_p &= depth > 0;
            }
            _ if event == p => open_at_p = depth > 0,
            _ if event == c => return open_at_p,
            _ => {}
        }
    }
    false
}

/// How many events of the thread of `event` are done when it has given back what it gives back directly behind it. To end a
/// region, or itself, is to leave too.
pub(crate) fn end_of_releases(recording: &Recording, event: usize) -> usize {
    let own = &recording.threads[recording.thread(event).index()];
    let leaves = |&event: &usize| {
        matches!(recording.op(event), Op::Release { .. } | Op::ReleasePermits { .. } | Op::End { .. } | Op::Exit)
    };
    let behind = recording.at[event] + 1;
    behind + own[behind..].iter().take_while(|event| leaves(event)).count()
}

/// What a search has come to: a state, and how far the thread whose value changed may go.
type Point = (State, Option<usize>);

/// Whether some schedule of `space` has `p`, then `q`, and ends with `c`.
pub(crate) fn is_feasible(space: &Space<'_>, triple: &Triple) -> bool {
    let Triple { pattern, p, q, c } = *triple;
    let (rules, recording) = (&space.rules, space.recording());
    let u = recording.thread(q);
    let object = recording.op(q).object().expect("an access");
    let tainted = |state: &State, limit: Option<usize>, event: usize| {
        let reads_it = recording.reads[event].is_some() && recording.op(event).object() == Some(object);
        limit.is_some() && is_unconditional(recording, q) && reads_it && state.world.content(object) == Some(q)
    };
    let mut starts: Vec<Point> = Vec::new();
    for state in &space.states {
        let between = rules.has_happened(state, p) && !rules.has_happened(state, c);
        if !between || pattern == Pattern::Wrw && state.world.content(object) != Some(p) {
            continue;
        }
        let is_free = may_read_anything(recording, q);
        let changed = !rules.reads_as_recorded(state, q);
        if changed && !is_free {
            continue;
        }
        let limit = changed.then(|| end_of_releases(recording, q));
        starts.extend(rules.after_reading_anything(state, q).into_iter().map(|state| (state, limit)));
    }
    search(rules, starts, |(state, limit), event| {
        if event == c {
            return Step::ends_if(!rules.after_reading_anything(state, c).is_empty());
        }
        if tainted(state, *limit, event) {
            return Step::None;
        }
        let keeps_limit = |state: &State| limit.is_none_or(|limit| usize::from(state.at[u.index()]) <= limit);
        Step::On(rules.after(state, event).into_iter().filter(keeps_limit).map(|state| (state, *limit)).collect())
    })
}

/// Whether some schedule has `p`, reading anything and then only giving back, and ends with `q`, and not `c`.
pub(crate) fn is_due(space: &Space<'_>, triple: &Triple) -> bool {
    let Triple { pattern, p, q, c } = *triple;
    if pattern != Pattern::Rww {
        return false;
    }
    let (rules, recording) = (&space.rules, space.recording());
    let t = recording.thread(p);
    let mut starts: Vec<Point> = Vec::new();
    for state in &space.states {
        let changed = !rules.reads_as_recorded(state, p);
        let limit = if changed { end_of_releases(recording, p) } else { recording.at[c] };
        starts.extend(rules.after_reading_anything(state, p).into_iter().map(|state| (state, Some(limit))));
    }
    search(rules, starts, |(state, limit), event| {
        if event == q {
            let free = is_unconditional(recording, q) || rules.reads_as_recorded(state, q);
            return Step::ends_if(free && !rules.after_reading_anything(state, q).is_empty());
        }
        let keeps_limit = |state: &State| limit.is_none_or(|limit| usize::from(state.at[t.index()]) <= limit);
        Step::On(rules.after(state, event).into_iter().filter(keeps_limit).map(|state| (state, *limit)).collect())
    })
}

/// Whether some schedule has `p`, then `q1` … `q2`, and ends with `c`.
pub(crate) fn is_broken(space: &Space<'_>, quadruple: &Quadruple) -> bool {
    let Quadruple { p, q1, q2, c } = *quadruple;
    let rules = &space.rules;
    let mut starts: Vec<Point> = Vec::new();
    for state in &space.states {
        if rules.has_happened(state, p) && !rules.has_happened(state, c) {
            starts.extend(rules.after(state, q1).into_iter().map(|state| (state, None)));
        }
    }
    search(rules, starts, |(state, _), event| {
        if event == c {
            let done = rules.has_happened(state, q2) && !rules.after_reading_anything(state, c).is_empty();
            return Step::ends_if(done);
        }
        Step::On(rules.after(state, event).into_iter().map(|state| (state, None)).collect())
    })
}

/// What comes of an event in a search.
enum Step {
    /// It is what was looked for.
    Found,
    None,
    On(Vec<Point>),
}

impl Step {
    fn ends_if(found: bool) -> Self {
        if found { Self::Found } else { Self::None }
    }
}

/// Whether any order of events leads from the beginnings to what is looked for.
fn search(rules: &Rules<'_>, starts: Vec<Point>, step: impl Fn(&Point, usize) -> Step) -> bool {
    let mut seen: rustc_hash::FxHashSet<Point> = starts.iter().cloned().collect();
    let mut open = starts;
    while let Some(point) = open.pop() {
        for thread in rules.recording.thread_ids() {
            let Some(event) = rules.next_event(&point.0, thread) else { continue };
            match step(&point, event) {
                Step::Found => return true,
                Step::None => {}
                Step::On(points) => {
                    for point in points {
                        if seen.insert(point.clone()) {
                            open.push(point);
                        }
                    }
                }
            }
        }
    }
    false
}

/// The triples of `all` that are feasible, and those that are only due.
pub(crate) fn verdicts(space: &Space<'_>, all: &[Triple]) -> (BTreeSet<Triple>, BTreeSet<Triple>) {
    let (feasible, rest): (Vec<_>, Vec<_>) = all.iter().partition(|triple| is_feasible(space, triple));
    let due = rest.into_iter().filter(|triple| is_due(space, triple));
    (feasible.into_iter().collect(), due.collect())
}

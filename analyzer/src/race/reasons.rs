//! Why must-order orders two events, in words.

use lockhound_trace::{Op, ThreadId};

use crate::model::{Model, Point};
use crate::prose;

/// A longer chain is told from its end.
const MOST_TOLD: usize = 4;

/// More ways from thread to thread than any chain needs; the two sides of a rendezvous could send us round and round.
const LONGEST: usize = 64;

/// How a thread came to be after an event of another.
struct Hop {
    /// The thread's first event that is.
    at: Point,
    /// What it got that from.
    from: Option<Point>,
    spawned: bool,
}

/// What makes `earlier` come before `later`, which is by another thread, in every schedule.
pub(super) fn why(model: &Model<'_>, earlier: Point, later: Point) -> String {
    let hops = chain(model, earlier, later);
    let told: Vec<String> = hops.iter().take(MOST_TOLD).rev().map(|hop| words(model, hop)).collect();
    format!("in every schedule one comes first: {}", told.join(", then "))
}

/// Whether `earlier`, not ordered by happens-before, still comes before `later` in every schedule, since values of plain
/// variables went from there to here. Not if it takes an atomic variable: what a relaxed load happens to see orders
/// nothing, whatever the schedule.
pub(super) fn is_forced(model: &Model<'_>, earlier: Point, later: Point) -> bool {
    let is_atomic = |hop: &Hop| matches!(model.op(hop.at), Op::Load { .. } | Op::Rmw { .. });
    model.pred(later).contains(earlier) && !chain(model, earlier, later).iter().any(is_atomic)
}

/// The ways by which `later` came to be after `earlier`, the last one first.
fn chain(model: &Model<'_>, earlier: Point, later: Point) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    let mut reached = later;
    while reached.thread != earlier.thread && hops.len() < LONGEST {
        let hop = hop(model, earlier, reached);
        let from = hop.from;
        hops.push(hop);
        let Some(from) = from else { break };
        reached = from;
    }
    hops
}

fn hop(model: &Model<'_>, earlier: Point, reached: Point) -> Hop {
    let at = model.first_after(earlier, reached);
    let knows = |point: &Point| point.thread != at.thread && model.precedes(earlier, *point);
    if let Some(spawn) = model.spawn_of(at.thread).filter(|_| at.loc == 1).filter(knows) {
        return Hop { at, from: Some(spawn), spawned: true };
    }
    let from = match model.op(at) {
        Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => model.reads_from(at),
        Op::Acquire { .. } => content(model, at),
        _ => model.partner(at).or_else(|| content(model, at)),
    };
    Hop { at, from: from.filter(knows), spawned: false }
}

/// The release that left in a lock what the acquire at `at` finds there.
fn content(model: &Model<'_>, at: Point) -> Option<Point> {
    let (Op::Acquire { lock, .. } | Op::Wake { lock, .. }) = model.op(at) else { return None };
    model.last_write(lock, model.index(at))
}

fn words(model: &Model<'_>, hop: &Hop) -> String {
    let tables = model.tables();
    let name = |thread: ThreadId| prose::thread(tables, thread);
    let me = name(hop.at.thread);
    let them = hop.from.map_or_else(|| "another thread".to_owned(), |from| name(from.thread));
    if hop.spawned {
        return format!("{them} spawns {me}");
    }
    let op = model.op(hop.at);
    let object = op.object().map_or_else(String::new, |object| prose::object(tables, object));
    match op {
        Op::Join { child } => format!("{me} joins {}", name(child)),
        Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => format!("{me} reads what {them} wrote to {object}"),
        Op::Acquire { .. } => format!("{me} finds in {object} what {them} left there"),
        Op::Wake { .. } => format!("{me} is woken at {object} by {them}"),
        Op::Recv { .. } => format!("{me} receives what {them} sent through {object}"),
        Op::Send { .. } => format!("{me} hands a message to {them} through {object}"),
        Op::RecvClosed { .. } => format!("{me} finds {object} closed by {them}"),
        Op::Await { .. } => format!("{me} is let go at {object} by {them}"),
        Op::Pass { .. } => format!("{me} passes {object}, where everybody has arrived"),
        _ => format!("{me} goes on after {them}"),
    }
}

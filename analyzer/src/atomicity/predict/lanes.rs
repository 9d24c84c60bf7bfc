//! All accesses of one object, by thread.

use lockhound_trace::{EventIndex, ObjectId, Op, SiteId, ThreadId, Value};

use super::search::Spot;
use crate::atomicity::access::{Access, AccessKind, NEAR};
use crate::atomicity::regions::ends_step;
use crate::holds::Held;
use crate::model::{Model, Point};

/// One access, as far as searching needs it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Step {
    pub(super) spot: Spot,
    /// When it took effect in the run.
    pub(super) index: EventIndex,
    pub(super) kind: AccessKind,
    pub(super) site: Option<SiteId>,
    pub(super) value: Option<Value>,
}

impl Step {
    pub(super) const fn thread(&self) -> ThreadId {
        self.spot.at.thread
    }

    /// Whether it may see another value than in the run and still do what it did: it only looks, or it writes whatever
    /// it sees.
    pub(super) fn is_free(&self, model: &Model<'_>) -> bool {
        match self.kind {
            AccessKind::Read | AccessKind::Look | AccessKind::Blind => true,
            AccessKind::Update => !matches!(model.op(self.spot.at), Op::Rmw { cas: true, .. }),
            AccessKind::Write | AccessKind::Change => false,
        }
    }

    /// For a report.
    pub(super) fn access(&self, model: &Model<'_>) -> Access {
        let event = model.event(self.spot.head);
        let held = model.held(self.spot.at).iter().map(|&hold| {
            let hold = model.hold(hold);
            let at = Point::new(hold.thread, hold.acquire);
            let acquire = model.event(at);
            Held {
                lock: hold.object,
                mode: hold.mode,
                how: hold.how,
                event: model.index(at),
                site: acquire.site,
                stack: acquire.stack,
                depth: 1,
            }
        });
        Access {
            event: self.index,
            value: self.value,
            holds: held.collect(),
            thread: self.thread(),
            site: self.site,
            stack: event.stack,
            own: 0,
            ended_steps: 0,
            region: 0,
            kind: self.kind,
        }
    }
}

/// One thread's accesses, in their order.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) thread: ThreadId,
    pub(super) steps: Vec<Step>,
}

/// All accesses of one object that more than one thread uses, threads in the order of their ids.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) object: ObjectId,
    pub(super) lanes: Vec<Lane>,
}

impl Lanes {
    pub(super) fn of(model: &Model<'_>, object: ObjectId) -> Self {
        let lanes = match model.lock_of(object) {
            Some(lock) => model
                .holds(lock)
                .map(|(_, holds)| Lane {
                    thread: holds[0].thread,
                    steps: holds.iter().filter_map(|hold| hold_step(model, hold)).collect(),
                })
                .collect(),
            None => model
                .on(object)
                .map(|(thread, locs)| Lane {
                    thread,
                    steps: locs.iter().filter_map(|&loc| cell_step(model, Point::new(thread, loc))).collect(),
                })
                .collect(),
        };
        Self { object, lanes }
    }

    /// How many accesses there are at most.
    pub(super) fn size(model: &Model<'_>, object: ObjectId) -> usize {
        match model.lock_of(object) {
            Some(lock) => model.holds(lock).map(|(_, holds)| holds.len()).sum(),
            None => model.on(object).map(|(_, locs)| locs.len()).sum(),
        }
    }

    /// What there was in the object before any of its recorded writes, if a read shows it.
    pub(super) fn initial(&self, model: &Model<'_>) -> Option<Value> {
        let mut reads = self.lanes.iter().flat_map(|lane| lane.steps.first());
        reads.find(|step| step.kind == AccessKind::Read && model.reads_from(step.spot.at).is_none())?.value
    }
}

fn hold_step(model: &Model<'_>, hold: &crate::model::Hold) -> Option<Step> {
    let kind = AccessKind::of_hold(hold.touched)?;
    let head = Point::new(hold.thread, hold.acquire);
    let at = Point::new(hold.thread, hold.release?);
    Some(Step { spot: Spot { at, head }, index: model.index(at), kind, site: model.site(head), value: None })
}

fn cell_step(model: &Model<'_>, at: Point) -> Option<Step> {
    let event = model.event(at);
    let (_, kind, value) = AccessKind::of(&event.op)?;
    Some(Step { spot: Spot::of(at), index: model.index(at), kind, site: event.site, value })
}

/// Whether two accesses of one thread can belong to one intended step.
pub(super) fn is_near(model: &Model<'_>, p: &Step, c: &Step) -> bool {
    let (from, to) = (p.spot.at.loc, c.spot.at.loc);
    // Requests that had to wait do not count.
    if to - from > 2 * NEAR {
        return false;
    }
    let mut own = 0;
    for loc in from..to {
        match model.op(Point::new(p.thread(), loc)) {
            Op::Block { .. } => {}
            Op::Spawn { .. } => return false,
            op if ends_step(&op) => return false,
            _ => own += 1,
        }
    }
    own <= NEAR
}

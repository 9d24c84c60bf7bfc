//! Which requests come before which in every schedule, certainly enough to rule a deadlock out.
//!
//! Must-order as the index has it errs to the side of order, so that what it lets through is sound: it lets a hold depend
//! on the data in its lock from the acquire on, though the thread may look at them only later, and takes what was not
//! recorded for written. For saying that a deadlock is impossible that is the wrong side. In `let a = a.lock(); let b =
//! b.lock(); *a += *b`, the request for `b` does not depend on the data in `a`; where this run's threads took turns,
//! must-order says it does. Here data count when the hold that looked at them has ended, and not at all where what a hold
//! did is unknown.

use std::rc::Rc;

use lockhound_trace::{Event, EventIndex, ObjectId, Op, ThreadId, Touched};
use rustc_hash::FxHashMap;

use crate::clocks::VectorClock;
use crate::model::{Model, Point};
use crate::order::{MustOrder, Segment};

/// The segments of some requests.
#[derive(Debug, Default)]
pub(crate) struct CertainOrder {
    segments: FxHashMap<Point, Segment>,
}

impl CertainOrder {
    /// Follows the whole trace once, and keeps the segments of `requests`, which are sorted by when they were recorded.
    pub(crate) fn new(model: &Model<'_>, requests: &[EventIndex]) -> Self {
        let mut pass = Pass::new(model);
        let mut segments = FxHashMap::default();
        let mut wanted = requests.iter().peekable();
        let log = model.log();
        for number in 0..log.len() as u64 {
            let index = EventIndex(number);
            if wanted.peek().is_none() {
                break;
            }
            while wanted.next_if(|&&next| next == index).is_some() {
                segments.insert(model.point(index), pass.order.segment(log.thread(index)));
            }
            pass.take(&log.event(index));
        }
        Self { segments }
    }

    /// Where a request lies; none if it was not asked about.
    pub(crate) fn segment(&self, request: Point) -> Option<&Segment> {
        self.segments.get(&request)
    }
}

/// Must-order that data extend.
struct Pass<'a> {
    model: &'a Model<'a>,
    order: MustOrder,
    /// What the data of each variable and lock come after, by object.
    written: Vec<Option<Rc<VectorClock>>>,
    /// What was in a lock when its hold began.
    found: FxHashMap<(ThreadId, ObjectId), Option<Rc<VectorClock>>>,
    /// Whether more than one thread uses each object.
    shared: Vec<bool>,
}

impl<'a> Pass<'a> {
    fn new(model: &'a Model<'a>) -> Self {
        let objects = (0..model.tables().objects().len()).map(ObjectId::from_index);
        let shared: Vec<bool> = objects.map(|object| model.on(object).take(2).count() == 2).collect();
        Self {
            model,
            order: MustOrder::default(),
            written: vec![None; shared.len()],
            found: FxHashMap::default(),
            shared,
        }
    }

    fn take(&mut self, event: &Event) {
        self.order.apply(self.model.tables(), event);
        let thread = event.thread;
        match event.op {
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } => self.read(thread, object),
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } => self.write(thread, object),
            Op::Rmw { atomic, .. } => {
                self.read(thread, atomic);
                self.write(thread, atomic);
            }
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } => {
                if let Some(written) = &self.written[lock.index()] {
                    self.found.entry((thread, lock)).or_insert_with(|| Some(Rc::clone(written)));
                }
            }
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } => self.end(thread, lock, touched),
            _ => {}
        }
    }

    fn read(&mut self, thread: ThreadId, object: ObjectId) {
        if let Some(written) = &self.written[object.index()] {
            self.order.learn(thread, written);
        }
    }

    fn write(&mut self, thread: ThreadId, object: ObjectId) {
        if self.shared[object.index()] {
            self.written[object.index()] = Some(self.order.publish(thread));
        }
    }

    fn end(&mut self, thread: ThreadId, lock: ObjectId, touched: Touched) {
        let found = self.found.remove(&(thread, lock)).flatten();
        if touched == Touched::Unknown {
            // Whoever looks at the lock next may depend on this hold, or on an earlier one.
            self.written[lock.index()] = None;
            return;
        }
        if let Some(found) = found.filter(|_| touched.looks()) {
            self.order.learn(thread, &found);
        }
        if touched.writes() {
            self.write(thread, lock);
        }
    }
}

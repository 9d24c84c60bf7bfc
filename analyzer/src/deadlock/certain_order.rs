//! Which requests come before which in every schedule, certainly enough to rule a deadlock out.
//!
//! Must-order as the index has it errs to the side of order, so that what it lets through is sound: it lets a hold depend
//! on the data in its lock from the acquire on, though the thread may look at them only later, and takes what was not
//! recorded for written. For saying that a deadlock is impossible that is the wrong side. In `let a = a.lock(); let b =
//! b.lock(); *a += *b`, the request for `b` does not depend on the data in `a`; where this run's threads took turns,
//! must-order says it does. Here data count when the hold that looked at them has ended, and not at all where what a hold
//! did is unknown.

use lockhound_trace::{ObjectId, Op, ThreadId, Touched};

use crate::deadlock::instances::{Instances, List};
use crate::model::Model;
use crate::order::{MustOrder, Published, Segment};

/// Where requests lie in their threads and what they come after, by the number of the instance.
#[derive(Debug)]
pub(crate) struct CertainOrder {
    /// The step of its thread; more than anybody can know of where it was not met.
    steps: Vec<u32>,
    segments: Vec<Option<Segment>>,
}

impl CertainOrder {
    /// Follows the whole trace once, and keeps the segments of all instances.
    pub(crate) fn new(model: &Model<'_>, instances: &Instances<'_>) -> Self {
        let mut pass = Pass::new(model);
        let (mut steps, mut segments) = (vec![u32::MAX; instances.len()], vec![None; instances.len()]);
        let mut wanted = instances.recorded().peekable();
        for (index, thread, op) in model.log().iter() {
            if wanted.peek().is_none() {
                break;
            }
            while let Some((_, number)) = wanted.next_if(|&(next, _)| next == index) {
                let segment = pass.order.segment(thread);
                steps[number] = segment.step();
                segments[number] = Some(segment);
            }
            pass.take(thread, op);
        }
        Self { steps, segments }
    }

    /// The first instance in `list`, from `at` on, that does not come before instance `y` of `late`, another thread's.
    pub(crate) fn beyond(&self, list: List<'_>, at: usize, late: List<'_>, y: usize) -> usize {
        let known = self.segments[late.numbers()][y].as_ref().map_or(0, |late| late.knows(list.thread()));
        let rest = &self.steps[list.numbers()][at..];
        // Mostly none does.
        if rest.first().is_some_and(|&step| step <= known) {
            at + rest.partition_point(|&step| step <= known)
        } else {
            at
        }
    }
}

/// Must-order that data extend.
struct Pass<'a> {
    model: &'a Model<'a>,
    order: MustOrder,
    /// What the data of each variable and lock come after, by object.
    written: Vec<Option<Published>>,
    /// By thread: what was in a lock when its hold began, if that is known.
    found: Vec<Vec<(ObjectId, Published)>>,
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
            found: vec![Vec::new(); model.threads()],
            shared,
        }
    }

    fn take(&mut self, thread: ThreadId, op: Op) {
        match op {
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } => self.read(thread, object),
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } => self.write(thread, object),
            Op::Rmw { atomic, .. } => {
                self.read(thread, atomic);
                self.write(thread, atomic);
            }
            _ => {
                self.order.apply(self.model.tables(), thread, op);
                self.locks(thread, op);
            }
        }
    }

    fn locks(&mut self, thread: ThreadId, op: Op) {
        match op {
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } => {
                let found = &mut self.found[thread.index()];
                if let Some(written) = &self.written[lock.index()]
                    && !found.iter().any(|(known, _)| *known == lock)
                {
                    found.push((lock, written.clone()));
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
        let holds = &mut self.found[thread.index()];
        let found = holds.iter().position(|(known, _)| *known == lock).map(|at| holds.swap_remove(at).1);
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

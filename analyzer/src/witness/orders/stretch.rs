//! A stretch of the recorded run, whose events are put into other orders.

use lockhound_trace::{EventIndex, ObjectId, ThreadId};
use rustc_hash::FxHashMap;

use crate::model::{Ideal, Log, Point};
use crate::witness::orders::touch::{Touch, touches};
use crate::witness::recording::Recording;

/// For each thread, the events from one of its own up to another; what was recorded before them has happened already.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(in crate::witness) from: Ideal,
    pub(in crate::witness) until: Ideal,
}

impl Stretch {
    /// The recorded events `first <= index < end`.
    pub(crate) fn new(log: &Log, threads: usize, first: EventIndex, end: EventIndex) -> Self {
        let before = |index: EventIndex| {
            let mut ideal = Ideal::new(threads);
            for thread in (0..threads).map(ThreadId::from_index) {
                ideal.add(Point::new(thread, done_before(log, thread, index)));
            }
            ideal
        };
        Self { from: before(first), until: before(end) }
    }

    /// What has happened when it begins.
    pub(crate) const fn from(&self) -> &Ideal {
        &self.from
    }
}

/// How many events of `thread` were recorded before `index`.
fn done_before(log: &Log, thread: ThreadId, index: EventIndex) -> u32 {
    let (mut low, mut high) = (0, log.count(thread));
    while low < high {
        let middle = low + (high - low) / 2;
        if log.at(thread, middle + 1) < index { low = middle + 1 } else { high = middle }
    }
    low
}

/// Who touches what in a stretch, and until when.
#[derive(Debug)]
pub(super) struct Reach {
    /// The threads that do anything.
    pub(super) threads: Vec<ThreadId>,
    /// The objects that are touched.
    pub(super) objects: Vec<ObjectId>,
    /// Of each object: by thread, the `loc` of the last touch of each kind; 0 if there is none.
    last: FxHashMap<ObjectId, Vec<(ThreadId, [u32; Touch::ALL.len()])>>,
}

impl Reach {
    pub(super) fn new(recording: &Recording<'_>, stretch: &Stretch) -> Self {
        let mut reach = Self { threads: Vec::new(), objects: Vec::new(), last: FxHashMap::default() };
        for thread in (0..recording.threads()).map(ThreadId::from_index) {
            let (from, until) = (stretch.from.get(thread), stretch.until.get(thread));
            if from < until {
                reach.threads.push(thread);
            }
            for step in (from + 1..=until).filter_map(|loc| recording.at(thread, loc)).map(|at| recording.step(at)) {
                if !recording.is_inert(step.at) {
                    for (object, touch) in touches(&step.op, recording.tables()).into_iter().flatten() {
                        reach.add(thread, step.loc, object, touch);
                    }
                }
            }
        }
        reach.objects.extend(reach.last.keys());
        reach.objects.sort_unstable();
        reach
    }

    fn add(&mut self, thread: ThreadId, loc: u32, object: ObjectId, touch: Touch) {
        let threads = self.last.entry(object).or_default();
        if threads.last().is_none_or(|last| last.0 != thread) {
            threads.push((thread, [0; Touch::ALL.len()]));
        }
        if let Some((_, last)) = threads.last_mut() {
            last[touch as usize] = loc;
        }
    }

    /// The threads that still touch the object in a way that `matters`, `done` being how far each has got.
    pub(super) fn touching(
        &self,
        object: ObjectId,
        done: impl Fn(ThreadId) -> u32,
        matters: impl Fn(Touch) -> bool,
    ) -> impl Iterator<Item = ThreadId> {
        let threads = self.last.get(&object).map_or(&[][..], Vec::as_slice);
        threads.iter().filter_map(move |&(thread, ref last)| {
            let done = done(thread);
            let still = Touch::ALL.iter().zip(last).any(|(&touch, &loc)| loc > done && matters(touch));
            still.then_some(thread)
        })
    }
}

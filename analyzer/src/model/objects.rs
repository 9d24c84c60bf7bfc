//! Which events are on which object, thread by thread.

use lockhound_trace::{ObjectId, ThreadId};

use crate::model::Log;

/// For every object the `loc`s of the events on it, thread by thread, in one array.
#[derive(Debug)]
pub(super) struct Objects {
    locs: Vec<u32>,
    stretches: Vec<Stretch>,
    /// Where the stretches of each object begin; one more at the end.
    starts: Vec<u32>,
}

/// The events of one thread on one object: up to where the next stretch begins.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    thread: ThreadId,
    start: u32,
}

impl Objects {
    /// Takes time in the number of events, objects and threads.
    pub(super) fn new(log: &Log, objects: usize) -> Self {
        let mut events = vec![0_u32; objects + 1];
        let mut stretches = vec![0_u32; objects + 1];
        each(log, objects, |_, object, _, is_first| {
            events[object] += 1;
            stretches[object] += u32::from(is_first);
        });
        let total = starts(&mut events);
        let parts = starts(&mut stretches);
        let nobody = Stretch { thread: ThreadId::from_index(0), start: total };
        let mut this =
            Self { locs: vec![0; total as usize], stretches: vec![nobody; parts as usize + 1], starts: stretches };
        let mut next = this.starts.clone();
        each(log, objects, |thread, object, loc, is_first| {
            let place = &mut events[object];
            if is_first {
                this.stretches[next[object] as usize] = Stretch { thread, start: *place };
                next[object] += 1;
            }
            this.locs[*place as usize] = loc;
            *place += 1;
        });
        this
    }

    /// Each thread with events on `object`, in the order of their ids, and their `loc`s.
    pub(super) fn on(&self, object: ObjectId) -> impl Iterator<Item = (ThreadId, &[u32])> {
        self.stretches(object).map(|number| (self.stretches[number].thread, self.locs(number)))
    }

    pub(super) fn on_by(&self, object: ObjectId, thread: ThreadId) -> &[u32] {
        let range = self.stretches(object);
        let found = self.stretches[range.clone()].binary_search_by_key(&thread, |stretch| stretch.thread);
        found.map_or(&[], |position| self.locs(range.start + position))
    }

    fn stretches(&self, object: ObjectId) -> std::ops::Range<usize> {
        self.starts[object.index()] as usize..self.starts[object.index() + 1] as usize
    }

    fn locs(&self, stretch: usize) -> &[u32] {
        &self.locs[self.stretches[stretch].start as usize..self.stretches[stretch + 1].start as usize]
    }
}

/// Calls `see` with the thread, object and `loc` of every event on an object, by thread, and with whether it is the
/// thread's first on that object.
fn each(log: &Log, objects: usize, mut see: impl FnMut(ThreadId, usize, u32, bool)) {
    let mut last = vec![u32::MAX; objects];
    for (number, thread) in (0..).zip((0..log.threads()).map(ThreadId::from_index)) {
        for (loc, object) in (1..).zip(log.objects_of(thread)) {
            if let Some(object) = object {
                let is_first = std::mem::replace(&mut last[object.index()], number) != number;
                see(thread, object.index(), loc, is_first);
            }
        }
    }
}

/// Turns counts into where each begins; returns their sum.
pub(super) fn starts(counts: &mut [u32]) -> u32 {
    let mut sum = 0;
    for count in counts {
        sum += std::mem::replace(count, sum);
    }
    sum
}

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
        let columns = Columns::new(log);
        let mut events = vec![0_u32; objects + 1];
        let mut stretches = vec![0_u32; objects + 1];
        columns.each(objects, |_, object, _, is_first| {
            events[object] += 1;
            stretches[object] += u32::from(is_first);
        });
        let total = starts(&mut events);
        let parts = starts(&mut stretches);
        let nobody = Stretch { thread: ThreadId::from_index(0), start: total };
        let mut this =
            Self { locs: vec![0; total as usize], stretches: vec![nobody; parts as usize + 1], starts: stretches };
        let mut next = this.starts.clone();
        columns.each(objects, |thread, object, loc, is_first| {
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

    fn stretches(&self, object: ObjectId) -> std::ops::Range<usize> {
        self.starts[object.index()] as usize..self.starts[object.index() + 1] as usize
    }

    fn locs(&self, stretch: usize) -> &[u32] {
        &self.locs[self.stretches[stretch].start as usize..self.stretches[stretch + 1].start as usize]
    }
}

/// The objects of all events, thread by thread: what is gone through twice should lie close together.
struct Columns {
    /// Index + 1; 0 = none.
    objects: Vec<u32>,
    /// How many events each thread has.
    counts: Vec<u32>,
}

impl Columns {
    fn new(log: &Log) -> Self {
        let counts: Vec<u32> = (0..log.threads()).map(|thread| log.count(ThreadId::from_index(thread))).collect();
        let mut places = counts.clone();
        starts(&mut places);
        let mut objects = vec![0; log.len()];
        for packed in log.stored() {
            let place = &mut places[packed.thread().index()];
            objects[*place as usize] = packed.object_number();
            *place += 1;
        }
        Self { objects, counts }
    }

    /// Calls `see` with the thread, object and `loc` of every event on an object, by thread, and with whether it is the
    /// thread's first on that object.
    fn each(&self, objects: usize, mut see: impl FnMut(ThreadId, usize, u32, bool)) {
        let mut last = vec![u32::MAX; objects];
        let mut rest = &self.objects[..];
        for (number, &count) in (0..).zip(&self.counts) {
            let thread = ThreadId::from_index(number as usize);
            let (own, others) = rest.split_at(count as usize);
            rest = others;
            for (loc, &object) in (1..).zip(own) {
                if let Some(object) = object.checked_sub(1) {
                    let object = object as usize;
                    let is_first = std::mem::replace(&mut last[object], number) != number;
                    see(thread, object, loc, is_first);
                }
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

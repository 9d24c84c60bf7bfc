//! Per-thread streams back into one order that the program could have observed.
//!
//! Kahn's topological sort over the streams: run one stream until its next event is not ready, park it on what it waits for,
//! run another. An event is ready when its object has *come so far* as the event says: every object counts the events that
//! took a version of it, and a stream that takes an object over from another thread says which count it saw. Events that
//! follow their own thread's event on the object say nothing; their predecessor is earlier in the same stream.
//!
//! O(1) an event, O(log w) an event that parks among w streams waiting for the same object; no hashing.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

/// Index of a stream.
pub(crate) type StreamIndex = u32;

const NEVER: u64 = u64::MAX;
const NOBODY: u32 = u32::MAX;

/// How far one object has come. While it is not declared it has come nowhere, and no event on it is ready.
#[derive(Clone, Debug)]
struct Progress {
    /// 0 until declared; then 1 + its base version + the events that took a version.
    seen: u64,
    /// Least `seen` for which somebody waits.
    wake_at: u64,
    /// Releases of reading.
    reads: u64,
    /// Least `reads` for which somebody waits.
    wake_at_reads: u64,
    /// Index into `queues`, once somebody waited.
    queues: u32,
}

impl Progress {
    const UNKNOWN: Self = Self { seen: 0, wake_at: NEVER, reads: 0, wake_at_reads: NEVER, queues: NOBODY };
}

type Queue = BinaryHeap<Reverse<(u64, StreamIndex)>>;

/// Who waits for one object.
#[derive(Clone, Debug, Default)]
struct Queues {
    versions: Queue,
    reads: Queue,
}

/// What a thread has done, as far as others wait for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Milestone {
    /// It was spawned.
    Spawned,
    /// It has ended.
    Exited,
}

#[derive(Clone, Debug, Default)]
struct ThreadProgress {
    spawned: bool,
    exited: bool,
    waiting: Vec<StreamIndex>,
}

/// What a parked stream waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Parked {
    No,
    Version(u32, u64),
    Reads(u32, u64),
    Thread(u32, Milestone),
}

/// What is given up first when nothing is ready.
type Rank = (u8, u64, u32);

impl Parked {
    /// The smallest is given up first, joins last; none if it is not parked.
    fn rank(self) -> Option<Rank> {
        match self {
            Self::No => None,
            Self::Version(object, after) => Some((0, after, object)),
            Self::Reads(object, reads) => Some((1, reads, object)),
            Self::Thread(thread, milestone) => Some((2, milestone as u64, thread)),
        }
    }
}

/// What [`Merge::force`] did to get on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Forced {
    /// An object or thread is taken to have come as far as the stream asks.
    Object,
    /// The stream waits for the end of a thread that never comes: its join is to be left out.
    Join(StreamIndex),
}

/// The state of the merge. Streams, objects and threads are dense indices; the caller holds what they stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merge {
    objects: Vec<Progress>,
    queues: Vec<Queues>,
    threads: Vec<ThreadProgress>,
    parked: Vec<Parked>,
    ready: VecDeque<StreamIndex>,
    /// All that is parked, by rank. Kept from the first gap on: few recordings have one, damaged ones may have many.
    by_rank: Option<BTreeSet<(Rank, StreamIndex)>>,
}

impl Merge {
    /// Adds a stream that is ready to run.
    pub(crate) fn add_stream(&mut self) -> StreamIndex {
        let stream = u32::try_from(self.parked.len()).expect("fewer streams than chunks, which are counted in u32");
        self.parked.push(Parked::No);
        self.ready.push_back(stream);
        stream
    }

    /// The stream to run, until it parks or ends.
    pub(crate) fn current(&self) -> Option<StreamIndex> {
        self.ready.front().copied()
    }

    /// The current stream has ended.
    pub(crate) fn finish_current(&mut self) {
        self.ready.pop_front();
    }

    fn object(&mut self, object: u32) -> &mut Progress {
        let index = object as usize;
        if index >= self.objects.len() {
            self.objects.resize(index + 1, Progress::UNKNOWN);
        }
        &mut self.objects[index]
    }

    fn thread(&mut self, thread: u32) -> &mut ThreadProgress {
        let index = thread as usize;
        if index >= self.threads.len() {
            self.threads.resize_with(index + 1, ThreadProgress::default);
        }
        &mut self.threads[index]
    }

    /// The object exists from here on, with so many events and releases of reading before the recording.
    pub(crate) fn declare(&mut self, object: u32, base: u64, base_reads: u64) {
        let progress = self.object(object);
        progress.reads = progress.reads.max(base_reads);
        progress.seen = progress.seen.max(base.saturating_add(1));
        self.wake_versions(object);
    }

    /// Whether the object has come so far.
    #[inline]
    pub(crate) fn has_come(&self, object: u32, after: u64) -> bool {
        self.objects.get(object as usize).is_some_and(|progress| progress.seen >= after)
    }

    /// Whether the object has come so far; if so, an event that takes a version of it is consumed.
    #[inline]
    pub(crate) fn advance_from(&mut self, object: u32, after: u64) -> bool {
        let Some(progress) = self.objects.get_mut(object as usize).filter(|progress| progress.seen >= after) else {
            return false;
        };
        progress.seen = progress.seen.saturating_add(1);
        if progress.seen >= progress.wake_at {
            self.wake_versions(object);
        }
        true
    }

    /// Whether so many readers have released it.
    pub(crate) fn has_released(&self, object: u32, reads: u64) -> bool {
        self.objects.get(object as usize).is_some_and(|progress| progress.reads >= reads)
    }

    /// Whether the thread has reached this milestone.
    pub(crate) fn has_reached(&self, thread: u32, milestone: Milestone) -> bool {
        self.threads.get(thread as usize).is_some_and(|progress| match milestone {
            Milestone::Spawned => progress.spawned,
            Milestone::Exited => progress.exited,
        })
    }

    /// An event that took a version of the object is consumed.
    #[inline]
    pub(crate) fn advance(&mut self, object: u32) {
        self.advance_from(object, 0);
    }

    /// Whether the object has come so far; if so, a release of reading is consumed.
    #[inline]
    pub(crate) fn release_read_from(&mut self, object: u32, after: u64) -> bool {
        let Some(progress) = self.objects.get_mut(object as usize).filter(|progress| progress.seen >= after) else {
            return false;
        };
        progress.reads = progress.reads.saturating_add(1);
        if progress.reads >= progress.wake_at_reads {
            self.wake_reads(object);
        }
        true
    }

    /// A release of reading is consumed.
    pub(crate) fn release_read(&mut self, object: u32) {
        self.release_read_from(object, 0);
    }

    /// The thread has reached this milestone.
    pub(crate) fn reach(&mut self, thread: u32, milestone: Milestone) {
        let progress = self.thread(thread);
        match milestone {
            Milestone::Spawned => progress.spawned = true,
            Milestone::Exited => progress.exited = true,
        }
        for stream in std::mem::take(&mut progress.waiting) {
            self.wake(stream);
        }
    }

    /// Parks the current stream until the object has come so far.
    pub(crate) fn park_on_version(&mut self, object: u32, after: u64) {
        let Some(stream) = self.park_current(Parked::Version(object, after)) else { return };
        let queues = self.queues_of(object);
        queues.versions.push(Reverse((after, stream)));
        let progress = self.object(object);
        progress.wake_at = progress.wake_at.min(after);
    }

    /// Parks the current stream until so many readers have released the object.
    pub(crate) fn park_on_reads(&mut self, object: u32, reads: u64) {
        let Some(stream) = self.park_current(Parked::Reads(object, reads)) else { return };
        self.queues_of(object).reads.push(Reverse((reads, stream)));
        let progress = self.object(object);
        progress.wake_at_reads = progress.wake_at_reads.min(reads);
    }

    /// Parks the current stream until the thread has reached this milestone.
    pub(crate) fn park_on_thread(&mut self, thread: u32, milestone: Milestone) {
        if let Some(stream) = self.park_current(Parked::Thread(thread, milestone)) {
            self.thread(thread).waiting.push(stream);
        }
    }

    /// Nothing is ready although streams are parked: the recording has a gap (a killed process, lost bytes). Takes the
    /// least that any stream waits for as come; joins last. None when no stream is parked. O(log w) for w parked streams.
    pub(crate) fn force(&mut self) -> Option<Forced> {
        let parked = || (0..).zip(&self.parked).filter_map(|(stream, parked)| Some((parked.rank()?, stream)));
        let &(_, stream) = self.by_rank.get_or_insert_with(|| parked().collect()).first()?;
        match self.parked[stream as usize] {
            Parked::No => None,
            Parked::Version(object, after) => {
                self.object(object).seen = after;
                self.wake_versions(object);
                Some(Forced::Object)
            }
            Parked::Reads(object, reads) => {
                self.object(object).reads = reads;
                self.wake_reads(object);
                Some(Forced::Object)
            }
            Parked::Thread(thread, Milestone::Spawned) => {
                self.reach(thread, Milestone::Spawned);
                Some(Forced::Object)
            }
            Parked::Thread(thread, Milestone::Exited) => {
                self.thread(thread).waiting.retain(|&waiting| waiting != stream);
                self.wake(stream);
                Some(Forced::Join(stream))
            }
        }
    }

    fn park_current(&mut self, why: Parked) -> Option<StreamIndex> {
        let stream = self.ready.pop_front()?;
        self.parked[stream as usize] = why;
        if let (Some(by_rank), Some(rank)) = (&mut self.by_rank, why.rank()) {
            by_rank.insert((rank, stream));
        }
        Some(stream)
    }

    fn queues_of(&mut self, object: u32) -> &mut Queues {
        let next = u32::try_from(self.queues.len()).expect("no more queues than objects");
        let progress = self.object(object);
        if progress.queues == NOBODY {
            progress.queues = next;
            self.queues.push(Queues::default());
        }
        let index = self.objects[object as usize].queues as usize;
        &mut self.queues[index]
    }

    fn wake(&mut self, stream: StreamIndex) {
        let why = std::mem::replace(&mut self.parked[stream as usize], Parked::No);
        if let (Some(by_rank), Some(rank)) = (&mut self.by_rank, why.rank()) {
            by_rank.remove(&(rank, stream));
        }
        self.ready.push_back(stream);
    }

    #[cold]
    fn wake_versions(&mut self, object: u32) {
        let Progress { seen, queues, .. } = *self.object(object);
        let mut least = NEVER;
        while let Some(&Reverse((after, stream))) = self.queues.get(queues as usize).and_then(|q| q.versions.peek()) {
            if after > seen {
                least = after;
                break;
            }
            self.queues[queues as usize].versions.pop();
            self.wake(stream);
        }
        self.object(object).wake_at = least;
    }

    #[cold]
    fn wake_reads(&mut self, object: u32) {
        let Progress { reads, queues, .. } = *self.object(object);
        let mut least = NEVER;
        while let Some(&Reverse((wanted, stream))) = self.queues.get(queues as usize).and_then(|q| q.reads.peek()) {
            if wanted > reads {
                least = wanted;
                break;
            }
            self.queues[queues as usize].reads.pop();
            self.wake(stream);
        }
        self.object(object).wake_at_reads = least;
    }
}

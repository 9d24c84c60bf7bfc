//! When each lock was held: outermost intervals, one list a lock and thread.

use std::ops::Range;

use lockhound_trace::{EventIndex, How, Mode, ObjectId, ThreadId, Touched};

use super::objects::starts;

/// A lock, or permits of a semaphore that were always held together: each of these is a lock (`model/tokens`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct LockId(pub(crate) u32);

/// A hold's place among all holds of the trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct HoldId(pub(crate) u32);

/// One outermost hold. A `wait` ends one, its `wake` begins another. Re-entrant and recursive acquires lie inside.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Hold {
    pub(crate) lock: LockId,
    /// What the lock is, or the semaphore.
    pub(crate) object: ObjectId,
    pub(crate) thread: ThreadId,
    /// `loc` of the acquire (or `wake`) that began it.
    pub(crate) acquire: u32,
    /// When that was recorded.
    pub(crate) acquired: EventIndex,
    /// `loc` of the event that ended it; none if nothing did.
    pub(crate) release: Option<u32>,
    /// The strongest mode of any part of it.
    pub(crate) mode: Mode,
    pub(crate) how: How,
    /// What all of it did to the data inside; `Unknown` where it never ended. A hold that only reads, and of which nothing
    /// is known, counts as `Read`: it cannot have written.
    pub(crate) touched: Touched,
}

/// All holds, by lock, then thread, then time.
#[derive(Debug)]
pub(super) struct HoldIndex {
    holds: Vec<Hold>,
    /// First hold of each thread at each lock.
    stretches: Vec<u32>,
    /// Where the stretches of each lock begin; one more at the end.
    locks: Vec<u32>,
}

impl HoldIndex {
    /// Sorts `holds`, which come in the order in which they began; also says which id each got.
    pub(super) fn new(holds: &[Hold], locks: usize, threads: usize) -> (Self, Vec<HoldId>) {
        let by_thread = order(holds.len(), threads, 0..holds.len(), |number| holds[number].thread.index());
        let sorted = order(holds.len(), locks, by_thread.into_iter().map(|n| n as usize), |n| holds[n].lock.0 as usize);
        let mut ids = vec![HoldId(0); holds.len()];
        let mut this = Self {
            holds: Vec::with_capacity(holds.len()),
            stretches: Vec::new(),
            locks: Vec::with_capacity(locks + 1),
        };
        for (id, &number) in (0..).zip(&sorted) {
            let hold = holds[number as usize];
            ids[number as usize] = HoldId(id);
            let before = this.holds.last();
            if before.is_none_or(|before| (before.lock, before.thread) != (hold.lock, hold.thread)) {
                this.begin_locks(hold.lock.0 as usize + 1);
                this.stretches.push(id);
            }
            this.holds.push(hold);
        }
        this.begin_locks(locks + 1);
        this.stretches.push(id_of(holds.len()));
        (this, ids)
    }

    fn begin_locks(&mut self, count: usize) {
        let next = id_of(self.stretches.len());
        self.locks.resize(self.locks.len().max(count), next);
    }

    pub(super) fn locks(&self) -> usize {
        self.locks.len() - 1
    }

    pub(super) fn all(&self) -> &[Hold] {
        &self.holds
    }

    pub(super) fn hold(&self, id: HoldId) -> &Hold {
        &self.holds[id.0 as usize]
    }

    fn stretches(&self, lock: LockId) -> Range<usize> {
        self.locks[lock.0 as usize] as usize..self.locks[lock.0 as usize + 1] as usize
    }

    fn stretch(&self, stretch: usize) -> (HoldId, &[Hold]) {
        let (from, to) = (self.stretches[stretch], self.stretches[stretch + 1]);
        (HoldId(from), &self.holds[from as usize..to as usize])
    }

    pub(super) fn of_lock(&self, lock: LockId) -> impl ExactSizeIterator<Item = (HoldId, &[Hold])> {
        self.stretches(lock).map(|stretch| self.stretch(stretch))
    }

    pub(super) fn of_lock_by(&self, lock: LockId, thread: ThreadId) -> Option<(HoldId, &[Hold])> {
        let range = self.stretches(lock);
        let owner = |&first: &u32| self.holds[first as usize].thread;
        let found = self.stretches[range.clone()].binary_search_by_key(&thread, owner).ok()?;
        Some(self.stretch(range.start + found))
    }
}

/// The numbers that come in, sorted by `key` (below `keys`), those of one key in their order.
fn order(
    count: usize,
    keys: usize,
    numbers: impl Iterator<Item = usize> + Clone,
    key: impl Fn(usize) -> usize,
) -> Vec<u32> {
    let mut places = vec![0; keys + 1];
    for number in 0..count {
        places[key(number)] += 1;
    }
    starts(&mut places);
    let mut sorted = vec![0; count];
    for number in numbers {
        let place = &mut places[key(number)];
        sorted[*place as usize] = id_of(number);
        *place += 1;
    }
    sorted
}

fn id_of(position: usize) -> u32 {
    u32::try_from(position).expect("no more holds than events")
}

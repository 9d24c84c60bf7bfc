//! Clocks that are kept: one for each event that learned something, many of them alike.

use lockhound_trace::ThreadId;

/// A row's number; 0 is the empty one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Row(u32);

/// Clocks one behind the other, each as long as the highest thread it knows. With many threads, a clock that differs little
/// from an earlier one is stored as that one and the differences: threads that live a short time learn one from the other.
#[derive(Debug)]
pub(super) struct Rows {
    counts: Vec<u32>,
    changes: Vec<(u32, u32)>,
    places: Vec<Place>,
    /// How many differences make a clock a new one.
    limit: usize,
}

/// Where a clock is: which part of `counts`, and how much of `changes`.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u32,
    length: u32,
    changes: u32,
    changed: u32,
}

/// Threads up to which every clock is stored whole: to tell differences takes longer than it saves.
const FEW_THREADS: usize = if cfg!(test) { 2 } else { 64 };

/// A difference takes twice the memory of a count, so this saves some nine in ten bytes of what it applies to.
const CHANGES: usize = if cfg!(test) { 2 } else { 32 };

impl Rows {
    pub(super) fn new(threads: usize) -> Self {
        let limit = if threads > FEW_THREADS { CHANGES } else { 0 };
        Self { counts: Vec::new(), changes: Vec::new(), places: vec![Place::default()], limit }
    }

    #[inline]
    pub(super) fn get(&self, row: Row) -> (&[u32], &[(u32, u32)]) {
        let place = self.places[row.0 as usize];
        let (start, changes) = (place.start as usize, place.changes as usize);
        let counts = &self.counts[start..start + place.length as usize];
        (counts, &self.changes[changes..changes + place.changed as usize])
    }

    /// Stores a clock that knows all that `like` does.
    pub(super) fn push(&mut self, clock: &[u32], like: Row) -> Row {
        let place = self.similar(clock, like).unwrap_or_else(|| {
            let start = narrow(self.counts.len());
            self.counts.extend_from_slice(clock);
            Place { start, length: narrow(clock.len()), changes: 0, changed: 0 }
        });
        self.places.push(place);
        Row(narrow(self.places.len() - 1))
    }

    /// The counts of `like`, with what is different.
    fn similar(&mut self, clock: &[u32], like: Row) -> Option<Place> {
        let Place { start, length, .. } = self.places[like.0 as usize];
        if self.limit == 0 || length == 0 {
            return None;
        }
        let row = &self.counts[start as usize..(start + length) as usize];
        let theirs = row.iter().copied().chain(std::iter::repeat(0));
        let differences = (0..).zip(clock.iter().zip(theirs)).filter(|(_, (mine, theirs))| *mine != theirs);
        let changes = self.changes.len();
        self.changes.extend(differences.map(|(thread, (&mine, _))| (thread, mine)).take(self.limit + 1));
        let changed = self.changes.len() - changes;
        if changed > self.limit {
            self.changes.truncate(changes);
            return None;
        }
        Some(Place { start, length, changes: narrow(changes), changed: narrow(changed) })
    }

    pub(super) fn bytes(&self) -> u64 {
        (4 * self.counts.len() + 8 * self.changes.len() + size_of::<Place>() * self.places.len()) as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.counts.len().max(self.changes.len()) >= u32::MAX as usize / 2
    }

    /// Lets `clock` know all that the row knows.
    pub(super) fn join_into(&self, clock: &mut Vec<u32>, row: Row, known: Option<Known>) {
        let (counts, changes) = self.get(row);
        join(clock, counts, known);
        for &(thread, count) in changes {
            raise(clock, thread as usize, count);
        }
    }
}

/// An event that has happened, and the row that its thread had then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) thread: u32,
    pub(super) loc: u32,
    pub(super) row: Row,
}

impl Known {
    pub(super) const NOTHING: Self = Self { thread: 0, loc: 0, row: Row(0) };

    pub(super) fn thread(self) -> ThreadId {
        ThreadId::from_index(self.thread as usize)
    }
}

pub(super) fn knows(clock: &[u32], known: Known) -> bool {
    knows_of(clock, known.thread as usize, known.loc)
}

pub(super) fn knows_of(clock: &[u32], thread: usize, count: u32) -> bool {
    count <= clock.get(thread).copied().unwrap_or(0)
}

/// Whether `clock`, that of `thread`, does not know all of `other`.
pub(super) fn brings(clock: &[u32], other: &[u32], thread: usize) -> bool {
    let mine = clock.iter().copied().chain(std::iter::repeat(0));
    other.iter().zip(mine).enumerate().any(|(index, (&theirs, mine))| theirs > mine && index != thread)
}

pub(super) fn join(clock: &mut Vec<u32>, row: &[u32], known: Option<Known>) {
    if clock.len() < row.len() {
        clock.resize(row.len(), 0);
    }
    for (mine, &theirs) in clock.iter_mut().zip(row) {
        *mine = (*mine).max(theirs);
    }
    if let Some(known) = known {
        raise(clock, known.thread as usize, known.loc);
    }
}

fn raise(clock: &mut Vec<u32>, thread: usize, count: u32) {
    if !knows_of(clock, thread, count) {
        set(clock, thread, count);
    }
}

pub(super) fn set(clock: &mut Vec<u32>, thread: usize, count: u32) {
    if clock.len() <= thread {
        clock.resize(thread + 1, 0);
    }
    clock[thread] = count;
}

#[expect(clippy::cast_possible_truncation, reason = "a log counts in 32 bits, and rows stop before")]
pub(super) fn narrow(count: usize) -> u32 {
    count as u32
}

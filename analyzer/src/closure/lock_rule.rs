//! Rule L: of two conflicting holds of one lock, the one recorded first must end before the other begins.

use lockhound_trace::{Mode, ThreadId};

use crate::model::{Hold, HoldId, Ideal, LockId, Model, Point};

/// Where all locks that several threads held were acquired, in arrays of their own: a search touches few cache lines.
#[derive(Debug, Default)]
pub(super) struct Acquires {
    /// `loc` of every acquire.
    locs: Vec<u32>,
    /// When it was recorded.
    indices: Vec<u32>,
    /// A thread's acquires of one lock.
    runs: Vec<Run>,
    /// By lock: the holds that a hold in this mode conflicts with.
    by_lock: Vec<Conflicts>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    thread: ThreadId,
    start: u32,
    end: u32,
}

/// Ranges of `runs`, each in the order of the threads.
#[derive(Clone, Copy, Default, Debug)]
struct Conflicts {
    with_write: (u32, u32),
    with_upgrade: (u32, u32),
    with_read: (u32, u32),
}

impl Conflicts {
    fn with(self, mode: Mode) -> std::ops::Range<usize> {
        let (start, end) = match mode {
            Mode::Write => self.with_write,
            Mode::Upgrade => self.with_upgrade,
            Mode::Read => self.with_read,
        };
        start as usize..end as usize
    }
}

impl Acquires {
    /// Time and memory linear in the holds.
    pub(super) fn new(model: &Model<'_>) -> Self {
        let mut acquires = Self::default();
        for lock in 0..model.locks() {
            let lock = LockId(u32::try_from(lock).expect("as many locks as ids"));
            let conflicts = acquires.add(model, lock);
            acquires.by_lock.push(conflicts);
        }
        acquires
    }

    fn add(&mut self, model: &Model<'_>, lock: LockId) -> Conflicts {
        if model.holds(lock).nth(1).is_none() {
            return Conflicts::default();
        }
        let with_write = self.runs_of(model, lock, |_| true);
        if model.holds(lock).all(|(_, holds)| holds.iter().all(|hold| hold.mode == Mode::Write)) {
            return Conflicts { with_write, with_upgrade: with_write, with_read: with_write };
        }
        Conflicts {
            with_write,
            with_upgrade: self.runs_of(model, lock, |hold| hold.mode.conflicts_with(Mode::Upgrade)),
            with_read: self.runs_of(model, lock, |hold| hold.mode.conflicts_with(Mode::Read)),
        }
    }

    fn runs_of(&mut self, model: &Model<'_>, lock: LockId, counts: impl Fn(&Hold) -> bool) -> (u32, u32) {
        let first = number(self.runs.len());
        for (_, holds) in model.holds(lock) {
            let start = number(self.locs.len());
            for hold in holds.iter().filter(|hold| counts(hold)) {
                self.locs.push(hold.acquire);
                let index = model.index(Point::new(hold.thread, hold.acquire));
                self.indices.push(u32::try_from(index.0).expect("an indexed trace has fewer than 2^32 events"));
            }
            let end = number(self.locs.len());
            if start < end {
                self.runs.push(Run { thread: holds[0].thread, start, end });
            }
        }
        (first, number(self.runs.len()))
    }

    /// When the run's last acquire in `ideal` was recorded.
    fn last(&self, run: Run, ideal: &Ideal) -> Option<u32> {
        let range = run.start as usize..run.end as usize;
        let count = self.locs[range.clone()].partition_point(|&loc| loc <= ideal.get(run.thread));
        (count > 0).then(|| self.indices[range.start + count - 1])
    }

    /// Whether anybody's later hold in `ideal` conflicts with `hold`.
    pub(super) fn is_followed(&self, model: &Model<'_>, hold: &Hold, ideal: &Ideal) -> bool {
        let runs = &self.runs[self.by_lock[hold.lock.0 as usize].with(hold.mode)];
        if runs.is_empty() {
            return false;
        }
        let acquired = acquired(model, hold);
        runs.iter().any(|&run| run.thread != hold.thread && self.last(run, ideal) > Some(acquired))
    }

    /// Whether a later hold in `ideal` by `thread` conflicts with `hold`, which is another's.
    pub(super) fn is_followed_by(&self, model: &Model<'_>, hold: &Hold, thread: ThreadId, ideal: &Ideal) -> bool {
        let runs = &self.runs[self.by_lock[hold.lock.0 as usize].with(hold.mode)];
        let run = runs.binary_search_by_key(&thread, |run| run.thread);
        run.is_ok_and(|run| self.last(runs[run], ideal) > Some(acquired(model, hold)))
    }
}

fn acquired(model: &Model<'_>, hold: &Hold) -> u32 {
    u32::try_from(model.index(Point::new(hold.thread, hold.acquire)).0).expect("an indexed trace is small")
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("no more holds than events")
}

/// What `thread` holds when it has got as far as in `ideal`: the only holds of it that can violate the rule.
pub(super) fn open<'m>(model: &'m Model<'_>, thread: ThreadId, ideal: &Ideal) -> &'m [HoldId] {
    let got = ideal.get(thread);
    if got == 0 { &[] } else { model.held(Point::new(thread, got).next()) }
}

//! Permits of semaphores as locks: each acquire takes permits, each release gives permits back or makes new ones.
//!
//! A semaphore may have as many permits as a number can tell, so they are never looked at one by one: those that have been
//! taken and given back together so far are one bundle, which splits where they part. In the end those that never parted are
//! one token.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, ObjectKind, Tables, ThreadId, Touched};

use super::rows::Known;
use crate::by_object::ByObject;
use crate::model::{Hold, LockId};

/// All permits that were ever taken, and who holds them.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    semaphores: ByObject<Semaphore>,
    permits: Permits,
    holds: Vec<Holding>,
}

/// How many permits there are so far: their numbers.
#[derive(Debug, Default)]
struct Permits(u64);

impl Permits {
    /// New ones, none of which anybody has had.
    fn make(&mut self, count: u32, made: Option<Known>) -> Bundle {
        let first = self.0;
        self.0 += u64::from(count);
        Bundle { first, count, made, freed: None }
    }
}

/// Permits with the same past.
#[derive(Clone, Copy, Debug)]
struct Bundle {
    first: u64,
    count: u32,
    /// The release without an acquire that made them.
    made: Option<Known>,
    /// The last release.
    freed: Option<Known>,
}

impl Bundle {
    /// Leaves all but the last `count`, which is less than all, and returns those.
    fn split(&mut self, count: u32) -> Self {
        self.count -= count;
        Self { first: self.end(), count, ..*self }
    }

    fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// A hold of a bundle; its lock is known only when all has been seen.
#[derive(Clone, Copy, Debug)]
struct Holding {
    bundle: Bundle,
    hold: Hold,
}

#[derive(Debug, Default)]
struct Semaphore {
    /// Permits that it had at creation and that nobody has taken yet; none before its first operation.
    untouched: Option<u32>,
    /// In the order in which they were given back.
    free: Vec<Bundle>,
    /// In the order in which they were taken.
    taken: Vec<Taken>,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    /// Its place among all holds.
    hold: usize,
    by: Known,
}

impl Tokens {
    /// About how much memory the holds take, now and in the index; more if their permits part later.
    pub(super) fn bytes(&self) -> u64 {
        bytes_in_index(self.holds.len()) + (self.holds.len() * size_of::<Holding>()) as u64
    }

    /// Takes `n` permits by the event `by`, recorded at `at`. `knows` says whether the thread comes after an event in any
    /// case. Returns what made the permits: that must have happened before.
    pub(super) fn acquire(
        &mut self,
        tables: &Tables,
        semaphore: ObjectId,
        (n, how): (u32, How),
        (by, at): (Known, EventIndex),
        knows: impl Fn(Known) -> bool,
    ) -> Vec<Known> {
        let Self { semaphores, permits, holds } = self;
        let state = semaphores.get_or_default(semaphore);
        state.begin(tables, semaphore);
        let (mut made, mut left) = (Vec::new(), n);
        while left > 0 {
            let Some(bundle) = state.take(left, by.thread(), permits, &knows) else { break };
            left -= bundle.count;
            made.extend(bundle.made);
            state.taken.push(Taken { hold: holds.len(), by });
            let hold = Hold {
                lock: LockId(u32::MAX),
                object: semaphore,
                thread: by.thread(),
                acquire: by.loc,
                acquired: at,
                release: None,
                mode: Mode::Write,
                how,
                // Permits carry no data.
                touched: Touched::None,
            };
            holds.push(Holding { bundle, hold });
        }
        made
    }

    /// Gives `n` permits back at `by`: what the thread took last, then new ones.
    pub(super) fn release(&mut self, tables: &Tables, semaphore: ObjectId, n: u32, by: Known) {
        let Self { semaphores, permits, holds } = self;
        let state = semaphores.get_or_default(semaphore);
        state.begin(tables, semaphore);
        let mut left = n;
        while left > 0 {
            let given = state.give(left, by, holds).unwrap_or_else(|| permits.make(left, Some(by)));
            left -= given.count;
            state.free.push(Bundle { freed: Some(by), ..given });
        }
    }

    /// The acquires of all permits that are taken now.
    pub(super) fn taken(&self, semaphore: ObjectId) -> Vec<Known> {
        let state = self.semaphores.get(semaphore);
        state.map_or_else(Vec::new, |state| state.taken.iter().map(|taken| taken.by).collect())
    }

    /// All holds in the order in which they began, one a token, and how many tokens there are: they get the ids from `first`
    /// on. None if that takes more than `bytes`.
    pub(super) fn into_holds(self, first: u32, bytes: u64) -> Option<(Vec<Hold>, u32)> {
        let ends = |holding: &Holding| [holding.bundle.first, holding.bundle.end()];
        let mut parts: Vec<u64> = self.holds.iter().flat_map(ends).collect();
        parts.sort_unstable();
        parts.dedup();
        let tokens = |bundle: &Bundle| {
            let place = |permit| parts.partition_point(|&part| part < permit);
            place(bundle.first)..place(bundle.end())
        };
        let count = self.holds.iter().map(|holding| tokens(&holding.bundle).len()).sum();
        if bytes_in_index(count) > bytes {
            return None;
        }
        let mut holds = Vec::with_capacity(count);
        for Holding { bundle, hold } in &self.holds {
            holds.extend(tokens(bundle).map(|token| Hold { lock: LockId(first + narrow(token)), ..*hold }));
        }
        // What was split off a hold has been put behind later ones.
        holds.sort_by_key(|hold| hold.acquired);
        Some((holds, narrow(parts.len())))
    }
}

impl Semaphore {
    fn begin(&mut self, tables: &Tables, semaphore: ObjectId) {
        self.untouched.get_or_insert_with(|| match tables.object(semaphore).kind {
            ObjectKind::Semaphore { permits, .. } => permits,
            _ => 0,
        });
    }

    /// At most `most` permits that this thread had last; that nobody had; that were given back before in any case; that were
    /// given back first.
    fn take(
        &mut self,
        most: u32,
        thread: ThreadId,
        permits: &mut Permits,
        knows: impl Fn(Known) -> bool,
    ) -> Option<Bundle> {
        let is_freed = |bundle: &Bundle, by: &dyn Fn(Known) -> bool| bundle.freed.is_some_and(by);
        let own = self.free.iter().rposition(|bundle| is_freed(bundle, &|freed| freed.thread() == thread));
        if own.is_none()
            && let Some(untouched) = self.untouched.as_mut().filter(|untouched| **untouched > 0)
        {
            let count = most.min(*untouched);
            *untouched -= count;
            return Some(permits.make(count, None));
        }
        let known = || self.free.iter().position(|bundle| is_freed(bundle, &knows));
        let position = own.or_else(known).or(if self.free.is_empty() { None } else { Some(0) })?;
        let bundle = &mut self.free[position];
        Some(if bundle.count > most { bundle.split(most) } else { self.free.remove(position) })
    }

    /// Ends the thread's last hold, or that of at most `most` of its permits. None if it holds nothing.
    fn give(&mut self, most: u32, by: Known, holds: &mut Vec<Holding>) -> Option<Bundle> {
        let position = self.taken.iter().rposition(|taken| taken.by.thread() == by.thread())?;
        let held = &mut holds[self.taken[position].hold];
        if held.bundle.count <= most {
            held.hold.release = Some(by.loc);
            let given = held.bundle;
            self.taken.remove(position);
            return Some(given);
        }
        let given = held.bundle.split(most);
        let hold = Hold { release: Some(by.loc), ..held.hold };
        holds.push(Holding { bundle: given, hold });
        Some(given)
    }
}

/// Each hold is sorted, copied and referred to.
const fn bytes_in_index(holds: usize) -> u64 {
    (holds * 3 * size_of::<Hold>()) as u64
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("fewer holds than memory can take")
}

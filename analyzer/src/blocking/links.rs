//! Which request may depend on which: "while `on` waits, `request` may wait for its thread".
//!
//! An over-approximation; the checker decides. The relation is asked for pair by pair or walked from one request, never
//! stored: it has millions of pairs where there are thousands of requests.

use lockhound_trace::{Mode, ObjectId, ObjectKind, Policy, ThreadId};
use rustc_hash::FxHashMap;

use crate::blocking::need::Need;
use crate::blocking::requests::{HeldLock, RequestId, Requests};
use crate::model::{LockId, Model, Point};

/// Which dependencies count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kinds {
    /// Those on whoever has something: a lock, permits, the end of itself, a place in the queue of a lock.
    Owned,
    /// Also those on whoever may provide something.
    All,
}

/// The relation.
#[derive(Debug)]
pub(super) struct Links<'a> {
    pub(super) model: &'a Model<'a>,
    pub(super) requests: &'a Requests,
    /// Who waits while holding a lock (or permit), and how it holds it.
    holders: FxHashMap<LockId, Vec<(RequestId, Mode)>>,
    /// Who waits while holding permits of a semaphore.
    permits: FxHashMap<ObjectId, Vec<RequestId>>,
    /// Who asks to write a lock whose readers queue behind writers.
    writers: FxHashMap<ObjectId, Vec<RequestId>>,
    /// Until when (`loc`) each thread may still provide what is needed, or create one that may.
    reach: FxHashMap<Need, Vec<(ThreadId, u32)>>,
    /// Each thread's requests by their first instance.
    by_first: Vec<Vec<(u32, RequestId)>>,
    semaphores: FxHashMap<LockId, ObjectId>,
}

impl<'a> Links<'a> {
    pub(super) fn new(model: &'a Model<'a>, requests: &'a Requests) -> Self {
        let mut links = Self {
            model,
            requests,
            holders: FxHashMap::default(),
            permits: FxHashMap::default(),
            writers: FxHashMap::default(),
            reach: FxHashMap::default(),
            by_first: vec![Vec::new(); model.threads()],
            semaphores: FxHashMap::default(),
        };
        for id in requests.ids() {
            links.add(id);
        }
        for list in &mut links.by_first {
            list.sort_unstable();
        }
        links
    }

    fn add(&mut self, id: RequestId) {
        let request = self.requests.get(id);
        let tables = self.model.tables();
        self.by_first[request.thread.index()].push((request.first().loc, id));
        for &(lock, mode) in self.requests.held(id) {
            self.holders.entry(lock).or_default().push((id, mode));
            let owner = self.model.holds(lock).next().map(|(_, holds)| holds[0].object);
            if let Some(semaphore) = owner.filter(|&owner| !tables.object(owner).kind.is_lock()) {
                self.semaphores.insert(lock, semaphore);
                let holders = self.permits.entry(semaphore).or_default();
                if holders.last() != Some(&id) {
                    holders.push(id);
                }
            }
        }
        if let Need::Lock { lock, mode: Mode::Write } = request.need
            && self.queues(lock)
        {
            self.writers.entry(lock).or_default().push(id);
        }
        if !self.reach.contains_key(&request.need) {
            self.reach.insert(request.need, self.reach_of(request.need));
        }
    }

    /// Whether readers of `lock` wait behind a writer that waits.
    pub(super) fn queues(&self, lock: ObjectId) -> bool {
        self.model.tables().object(lock).kind == (ObjectKind::RwLock { policy: Policy::Writer })
    }

    /// The threads that may provide what is needed, and those that create them, with the `loc` up to which they may.
    fn reach_of(&self, need: Need) -> Vec<(ThreadId, u32)> {
        let mut reach: FxHashMap<ThreadId, u32> = FxHashMap::default();
        let mut todo: Vec<(ThreadId, u32)> = match need {
            Need::End(child) => self.model.last(child).map(|last| (child, last.loc + 1)).into_iter().collect(),
            _ => self.requests.deeds.sources(need).map(|share| (share.thread, share.last())).collect(),
        };
        while let Some((thread, loc)) = todo.pop() {
            let known = reach.entry(thread).or_default();
            let is_new = *known == 0;
            *known = (*known).max(loc);
            if is_new && let Some(spawn) = self.model.spawn_of(thread) {
                todo.push((spawn.thread, spawn.loc));
            }
        }
        let mut reach: Vec<_> = reach.into_iter().collect();
        reach.sort_unstable();
        reach
    }

    /// Until when each thread may provide what is needed, or create one that may; threads in the order of their ids.
    pub(super) fn reach(&self, need: Need) -> &[(ThreadId, u32)] {
        self.reach.get(&need).map_or(&[], Vec::as_slice)
    }

    /// Whether `thread`, stopped at `loc`, still had to provide what is needed.
    fn would_provide(&self, need: Need, thread: ThreadId, loc: u32) -> bool {
        let reach = self.reach(need);
        reach.binary_search_by_key(&thread, |&(thread, _)| thread).is_ok_and(|at| reach[at].1 > loc)
    }

    /// The requests of a thread by their first instance.
    pub(super) fn by_first(&self, thread: ThreadId) -> &[(u32, RequestId)] {
        &self.by_first[thread.index()]
    }

    /// Who waits while holding `lock`, and how.
    pub(super) fn holders(&self, lock: LockId) -> &[(RequestId, Mode)] {
        self.holders.get(&lock).map_or(&[], Vec::as_slice)
    }

    /// Who waits while holding permits.
    pub(super) fn permit_holders(&self, semaphore: ObjectId) -> &[RequestId] {
        self.permits.get(&semaphore).map_or(&[], Vec::as_slice)
    }

    /// Who queues to write.
    pub(super) fn writers(&self, lock: ObjectId) -> &[RequestId] {
        self.writers.get(&lock).map_or(&[], Vec::as_slice)
    }

    /// Whether `request` may depend on `on`.
    pub(super) fn may_depend(&self, request: RequestId, on: RequestId, kinds: Kinds) -> bool {
        let at = self.requests.get(on).first();
        self.may_depend_at(request, on, at, kinds)
    }

    /// The same while `on` waits at `at`.
    pub(super) fn may_depend_at(&self, request: RequestId, on: RequestId, at: Point, kinds: Kinds) -> bool {
        let need = self.requests.get(request).need;
        let other = self.requests.get(on);
        if self.requests.get(request).thread == other.thread {
            return false;
        }
        let held = self.requests.held(on);
        match need {
            Need::Lock { lock, mode } => {
                let id = self.model.lock_of(lock);
                held.iter().any(|&(held, how)| Some(held) == id && mode.conflicts_with(how))
                    || (mode == Mode::Read
                        && other.need == (Need::Lock { lock, mode: Mode::Write })
                        && self.queues(lock))
            }
            Need::Permits(semaphore) => {
                held.iter().any(|(lock, _)| self.semaphores.get(lock) == Some(&semaphore))
                    || (kinds == Kinds::All && self.would_provide(need, at.thread, at.loc))
            }
            Need::End(_) => self.would_provide(need, at.thread, at.loc),
            _ => kinds == Kinds::All && self.would_provide(need, at.thread, at.loc),
        }
    }

    /// Whether both can wait at once: different threads, no lock held by both unless both only read, and neither over
    /// before the other begins.
    pub(super) fn compatible(&self, one: RequestId, other: RequestId) -> bool {
        let (a, b) = (self.requests.get(one), self.requests.get(other));
        a.thread != b.thread
            && !share_a_lock(self.requests.held(one), self.requests.held(other))
            && !self.model.pred(a.first()).contains(b.last())
            && !self.model.pred(b.first()).contains(a.last())
    }

    /// Calls `visit` with every request that `request` may depend on; some twice. Stops when `visit` says so.
    pub(super) fn walk(&self, request: RequestId, kinds: Kinds, mut visit: impl FnMut(RequestId) -> bool) {
        let need = self.requests.get(request).need;
        match need {
            Need::Lock { lock, mode } => {
                let holders = self.model.lock_of(lock).map_or(&[][..], |id| self.holders(id));
                for &(holder, how) in holders {
                    if mode.conflicts_with(how) && !visit(holder) {
                        return;
                    }
                }
                if mode == Mode::Read {
                    for &writer in self.writers(lock) {
                        if !visit(writer) {
                            return;
                        }
                    }
                }
                return;
            }
            Need::Permits(semaphore) => {
                for &holder in self.permit_holders(semaphore) {
                    if !visit(holder) {
                        return;
                    }
                }
            }
            _ => {}
        }
        if kinds == Kinds::All || need.is_owned() {
            for &(thread, until) in self.reach(need) {
                for &(first, on) in self.by_first(thread) {
                    if first >= until {
                        break;
                    }
                    if !visit(on) {
                        return;
                    }
                }
            }
        }
    }
}

/// Whether two sorted sets of locks have one in common that not both read.
fn share_a_lock(one: &[HeldLock], other: &[HeldLock]) -> bool {
    one.iter().any(|&(lock, mode)| {
        let from = other.partition_point(|&(theirs, _)| theirs < lock);
        other[from..].iter().take_while(|&&(theirs, _)| theirs == lock).any(|&(_, theirs)| mode.conflicts_with(theirs))
    })
}

//! What objects have to give at one moment: whether somebody who waits for it could go on.

use std::collections::HashMap;

use lockhound_trace::{Mode, ObjectId, ObjectKind, Op, Request, Tables, ThreadId};

/// What is known of one object.
#[derive(Debug)]
enum Stock {
    /// Who holds it, how, and how often.
    Lock {
        reentrant: bool,
        holders: Vec<(ThreadId, Mode, u32)>,
    },
    Permits(i64),
    Channel {
        inside: u64,
        capacity: Option<u64>,
        closed: bool,
    },
    Flag(bool),
    Count(i64),
    Once(bool),
    Barrier {
        parties: Option<usize>,
        arrived: Vec<ThreadId>,
        let_through: Vec<ThreadId>,
    },
    /// Who waits, and whether it was notified.
    Condvar(Vec<(ThreadId, bool)>),
    Memory,
}

impl Stock {
    fn new(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Mutex { reentrant } => Self::Lock { reentrant, holders: Vec::new() },
            ObjectKind::RwLock { .. } => Self::Lock { reentrant: false, holders: Vec::new() },
            ObjectKind::Condvar => Self::Condvar(Vec::new()),
            ObjectKind::Semaphore { permits, .. } => Self::Permits(permits.into()),
            ObjectKind::Barrier { parties } => {
                let parties = parties.and_then(|parties| usize::try_from(parties).ok());
                Self::Barrier { parties, arrived: Vec::new(), let_through: Vec::new() }
            }
            ObjectKind::Channel { capacity, .. } => Self::Channel { inside: 0, capacity, closed: false },
            ObjectKind::Flag { set } => Self::Flag(set),
            ObjectKind::Waitgroup { count } => Self::Count(count.into()),
            ObjectKind::Once => Self::Once(false),
            ObjectKind::Var | ObjectKind::Atomic => Self::Memory,
        }
    }
}

/// All objects that threads can wait for. Memory depends on threads and objects.
#[derive(Default, Debug)]
pub(super) struct Supply {
    objects: HashMap<ObjectId, Stock>,
}

impl Supply {
    /// `thread` does this.
    pub(super) fn apply(&mut self, thread: ThreadId, op: &Op, tables: &Tables) {
        match *op {
            Op::Wait { condvar, lock, .. } | Op::Block { on: Request::Wait { condvar, lock } } => {
                let Stock::Condvar(waiting) = self.of(condvar, tables) else { return };
                if !waiting.iter().any(|&(waiter, _)| waiter == thread) {
                    waiting.push((thread, false));
                    self.give_back(thread, lock, None, tables);
                }
            }
            Op::Wake { condvar, lock, .. } => {
                if let Stock::Condvar(waiting) = self.of(condvar, tables) {
                    waiting.retain(|&(waiter, _)| waiter != thread);
                }
                self.take(thread, lock, Mode::Write, tables);
            }
            Op::Acquire { lock, mode, .. } => self.take(thread, lock, mode, tables),
            Op::Release { lock, mode, .. } => self.give_back(thread, lock, Some(mode), tables),
            Op::Block { .. } => {}
            _ => self.change(thread, op, tables),
        }
    }

    fn change(&mut self, thread: ThreadId, op: &Op, tables: &Tables) {
        let Some(object) = op.object() else { return };
        match (*op, self.of(object, tables)) {
            (Op::Notify { .. }, Stock::Condvar(waiting)) => {
                // Which of several it reaches is seen when one wakes.
                if let [waiter] = waiting.as_mut_slice() {
                    waiter.1 = true;
                }
            }
            (Op::NotifyAll { .. }, Stock::Condvar(waiting)) => waiting.iter_mut().for_each(|waiter| waiter.1 = true),
            (Op::AcquirePermits { n, .. }, Stock::Permits(left)) => *left -= i64::from(n),
            (Op::ReleasePermits { n, .. }, Stock::Permits(left)) => *left += i64::from(n),
            (Op::Arrive { .. }, Stock::Barrier { parties, arrived, let_through }) => {
                arrived.push(thread);
                if parties.is_some_and(|parties| arrived.len() >= parties) {
                    let_through.append(arrived);
                }
            }
            (Op::Pass { .. }, Stock::Barrier { arrived, let_through, .. }) => {
                arrived.retain(|&other| other != thread);
                let_through.retain(|&other| other != thread);
            }
            (Op::Send { .. }, Stock::Channel { inside, .. }) => *inside += 1,
            (Op::Recv { .. }, Stock::Channel { inside, .. }) => *inside = inside.saturating_sub(1),
            (Op::Close { .. }, Stock::Channel { closed, .. }) => *closed = true,
            (Op::Set { .. }, Stock::Flag(set)) => *set = true,
            (Op::Clear { .. }, Stock::Flag(set)) => *set = false,
            (Op::Add { n, .. }, Stock::Count(count)) => *count += i64::from(n),
            (Op::Done { n, .. }, Stock::Count(count)) => *count -= i64::from(n),
            (Op::OnceEnd { .. }, Stock::Once(done)) => *done = true,
            _ => {}
        }
    }

    fn of(&mut self, object: ObjectId, tables: &Tables) -> &mut Stock {
        self.objects.entry(object).or_insert_with(|| Stock::new(tables.object(object).kind))
    }

    fn take(&mut self, thread: ThreadId, lock: ObjectId, mode: Mode, tables: &Tables) {
        let Stock::Lock { holders, .. } = self.of(lock, tables) else { return };
        match holders.iter_mut().find(|holder| (holder.0, holder.1) == (thread, mode)) {
            Some(holder) => holder.2 += 1,
            None => holders.push((thread, mode, 1)),
        }
    }

    /// One hold in `mode`; without one, all of them.
    fn give_back(&mut self, thread: ThreadId, lock: ObjectId, mode: Option<Mode>, tables: &Tables) {
        let Stock::Lock { holders, .. } = self.of(lock, tables) else { return };
        holders.retain_mut(|holder| {
            let released = holder.0 == thread && mode.is_none_or(|mode| mode == holder.1);
            if released {
                holder.2 = if mode.is_some() { holder.2 - 1 } else { 0 };
            }
            holder.2 > 0
        });
    }

    /// Who has the lock.
    pub(super) fn holders(&self, lock: ObjectId) -> Vec<(ThreadId, Mode)> {
        match self.objects.get(&lock) {
            Some(Stock::Lock { holders, .. }) => holders.iter().map(|&(holder, mode, _)| (holder, mode)).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a notification has reached `thread`, which waits at `condvar`.
    pub(super) fn is_notified(&self, thread: ThreadId, condvar: ObjectId) -> bool {
        matches!(self.objects.get(&condvar), Some(Stock::Condvar(waiting)) if waiting.contains(&(thread, true)))
    }

    /// Whether what `thread` asks for is there, so that it needs only to run. Of two sides that meet at a rendezvous, and of
    /// what was never seen, that is not known: then not. The ends of threads are not objects.
    pub(super) fn has(&self, thread: ThreadId, on: &Request) -> bool {
        match *on {
            Request::Acquire { lock, mode, .. } => self.is_free(thread, lock, mode),
            Request::Wake { lock, .. } => self.is_free(thread, lock, Mode::Write),
            Request::Wait { condvar, lock } => {
                self.is_notified(thread, condvar) && self.is_free(thread, lock, Mode::Write)
            }
            Request::Join { .. } => false,
            _ => on.object().and_then(|object| self.objects.get(&object)).is_some_and(|stock| gives(stock, thread, on)),
        }
    }

    fn is_free(&self, thread: ThreadId, lock: ObjectId, mode: Mode) -> bool {
        match self.objects.get(&lock) {
            Some(Stock::Lock { reentrant, holders }) => holders.iter().all(|&(holder, held, _)| {
                !held.conflicts_with(mode) || holder == thread && (*reentrant || held == Mode::Upgrade)
            }),
            _ => true,
        }
    }
}

fn gives(stock: &Stock, thread: ThreadId, on: &Request) -> bool {
    match (on, stock) {
        (Request::AcquirePermits { n, .. }, Stock::Permits(left)) => *left >= i64::from(*n),
        (Request::Pass { .. }, Stock::Barrier { let_through, .. }) => let_through.contains(&thread),
        (Request::Send { .. }, Stock::Channel { inside, capacity, closed }) => {
            *closed || capacity.is_none_or(|capacity| *inside < capacity)
        }
        (Request::Recv { .. }, Stock::Channel { closed, capacity: Some(0), .. }) => *closed,
        (Request::Recv { .. }, Stock::Channel { inside, closed, .. }) => *closed || *inside > 0,
        (Request::Await { .. }, Stock::Flag(set)) => *set,
        (Request::Await { .. }, Stock::Count(count)) => *count <= 0,
        (Request::Await { .. }, Stock::Once(done)) => *done,
        _ => false,
    }
}

//! What comes before what in every credible reordering: program order, spawn and join, barriers, and reads-from over
//! everything that carries information.
//!
//! | event | comes after |
//! |---|---|
//! | first event | its `spawn` |
//! | `join` | the last event of the child |
//! | read, load, rmw | the last write, store, rmw |
//! | acquire whose hold looks at the data in the lock | the end of the last earlier hold that wrote |
//! | recv | its send, or the close that it found; on capacity 0 both are one step, and come after what comes before either |
//! | wake by a notification | that notification |
//! | pass | all arrivals of its generation |
//! | await | the set, all dones and adds, the end of the initialiser |
//! | done | all earlier adds: the count stays at 0 or above |
//! | a lock request that gave up at once | the acquire of one hold in its way (of a semaphore's permits: of all that were taken) |
//! | a send that gave up | the sends in the buffer, or the close |
//! | acquire of permits | the releases that made its tokens, where no acquire went before them |
//!
//! A request for a lock that gave up after it was seen to wait may have run out of time in any case.

use lockhound_trace::{EventIndex, ObjectId, ObjectKind, Op, Request, Tables, ThreadId, WakeReason};

use super::links::Links;
use super::locking::Locking;
use super::packed::Packed;
use super::rows::{Known, Row, Rows, brings, join, knows, knows_of, narrow, set};
use super::stretches::Stretches;
use super::tokens::Tokens;
use crate::by_object::ByObject;
use crate::model::{Hold, Log, Point, Stamp};

/// The timestamps of all events: `TS(e)[u]` = how many events of u are at or before e.
#[derive(Debug)]
pub(super) struct MustOrder {
    rows: Rows,
    /// Per thread, from which event on which row holds.
    threads: Vec<Stretches<Row>>,
}

/// What is known before the pass.
pub(super) struct Before<'a> {
    pub(super) locking: &'a Locking,
    pub(super) links: &'a Links,
    /// Channels whose messages stand for one another.
    pub(super) interchangeable: &'a [ObjectId],
}

/// What a pass over the trace finds.
pub(super) struct Found {
    pub(super) order: MustOrder,
    /// Holds of permits, and how many tokens they are of.
    pub(super) permits: (Vec<Hold>, u32),
}

impl MustOrder {
    /// Follows the trace; none if that takes more than `bytes`. An event without a new edge takes constant time, any other
    /// time in the number of threads.
    pub(super) fn follow(tables: &Tables, log: &Log, before: &Before<'_>, bytes: u64) -> Option<Found> {
        let &Before { locking, links, interchangeable } = before;
        let threads = tables.threads().len().max(log.threads());
        let mut pass = Pass {
            tables,
            log,
            links,
            locking,
            interchangeable,
            order: Self { rows: Rows::new(threads), threads: vec![Stretches::default(); threads] },
            now: vec![0; threads],
            clocks: vec![Vec::new(); threads],
            changed: false,
            like: Row::default(),
            writes: vec![Known::NOTHING; tables.objects().len()],
            next_hold: 0,
            next_write: 0,
            next_failures: (0, 0),
            gathered: ByObject::default(),
            counts: ByObject::default(),
            tokens: Tokens::default(),
        };
        for (index, packed) in (0..).zip(log.stored()) {
            pass.take(index, packed);
            let taken = pass.order.rows.bytes() + pass.tokens.bytes();
            if taken > bytes || pass.order.rows.is_full() {
                return None;
            }
        }
        let permits = pass.tokens.into_holds(locking.count, bytes.saturating_sub(pass.order.rows.bytes()))?;
        Some(Found { order: pass.order, permits })
    }

    /// TS(e).
    pub(super) fn stamp(&self, point: Point) -> Stamp<'_> {
        let (row, changes) = self.rows.get(self.row_at(point.thread.index(), point.loc));
        Stamp { row, changes, own: Some(point) }
    }

    /// What a thread knows that has done nothing yet.
    pub(super) fn origin(&self, thread: ThreadId) -> Stamp<'_> {
        let first = self.threads[thread.index()].first().filter(|&(from, _)| from == 0);
        let (row, changes) = self.rows.get(first.map_or(Row::default(), |(_, row)| row));
        Stamp { row, changes, own: None }
    }

    #[inline]
    fn row_at(&self, thread: usize, loc: u32) -> Row {
        self.threads[thread].at(loc).unwrap_or_default()
    }

    /// The `loc`-th event of `thread`, which has happened.
    fn known(&self, thread: usize, loc: u32) -> Known {
        Known { thread: narrow(thread), loc, row: self.row_at(thread, loc) }
    }

    fn current(&self, thread: usize) -> Row {
        self.threads[thread].last().unwrap_or_default()
    }

    fn begin(&mut self, thread: usize, from: u32, row: Row) {
        self.threads[thread].begin(from, row);
    }
}

/// What a wait group has seen.
#[derive(Debug, Default)]
struct Counts {
    adds: Vec<u32>,
    all: Vec<u32>,
}

struct Pass<'a> {
    tables: &'a Tables,
    log: &'a Log,
    links: &'a Links,
    locking: &'a Locking,
    interchangeable: &'a [ObjectId],
    order: MustOrder,
    /// How many events of each thread have happened.
    now: Vec<u32>,
    /// What each thread knows; its own count may be behind.
    clocks: Vec<Vec<u32>>,
    /// Whether the thread of this event has learned something from it.
    changed: bool,
    /// A row that its clock is like now.
    like: Row,
    /// Last write of each variable, and of the data in each lock.
    writes: Vec<Known>,
    next_hold: usize,
    next_write: usize,
    next_failures: (usize, usize),
    /// What each generation of a barrier knows.
    gathered: ByObject<Vec<Option<Row>>>,
    counts: ByObject<Counts>,
    tokens: Tokens,
}

impl Pass<'_> {
    fn take(&mut self, index: u32, packed: &Packed) {
        let thread = packed.thread().index();
        self.now[thread] = packed.loc;
        if let Some((object, reads, writes)) = packed.access() {
            if reads {
                self.learn(thread, self.writes[object.index()]);
                self.settle(thread, packed.loc);
            }
            if writes {
                self.writes[object.index()] = self.known(thread);
            }
            return;
        }
        let op = self.log.op_of(packed);
        self.enter(index, thread, op);
        self.settle(thread, packed.loc);
        self.leave(index, thread, op);
    }

    /// The thread learns what the event tells it.
    fn enter(&mut self, index: u32, thread: usize, op: Op) {
        match op {
            Op::Join { child } => self.join(thread, child.index()),
            Op::Acquire { lock, .. } => self.look(thread, lock),
            Op::Wake { lock, by, .. } => {
                if by == WakeReason::Notify {
                    self.learn_partner(index, thread);
                }
                self.look(thread, lock);
            }
            Op::TryFailed { object, .. } => self.fail(index, thread, object),
            Op::TrySendFailed { .. } => {
                self.learn_partner(index, thread);
                let links = self.links;
                let causes = causes(&links.failures, &mut self.next_failures.1, index);
                causes.iter().for_each(|&(_, cause)| self.learn_event(thread, EventIndex(cause.into())));
            }
            Op::Recv { channel, .. } if self.interchangeable.contains(&channel) => {}
            Op::Send { .. } | Op::Recv { .. } | Op::RecvClosed { .. } => self.receive(index, thread),
            Op::Pass { barrier } => self.pass(index, thread, barrier),
            Op::Done { waitgroup, .. } => self.learn_counts(thread, waitgroup, |counts| &mut counts.adds),
            Op::Await { object } => {
                if matches!(self.tables.object(object).kind, ObjectKind::Waitgroup { .. }) {
                    self.learn_counts(thread, object, |counts| &mut counts.all);
                } else {
                    self.learn_partner(index, thread);
                }
            }
            Op::AcquirePermits { semaphore, n, how } => {
                let (by, clock) = ((self.known(thread), EventIndex(index.into())), &self.clocks[thread]);
                let knows = |known: Known| knows(clock, known);
                let made = self.tokens.acquire(self.tables, semaphore, (n, how), by, knows);
                made.into_iter().for_each(|made| self.learn(thread, made));
            }
            _ => {}
        }
    }

    /// Others will learn from the event.
    fn leave(&mut self, index: u32, thread: usize, op: Op) {
        match op {
            Op::Spawn { child } => self.spawn(thread, child.index()),
            Op::Release { lock, .. } | Op::Wait { lock, .. } | Op::Block { on: Request::Wait { lock, .. } }
                if self.locking.writes.get(self.next_write) == Some(&index) =>
            {
                self.next_write += 1;
                self.writes[lock.index()] = self.known(thread);
            }
            Op::ReleasePermits { semaphore, n } => {
                let by = self.known(thread);
                self.tokens.release(self.tables, semaphore, n, by);
            }
            Op::Add { waitgroup, .. } | Op::Done { waitgroup, .. } => {
                let known = self.known(thread);
                let rows = &self.order.rows;
                let counts = self.counts.get_or_default(waitgroup);
                rows.join_into(&mut counts.all, known.row, Some(known));
                if matches!(op, Op::Add { .. }) {
                    rows.join_into(&mut counts.adds, known.row, Some(known));
                }
            }
            _ => {}
        }
    }

    /// The thread's last event.
    fn known(&self, thread: usize) -> Known {
        Known { thread: narrow(thread), loc: self.now[thread], row: self.order.current(thread) }
    }

    fn learn(&mut self, thread: usize, known: Known) {
        let clock = &mut self.clocks[thread];
        if known.thread as usize != thread && !knows(clock, known) {
            self.order.rows.join_into(clock, known.row, Some(known));
            self.changed = true;
            self.like = known.row;
        }
    }

    /// Learns all that `row` stands for.
    fn learn_row(&mut self, thread: usize, row: Row) {
        let clock = &mut self.clocks[thread];
        let (counts, changes) = self.order.rows.get(row);
        let news = |&(other, count): &(u32, u32)| other as usize != thread && !knows_of(clock, other as usize, count);
        if brings(clock, counts, thread) || changes.iter().any(news) {
            self.order.rows.join_into(clock, row, None);
            self.changed = true;
            self.like = row;
        }
    }

    fn learn_event(&mut self, thread: usize, event: EventIndex) {
        let (other, loc) = (self.log.thread(event).index(), self.log.loc(event));
        self.learn(thread, self.order.known(other, loc));
    }

    fn learn_partner(&mut self, index: u32, thread: usize) {
        if let Some(partner) = self.links.partner(EventIndex(index.into())) {
            self.learn_event(thread, partner);
        }
    }

    fn learn_counts(&mut self, thread: usize, waitgroup: ObjectId, which: impl Fn(&mut Counts) -> &mut Vec<u32>) {
        let counts = which(self.counts.get_or_default(waitgroup));
        let clock = &mut self.clocks[thread];
        if brings(clock, counts, thread) {
            join(clock, counts, None);
            self.changed = true;
        }
    }

    /// If the thread has learned something, it has a new row from its `loc`-th event on.
    fn settle(&mut self, thread: usize, loc: u32) {
        if std::mem::take(&mut self.changed) {
            let clock = &mut self.clocks[thread];
            set(clock, thread, loc);
            let like = std::mem::take(&mut self.like);
            let row = self.order.rows.push(clock, like);
            self.order.begin(thread, loc, row);
        }
    }

    /// A child that has done nothing knows its spawn all the same.
    fn join(&mut self, thread: usize, child: usize) {
        let known = self.known(child);
        if known.loc > 0 {
            self.learn(thread, known);
        } else {
            self.learn_row(thread, known.row);
        }
    }

    fn spawn(&mut self, thread: usize, child: usize) {
        if self.now[child] == 0 && self.clocks[child].is_empty() && child != thread {
            let mut clock = self.clocks[thread].clone();
            set(&mut clock, thread, self.now[thread]);
            let row = self.order.rows.push(&clock, self.order.current(thread));
            self.order.begin(child, 0, row);
            self.clocks[child] = clock;
        }
    }

    /// A hold begins; if it looks at the data, they are those that the last hold left that wrote.
    fn look(&mut self, thread: usize, lock: ObjectId) {
        let begins = |hold: &&Hold| (hold.thread.index(), hold.acquire) == (thread, self.now[thread]);
        if let Some(hold) = self.locking.holds.get(self.next_hold).filter(begins) {
            self.next_hold += 1;
            if looks(hold.touched) {
                self.learn(thread, self.writes[lock.index()]);
            }
        }
    }

    /// A lock request or one for permits gave up.
    fn fail(&mut self, index: u32, thread: usize, object: ObjectId) {
        let before = self.now[thread].checked_sub(1).filter(|&before| before > 0);
        let timed_out = before.is_some_and(|before| {
            matches!(self.log.op(self.log.at(ThreadId::from_index(thread), before)), Op::Block { .. })
        });
        let locking = self.locking;
        let causes = causes(&locking.failures, &mut self.next_failures.0, index);
        if !timed_out {
            causes.iter().for_each(|&(_, cause)| self.learn_event(thread, EventIndex(cause.into())));
            for known in self.tokens.taken(object) {
                self.learn(thread, known);
            }
        }
    }

    /// A rendezvous happens when the first of its sides is recorded: the other does nothing in between.
    fn receive(&mut self, index: u32, thread: usize) {
        let Some(partner) = self.links.partner(EventIndex(index.into())) else { return };
        if partner < EventIndex(index.into()) {
            self.learn_event(thread, partner);
            return;
        }
        if !matches!(self.log.op(partner), Op::Recv { .. } | Op::Send { .. }) || !self.is_rendezvous(partner) {
            return;
        }
        let (other, loc) = (self.log.thread(partner).index(), self.log.loc(partner));
        let known = self.known(other);
        let mut clock = std::mem::take(&mut self.clocks[thread]);
        join(&mut clock, &self.clocks[other], None);
        self.order.rows.join_into(&mut clock, known.row, None);
        set(&mut clock, thread, self.now[thread]);
        set(&mut clock, other, loc);
        let row = self.order.rows.push(&clock, known.row);
        self.order.begin(thread, self.now[thread], row);
        self.order.begin(other, loc, row);
        self.clocks[other].clone_from(&clock);
        self.clocks[thread] = clock;
    }

    fn is_rendezvous(&self, event: EventIndex) -> bool {
        let object = self.log.op(event).object();
        object.is_some_and(|object| self.tables.object(object).kind.is_rendezvous())
    }

    /// The first to pass puts together what its generation knows.
    fn pass(&mut self, index: u32, thread: usize, barrier: ObjectId) {
        let arrive = self.links.partner(EventIndex(index.into()));
        let generations = self.links.barriers.get(barrier);
        let Some((barriers, number)) = generations.and_then(|all| Some((all, all.generation_of(arrive?)?))) else {
            return;
        };
        let gathered = self.gathered.get_or_default(barrier);
        if gathered.len() <= number {
            gathered.resize(number + 1, None);
        }
        let row = gathered[number].unwrap_or_else(|| {
            let mut clock = Vec::new();
            for &arrive in barriers.generation(number) {
                let (other, loc) = (self.log.thread(arrive).index(), self.log.loc(arrive));
                let known = self.order.known(other, loc);
                self.order.rows.join_into(&mut clock, known.row, Some(known));
            }
            let row = self.order.rows.push(&clock, Row::default());
            *gathered.get_mut(number).expect("just made") = Some(row);
            row
        });
        self.learn_row(thread, row);
    }
}

/// The entries of the event `index`, which are the next if there are any.
fn causes<'a>(failures: &'a [(u32, u32)], next: &mut usize, index: u32) -> &'a [(u32, u32)] {
    let rest = &failures[*next..];
    let count = rest.iter().take_while(|(event, _)| *event == index).count();
    *next += count;
    &rest[..count]
}

/// Whatever is not known to look at nothing counts as looking, also what was written without having been looked at: that
/// is how `*guard += 1` is recorded.
fn looks(touched: lockhound_trace::Touched) -> bool {
    touched != lockhound_trace::Touched::None
}

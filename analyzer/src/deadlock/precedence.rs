//! Why one event comes before another in every schedule: the events that make it so, followed backwards. Like
//! [`certain_order`](super::certain_order), it takes no account of locks that are still held, and of data of which nothing is
//! known; it may give up, for it is there to find words.

use std::cell::Cell;

use lockhound_trace::{ObjectId, Op, ThreadId, Touched};

use crate::model::{Hold, Model, Point};

/// How a thread comes to be after an event of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// It is spawned.
    Spawn,
    /// It joins this thread.
    Join(ThreadId),
    /// It reads this variable, atomic, or what is in this lock, which this thread wrote.
    Read(ObjectId, ThreadId),
    /// It receives from this channel what this thread sent.
    Message(ObjectId, ThreadId),
    /// This object lets it go on: a barrier, a condition variable, a flag.
    Released(ObjectId),
    /// Anything else.
    Other,
}

/// Orders of one trace. What is not certain within some number of steps counts as not ordered.
#[derive(Debug)]
pub(crate) struct Precedence<'a> {
    model: &'a Model<'a>,
    /// Chains of more events than this are not followed: they branch, so their length is the logarithm of what there is to
    /// look at.
    longest: u32,
    /// Events that are looked at for another way when the first is not certain: no single one takes all there is.
    detour: u32,
    /// Events that may still be looked at.
    looks: Cell<u64>,
    gave_up: Cell<bool>,
}

impl<'a> Precedence<'a> {
    /// Looks at no more than so many events.
    pub(crate) fn new(model: &'a Model<'a>, looks: u64) -> Self {
        let longest = looks.checked_ilog2().map_or(0, |log| log + 1);
        let detour = u32::try_from(looks.isqrt()).unwrap_or(u32::MAX);
        Self { model, longest, detour, looks: Cell::new(looks), gave_up: Cell::new(false) }
    }

    /// Whether something was called not ordered since it took too long to find out.
    pub(crate) const fn has_given_up(&self) -> bool {
        self.gave_up.get()
    }

    fn look(&self) -> Option<()> {
        match self.looks.get().checked_sub(1) {
            Some(left) => self.looks.set(left),
            None => {
                self.gave_up.set(true);
                return None;
            }
        }
        Some(())
    }

    /// How the thread of `late` certainly is after `early` when it makes the request `late`; none if it may not be.
    pub(crate) fn arrival(&self, early: Point, late: Point) -> Option<Arrival> {
        self.chain(early, late, self.longest)
    }

    /// Whether `early` certainly is at or before `late`.
    pub(crate) fn precedes(&self, early: Point, late: Point) -> bool {
        self.known(early, late, self.longest)
    }

    fn known(&self, early: Point, late: Point, depth: u32) -> bool {
        if early.thread == late.thread {
            return early.loc <= late.loc;
        }
        if !self.model.stamp(late).contains(early) {
            return false;
        }
        let Some(depth) = depth.checked_sub(1) else {
            self.gave_up.set(true);
            return false;
        };
        self.chain(early, late.next(), depth).is_some()
    }

    fn chain(&self, early: Point, late: Point, depth: u32) -> Option<Arrival> {
        self.look()?;
        let before = Point::new(late.thread, late.loc - 1);
        let spawn = || {
            self.model.spawn_of(late.thread).filter(|&spawn| self.known(early, spawn, depth)).map(|_| Arrival::Spawn)
        };
        if before.loc == 0 || !self.model.stamp(before).contains(early) {
            return if before.loc == 0 { spawn() } else { None };
        }
        let first = self.first_after(early, before);
        if let Some(spawn) = (first.loc == 1).then(spawn).flatten() {
            return Some(spawn);
        }
        if let Some(arrival) = self.at(early, first, late, depth) {
            return Some(arrival);
        }
        let end = late.loc.min(first.loc.saturating_add(self.detour));
        let mut detour = (first.loc + 1..end).map(|loc| Point::new(late.thread, loc));
        let found = detour.find_map(|event| self.at(early, event, late, depth));
        if found.is_none() && end < late.loc {
            self.gave_up.set(true);
        }
        found
    }

    /// The first event of the thread of `last`, not after it, that `early` is before. It must be before `last`.
    fn first_after(&self, early: Point, last: Point) -> Point {
        let (mut low, mut high) = (1, last.loc);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.model.stamp(Point::new(last.thread, middle)).contains(early) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Point::new(last.thread, low)
    }

    /// Whether `event`, before the request `late` of the same thread, is what certainly puts that thread after `early`.
    fn at(&self, early: Point, event: Point, late: Point, depth: u32) -> Option<Arrival> {
        self.look()?;
        let (model, op) = (self.model, self.model.op(event));
        let via = |source: Option<Point>, arrival: &dyn Fn(ThreadId) -> Arrival| {
            source.filter(|&source| self.known(early, source, depth)).map(|source| arrival(source.thread))
        };
        match op {
            Op::Join { child } => via(model.last(child), &|_| Arrival::Join(child)),
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                via(model.reads_from(event), &|writer| Arrival::Read(object, writer))
            }
            Op::Recv { channel, .. } => via(model.partner(event), &|sender| Arrival::Message(channel, sender)),
            Op::Send { channel, .. } => via(model.partner(event), &|receiver| Arrival::Message(channel, receiver)),
            Op::Wake { condvar, lock, .. } => via(model.partner(event), &|_| Arrival::Released(condvar))
                .or_else(|| via(self.data_in(lock, event, late), &|writer| Arrival::Read(lock, writer))),
            Op::Acquire { lock, .. } => via(self.data_in(lock, event, late), &|writer| Arrival::Read(lock, writer)),
            // Several events together let it go on: not taken apart.
            Op::Pass { barrier: object } | Op::Await { object } => self.brings(early, event, Arrival::Released(object)),
            Op::RecvClosed { .. } | Op::Done { .. } | Op::AcquirePermits { .. } | Op::TryFailed { .. } => {
                self.brings(early, event, Arrival::Other)
            }
            _ => None,
        }
    }

    /// Whether must-order comes in with this very event.
    fn brings(&self, early: Point, event: Point, arrival: Arrival) -> Option<Arrival> {
        (self.model.stamp(event).contains(early) && !self.model.pred(event).contains(early)).then_some(arrival)
    }

    /// Who certainly wrote what the hold that begins at `acquire` certainly looks at before the request `late`.
    fn data_in(&self, lock: ObjectId, acquire: Point, late: Point) -> Option<Point> {
        let model = self.model;
        let known = |hold: &&Hold| hold.touched != Touched::Unknown;
        let mine = model.hold_at(acquire).map(|id| model.hold(id)).filter(known)?;
        if !mine.touched.looks() || mine.release.is_none_or(|release| release >= late.loc) {
            return None;
        }
        let written = model.last_write(lock, model.index(acquire))?;
        model.hold_at(written).map(|id| model.hold(id)).filter(known).map(|_| written)
    }

    /// A hold of `gate` by some thread that both `request` lies in, in every schedule, though another thread may make it:
    /// the multi-thread critical sections of Sulzmann (arXiv 2512.23552, 2025), for refutations only.
    pub(crate) fn enclosing(&self, gate: ObjectId, request: Point) -> Option<&'a Hold> {
        let lock = self.model.lock_of(gate)?;
        let around = |holds: &'a [Hold]| {
            let thread = holds.first()?.thread;
            if thread == request.thread {
                return None;
            }
            let known = self.model.pred(request).get(thread);
            // Only the last hold begun before the request can still last: earlier ones are over.
            let last = holds[..holds.partition_point(|hold| hold.acquire <= known)].last()?;
            let begins = || self.arrival(Point::new(thread, last.acquire), request).is_some();
            let ends = |loc| self.precedes(request, Point::new(thread, loc));
            (last.release.is_none_or(ends) && begins()).then_some(last)
        };
        self.model.holds(lock).find_map(|(_, holds)| around(holds))
    }
}

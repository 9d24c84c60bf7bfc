//! From events to acts: what is always possible and concerns nobody else in the stretch is part of the act before it.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op, Refusal, Request, ThreadId};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::blocking::orders::past::{Past, Sleep, late_wait};
use crate::blocking::orders::program::{ANYTHING, Act, Actor, ThingId};
use crate::blocking::orders::stand::Stand;
use crate::blocking::orders::stretch::Stretch;
use crate::blocking::orders::things;
use crate::model::{Log, Model, Point};

/// What an event is as an act.
struct Begun {
    op: Op,
    at: EventIndex,
    sees: u32,
}

impl Begun {
    const fn new(op: Op, at: EventIndex) -> Self {
        Self { op, at, sees: ANYTHING }
    }
}

/// Turns events into acts.
pub(super) struct Folding<'f, 'm> {
    model: &'m Model<'m>,
    log: &'m Log,
    past: &'f Past<'f>,
    stretch: &'f Stretch,
    /// Variables and atomics that one thread of the stretch writes and another accesses.
    fought_over: FxHashSet<ObjectId>,
}

impl<'f, 'm> Folding<'f, 'm> {
    pub(super) fn new(model: &'m Model<'m>, past: &'f Past<'f>, stretch: &'f Stretch) -> Self {
        let log = model.log();
        let mut users: FxHashMap<ObjectId, (ThreadId, bool, bool)> = FxHashMap::default();
        for at in (stretch.first.0..stretch.end.0).map(EventIndex) {
            let op = log.op(at);
            if let (Some(object), true) = (op.object(), is_access(&op)) {
                let thread = log.thread(at);
                let (first, shared, written) = users.entry(object).or_insert((thread, false, false));
                *shared |= *first != thread;
                *written |= !matches!(op, Op::Read { .. } | Op::Load { .. });
            }
        }
        let fought_over = users.into_iter().filter(|(_, (_, shared, written))| *shared && *written);
        Self { model, log, past, stretch, fought_over: fought_over.map(|user| user.0).collect() }
    }

    /// All threads that do something, or wait for something.
    pub(super) fn actors(&self) -> Vec<Actor> {
        let threads = (0..self.model.threads()).map(ThreadId::from_index);
        threads.map(|thread| self.actor(thread)).filter(|actor| !actor.acts.is_empty() || waits(actor)).collect()
    }

    fn actor(&self, thread: ThreadId) -> Actor {
        let (from, until) = (self.stretch.from.get(thread), self.stretch.until.get(thread));
        let spawn = self.model.spawn_of(thread).filter(|&spawn| !self.stretch.from.contains(spawn));
        let mut actor = Actor { thread, acts: Vec::new(), stands: Vec::new() };
        match spawn {
            Some(spawn) if !self.stretch.until.contains(spawn) => return actor,
            Some(spawn) => {
                let begun = Begun::new(Op::Start, self.model.index(spawn));
                self.push(&mut actor, Stand::Goes, begun, from);
            }
            None => {}
        }
        let mut asleep = self.past.sleep_of(thread);
        for loc in from + 1..=until {
            let at = self.log.at(thread, loc);
            let Some(begun) = self.as_act(thread, loc, at) else {
                match actor.acts.last_mut() {
                    Some(act) => act.last = loc,
                    None => self.push(&mut actor, Stand::Goes, Begun::new(Op::Start, self.stretch.first), loc),
                }
                continue;
            };
            let stand = Stand::of(self.log, thread, loc - 1, asleep.as_ref());
            match begun.op {
                Op::Wait { condvar, lock, how, .. } => {
                    let timed = !how.may_wait_for_ever();
                    asleep = Some(Sleep { condvar, lock, mode: Mode::Write, depth: 1, timed });
                }
                Op::Wake { .. } => asleep = None,
                _ => {}
            }
            self.push(&mut actor, stand, begun, loc);
        }
        let never_goes_on = matches!(actor.acts.last(), Some(Act { op: Op::Block { .. }, .. }));
        let end = if never_goes_on || self.is_met(thread, until) {
            Stand::Goes
        } else {
            Stand::of(self.log, thread, until, asleep.as_ref())
        };
        actor.stands.push(end);
        actor
    }

    fn push(&self, actor: &mut Actor, stand: Stand, Begun { op, at, sees }: Begun, last: u32) {
        actor.stands.push(stand);
        actor.acts.push(Act {
            op,
            at,
            last,
            thing: ThingId(0),
            lock: ThingId(0),
            sees,
            leaves: 0,
            mode: Mode::Write,
            depth: 1,
            needs: None,
            touches: [None; 2],
        });
    }

    /// What an event is as an act of its own; none if it is always possible and concerns nobody else.
    fn as_act(&self, thread: ThreadId, loc: u32, at: EventIndex) -> Option<Begun> {
        let op = self.log.op(at);
        let next = || (loc < self.log.count(thread)).then(|| self.log.op(self.log.at(thread, loc + 1)));
        let after = |block: fn(&Request) -> bool| {
            let before = (loc > 1).then(|| self.log.op(self.log.at(thread, loc - 1)));
            matches!(before, Some(Op::Block { on }) if block(&on))
        };
        match op {
            _ if is_access(&op) => {
                op.object().filter(|object| self.fought_over.contains(object)).map(|_| Begun::new(op, at))
            }
            Op::Block { on: Request::Wait { condvar, lock } } => {
                let (touched, how) = late_wait(self.log, at);
                Some(Begun::new(Op::Wait { condvar, lock, touched, how }, at))
            }
            Op::Wait { .. } if after(|on| matches!(on, Request::Wait { .. })) => None,
            Op::Block { on } => match (on, next()) {
                (_, None) => Some(Begun::new(op, at)),
                (Request::Send { channel }, Some(then)) => match then {
                    Op::Send { channel: sent, .. } | Op::TrySendFailed { channel: sent } if sent == channel => None,
                    // It failed, since the channel had been closed.
                    _ => Some(Begun { sees: things::SEES_CLOSED, ..Begun::new(Op::TrySendFailed { channel }, at) }),
                },
                _ => None,
            },
            Op::Join { child } if self.stretch.from.get(child) == self.log.count(child) && self.is_open(child) => None,
            Op::Send { .. } | Op::Recv { .. } if self.has_met(thread, loc) => None,
            Op::Join { .. } => Some(Begun::new(op, at)),
            // Whether it is refused depends on the others, but for what a thread must hold itself.
            Op::Refused { what: Refusal::Release { .. } | Refusal::Wait { .. } } => None,
            Op::Refused { what: Refusal::Spawn { child } } if self.is_open(child) => None,
            Op::Refused { .. } => Some(Begun::new(op, at)),
            // Beginning, ending, spawning; whatever concerns no object.
            _ if op.object().is_none() => None,
            _ => Some(Begun::new(op, at)),
        }
    }

    /// Whether the thread has been spawned when the stretch begins.
    fn is_open(&self, thread: ThreadId) -> bool {
        self.model.spawn_of(thread).is_none_or(|spawn| self.stretch.from.contains(spawn))
    }

    /// Whether it is half of a rendezvous whose other half, done before the stretch, has taken it along.
    fn has_met(&self, thread: ThreadId, loc: u32) -> bool {
        let point = Point::new(thread, loc);
        let channel = self.model.op(point).object();
        let meets = channel.is_some_and(|channel| self.model.tables().object(channel).kind.is_rendezvous());
        meets && self.model.partner(point).is_some_and(|half| self.stretch.from.contains(half))
    }

    /// Whether what `thread` does after its first `done` events is such a half.
    fn is_met(&self, thread: ThreadId, done: u32) -> bool {
        let blocks = |loc| matches!(self.model.op(Point::new(thread, loc)), Op::Block { .. });
        let count = self.log.count(thread);
        let next = if done < count && blocks(done + 1) { done + 2 } else { done + 1 };
        next <= count && self.has_met(thread, next)
    }
}

fn waits(actor: &Actor) -> bool {
    !matches!(actor.stands.last(), None | Some(Stand::Goes))
}

const fn is_access(op: &Op) -> bool {
    matches!(op, Op::Read { .. } | Op::Write { .. } | Op::Load { .. } | Op::Store { .. } | Op::Rmw { .. })
}

//! From a stretch of the recorded run to a program: finds the objects and gives them their places, and runs it once as it was
//! recorded, to know what every act saw.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, ObjectKind, Op, Refusal, Request, ThreadId, Touched};
use rustc_hash::FxHashSet;

use crate::blocking::orders::folding::Folding;
use crate::blocking::orders::past::{Past, Sleep};
use crate::blocking::orders::program::{ANYTHING, Act, Actor, ActorId, Message, Program, Thing, ThingId};
use crate::blocking::orders::stand::Stand;
use crate::blocking::orders::stretch::Stretch;
use crate::blocking::orders::touch::touches;
use crate::blocking::orders::{lock, number, sleepers, things};
use crate::model::{Log, Model, Point};

impl<'m> Program<'m> {
    /// `past` must have been advanced to where the stretch begins. Linear in the stretch and the threads.
    pub(crate) fn new(model: &'m Model<'m>, past: &Past<'_>, stretch: Stretch) -> Self {
        let actors = Folding::new(model, past, &stretch).actors();
        let objects = used_objects(&actors);
        let messages = messages(model, &actors);
        let ends = (0..model.threads()).map(|index| past.ends(ThreadId::from_index(index))).collect();
        let mut program = Self { model, stretch, ends, actors, things: Vec::new(), messages, start: Vec::new() };
        program.lay_out(past, &objects);
        program.name_things();
        program.link();
        program.learn(past);
        program
    }

    /// Gives every object its words, and the program its first state.
    fn lay_out(&mut self, past: &Past<'_>, objects: &[ObjectId]) {
        let mut start = vec![0; self.actors.len()];
        for &object in objects {
            let kind = self.model.tables().object(object).kind;
            let mut area = past.of(object);
            area.resize(area.len().max(self.room(past, object, kind, &area)), 0);
            if matches!(kind, ObjectKind::Channel { .. }) {
                self.inside_already(object).for_each(|message| things::put(&mut area, message));
            }
            let words = start.len()..start.len() + area.len();
            start.extend(area);
            self.things.push(Thing { object, kind, words });
        }
        self.start = start;
    }

    /// The words that an object may need.
    fn room(&self, past: &Past<'_>, object: ObjectId, kind: ObjectKind, area: &[u32]) -> usize {
        match kind {
            ObjectKind::Mutex { .. } => lock::words(1),
            ObjectKind::RwLock { .. } => {
                let mut holders: FxHashSet<(ThreadId, Mode)> = lock::holds(area).collect();
                holders.extend(self.acts_on(object).filter_map(|(thread, act)| match act.op {
                    Op::Acquire { mode, .. } => Some((thread, mode)),
                    _ => None,
                }));
                let back = |actor: &Actor| past.sleep_of(actor.thread).map(|sleep| (actor.thread, sleep.mode));
                holders.extend(self.actors.iter().filter_map(back));
                lock::words(holders.len())
            }
            ObjectKind::Condvar => {
                let mut all: FxHashSet<ThreadId> = sleepers::sleepers(area).collect();
                all.extend(self.acts_on(object).map(|on| on.0));
                sleepers::words(all.len())
            }
            ObjectKind::Barrier { .. } => {
                let mut all: FxHashSet<u32> = things::arrived(area).iter().copied().collect();
                all.extend(self.acts_on(object).map(|on| number(on.0)));
                things::barrier_words(all.len())
            }
            ObjectKind::Channel { .. } => {
                things::channel_words(self.messages.iter().filter(|message| message.channel == object).count())
            }
            _ => area.len(),
        }
    }

    /// The messages of the stretch that were sent before it.
    fn inside_already(&self, channel: ObjectId) -> impl Iterator<Item = u32> {
        let before = self.messages.iter().take_while(|message| message.sent < self.stretch.first);
        (1..).zip(before).filter(move |(_, message)| message.channel == channel).map(|(number, _)| number)
    }

    /// From objects to things.
    fn name_things(&mut self) {
        let mut actors = std::mem::take(&mut self.actors);
        let thing = |object| self.thing(object);
        for act in actors.iter_mut().flat_map(|actor| &mut actor.acts) {
            act.thing = act.op.asked().object().and_then(thing).unwrap_or(ThingId(0));
            if let Op::Wait { lock, .. } | Op::Wake { lock, .. } = act.op {
                act.lock = thing(lock).unwrap_or(ThingId(0));
            }
            let named = |(object, touch)| Some((thing(object)?, touch));
            act.touches = touches(&act.op, self.model.tables()).map(|touch| touch.and_then(named));
        }
        self.actors = actors;
    }

    /// Finds what acts need of other actors, other than what they see.
    fn link(&mut self) {
        let needs = |actor: ActorId, act: &Act| match act.op {
            Op::Start => self.model.spawn_of(self.thread(actor)).and_then(|spawn| self.when_done(spawn)),
            Op::Refused { what: Refusal::Spawn { child } } => {
                self.model.spawn_of(child).and_then(|spawn| self.when_done(spawn))
            }
            Op::Join { child } => self.model.last(child).map_or_else(
                || self.model.spawn_of(child).and_then(|spawn| self.when_done(spawn)),
                |last| self.when_done(last),
            ),
            Op::Send { .. } | Op::Recv { .. } if self.meets(act) => {
                let half = self.model.partner(self.model.point(act.at))?;
                self.when_done(half).map(|(other, acts)| (other, acts - 1))
            }
            Op::Recv { .. } => self.model.partner(self.model.point(act.at)).and_then(|send| self.when_done(send)),
            _ => None,
        };
        let found: Vec<Vec<_>> =
            self.actors().map(|actor| self.acts(actor).iter().map(|act| needs(actor, act)).collect()).collect();
        for (actor, found) in self.actors.iter_mut().zip(found) {
            for (act, needs) in actor.acts.iter_mut().zip(found) {
                act.needs = needs;
            }
        }
    }

    /// After how many of whose acts an event of the stretch is done.
    fn when_done(&self, point: Point) -> Option<(ActorId, u32)> {
        let within = !self.stretch.from.contains(point) && self.stretch.until.contains(point);
        let actor = self.actor(point.thread).filter(|_| within)?;
        Some((actor, self.acts(actor).partition_point(|act| act.last < point.loc) as u32 + 1))
    }

    /// Runs the stretch as it was recorded. A thread that gets stuck in that, as at half of a rendezvous of which the other half
    /// is missing, does not go on in any other order either.
    fn learn(&mut self, past: &Past<'_>) {
        let acts = |actor: ActorId| (0..).zip(self.acts(actor)).map(move |(number, act)| (act.at, actor, number));
        let mut order: Vec<(EventIndex, ActorId, u32)> = self.actors().flat_map(acts).collect();
        order.sort_unstable_by_key(|&(at, actor, number)| (at, actor, number));
        let mut state = self.start.clone();
        let mut asleep: Vec<Option<Sleep>> = self.actors.iter().map(|actor| past.sleep_of(actor.thread)).collect();
        let mut writers: Vec<(ActorId, u32)> = Vec::new();
        // Their sends fail as soon as somebody has closed the channel.
        let mut failing: Vec<ActorId> = Vec::new();
        for (_, actor, number) in order {
            let act = self.acts(actor)[number as usize];
            if self.acted(&state, actor) != number || matches!(act.op, Op::Block { .. }) {
                continue;
            }
            let learned = self.learned(&state, actor, act, asleep[actor.index()].as_ref());
            match act.op {
                Op::Wait { condvar, lock, how, .. } => {
                    let mut area = self.area(&state, act.lock).to_vec();
                    let (mode, depth) = lock::give_all(self.kind(act.lock), &mut area, self.thread(actor));
                    let timed = !how.may_wait_for_ever();
                    asleep[actor.index()] = Some(Sleep { condvar, lock, mode, depth, timed });
                    let stands = &mut self.actors[actor.index()].stands[number as usize + 1..];
                    if let Some(Stand::Sleeps(asleep)) = stands.first_mut() {
                        asleep.mode = mode;
                    }
                }
                Op::Wake { .. } => asleep[actor.index()] = None,
                _ => {}
            }
            let learned = self.with_writers(learned, &mut writers, (actor, number));
            self.actors[actor.index()].acts[number as usize] = learned;
            if self.can(&state, actor) {
                self.perform(&mut state, actor);
            } else if matches!(act.op, Op::TrySendFailed { .. }) {
                failing.push(actor);
            }
            failing.retain(|&failing| {
                let fails = self.can(&state, failing);
                if fails {
                    self.perform(&mut state, failing);
                }
                !fails
            });
        }
        for (actor, &word) in self.actors.iter_mut().zip(&state) {
            let acted = word as usize >> 1;
            let never_goes_on = matches!(actor.acts.get(acted), Some(Act { op: Op::Block { .. }, .. }));
            actor.acts.truncate(acted + usize::from(never_goes_on));
            actor.stands.truncate(actor.acts.len() + 1);
        }
    }

    /// The act with what it sees in its turn.
    fn learned(&self, state: &[u32], actor: ActorId, mut act: Act, sleep: Option<&Sleep>) -> Act {
        if let (Op::Wake { .. }, Some(sleep)) = (act.op, sleep) {
            (act.mode, act.depth) = (sleep.mode, sleep.depth);
        }
        let sees = || self.sight(state, actor, &act);
        act.sees = match act.op {
            Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => sees(),
            Op::Acquire { .. } | Op::Wake { .. } if self.looks(&act) => sees(),
            Op::Pass { .. } if self.kind(act.thing) == (ObjectKind::Barrier { parties: None }) => sees(),
            // Where nothing stood in the way, it failed for a reason of its own, as it may again.
            Op::TryFailed { .. } if ran_out_of_time(self.model.log(), act.at) => ANYTHING,
            Op::TryFailed { .. } | Op::TryRecvFailed { .. } => match sees() {
                0 => ANYTHING,
                state => state,
            },
            Op::TrySendFailed { .. } if act.sees == ANYTHING => match sees() {
                0 => ANYTHING,
                state => state,
            },
            Op::Recv { channel, .. } if !self.meets(&act) => {
                self.message(channel, |message| message.received == Some(act.at))
            }
            _ => act.sees,
        };
        act
    }

    /// Whether the hold that an acquire or `wake` begins looks at the data in the lock.
    fn looks(&self, act: &Act) -> bool {
        let point = self.model.point(act.at);
        let hold = self.model.hold_at(point).map(|hold| self.model.hold(hold));
        hold.is_some_and(|hold| hold.acquire == point.loc && hold.touched != Touched::None)
    }

    /// The act with what it leaves to others; and whose work it sees: it can come to that only after them.
    fn with_writers(&self, mut act: Act, writers: &mut Vec<(ActorId, u32)>, this: (ActorId, u32)) -> Act {
        let writes = match act.op {
            Op::Write { .. } | Op::Store { .. } | Op::Rmw { .. } => true,
            Op::Release { mode: Mode::Read, touched: Touched::Unknown, .. } => false,
            Op::Release { touched, .. } | Op::Wait { touched, .. } => touched.writes(),
            _ => false,
        };
        if let Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } | Op::Acquire { .. } | Op::Wake { .. } = act.op {
            let seen = act.sees.checked_sub(1).and_then(|seen| writers.get(seen as usize));
            act.needs = seen.map(|&(writer, number)| (writer, number + 1));
        }
        if writes {
            writers.push((this.0, this.1));
            act.leaves = writers.len() as u32;
        } else if let Op::Send { channel, .. } = act.op
            && !self.meets(&act)
        {
            let number = self.message(channel, |message| message.sent == act.at);
            act.leaves = if number == ANYTHING { 0 } else { number };
        }
        act
    }

    fn message(&self, channel: ObjectId, which: impl Fn(&Message) -> bool) -> u32 {
        let found = self.messages.iter().position(|message| which(message) && message.channel == channel);
        found.map_or(ANYTHING, |place| place as u32 + 1)
    }
}

/// The messages that are sent or received in the stretch.
fn messages(model: &Model<'_>, actors: &[Actor]) -> Vec<Message> {
    let partner = |act: &Act| model.partner(model.point(act.at)).map(|partner| model.index(partner));
    let message = |act: &Act| match act.op {
        Op::Send { channel, .. } => Some(Message { channel, sent: act.at, received: partner(act) }),
        Op::Recv { channel, .. } => Some(Message { channel, sent: partner(act)?, received: Some(act.at) }),
        _ => None,
    };
    let acts = actors.iter().flat_map(|actor| &actor.acts);
    let kept = |message: &Message| !model.tables().object(message.channel).kind.is_rendezvous();
    let mut messages: Vec<Message> = acts.filter_map(message).filter(kept).collect();
    messages.sort_unstable_by_key(|message| message.sent);
    messages.dedup();
    messages
}

/// What acts are on, and what is waited for, in the order of their ids.
fn used_objects(actors: &[Actor]) -> Vec<ObjectId> {
    let mut objects: Vec<ObjectId> = Vec::new();
    for actor in actors {
        for act in &actor.acts {
            objects.extend(act.op.asked().object());
            if let Op::Wait { lock, .. } | Op::Wake { lock, .. } = act.op {
                objects.push(lock);
            }
        }
        for stand in &actor.stands {
            match *stand {
                Stand::Asks { on, .. } => objects.extend(on.object()),
                Stand::Sleeps(asleep) => objects.extend([asleep.condvar, asleep.lock]),
                Stand::Goes => {}
            }
        }
    }
    objects.sort_unstable();
    objects.dedup();
    objects
}

/// Whether a request that gave up had been ready to wait for some time.
fn ran_out_of_time(log: &Log, at: EventIndex) -> bool {
    let (thread, loc) = (log.thread(at), log.loc(at));
    let before = (loc > 1).then(|| log.op(log.at(thread, loc - 1)));
    match before {
        Some(Op::Block { on: Request::Acquire { how, .. } | Request::AcquirePermits { how, .. } }) => how != How::Try,
        _ => false,
    }
}

//! The words for what can get stuck.

use lockhound_trace::{EventIndex, Mode, ObjectId, ObjectKind, Op, ThreadId};

use crate::analysis::End;
use crate::blocking::candidates::{Found, MANY_TWINS};
use crate::blocking::evaluate::Proof;
use crate::blocking::links::Links;
use crate::blocking::need::{Deed, Need};
use crate::blocking::requests::RequestId;
use crate::finding::{Evidence, Hold};
use crate::model::Point;
use crate::prediction::Prediction;
use crate::prose;
use crate::witness::Closed;

/// Everything a description needs.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) end: End<'a>,
    pub(super) prediction: &'a Prediction<'a>,
    pub(super) links: &'a Links<'a>,
}

/// A thread that is stuck in the schedule.
pub(super) struct Stuck {
    pub(super) thread: ThreadId,
    pub(super) request: RequestId,
    pub(super) point: Point,
    pub(super) need: Need,
    pub(super) holds: Vec<Hold>,
}

/// What kind of bug it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// They wait for one another.
    Circle,
    /// One waits for what a thread took with it when it ended.
    Leak,
    /// One has missed its notification.
    LostWakeup,
    /// One waits for what nobody will provide.
    Alone,
}

impl Words<'_> {
    pub(super) fn message(&self, shape: Shape, stuck: &[Stuck], objects: &[ObjectId], proof: &Proof) -> String {
        let tables = self.end.tables;
        let threads: Vec<ThreadId> = stuck.iter().map(|one| one.thread).collect();
        let names = prose::threads(tables, &prose::sorted(threads));
        let others = prose::each_other(stuck.len());
        let what = || prose::list(stuck.iter().map(|one| self.name(one)).collect::<Vec<String>>());
        match shape {
            Shape::Circle if self.is_read_again(stuck) => format!(
                "{} is read-locked again while read-locked: {names} can wait for {others}",
                prose::objects(tables, objects)
            ),
            Shape::Circle if objects.is_empty() => format!("{names} can wait for {others} to end"),
            Shape::Circle => {
                let mut seen: Vec<String> = Vec::new();
                for one in stuck.iter().filter(|one| one.need.object().is_some()) {
                    let name = self.name(one);
                    if !seen.contains(&name) {
                        seen.push(name);
                    }
                }
                format!("{}: {names} can wait for {others}", prose::list(seen))
            }
            Shape::Leak => {
                let holder = self.leaker(&stuck[0]).map(|thread| prose::thread(tables, thread));
                let holder = holder.unwrap_or_else(|| "a thread".to_owned());
                format!("{names} can wait for ever for {}, with which {holder} ends", what())
            }
            Shape::LostWakeup => {
                let by = prose::threads(tables, &prose::sorted(missed(proof).map(|(_, by)| by.thread).collect()));
                let waiters = prose::sorted(missed(proof).map(|(wait, _)| wait.thread).collect());
                let waits = if waiters.len() == 1 { "waits" } else { "wait" };
                let (condvar, names) = (prose::objects(tables, objects), prose::threads(tables, &waiters));
                format!("{by} can notify {condvar} before {names} {waits} for it: {names} then {waits} for ever")
            }
            Shape::Alone => {
                format!("{names} can wait for ever at {}: {}", what(), self.shortage(&stuck[0]))
            }
        }
    }

    fn is_read_again(&self, stuck: &[Stuck]) -> bool {
        let object = |one: &Stuck| one.need.object();
        stuck.len() == 2
            && object(&stuck[0]) == object(&stuck[1])
            && stuck.iter().any(|one| {
                matches!(one.need, Need::Lock { mode: Mode::Read, lock } if one.holds.iter().any(|hold| hold.object == lock))
            })
    }

    /// The ended thread that has what is waited for.
    fn leaker(&self, stuck: &Stuck) -> Option<ThreadId> {
        let object = stuck.need.object()?;
        let model = self.prediction.model;
        let has = |thread: &ThreadId| {
            let held = model.last(*thread).map_or(&[][..], |last| model.held(last.next()));
            model.ended(*thread) && held.iter().any(|&id| model.hold(id).object == object)
        };
        (0..model.threads()).map(ThreadId::from_index).find(has)
    }

    /// What it waits at, by name.
    fn name(&self, stuck: &Stuck) -> String {
        let tables = self.end.tables;
        match (stuck.need, stuck.need.object()) {
            (Need::End(child), _) => prose::thread(tables, child),
            (Need::Completion(_), Some(object)) => match self.whose_senders(stuck) {
                Some(channel) => format!("the senders of {}", prose::object(tables, channel)),
                None => prose::object(tables, object),
            },
            (_, Some(object)) => prose::object(tables, object),
            (_, None) => String::new(),
        }
    }

    /// The channel whose senders a wait group counts: it is awaited right after that channel was found closed.
    fn whose_senders(&self, stuck: &Stuck) -> Option<ObjectId> {
        let model = self.prediction.model;
        let before = stuck.point.previous()?;
        match (stuck.need, model.op(before)) {
            (Need::Completion(object), Op::RecvClosed { channel })
                if matches!(self.end.tables.object(object).kind, ObjectKind::Waitgroup { .. }) =>
            {
                Some(channel)
            }
            _ => None,
        }
    }

    /// What it does there: "receives from `q`".
    pub(super) fn asks(&self, one: &Stuck) -> String {
        let name = self.name(one);
        match one.need {
            Need::Lock { lock, mode } => {
                let again = if one.holds.iter().any(|hold| hold.object == lock) { " again" } else { "" };
                match self.prediction.model.op(one.point) {
                    Op::Wake { .. } => format!("takes {name} back to return from its wait"),
                    _ => format!("{} {name}{again}", prose::locks(mode)),
                }
            }
            Need::Permits(_) => format!("takes a permit of {name}"),
            Need::End(_) => format!("joins {name}"),
            Need::Notification(_) => format!("waits for {name}"),
            Need::Parties(_) => format!("waits at {name} for the others"),
            Need::Room(_) => format!("sends to {name}"),
            Need::Message(_) => format!("receives from {name}"),
            Need::Completion(_) => format!("waits for {name}"),
        }
    }

    /// What it would wait for: "room in `q`, which is full".
    pub(super) fn waits(&self, one: &Stuck, all: &[Stuck]) -> String {
        let tables = self.end.tables;
        let name = self.name(one);
        match one.need {
            Need::Lock { lock, mode } => {
                let others = || all.iter().filter(|other| other.thread != one.thread);
                let holds = |other: &&Stuck| {
                    other.holds.iter().any(|hold| hold.object == lock && hold.mode.conflicts_with(mode))
                };
                let holders: Vec<ThreadId> = others().filter(holds).map(|other| other.thread).collect();
                let queued: Vec<ThreadId> = others()
                    .filter(|other| other.need == (Need::Lock { lock, mode: Mode::Write }))
                    .map(|other| other.thread)
                    .collect();
                let verb = |threads: &[ThreadId], singular: &'static str, plural: &'static str| {
                    if threads.len() == 1 { singular } else { plural }
                };
                if !holders.is_empty() {
                    format!("{name}, which {} {}", prose::threads(tables, &holders), verb(&holders, "holds", "hold"))
                } else if mode == Mode::Read && !queued.is_empty() {
                    let verb = verb(&queued, "is", "are");
                    format!("{name}, for which {} {verb} queued to write", prose::threads(tables, &queued))
                } else if let Some(leaker) = self.leaker(one) {
                    format!("{name}, which {} had when it ended", prose::thread(tables, leaker))
                } else {
                    name
                }
            }
            Need::Permits(_) => format!("a permit of {name}"),
            Need::End(_) => format!("the end of {name}"),
            Need::Notification(_) => format!("a notification of {name}"),
            Need::Parties(_) => format!("the other parties of {name}"),
            Need::Room(channel) => match tables.object(channel).kind {
                ObjectKind::Channel { capacity: Some(0), .. } => format!("somebody to receive from {name}"),
                _ => format!("room in {name}, which is full"),
            },
            Need::Message(_) => format!("a message from {name}"),
            Need::Completion(object) => match tables.object(object).kind {
                ObjectKind::Waitgroup { .. } => match self.whose_senders(one) {
                    Some(_) => format!("{name} to be dropped"),
                    None => format!("{name} to reach zero"),
                },
                ObjectKind::Once => format!("{name} to be initialised"),
                _ => format!("{name} to be set"),
            },
        }
    }

    /// Why nobody provides what a single thread waits for.
    fn shortage(&self, one: &Stuck) -> &'static str {
        match one.need {
            Need::Room(_) => "it is full by then, and nobody else receives from it",
            Need::Message(_) => "all messages are received by then, and nobody else sends one",
            Need::Notification(_) => "nobody else notifies it any more",
            Need::Parties(_) => "not enough others come to it any more",
            Need::Permits(_) => "nobody else gives a permit back",
            Need::Completion(object) => match self.end.tables.object(object).kind {
                ObjectKind::Waitgroup { .. } => "more is added before it is awaited, and nobody else does it",
                ObjectKind::Flag { .. } => "it is cleared before it is awaited, and nobody else sets it",
                _ => "nobody else completes it",
            },
            Need::Lock { .. } | Need::End(_) => "nobody else can let it go",
        }
    }

    /// The channels whose messages stand for one another in the schedule.
    pub(super) fn alike(&self, proof: &Proof) -> Vec<ObjectId> {
        if !proof.interchangeable {
            return Vec::new();
        }
        let deeds = &self.links.requests.deeds;
        let mut channels = self.links.requests.interchangeable(self.prediction.model);
        let model = self.prediction.model;
        let schedule = &proof.schedule;
        let later = |channel| {
            let received = |&event: &EventIndex| matches!(model.op(model.point(event)), Op::Recv { channel: from, .. } if from == channel);
            schedule.then.iter().any(received)
        };
        channels.retain(|&channel| deeds.any(Deed::Receive, channel, &schedule.base) || later(channel));
        channels
    }

    pub(super) fn notes(&self, stuck: &[Stuck], found: &Found, evidence: Evidence) -> Vec<String> {
        let tables = self.end.tables;
        let proof = &found.proof;
        let mut notes = vec![match proof.closed {
            Closed::Locks => {
                "nothing that another thread does lets them go: whoever holds a lock while it waits cannot \
                              release it, and who is waited for cannot end"
                    .to_owned()
            }
            Closed::NobodyProvides => format!(
                "nothing else that happens in this run would let {} go; only code that it did not reach still could",
                if stuck.len() == 1 { "it" } else { "them" }
            ),
            Closed::AsRecorded => {
                "this assumes that threads which then read other values than in the recording go on as \
                                   they did there"
                    .to_owned()
            }
        }];
        let queues = stuck.iter().any(|one| match one.need {
            Need::Lock { lock, mode: Mode::Read } => {
                stuck.iter().any(|other| other.need == (Need::Lock { lock, mode: Mode::Write }))
            }
            _ => false,
        });
        if queues {
            notes
                .push("readers queue behind a waiting writer: that is how a read request waits for a read lock".into());
        }
        if stuck.iter().any(|one| matches!(one.need, Need::Message(_) | Need::Room(_))) {
            notes.push(
                "a receive or send that gives up after a while would get out of it: a recording does not tell those that \
                 succeed from those that wait as long as it takes"
                    .to_owned(),
            );
        }
        if proof.interchangeable {
            let channels = prose::objects(tables, &self.alike(proof));
            notes.push(match evidence {
                Evidence::Possible => format!("this is so if the messages of {channels} are interchangeable"),
                _ => format!("the messages of {channels} carry nothing, so that one is as good as another"),
            });
        }
        let sets = match found.twins.len() {
            0 => return notes,
            1 => "one other set".to_owned(),
            MANY_TWINS.. => format!("{MANY_TWINS} other sets or more"),
            some => format!("{some} other sets"),
        };
        notes.push(format!("the same requests are made by {sets} of threads"));
        notes
    }

    pub(super) fn help(&self, shape: Shape, stuck: &[Stuck]) -> String {
        let tables = self.end.tables;
        let name = self.name(&stuck[0]);
        let held = prose::sorted(stuck.iter().flat_map(|one| &one.holds).map(|hold| hold.object).collect());
        match (shape, stuck[0].need) {
            (Shape::Circle, _) if stuck.iter().all(|one| matches!(one.need, Need::Lock { .. })) => {
                let locks = prose::sorted(stuck.iter().filter_map(|one| one.need.object()).collect());
                match locks.as_slice() {
                    [lock] => format!(
                        "do not read-lock {} again while holding it: pass the guard on, or what it guards",
                        prose::object(tables, *lock)
                    ),
                    _ => format!(
                        "lock {} in one order everywhere, or release the one before taking the other",
                        prose::objects(tables, &locks)
                    ),
                }
            }
            (Shape::Circle, _) if held.is_empty() => {
                "let one of them go on without the other: decide who waits for whom, and stop the other one first"
                    .into()
            }
            (Shape::Circle, _) => format!(
                "release {} before waiting: a thread that waits for another must not hold what that one needs",
                prose::objects(tables, &held)
            ),
            (Shape::Leak, _) => format!("release {name} on every way out of the code that takes it"),
            (Shape::LostWakeup, _) => format!(
                "wait for a condition, not for the notification: change it under the lock before notifying {name}, and \
                 check it under the same lock before waiting"
            ),
            (Shape::Alone, Need::Room(_)) => {
                format!("receive from {name} before sending to it, or give it room for all that is sent by then")
            }
            (Shape::Alone, Need::Completion(object))
                if matches!(tables.object(object).kind, ObjectKind::Waitgroup { .. }) =>
            {
                format!("add to {name} before whoever awaits it can get there")
            }
            (Shape::Alone, _) => {
                format!("make sure that somebody is left to complete {name} whenever it is waited for")
            }
        }
    }
}

/// Who missed what; nobody misses what he does himself.
pub(super) fn missed(proof: &Proof) -> impl Iterator<Item = (Point, Point)> {
    proof.missed.iter().copied().filter(|(wait, missed)| wait.thread != missed.thread)
}

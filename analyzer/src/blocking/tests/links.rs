//! The relation between requests against its definition.

use lockhound_trace::{Mode, ObjectId, ObjectKind, Op, Policy, ThreadId};

use crate::blocking::links::{Kinds, Links};
use crate::blocking::need::Need;
use crate::blocking::requests::RequestId;
use crate::blocking::tests::on_all;
use crate::model::Model;

#[test]
fn the_relation_is_what_its_definition_says() {
    let mut related = 0;
    on_all(|name, prediction, links| {
        for request in links.requests.ids() {
            for on in links.requests.ids() {
                let expected = depends(prediction.model, links, request, on);
                let found = links.may_depend(request, on, Kinds::All);
                related += usize::from(found);
                assert_eq!(found, expected, "{name}: {:?} {:?}", links.requests.get(request), links.requests.get(on));
            }
        }
    });
    assert!(related > 50);
}

#[test]
fn a_walk_visits_what_is_related() {
    on_all(|name, _, links| {
        for kinds in [Kinds::Owned, Kinds::All] {
            for request in links.requests.ids() {
                let mut visited: Vec<RequestId> = Vec::new();
                links.walk(request, kinds, |on| {
                    visited.push(on);
                    true
                });
                let own = links.requests.get(request).thread;
                visited.retain(|&on| links.requests.get(on).thread != own);
                visited.sort_unstable();
                visited.dedup();
                let expected: Vec<RequestId> =
                    links.requests.ids().filter(|&on| links.may_depend(request, on, kinds)).collect();
                assert_eq!(visited, expected, "{name}: {:?}", links.requests.get(request));
            }
        }
    });
}

/// Whether `request` may wait for the thread of `on` while that one waits, by looking through the events.
fn depends(model: &Model<'_>, links: &Links<'_>, request: RequestId, on: RequestId) -> bool {
    let (one, other) = (links.requests.get(request), links.requests.get(on));
    if one.thread == other.thread {
        return false;
    }
    let at = other.first();
    let given_back = match model.op(at) {
        Op::Wait { lock, .. } => Some(lock),
        _ => None,
    };
    let held = || model.held(at).iter().map(|&id| model.hold(id)).filter(|hold| Some(hold.object) != given_back);
    let provides = || provides(model, one.need, other.thread, at.loc);
    match one.need {
        Need::Lock { lock, mode } => {
            let queues = model.tables().object(lock).kind == (ObjectKind::RwLock { policy: Policy::Writer });
            let writes = other.need == (Need::Lock { lock, mode: Mode::Write });
            held().any(|hold| hold.object == lock && hold.mode.conflicts_with(mode))
                || (mode == Mode::Read && queues && writes)
        }
        Need::Permits(semaphore) => held().any(|hold| hold.object == semaphore) || provides(),
        Need::End(child) => creates(model, child, other.thread, at.loc),
        _ => provides(),
    }
}

/// Whether `thread` does, after `loc`, what lets a request for `need` go, or creates a thread that does.
fn provides(model: &Model<'_>, need: Need, thread: ThreadId, loc: u32) -> bool {
    (loc + 1..=model.log().count(thread)).any(|later| match (model.log().op(model.log().at(thread, later)), need) {
        (Op::Spawn { child }, _) => provides(model, need, child, 0),
        (Op::Send { channel, .. }, Need::Message(wanted)) | (Op::Recv { channel, .. }, Need::Room(wanted)) => {
            channel == wanted
        }
        (Op::Close { channel }, Need::Message(wanted) | Need::Room(wanted)) => channel == wanted,
        (Op::Notify { condvar } | Op::NotifyAll { condvar }, Need::Notification(wanted)) => condvar == wanted,
        (Op::Arrive { barrier }, Need::Parties(wanted)) => barrier == wanted,
        (Op::ReleasePermits { semaphore, n }, Need::Permits(wanted)) => {
            semaphore == wanted && n > taken(model, semaphore, thread, later)
        }
        (
            Op::Set { flag: object } | Op::Done { waitgroup: object, .. } | Op::OnceEnd { once: object },
            Need::Completion(wanted),
        ) => object == wanted,
        _ => false,
    })
}

/// How many permits `thread` has before its event at `loc`: what it gives back of them creates none.
fn taken(model: &Model<'_>, of: ObjectId, thread: ThreadId, loc: u32) -> u32 {
    (1..loc).fold(0, |taken, earlier| match model.log().op(model.log().at(thread, earlier)) {
        Op::AcquirePermits { semaphore, n, .. } if semaphore == of => taken + n,
        Op::ReleasePermits { semaphore, n } if semaphore == of => taken.saturating_sub(n),
        _ => taken,
    })
}

/// Whether `child` ends, or begins, only after `thread` has gone on from `loc`.
fn creates(model: &Model<'_>, child: ThreadId, thread: ThreadId, loc: u32) -> bool {
    child == thread || spawned_after(model, child, thread, loc)
}

fn spawned_after(model: &Model<'_>, child: ThreadId, thread: ThreadId, loc: u32) -> bool {
    model.spawn_of(child).is_some_and(|spawn| {
        if spawn.thread == thread { spawn.loc > loc } else { spawned_after(model, spawn.thread, thread, loc) }
    })
}

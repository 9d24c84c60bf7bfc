//! Why nobody will ever provide what is waited for at the end of the trace.

use lockhound_trace::{ObjectId, ObjectKind, Request, ThreadId};

use crate::deadlock::report::Scene;
use crate::deadlock::state::State;
use crate::deadlock::wait_for::Stuck;
use crate::end::Standing;
use crate::prose;

impl Scene<'_> {
    /// Why nobody will ever provide it.
    pub(super) fn reason(&self, stuck: &Stuck) -> String {
        let tables = self.end.tables;
        let state = stuck.object().and_then(|object| self.states.of(object));
        match (stuck.blocked.on, state) {
            (Request::Wait { .. }, Some(State::Condvar(state))) => not_notified(state.notified, state.lost),
            (Request::Recv { .. }, Some(State::Channel(state))) => match state.sent {
                0 => "nothing was ever sent, and no sender is left".to_owned(),
                1 => "it is empty, the one message received, and no sender is left".to_owned(),
                _ => "it is empty, all messages received, and no sender is left".to_owned(),
            },
            (Request::Send { channel }, Some(State::Channel(_))) => match self.capacity(channel).unwrap_or_default() {
                0 => "no receiver is left".to_owned(),
                capacity => format!("it is full ({capacity} of {capacity}), and no receiver is left"),
            },
            (Request::Pass { barrier }, Some(State::Barrier(state))) => {
                let parties = match tables.object(barrier).kind {
                    ObjectKind::Barrier { parties: Some(parties) } => parties,
                    _ => 0,
                };
                format!("{} of {parties} arrived, and nobody else will", state.arrived.len())
            }
            (Request::AcquirePermits { n, .. }, Some(State::Semaphore(state))) => {
                format!("it has {} permits, {n} wanted, and nobody is left to give one back", state.permits.max(0))
            }
            (_, Some(State::Flag(state))) => match state.times_set {
                0 => "it was never set, and nobody is left to set it".to_owned(),
                times => format!("set {} and cleared since, and nobody is left to set it", prose::times(times)),
            },
            (_, Some(State::Waitgroup(state))) => {
                format!("{} still to be done, and nobody is left to do it", state.count)
            }
            (_, Some(State::Once(state))) => match state.runner {
                Some(runner) => {
                    format!("{} ended while it was initialising it", prose::thread(tables, runner))
                }
                None => "nobody initialises it".to_owned(),
            },
            (Request::Join { child }, _) => format!("{} never ran", prose::thread(tables, child)),
            _ => "nobody is left who could provide it".to_owned(),
        }
    }

    /// Who was seen providing what they wait for, and has ended since.
    pub(super) fn who_could_have(&self, members: &[usize]) -> Option<String> {
        let tables = self.end.tables;
        let stuck = &self.relation.stuck[members[0]];
        let object = stuck.object()?;
        let (cast, did) = match (stuck.blocked.on, self.states.of(object)?) {
            (_, State::Condvar(state)) => (&state.notifiers, "notified"),
            (Request::Send { .. }, State::Channel(state)) => (&state.receivers, "received from"),
            (_, State::Channel(state)) => (&state.senders, "sent to"),
            (_, State::Flag(state)) => (&state.setters, "set"),
            (_, State::Semaphore(state)) => (&state.releasers, "given permits back to"),
            _ => return None,
        };
        let has_ended = |thread: &&ThreadId| matches!(self.end.standings.get(thread.index()), Some(Standing::Ended));
        let gone: Vec<ThreadId> = cast.iter().filter(has_ended).copied().collect();
        let who = match gone.as_slice() {
            [] => return None,
            few @ ([_] | [_, _] | [_, _, _]) => prose::threads(tables, few),
            [one, two, rest @ ..] => {
                let (one, two) = (prose::thread(tables, *one), prose::thread(tables, *two));
                format!("{one}, {two} and {} others", rest.len())
            }
        };
        let has = if gone.len() == 1 { "has" } else { "have" };
        let object = prose::object(tables, object);
        Some(format!("who could have ended it: {who}, which {has} {did} {object} before, but {has} ended since"))
    }

    pub(super) fn capacity(&self, channel: ObjectId) -> Option<u64> {
        match self.end.tables.object(channel).kind {
            ObjectKind::Channel { capacity, .. } => capacity,
            _ => None,
        }
    }
}

/// Of all notifications, so many were lost.
fn not_notified(all: u64, lost: u64) -> String {
    let when = match lost {
        _ if all == 0 => return "nobody ever notified it, and nobody is left to".to_owned(),
        0 => ", each time for another wait".to_owned(),
        _ if lost == all => " when nobody was waiting".to_owned(),
        _ => format!(" ({} when nobody was waiting)", prose::times(lost)),
    };
    format!("notified {}{when}, and nobody is left to notify again", prose::times(all))
}

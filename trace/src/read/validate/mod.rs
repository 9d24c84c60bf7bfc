//! Whether the events of a trace are possible: the semantics of every kind of object, checked event by event.

mod barrier;
mod channel;
mod condvar;
mod counters;
mod lock;
mod state;
mod step;
mod thread;

use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::op::Op;
use crate::read::batch::{Batch, Pending};
use crate::read::one_line::one_line;
use crate::read::source::{EventSource, Place, Progress, ReadError, ReadErrorKind};
use crate::read::tables::Tables;
use state::State;
use step::Effect;

/// Passes the events of a source on as long as they are possible, and stops with [`ReadErrorKind::Violation`] at the
/// first that is not.
///
/// What is impossible:
/// * threads: an event before the `spawn` or after the `exit` or `join` of the thread (one that nobody spawns is a root
///   and may act from the beginning), a `spawn` of a thread that has run without one, a `start` that is not first, a `join`
///   of what is still blocked;
///   after `block` anything but the completion of that operation or, for joins, locks, semaphores and channels, its failure
///   (anything, where the operation may end without an event: a `send` on a channel that was closed since, which fails,
///   and an `await` of a flag, since a wait that gave up, such as a spurious return from parking, leaves none);
/// * locks: a mode of a mutex other than `write`, `acquire` while another hold excludes it, a `block` on a `wait` with a lock
///   that is not held. Read holds of one thread count; `upgrade` and a following `write` of the same thread are two holds and take two
///   releases;
/// * condition variables: `wake` without `wait`, `wake` by a notification that cannot have reached this wait;
/// * semaphores: more permits taken than there are;
/// * barriers: `pass` before all parties of the generation arrived, or without `arrive`;
/// * channels: `send` on a full one, `recv` of a message that is not in it (by `msg` in any order; without it the one that
///   the channel's order says, which is none if the order is `any` and several are inside), `recv` with `closed` from an
///   open or filled one. On capacity 0 a `send` and its `recv` are one step,
///   recorded in either order: whichever comes second must be the next event of its thread since the first;
/// * flags, wait groups, once-initialisers: `await` before it may return, a second run;
/// * regions: `end` without `begin`.
///
/// What a program can do wrong, rather than its recording, is possible and has no effect: a `release` of what is not held (in
/// that mode), a `wait` without its lock, permits given back beyond the bound, a `send` on a closed channel, a count below
/// zero, a second `spawn` of one thread. Such an event is passed on as [`Op::Refused`](crate::Op::Refused); its thread goes on.
///
/// A trace may end anywhere. Time: amortised constant per event. Memory: the threads, the objects and the messages in
/// flight.
#[derive(Debug)]
pub struct Validated<S> {
    source: S,
    path: PathBuf,
    state: State,
    pending: Pending,
}

impl<S: EventSource> Validated<S> {
    /// Checks what comes from `source`; `path` is for messages.
    pub fn new(source: S, path: &Path) -> Self {
        Self { source, path: path.to_owned(), state: State::default(), pending: Pending::default() }
    }
}

/// Appends what comes from `source` as far as it is possible.
fn check<S: EventSource>(source: &mut S, state: &mut State, path: &Path, batch: &mut Batch) -> Result<bool, ReadError> {
    let first = batch.len();
    let outcome = source.next_batch(batch);
    let tables = source.tables();
    state.grow(tables);
    for index in first..batch.len() {
        let place = batch.places()[index];
        if state.step_undisturbed(&batch.events()[index], place) {
            continue;
        }
        let event = batch.events()[index];
        match state.step_any(tables, &event, place) {
            Ok(Effect::Done) if !matches!(event.op, Op::Refused { .. }) => {}
            Ok(effect) => batch.settle(index, effect == Effect::Refused),
            Err(message) => {
                batch.truncate(index);
                let kind = ReadErrorKind::Violation(one_line(&message));
                return Err(ReadError { path: path.to_owned(), place, kind });
            }
        }
    }
    outcome
}

impl<S: EventSource> EventSource for Validated<S> {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        let Self { source, path, state, pending } = self;
        pending.next(|batch| check(source, state, path, batch))
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let Self { source, path, state, pending } = self;
        pending.drain(batch).unwrap_or_else(|| check(source, state, path, batch))
    }

    fn tables(&self) -> &Tables {
        self.source.tables()
    }

    fn place(&self) -> Place {
        self.pending.place().unwrap_or_else(|| self.source.place())
    }

    fn progress(&self) -> Progress {
        self.source.progress()
    }

    fn gaps(&self) -> u64 {
        self.source.gaps()
    }
}

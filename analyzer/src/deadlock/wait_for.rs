//! Who waits for whom when the trace is over.
//!
//! Two relations over the same threads, because two questions are asked. *Who is stuck for ever?* is answered
//! carefully: whoever is still going on could notify, send or release anything. *Who is stuck on whom?* is answered
//! by what was seen: threads that have sent on a channel before are the ones a receiver waits for.

use lockhound_trace::{How, Mode, ObjectId, ObjectKind, Policy, Request, Tables, ThreadId};

use crate::analysis::End;
use crate::deadlock::knot::{Nodes, Wait, greatest_closed};
use crate::deadlock::state::{Cast, State, States};
use crate::end::{Blocked, Standing};

/// Why a thread cannot go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// A lock that these threads hold in conflicting modes, or (a reader) that these writers queue for.
    Lock { holders: Vec<ThreadId>, queued: Vec<ThreadId> },
    /// The end of a thread.
    Child(ThreadId),
    /// The end of the initialiser that this thread runs.
    Runner(ThreadId),
    /// Something that any thread could provide; of those seen providing it before (or, if nobody ever did, of all),
    /// these are left.
    Provision(Vec<ThreadId>),
}

impl Cause {
    /// The threads it waits for.
    pub(crate) fn on(&self) -> Vec<ThreadId> {
        match self {
            Self::Lock { holders, queued } => holders.iter().chain(queued).copied().collect(),
            Self::Child(thread) | Self::Runner(thread) => vec![*thread],
            Self::Provision(threads) => threads.clone(),
        }
    }
}

/// A thread that will never go on, with the request it is stuck at.
#[derive(Clone, Debug)]
pub(crate) struct Stuck {
    pub(crate) thread: ThreadId,
    pub(crate) blocked: Blocked,
    pub(crate) cause: Cause,
}

impl Stuck {
    /// What it cannot get: of a wait that was notified, the lock rather than the condition variable; none of a join.
    pub(crate) fn object(&self) -> Option<ObjectId> {
        match self.blocked.on {
            Request::Wake { lock, .. } => Some(lock),
            on => on.object(),
        }
    }
}

/// The threads that will never go on.
#[derive(Debug)]
pub(crate) struct WaitFor {
    /// In the order of their ids.
    pub(crate) stuck: Vec<Stuck>,
    /// For each of them, the others (by position in `stuck`) that keep it there.
    pub(crate) waits: Vec<Wait>,
}

/// What a thread can still do, before it is known who is stuck.
#[derive(Clone, Debug)]
enum Outlook {
    /// Nothing: it ended, or never began.
    Gone,
    /// Anything.
    Free,
    /// Waits for particular threads.
    For(Blocked, Cause),
    /// Waits for something that anybody could provide.
    ForAnybody(Blocked),
}

/// Works out who is stuck. Quadratic in the threads that are blocked, linear in all others.
pub(crate) fn wait_for(end: End<'_>, states: &States) -> WaitFor {
    let view = View { end, states };
    let outlooks: Vec<Outlook> = (0..end.standings.len()).map(|index| view.outlook(index)).collect();
    let hopeless = careful(&outlooks);
    let stuck_threads: Cast = hopeless
        .iter()
        .take(outlooks.len())
        .enumerate()
        .filter(|&(_, &stuck)| stuck)
        .map(|(index, _)| ThreadId::from_index(index))
        .collect();
    let stuck: Vec<Stuck> = stuck_threads
        .iter()
        .filter_map(|&thread| {
            let (blocked, cause) = match &outlooks[thread.index()] {
                Outlook::For(blocked, cause) => (*blocked, cause.clone()),
                Outlook::ForAnybody(blocked) => {
                    (*blocked, Cause::Provision(view.providers(thread, blocked.on, &stuck_threads)))
                }
                Outlook::Gone | Outlook::Free => return None,
            };
            Some(Stuck { thread, blocked, cause })
        })
        .collect();
    let waits = stuck.iter().map(|one| seen(one, &stuck, &outlooks)).collect();
    WaitFor { stuck, waits }
}

/// The greatest set of threads that nobody can free. The node after the last thread stands for "anybody": it is stuck
/// while all threads are that can still do something.
fn careful(outlooks: &[Outlook]) -> Nodes {
    let anybody = outlooks.len();
    let index = |threads: Vec<ThreadId>| threads.iter().map(|thread| thread.index()).collect();
    let gone = |thread: &ThreadId| matches!(outlooks[thread.index()], Outlook::Gone);
    let mut waits: Vec<Wait> = outlooks
        .iter()
        .map(|outlook| match outlook {
            Outlook::Gone | Outlook::Free => Wait::FREE,
            Outlook::For(_, cause) if cause.on().iter().any(gone) => Wait::HOPELESS,
            Outlook::For(_, cause) => Wait::WhileAny(index(cause.on())),
            Outlook::ForAnybody(_) => Wait::WhileAll(vec![anybody]),
        })
        .collect();
    let alive = (0..outlooks.len()).filter(|&thread| !matches!(outlooks[thread], Outlook::Gone)).collect();
    waits.push(Wait::WhileAll(alive));
    greatest_closed(&waits, &vec![true; waits.len()])
}

/// What keeps `one` there, as far as the recording shows.
fn seen(one: &Stuck, stuck: &[Stuck], outlooks: &[Outlook]) -> Wait {
    let position = |thread: &ThreadId| stuck.binary_search_by_key(thread, |other| other.thread).ok();
    let on = one.cause.on();
    let others = on.iter().filter_map(position).collect();
    match one.cause {
        Cause::Provision(_) => Wait::WhileAll(others),
        _ if on.iter().any(|thread| matches!(outlooks[thread.index()], Outlook::Gone)) => Wait::HOPELESS,
        _ => Wait::WhileAny(others),
    }
}

struct View<'a> {
    end: End<'a>,
    states: &'a States,
}

impl View<'_> {
    fn tables(&self) -> &Tables {
        self.end.tables
    }

    fn outlook(&self, index: usize) -> Outlook {
        let thread = ThreadId::from_index(index);
        match self.end.standings[index] {
            Standing::Ended => Outlook::Gone,
            Standing::Unseen if self.states.was_spawned(thread) => Outlook::Free,
            Standing::Unseen => Outlook::Gone,
            Standing::Running => Outlook::Free,
            Standing::Blocked(blocked) => self.blocked(thread, self.resolved(blocked)),
        }
    }

    /// A waiter that was notified asks for its lock.
    fn resolved(&self, mut blocked: Blocked) -> Blocked {
        if let Request::Wait { condvar, lock } = blocked.on
            && let Some(State::Condvar(state)) = self.states.of(condvar)
            && state.pending > 0
            && state.pending >= state.waiting.len()
        {
            blocked.on = Request::Wake { condvar, lock };
        }
        blocked
    }

    fn blocked(&self, thread: ThreadId, blocked: Blocked) -> Outlook {
        match blocked.on {
            Request::Acquire { how, .. } | Request::AcquirePermits { how, .. } if !how.may_wait_for_ever() => {
                Outlook::Free
            }
            Request::Acquire { lock, mode, .. } => self.for_lock(thread, blocked, lock, mode),
            Request::Wake { lock, .. } => self.for_lock(thread, blocked, lock, Mode::Write),
            Request::Join { child } => match self.end.standings[child.index()] {
                Standing::Ended => Outlook::Free,
                _ => Outlook::For(blocked, Cause::Child(child)),
            },
            Request::Await { object } => match self.states.of(object) {
                Some(State::Once(once)) if once.done => Outlook::Free,
                Some(State::Once(once)) => {
                    once.runner.map_or(Outlook::Free, |runner| Outlook::For(blocked, Cause::Runner(runner)))
                }
                state => for_anybody(blocked, self.is_there(thread, blocked.on, state)),
            },
            on => {
                let state = on.object().and_then(|object| self.states.of(object));
                for_anybody(blocked, self.is_there(thread, on, state))
            }
        }
    }

    fn for_lock(&self, thread: ThreadId, blocked: Blocked, lock: ObjectId, mode: Mode) -> Outlook {
        let kind = self.tables().object(lock).kind;
        let holders: Vec<ThreadId> = self
            .end
            .holds
            .all()
            .filter(|(holder, held)| held.lock == lock && self.keeps(*holder, lock))
            .filter(|(holder, held)| {
                let upgrades = *holder == thread && held.mode == Mode::Upgrade && mode == Mode::Write;
                let again = *holder == thread && matches!(kind, ObjectKind::Mutex { reentrant: true });
                mode.conflicts_with(held.mode) && !upgrades && !again
            })
            .map(|(holder, _)| holder)
            .collect();
        let queued = if mode == Mode::Read && kind == (ObjectKind::RwLock { policy: Policy::Writer }) {
            self.writers_queued_for(lock, thread)
        } else {
            Vec::new()
        };
        if holders.is_empty() && queued.is_empty() {
            Outlook::Free
        } else {
            Outlook::For(blocked, Cause::Lock { holders, queued })
        }
    }

    /// Whether `holder` really keeps `lock`: a wait that was recorded only as a request has given it back.
    fn keeps(&self, holder: ThreadId, lock: ObjectId) -> bool {
        !matches!(
            self.end.standings.get(holder.index()),
            Some(Standing::Blocked(Blocked { on: Request::Wait { lock: given_back, .. }, .. })) if *given_back == lock
        )
    }

    fn writers_queued_for(&self, lock: ObjectId, reader: ThreadId) -> Vec<ThreadId> {
        self.blocked_threads()
            .filter(|(thread, request)| {
                *thread != reader
                    && matches!(request, Request::Acquire { lock: wanted, mode: Mode::Write, how: How::Lock }
                        if *wanted == lock)
            })
            .map(|(thread, _)| thread)
            .collect()
    }

    fn blocked_threads(&self) -> impl Iterator<Item = (ThreadId, Request)> {
        self.end.standings.iter().enumerate().filter_map(|(index, standing)| match standing {
            Standing::Blocked(blocked) => Some((ThreadId::from_index(index), blocked.on)),
            _ => None,
        })
    }

    /// Whether what is asked for is there already, so that the thread only needs to run. Where the recording does not
    /// tell, it is.
    fn is_there(&self, thread: ThreadId, request: Request, state: Option<&State>) -> bool {
        let Some(state) = state else { return false };
        match (request, state) {
            (Request::Send { channel }, State::Channel(state)) => {
                let capacity = match self.tables().object(channel).kind {
                    ObjectKind::Channel { capacity, .. } => capacity,
                    _ => None,
                };
                let room = capacity.is_none_or(|capacity| state.buffered < i64::try_from(capacity).unwrap_or(i64::MAX));
                room || state.closed || (capacity == Some(0) && self.meets(Request::Recv { channel }))
            }
            (Request::Recv { channel }, State::Channel(state)) => {
                let rendezvous = self.tables().object(channel).kind.is_rendezvous();
                state.buffered > 0 || state.closed || (rendezvous && self.meets(Request::Send { channel }))
            }
            (Request::Wait { .. }, State::Condvar(state)) => state.pending > 0 || state.timed.contains(&thread),
            (Request::Pass { barrier }, State::Barrier(state)) => {
                let declared = matches!(self.tables().object(barrier).kind, ObjectKind::Barrier { parties: Some(_) });
                !declared || !state.arrived.contains(&thread)
            }
            (Request::AcquirePermits { n, .. }, State::Semaphore(state)) => state.permits >= i64::from(n),
            (_, State::Flag(state)) => state.set,
            (_, State::Waitgroup(state)) => state.count <= 0,
            (_, State::Once(state)) => state.done,
            _ => false,
        }
    }

    /// Whether somebody stands at the other side of a rendezvous.
    fn meets(&self, request: Request) -> bool {
        self.blocked_threads().any(|(_, other)| other == request)
    }

    /// The stuck threads that `thread` waits for at an object that anybody could serve. Threads that wait at the very
    /// same place are no help to each other.
    fn providers(&self, thread: ThreadId, request: Request, stuck: &Cast) -> Vec<ThreadId> {
        let known = self.known_providers(thread, request);
        stuck
            .iter()
            .copied()
            .filter(|&other| match &known {
                Known::Holders(cast) => cast.contains(&other),
                Known::Exactly(cast) => cast.contains(&other) && !self.waits_alike(other, request),
                Known::Nothing => other != thread && !self.waits_alike(other, request) && !self.joins(other),
            })
            .collect()
    }

    fn known_providers(&self, thread: ThreadId, request: Request) -> Known {
        let state = request.object().and_then(|object| self.states.of(object));
        let cast: Cast = match (request, state) {
            (Request::Send { .. }, Some(State::Channel(state))) => &state.receivers | &state.closers,
            (Request::Recv { .. }, Some(State::Channel(state))) => &state.senders | &state.closers,
            (_, Some(State::Condvar(state))) => state.notifiers.clone(),
            (_, Some(State::Flag(state))) => state.setters.clone(),
            (_, Some(State::Semaphore(state))) => {
                let holders: Cast =
                    state.holders.iter().filter(|&(_, &held)| held > 0).map(|(&holder, _)| holder).collect();
                if holders.is_empty() { without(&state.releasers, thread) } else { return Known::Holders(holders) }
            }
            // Who has arrived or is done has usually played its part: it says little about who will.
            _ => Cast::new(),
        };
        let cast = without(&cast, thread);
        if cast.is_empty() { Known::Nothing } else { Known::Exactly(cast) }
    }

    fn waits_alike(&self, other: ThreadId, request: Request) -> bool {
        match self.end.standings[other.index()] {
            Standing::Blocked(blocked) => {
                blocked.on.name() == request.name() && blocked.on.object() == request.object()
            }
            _ => false,
        }
    }

    /// A thread that waits for the end of another and has never provided anything is not what anybody waits for.
    fn joins(&self, other: ThreadId) -> bool {
        matches!(self.end.standings[other.index()], Standing::Blocked(Blocked { on: Request::Join { .. }, .. }))
    }
}

/// Who was seen providing something.
enum Known {
    /// Whoever has it must give it back, the one who asks for more included.
    Holders(Cast),
    Exactly(Cast),
    /// Nobody ever: it could be anybody.
    Nothing,
}

fn without(cast: &Cast, thread: ThreadId) -> Cast {
    cast.iter().copied().filter(|&other| other != thread).collect()
}

fn for_anybody(blocked: Blocked, is_there: bool) -> Outlook {
    if is_there { Outlook::Free } else { Outlook::ForAnybody(blocked) }
}

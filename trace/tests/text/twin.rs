//! The validator against a slow twin that looks at the whole history anew for every event.

use std::path::Path;

use lockhound_trace::{
    Event, EventSource, How, InMemory, Mode, ObjectId, ObjectKind, Op, Policy, Request, Tables, ThreadId, Touched,
    Validated, WakeReason,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Mutex, re-entrant mutex, read/write lock, two condition variables.
const KINDS: [ObjectKind; 5] = [
    ObjectKind::Mutex { reentrant: false },
    ObjectKind::Mutex { reentrant: true },
    ObjectKind::RwLock { policy: Policy::Writer },
    ObjectKind::Condvar,
    ObjectKind::Condvar,
];

const THREADS: usize = 4;

/// Which events were refused; none if one is impossible.
fn validate(tables: &Tables, events: &[Event]) -> Option<Vec<usize>> {
    let mut source = Validated::new(InMemory::new(tables, events), Path::new("t"));
    let mut refused = Vec::new();
    for index in 0.. {
        match source.next_event() {
            Ok(Some(Event { op: Op::Refused { .. }, .. })) => refused.push(index),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => return None,
        }
    }
    Some(refused)
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Hold {
    thread: ThreadId,
    lock: ObjectId,
    mode: Mode,
}

/// A wait with where it began, what it gave back and, once it has ended, where and why.
#[derive(Clone, Debug)]
struct Wait {
    thread: ThreadId,
    condvar: ObjectId,
    lock: ObjectId,
    given_back: Vec<Hold>,
    began: usize,
    ended: Option<(usize, WakeReason)>,
}

/// What a history says, worked out from its beginning.
#[derive(Default)]
struct History {
    holds: Vec<Hold>,
    waits: Vec<Wait>,
    /// Where which condition variable was notified, and whether for all.
    notifications: Vec<(usize, ObjectId, bool)>,
    /// What asked for something that it could not have.
    refused: Vec<usize>,
}

impl History {
    /// None if some event is impossible.
    fn of(events: &[Event]) -> Option<Self> {
        let mut history = Self::default();
        events.iter().enumerate().all(|(index, event)| history.step(index, event)).then_some(history)
    }

    fn step(&mut self, index: usize, event: &Event) -> bool {
        let thread = event.thread;
        let waiting = self.waits.iter().position(|wait| wait.thread == thread && wait.ended.is_none());
        if let Some(wait) = waiting {
            return self.wake(index, event, wait);
        }
        match event.op {
            Op::Acquire { lock, mode, .. } => self.acquire(Hold { thread, lock, mode }),
            Op::Release { lock, mode, .. } => {
                if !self.release(Hold { thread, lock, mode }) {
                    self.refused.push(index);
                }
                true
            }
            Op::Wait { condvar, lock, .. } => {
                let given_back = self.give_back(thread, lock);
                if given_back.is_empty() {
                    self.refused.push(index);
                } else {
                    self.waits.push(Wait { thread, condvar, lock, given_back, began: index, ended: None });
                }
                true
            }
            Op::Notify { condvar } => {
                self.notifications.push((index, condvar, false));
                true
            }
            Op::NotifyAll { condvar } => {
                self.notifications.push((index, condvar, true));
                true
            }
            _ => false,
        }
    }

    fn acquire(&mut self, wanted: Hold) -> bool {
        let reentrant = KINDS[wanted.lock.index()] == ObjectKind::Mutex { reentrant: true };
        let free = self.holds.iter().filter(|hold| hold.lock == wanted.lock).all(|hold| {
            if hold.thread == wanted.thread {
                reentrant
                    || matches!(
                        (hold.mode, wanted.mode),
                        (Mode::Read, Mode::Read | Mode::Upgrade) | (Mode::Upgrade, Mode::Read | Mode::Write)
                    )
            } else {
                !hold.mode.conflicts_with(wanted.mode)
            }
        });
        self.holds.push(wanted);
        free
    }

    fn release(&mut self, given: Hold) -> bool {
        let found = self.holds.iter().position(|&hold| hold == given);
        found.map(|found| self.holds.remove(found)).is_some()
    }

    /// A mutex as often as it is held; of a read/write lock one hold, the strongest but upgrade last.
    fn give_back(&mut self, thread: ThreadId, lock: ObjectId) -> Vec<Hold> {
        let modes = [Mode::Write, Mode::Read, Mode::Upgrade].map(|mode| Hold { thread, lock, mode });
        let Some(hold) = modes.into_iter().find(|hold| self.holds.contains(hold)) else { return Vec::new() };
        if matches!(KINDS[lock.index()], ObjectKind::RwLock { .. }) {
            self.release(hold);
            return vec![hold];
        }
        let before = self.holds.len();
        self.holds.retain(|other| *other != hold);
        vec![hold; before - self.holds.len()]
    }

    fn wake(&mut self, index: usize, event: &Event, wait: usize) -> bool {
        let Op::Wake { condvar, lock, by } = event.op else { return false };
        let ended = &mut self.waits[wait];
        if (ended.condvar, ended.lock) != (condvar, lock) {
            return false;
        }
        ended.ended = Some((index, by));
        let back = ended.given_back.clone();
        // All of a mutex's levels come back in one step, so only others can be in the way.
        let first = self.acquire(back[0]);
        self.holds.extend_from_slice(&back[1..]);
        let notified: Vec<&Wait> =
            self.waits.iter().filter(|wait| matches!(wait.ended, Some((_, WakeReason::Notify)))).collect();
        first && self.matches(&notified, &mut vec![false; self.notifications.len()])
    }

    /// Whether every one of `waits` can have a notification of its own; tries all ways.
    fn matches(&self, waits: &[&Wait], taken: &mut Vec<bool>) -> bool {
        let Some((wait, rest)) = waits.split_first() else { return true };
        let Some((end, _)) = wait.ended else { return true };
        for (number, &(at, condvar, all)) in self.notifications.iter().enumerate() {
            if condvar != wait.condvar || at < wait.began || at > end || taken[number] {
                continue;
            }
            taken[number] = !all;
            if self.matches(rest, taken) {
                return true;
            }
            taken[number] = false;
        }
        false
    }
}

fn tables() -> Tables {
    let mut tables = Tables::default();
    for thread in 0..THREADS {
        tables.thread_named(&format!("T{thread}"));
    }
    for (index, kind) in KINDS.into_iter().enumerate() {
        tables.object_named(&format!("o{index}"), kind);
    }
    tables
}

fn lock_op(lock: usize, mode: usize, acquires: bool) -> Op {
    let mode = if lock == 2 { [Mode::Write, Mode::Read, Mode::Upgrade][mode] } else { Mode::Write };
    let lock = ObjectId::from_index(lock);
    match acquires {
        true => Op::Acquire { lock, mode, how: How::Lock },
        false => Op::Release { lock, mode, touched: Touched::Unknown },
    }
}

/// The textual formats say so themselves; in a damaged recording any mode may stand at any object.
#[test]
fn a_mutex_has_one_mode() {
    let (lock, thread) = (ObjectId::from_index(0), ThreadId::from_index(0));
    let accepts =
        |ops: &[Op]| validate(&tables(), &ops.iter().map(|&op| Event::new(thread, op)).collect::<Vec<_>>()).is_some();
    for mode in [Mode::Write, Mode::Read, Mode::Upgrade] {
        let possible = mode == Mode::Write;
        assert_eq!(accepts(&[Op::Acquire { lock, mode, how: How::Lock }]), possible);
        assert_eq!(accepts(&[Op::TryFailed { object: lock, mode }]), possible);
        assert_eq!(accepts(&[Op::Block { on: Request::Acquire { lock, mode, how: How::Lock } }]), possible);
        let release = Op::Release { lock, mode, touched: Touched::Unknown };
        assert_eq!(accepts(&[lock_op(0, 0, true), release]), possible);
    }
}

fn op() -> impl Strategy<Value = Op> {
    let condvar = || (3..5_usize).prop_map(ObjectId::from_index);
    let lock = || prop_oneof![3 => Just(0_usize), 1 => Just(1), 1 => Just(2)].prop_map(ObjectId::from_index);
    prop_oneof![
        4 => (0..3_usize, 0..3_usize, any::<bool>()).prop_map(|(lock, mode, acquires)| lock_op(lock, mode, acquires)),
        4 => any::<bool>().prop_map(|acquires| lock_op(0, 0, acquires)),
        3 => (condvar(), lock()).prop_map(|(condvar, lock)| Op::Wait { condvar, lock, touched: Touched::Unknown, how: How::Lock }),
        4 => (condvar(), lock(), prop_oneof![4 => Just(WakeReason::Notify), 1 => Just(WakeReason::Timeout)])
            .prop_map(|(condvar, lock, by)| Op::Wake { condvar, lock, by }),
        2 => condvar().prop_map(|condvar| Op::Notify { condvar }),
        1 => condvar().prop_map(|condvar| Op::NotifyAll { condvar }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever is possible is added to the history, so that it grows long and strange.
    #[test]
    fn the_validator_agrees_with_its_twin(steps in vec((0..THREADS, op()), 0..70)) {
        let tables = tables();
        let mut events: Vec<Event> = Vec::new();
        for (thread, op) in steps {
            events.push(Event::new(ThreadId::from_index(thread), op));
            let refused = History::of(&events).map(|history| history.refused);
            prop_assert_eq!(validate(&tables, &events), refused.clone(), "{:?}", events);
            // Refused events seldom make a difference, and would be the most.
            if refused.is_none_or(|refused| refused.len() > 2) {
                events.pop();
            }
        }
    }
}

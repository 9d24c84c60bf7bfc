//! The states of threads after chosen numbers of their events: one pass over the events for all that a run's findings
//! need, however long their schedules are.

use std::rc::Rc;

use lockhound_analyzer::Log;
use lockhound_trace::{EventIndex, Op, Request, ThreadId};

use super::states::{ThreadState, request};
use crate::timeline::Life;

/// What is wanted.
#[derive(Default, Debug)]
pub(super) struct Wishes {
    /// Threads and how many of their events they have done.
    wanted: Vec<(ThreadId, u32)>,
    /// Before which event threads are wanted to be seen to be spawned.
    horizon: u64,
}

impl Wishes {
    pub(super) fn want(&mut self, thread: ThreadId, count: u32) {
        self.wanted.push((thread, count));
    }

    /// Asks for the lives of all threads before this event.
    pub(super) fn look_until(&mut self, event: u64) {
        self.horizon = self.horizon.max(event);
    }

    /// Looks them up. Time is linear in the events up to the last that matters; memory in the wishes.
    pub(super) fn grant(mut self, log: &Log) -> Moments {
        self.wanted.sort_unstable();
        self.wanted.dedup();
        let mut threads: Vec<Lifetime> = (0..log.threads()).map(|thread| Lifetime::new(log, thread)).collect();
        let last = self.wanted.iter().filter(|&&(_, count)| count > 0);
        let end = last.map(|&(thread, count)| log.at(thread, count).0 + 1).max().unwrap_or(0).max(self.horizon);
        for &(thread, count) in &self.wanted {
            if threads.len() <= thread.index() {
                threads.resize_with(thread.index() + 1, Lifetime::default);
            }
            threads[thread.index()].wanted.push(count);
        }
        threads.iter_mut().for_each(|thread| thread.keep(0));
        let count = usize::try_from(end).unwrap_or(usize::MAX);
        for (index, thread, op) in log.iter().take(count) {
            if let Op::Spawn { child } = op {
                if threads.len() <= child.index() {
                    threads.resize_with(child.index() + 1, Lifetime::default);
                }
                threads[child.index()].spawned.get_or_insert((thread, log.loc(index)));
            }
            let own = &mut threads[thread.index()];
            if own.kept.len() < own.wanted.len() {
                own.now.apply(index, &op);
                own.done += 1;
                own.keep(own.done);
            }
        }
        Moments { threads, explicit: is_explicit(log), cut_short: joined_at_the_end(log) }
    }
}

/// One thread.
#[derive(Default, Debug)]
struct Lifetime {
    /// How many events it has.
    count: u32,
    /// By whom, with which of its events.
    spawned: Option<(ThreadId, u32)>,
    /// Sorted.
    wanted: Vec<u32>,
    /// As many as have been reached.
    kept: Vec<Rc<ThreadState>>,
    now: ThreadState,
    done: u32,
}

impl Lifetime {
    fn new(log: &Log, thread: usize) -> Self {
        Self { count: log.count(ThreadId::from_index(thread)), ..Self::default() }
    }

    fn keep(&mut self, done: u32) {
        if self.wanted.get(self.kept.len()) != Some(&done) {
            return;
        }
        let state = match self.kept.last() {
            Some(last) if **last == self.now => Rc::clone(last),
            _ => Rc::new(self.now.clone()),
        };
        self.kept.push(state);
    }
}

/// What was wished for.
#[derive(Debug)]
pub(super) struct Moments {
    threads: Vec<Lifetime>,
    explicit: bool,
    /// Threads that others still wait for to end, where none says that it does.
    cut_short: Vec<ThreadId>,
}

impl Moments {
    /// How `thread` stands after `count` of its events.
    ///
    /// # Panics
    /// If nobody wished to know.
    pub(super) fn state(&self, thread: ThreadId, count: u32) -> &Rc<ThreadState> {
        let thread = &self.threads[thread.index()];
        let position = thread.wanted.binary_search(&count).expect("a moment that was wished for");
        &thread.kept[position]
    }

    /// Who spawned `thread`, with which of its events.
    pub(super) fn spawned(&self, thread: ThreadId) -> Option<(ThreadId, u32)> {
        self.threads.get(thread.index()).and_then(|own| own.spawned)
    }

    /// Whether `thread` has ended once it has done so many events.
    pub(super) fn has_ended(&self, thread: ThreadId, count: u32, state: &ThreadState) -> bool {
        let all = self.threads.get(thread.index()).is_some_and(|own| own.count == count && count > 0);
        let goes_on = self.explicit || state.request.is_some() || self.cut_short.contains(&thread);
        state.has_ended || all && !goes_on
    }

    /// The life of a thread in this state, if each thread has done as many events as `done` says.
    pub(super) fn life(&self, thread: ThreadId, state: &ThreadState, done: impl Fn(ThreadId) -> u32) -> Life {
        match state.life() {
            Life::New => match self.spawned(thread) {
                Some((by, event)) if done(by) >= event => Life::Ready,
                _ => Life::New,
            },
            Life::Running if self.has_ended(thread, done(thread), state) => Life::Finished,
            life => life,
        }
    }
}

/// Whether threads say when they begin and end: those that do not say so, then, have not ended.
fn is_explicit(log: &Log) -> bool {
    let op = |thread: ThreadId, loc: u32| log.event(log.at(thread, loc)).op;
    let threads = (0..log.threads()).map(ThreadId::from_index).filter(|&thread| log.count(thread) > 0);
    let mut says = threads.map(|thread| (op(thread, 1), op(thread, log.count(thread))));
    says.any(|(first, last)| matches!(first, Op::Start | Op::Exit) || matches!(last, Op::Start | Op::Exit))
}

/// Whose end others wait for when the trace ends.
fn joined_at_the_end(log: &Log) -> Vec<ThreadId> {
    let threads = (0..log.threads()).map(ThreadId::from_index).filter(|&thread| log.count(thread) > 0);
    let last = threads.map(|thread| log.event(EventIndex(log.at(thread, log.count(thread)).0)).op);
    last.filter_map(|op| match request(&op) {
        Some(Request::Join { child }) => Some(child),
        _ => None,
    })
    .collect()
}

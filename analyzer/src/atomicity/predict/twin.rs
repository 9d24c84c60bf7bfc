//! Every schedule of tiny random traces, by brute force: what is proved must be there, and of what is there in recorded
//! order no lost update may be missed.

use std::collections::HashSet;
use std::fmt::Write as _;

use lockhound_trace::ObjectId;
use proptest::prelude::*;

use super::search::Search;
use super::tests::{steps, triples};
use crate::analysis::predict_on;
use crate::finding::Pattern;
use crate::script;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Read,
    Write,
    /// Writes whatever it reads.
    Update,
    Acquire,
    Release,
    Spawn,
    Join,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Event {
    thread: usize,
    kind: Kind,
    /// Variable, lock or thread.
    operand: usize,
}

impl Event {
    const fn reads(self) -> bool {
        matches!(self.kind, Kind::Read | Kind::Update)
    }

    const fn writes(self) -> bool {
        matches!(self.kind, Kind::Write | Kind::Update)
    }
}

const THREADS: usize = 3;

/// How far each thread got, and the last write of each variable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct State {
    done: [u8; THREADS],
    last: [Option<u8>; 2],
}

#[derive(Debug)]
struct Tiny {
    events: Vec<Event>,
    threads: [Vec<usize>; THREADS],
    /// Of every event: its place in its thread, what it read from, and what its thread held after it.
    place: Vec<usize>,
    source: Vec<Option<u8>>,
    held_after: Vec<[bool; 2]>,
    spawns: [Option<usize>; THREADS],
}

impl Tiny {
    fn new(events: Vec<Event>) -> Self {
        let mut tiny = Self {
            threads: Default::default(),
            place: Vec::new(),
            source: Vec::new(),
            held_after: Vec::new(),
            spawns: [None; THREADS],
            events: Vec::new(),
        };
        let mut last = [None; 2];
        let mut held = [[false; 2]; THREADS];
        for (index, event) in events.into_iter().enumerate() {
            tiny.place.push(tiny.threads[event.thread].len());
            tiny.threads[event.thread].push(index);
            tiny.source.push(if event.reads() { last[event.operand] } else { None });
            match event.kind {
                Kind::Acquire => held[event.thread][event.operand] = true,
                Kind::Release => held[event.thread][event.operand] = false,
                Kind::Spawn => tiny.spawns[event.operand] = Some(index),
                _ if event.writes() => last[event.operand] = u8::try_from(index).ok(),
                _ => {}
            }
            tiny.held_after.push(held[event.thread]);
            tiny.events.push(event);
        }
        tiny
    }

    fn text(&self) -> String {
        let mut text = "mutex l0\nmutex l1\natomic x0\natomic x1\n".to_owned();
        for Event { thread, kind, operand } in &self.events {
            match kind {
                Kind::Read => writeln!(text, "T{thread} load x{operand}"),
                Kind::Write => writeln!(text, "T{thread} store x{operand}"),
                Kind::Update => writeln!(text, "T{thread} rmw x{operand}"),
                Kind::Acquire => writeln!(text, "T{thread} acquire l{operand}"),
                Kind::Release => writeln!(text, "T{thread} release l{operand} touched=none"),
                Kind::Spawn => writeln!(text, "T{thread} spawn T{operand}"),
                Kind::Join => writeln!(text, "T{thread} join T{operand}"),
            }
            .expect("room in memory");
        }
        text
    }

    fn is_done(&self, state: &State, event: usize) -> bool {
        self.place[event] < usize::from(state.done[self.events[event].thread])
    }

    fn holds(&self, state: &State, thread: usize, lock: usize) -> bool {
        let done = usize::from(state.done[thread]);
        done > 0 && self.held_after[self.threads[thread][done - 1]][lock]
    }

    fn next(&self, state: &State, thread: usize) -> Option<usize> {
        self.threads[thread].get(usize::from(state.done[thread])).copied()
    }

    /// Whether `event`, the next of its thread, can happen; `in_order`: the acquires of each lock as recorded.
    fn possible(&self, state: &State, event: usize, free: bool, in_order: bool) -> bool {
        let Event { thread, kind, operand } = self.events[event];
        let spawned = |thread: usize| self.spawns[thread].is_none_or(|spawn| self.is_done(state, spawn));
        if self.place[event] != usize::from(state.done[thread]) || !spawned(thread) {
            return false;
        }
        match kind {
            Kind::Acquire => {
                let later = |other: usize| {
                    let Event { kind, operand: lock, .. } = self.events[other];
                    kind == Kind::Acquire && lock == operand && self.is_done(state, other)
                };
                (0..THREADS).all(|other| !self.holds(state, other, operand))
                    && !(in_order && (event + 1..self.events.len()).any(later))
            }
            Kind::Read | Kind::Update => free || state.last[operand] == self.source[event],
            Kind::Join => spawned(operand) && usize::from(state.done[operand]) == self.threads[operand].len(),
            Kind::Write | Kind::Release | Kind::Spawn => true,
        }
    }

    fn step(&self, mut state: State, event: usize) -> State {
        let Event { thread, operand, .. } = self.events[event];
        state.done[thread] += 1;
        if self.events[event].writes() {
            state.last[operand] = u8::try_from(event).ok();
        }
        state
    }

    fn reachable(&self, in_order: bool) -> Vec<State> {
        let start = State { done: [0; THREADS], last: [None; 2] };
        let (mut seen, mut todo) = (HashSet::from([start]), vec![start]);
        while let Some(state) = todo.pop() {
            for event in (0..THREADS).filter_map(|thread| self.next(&state, thread)) {
                if self.possible(&state, event, false, in_order) {
                    let next = self.step(state, event);
                    if seen.insert(next) {
                        todo.push(next);
                    }
                }
            }
        }
        seen.into_iter().collect()
    }

    /// How far the thread gets by the releases that directly follow `event`.
    fn released(&self, event: usize) -> usize {
        let mine = &self.threads[self.events[event].thread];
        let from = self.place[event] + 1;
        from + mine[from..].iter().take_while(|&&next| self.events[next].kind == Kind::Release).count()
    }

    /// Whether some schedule executes `p`, then `q`, and ends with `c`; `in_order`: a sync-preserving one.
    fn feasible(&self, pattern: Pattern, [p, q, c]: [usize; 3], in_order: bool) -> bool {
        let (t, u) = (self.events[p].thread, self.events[q].thread);
        let mut seen: HashSet<(State, Option<usize>)> = HashSet::new();
        let mut todo = Vec::new();
        for state in self.reachable(in_order) {
            let between = self.is_done(&state, p) && !self.is_done(&state, c);
            let variable = self.events[q].operand;
            let clean = pattern == Pattern::Wrw && state.last[variable].map(usize::from) != Some(p);
            let free = self.events[q].reads();
            if !between || clean || !self.possible(&state, q, free, in_order) {
                continue;
            }
            let changed = free && self.source[q] != state.last[variable];
            let limit = changed.then(|| self.released(q));
            let entry = (self.step(state, q), limit);
            if seen.insert(entry) {
                todo.push(entry);
            }
        }
        while let Some((state, limit)) = todo.pop() {
            for event in (0..THREADS).filter_map(|thread| self.next(&state, thread)) {
                let Event { thread, operand, .. } = self.events[event];
                if thread == u && limit.is_some_and(|limit| usize::from(state.done[u]) >= limit) {
                    continue;
                }
                if event == c {
                    if self.possible(&state, event, true, false) {
                        return true;
                    }
                    continue;
                }
                let tainted = limit.is_some() && self.events[q].kind == Kind::Update;
                let spoilt = tainted && self.events[event].reads() && state.last[operand].map(usize::from) == Some(q);
                if !spoilt && self.possible(&state, event, false, in_order) && (thread != t || event < c) {
                    let entry = (self.step(state, event), limit);
                    if seen.insert(entry) {
                        todo.push(entry);
                    }
                }
            }
        }
        false
    }

    /// Whether some schedule executes `p`, whatever it reads, and later `q`, with `c` still to come.
    fn due(&self, [p, q, c]: [usize; 3]) -> bool {
        let t = self.events[p].thread;
        let mut seen: HashSet<(State, usize)> = HashSet::new();
        let mut todo = Vec::new();
        for state in self.reachable(false) {
            if self.possible(&state, p, true, false) {
                let changed = state.last[self.events[p].operand] != self.source[p];
                let limit = if changed { self.released(p) } else { self.place[c] };
                todo.push((self.step(state, p), limit));
            }
        }
        while let Some((state, limit)) = todo.pop() {
            for event in (0..THREADS).filter_map(|thread| self.next(&state, thread)) {
                if self.events[event].thread == t && usize::from(state.done[t]) >= limit.min(self.place[c]) {
                    continue;
                }
                if event == q && self.possible(&state, event, self.events[q].kind == Kind::Update, false) {
                    return true;
                }
                if event != q && self.possible(&state, event, false, false) {
                    let entry = (self.step(state, event), limit);
                    if seen.insert(entry) {
                        todo.push(entry);
                    }
                }
            }
        }
        false
    }
}

/// A random run: plain and locked accesses, locks held across one another, threads spawned and joined.
fn run_of(choices: &[(u8, u8, u8)], forked: bool, updates: bool) -> Tiny {
    let mut events = vec![Event { thread: 0, kind: Kind::Read, operand: 1 }];
    let mut owner = [None; 2];
    let mut held: [Vec<usize>; THREADS] = Default::default();
    let mut live: Vec<usize> = if forked { vec![0] } else { (0..THREADS).collect() };
    let mut next = if forked { 1 } else { THREADS };
    let mut current = 0;
    for &(who, what, operand) in choices {
        if who % 3 == 0 {
            current = usize::from(who / 3);
        }
        let thread = live[current % live.len()];
        let lock = usize::from(operand) % 2;
        let variable = usize::from(operand % 4 == 0);
        let mut push = |kind, operand| events.push(Event { thread, kind, operand });
        match what % 16 {
            0..=3 if owner[lock].is_none() => {
                owner[lock] = Some(thread);
                held[thread].push(lock);
                push(Kind::Acquire, lock);
            }
            4..=7 if !held[thread].is_empty() => {
                let at = usize::from(operand) % held[thread].len();
                let lock = held[thread].swap_remove(at);
                owner[lock] = None;
                push(Kind::Release, lock);
            }
            8 if next < THREADS => {
                push(Kind::Spawn, next);
                live.push(next);
                next += 1;
            }
            9 if forked => {
                let ended = live.iter().copied().find(|&child| child > thread && held[child].is_empty());
                let Some(child) = ended else { continue };
                push(Kind::Join, child);
                live.retain(|&other| other != child);
            }
            10 if updates => push(Kind::Update, variable),
            11..=13 => push(Kind::Write, variable),
            _ => push(Kind::Read, variable),
        }
    }
    for (thread, locks) in held.iter_mut().enumerate() {
        events.extend(locks.drain(..).map(|operand| Event { thread, kind: Kind::Release, operand }));
    }
    Tiny::new(events)
}

fn compare(tiny: &Tiny) -> Result<(), TestCaseError> {
    let text = tiny.text();
    predict_on(script::read(&text), |prediction| {
        let mut search = Search::new(prediction);
        for object in (0..prediction.model.tables().objects().len()).map(ObjectId::from_index) {
            for (triple, lines) in triples(prediction, object) {
                let events = lines.map(|line| usize::try_from(line - 1).expect("a tiny trace"));
                let found = search.interleave(&triple, &mut steps()).is_some();
                let is_lost_update = triple.pattern == Pattern::Rww;
                if found {
                    prop_assert!(
                        tiny.feasible(triple.pattern, events, false),
                        "false: {:?} {:?}\n{}",
                        triple.pattern,
                        lines,
                        text
                    );
                } else if is_lost_update {
                    prop_assert!(!tiny.feasible(triple.pattern, events, true), "missed: {:?}\n{}", lines, text);
                }
                if is_lost_update && search.overtake(&triple, &mut steps()).is_some() {
                    prop_assert!(tiny.due(events), "not due: {:?}\n{}", lines, text);
                }
            }
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proved_is_there_and_no_lost_update_in_recorded_order_is_missed(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 6..16),
        forked in prop::bool::weighted(0.3),
        updates in prop::bool::weighted(0.3),
    ) {
        compare(&run_of(&choices, forked, updates))?;
    }
}

/// How many traces; many more in the nightly setting.
fn cases() -> u32 {
    if std::env::var_os("LOCKHOUND_NIGHTLY").is_some() { 20_000 } else { 200 }
}

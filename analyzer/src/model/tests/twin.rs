//! The index against a slow twin, written from the specification: holds by replay, must-order by reachability over all its
//! edges. Semaphores, whose tokens are a choice of the index, are only asked to be consistent.

use lockhound_trace::{
    Event, How, InMemory, Mode, ObjectId, ObjectKind, Op, Request, Tables, ThreadId, Touched, WakeReason,
};
use proptest::prelude::*;

use super::random;
use super::recorded::Recorded;
use crate::model::{Model, Point};

/// A hold as the twin sees it: who, which lock, first and last event, mode, what it did.
#[derive(Clone, Debug, PartialEq)]
struct Hold {
    thread: ThreadId,
    lock: ObjectId,
    begin: usize,
    end: Option<usize>,
    mode: Mode,
    touched: Touched,
}

/// A thread that is blocked in a `wait` has begun it: such a `block` becomes the `wait` itself, with what the late one
/// says, and the late one nothing.
fn plain(events: &[Event]) -> Vec<Event> {
    let mut plain = events.to_vec();
    for (at, event) in events.iter().enumerate() {
        if let Op::Block { on: Request::Wait { condvar, lock } } = event.op {
            let wait = Op::Wait { condvar, lock, touched: Touched::Unknown, how: How::Lock };
            let next = (at + 1..events.len()).find(|&next| events[next].thread == event.thread);
            match next.filter(|&next| matches!(events[next].op, Op::Wait { .. })) {
                Some(next) => {
                    plain[at].op = events[next].op;
                    plain[next].op = Op::Begin { name: None };
                }
                None => plain[at].op = wait,
            }
        }
    }
    plain
}

/// What a thread has of a lock after every event: how often in which mode.
fn depth_after(tables: &Tables, events: &[Event], thread: ThreadId, lock: ObjectId) -> Vec<Vec<Mode>> {
    let mutex = matches!(tables.object(lock).kind, ObjectKind::Mutex { .. });
    let (mut parts, mut given): (Vec<Mode>, Vec<Mode>) = (Vec::new(), Vec::new());
    let mut all = Vec::new();
    for event in events {
        match event.op {
            Op::Acquire { lock: on, mode, .. } if (event.thread, on) == (thread, lock) => parts.push(mode),
            Op::Release { lock: on, mode, .. } if (event.thread, on) == (thread, lock) => {
                let position = parts.iter().position(|&part| part == mode).expect("it is held");
                parts.remove(position);
            }
            Op::Wait { lock: on, .. } if (event.thread, on) == (thread, lock) => {
                assert!(mutex, "the random traces wait with mutexes only");
                given = std::mem::take(&mut parts);
            }
            Op::Wake { lock: on, .. } if (event.thread, on) == (thread, lock) => parts = std::mem::take(&mut given),
            _ => {}
        }
        all.push(parts.clone());
    }
    all
}

fn strongest(parts: impl Iterator<Item = Mode>) -> Mode {
    parts.min_by_key(|mode| [Mode::Write, Mode::Upgrade, Mode::Read].iter().position(|other| other == mode)).unwrap()
}

fn touched_of(op: Op) -> Option<Touched> {
    match op {
        Op::Release { touched, .. } | Op::Wait { touched, .. } => Some(touched),
        _ => None,
    }
}

fn all_of(touched: &[Touched], mode: Mode) -> Touched {
    let (looks, writes) = (touched.iter().any(|t| t.looks()), touched.iter().any(|t| t.writes()));
    match touched {
        [Touched::Unknown] if mode != Mode::Write => Touched::Read,
        [only] => *only,
        _ => match (looks, writes) {
            (false, false) => Touched::None,
            (true, false) => Touched::Read,
            (true, true) => Touched::Write,
            (false, true) => Touched::Blind,
        },
    }
}

fn holds(tables: &Tables, events: &[Event]) -> Vec<Hold> {
    let mut holds = Vec::new();
    for thread in (0..tables.threads().len()).map(ThreadId::from_index) {
        for lock in (0..3).map(ObjectId::from_index) {
            let parts = depth_after(tables, events, thread, lock);
            let mut at = 0;
            while let Some(begin) = (at..events.len()).find(|&event| !parts[event].is_empty()) {
                let end = (begin..events.len()).find(|&event| parts[event].is_empty());
                let until = end.unwrap_or(events.len());
                let mode = strongest(parts[begin..until].iter().flatten().copied());
                let inside = &events[begin..end.map_or(events.len(), |end| end + 1)];
                let on = |op: Op| match op {
                    Op::Release { lock, .. } | Op::Wait { lock, .. } => Some(lock),
                    _ => None,
                };
                let mine = inside.iter().filter(|event| event.thread == thread && on(event.op) == Some(lock));
                let touched: Vec<Touched> = mine.filter_map(|event| touched_of(event.op)).collect();
                let touched = if end.is_some() { all_of(&touched, mode) } else { Touched::Unknown };
                holds.push(Hold { thread, lock, begin, end, mode, touched });
                at = until;
            }
        }
    }
    holds
}

/// Which events each event must come after, directly.
fn edges(tables: &Tables, events: &[Event], partner: impl Fn(usize) -> Option<usize>) -> Vec<Vec<usize>> {
    let holds = holds(tables, events);
    (0..events.len()).map(|to| into(tables, events, &holds, &partner, to)).collect()
}

fn last(events: &[Event], until: usize, which: impl Fn(&Event) -> bool) -> Option<usize> {
    (0..until).rev().find(|&event| which(&events[event]))
}

fn into(
    tables: &Tables,
    events: &[Event],
    holds: &[Hold],
    partner: &impl Fn(usize) -> Option<usize>,
    to: usize,
) -> Vec<usize> {
    let Event { thread, op, .. } = events[to];
    let before = last(events, to, |event| event.thread == thread);
    let spawned = last(events, to, |event| matches!(event.op, Op::Spawn { child } if child == thread));
    let mut from: Vec<usize> = before.or(spawned).into_iter().collect();
    let all = |which: &dyn Fn(Op) -> bool| (0..to).filter(|&event| which(events[event].op)).collect::<Vec<_>>();
    match op {
        Op::Join { child } => {
            let spawned = |event: &Event| matches!(event.op, Op::Spawn { child: other } if other == child);
            from.extend(last(events, to, |event| event.thread == child).or(last(events, to, spawned)));
        }
        Op::Read { var, .. } => {
            from.extend(last(events, to, |event| matches!(event.op, Op::Write { var: on, .. } if on == var)));
        }
        Op::Rmw { .. } => from.extend(last(events, to, |event| matches!(event.op, Op::Rmw { .. }))),
        Op::Acquire { lock, .. } | Op::Wake { lock, .. } => {
            let begins = |hold: &&Hold| hold.begin == to && hold.touched != Touched::None;
            if holds.iter().any(|hold| begins(&hold)) {
                from.extend(last_written(tables, events, holds, lock, to));
            }
            if matches!(op, Op::Wake { by: WakeReason::Notify, .. }) {
                from.extend(partner(to));
            }
        }
        Op::TryFailed { object, mode } if !before.is_some_and(|at| matches!(events[at].op, Op::Block { .. })) => {
            from.extend(in_the_way(tables, events, thread, object, mode, to));
        }
        Op::Send { .. } | Op::Recv { .. } | Op::RecvClosed { .. } => from.extend(message(tables, events, partner, to)),
        Op::TrySendFailed { channel } => {
            let close = (0..to).find(|&event| events[event].op == Op::Close { channel });
            let kind = tables.object(channel).kind;
            from.extend(close);
            if close.is_none() && !kind.is_rendezvous() {
                let sent = all(&|op| matches!(op, Op::Send { channel: on, .. } if on == channel));
                from.extend(sent.into_iter().filter(|&send| partner(send).is_none_or(|recv| recv > to)));
            }
        }
        Op::Pass { barrier } => {
            let arrives = all(&|op| op == Op::Arrive { barrier });
            let own = arrives.iter().rposition(|&arrive| events[arrive].thread == thread).expect("it arrived");
            let first = own / 2 * 2;
            from.extend(&arrives[first..first + 2]);
        }
        Op::Await { object } => match tables.object(object).kind {
            ObjectKind::Waitgroup { .. } => {
                from.extend(all(&|op| matches!(op, Op::Add { .. } | Op::Done { .. })));
            }
            ObjectKind::Flag { .. } => {
                let clear = last(events, to, |event| matches!(event.op, Op::Clear { .. })).unwrap_or(0);
                from.extend((clear..to).find(|&event| matches!(events[event].op, Op::Set { .. })));
            }
            _ => from.extend(all(&|op| matches!(op, Op::OnceEnd { .. }))),
        },
        Op::Done { .. } => from.extend(all(&|op| matches!(op, Op::Add { .. }))),
        _ => {}
    }
    from
}

/// Where the data of a lock were last left by who wrote them: the end of a hold, or of its exclusive part.
fn last_written(tables: &Tables, events: &[Event], holds: &[Hold], lock: ObjectId, to: usize) -> Option<usize> {
    (0..to).rev().find(|&event| {
        let Event { thread, op, .. } = events[event];
        let (Op::Release { lock: on, .. } | Op::Wait { lock: on, .. }) = op else { return false };
        let Some(hold) = holds.iter().find(|hold| {
            (hold.thread, hold.lock, on) == (thread, lock, lock)
                && hold.begin < event
                && hold.end.is_none_or(|end| event <= end)
        }) else {
            return false;
        };
        let parts = depth_after(tables, events, thread, lock);
        let exclusive_ended =
            !parts[event].contains(&Mode::Write) && matches!(op, Op::Release { mode: Mode::Write, .. });
        let touched: Vec<Touched> = (hold.begin..=event)
            .filter(|&at| events[at].thread == thread)
            .filter_map(|at| match events[at].op {
                Op::Release { lock: on, touched, .. } | Op::Wait { lock: on, touched, .. } if on == lock => {
                    Some(touched)
                }
                _ => None,
            })
            .collect();
        // Only the modes of before this event count: what is taken later cannot have written yet.
        let mode = strongest(parts[hold.begin..event].iter().flatten().copied());
        (exclusive_ended || parts[event].is_empty()) && all_of(&touched, mode).writes()
    })
}

fn in_the_way(
    tables: &Tables,
    events: &[Event],
    thread: ThreadId,
    lock: ObjectId,
    mode: Mode,
    to: usize,
) -> Option<usize> {
    let others = (0..tables.threads().len()).map(ThreadId::from_index).filter(|&other| other != thread);
    let holders = others.flat_map(|other| {
        let parts = depth_after(tables, events, other, lock);
        [Mode::Write, Mode::Read, Mode::Upgrade].into_iter().filter_map(move |part| {
            let held = |event: usize| parts[event].contains(&part);
            let since = (0..to).rev().take_while(|&event| held(event)).last();
            since.filter(|_| part.conflicts_with(mode))
        })
    });
    holders.min()
}

/// A message comes after its send; both sides of a rendezvous come after each other.
fn message(tables: &Tables, events: &[Event], partner: &impl Fn(usize) -> Option<usize>, to: usize) -> Option<usize> {
    let rendezvous = |channel| tables.object(channel).kind.is_rendezvous();
    match events[to].op {
        Op::Send { channel, .. } if !rendezvous(channel) => None,
        _ => partner(to),
    }
}

/// `reached[e]`: all that comes before e, by search.
fn reach(edges: &[Vec<usize>]) -> Vec<Vec<bool>> {
    (0..edges.len())
        .map(|to| {
            let mut reached = vec![false; edges.len()];
            let mut open = vec![to];
            reached[to] = true;
            while let Some(event) = open.pop() {
                for &before in &edges[event] {
                    if !std::mem::replace(&mut reached[before], true) {
                        open.push(before);
                    }
                }
            }
            reached
        })
        .collect()
}

fn position(model: &Model<'_>, point: Point) -> usize {
    usize::try_from(model.index(point).0).unwrap()
}

fn points(events: &[Event]) -> Vec<Point> {
    let mut counts = [0; 4];
    let count = |event: &Event| {
        counts[event.thread.index()] += 1;
        Point::new(event.thread, counts[event.thread.index()])
    };
    events.iter().map(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn timestamps_agree_with_reachability(events in random::traces_of(60, false)) {
        let recorded = Recorded::read(InMemory::new(&random::tables(), &events));
        let model = recorded.model();
        let points = points(&events);
        let partner = |event: usize| model.partner(points[event]).map(|point| position(&model, point));
        let reached = reach(&edges(&recorded.tables, &plain(&events), partner));
        for (to, point) in points.iter().enumerate() {
            for (from, earlier) in points.iter().enumerate() {
                let found = model.precedes(*earlier, *point);
                prop_assert_eq!(found, reached[to][from], "{} before {} in {:#?}", from, to, events.iter().map(|e| (e.thread, e.op)).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn holds_agree_with_a_replay(events in random::traces(60)) {
        let recorded = Recorded::read(InMemory::new(&random::tables(), &events));
        let model = recorded.model();
        let expected = holds(&recorded.tables, &plain(&events));
        let points = points(&events);
        let mut found = Vec::new();
        for lock in (0..3).map(ObjectId::from_index) {
            for (first, holds) in model.holds(model.lock_of(lock).expect("a lock")) {
                prop_assert_eq!(&holds[0], model.hold(first));
                found.extend_from_slice(holds);
            }
        }
        let found: Vec<Hold> = found.iter().map(|hold| Hold {
            thread: hold.thread,
            lock: hold.object,
            begin: position(&model, Point::new(hold.thread, hold.acquire)),
            end: hold.release.map(|release| position(&model, Point::new(hold.thread, release))),
            mode: hold.mode,
            touched: hold.touched,
        }).collect();
        let key = |hold: &Hold| (hold.lock, hold.thread, hold.begin);
        let (mut expected, mut sorted) = (expected, found.clone());
        expected.sort_by_key(key);
        sorted.sort_by_key(key);
        prop_assert_eq!(&sorted, &expected);
        prop_assert_eq!(&found, &sorted, "by lock, thread and time");
        for (at, &point) in points.iter().enumerate() {
            let mut held: Vec<&Hold> = expected.iter()
                .filter(|hold| hold.thread == point.thread && hold.begin < at && hold.end.is_none_or(|end| at <= end))
                .collect();
            held.sort_by_key(|hold| hold.begin);
            let locks: Vec<ObjectId> = held.iter().map(|hold| hold.lock).collect();
            let found: Vec<ObjectId> = model.held(point).iter().map(|&id| model.hold(id).object)
                .filter(|&object| model.lock_of(object).is_some()).collect();
            prop_assert_eq!(found, locks, "before {:?}", point);
        }
    }

    #[test]
    fn a_token_has_one_holder_at_a_time(events in random::traces(60)) {
        let recorded = Recorded::read(InMemory::new(&random::tables(), &events));
        let model = recorded.model();
        let mut taken = 0;
        for lock in (3..model.locks()).map(|lock| crate::model::LockId(u32::try_from(lock).unwrap())) {
            let mut holds: Vec<(usize, Option<usize>)> = model.holds(lock).flat_map(|(_, holds)| holds).map(|hold| {
                let at = |loc| position(&model, Point::new(hold.thread, loc));
                (at(hold.acquire), hold.release.map(at))
            }).collect();
            holds.sort_unstable();
            taken += holds.len();
            for pair in holds.windows(2) {
                prop_assert!(pair[0].1.is_some_and(|end| end < pair[1].0));
            }
        }
        prop_assert_eq!(taken, events.iter().filter(|event| matches!(event.op, Op::AcquirePermits { .. })).count());
    }

    #[test]
    fn objects_list_their_events(events in random::traces(60)) {
        let recorded = Recorded::read(InMemory::new(&random::tables(), &events));
        let model = recorded.model();
        let points = points(&events);
        for object in (0..recorded.tables.objects().len()).map(ObjectId::from_index) {
            let on = |event: &usize| events[*event].op.object() == Some(object);
            let mut expected: Vec<Point> = (0..events.len()).filter(on).map(|event| points[event]).collect();
            expected.sort_unstable();
            let found: Vec<Point> = model.on(object)
                .flat_map(|(thread, locs)| locs.iter().map(move |&loc| Point::new(thread, loc))).collect();
            prop_assert_eq!(found, expected);
        }
        for (at, event) in events.iter().enumerate() {
            if let Op::Read { .. } = event.op {
                let write = last(&events, at, |event| matches!(event.op, Op::Write { .. })).map(|write| points[write]);
                prop_assert_eq!(model.reads_from(points[at]), write);
            }
        }
    }
}

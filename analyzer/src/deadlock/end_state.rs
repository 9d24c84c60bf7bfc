//! What can be said when the trace is over: who is deadlocked, who waits in vain, and what merely hangs on them.

use std::collections::{BTreeMap, VecDeque};

use lockhound_trace::{ObjectId, Op, Request, SiteId};

use crate::analysis::{Analysis, End, Moment, Results};
use crate::deadlock::knot::{Wait, least_closed};
use crate::deadlock::report;
use crate::deadlock::state::{State, States};
use crate::deadlock::wait_for::{Cause, Stuck, WaitFor, wait_for};
use crate::end::Standing;
use crate::leak::{self, Leak};

/// Follows the state of every object, and reports who is stuck at the end of the trace, and on whom.
#[derive(Default, Debug)]
pub(crate) struct EndState {
    states: States,
    /// Where each lock was taken that was given back last.
    released: Vec<Option<SiteId>>,
}

impl Analysis for EndState {
    fn observe(&mut self, now: Moment<'_>) {
        if let Op::Release { lock, .. } = now.event.op {
            self.released(lock, now.holds.find(now.event.thread, lock).and_then(|held| held.site));
        }
        self.states.apply(now);
    }

    fn finish(mut self: Box<Self>, end: End<'_>, results: &mut Results) {
        for standing in end.standings {
            if let Standing::Blocked(blocked) = standing
                && let Some(object) = blocked.on.object()
            {
                self.states.introduce(end.tables, object);
            }
        }
        let relation = wait_for(end, &self.states);
        let mut leaks = leak::leaks(end, |held| {
            held.site.is_some() && self.released.get(held.lock.index()).copied().flatten() == held.site
        });
        let groups = Groups::of(&relation, &leaks, &self.states);
        let scene = report::Scene { end, states: &self.states, relation: &relation };
        for group in &groups.stuck {
            if end.process_ended && group.kind == Kind::BlockedForever {
                results.refutations.push(scene.cut_off(&group.members));
                continue;
            }
            let finding = match group.kind {
                Kind::Deadlock => scene.deadlock(&group.members, &group.hangers_on),
                Kind::SelfDeadlock => scene.self_deadlock(group.members[0], &group.hangers_on),
                Kind::BlockedForever => scene.blocked_forever(&group.members, &group.hangers_on),
                Kind::LostWakeup => scene.lost_wakeup(&group.members, &group.hangers_on),
            };
            results.findings.push(finding);
        }
        for (leak, victims) in leaks.drain(..).zip(&groups.victims) {
            results.findings.push(scene.leaked_lock(&leak, victims));
        }
    }
}

impl EndState {
    fn released(&mut self, lock: ObjectId, taken_at: Option<SiteId>) {
        if self.released.len() <= lock.index() {
            self.released.resize(lock.index() + 1, None);
        }
        self.released[lock.index()] = taken_at;
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Deadlock,
    SelfDeadlock,
    BlockedForever,
    /// What they wait for came before.
    LostWakeup,
}

/// One finding's threads, by position in [`WaitFor::stuck`].
#[derive(Debug)]
struct Group {
    kind: Kind,
    members: Vec<usize>,
    /// Threads that are stuck only because a member is.
    hangers_on: Vec<usize>,
}

/// All stuck threads, each in the one group that explains it.
#[derive(Debug)]
struct Groups {
    stuck: Vec<Group>,
    /// For each leak, who is stuck because of it.
    victims: Vec<Vec<usize>>,
}

/// Where a stuck thread belongs.
#[derive(Clone, Copy)]
enum Home {
    Group(usize),
    Leak(usize),
}

impl Groups {
    fn of(relation: &WaitFor, leaks: &[Leak], states: &States) -> Self {
        let mut groups = Self { stuck: Vec::new(), victims: vec![Vec::new(); leaks.len()] };
        let mut homes: Vec<Option<Home>> = vec![None; relation.stuck.len()];
        let mut waiting_in_vain: BTreeMap<(Kind, &str, Option<ObjectId>), usize> = BTreeMap::new();
        for members in least_closed(&relation.waits, &vec![true; relation.waits.len()]) {
            let first = members[0];
            let home = if let Some(leak) = leak_behind(relation, first, leaks) {
                groups.victims[leak].push(first);
                Home::Leak(leak)
            } else {
                let kind = kind_of(relation, &members, states);
                let stuck = &relation.stuck[first];
                let in_vain = matches!(kind, Kind::BlockedForever | Kind::LostWakeup);
                let place = (kind, stuck.blocked.on.name(), stuck.object());
                let existing = waiting_in_vain.get(&place).copied().filter(|_| in_vain);
                let group = existing.unwrap_or(groups.stuck.len());
                if existing.is_none() {
                    groups.stuck.push(Group { kind, members: Vec::new(), hangers_on: Vec::new() });
                }
                if in_vain {
                    waiting_in_vain.insert(place, group);
                }
                groups.stuck[group].members.extend(&members);
                Home::Group(group)
            };
            for member in members {
                homes[member] = Some(home);
            }
        }
        groups.place_the_rest(relation, &mut homes);
        groups
    }

    /// Breadth first from each thread that is in no group, along what it waits for, to the first group.
    fn place_the_rest(&mut self, relation: &WaitFor, homes: &mut [Option<Home>]) {
        let roots = homes.to_vec();
        for start in 0..homes.len() {
            if homes[start].is_some() {
                continue;
            }
            let mut seen = vec![false; homes.len()];
            let mut queue = VecDeque::from([start]);
            while let Some(node) = queue.pop_front() {
                if let Some(home) = roots[node] {
                    homes[start] = Some(home);
                    match home {
                        Home::Group(group) => self.stuck[group].hangers_on.push(start),
                        Home::Leak(leak) => self.victims[leak].push(start),
                    }
                    break;
                }
                for &next in relation.waits[node].on() {
                    if !std::mem::replace(&mut seen[next], true) {
                        queue.push_back(next);
                    }
                }
            }
        }
    }
}

/// The leak that keeps this thread waiting, if that is why it waits.
fn leak_behind(relation: &WaitFor, position: usize, leaks: &[Leak]) -> Option<usize> {
    let stuck = &relation.stuck[position];
    let Cause::Lock { holders, .. } = &stuck.cause else { return None };
    leaks.iter().position(|leak| stuck.object() == Some(leak.held.lock) && holders.contains(&leak.thread))
}

fn kind_of(relation: &WaitFor, members: &[usize], states: &States) -> Kind {
    match members {
        [only] => match &relation.waits[*only] {
            Wait::WhileAny(on) | Wait::WhileAll(on) if on.contains(only) => Kind::SelfDeadlock,
            _ if has_lost_wakeup(relation, &relation.stuck[*only], states) => Kind::LostWakeup,
            _ => Kind::BlockedForever,
        },
        _ => Kind::Deadlock,
    }
}

/// Whether the notification that `stuck` waits for came before it waited; or it would have notified, itself, who missed his.
fn has_lost_wakeup(relation: &WaitFor, stuck: &Stuck, states: &States) -> bool {
    let Request::Wait { condvar, .. } = stuck.blocked.on else { return false };
    let Some(State::Condvar(state)) = states.of(condvar) else { return false };
    let waits_too = |other: &&Stuck| matches!(other.blocked.on, Request::Wait { condvar: at, .. } if at == condvar);
    state.missed(stuck.thread).is_some()
        || (state.notifiers.contains(&stuck.thread)
            && relation.stuck.iter().filter(waits_too).any(|other| state.missed(other.thread).is_some()))
}

//! From a find in the table to the report, and to what is to be done about it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lockhound_trace::Mode;
use lockhound_trace::binary::format::request;

use super::action::action;
use super::core::core;
use super::knot::Relation;
use super::symbols::frames;
use super::table::{Copied, Ticket, table};
use super::tasks::task_name;
use super::waiter::{Keeps, Progress, Waiter, Wants};
use super::watch;
use crate::monitor::{self, Action, Certainty, Deadlock, Held, Participant, Wait};
use crate::recorder::catalogue;
use crate::recorder::object::Kind;

/// What was found.
pub(super) enum Find {
    /// Threads each of which waits for the next; or one that waits for a thread that has ended.
    Circle(Vec<Copied>),
    /// All threads.
    Frozen(Vec<Copied>),
}

/// Reports the find, unless that was done before, and does what is to be done. `closer`: the calling thread, if it is one
/// of them. With what it must panic, if so.
pub(super) fn report(find: &Find, certainty: Certainty, closer: Option<Ticket>) -> Option<String> {
    let scene = Scene::of(find);
    let action = if certainty == Certainty::Actual { action() } else { Action::Report };
    let can_panic = closer.is_some() && !std::thread::panicking();
    let panics = can_panic && matches!(action, Action::Panic);
    if !table().is_new(scene.identity(certainty, panics)) {
        return None;
    }
    let mut deadlock = scene.describe(certainty);
    write(deadlock.summary().to_string().as_bytes());
    // In a large program whose symbols are all there it takes a while to find some.
    scene.resolve_stacks(&mut deadlock);
    write(format!("{}  {}\n", deadlock.stacks(), consequence(&action, can_panic)).as_bytes());
    match action {
        Action::Report | Action::Off => None,
        Action::Abort => std::process::abort(),
        // SAFETY: ends the process; nothing of it is used any more.
        Action::Exit(status) => unsafe { libc::_exit(status) },
        Action::Panic => panics.then(|| format!("lockhound: deadlock: {}", deadlock.headline())),
        Action::Call(callback) => {
            callback(&deadlock);
            None
        }
    }
}

/// What happens next.
fn consequence(action: &Action, can_panic: bool) -> String {
    match action {
        Action::Report | Action::Off => "the program is left as it is".to_owned(),
        Action::Abort => "the process is aborted".to_owned(),
        Action::Exit(status) => format!("the process ends with status {status}"),
        Action::Panic if can_panic => "the thread that closed it panics".to_owned(),
        Action::Panic => "no thread can panic because of it here: the program is left as it is".to_owned(),
        Action::Call(_) => "the program's own function is called".to_owned(),
    }
}

/// All that wait, seen from a find.
struct Scene {
    all: Vec<Copied>,
    relation: Relation,
    members: Vec<usize>,
}

impl Scene {
    fn of(find: &Find) -> Self {
        let (mut all, members) = match find {
            Find::Circle(circle) => (watch::everybody().0, Some(circle)),
            Find::Frozen(all) => (all.clone(), None),
        };
        if let Some(circle) = members {
            // Whoever was freed meanwhile is not missed; but the members are there for ever.
            let missing = circle.iter().filter(|one| !all.iter().any(|other| other.ticket == one.ticket));
            let missing: Vec<Copied> = missing.cloned().collect();
            all.extend(missing);
        }
        let relation = Relation::of(all.iter().map(|copied| &copied.waiter));
        let members = match members {
            Some(circle) => {
                let position = |one: &Copied| all.iter().position(|other| other.ticket == one.ticket);
                let mut members: Vec<usize> = circle.iter().filter_map(position).collect();
                let oldest = (0..members.len()).min_by_key(|&at| all[members[at]].waiter.thread);
                members.rotate_left(oldest.unwrap_or(0));
                members
            }
            None => {
                let waiters: Vec<&Waiter> = all.iter().map(|copied| &copied.waiter).collect();
                in_order(core(&waiters, &relation), &relation)
            }
        };
        Self { all, relation, members }
    }

    fn waiter(&self, node: usize) -> &Waiter {
        &self.all[node].waiter
    }

    /// Tells it from other deadlocks of this process: by its threads and what they wait for; and if they hang on a thread
    /// that has ended, by that and the lock.
    ///
    /// `panics`: by these very waits, since a thread that a panic frees may come back to the same place, and whoever else
    /// comes to a lock of the dead is to be freed as well.
    fn identity(&self, certainty: Certainty, panics: bool) -> u64 {
        let key = |&node: &usize| {
            let dead = self.relation.on(node).find(|&other| self.relation.has_ended(other));
            let wait = panics.then_some(self.all[node].ticket);
            (self.waiter(dead.unwrap_or(node)).thread, subject(&self.waiter(node).wants), wait)
        };
        let mut keys: Vec<_> = self.members.iter().map(key).collect();
        keys.sort_unstable();
        let mut hasher = DefaultHasher::new();
        keys.hash(&mut hasher);
        (certainty == Certainty::Actual).hash(&mut hasher);
        hasher.finish()
    }

    /// The deadlock, but for its stacks.
    fn describe(&self, certainty: Certainty) -> Deadlock {
        let names: HashMap<u32, String> =
            self.all.iter().map(|copied| (copied.waiter.thread, label(&copied.waiter))).collect();
        let describe = |node: usize| self.participant(node, &names);
        Deadlock {
            certainty,
            participants: self.members.iter().map(|&node| describe(node)).collect(),
            also_waiting: self.hanging_on().into_iter().map(describe).collect(),
        }
    }

    fn resolve_stacks(&self, deadlock: &mut Deadlock) {
        for (participant, &node) in deadlock.participants.iter_mut().zip(&self.members) {
            participant.stack = frames(self.waiter(node).stack(), self.waiter(node).site);
        }
    }

    /// Those who are stuck only because the members are.
    fn hanging_on(&self) -> Vec<usize> {
        let mut stuck: Vec<bool> = (0..self.relation.len()).map(|node| self.members.contains(&node)).collect();
        for &member in &self.members {
            for dead in self.relation.on(member).filter(|&other| self.relation.has_ended(other)) {
                stuck[dead] = true;
            }
        }
        loop {
            let hangs = |node: usize| !stuck[node] && self.relation.on(node).any(|other| stuck[other]);
            let more: Vec<usize> = (0..self.relation.len()).filter(|&node| hangs(node)).collect();
            if more.is_empty() {
                break;
            }
            for node in more {
                stuck[node] = true;
            }
        }
        let left_out = |&node: &usize| !self.members.contains(&node) && !self.relation.has_ended(node);
        (0..self.relation.len()).filter(|&node| stuck[node]).filter(left_out).collect()
    }

    fn participant(&self, node: usize, names: &HashMap<u32, String>) -> Participant {
        let waiter = self.waiter(node);
        let on: Vec<usize> = self.relation.on(node).collect();
        let keeps_it =
            |&other: &usize| waiter.wanted_lock().is_none_or(|(lock, mode)| self.waiter(other).keeps_from(lock, mode));
        Participant {
            thread: label(waiter),
            wait: wait(waiter, names),
            at: waiter.site.unwrap_or(std::panic::Location::caller()),
            whom: on.iter().map(|&other| label(self.waiter(other))).collect(),
            behind_writer: !on.is_empty() && !on.iter().any(keeps_it),
            of_the_dead: on.iter().any(|&other| self.relation.has_ended(other)),
            held: waiter.held().map(held).collect(),
            stack: Vec::new(),
        }
    }
}

/// In the order of the circle, so far as there is one.
fn in_order(mut left: Vec<usize>, relation: &Relation) -> Vec<usize> {
    let mut order = Vec::with_capacity(left.len());
    while let Some(&first) = left.first() {
        let after = order.last().and_then(|&last: &usize| relation.on(last).find(|other| left.contains(other)));
        let next = after.unwrap_or(first);
        left.retain(|&other| other != next);
        order.push(next);
    }
    order
}

fn subject(wants: &Wants) -> u32 {
    match *wants {
        Wants::Lock { lock, .. } => lock,
        Wants::Join { child, .. } => child,
        Wants::Condvar { condvar, .. } => condvar,
        Wants::Anyone { number, .. } => number,
        Wants::Ended => 0,
    }
}

/// Its name, that which the kernel knows, or its number.
fn label(waiter: &Waiter) -> String {
    let known = waiter.name.as_deref().map(ToOwned::to_owned);
    known.or_else(|| task_name(waiter.task)).unwrap_or_else(|| numbered(waiter.thread))
}

fn numbered(thread: u32) -> String {
    format!("thread-{thread}")
}

fn wait(waiter: &Waiter, names: &HashMap<u32, String>) -> Wait {
    match waiter.wants {
        Wants::Lock { lock, mode: how, .. } => {
            let object = object(lock);
            if object.kind == "once" { Wait::Once(object) } else { Wait::Lock(object, mode(how)) }
        }
        Wants::Join { child, .. } => Wait::Join(names.get(&child).cloned().unwrap_or_else(|| numbered(child))),
        Wants::Condvar { condvar, mutex, .. } => Wait::Condvar {
            condvar: object(condvar),
            mutex: object(mutex),
            notified: waiter.progress == Progress::Over,
        },
        Wants::Anyone { request: request::SEND, number, .. } => Wait::Send(object(number)),
        Wants::Anyone { request: request::PASS, number, .. } => Wait::Barrier(object(number)),
        Wants::Anyone { request: request::ACQUIRE_PERMITS, number, .. } => Wait::Permits(object(number)),
        Wants::Anyone { request: request::AWAIT, number, .. } => match catalogue::look_up(number).map(|card| card.kind)
        {
            Some(Kind::Once) => Wait::Once(object(number)),
            Some(Kind::Flag { .. }) => Wait::Event(object(number)),
            Some(Kind::Tasks { .. }) => Wait::Tasks(object(number)),
            _ => Wait::Unpark(object(number)),
        },
        Wants::Anyone { number, .. } => Wait::Receive(object(number)),
        Wants::Ended => Wait::Join(label(waiter)),
    }
}

const fn mode(mode: Mode) -> monitor::Mode {
    match mode {
        Mode::Read => monitor::Mode::Read,
        Mode::Write | Mode::Upgrade => monitor::Mode::Write,
    }
}

fn held(keeps: Keeps) -> Held {
    Held { object: object(keeps.lock), mode: mode(keeps.mode), at: keeps.site }
}

fn object(number: u32) -> monitor::Object {
    match catalogue::look_up(number) {
        Some(card) => monitor::Object {
            number,
            kind: card.kind.of_trace().name(),
            name: card.name,
            born: Some(card.birth),
            type_name: Some((card.type_name)()).filter(|&name| name != "()"),
        },
        None => monitor::Object { number, kind: "object", name: None, born: None, type_name: None },
    }
}

/// Writes to standard error in one piece, past the standard library, whose lock a stuck thread may hold.
fn write(text: &[u8]) {
    static WRITING: AtomicBool = AtomicBool::new(false);
    // Another report is written in no time; if not, a mixture of both is better than none.
    for _ in 0..100 {
        if !WRITING.swap(true, Ordering::Acquire) {
            break;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    let mut rest = text;
    while !rest.is_empty() {
        // SAFETY: the pointer and length are those of a live slice.
        let written = unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(written) if written > 0 => rest = &rest[written..],
            _ if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    WRITING.store(false, Ordering::Release);
}

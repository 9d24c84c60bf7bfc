//! What threads do to be watched: they come when they have to wait, and when they end.

use super::confirm::{Confirmed, confirm};
use super::knot::{Relation, Verdict};
use super::report::{Find, report};
use super::table::{Copied, NoRoom, Room, Ticket, table};
use super::waiter::{Keeps, Waiter, Wants};
use super::{action, live, table, watchdog};
use crate::monitor::Certainty;
use crate::recorder::gate;
use crate::recorder::local::{self, Local};
use crate::recorder::object::Site;

/// A thread's stay among those that wait.
#[derive(Debug)]
pub(in crate::recorder) struct Stay {
    ticket: Ticket,
    generation: u32,
}

/// What came of a thread's wish to wait.
#[derive(Debug, Default)]
pub(in crate::recorder) struct Entry {
    /// To be ended, by dropping it, after the real wait.
    pub(in crate::recorder) stay: Option<Stay>,
    /// It must panic with this, instead of waiting.
    pub(in crate::recorder) panic: Option<String>,
}

/// Announces that the calling thread is about to wait, and looks whether it ever will go on.
pub(in crate::recorder) fn wait(local: &mut Local, wants: Wants, site: Site) -> Entry {
    if action::is_off() {
        return Entry::default();
    }
    let _busy = local.busy();
    let waiter = waiter(local, wants).at(site, local.seat.stack());
    let (ticket, suspicious) = enter(waiter);
    let panic = if suspicious {
        let panic = look_closer(ticket);
        table().settle(ticket);
        panic
    } else {
        None
    };
    Entry { stay: Some(Stay { ticket, generation: local.generation }), panic }
}

fn waiter(local: &Local, wants: Wants) -> Waiter {
    let keeps = local.held.all().iter().map(|hold| Keeps {
        lock: hold.lock(),
        mode: hold.mode(),
        site: local.sites.place(hold.site()),
    });
    let mut waiter = Waiter::new(local.seat.thread, wants).holding(keeps);
    waiter.task = local.seat.task;
    waiter.name.clone_from(&local.seat.name);
    waiter
}

/// Puts the waiter into the table; whether it could be part of a deadlock.
fn enter(waiter: Waiter) -> (Ticket, bool) {
    let mut room = Room::new(0);
    loop {
        let mut table = table();
        table.move_to(&mut room);
        match table.room() {
            Ok(()) => {
                let ticket = table.enter(waiter);
                let suspicious = table.is_suspicious(ticket, table.waiting() == live::live());
                if !suspicious {
                    table.settle(ticket);
                }
                return (ticket, suspicious);
            }
            Err(NoRoom(wanted)) => {
                drop(table);
                room = Room::new(wanted);
            }
        }
    }
}

/// Gets to the bottom of a suspicion; with what the thread must panic, if so.
#[cold]
fn look_closer(ticket: Ticket) -> Option<String> {
    let (copies, everyone) = reachable(ticket);
    let relation = Relation::of(copies.iter().map(|copied| &copied.waiter));
    let pick = |members: &[usize]| members.iter().map(|&member| copies[member].clone()).collect::<Vec<_>>();
    match relation.judge(0, everyone) {
        Verdict::Free => None,
        Verdict::Circle(circle) => report(&Find::Circle(pick(&circle)), Certainty::Actual, Some(ticket)),
        Verdict::CircleOnceQueued(circle) => {
            let circle = pick(&circle);
            match confirm(&circle, Some(ticket), false) {
                Confirmed::Yes => report(&Find::Circle(circle), Certainty::Actual, Some(ticket)),
                _ => None,
            }
        }
        // A park may have been ended before it began, by a handle of std's: only its sleep shows that it was not.
        Verdict::Frozen if watchdog::expects_doubt() || copies[0].waiter.parks() => {
            watchdog::poke();
            None
        }
        Verdict::Frozen => match confirm(&copies, Some(ticket), true) {
            Confirmed::Yes => report(&Find::Frozen(copies), Certainty::Actual, Some(ticket)),
            Confirmed::No => None,
            Confirmed::Doubtful(_) | Confirmed::Unsettled => {
                watchdog::poke();
                None
            }
        },
    }
}

/// The thread of `ticket` and all on which it depends, it first; whether these are all threads.
fn reachable(ticket: Ticket) -> (Vec<Copied>, bool) {
    let mut copies = Vec::new();
    loop {
        let mut table = table();
        let everyone = table.waiting() == live::live();
        match table.copy_reachable(ticket, everyone, &mut copies) {
            Ok(()) => {
                let all = copies.iter().filter(|copied| copied.waiter.waits()).count() == table.waiting();
                return (copies, everyone && all);
            }
            Err(NoRoom(wanted)) => {
                drop(table);
                copies = Vec::with_capacity(wanted);
            }
        }
    }
}

/// All that wait, and whether these are all threads.
pub(super) fn everybody() -> (Vec<Copied>, bool) {
    let mut copies = Vec::new();
    loop {
        let mut table = table();
        copies.clear();
        match table.copy_all(&mut copies) {
            Ok(()) => return (copies, table.waiting() == live::live()),
            Err(NoRoom(wanted)) => {
                drop(table);
                copies = Vec::with_capacity(wanted);
            }
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        // In the child of a fork the table is another.
        if self.generation == gate::generation() {
            local::with(|local| {
                let _busy = local.map(|local| local.busy());
                let waiter = leave(self.ticket);
                drop(waiter);
            });
        }
    }
}

fn leave(ticket: Ticket) -> Option<Waiter> {
    table::awake().leave(ticket)
}

/// A thread's stream has ended: whoever waits for what only it could have done is stuck.
pub(in crate::recorder) fn ended(local: &Local) {
    live::one_less();
    if action::is_off() || local.generation != gate::generation() {
        return;
    }
    if local.seat.ends_last && !local.held.all().is_empty() {
        let (ticket, _) = enter(waiter(local, Wants::Ended));
        report_hanging_on(ticket);
    }
    poke_if_all_wait();
}

/// A thread is gone whose stream had ended before.
pub(in crate::recorder) fn gone() {
    live::one_less();
    if !action::is_off() {
        poke_if_all_wait();
    }
}

fn poke_if_all_wait() {
    if !table::is_unused() && table().waiting() == live::live() {
        watchdog::poke();
    }
}

/// Reports whoever waits for a lock of a thread that has ended.
fn report_hanging_on(ended: Ticket) {
    let (copies, _) = everybody();
    let relation = Relation::of(copies.iter().map(|copied| &copied.waiter));
    let victim = (0..relation.len()).find(|&node| relation.on(node).any(|holder| copies[holder].ticket == ended));
    if let Some(victim) = victim {
        report(&Find::Circle(vec![copies[victim].clone()]), Certainty::Actual, None);
    }
}

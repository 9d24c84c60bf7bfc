//! Who waits for what: all threads of the process that wait without a time-out.
//!
//! While a thread is in the table it neither acquires nor releases anything, so what the table says of it stays true.
//! Nothing allocates under the table's lock: an allocator may lock something recorded, and wait for it.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use lockhound_trace::Mode;

use super::chains::{Chains, Link};
use super::waiter::{Progress, Waiter, Wants};
use crate::recorder::held::DEPTH;

/// The entries of a slot: a lock held each, then these.
const AS_WRITER: u32 = DEPTH as u32;
const AS_THREAD: u32 = AS_WRITER + 1;
const ENTRIES: u32 = AS_THREAD + 1;

/// How many deadlocks are remembered as reported.
const REPORTED: usize = 64;

/// A thread's stay in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Ticket {
    slot: u32,
    /// Never used again.
    serial: u64,
}

/// A waiter as it was when it was copied.
#[derive(Clone)]
pub(super) struct Copied {
    pub(super) waiter: Waiter,
    pub(super) ticket: Ticket,
}

/// What does not fit the memory that was brought along: come again with room for so many.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoRoom(pub(super) usize);

struct Slot {
    waiter: Option<Waiter>,
    serial: u64,
    /// Whether it has done all that precedes the real wait.
    settled: bool,
    /// The search that has come here last.
    seen: Cell<u64>,
    next_free: Option<u32>,
}

/// Memory for more slots.
pub(super) struct Room {
    slots: Vec<Slot>,
    links: Vec<Link>,
}

impl Room {
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: Vec::with_capacity(slots), links: Vec::with_capacity(slots * ENTRIES as usize) }
    }
}

/// See the module.
pub(super) struct Table {
    slots: Vec<Slot>,
    links: Vec<Link>,
    free: Option<u32>,
    waiting: usize,
    serial: u64,
    search: u64,
    /// The locks that slots hold.
    holders: Chains,
    /// The read/write locks for which slots are queued as writers.
    writers: Chains,
    /// The slots by thread.
    threads: Chains,
    reported: [u64; REPORTED],
    reports: usize,
}

/// The table of this process; made anew after a fork, whose child may find the lock of the old one held for ever.
static TABLE: AtomicPtr<Mutex<Table>> = AtomicPtr::new(ptr::null_mut());

/// The table, locked. Its caller must be `busy`, lest a signal handler comes here again.
pub(super) fn table() -> MutexGuard<'static, Table> {
    let known = TABLE.load(Ordering::Acquire);
    // SAFETY: null, or a table that is never freed.
    let table = unsafe { known.as_ref() }.unwrap_or_else(make);
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same for a thread that has been freed: it does not fall asleep over it, or it would look as if it still waited.
pub(super) fn awake() -> MutexGuard<'static, Table> {
    for _ in 0..1000 {
        // SAFETY: null, or a table that is never freed.
        let table = unsafe { TABLE.load(Ordering::Acquire).as_ref() };
        match table.map(Mutex::try_lock) {
            Some(Ok(table)) => return table,
            Some(Err(TryLockError::Poisoned(poisoned))) => return poisoned.into_inner(),
            _ => std::thread::yield_now(),
        }
    }
    table()
}

/// Whether nobody has waited yet.
pub(super) fn is_unused() -> bool {
    TABLE.load(Ordering::Relaxed).is_null()
}

#[cold]
fn make() -> &'static Mutex<Table> {
    let new = Box::into_raw(Box::new(Mutex::new(Table::new())));
    match TABLE.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just made, and from here on never freed.
        Ok(_) => unsafe { &*new },
        Err(first) => {
            // SAFETY: made above and seen by nobody; the other was put there first and is never freed.
            unsafe {
                drop(Box::from_raw(new));
                &*first
            }
        }
    }
}

/// In the child of a fork, whose one thread waits for nothing.
pub(super) fn abandon() {
    TABLE.store(ptr::null_mut(), Ordering::Relaxed);
}

impl Table {
    fn new() -> Self {
        Self {
            slots: Vec::new(),
            links: Vec::new(),
            free: None,
            waiting: 0,
            serial: 0,
            search: 0,
            holders: Chains::new(),
            writers: Chains::new(),
            threads: Chains::new(),
            reported: [0; REPORTED],
            reports: 0,
        }
    }

    /// How many threads wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether one more can enter.
    pub(super) fn room(&self) -> Result<(), NoRoom> {
        let has_room = self.free.is_some() || self.slots.len() < self.slots.capacity();
        if has_room { Ok(()) } else { Err(NoRoom((self.slots.len() * 2).max(16))) }
    }

    /// Moves into `room` if that is larger, and leaves the old memory there.
    pub(super) fn move_to(&mut self, room: &mut Room) {
        if room.slots.capacity() > self.slots.capacity() {
            room.slots.append(&mut self.slots);
            room.links.append(&mut self.links);
            std::mem::swap(&mut self.slots, &mut room.slots);
            std::mem::swap(&mut self.links, &mut room.links);
        }
    }

    /// Adds a thread, for which there must be room.
    pub(super) fn enter(&mut self, waiter: Waiter) -> Ticket {
        let slot = self.take_slot();
        self.serial += 1;
        self.waiting += usize::from(waiter.waits());
        self.each_entry(&waiter, slot, |chains, links, key, entry| chains.insert(links, key, entry));
        let taken = &mut self.slots[slot as usize];
        (taken.waiter, taken.serial, taken.settled) = (Some(waiter), self.serial, false);
        Ticket { slot, serial: self.serial }
    }

    fn take_slot(&mut self) -> u32 {
        if let Some(slot) = self.free {
            self.free = self.slots[slot as usize].next_free;
            return slot;
        }
        self.slots.push(Slot { waiter: None, serial: 0, settled: false, seen: Cell::new(0), next_free: None });
        self.links.resize(self.slots.len() * ENTRIES as usize, Link::LOOSE);
        self.slots.len() as u32 - 1
    }

    /// Takes a thread out. What is returned must be dropped without the lock.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waiter> {
        let slot = self.slots.get_mut(ticket.slot as usize).filter(|slot| slot.serial == ticket.serial)?;
        let waiter = slot.waiter.take()?;
        (slot.serial, slot.next_free) = (0, self.free.replace(ticket.slot));
        self.waiting -= usize::from(waiter.waits());
        self.each_entry(&waiter, ticket.slot, |chains, links, key, entry| chains.remove(links, key, entry));
        Some(waiter)
    }

    fn each_entry(&mut self, waiter: &Waiter, slot: u32, mut change: impl FnMut(&mut Chains, &mut [Link], u32, u32)) {
        let first = slot * ENTRIES;
        for (keeps, entry) in waiter.held().zip(first..) {
            change(&mut self.holders, &mut self.links, keeps.lock, entry);
        }
        if let Some(lock) = waiter.queued_at() {
            change(&mut self.writers, &mut self.links, lock, first + AS_WRITER);
        }
        change(&mut self.threads, &mut self.links, waiter.thread, first + AS_THREAD);
    }

    /// From here on, if the thread sleeps, it does so in its real wait.
    pub(super) fn settle(&mut self, ticket: Ticket) {
        if let Some(slot) = self.slots.get_mut(ticket.slot as usize).filter(|slot| slot.serial == ticket.serial) {
            slot.settled = true;
        }
    }

    /// Whether the thread is still in the table, in its real wait (unless it is `me`), and waits for what is not there.
    pub(super) fn still_waits(&self, copied: &Copied, me: Option<Ticket>) -> bool {
        let is_settled = self.slots.get(copied.ticket.slot as usize).is_some_and(|slot| slot.settled);
        let settled = is_settled || me == Some(copied.ticket) || !copied.waiter.waits();
        settled && self.is_there(copied)
    }

    /// Whether the thread is still in the table and waits for what is not there.
    pub(super) fn is_there(&self, copied: &Copied) -> bool {
        let slot = self.slots.get(copied.ticket.slot as usize).filter(|slot| slot.serial == copied.ticket.serial);
        slot.and_then(|slot| slot.waiter.as_ref()).is_some_and(|waiter| progress(waiter) == copied.waiter.progress)
    }

    /// Whether the thread could be part of a deadlock, as far as a quick look tells. `everyone`: no recorded thread runs.
    pub(super) fn is_suspicious(&self, ticket: Ticket, everyone: bool) -> bool {
        let Some(waiter) = self.waiter(ticket.slot) else { return false };
        let for_anyone = matches!(waiter.wants, Wants::Condvar { .. } | Wants::Anyone { .. });
        for_anyone && everyone || self.blockers(ticket.slot).next().is_some()
    }

    /// Copies the threads on which `from` depends into `copies`, itself first.
    pub(super) fn copy_reachable(
        &mut self,
        from: Ticket,
        everyone: bool,
        copies: &mut Vec<Copied>,
    ) -> Result<(), NoRoom> {
        copies.clear();
        self.search += 1;
        self.copy(from.slot, copies)?;
        let mut next = 0;
        while let Some(Copied { waiter, ticket }) = copies.get(next) {
            let (slot, so_far) = (ticket.slot, waiter.progress);
            let anyone = matches!(waiter.wants, Wants::Condvar { .. } | Wants::Anyone { .. });
            if anyone && everyone && so_far != Progress::Over {
                return self.copy_all(copies);
            }
            self.blockers(slot).try_for_each(|blocker| self.copy(blocker, copies))?;
            next += 1;
        }
        Ok(())
    }

    /// Copies the rest of all threads.
    pub(super) fn copy_all(&mut self, copies: &mut Vec<Copied>) -> Result<(), NoRoom> {
        if copies.is_empty() {
            self.search += 1;
        }
        (0..self.slots.len() as u32).try_for_each(|slot| self.copy(slot, copies))
    }

    fn copy(&self, slot: u32, copies: &mut Vec<Copied>) -> Result<(), NoRoom> {
        let found = &self.slots[slot as usize];
        let Some(waiter) = &found.waiter else { return Ok(()) };
        if found.seen.get() == self.search {
            return Ok(());
        }
        if copies.len() == copies.capacity() {
            return Err(NoRoom((copies.len() * 4).max(8)));
        }
        found.seen.set(self.search);
        let mut waiter = waiter.clone();
        waiter.progress = progress(&waiter);
        copies.push(Copied { waiter, ticket: Ticket { slot, serial: found.serial } });
        Ok(())
    }

    /// The threads that keep the one in `slot` from going on, as locks and joins tell.
    fn blockers(&self, slot: u32) -> impl Iterator<Item = u32> {
        let waiter = self.waiter(slot);
        let lock = waiter.and_then(|waiter| {
            let (lock, mode) = waiter.wanted_lock()?;
            Some((lock, mode, mode == Mode::Read))
        });
        let child = waiter.and_then(|waiter| match waiter.wants {
            Wants::Join { child, .. } => Some(child),
            _ => None,
        });
        let holders = lock.into_iter().flat_map(move |(lock, mode, _)| {
            let entries = self.holders.of(&self.links, lock).map(|entry| entry / ENTRIES);
            entries.filter(move |&at| self.waiter(at).is_some_and(|holder| holder.keeps_from(lock, mode)))
        });
        let queue = lock.into_iter().filter(|&(_, _, queues)| queues).flat_map(move |(lock, _, _)| {
            let entries = self.writers.of(&self.links, lock).map(|entry| entry / ENTRIES);
            entries.filter(move |&at| self.waiter(at).and_then(Waiter::queued_at) == Some(lock))
        });
        let child = child.into_iter().flat_map(move |child| {
            let entries = self.threads.of(&self.links, child).map(|entry| entry / ENTRIES);
            entries.filter(move |&at| self.waiter(at).is_some_and(|waiter| waiter.thread == child && waiter.waits()))
        });
        holders.chain(queue).chain(child)
    }

    fn waiter(&self, slot: u32) -> Option<&Waiter> {
        self.slots.get(slot as usize)?.waiter.as_ref()
    }

    /// Remembers a deadlock by what identifies it. Whether it was not known yet.
    pub(super) fn is_new(&mut self, identity: u64) -> bool {
        let known = self.reported[..self.reports.min(REPORTED)].contains(&identity);
        if !known {
            self.reported[self.reports % REPORTED] = identity;
            self.reports += 1;
        }
        !known
    }
}

fn progress(waiter: &Waiter) -> Progress {
    // SAFETY: called on waiters of the table only, by whoever has its lock.
    unsafe { waiter.wants.progress() }
}

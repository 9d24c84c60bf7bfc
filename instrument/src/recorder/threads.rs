//! Threads: who was spawned by whom, and who has ended.

use std::sync::atomic::AtomicBool;

use lockhound_trace::binary::encode::{Scratch, ThreadDefinition};
use lockhound_trace::binary::format::{other, request};

use super::blocked::{Blocked, wait_announced};
use super::gate;
use super::local::{self, Local};
use super::monitor::{self, Borrowed, Wants};
use super::object::Site;

/// The trace's number of a thread that is about to be spawned; 0 when not recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ThreadTicket {
    number: u32,
    generation: u32,
}

impl ThreadTicket {
    pub(super) const NONE: Self = Self { number: 0, generation: 0 };

    pub(super) const fn of(number: u32, generation: u32) -> Self {
        Self { number, generation }
    }

    /// The number, if it means something in this process's file.
    pub(super) fn number(self) -> Option<u32> {
        (self.number != 0 && self.generation == gate::generation() && gate::is_on()).then_some(self.number)
    }
}

/// To be called just before the real spawn.
pub(crate) fn spawning(name: Option<&str>, site: Site) -> ThreadTicket {
    if !gate::is_on() {
        return ThreadTicket::NONE;
    }
    let spawn = |local: &mut Local| {
        let ticket = define(local, name, site)?;
        spawn(local, ticket, site)?;
        Some(ticket)
    };
    local::with(|local| spawn(local?)).unwrap_or(ThreadTicket::NONE)
}

/// To be called when a thread is made that is spawned later, or never.
pub(crate) fn making(name: &str, site: Site) -> ThreadTicket {
    if !gate::is_on() {
        return ThreadTicket::NONE;
    }
    local::with(|local| define(local?, Some(name), site)).unwrap_or(ThreadTicket::NONE)
}

/// The same as [`spawning`], of a thread that was made before.
pub(crate) fn spawning_made(made: ThreadTicket, name: &str, site: Site) -> ThreadTicket {
    if made.number().is_none() {
        return spawning(Some(name), site);
    }
    local::with(|local| spawn(local?, made, site));
    made
}

/// The program asked for a second spawn of a thread, and was refused.
pub(crate) fn spawned_again(ticket: ThreadTicket, site: Site) {
    note(other::SPAWN_AGAIN, ticket, site);
}

fn spawn(local: &mut Local, ticket: ThreadTicket, site: Site) -> Option<()> {
    let site = local.site(site)?;
    local.other(other::SPAWN, site, ticket.number, 0, 0, 0)?;
    monitor::one_more();
    Some(())
}

fn define(local: &mut Local, name: Option<&str>, site: Site) -> Option<ThreadTicket> {
    let number = local::take_thread_number()?;
    let site = local.site(site)?;
    local.introduce_itself();
    let _busy = local.busy();
    let name = match name {
        Some(name) => local.define_text(name)?,
        None => 0,
    };
    let mut record = Scratch::<32>::default();
    ThreadDefinition { number, site, name, id: 0 }.put(&mut record);
    local.buffer.put_record(record.bytes())?;
    Some(ThreadTicket { number, generation: local.generation })
}

/// The operating system refused the thread: it ends without having begun.
pub(crate) fn spawn_failed(ticket: ThreadTicket) {
    if let Some(number) = ticket.number() {
        local::write_stillborn(number);
        monitor::one_less();
    }
}

/// To be called first thing on the new thread.
pub(crate) fn started(ticket: ThreadTicket) {
    if let Some(number) = ticket.number() {
        local::begin_spawned(number);
    }
}

/// To be called last thing on a thread that others may take for ended from here on, before they can. What the destructors
/// of its thread-locals do is recorded as if another thread, which follows on this one, did it.
pub(crate) fn finished() {
    if gate::is_on() {
        local::finish();
    }
}

/// Who records, or recorded last, what the calling thread does: to be asked when it does nothing any more.
pub(crate) fn last_ticket() -> ThreadTicket {
    ThreadTicket { number: local::last_number(), generation: gate::generation() }
}

/// To be called before a join that cannot return at once.
///
/// # Panics
/// If that closes a deadlock, and the action set for it is to panic. So does [`blocked_on_end`].
pub(crate) fn blocked_on_join(ticket: ThreadTicket, site: Site) -> Blocked<'static> {
    blocked(ticket, None, site)
}

/// The same before waiting only for the end of the thread's function, after which `over` is set.
pub(crate) fn blocked_on_end(ticket: ThreadTicket, over: &AtomicBool, site: Site) -> Blocked<'_> {
    blocked(ticket, Some(Borrowed::new(over)), site)
}

fn blocked<'a>(ticket: ThreadTicket, over: Option<Borrowed<AtomicBool>>, site: Site) -> Blocked<'a> {
    let Some(child) = ticket.number() else { return Blocked::NOTHING };
    let entry = local::with(|local| {
        let local = local?;
        let number = local.site(site)?;
        local.capture_stack()?;
        let announce = |local: &mut Local| local.other(other::BLOCK, number, child, 0, u128::from(request::JOIN), 7);
        wait_announced(local, Wants::Join { child, over }, site, true, announce)
    });
    Blocked::until_over(entry)
}

/// To be called right after the real join returned.
pub(crate) fn joined(ticket: ThreadTicket, site: Site) {
    note(other::JOIN, ticket, site);
}

/// To be called when a join has run out of time, before the thread can end.
pub(crate) fn join_failed(ticket: ThreadTicket, site: Site) {
    note(other::TRY_JOIN_FAILED, ticket, site);
}

/// Writes an event that concerns a thread.
fn note(event: u8, ticket: ThreadTicket, site: Site) {
    let Some(number) = ticket.number() else { return };
    local::with(|local| {
        let local = local?;
        let site = local.site(site)?;
        local.other(event, site, number, 0, 0, 0)
    });
}

//! Writes what the wrappers see into the process's trace file. The facade that `sync` and `thread` call.
//!
//! Nothing here may panic, block for ever, or record itself; on any error recording stops and says so once. The order of
//! events across threads comes from a version in every object ([`object`]), not from a shared counter or clock.

mod atomic;
mod barrier;
mod blocked;
mod buffer;
mod catalogue;
mod channel;
mod class;
mod condvar;
mod fences;
mod file;
mod flag;
mod gate;
mod held;
#[cfg(all(test, target_os = "linux", target_arch = "x86_64", not(miri)))]
mod interrupt_tests;
mod lasting;
mod loads;
mod local;
mod lock;
#[cfg(all(test, not(miri)))]
mod models;
pub(crate) mod monitor;
mod naming;
mod number;
mod object;
mod once;
#[cfg(test)]
mod quick_tests;
mod reads;
mod semaphore;
mod settings;
mod sites;
mod spin;
mod stacks;
mod step;
mod strict;
mod task;
#[cfg(test)]
mod tests;
mod threads;
mod unfinished;
mod value;
mod variable;
mod word;
mod worth;

pub(crate) use atomic::Exchange;
pub(crate) use blocked::Blocked;
pub(crate) use channel::{Sent, Traffic, forks};
pub(crate) use gate::{Look, is_off, is_on};
pub(crate) use lasting::lasting;
pub(crate) use lock::Token;
pub(crate) use object::{Kind, Object, Site};
pub(crate) use once::OnceObject;
pub(crate) use semaphore::Supply;
pub(crate) use settings::apply;
pub(crate) use strict::together;
pub(crate) use task::{Staff, TaskTicket, Worker, cancelled, submitting};
pub(crate) use threads::{
    ThreadTicket, blocked_on_end, blocked_on_join, finished, join_failed, joined, last_ticket, making, spawn_failed,
    spawned_again, spawning, spawning_made, started,
};
pub(crate) use value::RawValue;

//! All orders of a stretch of the recorded run: where nobody can go on, and some never will.
//!
//! Who can wait for ever somewhere can do so where nobody is left who goes on: so only the ends of executions are looked
//! at, and of the steps that may come next only as many are tried as reach all of these (persistent sets: Godefroid,
//! *Partial-Order Methods for the Verification of Concurrent Systems*, LNCS 1032, chapter 4). Permits, arrivals and
//! notifications go to whoever may get them.
//!
//! What operations mean is told here a second time, made for this search and apart from the checker's `witness::machine`: a
//! state is a few words ([`state`], over [`lock`], [`sleepers`] and [`things`]), made for a [`program`] that contains only the
//! threads and objects of the stretch ([`folding`], [`compile`]); who is stuck for good is what freedom does not reach ([`stuck`]). What is
//! found is put before the checker like any other candidate; `witness/tests/orders.rs` compares the two step by step.

mod awaits;
mod compile;
mod folding;
mod hunt;
mod lock;
mod next;
mod past;
mod program;
mod reach;
mod search;
mod sleepers;
mod stand;
mod state;
mod stretch;
mod stuck;
mod supply;
mod things;
mod touch;

pub(crate) use search::DeadEnd;

#[cfg(test)]
pub(crate) use {
    past::Past,
    program::{ActorId, Program},
    search::Search,
    stretch::Stretch,
    stuck::Waiting,
    supply::Supplies,
};

/// A thread in one word.
fn number(thread: lockhound_trace::ThreadId) -> u32 {
    u32::try_from(thread.index()).expect("ids of threads are 32 bits long")
}

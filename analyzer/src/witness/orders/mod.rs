//! All orders of a stretch of the recorded run: where nobody can go on, and some never will.
//!
//! Who can wait for ever somewhere can do so where nobody is left who goes on: so only the ends of executions are looked
//! at, and of the steps that may come next only as many are tried as reach all of these (persistent sets: Godefroid,
//! *Partial-Order Methods for the Verification of Concurrent Systems*, LNCS 1032, chapter 4). What each step needs and does
//! is the machine's business, so permits, arrivals and notifications go to whoever may get them.

mod next;
mod search;
mod stretch;
mod touch;

pub(crate) use search::{DeadEnd, Searched};
pub(crate) use stretch::Stretch;

pub(super) use search::Search;

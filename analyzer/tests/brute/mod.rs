//! Brute force: what a recorded run could have been, by trying everything.
//!
//! The specification of prediction in executable form, for traces so small that nothing has to be clever. It is written
//! from the trace format's definition of what operations mean, and shares nothing with the analyses but the vocabulary:
//!
//! * `recording`: a trace in memory, with what every event read.
//! * `semantics`: what every object is doing, and what each operation does to it.
//! * `explore`: all states that correct reorderings reach, in full or sync-preserving.
//! * `knot`: which threads of a state wait for ever; `bugs`: what the states of a space show.
//! * `interleavings`: what can come between two accesses of one thread.
//! * `random`: possible traces by simulation; `shrink`: smaller ones that still fail.
//! * `execute`: a finding's witness, step by step; `verdicts`: what a report says, held against all this.

pub(crate) mod bugs;
mod dice;
pub(crate) mod execute;
mod explore;
mod interleavings;
mod knot;
mod random;
mod recording;
mod semantics;
mod shrink;
mod verdicts;

pub(crate) use bugs::{deadlocks, never_let_go, races};
pub(crate) use dice::Dice;
pub(crate) use explore::{Freedom, Space};
pub(crate) use interleavings::{Triple, is_broken, quadruples, triples, verdicts};
pub(crate) use knot::{Reasons, Stuck};
pub(crate) use random::{Profile, recording as random_recording, seeds};
pub(crate) use recording::{Recording, check};
pub(crate) use shrink::shrink;
pub(crate) use verdicts::{check_sound, missed_deadlocks, missed_races, missed_updates};

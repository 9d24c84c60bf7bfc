//! What the live monitor tells: an actual deadlock, in the process in which it happened.
//!
//! A process that is monitored reports on standard error, within a tenth of a second, that some of its threads can never
//! go on again: because each waits for a lock, a message, a notification, the end of a thread … that only another of them
//! could give. Then it does what its [`Action`] says. Only threads that really have to wait take part in it; an
//! operation that need not wait costs nothing more.

mod action;
mod deadlock;
mod prose;
mod text;

pub use action::{Action, Callback};
pub use deadlock::{Certainty, Deadlock, Frame, Held, Mode, Object, Participant, Wait};

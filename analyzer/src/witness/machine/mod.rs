//! A machine that runs recorded events: the state of every thread and object, and what each operation does to it.
//!
//! An event may happen if nothing keeps its thread from it (`possible`) and it sees what it saw in the recorded run
//! (`sight`): then its thread cannot tell the difference.

mod asking;
mod channel;
mod condvar;
mod effect;
mod lock;
mod object;
mod possible;
mod rendezvous;
mod sight;
mod state;
mod step;
mod thread;

pub(super) use asking::{Asking, Obstacle};
pub(super) use state::{Machine, Saved};
pub(super) use step::{Executed, Look, Outcomes};

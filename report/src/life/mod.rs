//! The life of every thread over a whole trace: new, ready, running, blocked, dead.

mod course;
mod lives;
mod phases;
mod supply;
mod table;
#[cfg(test)]
mod tests;
mod watch;

pub use lives::{Ending, Lives, Phase, StateCount, ThreadEvent, ThreadLife};
pub use table::lives_text;
pub use watch::lives;

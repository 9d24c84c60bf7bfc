//! Threads that are made first and started later.

mod error;
mod face;
mod life;
#[cfg(all(test, not(miri)))]
mod models;

pub use self::error::{AlreadyStarted, JoinError};
pub use self::face::Startable;

//! A pool of threads: a [`line`] of tasks, workers that take them from its front, and for each task the [`stage`] at which
//! it is. Both are decided under their locks, the line's first: of whoever begins and whoever cancels a task one wins, and
//! its event is written before anybody can see what came of it.

mod future;
mod line;
#[cfg(all(test, not(miri)))]
mod models;
mod pool;
mod results;
mod stage;
mod task;
#[cfg(test)]
mod tests;

pub use self::future::Future;
pub use self::pool::{ShutDown, ThreadPool};
pub use self::results::Results;
pub use self::task::TaskError;

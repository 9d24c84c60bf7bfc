//! A counting semaphore.

mod core;
mod counting;
#[cfg(all(test, not(miri)))]
mod models;
mod permit;
mod state;
#[cfg(test)]
mod tests;

pub use counting::Semaphore;
pub use permit::SemaphorePermit;
pub use state::Overfull;

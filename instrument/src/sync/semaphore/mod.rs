//! A counting semaphore.

mod counting;
mod permit;
mod state;
#[cfg(test)]
mod tests;

pub use counting::Semaphore;
pub use permit::SemaphorePermit;
pub use state::Overfull;

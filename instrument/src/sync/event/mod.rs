//! An event: a flag to wait for.

mod core;
mod flag;
#[cfg(all(test, not(miri)))]
mod models;
mod state;
#[cfg(test)]
mod tests;

pub use flag::Event;

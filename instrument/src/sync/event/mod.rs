//! An event: a flag to wait for.

mod flag;
mod state;
#[cfg(test)]
mod tests;

pub use flag::Event;

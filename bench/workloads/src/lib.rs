//! The workloads of the cost benchmark, each written once and generic over the peer that provides the primitives.
//!
//! A peer is a type that implements the traits of [`primitives`] as far as it has the primitives. Its worker process is a
//! `main` that lists them in a [`Suite`] and serves it; [`protocol`] is what the driver says to it.

mod atomic;
mod channel;
mod clock;
mod condvar;
mod cost;
mod crew;
mod like_std;
mod mutex;
mod order;
pub mod primitives;
pub mod protocol;
mod row;
mod rwlock;
mod suite;
mod variable;

pub use cost::Cost;
pub use row::Row;
pub use suite::Suite;

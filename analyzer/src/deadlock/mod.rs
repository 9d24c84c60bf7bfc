//! Deadlocks: those that happened, those that other schedules of the run lead to, and those that the orders in which locks
//! were taken leave open.

mod certain_order;
mod cuts;
mod cycles;
mod end_state;
mod hearing;
mod instances;
mod knot;
mod leak_report;
mod lifelines;
mod lock_graph;
mod lock_order;
mod lock_order_report;
mod nestings;
mod patterns;
mod precedence;
mod prover;
mod reasons;
mod report;
mod requests;
mod resource;
mod state;
mod verdict;
mod wait_for;
mod walk;

pub use cycles::{Cycles, Limits as CycleLimits, simple_cycles};
pub(crate) use end_state::EndState;
pub(crate) use lock_order::LockOrder;
pub use nestings::Nesting;
pub(crate) use requests::{Asking, LockRequest, Requests};

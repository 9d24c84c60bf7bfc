//! Deadlocks: those that happened, and those that the orders in which locks were taken leave open.

mod cycles;
mod end_state;
mod knot;
mod lifelines;
mod lock_graph;
mod lock_order;
mod lock_order_report;
mod report;
mod requests;
mod state;
mod verdict;
mod wait_for;

pub(crate) use end_state::EndState;
pub(crate) use lock_order::LockOrder;
pub(crate) use requests::Requests;

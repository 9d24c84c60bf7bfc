//! The live monitor: notices, while the process runs, that threads can never go on.
//!
//! Only threads that really have to wait, without a time-out, come to the [`table`] of those that do ([`watch`]). Whoever
//! comes looks whether it closes a circle ([`knot`]); what the table alone does not prove is confirmed by the kernel's
//! word that threads sleep ([`confirm`]), where need be by a thread of the monitor's own ([`watchdog`]).

mod action;
mod chains;
mod confirm;
mod core;
mod knot;
mod live;
mod report;
mod seat;
mod symbols;
mod table;
mod tasks;
mod waiter;
mod watch;
mod watchdog;

pub(super) use action::may_panic;
pub(crate) use action::set_action;
pub(super) use live::{one_less, one_more};
pub(super) use seat::Seat;
pub(super) use waiter::{Borrowed, Progress, Wants};
pub(super) use watch::{Entry, Stay, ended, gone, wait};

/// In the child of a fork: nobody waits there yet.
pub(super) fn abandon() {
    table::abandon();
    live::abandon();
    watchdog::abandon();
}

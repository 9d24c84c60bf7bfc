//! The live monitor: notices when threads wait for each other.

mod action;

pub(crate) use action::{action, set_action};

//! How often locks are acquired, waited for and held.

mod classes;
mod count;
mod table;

pub(crate) use classes::Stats;
pub(crate) use count::Counter;
pub(crate) use table::table;

//! Prediction: which accesses of other threads could have come between two that were meant as one step, though in the
//! recorded run they did not.

mod areas;
mod blocks;
mod cuts;
mod examine;
mod foreign;
mod foresight;
mod keys;
mod lanes;
mod refutations;
mod search;
mod surroundings;

pub(super) use foresight::{Foresight, foresee};
pub(super) use search::Proof;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;

//! Data races: accesses that nothing orders.

mod access;
mod data_races;
mod discipline;
mod fasttrack;
mod lock_sets;
mod report;

pub(crate) use data_races::DataRaces;

#[cfg(test)]
mod tests;

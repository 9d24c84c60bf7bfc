//! Data races: accesses that nothing orders.

mod access;
mod data_races;
mod fasttrack;
mod report;

pub(crate) use data_races::DataRaces;

#[cfg(test)]
mod tests;

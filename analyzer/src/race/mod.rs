//! Data races: accesses that nothing orders.

mod access;
mod data_races;
mod discipline;
mod fasttrack;
mod gathered;
mod groups;
mod handover;
mod lock_sets;
mod predict;
mod races;
mod reasons;
mod report;
mod search;
mod verdicts;

pub(crate) use data_races::DataRaces;

#[cfg(test)]
mod tests;

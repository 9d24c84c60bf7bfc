//! Reports: each a pure function of what was found.

mod describe;
mod json;
#[cfg(test)]
mod json_tests;
mod outcome;
mod places;
mod quote;
#[cfg(test)]
mod samples;
mod schedule;
#[cfg(test)]
mod schedule_tests;
mod site;
mod summary;
mod text;
#[cfg(test)]
mod text_tests;

pub(crate) use describe::describe;
pub(crate) use json::json;
pub(crate) use outcome::Outcome;
pub(crate) use schedule::schedule;
pub(crate) use text::{TextOptions, text};

//! The reports for people and their editors.

mod places;
mod report;
mod schedule;
#[cfg(test)]
mod schedule_tests;
mod short;
mod snippets;
mod summary;
#[cfg(test)]
mod tests;

pub use report::{TextOptions, text};
pub use schedule::{ScheduleError, schedule_text};
pub use short::short;

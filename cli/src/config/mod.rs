//! `lockhound.toml`: what a team has decided about its findings.
//!
//! `find` looks for the file, `read` understands it (with `toml_text` for places and `orders` for the hierarchy of locks),
//! `shape` says which findings an entry means, `apply` marks them, `edit` adds entries and leaves the rest as it is.

mod apply;
mod date;
mod edit;
mod find;
mod orders;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod toml_text;

pub(crate) use apply::Coverage;
pub(crate) use date::{Date, parse as parse_date, today};
pub(crate) use edit::{Acceptance, Edit};
pub(crate) use find::Location;
pub(crate) use read::{Config, parse_id};

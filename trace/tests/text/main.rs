//! The text formats and the validator, from outside.

mod corpus;
mod files;
mod jsonl;
mod properties;
mod recorded;
mod std_format;
mod twin;
mod validate;

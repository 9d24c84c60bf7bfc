//! What is asked of the readers, whatever the bytes are: no panic, an end, and the same events one by one and in batches.

#![forbid(unsafe_code)]

mod properties;

pub use properties::{binary, jsonl, std_text};

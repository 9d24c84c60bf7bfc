//! Operations in words.

mod describe;

pub(crate) use describe::describe;

//! What the environment and the program ask for.
//!
//! Read without the standard library's locks and without allocating: the first event of a process may come from its
//! allocator. The environment wins over the program, one setting at a time: who starts the program decides last.

mod apply;
mod parse;
mod path;
mod slot;
mod system;
mod values;
mod variables;

pub(crate) use apply::apply;
pub(super) use path::{PATH, base_name, expand, with_program};
pub(super) use system::{now, put_number, say, say_all, watch_forks};
pub(super) use values::{keeps_all, limit, pattern, settle_trace, stacks, strict, wanted};
pub(super) use variables::read_environment;

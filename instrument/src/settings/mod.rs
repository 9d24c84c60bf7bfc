//! The recorder's settings, as a program gives them.

mod builder;
mod choices;
mod too_late;

pub use builder::Settings;
pub use choices::{Stacks, Strict};
pub use too_late::TooLate;

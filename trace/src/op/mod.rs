//! The vocabulary: everything a thread can be recorded doing.

mod operand;
mod operation;
mod refusal;
mod request;

pub use operand::{How, Mode, Order, Touched, Value, WakeReason};
pub use operation::Op;
pub use refusal::Refusal;
pub use request::Request;

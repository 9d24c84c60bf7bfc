//! The event vocabulary of Lockhound, and everything that turns bytes into events and back.
//!
//! A recording of one process is one *trace*: the events of each thread in their order, and one order of them all that
//! the program could have observed. Every recorder writes this vocabulary, every analysis reads only this vocabulary.

mod event;
mod ids;
mod objects;
mod op;
#[cfg(feature = "read")]
mod source;
#[cfg(feature = "read")]
mod tables;

pub use event::Event;
pub use ids::{EventIndex, MessageId, ObjectId, SiteId, StackId, TextId, ThreadId};
pub use objects::{Object, ObjectKind, Policy, Thread};
pub use op::{How, Mode, Op, Order, Request, Touched, Value, WakeReason};
#[cfg(feature = "read")]
pub use source::{EventSource, Place, Progress, ReadError, ReadErrorKind};
#[cfg(feature = "read")]
pub use tables::{Frame, Header, Tables};

//! The event vocabulary of Lockhound, and everything that turns bytes into events and back.
//!
//! A recording of one process is one *trace*: the events of each thread in their order, and one order of them all that
//! the program could have observed. Every recorder writes this vocabulary, every analysis reads only this vocabulary.

#[cfg(feature = "read")]
mod batch;
pub mod binary;
#[cfg(feature = "read")]
mod convert;
#[cfg(test)]
mod damage;
mod event;
#[cfg(feature = "read")]
mod format;
mod ids;
#[cfg(feature = "read")]
mod jsonl;
#[cfg(feature = "read")]
mod lines;
#[cfg(feature = "read")]
mod merge;
mod objects;
#[cfg(feature = "read")]
mod one_line;
mod op;
#[cfg(feature = "read")]
mod sink;
#[cfg(feature = "read")]
mod source;
#[cfg(feature = "read")]
mod std_format;
#[cfg(feature = "read")]
mod tables;
#[cfg(feature = "read")]
mod validate;

#[cfg(feature = "read")]
pub use batch::Batch;
#[cfg(feature = "read")]
pub use binary::BinaryWriter;
#[cfg(feature = "read")]
pub use convert::{ConvertError, Converted, convert, create};
pub use event::Event;
#[cfg(feature = "read")]
pub use format::{Format, open};
pub use ids::{EventIndex, MessageId, ObjectId, SiteId, StackId, TextId, ThreadId};
#[cfg(feature = "read")]
pub use jsonl::{JsonLinesReader, JsonLinesWriter};
pub use objects::{Object, ObjectKind, Policy, Thread};
#[cfg(feature = "read")]
pub use one_line::one_line;
pub use op::{How, Mode, Op, Order, Request, Touched, Value, WakeReason};
#[cfg(feature = "read")]
pub use sink::{EventSink, Written};
#[cfg(feature = "read")]
pub use source::{EventSource, Place, Progress, ReadError, ReadErrorKind};
#[cfg(feature = "read")]
pub use std_format::{StdReader, StdWriter};
#[cfg(feature = "read")]
pub use tables::{Frame, Header, Tables};
#[cfg(feature = "read")]
pub use validate::Validated;

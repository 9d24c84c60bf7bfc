//! The event vocabulary of Lockhound, and everything that turns bytes into events and back.
//!
//! A recording of one process is one *trace*: the events of each thread in their order, and one order of them all that
//! the program could have observed. Every recorder writes this vocabulary, every analysis reads only this vocabulary.

pub mod binary;
mod event;
mod ids;
mod objects;
mod op;
#[cfg(feature = "read")]
mod read;

#[cfg(feature = "read")]
pub use binary::BinaryWriter;
pub use event::Event;
pub use ids::{EventIndex, MessageId, ObjectId, SiteId, StackId, TextId, ThreadId};
pub use objects::{ChannelOrder, Object, ObjectKind, Policy, Thread};
pub use op::{How, Mode, Op, Order, Refusal, Request, Touched, Value, WakeReason};
#[cfg(feature = "read")]
pub use read::{
    Batch, ConvertError, Converted, EventSink, EventSource, Format, Frame, Header, InMemory, JsonLinesReader,
    JsonLinesWriter, Place, Progress, ReadError, ReadErrorKind, SourcePlace, StdReader, StdWriter, Tables, Validated,
    Written, convert, create, one_line, open,
};

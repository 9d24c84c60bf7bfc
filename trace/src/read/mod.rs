//! What only readers of traces need, and the recorder does without: the textual encodings, merge, validation, conversion.

mod ahead;
mod batch;
mod convert;
#[cfg(test)]
mod damage;
mod format;
mod in_memory;
mod jsonl;
mod lines;
mod merge;
mod news;
mod one_line;
mod sink;
mod source;
mod source_place;
mod std_format;
mod tables;
mod validate;

pub use batch::Batch;
pub(crate) use batch::Pending;
pub use convert::{ConvertError, Converted, convert, create};
pub use format::{Format, open};
pub use in_memory::InMemory;
pub use jsonl::{JsonLinesReader, JsonLinesWriter};
pub(crate) use merge::{Forced, Merge, Milestone};
pub use one_line::one_line;
pub use sink::{EventSink, Written};
pub use source::{EventSource, Place, Progress, ReadError, ReadErrorKind};
pub use source_place::SourcePlace;
pub use std_format::{StdReader, StdWriter};
pub use tables::{Frame, Header, Tables};
pub use validate::Validated;

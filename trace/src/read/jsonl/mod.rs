//! JSON Lines: the open format, for hands and for other languages.

mod declare;
mod event;
mod fields;
mod locate;
mod reader;
mod words;
mod writer;

pub use reader::JsonLinesReader;
pub use writer::JsonLinesWriter;

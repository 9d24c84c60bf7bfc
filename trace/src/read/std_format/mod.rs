//! RAPID's STD text format: `thread|op(operand)|location`, one event a line.

mod line;
mod names;
mod reader;
mod writer;

pub(crate) use line::looks_like;
pub use reader::StdReader;
pub use writer::StdWriter;

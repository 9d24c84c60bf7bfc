//! What the wrappers build on when they record: the recorder and the vocabulary it writes.

mod value;

pub(crate) use crate::recorder::*;
pub(crate) use lockhound_trace::{ChannelOrder, How, Mode, Touched};
pub(crate) use value::raw_value;

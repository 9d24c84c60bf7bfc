//! Files cut and corrupted in every way: no reader panics, hangs or allocates what a damaged number says, what precedes the
//! damage is read as if there was none, and what is missing is told.

mod binary;
mod corruption;
mod samples;
mod text;
mod watched;

//! The command line of Lockhound.

#![forbid(unsafe_code)]

fn main() {}

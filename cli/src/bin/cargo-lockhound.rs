//! `cargo lockhound`: cargo runs this with its own first argument, `lockhound`, in front.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lockhound_cli::Invocation;

fn main() -> ExitCode {
    lockhound_cli::main(Invocation::Cargo)
}

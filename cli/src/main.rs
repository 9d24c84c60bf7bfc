//! `lockhound`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lockhound_cli::Invocation;

fn main() -> ExitCode {
    lockhound_cli::main(Invocation::Direct)
}

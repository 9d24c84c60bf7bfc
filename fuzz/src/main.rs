//! The same checks without libFuzzer: `replay binary|jsonl|std FILE…`, for what a run has found and for machines without it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let check = match arguments.next().as_ref().and_then(|target| target.to_str()) {
        Some("binary") => lockhound_fuzz::binary,
        Some("jsonl") => lockhound_fuzz::jsonl,
        Some("std") => lockhound_fuzz::std_text,
        _ => {
            eprintln!("usage: replay binary|jsonl|std FILE…");
            return ExitCode::from(2);
        }
    };
    for path in arguments {
        match std::fs::read(&path) {
            Ok(bytes) => check(&bytes),
            Err(error) => {
                eprintln!("{}: could not read: {error}", path.display());
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

//! See `lockhound_fuzz::jsonl`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lockhound_fuzz::jsonl(bytes));

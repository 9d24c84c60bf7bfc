//! See `lockhound_fuzz::std_text`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lockhound_fuzz::std_text(bytes));

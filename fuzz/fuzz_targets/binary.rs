//! See `lockhound_fuzz::binary`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lockhound_fuzz::binary(bytes));

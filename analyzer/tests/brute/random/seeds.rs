//! How many random traces a test tries.

use std::ops::Range;

/// The seeds of the traces of each profile that a test tries: some, or 2,500 others for each night, by the number that
/// `LOCKHOUND_NIGHTLY` gives it (22,500 traces in all).
pub(crate) fn seeds() -> Range<u64> {
    const NIGHTLY: u64 = 2_500;
    match std::env::var("LOCKHOUND_NIGHTLY") {
        Ok(night) => {
            let first = night.parse::<u64>().expect("LOCKHOUND_NIGHTLY is a number") * NIGHTLY;
            first..first + NIGHTLY
        }
        Err(_) => 0..40,
    }
}

//! Values of recorded variables, as they travel in events.

use lockhound_trace::binary::encode;
use lockhound_trace::binary::format::value;

/// Up to eight bytes and how to show them. No opaque bytes: see `raw_value` in the engine.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum RawValue {
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Signed(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// A floating-point number.
    Float(f64),
}

impl RawValue {
    /// As it stands in the file, and how many bytes of that count.
    #[inline]
    pub(super) fn encode(value: Option<Self>) -> (u128, usize) {
        let raw = match value {
            None => encode::RawValue::NONE,
            Some(Self::Bool(bit)) => encode::RawValue::new(value::BOOL, u64::from(bit)),
            Some(Self::Signed(number)) => encode::RawValue::new(value::SIGNED, number as u64),
            Some(Self::Unsigned(number)) => encode::RawValue::new(value::UNSIGNED, number),
            Some(Self::Float(number)) => encode::RawValue::new(value::FLOAT, number.to_bits()),
        };
        raw.encode()
    }
}

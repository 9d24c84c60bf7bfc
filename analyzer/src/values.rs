//! Values read and written: how they compare and how they are shown.

use lockhound_trace::{Tables, Value};

/// A value as a key: equal keys are the same value of the same kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ValueKey(u8, u64);

impl From<Value> for ValueKey {
    fn from(value: Value) -> Self {
        match value {
            Value::Bool(value) => Self(0, u64::from(value)),
            Value::Int(value) => Self(1, value.cast_unsigned()),
            Value::Big(value) => Self(2, value),
            Value::Float(value) => Self(3, value.to_bits()),
            Value::Text(value) => Self(4, value.index() as u64),
        }
    }
}

/// By how much a value changed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Difference {
    /// Between integers.
    Int(i128),
    /// Between floating-point numbers.
    Float(f64),
}

impl Difference {
    /// From `read` to `written`, where both are numbers of one kind.
    pub(crate) fn between(read: Value, written: Value) -> Option<Self> {
        match (read, written) {
            (Value::Float(read), Value::Float(written)) => Some(Self::Float(written - read)),
            _ => Some(Self::Int(integer(written)? - integer(read)?)),
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        match self {
            Self::Int(by) => by == 0,
            Self::Float(by) => by == 0.0,
        }
    }

    /// Whether it counts one up or down.
    pub(crate) fn is_one_step(self) -> bool {
        matches!(self, Self::Int(1 | -1))
    }

    /// Twice as much.
    pub(crate) fn doubled(self) -> Self {
        match self {
            Self::Int(by) => Self::Int(by * 2),
            Self::Float(by) => Self::Float(by * 2.0),
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(by) => write!(f, "{by:+}"),
            Self::Float(by) => write!(f, "{by:+}"),
        }
    }
}

/// A value's number, if it is an integer.
pub(crate) fn integer(value: Value) -> Option<i128> {
    match value {
        Value::Int(value) => Some(value.into()),
        Value::Big(value) => Some(value.into()),
        Value::Bool(_) | Value::Float(_) | Value::Text(_) => None,
    }
}

/// A value for the reader.
pub(crate) fn shown(tables: &Tables, value: Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Big(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => tables.text(text).to_owned(),
    }
}

//! One line of JSON as the keys that the format knows, types not yet looked at.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

macro_rules! keys {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A key that means something in this format; all others are ignored.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Key { $(
            #[doc = concat!("`", $name, "`")]
            $variant,
        )* }

        impl Key {
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// As it is written.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

keys! {
    At = "at", Bound = "bound", By = "by", Capacity = "capacity", Child = "child", Closed = "closed", Count = "count",
    Cwd = "cwd", Env = "env", How = "how", Kind = "kind", Level = "level", Lock = "lock", Lockhound = "lockhound",
    Mode = "mode", Msg = "msg", N = "n", Name = "name", Obj = "obj", Object = "object", On = "on", Op = "op",
    Order = "order", Parties = "parties", Permits = "permits", Pid = "pid", Policy = "policy", Program = "program",
    Reentrant = "reentrant", Set = "set", Stack = "stack", Start = "start", T = "t", Thread = "thread", Time = "time",
    Touched = "touched", Type = "type", Value = "value",
}

/// A JSON value that borrows from its line where it can.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Raw<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Big(u64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Raw<'a>>),
    Map(Vec<(Cow<'a, str>, Raw<'a>)>),
}

impl Raw<'_> {
    /// What it is, for "expected …, found …".
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Big(_) => "a number",
            Self::Float(_) => "a fractional number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Raw::Big(value), Raw::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Raw::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Raw::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Raw::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Raw::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((Raw::Text(key), value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Raw::Map(entries))
    }
}

/// A key of the line's object, if the format knows it.
struct KnownKey(Option<Key>);

impl<'de> Deserialize<'de> for KnownKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = KnownKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, name: &str) -> Result<KnownKey, E> {
                Ok(KnownKey(Key::named(name)))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// The known keys of one line with their values.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    entries: Vec<(Key, Raw<'a>)>,
}

impl<'a> Fields<'a> {
    /// The value of `key`; `null` is as good as absent.
    pub(super) fn get(&self, key: Key) -> Option<&Raw<'a>> {
        self.entries.iter().find(|entry| entry.0 == key).map(|entry| &entry.1).filter(|value| **value != Raw::Null)
    }

    /// Whether `key` is there.
    pub(super) fn has(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// A text, if there.
    pub(super) fn text(&self, key: Key) -> Result<Option<&str>, Problem> {
        match self.get(key) {
            None => Ok(None),
            Some(Raw::Text(text)) => Ok(Some(text)),
            Some(other) => Err(Problem::wrong_type(key, "a string", other)),
        }
    }

    /// A text that the operation `by` cannot do without.
    pub(super) fn required(&self, key: Key, by: &str) -> Result<&str, Problem> {
        self.text(key)?.ok_or_else(|| Problem::missing(key, &format!("`{by}`")))
    }

    /// A truth value, if there.
    pub(super) fn truth(&self, key: Key) -> Result<Option<bool>, Problem> {
        match self.get(key) {
            None => Ok(None),
            Some(Raw::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(Problem::wrong_type(key, "true or false", other)),
        }
    }

    /// A count, if there.
    pub(super) fn count(&self, key: Key) -> Result<Option<u64>, Problem> {
        match self.get(key) {
            None => Ok(None),
            Some(Raw::Int(value)) => u64::try_from(*value)
                .map(Some)
                .map_err(|_| Problem::at(key, format!("`{}` is {value}: expected a number from 0", key.name()))),
            Some(Raw::Big(value)) => Ok(Some(*value)),
            Some(other) => Err(Problem::wrong_type(key, "a whole number", other)),
        }
    }

    /// A count below 2³², if there.
    pub(super) fn small_count(&self, key: Key) -> Result<Option<u32>, Problem> {
        let Some(count) = self.count(key)? else { return Ok(None) };
        let too_large = || Problem::at(key, format!("`{}` is {count}: expected less than 2^32", key.name()));
        u32::try_from(count).map(Some).map_err(|_| too_large())
    }

    /// A signed whole number, if there.
    pub(super) fn integer(&self, key: Key) -> Result<Option<i64>, Problem> {
        match self.get(key) {
            None => Ok(None),
            Some(Raw::Int(value)) => Ok(Some(*value)),
            Some(Raw::Big(value)) => Err(Problem::at(key, format!("`{}` is {value}: too large", key.name()))),
            Some(other) => Err(Problem::wrong_type(key, "a whole number", other)),
        }
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut entries = Vec::with_capacity(8);
                let mut seen = 0_u64;
                while let Some(KnownKey(key)) = map.next_key()? {
                    let Some(key) = key else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let bit = 1 << key as u32;
                    if seen & bit != 0 {
                        return Err(A::Error::custom(format_args!("key `{}` is given twice", key.name())));
                    }
                    seen |= bit;
                    entries.push((key, map.next_value()?));
                }
                Ok(Fields { entries })
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// What is wrong with a line, and which key's value shows it.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) key: Option<Key>,
    pub(super) message: String,
}

impl Problem {
    /// The line as a whole is wrong.
    pub(super) fn line(message: impl Into<String>) -> Self {
        Self { key: None, message: message.into() }
    }

    /// The value of `key` is wrong.
    pub(super) fn at(key: Key, message: impl Into<String>) -> Self {
        Self { key: Some(key), message: message.into() }
    }

    /// `key` is not there, and `by` needs it.
    pub(super) fn missing(key: Key, by: &str) -> Self {
        Self::line(format!("missing `{}`: {by} needs it", key.name()))
    }

    pub(super) fn wrong_type(key: Key, expected: &str, found: &Raw<'_>) -> Self {
        Self::at(key, format!("`{}`: expected {expected}, found {}", key.name(), found.what()))
    }
}

//! The words that stand for enumerated values, in one table for the reader and the writer.

use super::fields::{Fields, Key, Problem};
use crate::objects::{ChannelOrder, Policy};
use crate::op::{How, Mode, Order, Touched, WakeReason};

/// An enumerated value that is written as a word.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// Every word with its value.
    const WORDS: &'static [(&'static str, Self)];

    /// How it is written; none for a value that is written by leaving it out.
    fn word(self) -> Option<&'static str> {
        Self::WORDS.iter().find(|entry| entry.1 == self).map(|entry| entry.0)
    }

    /// The value of `key`, if there.
    fn read(fields: &Fields<'_>, key: Key) -> Result<Option<Self>, Problem> {
        let Some(text) = fields.text(key)? else { return Ok(None) };
        let found = Self::WORDS.iter().find(|entry| entry.0 == text);
        found.map(|entry| Some(entry.1)).ok_or_else(|| unknown(key, text, Self::WORDS.iter().map(|entry| entry.0)))
    }
}

fn unknown(key: Key, found: &str, words: impl Iterator<Item = &'static str>) -> Problem {
    let expected: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    Problem::at(key, format!("unknown `{}` `{found}`: expected one of {}", key.name(), expected.join(", ")))
}

impl Word for Mode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("write", Self::Write), ("read", Self::Read), ("upgrade", Self::Upgrade)];
}

impl Word for How {
    const WORDS: &'static [(&'static str, Self)] = &[("lock", Self::Lock), ("try", Self::Try), ("timed", Self::Timed)];
}

impl Word for Touched {
    const WORDS: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("read", Self::Read), ("write", Self::Write), ("blind", Self::Blind)];
}

impl Word for WakeReason {
    const WORDS: &'static [(&'static str, Self)] =
        &[("notify", Self::Notify), ("timeout", Self::Timeout), ("spurious", Self::Spurious)];
}

impl Word for Order {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("relaxed", Self::Relaxed),
        ("acquire", Self::Acquire),
        ("release", Self::Release),
        ("acq_rel", Self::AcqRel),
        ("seq_cst", Self::SeqCst),
    ];
}

impl Word for ChannelOrder {
    const WORDS: &'static [(&'static str, Self)] = &[("fifo", Self::Fifo), ("lifo", Self::Lifo), ("any", Self::Any)];
}

impl Word for Policy {
    const WORDS: &'static [(&'static str, Self)] = &[("writer", Self::Writer), ("reader", Self::Reader)];
}

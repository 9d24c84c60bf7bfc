//! TOML with places: what is wrong is said with line and column.

use std::ops::Range;

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::names;

/// What is wrong in the file, and what was expected.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{file}:{line}:{column}: {message}")]
pub(crate) struct Wrong {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// The text of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'t> {
    /// What messages call the file.
    file: &'t str,
    text: &'t str,
    /// Where each line begins: a long baseline asks for each of its own.
    lines: &'t [usize],
}

/// Where each line of a text begins.
pub(super) fn lines(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect()
}

/// A key of a table with its value.
pub(super) type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

impl<'t> Text<'t> {
    /// Of the file that messages call `file`.
    pub(super) const fn new(file: &'t str, text: &'t str, lines: &'t [usize]) -> Self {
        Self { file, text, lines }
    }

    pub(super) fn parse(self) -> Result<Spanned<DeTable<'t>>, Wrong> {
        DeTable::parse(self.text).map_err(|error| {
            let message = error.message().replace('\n', ", ");
            self.wrong(error.span().unwrap_or_default(), format!("no TOML: {message}"))
        })
    }

    pub(super) fn wrong(self, span: Range<usize>, message: impl Into<String>) -> Wrong {
        let (line, column) = self.place(span.start);
        Wrong { file: self.file.to_owned(), line, column, message: message.into() }
    }

    pub(super) fn line(self, offset: usize) -> usize {
        self.place(offset).0
    }

    /// Both counted from 1, the column in characters.
    fn place(self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let before = self.text.get(self.lines[line - 1]..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    pub(super) fn string<'a>(self, value: &'a Spanned<DeValue<'_>>, expected: &str) -> Result<&'a str, Wrong> {
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                Err(self.wrong(value.span(), format!("nothing is written here: expected {expected}")))
            }
            DeValue::String(text) => Ok(text),
            other => Err(self.expected(value.span(), expected, other)),
        }
    }

    pub(super) fn strings<'a>(
        self,
        value: &'a Spanned<DeValue<'a>>,
        expected: &str,
    ) -> Result<Vec<(&'a str, Range<usize>)>, Wrong> {
        let DeValue::Array(array) = value.get_ref() else {
            return Err(self.expected(value.span(), expected, value.get_ref()));
        };
        if array.is_empty() {
            return Err(self.wrong(value.span(), format!("an empty list: expected {expected}")));
        }
        array.iter().map(|item| Ok((self.string(item, "a string")?, item.span()))).collect()
    }

    pub(super) fn table<'a>(self, value: &'a Spanned<DeValue<'a>>, expected: &str) -> Result<&'a DeTable<'a>, Wrong> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            other => Err(self.expected(value.span(), expected, other)),
        }
    }

    pub(super) fn expected(self, span: Range<usize>, expected: &str, found: &DeValue<'_>) -> Wrong {
        let article = if matches!(found, DeValue::Integer(_) | DeValue::Array(_)) { "an" } else { "a" };
        self.wrong(span, format!("{article} {}: expected {expected}", found.type_str()))
    }

    /// A key that means nothing here.
    pub(super) fn unknown(self, key: &Spanned<DeString<'_>>, what: &str, known: &[&str]) -> Wrong {
        let expected = match names::closest(key.get_ref(), known.iter().copied()).first() {
            Some(closest) => format!("did you mean `{closest}`?"),
            None => format!("expected {}", names::list(known, "or")),
        };
        self.wrong(key.span(), format!("`{}` is no {what}: {expected}", key.get_ref()))
    }
}

/// In the order in which they are written, so that the first mistake is told first.
pub(super) fn entries<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

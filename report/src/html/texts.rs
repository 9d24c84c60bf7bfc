//! Texts of the page, each written once.

use std::collections::HashMap;

use lockhound_trace::one_line;
use serde::Serialize;

/// A text, by its position in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct TextId(usize);

/// The table.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: Vec<String>,
    positions: HashMap<String, TextId>,
}

impl Texts {
    pub(super) fn add(&mut self, text: &str) -> TextId {
        if let Some(&known) = self.positions.get(text) {
            return known;
        }
        let id = TextId(self.all.len());
        self.all.push(shown(text));
        self.positions.insert(text.to_owned(), id);
        id
    }

    pub(super) fn add_some(&mut self, text: Option<&str>) -> Option<TextId> {
        text.map(|text| self.add(text))
    }

    pub(super) fn add_all<'a>(&mut self, texts: impl IntoIterator<Item = &'a String>) -> Vec<TextId> {
        texts.into_iter().map(|text| self.add(text)).collect()
    }

    pub(super) fn into_all(self) -> Vec<String> {
        self.all
    }
}

/// A text as it may stand on the page: what could hide or reorder the rest of its line is spelled out. Tabs stay.
pub(super) fn shown(text: &str) -> String {
    text.split('\t').map(one_line).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut texts = Texts::default();
        let (first, other, again) = (texts.add("a"), texts.add("b"), texts.add("a"));
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(texts.into_all(), ["a", "b"]);
    }

    #[test]
    fn what_hides_or_reorders_is_spelled_out() {
        assert_eq!(shown("a\u{202e}b\u{1b}[31m\n\u{2028}"), "a\\u{202e}b\\u{1b}[31m\\n\\u{2028}");
        assert_eq!(shown("\t账户 \u{200d}é"), "\t账户 \u{200d}é");
    }
}

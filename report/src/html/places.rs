//! Places in the source, and the lines that the page quotes.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde::Serialize;

use super::texts::{TextId, Texts, shown};
use crate::listing::{Listing, Listings};
use crate::quote;
use crate::site::Site;
use crate::sources::Sources;

/// Lines quoted before and after a place that is explained.
pub(super) const CONTEXT: usize = 3;
/// Longer lines are machine-made: their beginning will do.
const LONGEST_LINE: usize = 400;

/// A place, by its position in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct PlaceId(usize);

/// A place.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    /// As the trace names it.
    text: TextId,
    /// The quoted file that it lies in, the line from 1, and which part of the line it stands for, in UTF-16 units.
    #[serde(skip_serializing_if = "Option::is_none")]
    quoted: Option<(usize, usize, usize, usize)>,
}

/// A file of which lines are quoted.
#[derive(Debug, Serialize)]
pub(super) struct File {
    name: TextId,
    lines: BTreeMap<usize, TextId>,
    #[serde(skip)]
    listing: Rc<Listing>,
}

/// The tables.
pub(super) struct Places<'a> {
    listings: Listings<'a>,
    all: Vec<Place>,
    positions: HashMap<(String, Option<String>), PlaceId>,
    files: Vec<File>,
    /// What is known of a file as one run names it: its position, or that it cannot be had.
    known: HashMap<(String, Option<String>), Option<usize>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(sources: &'a dyn Sources) -> Self {
        Self {
            listings: Listings::new(sources),
            all: Vec::new(),
            positions: HashMap::new(),
            files: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// A place that a run in `cwd` names; `context` lines around it are quoted with it.
    pub(super) fn add(&mut self, texts: &mut Texts, at: &str, cwd: Option<&str>, context: usize) -> PlaceId {
        let key = (at.to_owned(), cwd.map(str::to_owned));
        let id = self.positions.get(&key).copied().unwrap_or_else(|| {
            let id = PlaceId(self.all.len());
            let quoted = self.locate(texts, at, cwd);
            self.all.push(Place { text: texts.add(at), quoted });
            self.positions.insert(key, id);
            id
        });
        if let Some((file, line, ..)) = self.all[id.0].quoted {
            self.files[file].quote(texts, line, context);
        }
        id
    }

    pub(super) fn into_tables(self) -> (Vec<Place>, Vec<File>) {
        (self.all, self.files)
    }

    fn locate(&mut self, texts: &mut Texts, at: &str, cwd: Option<&str>) -> Option<(usize, usize, usize, usize)> {
        let Site::Code { file, line, column } = Site::parse(at) else { return None };
        let position = self.file(texts, file, cwd)?;
        let content = self.files[position].line(line)?;
        // The file may have changed since the program was built; then the line is shown, but nothing marked in it.
        let Some(span) = quote::span(content, 0, column) else { return Some((position, line, 0, 0)) };
        let start = width(&content[..span.start]);
        Some((position, line, start, start + width(&content[span])))
    }

    fn file(&mut self, texts: &mut Texts, name: &str, cwd: Option<&str>) -> Option<usize> {
        let key = (name.to_owned(), cwd.map(str::to_owned));
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let id = texts.add(name);
        let position = self.listings.of(name, cwd).map(|listing| {
            // Runs in different folders mostly name the very same file.
            let same = self.files.iter().position(|file| file.name == id && file.listing == listing);
            same.unwrap_or_else(|| {
                self.files.push(File { name: id, lines: BTreeMap::new(), listing });
                self.files.len() - 1
            })
        });
        self.known.insert(key, position);
        position
    }
}

impl File {
    /// A line, counted from 1, without its end.
    fn line(&self, line: usize) -> Option<&str> {
        let content = self.listing.lines(line, line)?.trim_end();
        let cut = content.char_indices().nth(LONGEST_LINE).map_or(content.len(), |(at, _)| at);
        Some(&content[..cut])
    }

    fn quote(&mut self, texts: &mut Texts, line: usize, context: usize) {
        for line in line.saturating_sub(context).max(1)..=line + context {
            if self.lines.contains_key(&line) {
                continue;
            }
            let Some(content) = self.line(line) else { break };
            let content = texts.add(content);
            self.lines.insert(line, content);
        }
    }
}

/// How many UTF-16 units, which scripts count in, a part of a line takes on the page.
fn width(text: &str) -> usize {
    shown(text).encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    struct One(&'static str);

    impl Sources for One {
        fn text(&self, file: &str, _: Option<&str>) -> Option<Arc<str>> {
            (file == "a.rs").then(|| Arc::from(self.0))
        }
    }

    fn tables(source: &'static str, at: &[(&str, usize)]) -> (Vec<Place>, Vec<File>, Vec<String>) {
        let source = One(source);
        let (mut texts, mut places) = (Texts::default(), Places::new(&source));
        for &(at, context) in at {
            places.add(&mut texts, at, None, context);
        }
        let (all, files) = places.into_tables();
        (all, files, texts.into_all())
    }

    #[test]
    fn lines_are_quoted_once_however_many_places_need_them() {
        let (places, files, _) = tables("1\n2\n3\n4\n5\n6\n", &[("a.rs:2:1", 1), ("a.rs:3:1", 1), ("a.rs:2:1", 0)]);
        assert_eq!(places.len(), 2);
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].lines.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn the_marked_part_is_counted_as_scripts_do() {
        let (places, ..) = tables("\t𝄞\u{202e}x.lock();", &[("a.rs:1:4", 0)]);
        // A tab, two units of the clef, eight of the spelled-out control.
        assert_eq!(places[0].quoted, Some((0, 1, 11, 19)));
    }

    #[test]
    fn places_without_text_are_only_named() {
        let at = [("b.rs:1:1", 3), ("a.rs:9:1", 3), ("17", 3), ("a.rs:1:99", 0)];
        let (places, files, texts) = tables("x\n", &at);
        assert_eq!(places.iter().map(|place| place.quoted).collect::<Vec<_>>(), [None, None, None, Some((0, 1, 0, 0))]);
        assert_eq!(files[0].lines.len(), 1);
        assert!(texts.contains(&"b.rs:1:1".to_owned()));
    }
}

//! Program text by lines.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::sources::Sources;

/// The text of a file, and where its lines begin.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Listing {
    text: Arc<str>,
    starts: Vec<usize>,
}

impl Listing {
    pub(crate) fn new(text: Arc<str>) -> Self {
        let after = text.match_indices('\n').map(|(end, _)| end + 1).filter(|&start| start < text.len());
        let starts = std::iter::once(0).filter(|_| !text.is_empty()).chain(after).collect();
        Self { text, starts }
    }

    /// The lines `first..=last`, counted from 1, without the last one's end; none if there are no such lines.
    pub(crate) fn lines(&self, first: usize, last: usize) -> Option<&str> {
        let start = *self.starts.get(first.checked_sub(1)?)?;
        if last < first || last > self.starts.len() {
            return None;
        }
        let end = self.starts.get(last).map_or(self.text.len(), |&next| next);
        self.text.get(start..end).map(|lines| lines.strip_suffix('\n').unwrap_or(lines))
    }
}

/// Each file is read and split into lines once, however many findings quote it.
pub(crate) struct Listings<'s> {
    sources: &'s dyn Sources,
    read: RefCell<HashMap<Named, Option<Rc<Listing>>>>,
}

/// A file as a trace names it, and the folder that the program ran in.
type Named = (String, Option<String>);

impl<'s> Listings<'s> {
    pub(crate) fn new(sources: &'s dyn Sources) -> Self {
        Self { sources, read: RefCell::default() }
    }

    /// The lines of `file`, named as [`Sources::text`] wants it; none if it cannot be had.
    pub(crate) fn of(&self, file: &str, cwd: Option<&str>) -> Option<Rc<Listing>> {
        let read = || self.sources.text(file, cwd).map(|text| Rc::new(Listing::new(text)));
        let named = (file.to_owned(), cwd.map(str::to_owned));
        self.read.borrow_mut().entry(named).or_insert_with(read).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn lines_are_whole() {
        let listing = Listing::new("one\ntwo\nthree\n".into());
        assert_eq!(listing.lines(1, 1), Some("one"));
        assert_eq!(listing.lines(2, 3), Some("two\nthree"));
        assert_eq!(listing.lines(3, 3), Some("three"));
        for (first, last) in [(0, 1), (3, 4), (4, 4), (3, 2)] {
            assert_eq!(listing.lines(first, last), None, "{first}..={last}");
        }
        assert_eq!(Listing::new("one".into()).lines(1, 1), Some("one"));
        assert_eq!(Listing::new("\n\n".into()).lines(2, 2), Some(""));
        assert_eq!(Listing::new("".into()).lines(1, 1), None);
    }

    #[test]
    fn a_file_is_read_once() {
        struct Counted(Cell<usize>);
        impl Sources for Counted {
            fn text(&self, file: &str, _: Option<&str>) -> Option<Arc<str>> {
                self.0.set(self.0.get() + 1);
                (file == "a.rs").then(|| "text".into())
            }
        }
        let sources = Counted(Cell::new(0));
        let listings = Listings::new(&sources);
        for _ in 0..3 {
            assert!(listings.of("a.rs", None).is_some());
            assert!(listings.of("b.rs", None).is_none());
        }
        assert_eq!(sources.0.get(), 2);
    }
}

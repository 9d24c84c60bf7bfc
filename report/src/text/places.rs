//! The places of one thread's part in a finding, in order of time.

use annotate_snippets::{Element, Level, Message, Origin};
use lockhound_trace::one_line;

use super::snippets;
use crate::document::Step;
use crate::listing::Listings;
use crate::site::Site;

/// A place with what happens there.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) site: Option<Site<'a>>,
    event: u64,
    pub(super) label: String,
    /// Whether this is what the finding is about, not what leads to it.
    pub(super) primary: bool,
}

/// All places of one step.
#[derive(Debug)]
pub(super) struct Places<'a>(Vec<Place<'a>>);

impl<'a> Places<'a> {
    pub(super) fn of(step: &'a Step) -> Self {
        let place = |at: &'a Option<String>, event, label: &str, primary| Place {
            site: at.as_deref().map(Site::parse),
            event,
            label: one_line(label),
            primary,
        };
        // What a foreign document says nothing of is at least named.
        let held = |hold: &crate::document::Hold| match hold.label.as_str() {
            "" => format!("holds {} from here", hold.object),
            label => label.to_owned(),
        };
        let holds = step.holds.iter().map(|hold| place(&hold.at, hold.event, &held(hold), false));
        let marks = step.marks.iter().map(|mark| place(&mark.at, mark.event, &mark.label, false));
        let mut places: Vec<Place<'a>> = holds.chain(marks).collect();
        let label = if step.label.is_empty() { &step.op } else { &step.label };
        places.push(place(&step.at, step.event, label, true));
        places.sort_by_key(|place| (place.event, place.primary));
        Self(one_a_site(places))
    }

    /// With the source where it can be read.
    pub(super) fn elements(&self, listings: &Listings<'_>, cwd: Option<&str>) -> Vec<Element<'static>> {
        let mut elements: Vec<Element<'static>> = Vec::new();
        let mut unread: Vec<&Place<'_>> = Vec::new();
        for (file, places) in self.by_file() {
            let listing = file.and_then(|file| listings.of(file, cwd));
            match file.zip(listing).and_then(|(file, listing)| snippets::of(file, &listing, &places)) {
                Some(snippets) => elements.extend(snippets.into_iter().map(Element::from)),
                None => unread.extend(places),
            }
        }
        unread.sort_by_key(|place| place.event);
        let origin = unread.iter().find(|place| place.primary).and_then(|place| place.site).map(origin);
        elements.splice(0..0, origin.map(Element::from));
        elements.extend(unread.into_iter().map(|place| Element::from(place.line())));
        elements
    }

    /// Without the source.
    pub(super) fn lines(&self) -> impl Iterator<Item = Element<'static>> {
        self.0.iter().map(|place| Element::from(place.line()))
    }

    /// The places of each file, that of the primary place first; those in no file under none.
    fn by_file(&self) -> Vec<(Option<&'a str>, Vec<&Place<'a>>)> {
        let mut files: Vec<(Option<&'a str>, Vec<&Place<'a>>)> = Vec::new();
        for place in self.0.iter().filter(|place| place.primary).chain(self.0.iter().filter(|place| !place.primary)) {
            let file = place.file();
            match files.iter_mut().find(|(other, _)| *other == file) {
                Some((_, places)) => places.push(place),
                None => files.push((file, vec![place])),
            }
        }
        files
    }
}

impl<'a> Place<'a> {
    fn file(&self) -> Option<&'a str> {
        match self.site {
            Some(Site::Code { file, .. }) => Some(file),
            _ => None,
        }
    }

    fn line(&self) -> Message<'static> {
        let place = match self.site {
            Some(Site::Code { file, line, column }) => format!("{}:{line}:{column}", one_line(file)),
            Some(Site::Other(text)) => one_line(text),
            None => format!("event {}", self.event),
        };
        Level::NOTE.no_name().message(format!("{place}: {}", self.label))
    }
}

/// What happens at one place is one label: a call that takes a lock and then waits for another is marked once.
fn one_a_site(places: Vec<Place<'_>>) -> Vec<Place<'_>> {
    let mut merged: Vec<Place<'_>> = Vec::new();
    for place in places {
        match merged.iter_mut().find(|other| other.site.is_some() && other.site == place.site) {
            Some(other) => {
                if !other.label.contains(&place.label) {
                    other.label = format!("{}, {}", other.label, place.label);
                }
                other.primary |= place.primary;
            }
            None => merged.push(place),
        }
    }
    merged
}

fn origin(site: Site<'_>) -> Origin<'static> {
    match site {
        Site::Code { file, line, column } => Origin::path(one_line(file)).line(line).char_column(column),
        Site::Other(text) => Origin::path(one_line(text)),
    }
}

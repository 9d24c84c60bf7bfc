//! The places of one thread's part in a finding, in order of time.

use annotate_snippets::{Element, Level, Message, Origin};
use lockhound_trace::one_line;

use super::snippets;
use crate::document::Step;
use crate::listing::Listings;
use crate::site::Site;

/// Where something happens, with a label to be read there.
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
pub(super) struct Places<'a> {
    /// `` `worker-3` `` and a space: what labels say who with.
    subject: String,
    in_time: Vec<Place<'a>>,
}

impl<'a> Places<'a> {
    /// Of a step that the thread of this name takes; `name` is what objects are called, by id.
    pub(super) fn of(step: &'a Step, thread: &str, name: impl Fn(&'a str) -> &'a str) -> Self {
        let subject = format!("`{}` ", one_line(thread));
        let spots = step.spots(name);
        let last = spots.len() - 1;
        let mut places: Vec<Place<'a>> = spots
            .into_iter()
            .enumerate()
            .map(|(index, spot)| Place {
                site: spot.at.map(Site::parse),
                event: spot.event,
                label: one_line(&spot.label),
                primary: index == last,
            })
            .collect();
        places.sort_by_key(|place| (place.event, place.primary));
        let in_time = one_a_site(places, &subject);
        Self { subject, in_time }
    }

    /// With the source where it can be read.
    pub(super) fn elements(self, listings: &Listings<'_>, cwd: Option<&str>) -> Vec<Element<'static>> {
        let quoted = |place: &Place<'_>| place.file().is_some_and(|file| listings.of(file, cwd).is_some());
        let told = self.told(quoted);
        let mut elements: Vec<Element<'static>> = Vec::new();
        let mut unread: Vec<&Place<'_>> = Vec::new();
        for (file, places) in by_file(&told) {
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
    pub(super) fn lines(self) -> impl Iterator<Item = Element<'static>> {
        self.told(|_| false).into_iter().map(|place| Element::from(place.line()))
    }

    /// The places with labels that can be read where they are shown. They come in order of time, quoted text in order of
    /// lines: where the two differ, numbers tell which comes first.
    fn told(self, is_quoted: impl Fn(&Place<'_>) -> bool) -> Vec<Place<'a>> {
        let quoted = self.in_time.iter().filter(|place| is_quoted(place)).count();
        let in_order = quoted == 0
            || quoted == self.in_time.len() && is_in_order_of_lines(&self.in_time)
            // When others did what matters here says nothing about when they can do it.
            || self.in_time.iter().any(|place| place.label.starts_with('`') && !place.label.starts_with(&self.subject));
        let Self { subject, mut in_time } = self;
        for (index, place) in in_time.iter_mut().enumerate() {
            place.say_who(&subject, index == 0 || !in_order);
            if !in_order {
                place.label = format!("{}. {}", index + 1, place.label);
            }
        }
        in_time
    }
}

/// The places of each file, that of the primary place first; those in no file under none.
fn by_file<'p, 'a>(places: &'p [Place<'a>]) -> Vec<(Option<&'a str>, Vec<&'p Place<'a>>)> {
    let mut files: Vec<(Option<&'a str>, Vec<&'p Place<'a>>)> = Vec::new();
    for place in places.iter().filter(|place| place.primary).chain(places.iter().filter(|place| !place.primary)) {
        let file = place.file();
        match files.iter_mut().find(|(other, _)| *other == file) {
            Some((_, places)) => places.push(place),
            None => files.push((file, vec![place])),
        }
    }
    files
}

impl<'a> Place<'a> {
    fn file(&self) -> Option<&'a str> {
        match self.site {
            Some(Site::Code { file, .. }) => Some(file),
            _ => None,
        }
    }

    /// Labels that go on where the one before ended ("and waits for `b`") need to be read after it: those that stand
    /// `alone`, and those that name nobody, say who.
    fn say_who(&mut self, subject: &str, alone: bool) {
        let follows = self.label.starts_with("and ");
        if !self.label.starts_with('`') && (alone || !follows) {
            let said = self.label.strip_prefix("and ").unwrap_or(&self.label);
            self.label = format!("{subject}{said}");
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
fn one_a_site<'a>(places: Vec<Place<'a>>, subject: &str) -> Vec<Place<'a>> {
    let mut merged: Vec<Place<'a>> = Vec::new();
    for place in places {
        match merged.iter_mut().find(|other| other.site.is_some() && other.site == place.site) {
            Some(other) => {
                if !other.label.contains(&place.label) {
                    let goes_on = place.label.strip_prefix(subject).filter(|_| other.label.starts_with(subject));
                    let then = goes_on.map_or_else(|| place.label.clone(), |label| format!("then {label}"));
                    other.label = format!("{}, {then}", other.label);
                }
                other.primary |= place.primary;
            }
            None => merged.push(place),
        }
    }
    merged
}

/// Whether places in order of time are in one file, the later ones further down.
fn is_in_order_of_lines(places: &[Place<'_>]) -> bool {
    let spots = places.iter().filter_map(|place| match place.site {
        Some(Site::Code { file, line, column }) => Some((file, line, column)),
        _ => None,
    });
    let spots: Vec<(&str, usize, usize)> = spots.collect();
    spots.is_sorted_by(|one, next| one.0 == next.0 && one <= next)
}

fn origin(site: Site<'_>) -> Origin<'static> {
    match site {
        Site::Code { file, line, column } => Origin::path(one_line(file)).line(line).char_column(column),
        Site::Other(text) => Origin::path(one_line(text)),
    }
}

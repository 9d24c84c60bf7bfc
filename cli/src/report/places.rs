//! The places of one thread's part in a finding, as a snippet or, without the source, as lines.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Snippet};
use lockhound_analyzer::{Hold, Step};
use lockhound_trace::{EventIndex, Header, Mode, SiteId, Tables, one_line};

use super::quote;
use super::site::Site;
use crate::sources::Sources;

/// A place with what happens there.
#[derive(Clone, Debug)]
struct Place<'a> {
    site: Option<Site<'a>>,
    event: EventIndex,
    label: String,
    /// Whether this is what the finding is about, not what leads to it.
    primary: bool,
}

/// All places of one step, in order of time.
#[derive(Debug)]
pub(crate) struct Places<'a>(Vec<Place<'a>>);

impl<'a> Places<'a> {
    pub(crate) fn of(step: &Step, tables: &'a Tables) -> Self {
        let site = |site: Option<SiteId>| site.map(|site| Site::parse(tables.site(site)));
        let holds = step.holds.iter().map(|hold| Place {
            site: site(hold.site),
            event: hold.event,
            label: held(step, hold, tables),
            primary: false,
        });
        let marks = step.marks.iter().map(|mark| Place {
            site: site(mark.site),
            event: mark.event,
            label: one_line(&mark.label),
            primary: false,
        });
        let mut places: Vec<Place<'a>> = holds.chain(marks).collect();
        places.push(Place { site: site(step.site), event: step.event, label: one_line(&step.label), primary: true });
        places.sort_by_key(|place| (place.event, place.primary));
        Self(one_a_site(places))
    }

    /// With the source where it can be read.
    pub(crate) fn elements(&self, sources: &dyn Sources, header: &Header) -> Vec<Element<'static>> {
        let mut elements: Vec<Element<'static>> = Vec::new();
        let mut unread: Vec<&Place<'_>> = Vec::new();
        for (file, places) in self.by_file() {
            let source = file.and_then(|file| sources.text(file, header));
            match file.zip(source).and_then(|(file, source)| snippet(file, &source, &places)) {
                Some(snippet) => elements.push(snippet.into()),
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
    pub(crate) fn lines(&self) -> Vec<Element<'static>> {
        self.0.iter().map(|place| Element::from(place.line())).collect()
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

    fn line(&self) -> annotate_snippets::Message<'static> {
        let place = match self.site {
            Some(Site::Code { file, line, column }) => format!("{}:{line}:{column}", one_line(file)),
            Some(Site::Other(text)) => one_line(text),
            None => format!("event {}", self.event.0),
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

fn held(step: &Step, hold: &Hold, tables: &Tables) -> String {
    let mode = match hold.mode {
        Mode::Write => "",
        Mode::Read => " for reading",
        Mode::Upgrade => " for upgrading",
    };
    let thread = one_line(tables.thread_label(step.thread));
    format!("`{thread}` holds `{}`{mode} from here", one_line(&tables.object_label(hold.object)))
}

fn origin(site: Site<'_>) -> Origin<'static> {
    match site {
        Site::Code { file, line, column } => Origin::path(one_line(file)).line(line).char_column(column),
        Site::Other(text) => Origin::path(one_line(text)),
    }
}

/// The lines from the first to the last place; none if a place is not in this text: then it is not the text that was
/// built.
fn snippet(file: &str, source: &str, places: &[&Place<'_>]) -> Option<Snippet<'static, Annotation<'static>>> {
    let code: Vec<(usize, usize, &Place<'_>)> = places
        .iter()
        .filter_map(|place| match place.site {
            Some(Site::Code { line, column, .. }) => Some((line, column, *place)),
            _ => None,
        })
        .collect();
    let first = code.iter().map(|(line, ..)| *line).min()?;
    let last = code.iter().map(|(line, ..)| *line).max()?;
    let excerpt = quote::lines(source, first, last)?.to_owned();
    let mut annotations = Vec::new();
    for (line, column, place) in code {
        annotations.push(annotation(place, quote::span(&excerpt, line - first, column)?));
    }
    Some(Snippet::source(excerpt).line_start(first).path(one_line(file)).annotations(annotations))
}

fn annotation(place: &Place<'_>, span: Range<usize>) -> Annotation<'static> {
    let kind = if place.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    kind.span(span).label(place.label.clone())
}

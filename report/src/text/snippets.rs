//! Places in one file, marked in its text.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Snippet};
use lockhound_trace::one_line;

use super::places::Place;
use crate::listing::Listing;
use crate::quote;
use crate::site::Site;

/// Places with more lines between them stand in snippets of their own: what lies between is not shown anyway.
const TOGETHER: usize = 100;

/// A place in the file.
#[derive(Clone, Copy)]
struct Spot<'a, 'p> {
    line: usize,
    column: usize,
    place: &'a Place<'p>,
}

/// What to show of the text, the part with the primary place first; none if a place is not in this text: then it is not
/// the text that was built.
pub(super) fn of(
    file: &str,
    listing: &Listing,
    places: &[&Place<'_>],
) -> Option<Vec<Snippet<'static, Annotation<'static>>>> {
    let mut spots: Vec<Spot<'_, '_>> = places.iter().filter_map(|&place| Spot::of(place)).collect();
    spots.sort_by_key(|spot| spot.line);
    let mut parts: Vec<&[Spot<'_, '_>]> = spots.chunk_by(|one, next| next.line - one.line <= TOGETHER).collect();
    parts.sort_by_key(|spots| !spots.iter().any(|spot| spot.place.primary));
    parts.into_iter().map(|spots| snippet(file, listing, spots)).collect()
}

impl<'a, 'p> Spot<'a, 'p> {
    fn of(place: &'a Place<'p>) -> Option<Self> {
        match place.site {
            Some(Site::Code { line, column, .. }) => Some(Self { line, column, place }),
            _ => None,
        }
    }
}

/// The lines from the first to the last of these places, which come in order of lines.
fn snippet(file: &str, listing: &Listing, spots: &[Spot<'_, '_>]) -> Option<Snippet<'static, Annotation<'static>>> {
    let (first, last) = (spots.first()?.line, spots.last()?.line);
    let excerpt = listing.lines(first, last)?.to_owned();
    let mut annotations = Vec::new();
    for &Spot { line, column, place } in spots {
        annotations.push(annotation(place, quote::span(&excerpt, line - first, column)?));
    }
    Some(Snippet::source(excerpt).line_start(first).path(one_line(file)).annotations(annotations))
}

fn annotation(place: &Place<'_>, span: Range<usize>) -> Annotation<'static> {
    let kind = if place.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    kind.span(span).label(place.label.clone())
}

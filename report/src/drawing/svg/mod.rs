//! The lock-order graph as a picture that needs no other program.
//!
//! [`layout`](layout::layout) decides where everything is: locks on a circle where they can deadlock ([`ring`]), layers
//! where they are asked for in order ([`layers`]). [`write`](write::Picture) turns that into SVG.

mod feedback;
mod geometry;
mod labels;
mod layers;
mod layout;
mod ring;
mod style;
mod write;
mod xml;

pub(crate) use self::style::STYLE;
use self::write::{Around, Picture};
use super::excerpt::{Bounds, Excerpt, Which};
use crate::graph::LockOrderGraph;
use crate::naming::named_locks;

/// More than this nobody can read, and no browser likes to show.
const BOUNDS: Bounds = Bounds { locks: 250, orders: 600 };

/// The graph as an SVG file: an arrow from each lock held to each lock asked for while it was held, with how often; cycles
/// red and thick, what the finding with the fingerprint `highlight` is about thicker and the rest faint. Everything that is
/// known of a lock or an arrow is its tooltip. Dark where the viewer is, and without scripts or links.
///
/// Of more than 250 locks or 600 arrows only cycles are drawn, of more than as many in cycles the shortest cycles; the
/// picture says what it leaves out. So it takes well below a second, however large the graph is.
#[must_use]
pub fn svg(graph: &LockOrderGraph, which: Which, highlight: Option<&str>) -> String {
    write(graph, which, highlight, Around::File)
}

/// The same as part of a page that has [`STYLE`], once, and says what is shown.
#[must_use]
pub(crate) fn picture(graph: &LockOrderGraph, which: Which, highlight: Option<&str>) -> String {
    write(graph, which, highlight, Around::Page)
}

fn write(graph: &LockOrderGraph, which: Which, highlight: Option<&str>, around: Around) -> String {
    let graph = named_locks(graph);
    Picture::new(&Excerpt::new(&graph, which, highlight, BOUNDS), highlight).write(around)
}

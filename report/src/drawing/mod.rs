//! The lock-order graph, drawn: as Graphviz DOT, and as SVG for those without Graphviz.

mod dot;
mod excerpt;
mod list;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
mod svg;
#[cfg(test)]
mod tests;
mod words;

pub use dot::dot;
pub use excerpt::Which;
pub use list::orders_text;
pub use svg::svg;
pub(crate) use svg::{STYLE, picture};

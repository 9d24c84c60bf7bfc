//! The report as a page: one self-contained file that needs no network.
//!
//! The page is three fixed parts, `page.html`, `style.css` and the files of `script/`, and data. Nothing of a program's own
//! words ever becomes markup or script: they are data, embedded as JSON (`embed`), and the script shows them as text.
//! Findings are embedded as one line of JSON each, read when they are selected, so that ten thousand open at once; texts,
//! places and quoted source lines are written once and referred to by number.

mod data;
mod detail;
mod drawing;
mod embed;
mod page;
mod places;
mod rules;
mod texts;

pub use page::html;

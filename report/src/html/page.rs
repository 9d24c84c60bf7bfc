//! The page, put together.

use super::data::Data;
use super::{embed, rules};
use crate::document::Document;
use crate::drawing;
use crate::sources::Sources;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
/// The script, in the order of its definitions.
const SCRIPT: &[&str] = &[
    include_str!("script/dom.js"),
    include_str!("script/data.js"),
    include_str!("script/quote.js"),
    include_str!("script/waits.js"),
    include_str!("script/stepper.js"),
    include_str!("script/timeline.js"),
    include_str!("script/finding.js"),
    include_str!("script/overview.js"),
    include_str!("script/list.js"),
    include_str!("script/theme.js"),
    include_str!("script/main.js"),
];

/// The report as one self-contained page.
///
/// Complexity: linear in the document and in the files that it quotes.
#[must_use]
pub fn html(document: &Document, sources: &dyn Sources) -> String {
    let data = Data::new(document, sources);
    let details: Vec<String> = data.details.iter().map(embed::json).collect();
    let drawings: String = data
        .drawings
        .iter()
        .enumerate()
        .map(|(id, svg)| format!("<template id=\"drawing-{id}\">{svg}</template>\n"))
        .collect();
    embed::fill(
        PAGE,
        &[
            ("title", &embed::text(&title(document))),
            ("style", &format!("{STYLE}{}", drawing::STYLE)),
            ("rules", &rules::templates(document)),
            ("drawings", &drawings),
            ("head", &embed::json(&data.head)),
            ("details", &details.join("\n")),
            ("script", &SCRIPT.join("\n")),
        ],
    )
}

fn title(document: &Document) -> String {
    let mut programs: Vec<&str> = document.traces.iter().filter_map(|trace| trace.program.as_deref()).collect();
    programs.sort_unstable();
    programs.dedup();
    let what = match document.findings.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    match programs.as_slice() {
        [program] => format!("{}: {what} · Lockhound", super::texts::shown(program)),
        _ => format!("{what} · Lockhound"),
    }
}

//! The pages of the rules, as they stand in the page.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::document::Document;
use crate::explanations::explanation;

/// A `<template>` for each rule that the document speaks of.
pub(super) fn templates(document: &Document) -> String {
    let refuted = document.refuted.iter().flatten().map(|refutation| refutation.rule);
    let names: BTreeSet<_> = document.findings.iter().map(|finding| finding.rule).chain(refuted).collect();
    let mut templates = String::new();
    for rule in names {
        templates.push_str(&format!("<template id=\"rule-{}\">{}</template>\n", rule.name(), page(explanation(rule))));
    }
    templates
}

/// A page without its first heading, its other headings two levels down: it stands within a finding.
fn page(markdown: &str) -> String {
    let mut title = false;
    let events = Parser::new(markdown).filter_map(|event| match event {
        Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
            title = true;
            None
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
            title = false;
            None
        }
        _ if title => None,
        Event::Start(Tag::Heading { level: HeadingLevel::H2, id, classes, attrs }) => {
            Some(Event::Start(Tag::Heading { level: HeadingLevel::H4, id, classes, attrs }))
        }
        Event::End(TagEnd::Heading(HeadingLevel::H2)) => Some(Event::End(TagEnd::Heading(HeadingLevel::H4))),
        // The pages have none; what looks like it is text.
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        other => Some(other),
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

#[cfg(test)]
mod tests {
    use lockhound_analyzer::Rule;

    use super::*;

    #[test]
    fn every_page_becomes_markup() {
        for rule in Rule::ALL {
            let html = page(explanation(rule));
            assert!(html.starts_with("<p>"), "{}: {html}", rule.name());
            assert_eq!(html.matches("<h4>").count(), 4, "{}", rule.name());
            assert!(html.contains("<pre><code"), "{}", rule.name());
            assert!(!html.contains("```") && !html.contains("<h1>"), "{}", rule.name());
        }
    }

    #[test]
    fn markup_in_a_page_is_text() {
        assert_eq!(page("# a\n\nb <i>c</i>"), "<p>b &lt;i&gt;c&lt;/i&gt;</p>\n");
    }
}

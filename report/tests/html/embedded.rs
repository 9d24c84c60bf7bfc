//! What is embedded in the page, as a parser of HTML sees it.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use insta::{assert_json_snapshot, assert_snapshot};
use lockhound_report::{Document, NoSources, html};
use proptest::prelude::*;
use serde_json::Value;

use crate::samples::{self, Texts};

/// A page, read.
struct Page {
    /// Its tags in order, attributes with their values.
    tags: Vec<String>,
    /// What JSON it carries, by the id of the element: one value a line.
    data: Vec<(String, Vec<Value>)>,
}

fn read(html: &str) -> Page {
    let mut page = Page { tags: Vec::new(), data: Vec::new() };
    let mut script: Option<(String, String)> = None;
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        match token {
            Token::StartTag(tag) => {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let attributes: Vec<(String, String)> =
                    tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                let value =
                    |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
                if value("type").as_deref() == Some("application/json") {
                    script = Some((value("id").unwrap(), String::new()));
                }
                page.tags.push(format!("<{} {attributes:?}>", text(&tag.name)));
            }
            Token::String(text) => {
                if let Some((_, json)) = &mut script {
                    json.push_str(std::str::from_utf8(&text).unwrap());
                }
            }
            Token::EndTag(tag) => {
                if let Some((id, json)) = script.take() {
                    let lines = json.lines().map(|line| serde_json::from_str(line).expect("each line is JSON"));
                    page.data.push((id, lines.collect()));
                }
                page.tags.push(format!("</{}>", std::str::from_utf8(&tag.name).unwrap()));
            }
            Token::Error(error) => panic!("not HTML: {error:?}"),
            Token::Comment(_) | Token::Doctype(_) => {}
        }
    }
    page
}

fn embedded(document: &Document) -> Vec<(String, Vec<Value>)> {
    read(&html(document, &Texts)).data
}

#[test]
fn the_data_of_a_small_page() {
    let data = embedded(&samples::bank());
    let pretty: Vec<String> = data
        .iter()
        .flat_map(|(id, values)| {
            values.iter().map(move |value| format!("{id}: {}", serde_json::to_string(value).unwrap()))
        })
        .map(|line| line.replace("},{", "},\n  {"))
        .collect();
    assert_snapshot!(pretty.join("\n"));
}

#[test]
fn a_report_on_nothing_is_a_page() {
    assert_json_snapshot!(embedded(&Document::default()));
}

#[test]
fn equal_documents_give_equal_pages() {
    assert_eq!(html(&samples::many(50), &Texts), html(&samples::many(50), &Texts));
}

#[test]
fn every_quoted_line_is_embedded_once() {
    let page = html(&samples::many(300), &Texts);
    assert_eq!(page.matches("entry.check(\\u0026accounts);").count(), 1);
}

/// A tag without numbers: drawings are as wide as the names in them.
fn without_geometry(tag: &str) -> String {
    tag.split(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).filter(|part| !part.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_program_calls_itself_the_page_stays_whole(
        text in "(</script>|</script |</script/|<!--|<!--<script |-->|<script>|]]>|\\PC|[\\x00-\\x1f\"'`&<>\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}\\\\{}]){0,12}",
    ) {
        let (page, plain) = (html(&samples::speaking(&text), &NoSources), html(&samples::speaking("x"), &NoSources));
        let reorders = page.contains(['\u{202e}', '\u{2066}', '\u{2028}', '\u{1b}']);
        prop_assert!(!reorders);
        let (page, plain) = (read(&page), read(&plain));
        let shapes = |page: &Page| page.tags.iter().map(|tag| without_geometry(tag)).collect::<Vec<_>>();
        prop_assert_eq!(shapes(&page), shapes(&plain));
        prop_assert_eq!(page.data.len(), 2);
        prop_assert_eq!(page.data[1].1.len(), 3);
        if !text.contains(|c: char| c.is_control() || ('\u{80}'..='\u{10ffff}').contains(&c)) {
            let texts = page.data[0].1[0]["texts"].as_array().unwrap();
            prop_assert!(texts.contains(&Value::String(text)));
        }
    }
}

//! What the page does in a real browser.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lockhound_report::{Document, Sources, html};
use serde_json::json;

use crate::chromium::Browser;
use crate::samples;

/// Writes a page into `folder`.
fn page(folder: &Path, name: &str, document: &Document, sources: &dyn Sources) -> PathBuf {
    let path = folder.join(format!("{name}.html"));
    std::fs::write(&path, html(document, sources)).unwrap();
    path
}

/// Pictures to look at, in the folder that `LOCKHOUND_PAGES` names.
#[test]
#[ignore = "makes pictures for people"]
fn pictures() {
    let folder = PathBuf::from(std::env::var_os("LOCKHOUND_PAGES").expect("LOCKHOUND_PAGES names a folder"));
    page(&folder, "bank", &samples::bank(), &samples::Texts);
    page(&folder, "recorded", &samples::recorded(), &samples::RecordedTexts);
    page(&folder, "many", &samples::many(10_000), &samples::Texts);
    page(&folder, "hostile", &samples::speaking("</script>\u{202e}\"'<b>&amp;\u{2028}乙"), &samples::Texts);
    page(&folder, "empty", &Document::default(), &samples::Texts);
}

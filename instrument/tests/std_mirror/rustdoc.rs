//! What rustdoc says of a crate's `sync` and `thread`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::library;
use super::page::{Listed, Page};

/// The documentation of the modules `sync` and `thread` of a crate and of everything in them.
pub(crate) struct Documentation {
    /// By path, such as `sync::mpsc::Sender`.
    pub(crate) items: BTreeMap<String, Item>,
}

/// A public item.
pub(crate) struct Item {
    /// The word that rustdoc has for it: `struct`, `fn`, `mod` …
    pub(crate) kind: String,
    /// Whether it, and the module that it stands in, are stable.
    pub(crate) stable: bool,
    pub(crate) page: Page,
}

/// The command, as cargo would call it.
pub(crate) fn command() -> Command {
    Command::new(std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into()))
}

impl Documentation {
    /// Of `std` or `lockhound`.
    pub(crate) fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("mirror.rs");
        // The playground's address makes rustdoc add each example's whole code to the page.
        let header = "#![doc(html_playground_url = \"https://play.rust-lang.org/\")]";
        fs::write(&source, format!("{header}\n#[doc(inline)]\npub use {name}::{{sync, thread}};\n")).unwrap();
        let out = folder.path().join("html");
        let status = library::link(&mut command())
            .args(["--crate-name", "mirror", "--out-dir"])
            .arg(&out)
            .arg(&source)
            .status()
            .unwrap();
        assert!(status.success(), "rustdoc could not document {name}");
        let mut items = BTreeMap::new();
        let root = Listed { path: String::new(), kind: "mod".into(), href: "index.html".into(), stable: true };
        gather(&out.join("mirror"), root, &mut items);
        items.remove("");
        Self { items }
    }
}

fn gather(folder: &Path, listed: Listed, items: &mut BTreeMap<String, Item>) {
    let file = folder.join(&listed.href);
    let html = fs::read_to_string(&file).unwrap_or_else(|error| panic!("no page {}: {error}", file.display()));
    let mut page = Page::read(&html);
    let Listed { path, kind, stable, .. } = listed;
    assert!(kind != "mod" || !page.items.is_empty(), "rustdoc's pages have changed: `{path}` lists nothing");
    assert!(page.described || path.is_empty(), "rustdoc's pages have changed: `{path}` has no description");
    for mut inner in std::mem::take(&mut page.items) {
        inner.stable &= stable;
        gather(file.parent().unwrap(), inner, items);
    }
    items.insert(path, Item { kind, stable, page });
}

//! Entries added to the file, which else stays as it is.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, bail};
use lockhound_report::{Finding, named};
use lockhound_trace::one_line;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::date::Date;
use super::find::Location;
use super::read::Config;

/// What is accepted, and why.
#[derive(Debug)]
pub(crate) struct Acceptance<'a> {
    pub(crate) id: &'a str,
    /// What it is, where that is known: for whoever reviews the file.
    pub(crate) finding: Option<&'a Finding>,
    pub(crate) reason: &'a str,
    pub(crate) expires: Option<Date>,
}

/// The file, being changed.
#[derive(Debug)]
pub(crate) struct Edit {
    location: Location,
    document: DocumentMut,
    /// What it said at first.
    pub(crate) config: Config,
}

impl Edit {
    /// Begins to change the file at `location`, or a new one.
    ///
    /// # Errors
    /// If it cannot be read, or is wrong.
    pub(crate) fn begin(location: Location) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(&location.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            result => result.with_context(|| format!("{}: could not read", location.shown))?,
        };
        let config = Config::parse(&location, &text)?;
        let document = text.parse().with_context(|| location.shown.clone())?;
        Ok(Self { location, document, config })
    }

    /// What messages call the file.
    pub(crate) fn shown(&self) -> &str {
        &self.location.shown
    }

    /// Adds an entry behind those that are there. A list of inline tables becomes one of `[[allow]]`, which can bear comments.
    ///
    /// # Errors
    /// If `allow` is no list, or a date none.
    pub(crate) fn add(&mut self, acceptance: &Acceptance<'_>) -> anyhow::Result<()> {
        let is_first = self.document.as_table().is_empty();
        self.spell_out();
        let entries = self.document.entry("allow").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(entries) = entries.as_array_of_tables_mut() else {
            bail!("{}: `allow` is no list: expected entries under `[[allow]]`", self.location.shown);
        };
        let mut entry = Table::new();
        entry.insert("id", value(acceptance.id));
        entry.insert("reason", value(acceptance.reason));
        if let Some(expires) = acceptance.expires {
            entry.insert("expires", value(expires.to_string().parse::<toml_edit::Datetime>()?));
        }
        entry.decor_mut().set_prefix(format!("{}{}", if is_first { "" } else { "\n" }, comment(acceptance.finding)));
        entries.push(entry);
        Ok(())
    }

    /// Gives each entry of a list of inline tables its `[[allow]]`.
    fn spell_out(&mut self) {
        let Some((mut key, entries)) = self.document.get_key_value_mut("allow") else { return };
        let Some(list) = entries.as_array() else { return };
        let above = key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        // Else it would stand above every entry.
        key.leaf_decor_mut().clear();
        *entries = Item::ArrayOfTables(spelled_out(list, above));
    }

    /// Writes the file, all of it or nothing.
    ///
    /// # Errors
    /// If that cannot be done; then the file is as it was.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let text = self.document.to_string();
        Config::parse(&self.location, &text).context("what would be written is wrong")?;
        let path = fs::canonicalize(&self.location.path).unwrap_or_else(|_| self.location.path.clone());
        replace(&path, &text).with_context(|| format!("{}: could not write", self.location.shown))
    }
}

/// The same entries, each under `[[allow]]`, with their comments; what was `above` the list is above the first.
fn spelled_out(list: &Array, mut above_all: String) -> ArrayOfTables {
    let mut entries: Vec<(String, Table)> = Vec::new();
    for value in list.iter() {
        let before = value.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
        // What stands behind an entry's comma is about that entry.
        let (behind, above) = before.split_once('\n').unwrap_or(("", before));
        let mut comments = comments_in(above);
        match entries.last_mut() {
            Some((last, _)) => last.push_str(&comments_in(behind)),
            None => comments = format!("{}{}{comments}", std::mem::take(&mut above_all), comments_in(behind)),
        }
        let mut table = value.as_inline_table().cloned().unwrap_or_default().into_table();
        table.fmt();
        entries.push((comments, table));
    }
    if let (Some((comments, _)), Some(end)) = (entries.last_mut(), list.trailing().as_str()) {
        comments.push_str(&comments_in(end));
    }
    let mut all = ArrayOfTables::new();
    for (number, (comments, mut table)) in entries.into_iter().enumerate() {
        table.decor_mut().set_prefix(format!("{}{comments}", if number == 0 { "" } else { "\n" }));
        all.push(table);
    }
    all
}

fn comments_in(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn comment(finding: Option<&Finding>) -> String {
    finding.map_or_else(String::new, |finding| {
        format!("# {}: {}\n", finding.rule.name(), one_line(&named(finding).message))
    })
}

/// By way of a second file, so that nobody ever sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension(format!("toml.{}", std::process::id()));
    let written = fs::write(&new, text).and_then(|()| match fs::metadata(path) {
        Ok(old) => fs::set_permissions(&new, old.permissions()),
        Err(_) => Ok(()),
    });
    written.and_then(|()| fs::rename(&new, path)).inspect_err(|_| {
        // It may never have come to be.
        let _ = fs::remove_file(&new);
    })
}

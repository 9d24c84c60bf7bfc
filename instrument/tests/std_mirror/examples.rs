//! Every example in std's documentation of what is recorded compiles and runs with the names swapped.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{fs, iter};

use lockhound_trace::{EventSource, open};

use super::items::STD;
use super::page::Example;
use super::table::{Row, rows};
use super::{library, rustdoc};

/// Examples that panic, though they do not say so, and why. By item and place on the item's page.
const PANICKING: &[(&str, &str)] = &[("thread::Result 1", "copies a file that does not exist")];

/// Fewer cannot be all: rustdoc must have changed how it shows them.
const AT_LEAST: usize = 450;

/// A crate `std` in which `sync` and `thread` are ours. Each example imports it under std's name.
const SWAPPED: &str = "pub use std::*;\npub use lockhound::{sync, thread, thread_local};\n";

#[test]
fn every_example_of_std_runs_with_the_names_swapped() {
    let folder = tempfile::tempdir().unwrap();
    Examples::write(folder.path()).run(None);
}

#[test]
#[cfg_attr(not(feature = "record"), ignore = "without the feature `record` nothing is recorded")]
fn every_example_of_std_can_be_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let traces = folder.path().join("traces");
    fs::create_dir(&traces).unwrap();
    Examples::write(folder.path()).run(Some(&traces));
    let events: usize = fs::read_dir(&traces).unwrap().map(|entry| events_in(&entry.unwrap().path())).sum();
    assert!(events > AT_LEAST, "only {events} events were recorded");
}

/// The number of events in a trace, all of which must be possible.
fn events_in(trace: &Path) -> usize {
    let mut reader = open(trace, None).unwrap();
    let mut events = 0;
    while reader.next_event().unwrap().is_some() {
        events += 1;
    }
    events
}

/// The examples as one crate whose items they describe, and the crate that they import.
struct Examples<'a> {
    folder: &'a Path,
    count: usize,
}

impl<'a> Examples<'a> {
    fn write(folder: &'a Path) -> Self {
        fs::write(folder.join("swapped.rs"), SWAPPED).unwrap();
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let status = library::link(&mut rustc)
            .args(["--crate-type", "rlib", "swapped.rs"])
            .current_dir(folder)
            .status()
            .unwrap();
        assert!(status.success(), "the swapped crate does not compile");
        let named: Vec<_> = STD
            .items
            .iter()
            .filter(|(_, item)| item.stable)
            .flat_map(|(path, item)| named(path, &item.page.examples))
            .collect();
        assert!(named.len() >= AT_LEAST, "rustdoc's pages have changed: only {} examples were found", named.len());
        for (excepted, _) in PANICKING {
            assert!(named.iter().any(|named| named.name == *excepted), "there is no example `{excepted}`");
        }
        fs::write(folder.join("examples.rs"), named.iter().map(Named::in_source).collect::<String>()).unwrap();
        Self { folder, count: named.len() }
    }

    /// Runs all of them, into traces if need be.
    fn run(&self, traces: Option<&Path>) {
        let mut rustdoc = rustdoc::command();
        library::link(&mut rustdoc)
            .args(["--test", "examples.rs", "--extern", "swapped=libswapped.rlib"])
            .current_dir(self.folder);
        for (variable, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"LOCKHOUND_"))
        {
            rustdoc.env_remove(variable);
        }
        if let Some(folder) = traces {
            rustdoc.env("LOCKHOUND_TRACE", folder.join("%p-%t.lht"));
        }
        let output = rustdoc.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let passed: usize = said.lines().filter_map(passed).sum();
        assert_eq!(passed, self.count, "{said}");
    }
}

/// Of `test result: ok. 12 passed; …`: 12.
fn passed(line: &str) -> Option<usize> {
    let counts = line.strip_prefix("test result: ok. ")?;
    counts.split(' ').next()?.parse().ok()
}

/// An example that stable Rust can compile.
struct Named<'a> {
    /// The path of what it describes, and its place on the item's page.
    name: String,
    /// Whether it is of a method that a recorded type does not have.
    missing: bool,
    manner: &'a str,
    code: &'a str,
}

/// The examples of an item that stable Rust can compile, by their places among them.
fn named<'a>(path: &str, examples: &'a [Example]) -> impl Iterator<Item = Named<'a>> {
    let runnable = examples.iter().filter_map(|example| {
        let (manner, code) = (example.manner.as_deref().unwrap_or_default(), example.code.as_deref()?);
        (manner != "ignore" && !code.contains("#![feature")).then_some((&example.member, manner, code))
    });
    let missing: BTreeSet<_> = rows().into_iter().filter(Row::is_member).map(|row| row.path).collect();
    iter::zip(1.., runnable).map(move |(place, (member, manner, code))| {
        let separator = if member.is_empty() { "" } else { "::" };
        let path = format!("{path}{separator}{member}");
        Named { name: format!("{path} {place}"), missing: missing.contains(&path), manner, code }
    })
}

impl Named<'_> {
    /// As the description of an item of its name.
    fn in_source(&self) -> String {
        let manner = match () {
            () if PANICKING.iter().any(|(excepted, _)| *excepted == self.name) => "should_panic",
            () if cfg!(feature = "record") && self.missing => "compile_fail",
            () => self.manner,
        };
        let mut source = format!("/// ~~~{manner}\n");
        let (attributes, rest) = self.split_attributes();
        for line in attributes.lines().chain(["use swapped::{self as std, thread_local};"]).chain(rest.lines()) {
            writeln!(source, "/// {line}").unwrap();
        }
        let module = self.name.replace("::", "_").replace(' ', "_");
        writeln!(source, "/// ~~~\npub mod {module} {{}}\n").unwrap();
        source
    }

    /// The attributes of the crate, before which nothing may stand, and the rest. With an attribute an example is a
    /// program of its own, so without the one that the playground adds to all: doctests have it anyway.
    fn split_attributes(&self) -> (&str, &str) {
        let code = self.code.strip_prefix("#![allow(unused)]\n").unwrap_or(self.code);
        code.split_at(
            code.rfind("#![").map_or(0, |last| code[last..].find('\n').map_or(code.len(), |end| last + end + 1)),
        )
    }
}

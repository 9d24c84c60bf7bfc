//! What cargo's own options select.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Options that `cargo metadata` must be given too, so that it sees the workspace that the command will see.
const SHARED_FLAGS: [&str; 3] = ["--offline", "--locked", "--frozen"];

/// The options that matter here; all of them, and the rest, go on to cargo unchanged.
#[derive(PartialEq, Eq, Default, Debug)]
pub(super) struct Selection {
    /// `--manifest-path`.
    pub(super) manifest: Option<PathBuf>,
    /// `--target-dir`.
    pub(super) target: Option<PathBuf>,
    /// `--package`.
    pub(super) packages: Vec<String>,
    /// `--exclude`.
    pub(super) excluded: Vec<String>,
    /// `--workspace`.
    pub(super) all: bool,
    /// To be repeated to `cargo metadata`.
    pub(super) shared: Vec<String>,
}

impl Selection {
    /// Reads the words that go to cargo.
    pub(super) fn of(words: &[OsString]) -> Self {
        let mut selection = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            // What is not UTF-8 can only be a path, as a value of its own.
            let Some(text) = word.to_str() else { continue };
            if text == "--workspace" || text == "--all" {
                selection.all = true;
            } else if SHARED_FLAGS.contains(&text) {
                selection.shared.push(text.to_owned());
            } else if let Some(option) = OPTIONS.iter().find(|option| option.begins(text))
                && let Some(value) = option.value(text).or_else(|| words.next().cloned())
            {
                (option.take)(&mut selection, value);
            }
        }
        selection
    }

    fn share(&mut self, name: &str, value: OsString) {
        self.shared.extend(value.into_string().into_iter().flat_map(|value| [name.to_owned(), value]));
    }
}

/// An option with a value.
struct Valued {
    long: &'static str,
    short: Option<&'static str>,
    take: fn(&mut Selection, OsString),
}

const OPTIONS: [Valued; 6] = [
    Valued {
        long: "--manifest-path",
        short: None,
        take: |selection, value| selection.manifest = Some(PathBuf::from(value)),
    },
    Valued {
        long: "--target-dir",
        short: None,
        take: |selection, value| selection.target = Some(PathBuf::from(value)),
    },
    Valued {
        long: "--package",
        short: Some("-p"),
        take: |selection, value| selection.packages.extend(value.into_string()),
    },
    Valued { long: "--exclude", short: None, take: |selection, value| selection.excluded.extend(value.into_string()) },
    Valued { long: "--config", short: None, take: |selection, value| selection.share("--config", value) },
    Valued { long: "-Z", short: Some("-Z"), take: |selection, value| selection.share("-Z", value) },
];

impl Valued {
    fn begins(&self, text: &str) -> bool {
        let long = text.strip_prefix(self.long).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
        long || self.short.is_some_and(|short| text.starts_with(short))
    }

    /// The value in `--name=value`, `-nvalue` and `-n=value`.
    fn value(&self, text: &str) -> Option<OsString> {
        let rest = text.strip_prefix(self.long).or_else(|| text.strip_prefix(self.short?))?;
        let value = rest.strip_prefix('=').unwrap_or(rest);
        (!rest.is_empty()).then(|| OsStr::new(value).to_owned())
    }
}

/// Whether a package is meant by a specification as in `cargo help pkgid`: a name, perhaps with `*`, `?` and a version, or
/// an address that ends with one.
pub(super) fn matches(specification: &str, name: &str) -> bool {
    let (address, last) = specification.rsplit_once('#').map_or((None, specification), |(a, last)| (Some(a), last));
    let wanted = last.split(['@', ':']).next().unwrap_or(last);
    match address {
        // `path+file:///a/b/name#0.1.0` has the name in the path.
        Some(address) if wanted.starts_with(|first: char| first.is_ascii_digit()) => {
            address.rsplit('/').next() == Some(name)
        }
        None if specification.contains("://") => specification.rsplit('/').next() == Some(name),
        _ => is_like(wanted.as_bytes(), name.as_bytes()),
    }
}

/// `*` stands for any bytes, `?` for any one.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skipped| is_like(rest, &text[skipped..])),
        (Some((b'?', pattern)), Some((_, text))) => is_like(pattern, text),
        (Some((wanted, pattern)), Some((found, text))) => wanted == found && is_like(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Selection {
        Selection::of(&words.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn every_spelling_of_an_option_is_known() {
        for words in ["-p core --package net", "-pcore --package=net", "-p=core -p net"] {
            assert_eq!(of(words).packages, ["core", "net"], "{words}");
        }
        assert_eq!(of("--manifest-path=a/b.toml").manifest, Some(PathBuf::from("a/b.toml")));
        assert_eq!(of("--target-dir t --lib").target, Some(PathBuf::from("t")));
        assert_eq!(of("--workspace --exclude net").excluded, ["net"]);
        assert!(of("--all").all && !of("--all-features --all-targets").all);
        assert!(of("--package-that-is-none x").packages.is_empty());
    }

    #[test]
    fn what_changes_the_workspace_is_shared() {
        assert_eq!(
            of("--locked --config a=1 --lib --config=b=2 -Zx -Z y --offline").shared,
            ["--locked", "--config", "a=1", "--config", "b=2", "-Z", "x", "-Z", "y", "--offline"]
        );
    }

    #[test]
    fn packages_are_specified_in_many_ways() {
        for specification in
            ["core", "co*", "c?re", "core@1.2", "core:1.2", "path+file:///a/core#0.1.0", "file:///a/b#core@1"]
        {
            assert!(matches(specification, "core"), "{specification}");
        }
        for specification in ["cor", "core2", "*x", "file:///a/core2", "path+file:///a/core2#0.1.0"] {
            assert!(!matches(specification, "core"), "{specification}");
        }
    }
}

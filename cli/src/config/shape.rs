//! Which findings an entry means.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use lockhound_analyzer::NamePattern;
use lockhound_report::{Finding, Rule};

/// What a finding must be like. Whatever is given has to fit; at least one thing is.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Shape {
    /// The beginning of its fingerprint, at least 8 digits, in small letters.
    pub(super) id: Option<String>,
    pub(super) rule: Option<Rule>,
    /// What it is about: each of its objects is one of these, and each of these is among them. Two locks may deadlock with
    /// each other without leave for what either does with a third.
    pub(super) objects: Vec<NamePattern>,
    /// The files in which it happens: every step of every thread.
    pub(super) path: Option<PathPattern>,
}

impl Shape {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `finding` is like that. Absolute names of files also count as relative to `root`.
    pub(super) fn matches(&self, finding: &Finding, root: &Path) -> bool {
        self.id.as_ref().is_none_or(|id| finding.fingerprint.to_ascii_lowercase().starts_with(id))
            && self.rule.is_none_or(|rule| finding.rule == rule)
            && (self.objects.is_empty() || self.is_about(finding))
            && self.path.as_ref().is_none_or(|path| happens_in(finding, path, root))
    }

    fn is_about(&self, finding: &Finding) -> bool {
        let fits = |id: &String, pattern| names(finding, id).any(|name| is_called(name, pattern));
        finding.objects.iter().all(|id| self.objects.iter().any(|pattern| fits(id, pattern)))
            && self.objects.iter().all(|pattern| finding.objects.iter().any(|id| fits(id, pattern)))
    }
}

/// What an object is called, by itself or by the program text: reports show either.
fn names<'a>(finding: &'a Finding, id: &'a str) -> impl Iterator<Item = &'a str> {
    let called = finding.object_names.iter().find(|object| object.id == id).and_then(|object| object.called.as_deref());
    std::iter::once(finding.object_name(id)).chain(called)
}

/// Reports number objects that are called alike (`accounts #2`), in an order that another run may change.
fn is_called(name: &str, pattern: &NamePattern) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let common = name.rsplit_once(" #").filter(|(_, number)| is_number(number)).map(|(common, _)| common);
    pattern.matches(name) || common.is_some_and(|common| pattern.matches(common))
}

fn happens_in(finding: &Finding, path: &PathPattern, root: &Path) -> bool {
    let mut files = finding.steps.iter().map(|step| step.at.as_deref().map(file_of)).peekable();
    files.peek().is_some() && files.all(|file| file.is_some_and(|file| path.matches(file, root)))
}

/// `src/bank.rs` of `src/bank.rs:7:25`.
fn file_of(site: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let without = |text| match str::rsplit_once(text, ':') {
        Some((rest, number)) if is_number(number) => rest,
        _ => text,
    };
    without(without(site))
}

/// A glob for files: `*` stays within a folder, `**` goes through any number of them.
#[derive(Clone, Debug)]
pub(crate) struct PathPattern {
    glob: GlobMatcher,
}

impl PathPattern {
    /// Of its text; an error is in words.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(plain(text)).literal_separator(true).build();
        Ok(Self { glob: glob.map_err(|error| error.kind().to_string())?.compile_matcher() })
    }

    fn matches(&self, file: &str, root: &Path) -> bool {
        let below = Path::new(file).strip_prefix(root);
        self.glob.is_match(plain(file)) || below.is_ok_and(|below| self.glob.is_match(below))
    }
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.glob.glob() == other.glob.glob()
    }
}

fn plain(path: &str) -> &str {
    path.trim_start_matches("./")
}

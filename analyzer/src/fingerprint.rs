//! The identity of a bug across runs, machines and edits elsewhere in the file.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use lockhound_trace::{Mode, ObjectId, SiteId, SourcePlace, Tables, ThreadId};
use xxhash_rust::xxh3::Xxh3;

use crate::finding::Rule;

/// Identifies one bug across runs. Made of names, kinds and files, never of line numbers, thread ids or addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(u64);

/// One thread's part in a circle of locks that several runs show together: what it asks for, and what it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CirclePart<'a> {
    /// How the lock is asked for.
    pub mode: Mode,
    /// The lock asked for, as [`identity`] has it.
    pub wanted: &'a str,
    /// Where.
    pub site: Option<&'a str>,
    /// The lock held that another thread of the circle asks for.
    pub held: &'a str,
}

impl Fingerprint {
    /// The identity of a circle of locks: the same as if one run had shown it.
    #[must_use]
    pub fn of_lock_circle<'a>(rule: Rule, parts: impl IntoIterator<Item = CirclePart<'a>>) -> Self {
        let text = |of: CirclePart<'_>| part(asking(of.mode), of.wanted, of.site, &[of.held.to_owned()]);
        Self::of_parts(rule, &mut parts.into_iter().map(text).collect::<Vec<_>>())
    }

    /// Sorts `parts`.
    fn of_parts(rule: Rule, parts: &mut [String]) -> Self {
        parts.sort_unstable();
        let mut hash = Xxh3::new();
        hash.update(rule.name().as_bytes());
        for part in parts {
            hash.update(&[0x1d]);
            hash.update(part.as_bytes());
        }
        Self(hash.digest())
    }
}

/// What asking for a lock is called here.
pub(crate) const fn asking(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "acquire",
        Mode::Read => "acquire read",
        Mode::Upgrade => "acquire upgrade",
    }
}

fn part(op: &str, object: &str, site: Option<&str>, held: &[String]) -> String {
    let file = site.map_or("", file_of);
    format!("{op}\u{1f}{object}\u{1f}{file}\u{1f}{}", held.join("\u{1e}"))
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ParseIntError;

    /// Reads what `Display` writes, as users copy it from a report.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Collects what makes a bug the same bug. Parts that may come in any order are sorted, so that a cycle of locks has
/// one fingerprint wherever it is entered.
#[derive(Debug)]
pub(crate) struct FingerprintBuilder<'a> {
    tables: &'a Tables,
    rule: Rule,
    parts: Vec<String>,
}

impl<'a> FingerprintBuilder<'a> {
    pub(crate) fn new(tables: &'a Tables, rule: Rule) -> Self {
        Self { tables, rule, parts: Vec::new() }
    }

    /// One participant: what it does, to which object, in which file, holding what.
    pub(crate) fn part(
        &mut self,
        op: &str,
        object: Option<ObjectId>,
        site: Option<SiteId>,
        holds: impl IntoIterator<Item = ObjectId>,
    ) -> &mut Self {
        let mut held: Vec<String> = holds.into_iter().map(|lock| self.object(lock)).collect();
        held.sort_unstable();
        let object = object.map_or_else(String::new, |object| self.object(object));
        let site = site.map(|site| self.tables.site(site));
        self.parts.push(part(op, &object, site, &held));
        self
    }

    /// One participant: what it does to which thread, in which file. A thread is known by its name.
    pub(crate) fn thread(&mut self, op: &str, of: ThreadId, site: Option<SiteId>) -> &mut Self {
        let name = self.tables.thread(of).name.as_deref().unwrap_or_default();
        let site = site.map(|site| self.tables.site(site));
        self.parts.push(part(op, &format!("thread {name}"), site, &[]));
        self
    }

    pub(crate) fn finish(&mut self) -> Fingerprint {
        Fingerprint::of_parts(self.rule, &mut self.parts)
    }

    fn object(&self, id: ObjectId) -> String {
        identity(self.tables, id)
    }
}

/// What makes an object the same in every run and after edits elsewhere in the file: its name. Without one, it is known
/// by its kind and type, the file that creates it, and which of that file's creation sites of that kind it comes from.
/// Time is linear in the objects of the trace.
#[must_use]
pub fn identity(tables: &Tables, id: ObjectId) -> String {
    let object = tables.object(id);
    let kind = object.kind.name();
    if let Some(name) = &object.name {
        return format!("{kind} {name}");
    }
    let type_name = object.type_name.as_deref().unwrap_or_default();
    match object.at {
        Some(at) => {
            format!("{kind} {type_name} {} #{}", file_of(tables.site(at)), rank_in_file(tables, kind, at))
        }
        None => format!("{kind} {type_name} {}", object.id),
    }
}

/// How many creation sites of the same kind stand before `at` in its file.
fn rank_in_file(tables: &Tables, kind: &str, at: SiteId) -> usize {
    let Some(here) = SourcePlace::parse(tables.site(at)) else { return 0 };
    let is_before =
        |other: SourcePlace<'_>| other.file == here.file && (other.line, other.column) < (here.line, here.column);
    let alike = tables.objects().iter().filter(|object| object.kind.name() == kind);
    let mut before: Vec<SiteId> = alike
        .filter_map(|object| object.at)
        .filter(|&other| SourcePlace::parse(tables.site(other)).is_some_and(is_before))
        .collect();
    before.sort_unstable();
    before.dedup();
    before.len()
}

/// Nothing of a site that is no place in a file: it may hold anything.
fn file_of(site: &str) -> &str {
    SourcePlace::parse(site).map_or("", |place| place.file)
}

//! What the file says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::ValueEnum;
use lockhound_analyzer::{DeclaredOrder, NamePattern};
use lockhound_report::{Rule, Severity};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::date::{self, Date};
use super::find::Location;
use super::orders;
use super::shape::{PathPattern, Shape};
use super::toml_text::{Text, Wrong, entries, lines};
use crate::args::{ConfigArgs, FailOn};

/// The digits of an id that tell it from all others, as reports show it.
pub(super) const LEAST_DIGITS: usize = 8;
/// The digits of a whole one.
pub(super) const DIGITS: usize = 16;

/// What the team has decided; nothing, where there is no file.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Config {
    /// What reports call the file; none if there is none.
    pub(super) name: Option<String>,
    /// Its folder.
    pub(super) root: PathBuf,
    pub(super) allowed: Vec<Allow>,
    /// By rule: how bad it is here, and the line that says so.
    pub(super) levels: BTreeMap<Rule, (Level, usize)>,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) orders: Arc<[DeclaredOrder]>,
}

/// A finding, or a kind of them, that is accepted.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Allow {
    pub(super) line: usize,
    pub(super) shape: Shape,
    pub(super) reason: String,
    /// From that day on it is not accepted any more.
    pub(super) expires: Option<Date>,
}

/// How bad the findings of a rule are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    /// So bad, however sure they are.
    Severity(Severity),
    /// Nobody wants to know.
    Off,
}

impl Config {
    /// The file that `args` name, or that applies to the folder `start`; if there is none, nothing is decided.
    ///
    /// # Errors
    /// If it cannot be read, or is wrong: then with line and column.
    pub(crate) fn load(args: &ConfigArgs, start: &Path) -> anyhow::Result<Self> {
        let user = std::env::current_dir().context("could not find the current folder")?;
        match Location::find(args, start, &user) {
            None => Ok(Self::default()),
            Some(location) => {
                let text = std::fs::read_to_string(&location.path)
                    .with_context(|| format!("{}: could not read", location.shown))?;
                Ok(Self::parse(&location, &text)?)
            }
        }
    }

    /// The same for the current folder.
    pub(crate) fn here(args: &ConfigArgs) -> anyhow::Result<Self> {
        Self::load(args, &std::env::current_dir().context("could not find the current folder")?)
    }

    /// Takes time linear in the text, but for `[order]`: there, quadratic in the number of names.
    pub(crate) fn parse(location: &Location, text: &str) -> Result<Self, Wrong> {
        let lines = lines(text);
        let text = Text::new(&location.shown, text, &lines);
        let root = location.path.parent().unwrap_or(Path::new("")).to_owned();
        let mut config = Self { name: Some(location.name.clone()), root, ..Self::default() };
        for (key, value) in entries(text.parse()?.get_ref()) {
            match key.get_ref().as_ref() {
                "allow" => config.allowed = allowed(text, value)?,
                "fail" => (config.levels, config.fail_on) = levels(text, value)?,
                "order" => {
                    let table = text.table(value, "a table of lists of locks, `[order]`")?;
                    config.orders = orders::read(text, table, |line| format!("{}:{line}", location.name))?.into();
                }
                _ => return Err(text.unknown(key, "key", &["allow", "fail", "order"])),
            }
        }
        Ok(config)
    }

    /// Where a line of it is, as reports show it.
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.name.as_deref().unwrap_or_default())
    }
}

fn allowed(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<Allow>, Wrong> {
    let expected = "entries, each under `[[allow]]`";
    let DeValue::Array(array) = value.get_ref() else {
        return Err(text.expected(value.span(), expected, value.get_ref()));
    };
    let mut entries: Vec<Allow> = Vec::with_capacity(array.len());
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for item in array.iter() {
        let entry = allow(text, item.span().start, text.table(item, expected)?)?;
        let same = match &entry.shape {
            Shape { id: Some(id), rule: None, path: None, objects } if objects.is_empty() => {
                ids.insert(id.clone(), entry.line)
            }
            shape if shape.id.is_none() => entries.iter().find(|other| other.shape == *shape).map(|other| other.line),
            _ => None,
        };
        if let Some(line) = same {
            return Err(
                text.wrong(item.span(), format!("this accepts the same as line {line}: expected each entry once"))
            );
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn allow(text: Text<'_>, start: usize, table: &DeTable<'_>) -> Result<Allow, Wrong> {
    let mut shape = Shape::default();
    let (mut reason, mut expires) = (None, None);
    for (key, value) in entries(table) {
        match key.get_ref().as_ref() {
            "id" => shape.id = Some(id(text, value)?),
            "rule" => shape.rule = Some(rule(text, value)?),
            "objects" => shape.objects = objects(text, value)?,
            "path" => shape.path = Some(path(text, value)?),
            "reason" => reason = Some(text.string(value, "why this is accepted")?.to_owned()),
            "expires" => expires = Some(day(text, value)?),
            _ => {
                let known = ["id", "rule", "objects", "path", "reason", "expires"];
                return Err(text.unknown(key, "key of an entry", &known));
            }
        }
    }
    let missing = |message: &str| text.wrong(start..start, message);
    if shape.is_empty() {
        return Err(missing(
            "this entry accepts nothing: expected `id`, or one or more of `rule`, `objects` and `path`",
        ));
    }
    let reason = reason.ok_or_else(|| missing("this entry has no `reason`: expected why this is accepted"))?;
    Ok(Allow { line: text.line(start), shape, reason, expires })
}

fn id(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<String, Wrong> {
    let expected = "an id as reports show it, like \"7f3a91c2\"";
    let id = text.string(value, expected)?;
    parse_id(id).map_err(|error| text.wrong(value.span(), error))
}

/// In small letters; an error is in words.
pub(crate) fn parse_id(id: &str) -> Result<String, String> {
    let is_id = (LEAST_DIGITS..=DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wrong =
        || format!("`{id}` is no id: expected {LEAST_DIGITS} to {DIGITS} digits 0-9 and a-f, as reports show them");
    is_id.then(|| id.to_ascii_lowercase()).ok_or_else(wrong)
}

fn rule(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<Rule, Wrong> {
    let name = text.string(value, "the name of a rule, like \"data-race\"")?;
    rule_named(name)
        .ok_or_else(|| text.unknown(&Spanned::new(value.span(), name.into()), "rule", &Rule::ALL.map(Rule::name)))
}

fn rule_named(name: &str) -> Option<Rule> {
    Rule::ALL.into_iter().find(|rule| rule.name() == name)
}

fn objects(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<NamePattern>, Wrong> {
    let names = text.strings(value, "names in a list, like [\"accounts\", \"audit\"]")?.into_iter();
    let pattern = |(name, span): (&str, _)| {
        NamePattern::new(name).map_err(|error| text.wrong(span, format!("`{name}` is no name and no glob: {error}")))
    };
    names.map(pattern).collect()
}

fn path(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<PathPattern, Wrong> {
    let glob = text.string(value, "a glob for files, like \"tests/**\"")?;
    PathPattern::new(glob).map_err(|error| text.wrong(value.span(), format!("`{glob}` is no glob for files: {error}")))
}

fn day(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<Date, Wrong> {
    let expected = "a day without quotes, like 2027-01-31";
    match value.get_ref() {
        DeValue::Datetime(moment) => date::parse(&moment.to_string()).map_err(|error| text.wrong(value.span(), error)),
        other => Err(text.expected(value.span(), expected, other)),
    }
}

type Levels = BTreeMap<Rule, (Level, usize)>;

fn levels(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<(Levels, Option<FailOn>), Wrong> {
    let mut levels = Levels::new();
    let mut fail_on = None;
    for (key, value) in entries(text.table(value, "a table of rules, `[fail]`")?) {
        match key.get_ref().as_ref() {
            "fail-on" => fail_on = Some(chosen(text, value)?),
            name => {
                let Some(rule) = rule_named(name) else {
                    let known: Vec<&str> = Rule::ALL.map(Rule::name).into_iter().chain(["fail-on"]).collect();
                    return Err(text.unknown(key, "rule", &known));
                };
                levels.insert(rule, (level(text, value)?, text.line(key.span().start)));
            }
        }
    }
    Ok((levels, fail_on))
}

fn level(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<Level, Wrong> {
    let expected = "\"error\", \"warning\", \"note\" or \"off\"";
    match text.string(value, expected)? {
        "error" => Ok(Level::Severity(Severity::Error)),
        "warning" => Ok(Level::Severity(Severity::Warning)),
        "note" => Ok(Level::Severity(Severity::Note)),
        "off" => Ok(Level::Off),
        other => Err(text.wrong(value.span(), format!("`{other}` is no level: expected {expected}"))),
    }
}

fn chosen(text: Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<FailOn, Wrong> {
    let expected = "\"observed\", \"feasible\", \"possible\" or \"note\"";
    let name = text.string(value, expected)?;
    FailOn::from_str(name, false).map_err(|_| {
        text.wrong(value.span(), format!("`{name}` says nothing of how sure a finding is: expected {expected}"))
    })
}

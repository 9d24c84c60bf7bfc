//! `[order]`: the team's hierarchy of locks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use lockhound_analyzer::{DeclaredOrder, NamePattern};
use lockhound_trace::{Object, ObjectId, ObjectKind, Tables};
use toml::de::DeTable;

use super::read::Config;
use super::toml_text::{Text, Wrong, entries};
use crate::names;

const EXPECTED: &str = "names of locks in a list, outermost first, like [\"accounts\", \"audit\"]";

impl Config {
    /// A warning for each name in `[order]` that no lock in these traces bears: its order is not watched.
    pub(crate) fn unknown_locks<'a>(&self, traces: impl IntoIterator<Item = &'a Tables>) -> Vec<String> {
        if self.orders.is_empty() {
            return Vec::new();
        }
        let is_lock = |object: &&Object| matches!(object.kind, ObjectKind::Mutex { .. } | ObjectKind::RwLock { .. });
        let labels = |tables: &'a Tables| {
            let ids = (0..tables.objects().len()).map(ObjectId::from_index);
            ids.filter(move |&id| is_lock(&tables.object(id))).map(move |id| tables.object_label(id))
        };
        let known: BTreeSet<String> = traces.into_iter().flat_map(labels).collect();
        let mut warnings = Vec::new();
        for order in self.orders.iter() {
            for pattern in order.locks.iter().filter(|pattern| !known.iter().any(|name| pattern.matches(name))) {
                let what = match names::closest(pattern.text(), known.iter().map(String::as_str)).as_slice() {
                    [] => "one without a name goes by its kind and place, like `mutex src/bank.rs:6:54`".to_owned(),
                    closest => format!("did you mean {}?", names::list(closest, "or")),
                };
                let (place, name, order) = (&order.place, pattern.text(), &order.name);
                warnings.push(format!("{place}: no recorded lock is called `{name}`, which `{order}` lists: {what}"));
            }
        }
        warnings
    }
}

/// Reads the lists, each under its name. `place` says where a line is, for reports.
pub(super) fn read(
    text: Text<'_>,
    table: &DeTable<'_>,
    place: impl Fn(usize) -> String,
) -> Result<Vec<DeclaredOrder>, Wrong> {
    let mut orders = Vec::new();
    let mut lists = Vec::new();
    for (key, value) in entries(table) {
        let names = text.strings(value, EXPECTED)?;
        if names.len() < 2 {
            return Err(text.wrong(value.span(), "one lock has no order: expected at least two"));
        }
        let mut seen = BTreeSet::new();
        let mut locks = Vec::with_capacity(names.len());
        for (name, span) in &names {
            if !seen.insert(*name) {
                return Err(
                    text.wrong(span.clone(), format!("`{name}` is in this list already: expected each lock once"))
                );
            }
            locks.push(
                NamePattern::new(name)
                    .map_err(|error| text.wrong(span.clone(), format!("`{name}` is no name and no glob: {error}")))?,
            );
        }
        orders.push(DeclaredOrder {
            name: key.get_ref().to_string(),
            place: place(text.line(key.span().start)),
            locks,
        });
        lists.push(names);
    }
    consistent(text, &orders, &lists)?;
    Ok(orders)
}

/// What comes directly after a name, and which list says so.
type After<'a> = BTreeMap<&'a str, Vec<(&'a str, &'a DeclaredOrder)>>;

/// Checks that no lists together go in a circle, which no program could keep. A pattern stands for the names that are
/// written in any list, and for itself.
fn consistent(text: Text<'_>, orders: &[DeclaredOrder], lists: &[Vec<(&str, Range<usize>)>]) -> Result<(), Wrong> {
    let names: BTreeSet<&str> = lists.iter().flatten().map(|(name, _)| *name).collect();
    let mut after = After::new();
    for (order, list) in orders.iter().zip(lists) {
        let mut ranked: Vec<Vec<&str>> = vec![Vec::new(); list.len()];
        for &name in &names {
            if let Some(rank) = order.rank(name) {
                ranked[rank].push(name);
            }
        }
        for (rank, pair) in ranked.windows(2).enumerate() {
            for &outer in &pair[0] {
                for &inner in &pair[1] {
                    if let Some(path) = path(&after, inner, outer) {
                        let (_, span) = &list[rank + 1];
                        return Err(text.wrong(span.clone(), contradiction(outer, inner, &path)));
                    }
                }
            }
        }
        for pair in ranked.windows(2) {
            for &outer in &pair[0] {
                after.entry(outer).or_default().extend(pair[1].iter().map(|&inner| (inner, order)));
            }
        }
    }
    Ok(())
}

/// How `from` comes before `to` by what is known so far: the names on the way after the first, with who says so.
fn path<'a>(after: &After<'a>, from: &'a str, to: &str) -> Option<Vec<(&'a str, &'a DeclaredOrder)>> {
    let mut reached: BTreeMap<&str, Option<(&'a str, &'a DeclaredOrder)>> = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(name) = queue.pop_front() {
        if name == to {
            let mut path = Vec::new();
            let mut last = name;
            while let Some((before, order)) = reached[last] {
                path.push((last, order));
                last = before;
            }
            path.reverse();
            return Some(path);
        }
        for &(next, order) in after.get(name).into_iter().flatten() {
            if !reached.contains_key(next) {
                reached.insert(next, Some((name, order)));
                queue.push_back(next);
            }
        }
    }
    None
}

fn contradiction(outer: &str, inner: &str, path: &[(&str, &DeclaredOrder)]) -> String {
    let chain: Vec<String> = path.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut says: Vec<String> = path.iter().map(|(_, order)| format!("`{}` ({})", order.name, order.place)).collect();
    says.dedup();
    format!(
        "`{inner}` comes after `{outer}` here, but before it by {}: `{inner}`, {}. Expected orders that a program can keep \
         together",
        says.join(" and "),
        chain.join(", ")
    )
}

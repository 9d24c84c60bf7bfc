//! `[order]`: the team's hierarchy of locks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use lockhound_analyzer::{DeclaredOrder, NamePattern};
use toml::de::DeTable;

use super::toml_text::{Text, Wrong, entries};

const EXPECTED: &str = "names of locks in a list, outermost first, like [\"accounts\", \"audit\"]";

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

//! Every public item of std is in the table, and is here what the table says.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::rustdoc::Documentation;
use super::table::{Here, Row, rows};

pub(crate) static STD: LazyLock<Documentation> = LazyLock::new(|| Documentation::of("std"));
static HERE: LazyLock<Documentation> = LazyLock::new(|| Documentation::of("lockhound"));

#[test]
fn the_table_lists_every_item_of_std_once() {
    let line =
        |path: &str, kind: &str, stable| format!("{path} | {kind} | {}", if stable { "stable" } else { "unstable" });
    let listed: Vec<_> = rows().into_iter().filter(|row| !row.is_member()).collect();
    let in_table: BTreeSet<_> = listed.iter().map(|row| line(&row.path, &row.kind, row.stable)).collect();
    let in_std: BTreeSet<_> = STD.items.iter().map(|(path, item)| line(path, &item.kind, item.stable)).collect();
    let missing = in_std.difference(&in_table).map(String::as_str).collect::<Vec<_>>().join("\n");
    let gone = in_table.difference(&in_std).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(missing.is_empty(), "of std, but not in std-items.txt:\n{missing}");
    assert!(gone.is_empty(), "in std-items.txt, but not so in std:\n{gone}");
    assert_eq!(in_table.len(), listed.len(), "an item is listed twice");
    assert!(listed.is_sorted_by_key(|row| &row.path), "std-items.txt is not sorted");
}

#[test]
fn every_item_is_here_what_the_table_says() {
    let mut wrong = Vec::new();
    for row in rows().into_iter().filter(|row| !row.is_member() && row.kind != "mod") {
        let Some(item) = HERE.items.get(&row.path) else {
            wrong.push(format!("{} is absent", row.path));
            continue;
        };
        let replaced = row.here == Here::Recorded && cfg!(feature = "record");
        if item.page.of_std == replaced {
            wrong.push(format!(
                "{} is {}std's own, but {:?} in the table",
                row.path,
                if replaced { "" } else { "not " },
                row.here
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn whatever_is_not_supported_has_a_reason() {
    let silent: Vec<_> =
        rows().into_iter().filter(|row| row.here == Here::Unsupported && row.note.is_empty()).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
#[cfg_attr(not(feature = "record"), ignore = "without the feature `record` the types are std's own")]
fn a_recorded_type_has_every_stable_member_of_stds() {
    let (members, items): (Vec<_>, Vec<_>) = rows().into_iter().partition(Row::is_member);
    let excused: BTreeSet<_> = members.into_iter().map(|row| row.path).collect();
    let mut missing = BTreeSet::new();
    for row in items.iter().filter(|row| row.here == Here::Recorded) {
        let (Some(std), Some(here)) = (STD.items.get(&row.path), HERE.items.get(&row.path)) else { continue };
        let stable = std.page.members.iter().filter(|(_, stable)| **stable).map(|(member, _)| member);
        missing.extend(
            stable
                .filter(|member| !here.page.members.contains_key(*member))
                .map(|member| format!("{}::{member}", row.path)),
        );
    }
    let lost: Vec<_> = missing.difference(&excused).collect();
    let found: Vec<_> = excused.difference(&missing).collect();
    assert!(lost.is_empty() && found.is_empty(), "missing: {lost:#?}\nlisted as missing, but not: {found:#?}");
}

#[test]
fn rustdoc_tells_of_members() {
    let mutex = &STD.items["sync::Mutex"].page.members;
    assert_eq!(mutex.get("lock"), Some(&true));
    assert_eq!(mutex.get("data_ptr"), Some(&false));
    assert_eq!(mutex.get("impl From<T>"), Some(&true));
    assert_eq!(mutex.get("fmt"), None, "what it does, but not its own");
    assert_eq!(mutex.get("borrow"), None, "of a blanket implementation");
}

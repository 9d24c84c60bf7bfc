//! The table of std's items: `instrument/std-items.txt`.

/// What has become of an item of std.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Here {
    /// A recorded item of the same name takes its place when the feature is on.
    Recorded,
    /// It is std's own, and there is nothing about it to record.
    Passed,
    /// It is std's own, or absent, though there would be something to record.
    Unsupported,
}

/// A line of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// Of a member, with its type: `sync::Mutex::lock`, `sync::Mutex::impl Debug`.
    pub(crate) path: String,
    /// Rustdoc's word for an item; `member` for a method or an implementation of a recorded type.
    pub(crate) kind: String,
    pub(crate) stable: bool,
    pub(crate) here: Here,
    /// Why it is not recorded.
    pub(crate) note: String,
}

impl Row {
    pub(crate) fn is_member(&self) -> bool {
        self.kind == "member"
    }
}

/// The whole table, in its order.
pub(crate) fn rows() -> Vec<Row> {
    let text = include_str!("../../std-items.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            row(line).unwrap_or_else(|| panic!("std-items.txt: not `path | kind | stability | here | note`: {line}"))
        })
        .collect()
}

fn row(line: &str) -> Option<Row> {
    let mut columns = line.split('|').map(str::trim);
    let (path, kind) = (columns.next()?.to_owned(), columns.next()?.to_owned());
    let stable = match columns.next()? {
        "stable" => true,
        "unstable" => false,
        _ => return None,
    };
    let here = match columns.next()? {
        "recorded" => Here::Recorded,
        "passed" => Here::Passed,
        "unsupported" => Here::Unsupported,
        _ => return None,
    };
    Some(Row { path, kind, stable, here, note: columns.next().unwrap_or_default().to_owned() })
}

//! Traces in a notation short enough to be read in a test.
//!
//! One event or declaration a line: `T1 read x value=5 at=a.rs:3:9` is
//! `{"t":"T1","op":"read","obj":"x","value":5,"at":"a.rs:3:9"}`, `channel c capacity=2` is
//! `{"object":"c","kind":"channel","capacity":2}`, and `thread T1 name=甲` names a thread. The operand of `spawn` and
//! `join` is a thread. Everything goes through the reader of the JSON Lines format.

use std::io::Cursor;
use std::path::Path;

use lockhound_trace::JsonLinesReader;
use serde_json::{Map, Value, json};

const KINDS: [&str; 11] =
    ["mutex", "rwlock", "condvar", "semaphore", "barrier", "channel", "flag", "waitgroup", "once", "var", "atomic"];

/// The script as a trace to be read.
pub(crate) fn read(script: &str) -> JsonLinesReader<Cursor<Vec<u8>>> {
    let mut text = json!({"lockhound": 1}).to_string();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push('\n');
        text.push_str(&object(line).to_string());
    }
    JsonLinesReader::new(Cursor::new(text.into_bytes()), Path::new("script"), 0)
}

fn object(line: &str) -> Value {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("a word is missing in `{line}`"));
    let mut object = Map::new();
    let first = next();
    let mut add = |key: &str, value: &str| object.insert(key.to_owned(), value.into());
    if KINDS.contains(&first) {
        add("kind", first);
        add("object", next());
    } else if first == "thread" {
        add("thread", next());
    } else {
        add("t", first);
        let op = next();
        add("op", op);
    }
    let op = object.get("op").cloned().unwrap_or_default();
    for word in words {
        match word.split_once('=') {
            Some((key, value)) => {
                let text = matches!(key, "at" | "name" | "msg");
                let value = if text { None } else { serde_json::from_str(value).ok() }.unwrap_or_else(|| value.into());
                object.insert(key.to_owned(), value);
            }
            None => {
                let key = if op == "spawn" || op == "join" { "child" } else { "obj" };
                object.insert(key.to_owned(), word.into());
            }
        }
    }
    Value::Object(object)
}

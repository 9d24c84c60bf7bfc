//! What the file says, what it does to a report, and how it is changed.

mod apply;
mod edit;
mod read;

use std::path::PathBuf;

use lockhound_report::Finding;
use serde_json::json;

use super::{Config, Location};

fn location() -> Location {
    Location {
        path: PathBuf::from("/work/lockhound.toml"),
        shown: "../lockhound.toml".to_owned(),
        name: "lockhound.toml".to_owned(),
    }
}

fn config(text: &str) -> Config {
    Config::parse(&location(), text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A finding about objects, at places.
fn finding(fingerprint: &str, rule: &str, objects: &[&str], places: &[&str]) -> Finding {
    let steps: Vec<_> = places
        .iter()
        .map(|at| json!({"thread": "T0", "op": "acquire", "object": null, "at": at, "event": 0, "holds": [], "stack": []}))
        .collect();
    let names: Vec<_> = objects.iter().map(|name| json!({"id": name, "name": name, "kind": "mutex"})).collect();
    serde_json::from_value(json!({
        "rule": rule, "evidence": "observed", "severity": "error", "fingerprint": fingerprint, "trace": 0,
        "message": "what is wrong", "pattern": null, "region": null, "threads": ["T0"], "objects": objects,
        "object_names": names, "steps": steps, "witness": [], "occurrences": 1,
    }))
    .unwrap()
}

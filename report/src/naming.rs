//! Names for what the program did not name for us, from its text.

use std::borrow::Cow;

use crate::binding;
use crate::document::{Finding, ObjectName, Step};
use crate::listing::Listings;
use crate::replay::{Replay, Row, Standing};
use crate::site::Site;
use crate::timeline::{Lane, Timeline};

/// What a report calls an object by its kind and place, and what the program calls it.
struct Renaming<'f> {
    /// `ACCOUNTS`
    name: String,
    /// It is called `mutex src/bank.rs:6:54` so far.
    object: &'f ObjectName,
}

/// `finding` with objects called as the program text calls them where they are made, if it can be read; a note says where
/// that is, and where threads without a name were started. Objects that have names keep them, and so do those that the text calls alike.
pub(crate) fn named<'f>(finding: &'f Finding, listings: &Listings<'_>, cwd: Option<&str>) -> Cow<'f, Finding> {
    let mut renamings: Vec<Renaming<'_>> =
        finding.object_names.iter().filter_map(|object| renaming(object, listings, cwd)).collect();
    let names: Vec<String> = renamings.iter().map(|renaming| renaming.name.clone()).collect();
    let taken = |name: &String| {
        names.iter().filter(|other| *other == name).count() > 1
            || finding.object_names.iter().any(|object| object.name == *name)
            || finding.thread_names.iter().any(|thread| thread.name == *name)
    };
    renamings.retain(|renaming| !taken(&renaming.name));
    let origins = origins(finding, &renamings);
    if origins.is_empty() {
        return Cow::Borrowed(finding);
    }
    let mut finding = finding.clone();
    for Renaming { name, object: ObjectName { name: label, .. } } in &renamings {
        rename(&mut finding, &format!("`{label}`"), &format!("`{name}`"));
        for object in finding.object_names.iter_mut().filter(|object| object.name == *label) {
            object.name.clone_from(name);
        }
    }
    finding.notes.push(origins.join(", "));
    Cow::Owned(finding)
}

/// Where that comes from what the program gave no names: a name found in its text, or the id of a thread, tells too little.
fn origins(finding: &Finding, renamings: &[Renaming<'_>]) -> Vec<String> {
    let mut places: Vec<(&str, &str, Vec<String>)> = Vec::new();
    let objects = renamings.iter().filter_map(|Renaming { name, object }| {
        Some((object.kind.as_str(), object.at.as_deref()?, format!("`{name}`")))
    });
    let unnamed = finding.thread_names.iter().filter(|thread| thread.name == thread.id);
    let threads = unnamed.filter_map(|thread| Some(("thread", thread.at.as_deref()?, format!("`{}`", thread.name))));
    for (kind, at, name) in objects.chain(threads) {
        match places.iter_mut().find(|(of, other, _)| (*of, *other) == (kind, at)) {
            Some((.., names)) => names.push(name),
            None => places.push((kind, at, vec![name])),
        }
    }
    let told = places.into_iter().map(|(kind, at, mut names)| {
        let made = if kind == "thread" { "started" } else { "made" };
        let last = names.pop().unwrap_or_default();
        match names.is_empty() {
            true => format!("{last} is the {kind} {made} at {at}"),
            false => format!("{} and {last} are {made} at {at}", names.join(", ")),
        }
    });
    told.collect()
}

fn renaming<'f>(object: &'f ObjectName, listings: &Listings<'_>, cwd: Option<&str>) -> Option<Renaming<'f>> {
    let at = object.at.as_deref()?;
    // One of several that are made in one place has a number behind it.
    let number = object.name.strip_prefix(&format!("{} {at}", object.kind))?;
    let Site::Code { file, line, column } = Site::parse(at) else { return None };
    let listing = listings.of(file, cwd)?;
    let text = listing.lines(line.saturating_sub(binding::LINES).max(1), line)?;
    let last = text.rfind('\n').map_or(0, |end| end + 1);
    let (offset, _) = text[last..].char_indices().nth(column - 1)?;
    let name = format!("{}{number}", binding::name(&text[..last + offset])?);
    Some(Renaming { name, object })
}

fn rename(finding: &mut Finding, label: &str, name: &str) {
    let Finding { message, notes, help, steps, .. } = finding;
    let of_steps = steps.iter_mut().flat_map(|step| {
        let Step { label, story, holds, marks, .. } = step;
        let holds = holds.iter_mut().map(|hold| &mut hold.label);
        let marks = marks.iter_mut().map(|mark| &mut mark.label);
        [label, story].into_iter().chain(holds).chain(marks)
    });
    let of_replay = finding.replay.iter_mut().flat_map(|Replay { rows, end, .. }| {
        let of_rows = rows.iter_mut().flat_map(|Row { text, assumes, after, .. }| {
            let of_after = after
                .iter_mut()
                .flat_map(|Standing { holds, waits, knows, .. }| holds.iter_mut().chain(waits).chain(knows));
            [text].into_iter().chain(assumes).chain(of_after)
        });
        of_rows.chain([end])
    });
    let of_timeline = finding.timeline.iter_mut().flat_map(|Timeline { lanes, locks, .. }| {
        let of_lanes = lanes.iter_mut().flat_map(|Lane { spans, marks, .. }| {
            spans.iter_mut().map(|span| &mut span.text).chain(marks.iter_mut().map(|(_, text)| text))
        });
        of_lanes.chain(locks.iter_mut().map(|lock| &mut lock.name))
    });
    let texts = [message].into_iter().chain(notes).chain(help).chain(of_steps).chain(of_replay).chain(of_timeline);
    for text in texts {
        if text.contains(label) {
            *text = text.replace(label, name);
        } else if let Some(rest) = text.strip_prefix(bare(label)).filter(|rest| matches!(*rest, "" | " (read)")) {
            // A lane of the timeline or a lock held is called by its name alone.
            *text = format!("{}{rest}", bare(name));
        }
    }
}

fn bare(quoted: &str) -> &str {
    quoted.trim_matches('`')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::samples;
    use crate::sources::Sources;

    use super::*;

    struct Text(&'static str);

    impl Sources for Text {
        fn text(&self, _: &str, _: Option<&str>) -> Option<Arc<str>> {
            Some(self.0.into())
        }
    }

    /// The sample, its locks made in these places without a name.
    fn unnamed(places: [&str; 2]) -> Finding {
        let mut finding = samples::potential_deadlock().findings.remove(0);
        for (index, at) in places.into_iter().enumerate() {
            let (name, label) = (finding.object_names[index].name.clone(), format!("mutex {at}"));
            rename(&mut finding, &format!("`{name}`"), &format!("`{label}`"));
            finding.object_names[index].name = label;
            finding.object_names[index].at = Some(at.to_owned());
        }
        finding
    }

    fn named_in(finding: &Finding, text: &'static str) -> Finding {
        let sources = Text(text);
        named(finding, &Listings::new(&sources), None).into_owned()
    }

    #[test]
    fn locks_are_called_as_in_the_program() {
        let text = "static A: Mutex<u8> = Mutex::new(1);\nlet b = Arc::new(\n    Mutex::new(2));\n";
        let finding = named_in(&unnamed(["a.rs:1:23", "a.rs:3:5"]), text);
        assert_eq!(finding.message, "`A` and `b` are locked in opposite orders");
        assert_eq!(finding.steps[0].label, "and locks `b`");
        assert_eq!(finding.object_names[1].name, "b");
        let row = finding.replay.as_ref().unwrap().rows.last().unwrap();
        assert_eq!(
            (row.after[0].holds[0].as_str(), row.after[0].waits.as_deref()),
            ("b", Some("`A`, which `worker-3` holds"))
        );
        assert_eq!(finding.timeline.as_ref().unwrap().locks[1].name, "b");
        let note = "`A` is the mutex made at a.rs:1:23, `b` is the mutex made at a.rs:3:5";
        assert_eq!(finding.notes.last().unwrap(), note);
    }

    #[test]
    fn what_the_program_calls_alike_is_told_apart_by_place() {
        let text = "A { lock: Mutex::new(1) };\nB { lock: Mutex::new(2) };\n";
        let finding = unnamed(["a.rs:1:11", "a.rs:2:11"]);
        assert_eq!(named_in(&finding, text), finding);
    }

    #[test]
    fn given_names_stay() {
        let mut finding = unnamed(["a.rs:1:9", "a.rs:9:9"]);
        finding.object_names[0].name = "given".to_owned();
        assert_eq!(named_in(&finding, "let a = Mutex::new(1);\n"), finding);
    }

    #[test]
    fn text_that_is_not_what_was_built_names_nothing() {
        let finding = unnamed(["a.rs:1:9", "a.rs:70:9"]);
        assert_eq!(named_in(&finding, "a\n"), finding);
    }
}

//! Names for what the program did not name for us, from its text.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::binding;
use crate::document::{Document, Finding, ObjectName, Step};
use crate::graph::{LockNode, LockOrderGraph};
use crate::listing::Listings;
use crate::replay::{Replay, Row, Standing};
use crate::site::Site;
use crate::sources::Sources;
use crate::timeline::{Lane, Timeline};

/// Notes what the program text calls the locks and other objects that have no name, where it can be read: from then on
/// every form of report calls them so. In JSON it stands beside the kind and place that the messages call them by.
///
/// Takes time linear in the objects that the findings speak of, and in the files that they are made in.
pub fn look_up_names(document: &mut Document, sources: &dyn Sources) {
    let listings = Listings::new(sources);
    let cwd = |run: usize| document.traces.get(run).and_then(|trace| trace.cwd.as_deref());
    for finding in &mut document.findings {
        let text = Text { listings: &listings, cwd: cwd(finding.trace) };
        for object in finding.object_names.iter_mut().filter(|object| object.called.is_none()) {
            let used = used_at(&finding.steps, &object.id);
            object.called = text.called(&object.name, &object.kind, object.at.as_deref(), used);
        }
    }
    let of_group = |group: &Option<String>| document.traces.iter().position(|trace| trace.group == *group);
    let LockOrderGraph { locks, orders } = &mut document.lock_orders;
    let mut used: Vec<Vec<&str>> = vec![Vec::new(); locks.len()];
    for order in orders.iter() {
        for (lock, at) in [(order.held, &order.held_at), (order.wanted, &order.wanted_at)] {
            used.get_mut(lock).into_iter().for_each(|used| used.extend(at.as_deref()));
        }
    }
    for (lock, used) in locks.iter_mut().zip(used).filter(|(lock, _)| lock.called.is_none()) {
        let text = Text { listings: &listings, cwd: lock.trace.or_else(|| of_group(&lock.group)).and_then(cwd) };
        lock.called = text.called(&lock.name, &lock.kind, lock.at.as_deref(), used);
    }
}

/// Where a finding's threads use an object.
fn used_at<'a>(steps: &'a [Step], id: &'a str) -> impl Iterator<Item = &'a str> {
    steps.iter().flat_map(move |step| {
        let asked = step.at.as_deref().filter(|_| step.object.as_deref() == Some(id));
        let held = step.holds.iter().filter(move |hold| hold.object == id).filter_map(|hold| hold.at.as_deref());
        asked.into_iter().chain(held)
    })
}

/// The text of a program that ran in a folder.
struct Text<'a, 's> {
    listings: &'a Listings<'s>,
    cwd: Option<&'a str>,
}

impl Text<'_, '_> {
    /// What the text calls an object that reports know by its kind and place: by what it is bound to there, else, if a
    /// derived `Default` makes it, by the one name by which it is called in all the places where it is used.
    fn called<'a>(
        &self,
        name: &str,
        kind: &str,
        at: Option<&str>,
        used: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let at = at?;
        // One of several that are made in one place has a number behind it.
        let number = name.strip_prefix(kind)?.strip_prefix(' ')?.strip_prefix(at)?;
        let bound = self.before(at, binding::name);
        let name = bound.or_else(|| {
            let mut names = used.into_iter().map(|at| self.before(at, binding::receiver));
            let first = names.next()??;
            names.all(|name| name.as_ref() == Some(&first)).then_some(first)
        });
        Some(format!("{}{number}", name?))
    }

    /// What is read from the text before a place.
    fn before(&self, at: &str, read: impl FnOnce(&str) -> Option<String>) -> Option<String> {
        let Site::Code { file, line, column } = Site::parse(at) else { return None };
        let listing = self.listings.of(file, self.cwd)?;
        let text = listing.lines(line.saturating_sub(binding::LINES).max(1), line)?;
        let last = text.rfind('\n').map_or(0, |end| end + 1);
        let (offset, _) = text[last..].char_indices().nth(column - 1)?;
        read(&text[..last + offset])
    }
}

/// What a report calls an object by its kind and place, and what the program calls it.
struct Renaming<'f> {
    /// `ACCOUNTS`
    name: &'f str,
    /// It is called `mutex src/bank.rs:6:54` so far.
    object: &'f ObjectName,
}

/// `finding` with objects called as the program text calls them ([`look_up_names`]); a note says where they are made, and
/// where threads without a name were started. Objects that have names keep them, and so do those that the text calls alike.
#[must_use]
pub fn named(finding: &Finding) -> Cow<'_, Finding> {
    let mut renamings: Vec<Renaming<'_>> = finding.object_names.iter().filter_map(Renaming::of).collect();
    let names: Vec<&str> = renamings.iter().map(|renaming| renaming.name).collect();
    let taken = |name: &str| {
        names.iter().filter(|other| **other == name).count() > 1
            || finding.object_names.iter().any(|object| object.name == name)
            || finding.thread_names.iter().any(|thread| thread.name == name)
    };
    renamings.retain(|renaming| !taken(renaming.name));
    let origins = origins(finding, &renamings);
    if origins.is_empty() {
        return Cow::Borrowed(finding);
    }
    let mut named = finding.clone();
    for Renaming { name, object: ObjectName { name: label, .. } } in &renamings {
        rename(&mut named, &format!("`{label}`"), &format!("`{name}`"));
        for object in named.object_names.iter_mut().filter(|object| object.name == *label) {
            (*name).clone_into(&mut object.name);
            object.called = None;
        }
    }
    named.notes.push(origins.join(", "));
    Cow::Owned(named)
}

impl<'f> Renaming<'f> {
    fn of(object: &'f ObjectName) -> Option<Self> {
        object.called.as_deref().map(|name| Self { name, object })
    }
}

/// The same for a drawing of lock orders.
pub(crate) fn named_locks(graph: &LockOrderGraph) -> Cow<'_, LockOrderGraph> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for lock in &graph.locks {
        *times.entry(lock.called.as_deref().unwrap_or(&lock.name)).or_default() += 1;
    }
    let once = |lock: &LockNode| lock.called.clone().filter(|name| times[name.as_str()] == 1);
    let names: Vec<Option<String>> = graph.locks.iter().map(once).collect();
    if names.iter().all(Option::is_none) {
        return Cow::Borrowed(graph);
    }
    let mut named = graph.clone();
    for (lock, name) in named.locks.iter_mut().zip(names) {
        lock.name = name.unwrap_or_else(|| std::mem::take(&mut lock.name));
    }
    Cow::Owned(named)
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

    use super::*;

    struct One(&'static str);

    impl Sources for One {
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
        let mut document = Document { findings: vec![finding.clone()], ..Document::default() };
        look_up_names(&mut document, &One(text));
        named(&document.findings[0]).into_owned()
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
        assert_eq!(named_in(&finding, text).message, finding.message);
    }

    #[test]
    fn what_a_derived_default_makes_is_called_as_where_it_is_used() {
        let mut finding = unnamed(["a.rs:1:10", "a.rs:1:10"]);
        for (object, number) in finding.object_names.iter_mut().zip(1..) {
            object.name = format!("mutex a.rs:1:10 #{number}");
        }
        finding.steps[0].at = Some("a.rs:3:17".to_owned());
        finding.steps[0].holds[0].at = Some("a.rs:2:20".to_owned());
        finding.steps[1].at = Some("a.rs:2:20".to_owned());
        finding.steps[1].holds[0].at = Some("a.rs:3:17".to_owned());
        let names =
            |text| named_in(&finding, text).object_names.into_iter().map(|object| object.name).collect::<Vec<_>>();
        let text = "#[derive(Default)]\n    let a = self.a.lock();\n    let b = b.b.lock();\n";
        assert_eq!(names(text), ["a #1", "b #2"]);
        let another = "#[derive(Default)]\n    let a = self.x.lock();\n    let b = lock(lock());\n";
        assert_eq!(names(another), ["x #1", "mutex a.rs:1:10 #2"]);
    }

    #[test]
    fn drawings_say_the_same_names() {
        let mut graph = samples::potential_deadlock().lock_orders;
        for (lock, at) in graph.locks.iter_mut().zip(["a.rs:1:9", "a.rs:2:9"]) {
            (lock.name, lock.at) = (format!("mutex {at}"), Some(at.to_owned()));
        }
        let called = |text: &'static str| {
            let mut document = Document { lock_orders: graph.clone(), ..Document::default() };
            look_up_names(&mut document, &One(text));
            named_locks(&document.lock_orders).locks.iter().map(|lock| lock.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(called("let a = Mutex::new(1);\nlet b = Mutex::new(2);\n"), ["a", "b"]);
        assert_eq!(called("let a = Mutex::new(1);\nlet a = Mutex::new(2);\n"), ["mutex a.rs:1:9", "mutex a.rs:2:9"]);
        assert_eq!(called("\nlet b = Mutex::new(2);\n"), ["mutex a.rs:1:9", "b"]);
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

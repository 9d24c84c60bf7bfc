//! Names for what the program did not name for us, from its text.

use std::borrow::Cow;

use crate::binding;
use crate::document::{Finding, ObjectName, Step};
use crate::listing::Listings;
use crate::site::Site;

/// What a report calls an object by its kind and place, and what the program calls it.
struct Renaming {
    /// `mutex src/bank.rs:6:54`
    label: String,
    /// `ACCOUNTS`
    name: String,
    /// The place in words.
    made: String,
}

/// `finding` with objects called as the program text calls them where they are made, if it can be read; a note then says
/// where that is. Objects that have names keep them, and so do those that the text calls alike.
pub(crate) fn named<'f>(finding: &'f Finding, listings: &Listings<'_>, cwd: Option<&str>) -> Cow<'f, Finding> {
    let mut renamings: Vec<Renaming> =
        finding.object_names.iter().filter_map(|object| renaming(object, listings, cwd)).collect();
    let names: Vec<String> = renamings.iter().map(|renaming| renaming.name.clone()).collect();
    let taken = |name: &String| {
        names.iter().filter(|other| *other == name).count() > 1
            || finding.object_names.iter().any(|object| object.name == *name)
            || finding.thread_names.iter().any(|thread| thread.name == *name)
    };
    renamings.retain(|renaming| !taken(&renaming.name));
    if renamings.is_empty() {
        return Cow::Borrowed(finding);
    }
    let mut finding = finding.clone();
    for Renaming { label, name, .. } in &renamings {
        rename(&mut finding, &format!("`{label}`"), &format!("`{name}`"));
        for object in finding.object_names.iter_mut().filter(|object| object.name == *label) {
            object.name.clone_from(name);
        }
    }
    let made: Vec<String> = renamings.into_iter().map(|renaming| renaming.made).collect();
    finding.notes.push(made.join(", "));
    Cow::Owned(finding)
}

fn renaming(object: &ObjectName, listings: &Listings<'_>, cwd: Option<&str>) -> Option<Renaming> {
    let at = object.at.as_deref()?;
    // One of several that are made in one place has a number behind it.
    let number = object.name.strip_prefix(&format!("{} {at}", object.kind))?;
    let Site::Code { file, line, column } = Site::parse(at) else { return None };
    let listing = listings.of(file, cwd)?;
    let text = listing.lines(line.saturating_sub(binding::LINES).max(1), line)?;
    let last = text.rfind('\n').map_or(0, |end| end + 1);
    let (offset, _) = text[last..].char_indices().nth(column - 1)?;
    let name = format!("{}{number}", binding::name(&text[..last + offset])?);
    let made = format!("`{name}` is the {} made at {at}", object.kind);
    Some(Renaming { label: object.name.clone(), name, made })
}

fn rename(finding: &mut Finding, label: &str, name: &str) {
    let Finding { message, notes, help, steps, .. } = finding;
    let of_steps = steps.iter_mut().flat_map(|step| {
        let Step { label, story, holds, marks, .. } = step;
        let holds = holds.iter_mut().map(|hold| &mut hold.label);
        let marks = marks.iter_mut().map(|mark| &mut mark.label);
        [label, story].into_iter().chain(holds).chain(marks)
    });
    for text in [message].into_iter().chain(notes).chain(help).chain(of_steps) {
        if text.contains(label) {
            *text = text.replace(label, name);
        }
    }
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

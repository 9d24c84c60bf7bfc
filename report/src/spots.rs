//! What each thread does in a finding, and where.

use std::borrow::Cow;

use lockhound_trace::one_line;

use crate::document::{Document, Finding, Hold, Step};
use crate::site::Site;

/// Something that a thread does in its part of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Spot<'a> {
    /// Where, as the trace names it.
    pub(crate) at: Option<&'a str>,
    /// When, in events of its run.
    pub(crate) event: u64,
    /// What; it may go on where the one before ended ("and waits for `b`"), and need not name the thread.
    pub(crate) label: Cow<'a, str>,
}

impl Step {
    /// What leads to the step, in order of time; then the step itself, which is what the finding is about. `name` is what
    /// objects are called, by id.
    pub(crate) fn spots<'a>(&'a self, name: impl Fn(&'a str) -> &'a str) -> Vec<Spot<'a>> {
        let spot = |at: &'a Option<String>, event, label: Cow<'a, str>| Spot { at: at.as_deref(), event, label };
        // What a foreign document says nothing of is at least named.
        let held = |hold: &'a Hold| match hold.label.as_str() {
            "" => format!("holds `{}` from here", name(&hold.object)).into(),
            label => label.into(),
        };
        let holds = self.holds.iter().map(|hold| spot(&hold.at, hold.event, held(hold)));
        let marks = self.marks.iter().map(|mark| spot(&mark.at, mark.event, mark.label.as_str().into()));
        let mut spots: Vec<Spot<'a>> = holds.chain(marks).collect();
        spots.sort_by_key(|spot| spot.event);
        let label = match (self.label.as_str(), self.object.as_deref()) {
            ("", Some(object)) => format!("{} `{}`", self.op, name(object)).into(),
            ("", None) => self.op.as_str().into(),
            (label, _) => label.into(),
        };
        spots.push(spot(&self.at, self.event, label));
        spots
    }
}

/// Tells where in the repository a file is: its path from the root, with slashes. None: not in the repository. Gets the
/// file as sites name it, and the folder that the program ran in.
pub type Locate<'a> = &'a dyn Fn(&str, Option<&str>) -> Option<String>;

/// A spot for the forms of report that quote no program text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    pub(crate) place: Option<Place>,
    /// When, in events of its run.
    pub(crate) event: u64,
    /// What happens, with who does it; one line.
    pub(crate) text: String,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// From the root of the repository where it is in it, else as the trace names it.
    pub(crate) file: String,
    /// Whether `file` is a path from the root of the repository.
    pub(crate) in_repository: bool,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// What one thread does in a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    pub(crate) thread: String,
    /// As [`Step::spots`] has them.
    pub(crate) spots: Vec<Placed>,
}

impl Part {
    /// What the finding is about.
    pub(crate) fn last(&self) -> &Placed {
        self.spots.last().expect("a part ends with the step itself")
    }
}

/// What each thread does in a finding.
pub(crate) fn parts(document: &Document, finding: &Finding, locate: Locate<'_>) -> Vec<Part> {
    let part = |step| {
        let cwd = document.traces.get(finding.run_of(step)).and_then(|trace| trace.cwd.as_deref());
        part(finding, step, &|file: &str| locate(file, cwd))
    };
    finding.steps.iter().map(part).collect()
}

/// Where the finding is shown, if it happens in files: best where it is stuck or races, in a file of the repository.
pub(crate) fn shown_at(parts: &[Part]) -> Option<&Place> {
    let spots = || parts.iter().map(Part::last).chain(parts.iter().flat_map(|part| &part.spots));
    let places = || spots().filter_map(|spot| spot.place.as_ref());
    places().find(|place| place.in_repository).or_else(|| places().next())
}

fn part(finding: &Finding, step: &Step, locate: &dyn Fn(&str) -> Option<String>) -> Part {
    let thread = one_line(finding.thread_name(&step.thread));
    let placed = |spot: Spot<'_>| {
        let text = match spot.at.map(Site::parse) {
            Some(Site::Other(at)) => format!("{}, at {at}", spot.label),
            _ => spot.label.into_owned(),
        };
        Placed {
            place: spot.at.and_then(|at| place(at, locate)),
            event: spot.event,
            text: saying_who(&thread, &one_line(&text)),
        }
    };
    let spots = step.spots(|id| finding.object_name(id)).into_iter().map(placed).collect();
    Part { thread, spots }
}

/// Labels go on where the one before ended: standing alone, they have to name their thread.
fn saying_who(thread: &str, label: &str) -> String {
    let label = label.strip_prefix("and ").unwrap_or(label);
    if label.starts_with('`') { label.to_owned() } else { format!("`{thread}` {label}") }
}

fn place(at: &str, locate: &dyn Fn(&str) -> Option<String>) -> Option<Place> {
    let Site::Code { file, line, column } = Site::parse(at) else { return None };
    let located = locate(file);
    let in_repository = located.is_some();
    Some(Place { file: located.unwrap_or_else(|| file.to_owned()), in_repository, line, column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn every_spot_says_who_and_the_step_itself_is_last() {
        let document = samples::potential_deadlock();
        let parts = parts(&document, &document.findings[0], &|file, _| Some(format!("service/{file}")));
        let texts: Vec<&str> = parts[0].spots.iter().map(|spot| spot.text.as_str()).collect();
        assert_eq!(texts, ["`worker-3` holds `accounts` from here", "`worker-3` locks `audit`"]);
        let place = Place { file: "service/src/bank.rs".to_owned(), in_repository: true, line: 5, column: 36 };
        assert_eq!(parts[0].last().place, Some(place));
    }

    #[test]
    fn a_place_outside_files_is_said_in_words() {
        let mut document = samples::potential_deadlock();
        document.findings[0].steps[0].at = Some("handler 7".to_owned());
        let parts = parts(&document, &document.findings[0], &|_, _| None);
        assert_eq!(parts[0].last().text, "`worker-3` locks `audit`, at handler 7");
        assert_eq!(parts[0].last().place, None);
        assert_eq!(parts[1].last().place.as_ref().map(|place| place.in_repository), Some(false));
    }
}

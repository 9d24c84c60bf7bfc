//! The places of a finding as plain data, for the forms of report that quote no program text.

use lockhound_trace::one_line;

use crate::document::{Document, Finding, Step};
use crate::site::Site;

/// Tells where in the repository a file is: its path from the root, with slashes. None: not in the repository. Gets the
/// file as sites name it, and the folder that the program ran in.
pub type Locate<'a> = &'a dyn Fn(&str, Option<&str>) -> Option<String>;

/// A place with what happens there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Spot {
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
    /// What leads to the last spot, and that, which is what the finding is about; in order of time.
    pub(crate) spots: Vec<Spot>,
}

impl Part {
    /// What the finding is about.
    pub(crate) fn last(&self) -> &Spot {
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

fn part(finding: &Finding, step: &Step, locate: &dyn Fn(&str) -> Option<String>) -> Part {
    let thread = one_line(finding.thread_name(&step.thread));
    let spot = |at: &Option<String>, event, label: &str| {
        let text = match at.as_deref().map(Site::parse) {
            Some(Site::Other(at)) => format!("{label}, at {at}"),
            _ => label.to_owned(),
        };
        Spot {
            place: at.as_deref().and_then(|at| place(at, locate)),
            event,
            text: saying_who(&thread, &one_line(&text)),
        }
    };
    let held = |hold: &crate::Hold| match hold.label.as_str() {
        "" => format!("holds `{}` from here", finding.object_name(&hold.object)),
        label => label.to_owned(),
    };
    let holds = step.holds.iter().map(|hold| spot(&hold.at, hold.event, &held(hold)));
    let marks = step.marks.iter().map(|mark| spot(&mark.at, mark.event, &mark.label));
    let mut spots: Vec<Spot> = holds.chain(marks).collect();
    spots.sort_by_key(|spot| spot.event);
    let label = if step.label.is_empty() { &step.op } else { &step.label };
    spots.push(spot(&step.at, step.event, label));
    Part { thread, spots }
}

/// Labels go on where the one before ended ("and waits for `b`"): standing alone, they have to name their thread.
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

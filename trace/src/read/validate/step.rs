//! The event being checked, and how to speak of it.

use crate::ids::{ObjectId, ThreadId};
use crate::op::Mode;
use crate::read::source::Place;
use crate::read::tables::Tables;

/// What becomes of a possible event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub(super) enum Effect {
    /// What its operation says.
    Done,
    /// Nothing: it is a mistake that a program can make, and its object does not take part in.
    Refused,
}

impl Effect {
    pub(super) const fn done_if(done: bool) -> Self {
        if done { Self::Done } else { Self::Refused }
    }
}

/// Why an event is impossible, in the user's words.
pub(super) type Verdict<T = ()> = Result<T, String>;

/// Who acts, where in the trace, and what things are called.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) tables: &'a Tables,
    pub(super) thread: ThreadId,
    pub(super) place: Place,
    /// Number of this event, counted from 1.
    pub(super) sequence: u64,
}

impl Step<'_> {
    /// The acting thread.
    pub(super) fn who(&self) -> &str {
        self.tables.thread_label(self.thread)
    }

    /// Some thread.
    pub(super) fn name(&self, thread: ThreadId) -> &str {
        self.tables.thread_label(thread)
    }

    /// Some object.
    pub(super) fn object(&self, object: ObjectId) -> String {
        format!("`{}`", self.tables.object_label(object))
    }

    /// An operation on an object of a kind that does not have it: no reader of ours lets it pass.
    pub(super) fn mismatch<T>(&self, op: &str, object: ObjectId) -> Verdict<T> {
        let kind = self.tables.object(object).kind.name();
        Err(format!("{}: `{op}` on {}, which is a {kind}", self.who(), self.object(object)))
    }

    /// A mode that only read/write locks have.
    pub(super) fn wrong_mode<T>(&self, op: &str, mode: Mode, object: ObjectId) -> Verdict<T> {
        let kind = self.tables.object(object).kind.name();
        Err(format!("{}: `{op}`{} of {}, which is a {kind}", self.who(), purpose(mode), self.object(object)))
    }
}

/// ` since line 12`, or nothing where the place is not known.
pub(super) fn since(place: Place) -> String {
    words("since", place)
}

/// ` at line 12`, or nothing where the place is not known.
pub(super) fn at(place: Place) -> String {
    words("at", place)
}

fn words(preposition: &str, place: Place) -> String {
    match place {
        Place::File => String::new(),
        Place::Line(line) | Place::LineColumn(line, _) => format!(" {preposition} line {line}"),
        Place::Offset(offset) => format!(" {preposition} byte {offset}"),
    }
}

/// ` for reading`; nothing for the mode that needs no mention.
pub(super) fn purpose(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "",
        Mode::Read => " for reading",
        Mode::Upgrade => " for upgrading",
    }
}

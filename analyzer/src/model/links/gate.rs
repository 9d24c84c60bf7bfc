//! What is awaited: flags, wait groups, once-initialisers.

use lockhound_trace::{ObjectId, ObjectKind};

use super::{Now, Partners};

/// A flag, wait group or once-initialiser under way.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// What lets an `await` go now: `set`, `done`, `once_end`.
    opener: Option<u32>,
    /// Whether there was a `clear` or an `add`.
    was_shut: bool,
}

impl Gate {
    /// A flag that is set already stays set by whoever set it first; a wait group is let go by the last `done`.
    pub(super) fn open(&mut self, now: Now<'_>, object: ObjectId) {
        let is_open = match now.tables.object(object).kind {
            ObjectKind::Flag { set } => self.opener.is_some() || set && !self.was_shut,
            _ => false,
        };
        if !is_open {
            self.opener = Some(now.event);
        }
    }

    pub(super) fn shut(&mut self) {
        self.was_shut = true;
        self.opener = None;
    }

    pub(super) fn pass(&self, now: Now<'_>, partners: &mut Partners) {
        if let Some(opener) = self.opener {
            partners.set(now.event, opener);
        }
    }
}

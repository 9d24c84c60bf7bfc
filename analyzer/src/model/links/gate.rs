//! What is awaited: flags, wait groups, once-initialisers.

use lockhound_trace::{EventIndex, ObjectId, ObjectKind};

use super::{Now, Partners};

/// The events of one flag, wait group or once-initialiser by what they do, each kind in recorded order.
#[derive(Clone, Debug, Default)]
pub(crate) struct GateIndex {
    /// `set`, `done`, `once_end`.
    pub(crate) opens: Vec<EventIndex>,
    /// `clear`, `add`.
    pub(crate) shuts: Vec<EventIndex>,
    pub(crate) awaits: Vec<EventIndex>,
    /// What lets an `await` go now.
    opener: Option<u32>,
}

impl GateIndex {
    /// A flag that is set already stays set by whoever set it first; a wait group is let go by the last `done`.
    pub(super) fn open(&mut self, now: Now<'_>, object: ObjectId) {
        let is_open = match now.tables.object(object).kind {
            ObjectKind::Flag { set } => self.opener.is_some() || set && self.shuts.is_empty(),
            _ => false,
        };
        self.opens.push(now.index());
        if !is_open {
            self.opener = Some(now.event);
        }
    }

    pub(super) fn shut(&mut self, now: Now<'_>) {
        self.shuts.push(now.index());
        self.opener = None;
    }

    pub(super) fn pass(&mut self, now: Now<'_>, partners: &mut Partners) {
        self.awaits.push(now.index());
        if let Some(opener) = self.opener {
            partners.set(now.event, opener);
        }
    }
}

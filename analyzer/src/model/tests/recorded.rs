//! A trace with all that an index of it needs.

use lockhound_trace::{EventIndex, EventSource, ObjectId, Tables, ThreadId};

use crate::end::{Ends, Standing};
use crate::model::{Log, Model, Point};
use crate::script;

/// A trace that has been read.
pub(super) struct Recorded {
    pub(super) tables: Tables,
    pub(super) log: Log,
    standings: Vec<Standing>,
}

impl Recorded {
    pub(super) fn new(script: &str) -> Self {
        Self::read(script::read(script))
    }

    pub(super) fn read(mut source: impl EventSource) -> Self {
        let (mut log, mut ends) = (Log::default(), Ends::default());
        while let Some(event) = source.next_event().expect("a trace that can be read") {
            let index = EventIndex(log.len() as u64);
            log.push(&event);
            ends.apply(index, &event);
        }
        let tables = source.tables().clone();
        let standings = ends.standings(tables.threads().len(), true);
        Self { tables, log, standings }
    }

    pub(super) fn model(&self) -> Model<'_> {
        self.model_with(u64::MAX, &[]).expect("an index of any size")
    }

    /// An index of so many bytes, with channels of interchangeable messages.
    pub(super) fn model_with(&self, bytes: u64, channels: &[ObjectId]) -> Option<Model<'_>> {
        let Self { tables, log, standings } = self;
        Model::with_interchangeable(log, tables, standings, bytes, channels)
    }

    pub(super) fn thread(&self, name: &str) -> ThreadId {
        self.tables.find_thread(name).unwrap_or_else(|| panic!("no thread {name}"))
    }

    /// `T1.3` is the third event of T1.
    pub(super) fn point(&self, text: &str) -> Point {
        let (thread, loc) = text.split_once('.').expect("a thread and a place in it");
        Point::new(self.thread(thread), loc.parse().expect("a number"))
    }
}

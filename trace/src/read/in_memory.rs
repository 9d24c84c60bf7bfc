//! A trace that is in memory already, as a source.

use crate::event::Event;
use crate::read::source::{EventSource, Place, Progress, ReadError};
use crate::read::tables::Tables;

/// Gives events that were made, or read and changed, by the program itself. Nobody has checked them: wrap it in
/// [`Validated`](crate::Validated) unless they came out of that.
///
/// Each event stands on a line of its own, as it were: its place is the line of its number, from 1.
///
/// ```
/// use lockhound_trace::{Event, EventSource, InMemory, Op, Tables};
///
/// let mut tables = Tables::default();
/// let main = tables.thread_named("main");
/// let events = [Event::new(main, Op::Start), Event::new(main, Op::Exit)];
/// let mut source = InMemory::new(&tables, &events);
/// assert_eq!(source.next_event()?, Some(events[0]));
/// # Ok::<(), lockhound_trace::ReadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct InMemory<'a> {
    tables: &'a Tables,
    events: &'a [Event],
    next: usize,
}

impl<'a> InMemory<'a> {
    /// `tables` must know every id in `events`.
    #[must_use]
    pub const fn new(tables: &'a Tables, events: &'a [Event]) -> Self {
        Self { tables, events, next: 0 }
    }
}

impl EventSource for InMemory<'_> {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        let event = self.events.get(self.next).copied();
        self.next += usize::from(event.is_some());
        Ok(event)
    }

    fn tables(&self) -> &Tables {
        self.tables
    }

    fn place(&self) -> Place {
        if self.next == 0 { Place::File } else { Place::Line(self.next as u64) }
    }

    /// Of no bytes, none are read.
    fn progress(&self) -> Progress {
        Progress::default()
    }
}

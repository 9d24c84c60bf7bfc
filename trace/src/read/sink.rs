//! Where events go: the one interface of everything that writes traces.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use crate::event::Event;
use crate::read::tables::Tables;

/// A trace being written, event by event, in its observed order.
pub trait EventSink {
    /// Writes one event and, before it, what it needs of `tables` and was not written yet. The tables must be those of
    /// the same trace every time; they may have grown in between.
    ///
    /// # Errors
    /// What the output says.
    fn write(&mut self, tables: &Tables, event: &Event) -> io::Result<()>;

    /// Writes what is left and flushes. Nothing may be written afterwards.
    ///
    /// # Errors
    /// What the output says.
    fn finish(&mut self, tables: &Tables) -> io::Result<Written>;
}

impl<S: EventSink + ?Sized> EventSink for Box<S> {
    fn write(&mut self, tables: &Tables, event: &Event) -> io::Result<()> {
        (**self).write(tables, event)
    }

    fn finish(&mut self, tables: &Tables) -> io::Result<Written> {
        (**self).finish(tables)
    }
}

/// What a sink has written, and what its format could not express.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Events written.
    pub events: u64,
    /// Events left out, by the name of their operation.
    pub left_out: BTreeMap<&'static str, u64>,
}

impl Written {
    /// How many events were left out.
    #[must_use]
    pub fn left_out_in_all(&self) -> u64 {
        self.left_out.values().sum()
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        write!(f, "{} event{}", self.events, plural(self.events))?;
        if self.left_out.is_empty() {
            return Ok(());
        }
        write!(f, ", {} left out that the format cannot express (", self.left_out_in_all())?;
        for (index, (op, count)) in self.left_out.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{count} `{op}`")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_left_out_in_one_sentence() {
        let mut written = Written { events: 1, ..Written::default() };
        assert_eq!(written.to_string(), "1 event");
        written.left_out.extend([("notify", 2), ("block", 1)]);
        assert_eq!(written.to_string(), "1 event, 3 left out that the format cannot express (1 `block`, 2 `notify`)");
    }
}

//! The events of the format, one a line.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

/// A row of the drawing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Track {
    /// Rows of one process are shown together.
    pub(super) process: usize,
    pub(super) row: usize,
}

/// Writes what it is told at once, and keeps nothing of it.
#[derive(Debug)]
pub(super) struct Writer<W> {
    out: W,
    is_first: bool,
    arrows: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(b"{\"traceEvents\":[")?;
        Ok(Self { out, is_first: true, arrows: 0 })
    }

    /// Something that lasts on a row; slices of one row must not overlap. `name` is a string of JSON.
    pub(super) fn slice(
        &mut self,
        track: Track,
        (from, to): (u64, u64),
        name: &str,
        at: Option<&str>,
    ) -> io::Result<()> {
        let Track { process, row } = track;
        self.separate()?;
        let length = to.saturating_sub(from);
        write!(
            self.out,
            "{{\"ph\":\"X\",\"pid\":{process},\"tid\":{row},\"ts\":{from},\"dur\":{length},\"name\":{name}"
        )?;
        if let Some(at) = at {
            write!(self.out, ",\"args\":{{\"at\":{}}}", text(at))?;
        }
        self.out.write_all(b"}")
    }

    /// Something that happens at one event.
    pub(super) fn instant(&mut self, track: Track, event: u64, name: &str) -> io::Result<()> {
        let Track { process, row } = track;
        self.separate()?;
        let name = text(name);
        write!(self.out, "{{\"ph\":\"i\",\"s\":\"t\",\"pid\":{process},\"tid\":{row},\"ts\":{event},\"name\":{name}}}")
    }

    /// An arrow from the slice that is on one row during one event to that on another during another.
    pub(super) fn arrow(&mut self, from: (Track, u64), to: (Track, u64), name: &str) -> io::Result<()> {
        self.arrows += 1;
        let id = self.arrows;
        for (phase, (Track { process, row }, event)) in [("\"s\"", from), ("\"f\",\"bp\":\"e\"", to)] {
            self.separate()?;
            // In the middle of the event: there is no doubt then which slice is meant.
            write!(
                self.out,
                "{{\"ph\":{phase},\"id\":{id},\"cat\":\"lock\",\"pid\":{process},\"tid\":{row},\"ts\":{event}.5,\"name\":{name}}}"
            )?;
        }
        Ok(())
    }

    /// What a process is called.
    pub(super) fn name_process(&mut self, process: usize, name: &str) -> io::Result<()> {
        self.metadata("process_name", Track { process, row: 0 }, json!({"name": lockhound_trace::one_line(name)}))?;
        self.metadata("process_sort_index", Track { process, row: 0 }, json!({"sort_index": process}))
    }

    /// What a row is called; rows are sorted by their numbers.
    pub(super) fn name_row(&mut self, track: Track, name: &str) -> io::Result<()> {
        self.metadata("thread_name", track, json!({"name": lockhound_trace::one_line(name)}))?;
        self.metadata("thread_sort_index", track, json!({"sort_index": track.row}))
    }

    /// Ends the file. `about` says what it shows.
    pub(super) fn finish(mut self, about: Map<String, Value>) -> io::Result<()> {
        let mut data = about;
        data.insert("by".to_owned(), json!(format!("lockhound {}", env!("CARGO_PKG_VERSION"))));
        data.insert("clock".to_owned(), json!("1 microsecond is 1 event of the merged trace: an order, not a time"));
        data.insert("rows".to_owned(), json!("where a thread has no slice it is ready, has not begun or has ended"));
        write!(self.out, "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{}}}\n", Value::Object(data))?;
        self.out.flush()
    }

    fn metadata(&mut self, what: &str, Track { process, row }: Track, args: Value) -> io::Result<()> {
        self.separate()?;
        write!(self.out, "{{\"ph\":\"M\",\"pid\":{process},\"tid\":{row},\"name\":\"{what}\",\"args\":{args}}}")
    }

    fn separate(&mut self) -> io::Result<()> {
        self.out.write_all(if std::mem::take(&mut self.is_first) { b"\n" } else { b",\n" })
    }
}

/// As a string of JSON, on one line whatever it is.
pub(super) fn text(text: &str) -> String {
    Value::from(lockhound_trace::one_line(text)).to_string()
}

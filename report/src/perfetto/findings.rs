//! The runs around the findings of a document.

use std::io;

use serde_json::{Map, json};

use super::writer::{Track, Writer, text};
use crate::document::{Document, Finding};
use crate::naming::named;
use crate::timeline::{Life, LockLane, Occupied, Timeline};

/// The timelines of the findings, each a process of its own, in the trace event format. Equal documents give equal texts.
#[must_use]
pub fn perfetto(document: &Document) -> String {
    let mut out = Vec::new();
    write(document, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("JSON is text")
}

fn write(document: &Document, out: &mut Vec<u8>) -> io::Result<()> {
    let mut writer = Writer::new(out)?;
    for (number, finding) in document.findings.iter().enumerate() {
        let finding = &*named(finding);
        if let Some(timeline) = &finding.timeline {
            Drawing { writer: &mut writer, process: number + 1, timeline }.draw(finding)?;
        }
    }
    let mut about = Map::new();
    let traces: Vec<&str> = document.traces.iter().map(|trace| trace.path.as_str()).collect();
    about.insert("traces".to_owned(), json!(traces));
    writer.finish(about)
}

struct Drawing<'a, W> {
    writer: &'a mut Writer<W>,
    process: usize,
    timeline: &'a Timeline,
}

impl<W: io::Write> Drawing<'_, W> {
    fn draw(mut self, finding: &Finding) -> io::Result<()> {
        let name = format!("{} {}: {}", finding.rule.name(), finding.short_id(), finding.message);
        self.writer.name_process(self.process, &name)?;
        for (number, lane) in self.timeline.lanes.iter().enumerate() {
            let track = self.lane(number);
            self.writer.name_row(track, &lane.name)?;
            for span in lane.spans.iter().filter(|span| matches!(span.life, Life::Running | Life::Blocked)) {
                let what = match (span.life, span.text.as_str()) {
                    (Life::Running, "") => "running",
                    (_, "") => "blocked",
                    (_, what) => what,
                };
                self.writer.slice(track, (span.from, span.to), &text(what), None)?;
            }
            for (event, what) in &lane.marks {
                self.writer.instant(track, *event, what)?;
            }
        }
        let mut row = self.timeline.lanes.len() + 1;
        for lock in &self.timeline.locks {
            row += self.lock(lock, row)?;
        }
        Ok(())
    }

    /// A lock in as many rows, from this one on, as it had holders at once. Returns how many they are.
    fn lock(&mut self, lock: &LockLane, first: usize) -> io::Result<usize> {
        // Until when each row is taken.
        let mut rows: Vec<u64> = Vec::new();
        for (position, span) in lock.spans.iter().enumerate() {
            let free = rows.iter().position(|&until| until <= span.from);
            let slot = free.unwrap_or(rows.len());
            if slot == rows.len() {
                rows.push(0);
            }
            rows[slot] = span.to;
            let track = Track { process: self.process, row: first + slot };
            self.writer.slice(track, (span.from, span.to), &text(&self.holder(span)), None)?;
            if let Some((from, to)) = handover(&lock.spans[..position], span) {
                let (from, to) = ((self.lane(from.0), from.1), (self.lane(to.0), to.1));
                self.writer.arrow(from, to, &text(&lock.name))?;
            }
        }
        for slot in 0..rows.len() {
            let track = Track { process: self.process, row: first + slot };
            self.writer.name_row(track, &row_name(&lock.name, slot))?;
        }
        Ok(rows.len())
    }

    fn lane(&self, lane: usize) -> Track {
        Track { process: self.process, row: lane + 1 }
    }

    fn holder(&self, span: &Occupied) -> String {
        let lane = span.lane.and_then(|lane| self.timeline.lanes.get(lane));
        let name = lane.map_or("another thread", |lane| &lane.name);
        if span.read { format!("{name} (read)") } else { name.to_owned() }
    }
}

/// From the last release before a hold to its beginning, if by another thread: lanes and events.
fn handover(before: &[Occupied], span: &Occupied) -> Option<((usize, u64), (usize, u64))> {
    let last = before.iter().filter(|other| other.to <= span.from).max_by_key(|other| other.to)?;
    let (from, to) = (last.lane?, span.lane?);
    (from != to).then_some(((from, last.to), (to, span.from)))
}

/// What a row of a lock is called.
pub(super) fn row_name(lock: &str, slot: usize) -> String {
    if slot == 0 { format!("[{lock}]") } else { format!("[{lock}] also") }
}

//! Reading on a thread of its own: while some events are analysed the next are decoded, merged and validated.

use std::panic;
use std::sync::mpsc::{Receiver, SendError, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use crate::event::Event;
use crate::read::batch::{Batch, Pending};
use crate::read::news::{Known, News};
use crate::read::source::{EventSource, Place, Progress, ReadError};
use crate::read::tables::Tables;

/// Events that are handed over at once: enough that waiting for each other costs neither side much, few enough for the
/// cache of one processor.
const LOT: usize = 8 * Batch::SIZE;

/// Lots that may be on their way.
const LOTS_AHEAD: usize = 4;

/// Bytes of a trace from which a thread for it pays.
const WORTH_A_THREAD: u64 = 1 << 18;

/// Passes on what comes from a source that another thread reads. Same events, same tables, same error in the same place.
///
/// The thread is at most some ten thousand events ahead, and ends with the trace or soon after this is dropped.
#[derive(Debug)]
pub(super) struct ReadAhead {
    reading: Reading,
    pending: Pending,
    /// Where the last event of the last batch stands.
    place: Place,
}

/// Some events, and how the source stood after them.
#[derive(Debug)]
struct Lot {
    batch: Batch,
    outcome: Result<bool, ReadError>,
    news: News,
    progress: Progress,
    gaps: u64,
}

/// The other thread, and how its source stood after what was received from it.
#[derive(Debug)]
struct Reading {
    lots: Receiver<Lot>,
    /// Takes batches back, whose memory serves again.
    spares: Sender<Batch>,
    thread: Option<JoinHandle<()>>,
    tables: Tables,
    progress: Progress,
    gaps: u64,
}

/// Reads `source` on a thread of its own, unless that would not pay: the trace is small, or the machine has one processor, or
/// no thread to spare.
pub(super) fn read_ahead<S: EventSource + Send + 'static>(source: S) -> Box<dyn EventSource + Send> {
    let alone = thread::available_parallelism().map_or(true, |processors| processors.get() == 1);
    if alone || source.progress().total < WORTH_A_THREAD {
        return Box::new(source);
    }
    match Reading::begin(source) {
        Ok(reading) => Box::new(ReadAhead { reading, pending: Pending::default(), place: Place::File }),
        Err(source) => Box::new(source),
    }
}

impl Reading {
    /// Gives the source back if there is no thread for it.
    fn begin<S: EventSource + Send + 'static>(source: S) -> Result<Self, S> {
        let (lots, arriving) = sync_channel(LOTS_AHEAD);
        let (spares, returned) = channel();
        // The source follows its thread: one that the system refuses would take it along.
        let (start, started) = channel();
        let read = move || started.into_iter().for_each(|(source, known)| read(source, known, &lots, &returned));
        let Ok(thread) = thread::Builder::new().name("reader".to_owned()).spawn(read) else { return Err(source) };
        let (mut known, mut tables) = (Known::default(), Tables::default());
        known.news(source.tables()).tell(&mut tables);
        let (progress, gaps) = (source.progress(), source.gaps());
        start.send((source, known)).map_err(|SendError((source, _))| source)?;
        Ok(Self { lots: arriving, spares, thread: Some(thread), tables, progress, gaps })
    }

    fn receive(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let Lot { batch: mut read, outcome, news, progress, gaps } = self.next_lot();
        news.tell(&mut self.tables);
        (self.progress, self.gaps) = (progress, gaps);
        batch.take_over(&mut read);
        // At its end the thread no longer waits for any.
        let _ = self.spares.send(read);
        outcome
    }

    fn next_lot(&mut self) -> Lot {
        self.lots.recv().unwrap_or_else(|_| match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => panic::resume_unwind(panic),
            _ => panic!("a source that has ended is asked again"),
        })
    }
}

/// Sends all that comes from `source`, until it ends or nobody listens any more.
fn read(mut source: impl EventSource, mut known: Known, lots: &SyncSender<Lot>, spares: &Receiver<Batch>) {
    let mut goes_on = true;
    while goes_on {
        let mut batch = spares.try_recv().unwrap_or_default();
        batch.clear();
        let outcome = fill(&mut source, &mut batch);
        goes_on = matches!(outcome, Ok(true));
        let news = known.news(source.tables());
        let lot = Lot { batch, outcome, news, progress: source.progress(), gaps: source.gaps() };
        goes_on &= lots.send(lot).is_ok();
    }
}

fn fill(source: &mut impl EventSource, batch: &mut Batch) -> Result<bool, ReadError> {
    while batch.len() < LOT {
        if !source.next_batch(batch)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl EventSource for ReadAhead {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        let Self { reading, pending, .. } = self;
        pending.next(|batch| reading.receive(batch))
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let outcome = self.pending.drain(batch).unwrap_or_else(|| self.reading.receive(batch));
        self.place = batch.places().last().copied().unwrap_or(self.place);
        outcome
    }

    fn tables(&self) -> &Tables {
        &self.reading.tables
    }

    fn place(&self) -> Place {
        self.pending.place().unwrap_or(self.place)
    }

    fn progress(&self) -> Progress {
        self.reading.progress
    }

    fn gaps(&self) -> u64 {
        self.reading.gaps
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::io::Cursor;
    use std::panic::AssertUnwindSafe;
    use std::path::Path;
    use std::sync::mpsc::RecvTimeoutError;
    use std::time::Duration;

    use super::*;
    use crate::read::std_format::StdReader;

    fn ahead<S: EventSource + Send + 'static + std::fmt::Debug>(source: S) -> ReadAhead {
        let reading = Reading::begin(source).expect("a thread to spare");
        ReadAhead { reading, pending: Pending::default(), place: Place::File }
    }

    /// Some lots of events in which new threads, variables and places turn up all the time, and then a line that is no event.
    fn damaged() -> StdReader<Cursor<Vec<u8>>> {
        let mut text = String::new();
        for event in 0..5 * LOT / 2 {
            writeln!(text, "T{}|w(v{})|{}", event % 7 + event / 1000, event / 3, event / 2).unwrap();
        }
        text.push_str("and so on\n");
        let total = text.len() as u64;
        StdReader::new(Cursor::new(text.into_bytes()), Path::new("damaged.std"), total)
    }

    /// All events in words, with their places, and the error at the end. Takes now one event, now a batch.
    fn drain(mut source: impl EventSource, batches_of_ten: usize) -> (Vec<String>, ReadError) {
        let mut all = Vec::new();
        for turn in 0.. {
            let mut batch = Batch::default();
            let outcome = if turn % 10 < batches_of_ten {
                source.next_batch(&mut batch)
            } else {
                source.next_event().map(|event| {
                    event.is_some_and(|event| {
                        batch.push(event, source.place());
                        true
                    })
                })
            };
            let tables = source.tables();
            for (event, place) in batch.events().iter().zip(batch.places()) {
                let at = event.site.map(|site| tables.site(site));
                let object = event.op.object().map(|object| tables.object(object));
                all.push(format!("{place} {:?} {:?} {object:?} {at:?}", tables.thread(event.thread), event.op));
            }
            assert_eq!(batch.places().last().copied().unwrap_or(source.place()), source.place());
            match outcome {
                Ok(goes_on) => assert!(goes_on, "ended without its error"),
                Err(error) => return (all, error),
            }
        }
        unreachable!("without end")
    }

    #[test]
    fn all_arrives_as_it_is_read() {
        let (expected, expected_error) = drain(damaged(), 0);
        assert_eq!(expected.len(), 5 * LOT / 2);
        for batches_of_ten in [0, 3, 10] {
            let (all, error) = drain(ahead(damaged()), batches_of_ten);
            assert!(all == expected, "by {batches_of_ten} batches of ten");
            assert_eq!(error.to_string(), expected_error.to_string());
        }
    }

    #[test]
    fn the_end_is_told_with_all_that_was_read() {
        let text = b"T0|w(x)|1\nT1|r(x)|2\n".to_vec();
        let total = text.len() as u64;
        let mut source = ahead(StdReader::new(Cursor::new(text), Path::new("small.std"), total));
        let mut batch = Batch::default();
        assert!(!source.next_batch(&mut batch).unwrap());
        assert_eq!((batch.len(), source.place()), (2, Place::Line(2)));
        assert_eq!(source.progress(), Progress { read: total, total });
    }

    /// Goes on for ever, or panics at once; says when it is dropped.
    #[derive(Debug)]
    struct Odd {
        tables: Tables,
        panics: bool,
        _alive: Sender<()>,
    }

    fn odd(panics: bool) -> (Odd, Receiver<()>) {
        let (alive, dropped) = channel();
        (Odd { tables: Tables::default(), panics, _alive: alive }, dropped)
    }

    impl EventSource for Odd {
        fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
            assert!(!self.panics, "it is odd");
            let thread = self.tables.thread_named("T0");
            Ok(Some(Event::new(thread, crate::op::Op::Start)))
        }

        fn tables(&self) -> &Tables {
            &self.tables
        }

        fn place(&self) -> Place {
            Place::File
        }

        fn progress(&self) -> Progress {
            Progress::default()
        }
    }

    #[test]
    fn the_thread_ends_when_nobody_listens_any_more() {
        let (source, dropped) = odd(false);
        let mut source = ahead(source);
        assert!(source.next_event().unwrap().is_some());
        drop(source);
        assert_eq!(dropped.recv_timeout(Duration::from_secs(60)), Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn a_panic_of_the_source_is_a_panic_of_who_asks() {
        let mut source = ahead(odd(true).0);
        let panic = panic::catch_unwind(AssertUnwindSafe(|| source.next_event())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"it is odd"));
    }
}

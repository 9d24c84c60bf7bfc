//! `lockhound show`: the events of a trace, one a line, the lives of its threads, or its timeline.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::{Context, bail};
use lockhound_report::{describe, lives, lives_text, perfetto_trace};
use lockhound_trace::{Event, EventSource, ObjectId, Op, ReadError, Request, Tables, ThreadId, one_line};
use unicode_width::UnicodeWidthStr;

use crate::args::{LivesFormat, ShowArgs};
use crate::console;
use crate::exit_code::ExitCode;
use crate::names;

/// Bytes collected before they are written.
const BUFFER: usize = 64 << 10;

pub(crate) fn run(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let filter = Filter::new(args)?;
    let mut source = lockhound_trace::open(&args.trace, None)?;
    let (shown, failure) = match (args.timeline, &args.output) {
        (false, _) if args.lives => (tell(&mut source, &filter, args), console::NO_STDOUT.to_owned()),
        (false, _) => (print(&mut source, &filter), console::NO_STDOUT.to_owned()),
        (true, None) => (draw(&mut source, io::stdout().lock()), console::NO_STDOUT.to_owned()),
        (true, Some(path)) => {
            let drawn = File::create(path).and_then(|file| draw(&mut source, file));
            (drawn, format!("{}: could not write", path.display()))
        }
    };
    match shown {
        Ok(None) => Ok(ExitCode::Clean),
        Ok(Some(error)) => {
            console::error(&error.to_string());
            Ok(ExitCode::Trouble)
        }
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::Clean),
        Err(error) => Err(error).context(failure),
    }
}

/// Writes what threads and locks did over time, up to the end or the first event that cannot be read.
fn draw(source: &mut impl EventSource, out: impl Write) -> io::Result<Option<ReadError>> {
    perfetto_trace(source, BufWriter::with_capacity(BUFFER, out))
}

/// Prints the lives of the threads that are chosen, up to the end or the first event that cannot be read.
fn tell(source: &mut impl EventSource, filter: &Filter, args: &ShowArgs) -> io::Result<Option<ReadError>> {
    let (mut lives, error) = lives(source, usize::try_from(args.phases).unwrap_or(usize::MAX));
    if let Some(chosen) = &filter.threads {
        let ids: BTreeSet<&str> = chosen.iter().map(|&id| source.tables().thread(id).id.as_str()).collect();
        lives.threads.retain(|thread| ids.contains(thread.id.as_str()));
    }
    let text = match args.format {
        LivesFormat::Text => lives_text(&lives),
        LivesFormat::Json => serde_json::to_string_pretty(&lives)? + "\n",
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(error)
}

/// Prints the events that pass, up to the end or the first that cannot be read.
fn print(source: &mut impl EventSource, filter: &Filter) -> io::Result<Option<ReadError>> {
    // Taking styles out of what is written costs more than all the rest: where none are wanted, none are made.
    let styled = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let out: Box<dyn Write> =
        if styled { Box::new(AutoStream::auto(io::stdout())) } else { Box::new(io::stdout().lock()) };
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let mut columns = Columns { styled, ..Columns::default() };
    for index in 0u64.. {
        match source.next_event() {
            Ok(Some(event)) if filter.passes(&event) => columns.write(&mut out, index, &event, source.tables())?,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                out.flush()?;
                return Ok(Some(error));
            }
        }
    }
    out.flush()?;
    Ok(None)
}

/// Aligns what it can without having seen the rest: each column is as wide as its widest text so far.
#[derive(Debug)]
struct Columns {
    thread: usize,
    operation: usize,
    styled: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { thread: 8, operation: 28, styled: false }
    }
}

impl Columns {
    fn write(&mut self, out: &mut impl Write, index: u64, event: &Event, tables: &Tables) -> io::Result<()> {
        let styles = [Style::new().dimmed(), AnsiColor::Cyan.on_default()];
        let [dim, label] = if self.styled { styles } else { [Style::new(); 2] };
        let thread = one_line(tables.thread_label(event.thread));
        let operation = one_line(&describe(&event.op, tables));
        self.thread = self.thread.max(thread.width());
        self.operation = self.operation.max(operation.width().min(60));
        let thread_pad = self.thread - thread.width();
        write!(out, "{dim}{index:>7}{dim:#}  {label}{thread}{label:#}{:thread_pad$}  {operation}", "")?;
        if let Some(site) = event.site {
            let pad = self.operation.saturating_sub(operation.width());
            write!(out, "{:pad$}  {dim}{}{dim:#}", "", one_line(tables.site(site)))?;
        }
        writeln!(out)
    }
}

/// Which events to print. Threads and objects are one choice each: an event must match one of every kind asked for.
#[derive(Debug, Default)]
struct Filter {
    threads: Option<BTreeSet<ThreadId>>,
    objects: Option<BTreeSet<ObjectId>>,
}

impl Filter {
    /// A name may belong to several threads or objects, and may be declared anywhere, so with names given the trace is
    /// read twice.
    fn new(args: &ShowArgs) -> anyhow::Result<Self> {
        if args.threads.is_empty() && args.objects.is_empty() {
            return Ok(Self::default());
        }
        let mut source = lockhound_trace::open(&args.trace, None)?;
        // An error is reported when it is reached again, behind the events that precede it.
        while let Ok(Some(_)) = source.next_event() {}
        let tables = source.tables();
        let threads = Known {
            kind: "thread",
            names: (0..tables.threads().len())
                .map(ThreadId::from_index)
                .map(|id| (id, tables.thread(id).id.clone(), tables.thread_label(id).to_owned()))
                .collect(),
        };
        let objects = Known {
            kind: "object",
            names: (0..tables.objects().len())
                .map(ObjectId::from_index)
                .map(|id| (id, tables.object(id).id.clone(), tables.object_label(id)))
                .collect(),
        };
        Ok(Self { threads: threads.choose(&args.threads)?, objects: objects.choose(&args.objects)? })
    }

    fn passes(&self, event: &Event) -> bool {
        let thread = self.threads.as_ref().is_none_or(|threads| threads.contains(&event.thread));
        let object = self.objects.as_ref().is_none_or(|objects| {
            event.op.object().into_iter().chain(lock_of(&event.op)).any(|object| objects.contains(&object))
        });
        thread && object
    }
}

/// The lock that an operation on a condition variable gives back or takes.
fn lock_of(op: &Op) -> Option<ObjectId> {
    match *op {
        Op::Wait { lock, .. } | Op::Wake { lock, .. } => Some(lock),
        Op::Block { on: Request::Wait { lock, .. } | Request::Wake { lock, .. } } => Some(lock),
        _ => None,
    }
}

/// The ids and labels of all threads or objects of a trace.
struct Known<I> {
    kind: &'static str,
    names: Vec<(I, String, String)>,
}

impl<I: Copy + Ord> Known<I> {
    fn choose(&self, wanted: &[String]) -> anyhow::Result<Option<BTreeSet<I>>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut chosen = BTreeSet::new();
        for name in wanted {
            let matching: Vec<I> =
                self.names.iter().filter(|(_, id, label)| id == name || label == name).map(|(id, ..)| *id).collect();
            if matching.is_empty() {
                let kind = self.kind;
                bail!("no {kind} is called `{name}`: this trace has {}", self.all());
            }
            chosen.extend(matching);
        }
        Ok(Some(chosen))
    }

    fn all(&self) -> String {
        if self.names.is_empty() {
            return format!("no {}s", self.kind);
        }
        let labels: BTreeSet<&str> = self.names.iter().map(|(_, _, label)| label.as_str()).collect();
        names::list(labels, "and")
    }
}

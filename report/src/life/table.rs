//! The lives of threads as a text.

use std::fmt::Write;

use lockhound_trace::one_line;

use super::lives::{Ending, Lives, Phase, StateCount, ThreadLife, name};
use super::phases::before_the_gap;
use crate::timeline::Life;

/// The lives of threads for people: a table a thread, of a line a phase.
#[must_use]
pub fn lives_text(lives: &Lives) -> String {
    let columns = Columns::of(lives);
    let mut text = String::new();
    for (number, thread) in lives.threads.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        heading(&mut text, thread);
        columns.table(&mut text, thread);
    }
    text
}

fn heading(text: &mut String, thread: &ThreadLife) {
    let label = one_line(&thread.name);
    let id = if thread.id == thread.name { String::new() } else { format!(" ({})", one_line(&thread.id)) };
    let _ = writeln!(text, "`{label}`{id}: {}", ended(thread));
    let counts = [Life::Ready, Life::Running, Life::Blocked].map(|state| thread.count(state).map(spent));
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if !counts.is_empty() {
        let _ = writeln!(text, "  {}", counts.join(", "));
    }
}

/// How it ended, and who joined it.
fn ended(thread: &ThreadLife) -> String {
    let mut text = match &thread.end {
        Ending::Exited { event } => format!("ended at event {event}"),
        Ending::Implied { event } => format!("its last event is {event}"),
        Ending::CutOff { by, state } => {
            format!("cut off while {} when `{}` ended the process (event {})", name(*state), by.thread, by.event)
        }
        Ending::Blocked => "still blocked at the end".to_owned(),
        Ending::Running if thread.count(Life::Running).is_none() => "not yet running at the end".to_owned(),
        Ending::Running => "still running at the end".to_owned(),
        Ending::NotStarted => "never started".to_owned(),
    };
    if let Some(by) = &thread.joined {
        let _ = write!(text, ", joined by `{}` at {}", by.thread, by.event);
    }
    match thread.timed_out_joins {
        0 => {}
        1 => text.push_str("; a join with a time-out gave up before"),
        joins => {
            let _ = write!(text, "; {} joins with a time-out gave up before", grouped(joins));
        }
    }
    one_line(&text)
}

/// "blocked 12 events (1.5 ms)"
fn spent(count: &StateCount) -> String {
    let events = plural(count.events, "event");
    match count.nanoseconds {
        Some(nanoseconds) => format!("{} {events} ({})", name(count.state), duration(nanoseconds)),
        None => format!("{} {events}", name(count.state)),
    }
}

/// The widths of the columns, the same for all threads.
struct Columns {
    number: usize,
    /// 0 if the trace has no times.
    time: usize,
}

impl Columns {
    fn of(lives: &Lives) -> Self {
        let times = lives.threads.iter().flat_map(|thread| &thread.phases).filter_map(|phase| phase.nanoseconds);
        let time = times.map(|time| duration(time).len().max("time".len())).max().unwrap_or(0);
        Self { number: lives.events.to_string().len().max("events".len()), time }
    }

    fn table(&self, text: &mut String, thread: &ThreadLife) {
        self.line(text, ["from", "to", "events", "time"], "state", "why");
        let gap = if thread.left_out > 0 { before_the_gap(thread.phases.len()) } else { usize::MAX };
        for (number, phase) in thread.phases.iter().enumerate() {
            if number == gap {
                let _ = writeln!(text, "  … {} …", plural(thread.left_out, "more phase"));
            }
            self.phase(text, phase);
        }
    }

    fn phase(&self, text: &mut String, phase: &Phase) {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let to = if phase.to.is_none() && phase.state != Life::Finished { "end".to_owned() } else { number(phase.to) };
        let time = phase.nanoseconds.map(duration).unwrap_or_default();
        self.line(text, [&number(phase.from), &to, &number(phase.events), &time], name(phase.state), &phase.why);
    }

    fn line(&self, text: &mut String, [from, to, events, time]: [&str; 4], state: &str, why: &str) {
        let width = self.number;
        let _ = write!(text, "  {from:>width$}  {to:>width$}  {events:>width$}");
        if self.time > 0 {
            let _ = write!(text, "  {time:>0$}", self.time);
        }
        match why {
            "" => writeln!(text, "  {state}"),
            why => writeln!(text, "  {state:<7}  {}", one_line(why)),
        }
        .expect("a string takes everything");
    }
}

/// "1 event", "1,204 more phases"
fn plural(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// "1,204"
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "850 ns", "1.25 ms". In ASCII, so that bytes are columns.
fn duration(nanoseconds: u64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    match units.into_iter().find(|&(unit, _)| nanoseconds >= unit) {
        Some((unit, name)) => format!("{}.{:02} {name}", nanoseconds / unit, nanoseconds % unit * 100 / unit),
        None => format!("{nanoseconds} ns"),
    }
}

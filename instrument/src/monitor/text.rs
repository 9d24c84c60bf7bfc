//! The report: names first, places second, stacks last.

use std::fmt::{self, Display, Formatter};

use super::deadlock::{Certainty, Deadlock, Frame, Mode, Participant, Wait};
use super::prose;

/// More participants than this are counted, not shown.
const SHOWN: usize = 16;

impl Display for Deadlock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.summary(), self.stacks())
    }
}

impl Deadlock {
    /// The report without the stacks.
    #[must_use]
    pub fn summary(&self) -> impl Display {
        fmt::from_fn(|f| self.write_summary(f))
    }

    /// The stacks of the participants.
    #[must_use]
    pub fn stacks(&self) -> impl Display {
        fmt::from_fn(|f| self.participants.iter().take(SHOWN).try_for_each(|one| write_stack(f, one)))
    }

    fn write_summary(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "lockhound: {}{}", self.certainty.word(), self.headline())?;
        for participant in self.participants.iter().take(SHOWN) {
            write_participant(f, participant)?;
        }
        if let Some(more) = self.participants.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            writeln!(f, "  and {more} more")?;
        }
        if !self.also_waiting.is_empty() {
            writeln!(f, "  also waiting: {}", self.onlookers())?;
        }
        self.write_doubts(f)
    }

    /// The report's first line, without what kind of report it is.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.participants.as_slice() {
            [] => "nobody waits".to_owned(),
            [one] => alone(one),
            all => {
                let threads = prose::list(shortened(all.iter().map(|one| format!("`{}`", one.thread)).collect()));
                let mut objects: Vec<String> =
                    all.iter().filter_map(|one| prose::awaited(&one.wait)).map(prose::object).collect();
                objects.sort();
                objects.dedup();
                let each_other = prose::each_other(all.len());
                let waits = match (all.iter().any(|one| one.whom.is_empty()), objects.is_empty()) {
                    (true, _) => "wait, and no thread is left that could end it".to_owned(),
                    (false, true) => format!("wait for {each_other} to end"),
                    (false, false) => format!("wait for {each_other}"),
                };
                let what = if objects.is_empty() { String::new() } else { prose::list(shortened(objects)) + ": " };
                format!("{what}{threads} {waits}")
            }
        }
    }

    fn onlookers(&self) -> String {
        let each = |one: &Participant| format!("`{}`, {}, at {}", one.thread, prose::wait(one), one.at);
        let mut texts: Vec<String> = self.also_waiting.iter().take(SHOWN).map(each).collect();
        if let Some(more) = self.also_waiting.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            texts.push(format!("{more} more"));
        }
        texts.join("; ")
    }

    fn write_doubts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Certainty::Possible { unseen_threads, signal_handlers } = self.certainty else { return Ok(()) };
        let mut doubts = Vec::new();
        if unseen_threads > 0 {
            let threads = if unseen_threads == 1 { "thread" } else { "threads" };
            doubts.push(format!(
                "a thread that lockhound has not seen do anything ends it ({unseen_threads} such {threads})"
            ));
        }
        if signal_handlers {
            doubts.push("a signal handler does".to_owned());
        }
        if doubts.is_empty() {
            doubts.push("something unseen does".to_owned());
        }
        writeln!(f, "  unless {}", doubts.join(", or "))
    }
}

impl Certainty {
    const fn word(self) -> &'static str {
        match self {
            Self::Actual => "deadlock: ",
            Self::Possible { .. } => "possible deadlock: ",
        }
    }
}

/// Of a thread that needs nobody else to be stuck.
fn alone(one: &Participant) -> String {
    let who = format!("`{}`", one.thread);
    let holds_it = |number| one.held.iter().find(|held| held.object.number == number);
    if let Wait::Lock(object, mode) = &one.wait
        && let Some(held) = holds_it(object.number)
        && (held.mode, *mode) != (Mode::Write, Mode::Write)
    {
        let first = if held.mode == Mode::Write { "write-locked" } else { "read-locked" };
        let then = if *mode == Mode::Write { "write-lock" } else { "read-lock" };
        return format!("{who} has {first} {} and waits to {then} it", prose::object(object));
    }
    let what = prose::wait(one);
    match one.whom.is_empty() {
        true => format!("{who} waits {what}, and no thread is left that could end it"),
        false if one.of_the_dead => format!("{who} waits {what} and has ended with it"),
        false => format!("{who} waits {what}"),
    }
}

fn shortened(mut items: Vec<String>) -> Vec<String> {
    if let Some(more) = items.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        items.truncate(SHOWN);
        items.push(format!("{more} more"));
    }
    items
}

fn write_participant(f: &mut Formatter<'_>, one: &Participant) -> fmt::Result {
    writeln!(f, "  `{}` waits {}", one.thread, prose::wait(one))?;
    writeln!(f, "      at {}", one.at)?;
    for held in &one.held {
        writeln!(f, "    and {}", prose::hold(held))?;
    }
    Ok(())
}

fn write_stack(f: &mut Formatter<'_>, one: &Participant) -> fmt::Result {
    if !one.stack.is_empty() {
        writeln!(f, "  stack of `{}`:", one.thread)?;
    }
    for (depth, frame) in one.stack.iter().enumerate() {
        writeln!(f, "    {depth:>4}: {frame}")?;
    }
    Ok(())
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.function, &self.module) {
            (Some(function), _) => f.write_str(function)?,
            (None, Some((module, offset))) => write!(f, "{module}+{offset:#x}")?,
            (None, None) => write!(f, "{:#x}", self.address)?,
        }
        match &self.place {
            Some((file, line)) => write!(f, " {file}:{line}"),
            None => Ok(()),
        }
    }
}

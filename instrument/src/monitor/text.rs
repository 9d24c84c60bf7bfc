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

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;
    use crate::monitor::{Held, Object};

    fn lock(name: &'static str) -> Object {
        Object { number: name.len() as u32, kind: "mutex", name: Some(name), born: None, type_name: Some("i32") }
    }

    #[track_caller]
    fn waits(thread: &str, wait: Wait, whom: &[&str], held: &[Object]) -> Participant {
        Participant {
            thread: thread.to_owned(),
            wait,
            at: Location::caller(),
            whom: whom.iter().map(|&name| name.to_owned()).collect(),
            behind_writer: false,
            of_the_dead: false,
            held: held.iter().map(|object| Held { object: object.clone(), mode: Mode::Write, at: None }).collect(),
            stack: Vec::new(),
        }
    }

    fn deadlock(participants: Vec<Participant>) -> Deadlock {
        Deadlock { certainty: Certainty::Actual, participants, also_waiting: Vec::new() }
    }

    #[test]
    fn a_report_in_full() {
        let (a, b) = (lock("a"), lock("bb"));
        let mut one = waits("one", Wait::Lock(b.clone(), Mode::Write), &["other"], std::slice::from_ref(&a));
        one.stack = vec![
            Frame {
                address: 7,
                function: Some("bank::transfer".into()),
                place: Some(("src/bank.rs".into(), 3)),
                module: None,
            },
            Frame { address: 8, function: None, place: None, module: Some(("libc.so".into(), 255)) },
            Frame { address: 9, function: None, place: None, module: None },
        ];
        let other = waits("other", Wait::Lock(a, Mode::Read), &["one"], &[b]);
        let (at, at_other) = (one.at, other.at);
        let onlooker = waits("third", Wait::Join("one".into()), &["one"], &[]);
        let at_third = onlooker.at;
        let report = Deadlock { also_waiting: vec![onlooker], ..deadlock(vec![one, other]) };
        let expected = format!(
            "\
lockhound: deadlock: `a` and `bb`: `one` and `other` wait for each other
  `one` waits for `bb` (mutex of i32), which `other` holds
      at {at}
    and holds `a` (mutex of i32)
  `other` waits to read `a` (mutex of i32), which `one` holds
      at {at_other}
    and holds `bb` (mutex of i32)
  also waiting: `third`, for the end of `one`, at {at_third}
  stack of `one`:
       0: bank::transfer src/bank.rs:3
       1: libc.so+0xff
       2: 0x9
"
        );
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn what_is_only_possible_says_on_what_it_hangs() {
        let waiter = waits("w", Wait::Receive(lock("jobs")), &[], &[]);
        let certainty = Certainty::Possible { unseen_threads: 2, signal_handlers: true };
        let text = Deadlock { certainty, ..deadlock(vec![waiter]) }.to_string();
        assert!(
            text.starts_with(
                "lockhound: possible deadlock: `w` waits for a message from `jobs` (mutex of i32), and no"
            )
        );
        assert!(text.ends_with(
            "  unless a thread that lockhound has not seen do anything ends it (2 such threads), or a signal handler does\n"
        ));
    }

    #[test]
    fn crowds_are_counted() {
        let crowd = (0..40).map(|n| waits(&format!("w{n}"), Wait::Join("x".into()), &["x"], &[])).collect();
        let text = deadlock(crowd).to_string();
        assert!(text.contains("`w15` and 24 more wait for one another to end\n"), "{text}");
        assert!(text.contains("  and 24 more\n"));
        assert_eq!(text.matches("waits for the end of `x`").count(), 16);
    }
}

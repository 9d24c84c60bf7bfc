//! Random runs of a few threads over one or two objects of every kind that the closure has a rule for.

use std::collections::VecDeque;
use std::fmt::Write;

use proptest::prelude::*;

const THREADS: usize = 4;
const DECLARATIONS: &str = "mutex m\nmutex n\nrwlock w\ncondvar c\nsemaphore s permits=1\nbarrier b parties=2\n\
                            channel q capacity=1\nchannel u\n\
                            channel p capacity=2 order=any\nT0 write z\n";

/// Scripts of such runs.
pub(crate) fn scripts() -> impl Strategy<Value = String> {
    prop::collection::vec((0..THREADS, 0..28_u8, 0..4_u8), 1..60).prop_map(|steps| {
        let mut run = Run::default();
        for (thread, what, detail) in steps {
            run.step(thread, what, detail);
        }
        run.script
    })
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Runs,
    Waits,
    Notified,
    /// Arrived, and how many had arrived before.
    Arrived(usize),
}

struct Run {
    script: String,
    states: [State; THREADS],
    /// Mutexes m and n, and the semaphore: who holds it.
    exclusive: [Option<usize>; 3],
    writer: Option<usize>,
    readers: [bool; THREADS],
    /// Messages on their way, in q and u.
    queues: [VecDeque<u32>; 3],
    messages: u32,
    closed: bool,
    arrived: usize,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            script: DECLARATIONS.to_owned(),
            states: [State::Runs; THREADS],
            exclusive: [None; 3],
            writer: None,
            readers: [false; THREADS],
            queues: [VecDeque::new(), VecDeque::new(), VecDeque::new()],
            messages: 0,
            closed: false,
            arrived: 0,
        }
    }
}

impl Run {
    fn say(&mut self, thread: usize, what: &str) {
        writeln!(self.script, "T{thread} {what}").unwrap();
    }

    /// Does what the numbers say, if that is possible now.
    fn step(&mut self, thread: usize, what: u8, detail: u8) {
        match self.states[thread] {
            State::Runs => self.act(thread, what, detail),
            State::Waits if what < 2 && self.exclusive[0].is_none() => {
                self.wake(thread, ["timeout", "spurious"][what as usize])
            }
            State::Notified if self.exclusive[0].is_none() => self.wake(thread, "notify"),
            State::Arrived(before) if self.arrived / 2 > before / 2 => {
                self.states[thread] = State::Runs;
                self.say(thread, "pass b");
            }
            _ => {}
        }
    }

    fn wake(&mut self, thread: usize, by: &str) {
        self.exclusive[0] = Some(thread);
        self.states[thread] = State::Runs;
        self.say(thread, &format!("wake c lock=m by={by}"));
    }

    fn act(&mut self, thread: usize, what: u8, detail: u8) {
        let touched = ["none", "none", "read", "write"][usize::from(detail)];
        match what {
            0..6 => self.exclusive(thread, usize::from(what % 3), touched),
            6..9 => self.shared(thread, detail, touched),
            9 | 10 if self.exclusive[0] == Some(thread) => {
                self.exclusive[0] = None;
                self.states[thread] = State::Waits;
                self.say(thread, &format!("wait c lock=m touched={touched}"));
            }
            9..12 => self.notify(thread, detail == 0),
            12..15 => self.send(thread, usize::from(detail % 3)),
            15..18 => self.receive(thread, usize::from(detail % 3)),
            18 if detail == 0 && !self.closed => {
                self.closed = true;
                self.say(thread, "close u");
            }
            19 | 20 => {
                self.states[thread] = State::Arrived(self.arrived);
                self.arrived += 1;
                self.say(thread, "arrive b");
            }
            21.. => {
                let (op, var) = (["read", "write"][usize::from(what % 2)], ["x", "y"][usize::from(detail / 2)]);
                self.say(thread, &format!("{op} {var} at=a.rs:{}:1", 1 + what % 5));
            }
            _ => {}
        }
    }

    fn exclusive(&mut self, thread: usize, which: usize, touched: &str) {
        let name = ["m", "n", "s"][which];
        if self.exclusive[which].is_none() {
            self.exclusive[which] = Some(thread);
            self.say(thread, &format!("acquire {name}"));
        } else if self.exclusive[which] == Some(thread) {
            self.exclusive[which] = None;
            let touched = if which == 2 { String::new() } else { format!(" touched={touched}") };
            self.say(thread, &format!("release {name}{touched}"));
        }
    }

    fn shared(&mut self, thread: usize, detail: u8, touched: &str) {
        if self.readers[thread] {
            self.readers[thread] = false;
            self.say(
                thread,
                &format!("release w mode=read touched={}", if touched == "write" { "read" } else { touched }),
            );
        } else if self.writer == Some(thread) {
            self.writer = None;
            self.say(thread, &format!("release w touched={touched}"));
        } else if self.writer.is_none() && detail.is_multiple_of(2) {
            self.readers[thread] = true;
            self.say(thread, "acquire w mode=read");
        } else if self.writer.is_none() && !self.readers.contains(&true) {
            self.writer = Some(thread);
            self.say(thread, "acquire w");
        }
    }

    fn notify(&mut self, thread: usize, all: bool) {
        for state in self.states.iter_mut().filter(|state| **state == State::Waits).take(if all { THREADS } else { 1 })
        {
            *state = State::Notified;
        }
        self.say(thread, if all { "notify_all c" } else { "notify c" });
    }

    fn send(&mut self, thread: usize, which: usize) {
        let room = [1, if self.closed { 0 } else { usize::MAX }, 2][which];
        if self.queues[which].len() < room {
            self.messages += 1;
            let message = self.messages;
            self.queues[which].push_back(message);
            self.say(thread, &format!("send {} msg={message}", ["q", "u", "p"][which]));
        }
    }

    fn receive(&mut self, thread: usize, which: usize) {
        let name = ["q", "u", "p"][which];
        // Which one a priority queue gives is anybody's guess.
        let second = which == 2 && self.messages.is_multiple_of(2) && self.queues[which].len() > 1;
        match self.queues[which].remove(usize::from(second)) {
            Some(message) => self.say(thread, &format!("recv {name} msg={message}")),
            None if which == 1 && self.closed => self.say(thread, "recv u closed=true"),
            None => self.say(thread, &format!("try_recv_failed {name}")),
        }
    }
}

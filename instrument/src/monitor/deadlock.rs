//! A deadlock as plain data.

use std::panic::Location;

/// Threads that can never go on again.
///
/// Its [`Display`](std::fmt::Display) is the report on standard error.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Deadlock {
    /// Whether anything unseen might still end it.
    pub certainty: Certainty,
    /// The threads of the circle, each of which waits for the next; or the threads that wait for what none of the
    /// threads that are left can provide.
    pub participants: Vec<Participant>,
    /// Threads that hang on those without being part of the circle.
    pub also_waiting: Vec<Participant>,
}

/// How sure a deadlock is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Certainty {
    /// Nothing in this process can end it.
    Actual,
    /// All that are recorded are stuck, but what the monitor does not see might free them.
    Possible {
        /// Threads that have never used anything recorded.
        unseen_threads: usize,
        /// Whether the program handles signals.
        signal_handlers: bool,
    },
}

/// A thread that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Participant {
    /// Its name, or `thread-N`.
    pub thread: String,
    /// What it waits for.
    pub wait: Wait,
    /// Where it asked for that.
    pub at: &'static Location<'static>,
    /// The threads that it waits for, by name: those who hold the lock, have to end, or run the initialiser. Empty
    /// where anybody could help.
    pub whom: Vec<String>,
    /// Whether those are writers that are queued for the lock, rather than its holders.
    pub behind_writer: bool,
    /// Whether whoever holds the lock has ended and so never releases it.
    pub of_the_dead: bool,
    /// What it holds meanwhile, in the order of acquisition.
    pub held: Vec<Held>,
    /// How it got there, innermost first.
    pub stack: Vec<Frame>,
}

/// What a thread waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wait {
    /// To lock something.
    Lock(Object, Mode),
    /// The end of a thread, by name.
    Join(String),
    /// A notification of a condition variable, or (`notified`) the mutex that it gave up for one.
    Condvar {
        /// The condition variable.
        condvar: Object,
        /// Its mutex.
        mutex: Object,
        /// Whether the notification has come.
        notified: bool,
    },
    /// A message.
    Receive(Object),
    /// Room for a message, or somebody who takes it.
    Send(Object),
    /// The other parties of a barrier.
    Barrier(Object),
    /// The end of an initialisation.
    Once(Object),
    /// Permits of a semaphore.
    Permits(Object),
    /// An event to be set.
    Event(Object),
    /// What was put into a queue to be done, all of it.
    Tasks(Object),
    /// A thread's park token.
    Unpark(Object),
}

/// How a lock is held or asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Mode {
    /// Alone.
    Write,
    /// Shared with other readers.
    Read,
}

/// A lock that a thread holds, or an initialisation that it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Held {
    /// Which.
    pub object: Object,
    /// How.
    pub mode: Mode,
    /// Where it was acquired.
    pub at: Option<&'static Location<'static>>,
}

/// Something that is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Object {
    /// Its number in this process.
    pub number: u32,
    /// What it is: `mutex`, `rwlock`, `condvar`, `channel` ….
    pub kind: &'static str,
    /// The name it was given.
    pub name: Option<&'static str>,
    /// Where it was created.
    pub born: Option<&'static Location<'static>>,
    /// The type of what is inside.
    pub type_name: Option<&'static str>,
}

/// A step of a stack.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Frame {
    /// The code's address.
    pub address: usize,
    /// The function, if its name is known in the process.
    pub function: Option<String>,
    /// Its file and line, if they are known in the process.
    pub place: Option<(String, u32)>,
    /// The executable or library and the offset in it.
    pub module: Option<(String, usize)>,
}

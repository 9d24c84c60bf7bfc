//! Mutexes and read/write locks, and the data in them.

use lockhound_trace::{Mode, Policy, ThreadId};

use crate::witness::seen::Seen;

#[derive(Clone, Debug)]
pub(super) struct Mutex {
    pub(super) reentrant: bool,
    holder: Option<ThreadId>,
    depth: u32,
    /// The release that wrote the data last.
    pub(super) data: Seen,
}

impl Mutex {
    pub(super) fn new(reentrant: bool) -> Self {
        Self { reentrant, holder: None, depth: 0, data: Seen::NOTHING }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.reentrant);
    }

    /// Who keeps `thread` from taking it.
    pub(super) fn blocker(&self, thread: ThreadId) -> Option<ThreadId> {
        self.holder.filter(|&holder| holder != thread || !self.reentrant)
    }

    pub(super) fn is_held_by(&self, thread: ThreadId) -> bool {
        self.holder == Some(thread)
    }

    pub(super) fn take(&mut self, thread: ThreadId, depth: u32) {
        self.holder = Some(thread);
        self.depth += depth;
    }

    /// Gives one hold back.
    pub(super) fn give(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.holder = None;
        }
    }

    /// Gives all holds back; how many there were.
    pub(super) fn give_all(&mut self) -> u32 {
        self.holder = None;
        std::mem::take(&mut self.depth)
    }
}

#[derive(Clone, Debug)]
pub(super) struct RwLock {
    policy: Policy,
    writer: Option<ThreadId>,
    /// May be the writer too: then the writer takes two releases.
    upgrader: Option<ThreadId>,
    /// Who reads, and how often.
    readers: Vec<(ThreadId, u32)>,
    /// Who has asked to write, and waits. Only claims let threads queue: in a schedule, asking is getting.
    pub(super) queued: Vec<ThreadId>,
    /// The release that wrote the data last.
    pub(super) data: Seen,
}

impl RwLock {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, writer: None, upgrader: None, readers: Vec::new(), queued: Vec::new(), data: Seen::NOTHING }
    }

    pub(super) fn reset(&mut self) {
        self.writer = None;
        self.upgrader = None;
        self.readers.clear();
        self.queued.clear();
        self.data = Seen::NOTHING;
    }

    /// Whose holds keep `thread` from taking it.
    pub(super) fn holders_against(&self, thread: ThreadId, mode: Mode) -> impl Iterator<Item = ThreadId> + '_ {
        let upgrader = self.upgrader.filter(|&upgrader| match mode {
            Mode::Write => upgrader != thread,
            Mode::Upgrade => true,
            Mode::Read => false,
        });
        let readers = self.readers.iter().map(|&(reader, _)| reader).filter(move |_| mode == Mode::Write);
        self.writer.into_iter().chain(upgrader).chain(readers)
    }

    /// Whose requests keep `thread` from taking it: a reader lets queued writers go first, where that is the policy.
    pub(super) fn queued_against(&self, thread: ThreadId, mode: Mode) -> impl Iterator<Item = ThreadId> + '_ {
        let stops = mode == Mode::Read && self.policy == Policy::Writer;
        self.queued.iter().copied().filter(move |&writer| stops && writer != thread)
    }

    pub(super) fn is_free_for(&self, thread: ThreadId, mode: Mode) -> bool {
        self.holders_against(thread, mode).next().is_none() && self.queued_against(thread, mode).next().is_none()
    }

    /// How `thread` holds it, strongest first.
    pub(super) fn mode_of(&self, thread: ThreadId) -> Option<Mode> {
        [Mode::Write, Mode::Read, Mode::Upgrade].into_iter().find(|&mode| self.is_held_by(thread, mode))
    }

    pub(super) fn is_held_by(&self, thread: ThreadId, mode: Mode) -> bool {
        match mode {
            Mode::Write => self.writer == Some(thread),
            Mode::Upgrade => self.upgrader == Some(thread),
            Mode::Read => self.readers.iter().any(|&(reader, _)| reader == thread),
        }
    }

    pub(super) fn take(&mut self, thread: ThreadId, mode: Mode) {
        match mode {
            Mode::Write => {
                self.writer = Some(thread);
                self.queued.retain(|&writer| writer != thread);
            }
            Mode::Upgrade => self.upgrader = Some(thread),
            Mode::Read => match self.readers.iter_mut().find(|reader| reader.0 == thread) {
                Some(reader) => reader.1 += 1,
                None => self.readers.push((thread, 1)),
            },
        }
    }

    /// Gives one hold back.
    pub(super) fn give(&mut self, thread: ThreadId, mode: Mode) {
        match mode {
            Mode::Write => self.writer = None,
            Mode::Upgrade => self.upgrader = None,
            Mode::Read => {
                if let Some(position) = self.readers.iter().position(|reader| reader.0 == thread) {
                    self.readers[position].1 -= 1;
                    if self.readers[position].1 == 0 {
                        self.readers.swap_remove(position);
                    }
                }
            }
        }
    }
}

//! Events of once-initialisers: the run, and who came after it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use lockhound_trace::Mode;
use lockhound_trace::binary::format::{other, request};

use super::blocked::{Blocked, Ending};
use super::gate;
use super::local::{self, Local};
use super::object::{Kind, Object, Site};
use super::spin::back_off;

/// No run is under way.
const IDLE: u64 = 0;
/// A run is under way that is not recorded.
const UNRECORDED: u64 = u64::MAX;
/// How often a new attempt looks whether it may take a new number, before it goes unrecorded.
const PATIENCE: u32 = 200;

/// The recorder's part of a once-initialiser.
///
/// A trace knows of one run of a once. So each attempt is a once of its own there: a run that panics ends like any other
/// (who waited for it was freed by it), and the next one has a new number.
///
/// The real once does not tell who runs it, nor before waiting that one would have to. So while events are recorded a
/// thread first takes its *turn*, a lock that is held for the length of a run, and so learns in one step whether it has
/// to wait and for which run.
pub(crate) struct OnceObject {
    /// Its `aux` is 1 when a run has ended since the last number was taken.
    object: Object,
    turn: Mutex<()>,
    /// The id of the run that is under way, `IDLE` or `UNRECORDED`; changed under the spin bit.
    running: AtomicU64,
    /// The id of the last run whose end was recorded, or 0; changed under the spin bit.
    done: AtomicU64,
    /// Threads that are about to announce a wait: the number may not change under them.
    announcing: AtomicU32,
}

/// How far the present number has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Fresh,
    Running,
    Ended,
}

impl OnceObject {
    /// A once of which nothing has run.
    #[track_caller]
    pub(crate) const fn new(type_name: fn() -> &'static str) -> Self {
        Self {
            object: Object::new(Kind::Once, type_name),
            turn: Mutex::new(()),
            running: AtomicU64::new(IDLE),
            done: AtomicU64::new(0),
            announcing: AtomicU32::new(0),
        }
    }

    /// To be called whenever the thread has seen that the run is complete: it comes after it. Recorded once a thread, as
    /// far as the thread remembers.
    #[inline]
    pub(crate) fn passed(&self, site: Site) {
        if gate::is_on() {
            let done = self.done.load(Ordering::Relaxed);
            local::with(|local| {
                let local = local?;
                if local.awaited.knows(done) { Some(()) } else { self.record_passed(local, done, site) }
            });
        }
    }

    /// Not for a run that was not recorded, or before a fork: its end is not in this process's file.
    #[cold]
    fn record_passed(&self, local: &mut Local, done: u64, site: Site) -> Option<()> {
        if (done >> 32) as u32 != local.generation {
            return None;
        }
        let site = local.site(site)?;
        local.awaited.remember(done);
        local.other(other::AWAIT, site, done as u32, self.object.after_all(), 0, 0)
    }

    /// Waits, announced, until nobody runs the initialiser, and keeps others from it until the result is dropped.
    #[cold]
    pub(crate) fn turn(&self, site: Site) -> Turn<'_> {
        let mut round = 0;
        loop {
            match self.turn.try_lock() {
                Ok(alone) => return Turn { once: self, _alone: alone },
                Err(TryLockError::Poisoned(alone)) => return Turn { once: self, _alone: alone.into_inner() },
                Err(TryLockError::WouldBlock) => {}
            }
            // Who has the turn does not run yet or any more: there is nothing that could be announced, and not for long.
            if self.running.load(Ordering::Acquire) == IDLE && gate::is_on() {
                back_off(round);
                round += 1;
                continue;
            }
            let waiting = self.announce(site, |stage| stage == Stage::Running);
            if waiting.is_none() && self.running.load(Ordering::Acquire) == IDLE {
                continue;
            }
            let alone = self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            drop(waiting);
            return Turn { once: self, _alone: alone };
        }
    }

    /// Announces a wait for the end of a run, whoever begins it. None if it cannot be recorded.
    #[cold]
    pub(crate) fn expect_end(&self, site: Site) -> Option<Waiting<'_>> {
        // Of a run that ended in a panic there is nothing to wait for; the next one has no number yet.
        self.announce(site, |stage| stage != Stage::Ended)
    }

    fn announce(&self, site: Site, worth_it: impl Fn(Stage) -> bool) -> Option<Waiting<'_>> {
        if !gate::is_on() {
            return None;
        }
        let _announcing = Announcing::enter(&self.announcing);
        let (id, version, stage) = local::with(|local| self.present(local?))?;
        if !worth_it(stage) {
            return None;
        }
        let has_ended = |object: &Object| object.aux.load(Ordering::Acquire) != 0;
        let (ending, events_left) = match stage {
            Stage::Fresh => (Ending::Anyone(has_ended), 2),
            Stage::Running => (Ending::Holders, 1),
            Stage::Ended => (Ending::Anyone(has_ended), 0),
        };
        let blocked = self.object.blocked_on(request::AWAIT, Mode::Write, ending, site);
        Some(Waiting { once: self, id, after: version + 1 + events_left, site, blocked: Some(blocked) })
    }

    /// The number that the once has as long as the caller is announcing, and how far it has come.
    fn present(&self, local: &mut Local) -> Option<(u64, u64, Stage)> {
        loop {
            let number = self.object.number(local)?;
            let id = id_of(local, number);
            let _spin = self.object.spin()?;
            if self.object.id() == id {
                return Some((id, self.object.version(), self.stage(id)));
            }
        }
    }

    fn stage(&self, id: u64) -> Stage {
        // Before it has a number, nothing has run.
        if id != 0 && self.done.load(Ordering::Relaxed) == id {
            Stage::Ended
        } else if self.running.load(Ordering::Relaxed) == id {
            Stage::Running
        } else {
            Stage::Fresh
        }
    }

    fn begin(&self, site: Site) -> Run<'_> {
        let recorded = if gate::is_on() { local::with(|local| self.record_begin(local?, site)) } else { None };
        if recorded.is_none() {
            self.running.store(UNRECORDED, Ordering::Release);
        }
        Run { once: self, recorded, site }
    }

    fn record_begin(&self, local: &mut Local, site: Site) -> Option<u64> {
        let site = local.site(site)?;
        if self.stage(self.object.id()) == Stage::Ended {
            self.renew()?;
        }
        let number = self.object.number(local)?;
        let id = id_of(local, number);
        local.buffer.reserve()?;
        let mut spin = self.object.spin()?;
        let after = spin.take_version(local.tag);
        self.running.store(id, Ordering::Release);
        local.other(other::ONCE_BEGIN, site, number, after, 0, 0)?;
        local.held.push(number);
        Some(id)
    }

    /// Takes a new number if the present one has had its run; unless threads are announcing waits for that one.
    #[cold]
    fn renew(&self) -> Option<()> {
        (0..PATIENCE).find_map(|round| {
            let spin = self.object.spin()?;
            // Meanwhile another thread may have given it a number, as after a fork, and wait for the end of that run.
            if self.stage(self.object.id()) != Stage::Ended {
                return Some(());
            }
            if self.announcing.load(Ordering::Relaxed) == 0 {
                self.object.aux.store(0, Ordering::Relaxed);
                self.object.renew();
                return Some(());
            }
            drop(spin);
            back_off(round);
            None
        })
    }

    fn end(&self, recorded: Option<u64>, site: Site) {
        if let Some(id) = recorded
            && gate::is_on()
        {
            local::with(|local| self.record_end(local?, id, site));
        }
        self.object.aux.store(1, Ordering::Release);
        self.running.store(IDLE, Ordering::Release);
    }

    /// After a fork in the initialiser its beginning is in another file.
    fn record_end(&self, local: &mut Local, id: u64, site: Site) -> Option<()> {
        if (id >> 32) as u32 != local.generation {
            return None;
        }
        let number = id as u32;
        local.held.pop(number);
        let site = local.site(site)?;
        local.buffer.reserve()?;
        let mut spin = self.object.spin()?;
        let after = spin.take_version(local.tag);
        self.done.store(id, Ordering::Release);
        self.running.store(IDLE, Ordering::Release);
        local.awaited.remember(id);
        local.other(other::ONCE_END, site, number, after, 0, 0)
    }

    /// The value was taken back: what runs next is another once.
    pub(crate) fn reset(&mut self) {
        self.object.renew();
        self.object.aux.store(0, Ordering::Relaxed);
        *self.running.get_mut() = IDLE;
        *self.done.get_mut() = 0;
    }
}

fn id_of(local: &Local, number: u32) -> u64 {
    u64::from(local.generation) << 32 | u64::from(number)
}

/// The right to run the initialiser, if that is still to be done.
pub(crate) struct Turn<'a> {
    once: &'a OnceObject,
    _alone: MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Runs the initialiser; to be called where the real once lets the thread run it.
    pub(crate) fn run<R>(&self, site: Site, initialiser: impl FnOnce() -> R) -> R {
        let _run = self.once.begin(site);
        initialiser()
    }
}

/// A run that is under way. It ends when this is dropped, also by a panic.
struct Run<'a> {
    once: &'a OnceObject,
    recorded: Option<u64>,
    site: Site,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.once.end(self.recorded, self.site);
    }
}

/// An announced wait for the end of a run. Dropped when the real wait is over, it records that, if so it is.
pub(crate) struct Waiting<'a> {
    once: &'a OnceObject,
    id: u64,
    /// How far the object has come at the end of the run.
    after: u64,
    site: Site,
    blocked: Option<Blocked<'a>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        drop(self.blocked.take());
        let once = self.once;
        // A number is replaced only after the end of its run.
        let ended = once.done.load(Ordering::Acquire) == self.id || once.object.id() != self.id;
        if ended && gate::is_on() {
            local::with(|local| {
                let local = local?;
                let site = local.site(self.site)?;
                local.awaited.remember(self.id);
                local.other(other::AWAIT, site, self.id as u32, self.after, 0, 0)
            });
        }
    }
}

/// Keeps a once's number as it is.
struct Announcing<'a>(&'a AtomicU32);

impl<'a> Announcing<'a> {
    /// From the next time that the caller has the spin bit, the number stays: who would replace it looks under that bit.
    fn enter(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Announcing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// The runs that a thread is known to come after, as far as it remembers: what it forgets it records again.
#[derive(Debug)]
pub(super) struct Awaited {
    ids: [u64; Self::SLOTS],
}

impl Awaited {
    const SLOTS: usize = 64;

    pub(super) const fn new() -> Self {
        Self { ids: [0; Self::SLOTS] }
    }

    #[inline]
    fn knows(&self, id: u64) -> bool {
        self.ids[id as usize % Self::SLOTS] == id
    }

    fn remember(&mut self, id: u64) {
        self.ids[id as usize % Self::SLOTS] = id;
    }
}

//! A wait that was announced and is not over yet.

use std::marker::PhantomData;

use lockhound_trace::binary::format::{how_number, mode_number, other, request};
use lockhound_trace::{How, Mode};

use super::gate;
use super::local::{self, Local};
use super::monitor::{self, Borrowed, Entry, Stay, Wants};
use super::object::{Kind, Object, Site};
use super::worth;

/// Who can end a wait for an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// Only the threads that hold it: locks, and a once-initialiser that is running.
    Holders,
    /// Any thread, by an operation on the object. The function says whether that has happened already, though the waiting
    /// thread may not have noticed yet.
    Anyone(fn(&Object) -> bool),
}

/// Announces a wait, from before it begins until this is dropped, after it has ended.
#[must_use = "the wait counts as over when this is dropped"]
pub(crate) struct Blocked<'a> {
    _stay: Option<Stay>,
    waits_for: PhantomData<&'a Object>,
}

impl Blocked<'_> {
    pub(super) const NOTHING: Self = Self { _stay: None, waits_for: PhantomData };

    /// What to hold during the wait.
    ///
    /// # Panics
    /// If the monitor says so: with the wait that is not begun, a deadlock ends.
    pub(super) fn until_over(entry: Option<Entry>) -> Self {
        Self::until_over_or(entry, || ())
    }

    /// The same; calls `undo` before it panics.
    pub(super) fn until_over_or(entry: Option<Entry>, undo: impl FnOnce()) -> Self {
        let Entry { stay, panic } = entry.unwrap_or_default();
        if let Some(message) = panic {
            drop(stay);
            undo();
            panic!("{message}");
        }
        Self { _stay: stay, waits_for: PhantomData }
    }
}

impl Object {
    /// A request for a lock that could not complete at once; to be called before waiting.
    ///
    /// # Panics
    /// As [`Object::blocked_on`].
    #[cold]
    pub(crate) fn blocked(&self, mode: Mode, site: Site) -> Blocked<'_> {
        self.blocked_on(request::ACQUIRE, mode, Ending::Holders, site)
    }

    /// Any request for this object that could not complete at once; to be called before waiting.
    ///
    /// # Panics
    /// If that closes a deadlock, and the action set for it is to panic.
    #[cold]
    pub(super) fn blocked_on(&self, request: u8, mode: Mode, ending: Ending, site: Site) -> Blocked<'_> {
        self.blocked_on_more(request, mode, 0, ending, site)
    }

    /// The same for a request with a second operand, such as a number of permits.
    #[cold]
    pub(super) fn blocked_on_more(
        &self,
        request: u8,
        mode: Mode,
        second: u32,
        ending: Ending,
        site: Site,
    ) -> Blocked<'_> {
        if !gate::is_on() {
            return Blocked::NOTHING;
        }
        let give_up = GiveUp::of(request, self.kind);
        let entry = local::with(|local| {
            let local = local?;
            let number = self.number(local)?;
            let place = local.site(site)?;
            local.capture_stack_if_new(place, number)?;
            let wants = match ending {
                Ending::Holders => Wants::Lock { lock: number, mode, shared: self.kind == Kind::RwLock },
                Ending::Anyone(is_over) => Wants::Anyone { request, number, object: Borrowed::new(self), is_over },
            };
            let detail = u128::from(request) | u128::from(mode_number(mode)) << 8;
            let how = u128::from(how_number(How::Lock)) << 16 | u128::from(second) << 24;
            let announce =
                |local: &mut Local| local.other(other::BLOCK, place, number, self.after_all(), detail | how, 7);
            wait_announced(local, wants, site, give_up == GiveUp::Impossible, announce)
        });
        Blocked::until_over_or(entry, || self.give_up(give_up, mode, site))
    }

    /// The request ends without what it was for.
    fn give_up(&self, how: GiveUp, mode: Mode, site: Site) {
        let GiveUp::By(sub) = how else { return };
        local::with(|local| {
            let local = local?;
            let (number, site) = (self.number(local)?, local.site(site)?);
            let (operands, length) = if sub == other::TRY_FAILED { (u128::from(mode_number(mode)), 1) } else { (0, 0) };
            local.other(sub, site, number, self.after_all(), operands, length)
        });
    }
}

/// Announces a wait by an event and to the monitor. Where a request cannot give up in the trace, it is written only once
/// it is clear that the thread will not panic instead.
pub(super) fn wait_announced(
    local: &mut Local,
    wants: Wants,
    site: Site,
    for_good: bool,
    announce: impl Fn(&mut Local) -> Option<()>,
) -> Option<Entry> {
    {
        let _busy = local.busy();
        worth::wait();
    }
    let later = for_good && monitor::may_panic();
    if !later {
        announce(local)?;
    }
    let entry = monitor::wait(local, wants, site);
    if later && entry.panic.is_none() {
        announce(local)?;
    }
    Some(entry)
}

/// How the trace says that a request gave up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum GiveUp {
    /// By this event.
    By(u8),
    /// By none: it may at any time.
    Unseen,
    /// Not at all.
    Impossible,
}

impl GiveUp {
    const fn of(request: u8, kind: Kind) -> Self {
        match (request, kind) {
            (request::ACQUIRE | request::ACQUIRE_PERMITS, _) => Self::By(other::TRY_FAILED),
            (request::AWAIT, Kind::ParkToken | Kind::Flag { .. }) => Self::Unseen,
            // The channel says it, under its lock, since that event takes a version.
            (request::SEND | request::RECV, _) => Self::Unseen,
            _ => Self::Impossible,
        }
    }
}

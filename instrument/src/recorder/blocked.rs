//! A wait that was announced and is not over yet.

use std::marker::PhantomData;

use lockhound_trace::binary::format::{how_number, mode_number, other, request};
use lockhound_trace::{How, Mode};

use super::gate;
use super::local;
use super::monitor::{self, Borrowed, Entry, Stay, Wants};
use super::object::{Kind, Object, Site};

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
        if !gate::is_on() {
            return Blocked::NOTHING;
        }
        let entry = local::with(|local| {
            let local = local?;
            let number = self.number(local)?;
            let place = local.site(site)?;
            local.capture_stack_if_new(place, number)?;
            let detail = u128::from(request) | u128::from(mode_number(mode)) << 8;
            let how = u128::from(how_number(How::Lock)) << 16;
            local.other(other::BLOCK, place, number, self.after_all(), detail | how, 7)?;
            let wants = match ending {
                Ending::Holders => Wants::Lock { lock: number, mode, shared: self.kind == Kind::RwLock },
                Ending::Anyone(is_over) => Wants::Anyone { request, number, object: Borrowed::new(self), is_over },
            };
            Some(monitor::wait(local, wants, site))
        });
        Blocked::until_over(entry)
    }
}

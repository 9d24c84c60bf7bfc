//! A wait that was announced and is not over yet.

use std::marker::PhantomData;

use lockhound_trace::binary::format::{mode_number, other, request};
use lockhound_trace::{How, Mode};

use super::gate;
use super::local;
use super::object::{Object, Site};

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
    waits_for: PhantomData<&'a Object>,
}

impl Blocked<'_> {
    pub(super) const NOTHING: Self = Self { waits_for: PhantomData };
}

impl Object {
    /// A request for a lock that could not complete at once; to be called before waiting.
    #[cold]
    pub(crate) fn blocked(&self, mode: Mode, site: Site) -> Blocked<'_> {
        self.blocked_on(request::ACQUIRE, mode, Ending::Holders, site)
    }

    /// Any request for this object that could not complete at once; to be called before waiting.
    #[cold]
    pub(super) fn blocked_on(&self, request: u8, mode: Mode, _ending: Ending, site: Site) -> Blocked<'_> {
        if gate::is_on() {
            local::with(|local| {
                let local = local?;
                let number = self.number(local)?;
                let site = local.site(site)?;
                local.capture_stack_if_new(site, number)?;
                let detail = u128::from(request) | u128::from(mode_number(mode)) << 8;
                let how = u128::from(lockhound_trace::binary::format::how_number(How::Lock)) << 16;
                local.other(other::BLOCK, site, number, self.after_all(), detail | how, 7)
            });
        }
        Blocked::NOTHING
    }
}

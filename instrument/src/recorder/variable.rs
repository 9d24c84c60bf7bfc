//! Events of shared variables and park flags: access and event are one step.

use std::sync::atomic::Ordering;

use lockhound_trace::Mode;
use lockhound_trace::binary::encode::Head;
use lockhound_trace::binary::format::{code, other, request};

use super::blocked::{Blocked, Ending};
use super::gate;
use super::local::{self, Local};
use super::object::{Object, Site};
use super::value::RawValue;
use super::word::Spin;

impl Object {
    /// Reads a variable: `access` runs alone, and its event has the place that the access has.
    pub(crate) fn read<R>(
        &self,
        site: Site,
        access: impl FnOnce() -> R,
        value: impl FnOnce(&R) -> Option<RawValue>,
    ) -> R {
        self.alone(site, |event| {
            let result = access();
            if let Some((ticket, spin)) = event {
                ticket.write_access(spin, code::READ, value(&result));
            }
            result
        })
    }

    /// Writes a variable: `access` runs alone, and its event has the place that the access has.
    pub(crate) fn write(&self, site: Site, value: Option<RawValue>, access: impl FnOnce()) {
        self.alone(site, |event| {
            access();
            if let Some((ticket, spin)) = event {
                ticket.write_access(spin, code::WRITE, value);
            }
        });
    }

    /// Sets a park flag together with `access`.
    pub(crate) fn set(&self, site: Site, access: impl FnOnce()) {
        self.alone(site, |event| {
            self.aux.store(1, Ordering::Relaxed);
            access();
            if let Some((mut ticket, spin)) = event {
                ticket.write_other(spin, other::SET);
            }
        });
    }

    /// The wait for a park flag returned and took the token; two events.
    pub(crate) fn await_and_clear(&self, site: Site, access: impl FnOnce()) {
        self.alone(site, |event| {
            self.aux.store(0, Ordering::Relaxed);
            access();
            if let Some((mut ticket, spin)) = event {
                ticket.write_other(spin, other::AWAIT);
                ticket.write_other(spin, other::CLEAR);
            }
        });
    }

    /// To be called before waiting for a park flag.
    pub(crate) fn blocked_on_await(&self, site: Site) -> Blocked<'_> {
        let is_set = |flag: &Self| flag.aux.load(Ordering::Acquire) != 0;
        self.blocked_on(request::AWAIT, Mode::Write, Ending::Anyone(is_set), site)
    }

    /// Runs `step` with the object to itself, recording or not: variables may be raced on. Only from what a signal handler
    /// has interrupted is it not kept apart, and then not recorded.
    #[inline]
    fn alone<R>(&self, site: Site, step: impl FnOnce(Option<(Ticket<'_>, &mut Spin<'_>)>) -> R) -> R {
        if !gate::is_on() {
            let _spin = self.spin();
            return step(None);
        }
        // What may take long (declaring, a new chunk) comes before the spin bit is set.
        local::with(|local| {
            let ticket = local.and_then(|local| self.prepare(local, site));
            let mut spin = self.spin();
            step(ticket.zip(spin.as_mut()))
        })
    }

    #[inline]
    fn prepare<'a>(&self, local: &'a mut Local, site: Site) -> Option<Ticket<'a>> {
        let number = self.number(local)?;
        let site = local.site(site)?;
        local.buffer.reserve()?;
        Some(Ticket { local, number, site })
    }
}

/// Everything that an event needs but its version.
struct Ticket<'a> {
    local: &'a mut Local,
    number: u32,
    site: u32,
}

impl Ticket<'_> {
    #[inline]
    fn write_access(self, spin: &mut Spin<'_>, code: u8, value: Option<RawValue>) {
        let after = spin.take_version(self.local.tag);
        let head = Head::new(code, self.site, self.number, after);
        let (word, length) = RawValue::encode(value);
        self.local.buffer.put(head.word, head.length);
        self.local.buffer.put(word, length);
        self.local.buffer.commit();
    }

    fn write_other(&mut self, spin: &mut Spin<'_>, sub: u8) {
        let after = spin.take_version(self.local.tag);
        self.local.other(sub, self.site, self.number, after, 0, 0);
    }
}

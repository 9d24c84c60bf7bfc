//! Events of objects that have a lock of their own, which is held meanwhile: channels, barriers, semaphores, events.

use super::gate;
use super::local::{self, Local};
use super::object::{Object, Site};

impl Object {
    /// Takes the next version for an event of [`code::OTHER`](lockhound_trace::binary::format::code::OTHER) without
    /// operands; none if nothing was recorded.
    pub(super) fn step(&self, sub: u8, site: Option<Site>) -> Option<()> {
        self.with_local(|object, local| {
            let site = local.site_or_none(site)?;
            object.write_step(local, sub, site, 0, 0)
        })
    }

    /// The same for an event that counts one thing.
    pub(super) fn counted_step(&self, sub: u8, site: Option<Site>) -> Option<()> {
        self.with_local(|object, local| {
            let site = local.site_or_none(site)?;
            object.write_step(local, sub, site, 1, 4)
        })
    }

    pub(super) fn with_local(&self, write: impl FnOnce(&Self, &mut Local) -> Option<()>) -> Option<()> {
        if gate::is_on() { local::with(|local| write(self, local?)) } else { None }
    }

    pub(super) fn write_step(
        &self,
        local: &mut Local,
        sub: u8,
        site: u32,
        operands: u128,
        length: usize,
    ) -> Option<()> {
        let number = self.number(local)?;
        // Before the version is taken: a version that no event has would be a gap.
        local.buffer.reserve()?;
        let after = self.take_version(local);
        local.other(sub, site, number, after, operands, length)
    }
}

impl Local {
    /// The number of a site; 0 stands for none.
    pub(super) fn site_or_none(&mut self, site: Option<Site>) -> Option<u32> {
        site.map_or(Some(0), |site| self.site(site))
    }
}

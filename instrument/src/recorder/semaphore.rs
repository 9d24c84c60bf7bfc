//! Events of semaphores. The semaphore's own lock is held around each step and its event, which makes them one step.

use std::sync::atomic::Ordering;

use lockhound_trace::binary::format::{how_number, other, request};
use lockhound_trace::{How, Mode};

use super::blocked::{Blocked, Ending};
use super::local::Local;
use super::object::{Object, Site};

/// What others may have to know of a semaphore without its lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Supply {
    /// Permits that anybody may take.
    pub(crate) available: u32,
    /// No thread that waits wants less; 0 if that is not known.
    pub(crate) least_wanted: u32,
}

impl Supply {
    const fn pack(self) -> u64 {
        self.available as u64 | (self.least_wanted as u64) << 32
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self { available: word as u32, least_wanted: (word >> 32) as u32 }
    }

    /// Of a semaphore that has just been made.
    pub(super) const fn initially(permits: u32) -> u64 {
        Self { available: permits, least_wanted: 0 }.pack()
    }
}

impl Object {
    /// On a semaphore: so many permits are taken.
    pub(crate) fn permits_taken(&self, n: u32, how: How, site: Site) {
        self.with_local(|object, local| object.take_permits(local, n, how, site));
    }

    /// On a semaphore: so many permits are given back, or were refused because it would have had more than its bound. The
    /// permits of a guard come back without a site.
    pub(crate) fn permits_given(&self, n: u32, site: Option<Site>) {
        self.with_local(|object, local| object.give_permits(local, n, site));
    }

    /// The same as [`Object::permits_taken`], in the stream of `local`.
    pub(super) fn take_permits(&self, local: &mut Local, n: u32, how: How, site: Site) -> Option<()> {
        let site = local.site(site)?;
        self.write_step(local, other::ACQUIRE_PERMITS, site, u128::from(n) | u128::from(how_number(how)) << 32, 5)
    }

    /// The same as [`Object::permits_given`], in the stream of `local`.
    pub(super) fn give_permits(&self, local: &mut Local, n: u32, site: Option<Site>) -> Option<()> {
        let site = local.site_or_none(site)?;
        self.write_step(local, other::RELEASE_PERMITS, site, u128::from(n), 4)
    }

    /// On a semaphore, its lock held: what it has. To be called after the event of the step that changed it.
    pub(crate) fn publish_supply(&self, supply: Supply) {
        self.aux.store(supply.pack(), Ordering::Release);
    }

    /// On a semaphore: to be called before waiting for so many permits, its lock not held.
    ///
    /// As long as there are enough for anybody who waits, the wait counts as over for all.
    ///
    /// # Panics
    /// As [`Object::blocked_on`].
    #[cold]
    pub(crate) fn blocked_on_permits(&self, n: u32, site: Site) -> Blocked<'_> {
        let is_over = |semaphore: &Self| {
            let supply = Supply::unpack(semaphore.aux.load(Ordering::Acquire));
            supply.available >= supply.least_wanted
        };
        self.blocked_on_more(request::ACQUIRE_PERMITS, Mode::Write, n, Ending::Anyone(is_over), site)
    }
}

#[cfg(test)]
mod tests {
    use super::Supply;

    #[test]
    fn supply_survives_its_packing() {
        for supply in [
            Supply { available: 0, least_wanted: 0 },
            Supply { available: u32::MAX, least_wanted: 1 },
            Supply { available: 3, least_wanted: u32::MAX },
        ] {
            assert_eq!(Supply::unpack(supply.pack()), supply);
        }
    }
}

//! Events of mutexes and read/write locks: the hot path.

use std::sync::atomic::Ordering;

use lockhound_trace::binary::encode::Head;
use lockhound_trace::binary::format::{acquire_code, code, how_number, mode_number, other, release_code};
use lockhound_trace::{How, Mode, Touched};

use super::gate;
use super::local::{self, Local};
use super::object::{Kind, Object, Site};

impl Object {
    /// To be called right after the lock is really had.
    #[inline]
    pub(crate) fn acquired(&self, mode: Mode, how: How, site: Site) {
        if gate::is_on() {
            local::with(|local| self.record_acquire(local?, mode, how, site));
        }
    }

    #[inline]
    fn record_acquire(&self, local: &mut Local, mode: Mode, how: How, site: Site) -> Option<()> {
        let number = self.number(local)?;
        let site = local.site(site)?;
        if local.held.is_new_edge(number, site) {
            local.note_edge(site)?;
        }
        local.buffer.reserve()?;
        if self.kind == Kind::RwLock {
            self.write_rwlock_acquire(local, mode, how, site, number);
        } else {
            let after = self.take_version(local);
            write_event(local, acquire_code(mode, how), site, number, after);
        }
        local.buffer.commit();
        local.held.push_at(number, site, mode);
        Some(())
    }

    /// Readers leave the version alone, so that they do not contend for it: they only say under which they read.
    fn write_rwlock_acquire(&self, local: &mut Local, mode: Mode, how: How, site: u32, number: u32) {
        if mode == Mode::Read {
            let after = self.reading_after(local, number);
            write_event(local, acquire_code(mode, how), site, number, after);
            return;
        }
        let after = self.take_version(local);
        let reads = self.aux.load(Ordering::Relaxed);
        if mode == Mode::Upgrade || reads == self.reads_seen.load(Ordering::Relaxed) {
            write_event(local, acquire_code(mode, how), site, number, after);
            return;
        }
        self.reads_seen.store(reads, Ordering::Relaxed);
        let head = Head::new(code::ACQUIRE_AFTER_READS + how_number(how), site, number, after);
        local.buffer.put(head.word, head.length);
        local.buffer.put_short(reads, 8);
    }

    fn reading_after(&self, local: &mut Local, number: u32) -> u64 {
        let version = self.version();
        let slots = local.read_under.len();
        let slot = &mut local.read_under[number as usize % slots];
        let known = std::mem::replace(slot, (number, version)) == (number, version);
        if known || self.is_mine(local) { 0 } else { version + 1 }
    }

    /// To be called right before the lock is really given up.
    #[inline]
    pub(crate) fn releasing(&self, mode: Mode, touched: Touched) {
        if gate::is_on() {
            local::with(|local| self.record_release(local?, mode, touched));
        }
    }

    #[inline]
    fn record_release(&self, local: &mut Local, mode: Mode, touched: Touched) -> Option<()> {
        let number = self.number(local)?;
        local.buffer.reserve()?;
        local.held.pop(number);
        if self.kind == Kind::RwLock && mode == Mode::Read {
            write_event(local, release_code(mode, touched), 0, number, 0);
            local.buffer.commit();
            self.aux.fetch_add(1, Ordering::Release);
        } else {
            let after = self.take_version(local);
            write_event(local, release_code(mode, touched), 0, number, after);
            local.buffer.commit();
        }
        Some(())
    }

    /// A `try` or timed request gave up.
    pub(crate) fn try_failed(&self, mode: Mode, site: Site) {
        if gate::is_on() {
            local::with(|local| {
                let local = local?;
                let number = self.number(local)?;
                let site = local.site(site)?;
                local.other(other::TRY_FAILED, site, number, self.after_all(), u128::from(mode_number(mode)), 1)
            });
        }
    }
}

/// Appends a lock's event: 5 bytes, 3 for a release, more when numbers or versions do not fit.
#[inline]
fn write_event(local: &mut Local, code: u8, site: u32, number: u32, after: u64) {
    if (site | number) >> 16 == 0 && after == 0 {
        let release = lockhound_trace::binary::format::is_release(code);
        let (word, length) =
            if release { (u64::from(number) << 8, 3) } else { (u64::from(site) << 8 | u64::from(number) << 24, 5) };
        local.buffer.put_short(u64::from(code) | word, length);
    } else {
        write_long_event(local, code, site, number, after);
    }
}

#[inline(never)]
fn write_long_event(local: &mut Local, code: u8, site: u32, number: u32, after: u64) {
    let head = Head::new(code, site, number, after);
    local.buffer.put(head.word, head.length);
}

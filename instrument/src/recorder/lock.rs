//! Events of mutexes and read/write locks: the hot path.
//!
//! Each event has two forms. The quick one is inlined into the program and does one store to the trace; it applies when
//! everything about the event is as it nearly always is. It tests that with a handful of compares, writes nothing before
//! it is sure, and otherwise leaves the event to the thorough one, which handles every case.

use std::sync::atomic::Ordering;

use lockhound_trace::binary::encode::Head;
use lockhound_trace::binary::format::{acquire_code, code, how_number, mode_number, other, release_code};
use lockhound_trace::{How, Mode, Touched};

use super::buffer;
use super::gate::{self, Look};
use super::held::{self, Hold};
use super::local::{self, Local};
use super::object::{Kind, Object, Site};

/// The proof that an acquisition was recorded: what its release needs. Generation and number of the lock, or 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token(u64);

impl Token {
    /// Of an acquisition that is not recorded; neither will be its release.
    pub(crate) const NONE: Self = Self(0);

    /// Whether the acquisition was recorded.
    #[inline]
    pub(crate) const fn is_some(self) -> bool {
        self.0 != 0
    }
}

/// An object's number, if it is of this process's generation.
#[inline(always)]
fn current(number: u64) -> Option<u32> {
    (number >> 32 == 0).then_some(number as u32)
}

/// An acquisition that is ready to be written.
struct Quick {
    token: Token,
    code: u8,
    place: buffer::Room,
    hold: Hold,
    top: held::Room,
}

impl Quick {
    #[inline(always)]
    fn record(self, local: &mut Local) -> Token {
        let (code, site, lock) = (u64::from(self.code), u64::from(self.hold.site()), u64::from(self.hold.lock));
        local.held.push_into(self.top, self.hold);
        if lock >> 16 == 0 {
            local.buffer.put_whole(self.place, code | site << 8 | lock << 24, 5);
        } else {
            local.buffer.put_wide(self.place, self.code, self.hold.site(), self.hold.lock);
        }
        self.token
    }
}

impl Object {
    /// To be called right after the lock is really had.
    #[inline]
    pub(crate) fn acquired(&self, mode: Mode, how: How, site: Site) -> Token {
        match (self.kind, mode) {
            (Kind::RwLock, Mode::Read) => self.acquired_shared(Look::now(), how, site),
            (Kind::RwLock, _) => self.acquired_from_readers(Look::now(), how, site),
            _ => self.acquired_alone(Look::now(), how, site),
        }
    }

    /// The same for a mutex.
    #[inline(always)]
    pub(crate) fn acquired_alone(&self, gate: Look, how: How, site: Site) -> Token {
        if gate.is_off() {
            return Token::NONE;
        }
        match local::current().and_then(|local| self.quick_write(local, how, site)) {
            Some(token) => token,
            None => self.acquire(Mode::Write, how, site),
        }
    }

    /// The same for a read/write lock that is to be written.
    #[inline(always)]
    pub(crate) fn acquired_from_readers(&self, gate: Look, how: How, site: Site) -> Token {
        if gate.is_off() {
            return Token::NONE;
        }
        let quick = |local| {
            let no_news = self.reads(Ordering::Relaxed) == self.reads_seen.load(Ordering::Relaxed);
            if no_news { self.quick_write(local, how, site) } else { None }
        };
        match local::current().and_then(quick) {
            Some(token) => token,
            None => self.acquire(Mode::Write, how, site),
        }
    }

    /// The same for a read/write lock that is to be read.
    #[inline(always)]
    pub(crate) fn acquired_shared(&self, gate: Look, how: How, site: Site) -> Token {
        if gate.is_off() {
            return Token::NONE;
        }
        match local::current().and_then(|local| self.quick_read(local, how, site)) {
            Some(token) => token,
            None => self.acquire(Mode::Read, how, site),
        }
    }

    /// What an acquisition writes about which everything is known, for which there is room, and which makes no new edge.
    #[inline(always)]
    fn quick(&self, local: &Local, mode: Mode, how: How, site: Site) -> Option<Quick> {
        let id = self.id();
        let known = local.sites.known(site)?;
        let number = current(id ^ local.generation_bits)?;
        if known.is_news(local.held.top(), number) {
            return None;
        }
        Some(Quick {
            token: Token(id),
            code: acquire_code(mode, how),
            place: local.buffer.room()?,
            hold: Hold::new(number, known.number(), mode),
            top: local.held.room()?,
        })
    }

    #[inline(always)]
    fn quick_write(&self, local: &mut Local, how: How, site: Site) -> Option<Token> {
        let quick = self.quick(local, Mode::Write, how, site)?;
        self.word().take_next_version(local.tag)?;
        Some(quick.record(local))
    }

    /// Readers leave the version alone, so that they do not contend for it: they only say under which they read.
    #[inline(always)]
    fn quick_read(&self, local: &mut Local, how: How, site: Site) -> Option<Token> {
        let quick = self.quick(local, Mode::Read, how, site)?;
        let now = (quick.hold.lock, self.word().get());
        (*local.read_under_slot(quick.hold.lock) == now).then(|| quick.record(local))
    }

    #[inline(never)]
    fn acquire(&self, mode: Mode, how: How, site: Site) -> Token {
        let recorded = local::with(|local| self.record_acquire(local?, mode, how, site));
        recorded.map_or(Token::NONE, |()| Token(self.id()))
    }

    fn record_acquire(&self, local: &mut Local, mode: Mode, how: How, site: Site) -> Option<()> {
        let number = self.number(local)?;
        let site_number = local.site(site)?;
        local.notice_edge(site, site_number, number)?;
        local.buffer.reserve()?;
        if self.kind == Kind::RwLock {
            self.write_rwlock_acquire(local, mode, how, site_number, number);
        } else {
            let after = self.take_version(local);
            write_event(local, acquire_code(mode, how), site_number, number, after);
        }
        local.buffer.commit();
        local.held.push_at(number, site_number, mode);
        Some(())
    }

    fn write_rwlock_acquire(&self, local: &mut Local, mode: Mode, how: How, site: u32, number: u32) {
        if mode == Mode::Read {
            let after = self.reading_after(local, number);
            write_event(local, acquire_code(mode, how), site, number, after);
            return;
        }
        let after = self.take_version(local);
        let reads = self.reads(Ordering::Relaxed);
        if mode == Mode::Upgrade || reads == self.reads_seen.load(Ordering::Relaxed) {
            write_event(local, acquire_code(mode, how), site, number, after);
            return;
        }
        self.reads_seen.store(reads, Ordering::Relaxed);
        let head = Head::new(code::ACQUIRE_AFTER_READS + how_number(how), site, number, after);
        local.buffer.put(head.word, head.length);
        local.buffer.put(u128::from(reads), 8);
    }

    fn reading_after(&self, local: &mut Local, number: u32) -> u64 {
        let now = (number, self.word().get());
        let known = std::mem::replace(local.read_under_slot(number), now) == now;
        if known || self.is_mine(local) { 0 } else { self.version() + 1 }
    }

    /// To be called right before the lock is really given up, if the token of its acquisition is not at hand.
    #[inline]
    pub(crate) fn releasing(&self, mode: Mode, touched: Touched) {
        if !gate::is_off() {
            self.release(Token(self.id()), mode, touched);
        }
    }

    /// The token of a lock that is held and was acquired by other means than [`Object::acquired`].
    #[inline]
    pub(crate) fn token(&self) -> Token {
        if gate::is_off() { Token::NONE } else { Token(self.id()) }
    }

    /// To be called right before the lock is really given up, with the token of its acquisition if that was recorded.
    #[inline(always)]
    pub(crate) fn releasing_recorded<const READ: bool>(&self, token: Token, touched: Touched) {
        let mode = if READ { Mode::Read } else { Mode::Write };
        let quick = |local| self.quick_release::<READ>(local, token, release_code(mode, touched));
        if local::current().and_then(quick).is_none() {
            self.release(token, mode, touched);
        }
    }

    /// For the lock on top: then the last event that took a version was this thread's.
    #[inline(always)]
    fn quick_release<const READ: bool>(&self, local: &mut Local, token: Token, code: u8) -> Option<()> {
        let number = current(token.0 ^ local.generation_bits)?;
        if local.held.top() != number || READ && !self.counts_alone(local) {
            return None;
        }
        let place = local.buffer.room_to_release()?;
        local.held.pop_top();
        if !READ {
            self.word().take_own_version();
        }
        let (wide, length) = if number >> 16 == 0 { (0, 3) } else { (code::WIDE, 5) };
        local.buffer.put_whole(place, u64::from(code | wide) | u64::from(number) << 8, length);
        if READ {
            self.count_own_read();
        }
        Some(())
    }

    #[inline(never)]
    fn release(&self, token: Token, mode: Mode, touched: Touched) {
        local::with(|local| self.record_release(local?, token, mode, touched));
    }

    fn record_release(&self, local: &mut Local, token: Token, mode: Mode, touched: Touched) -> Option<()> {
        let number = token.0 ^ local.generation_bits;
        if number >> 32 != 0 {
            // Acquired before a fork: this process's file does not know of it.
            return None;
        }
        let number = number as u32;
        local.buffer.reserve()?;
        local.held.pop(number);
        if self.kind == Kind::RwLock && mode == Mode::Read {
            write_event(local, release_code(mode, touched), 0, number, 0);
            local.buffer.commit();
            self.count_read(local);
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
fn write_event(local: &mut Local, code: u8, site: u32, number: u32, after: u64) {
    let head = Head::new(code, site, number, after);
    local.buffer.put(head.word, head.length);
}

impl Local {
    /// Takes note of the lock-order edge that an acquisition makes, with a stack if it is new.
    fn notice_edge(&mut self, site: Site, site_number: u32, lock: u32) -> Option<()> {
        self.sites.note_edge(site, self.held.top(), lock);
        if self.held.is_new_edge(lock, site_number) { self.note_edge(site, site_number) } else { Some(()) }
    }
}

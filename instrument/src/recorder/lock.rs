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

/// The proof that an acquisition was recorded, which its release needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token(Hold);

impl Token {
    /// Of an acquisition that is not recorded; neither will be its release.
    pub(crate) const NONE: Self = Self(Hold::NOTHING);

    /// Whether the acquisition was recorded.
    #[inline(always)]
    pub(crate) fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// An acquisition that is ready to be written.
struct Quick {
    /// Site and code, as a narrow record has them.
    bits: u64,
    place: buffer::Room,
    hold: Hold,
    top: held::Room,
}

impl Quick {
    #[inline(always)]
    fn record(self, local: &mut Local) -> Token {
        local.held.push_into(self.top, self.hold);
        let lock = self.hold.lock();
        if lock >> 16 == 0 {
            local.buffer.put_whole(self.place, self.bits | u64::from(lock) << 24, 5);
        } else {
            local.buffer.put_wide(self.place, self.bits as u8, (self.bits >> 8) as u32, lock);
        }
        Token(self.hold)
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
        let known = local.sites.known(site)?;
        let number = self.number_in(local.generation)?;
        if known.is_news(local.held.top().lock(), number) {
            return None;
        }
        Some(Quick {
            bits: u64::from(acquire_code(mode, how)) | known.bits(),
            place: local.buffer.room()?,
            hold: Hold::new(number, known.place(), mode),
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
        let now = (quick.hold.lock(), self.word().get());
        (*local.read_under_slot(quick.hold.lock()) == now).then(|| quick.record(local))
    }

    #[inline(never)]
    fn acquire(&self, mode: Mode, how: How, site: Site) -> Token {
        local::with(|local| self.record_acquire(local?, mode, how, site)).map_or(Token::NONE, Token)
    }

    fn record_acquire(&self, local: &mut Local, mode: Mode, how: How, site: Site) -> Option<Hold> {
        let number = match self.number_in(local.generation) {
            Some(number) => number,
            None => self.number_of_held(local, mode)?,
        };
        let site_number = local.site(site)?;
        local.notice_edge(site, site_number, number)?;
        let room = local.buffer.reserve_alone()?;
        if self.kind == Kind::RwLock {
            self.write_rwlock_acquire(local, room, mode, how, site_number, number);
        } else {
            let after = self.take_version(local);
            local.buffer.put_head(room, Head::new(acquire_code(mode, how), site_number, number, after));
        }
        Some(local.held.push_at(number, site_number, mode))
    }

    /// The number of a lock that has none yet and that the thread has just acquired. Unless somebody else declares it
    /// meanwhile, what the thread records next comes after its own declaration, which need not be said.
    fn number_of_held(&self, local: &mut Local, mode: Mode) -> Option<u32> {
        let number = self.number(local)?;
        if mode != Mode::Read && local.declared == number {
            self.word().follow_declaration(local.tag);
        }
        Some(number)
    }

    fn write_rwlock_acquire(
        &self,
        local: &mut Local,
        room: buffer::Room,
        mode: Mode,
        how: How,
        site: u32,
        number: u32,
    ) {
        let reads = self.reads(Ordering::Relaxed);
        let (code, after) = match mode {
            Mode::Read => (acquire_code(mode, how), self.reading_after(local, number)),
            Mode::Write if reads != self.reads_seen.load(Ordering::Relaxed) => {
                self.reads_seen.store(reads, Ordering::Relaxed);
                let head =
                    Head::new(code::ACQUIRE_AFTER_READS + how_number(how), site, number, self.take_version(local));
                local.buffer.put(head.word, head.length);
                local.buffer.put(u128::from(reads), 8);
                return local.buffer.commit();
            }
            Mode::Write | Mode::Upgrade => (acquire_code(mode, how), self.take_version(local)),
        };
        local.buffer.put_head(room, Head::new(code, site, number, after));
    }

    fn reading_after(&self, local: &mut Local, number: u32) -> u64 {
        let now = (number, self.word().get());
        let known = std::mem::replace(local.read_under_slot(number), now) == now;
        if known || self.is_mine(local) { 0 } else { self.version() + 1 }
    }

    /// To be called right before the lock is really given up, if the token of its acquisition is not at hand.
    #[inline]
    pub(crate) fn releasing(&self, mode: Mode, touched: Touched) {
        let token = self.token();
        if token.is_some() {
            self.release(token, mode, touched);
        }
    }

    /// The token of a lock that is held and was acquired by other means than [`Object::acquired`].
    pub(crate) fn token(&self) -> Token {
        if gate::is_off() {
            return Token::NONE;
        }
        let find = |local: Option<&mut Local>| {
            let local = local?;
            self.number_in(local.generation).map(|number| Token(local.held.find(number)))
        };
        local::with(find).unwrap_or(Token::NONE)
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
        if local.held.top() != token.0 || READ && !self.counts_alone(local) {
            return None;
        }
        let place = local.buffer.room_to_release()?;
        local.held.pop_top();
        if !READ {
            self.word().take_own_version();
        }
        let (number, code) = (token.0.lock(), u64::from(code));
        if number >> 16 == 0 {
            local.buffer.put_whole(place, code | u64::from(number) << 8, 3);
        } else {
            local.buffer.put_whole(place, code | u64::from(code::WIDE) | u64::from(number) << 8, 5);
        }
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
        if !token.0.is_of(local.generation) {
            // Acquired before a fork: this process's file does not know of it.
            return None;
        }
        let number = token.0.lock();
        let room = local.buffer.reserve_alone()?;
        local.held.pop(number);
        let reads = self.kind == Kind::RwLock && mode == Mode::Read;
        let after = if reads { 0 } else { self.take_version(local) };
        local.buffer.put_head(room, Head::new(release_code(mode, touched), 0, number, after));
        if reads {
            self.count_read(local);
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

impl Local {
    /// Takes note of the lock-order edge that an acquisition makes, with a stack if it is new.
    fn notice_edge(&mut self, site: Site, site_number: u32, lock: u32) -> Option<()> {
        self.sites.note_edge(site, self.held.top().lock(), lock);
        if self.held.is_new_edge(lock, site_number) { self.note_edge(site, site_number) } else { Some(()) }
    }
}

//! Places, texts and modules as a thread's stream numbers them.

use std::collections::HashMap;

use super::held::Place;
use super::object::Site;

const SLOTS: usize = 128;

/// How many stacks a thread captures at one site for new lock-order edges, and for waits. A stack costs microseconds; a
/// program that takes thousands of fresh locks in one place has no thousands of ways to get there.
const CAPTURES: u8 = 16;

/// What a thread knows of a site that it has used and whose number is narrow: all that a lock's event there needs.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Known {
    address: usize,
    /// The lock-order edge that was noticed last: the lock on top, and the one acquired.
    edge: u64,
    /// The site's number, where a narrow record has it.
    bits: u32,
    /// All ones while new edges at this site are worth a stack, else 0.
    watched: u32,
    /// The same where a hold has it.
    place: Place,
}

impl Known {
    const NOTHING: Self = Self { address: 0, edge: 0, bits: 0, watched: 0, place: Place::new(0, 0) };

    /// The site's number.
    #[inline]
    pub(super) const fn number(&self) -> u32 {
        self.bits >> 8
    }

    /// The site's number, where a narrow record has it.
    #[inline(always)]
    pub(super) const fn bits(&self) -> u64 {
        self.bits as u64
    }

    /// The same where a hold has it.
    #[inline(always)]
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// Whether an acquisition while `top` is on top (0 for nothing) may be a new edge that is worth a stack.
    #[inline]
    pub(super) const fn is_news(&self, top: u32, lock: u32) -> bool {
        top & self.watched != 0 && self.edge != edge(top, lock)
    }
}

const fn edge(top: u32, lock: u32) -> u64 {
    (top as u64) << 32 | lock as u64
}

/// The numbers of the sites that a thread has defined, by the address of the `Location`.
///
/// One site may have several addresses (one a crate that inlines it); it then has several numbers, which does no harm.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Sites {
    known: [Known; SLOTS],
    numbers: HashMap<usize, u32>,
    places: Vec<Site>,
    captures: Vec<Captures>,
    /// Whether every acquisition is worth a stack, so that nothing may be known for it to be quick.
    every: bool,
    generation: u32,
}

/// Stacks captured at a site.
#[derive(Clone, Copy, Debug, Default)]
struct Captures {
    edges: u8,
    waits: u8,
    /// What was waited for, by a hash of what was on top and what was asked for: bits of a set.
    waited: u64,
}

impl Sites {
    pub(super) fn new(every: bool, generation: u32) -> Self {
        let known = [Known::NOTHING; SLOTS];
        Self { known, numbers: HashMap::new(), places: Vec::new(), captures: Vec::new(), every, generation }
    }

    /// The `Location`s of a file lie side by side, three words each.
    const fn slot(address: usize) -> usize {
        (address >> 3) % SLOTS
    }

    /// What is known of the site, if it is at hand.
    #[inline]
    pub(super) fn known(&self, site: Site) -> Option<&Known> {
        let address = std::ptr::from_ref(site) as usize;
        let known = &self.known[Self::slot(address)];
        (known.address == address).then_some(known)
    }

    /// The site's number, and whether it is new.
    pub(super) fn number(&mut self, site: Site) -> (u32, bool) {
        let address = std::ptr::from_ref(site) as usize;
        let next = self.numbers.len() as u32 + 1;
        let number = *self.numbers.entry(address).or_insert(next);
        let new = number == next;
        if new {
            self.captures.push(Captures::default());
            self.places.push(site);
        }
        let watched = if self.captures[number as usize - 1].edges < CAPTURES { u32::MAX } else { 0 };
        if !self.every && number <= 0xffff {
            let place = Place::new(number, self.generation);
            self.known[Self::slot(address)] = Known { address, edge: 0, bits: number << 8, watched, place };
        }
        (number, new)
    }

    /// The site that has this number.
    pub(super) fn place(&self, number: u32) -> Option<Site> {
        self.places.get((number as usize).checked_sub(1)?).copied()
    }

    /// Takes note of the edge from `top` to `lock`.
    pub(super) fn note_edge(&mut self, site: Site, top: u32, lock: u32) {
        let address = std::ptr::from_ref(site) as usize;
        let known = &mut self.known[Self::slot(address)];
        if known.address == address {
            known.edge = edge(top, lock);
        }
    }

    /// Whether one more stack may be captured at this site for a new edge.
    pub(super) fn may_capture(&mut self, site: Site, number: u32) -> bool {
        let address = std::ptr::from_ref(site) as usize;
        let Some(captures) = self.captures.get_mut(number as usize - 1) else { return false };
        let may = captures.edges < CAPTURES;
        captures.edges += u8::from(may);
        let known = &mut self.known[Self::slot(address)];
        if captures.edges == CAPTURES && known.address == address {
            known.watched = 0;
        }
        may
    }

    /// Whether a stack is to be captured for a wait at this site for `lock`, while `top` is on top.
    pub(super) fn may_capture_wait(&mut self, number: u32, top: u32, lock: u32) -> bool {
        let Some(captures) = self.captures.get_mut(number as usize - 1) else { return false };
        let bit = 1 << (edge(top, lock).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58);
        let may = captures.waits < CAPTURES && captures.waited & bit == 0;
        captures.waits += u8::from(may);
        captures.waited |= bit;
        may
    }
}

/// The numbers of the texts that a thread has defined.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: HashMap<(usize, usize), u32>,
    defined: u32,
}

impl Texts {
    /// The number of a text that lives for ever, if it was defined.
    pub(super) fn known(&self, text: &'static str) -> Option<u32> {
        self.numbers.get(&(text.as_ptr() as usize, text.len())).copied()
    }

    /// Remembers the number of a text that lives for ever.
    pub(super) fn remember(&mut self, text: &'static str, number: u32) {
        self.numbers.insert((text.as_ptr() as usize, text.len()), number);
    }

    /// The number of a text that is being defined.
    pub(super) fn next(&mut self) -> u32 {
        self.defined += 1;
        self.defined
    }
}

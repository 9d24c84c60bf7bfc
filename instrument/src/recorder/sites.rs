//! Places, texts and modules as a thread's stream numbers them.

use std::collections::HashMap;

use super::object::Site;

const SLOTS: usize = 128;

/// The numbers of the sites that a thread has defined, by the address of the `Location`.
///
/// One site may have several addresses (one a crate that inlines it); it then has several numbers, which does no harm.
#[derive(Debug)]
pub(super) struct Sites {
    cache: [(usize, u32); SLOTS],
    numbers: HashMap<usize, u32>,
    places: Vec<Site>,
    captures: Vec<u8>,
}

/// How many stacks a thread captures at one site for new lock-order edges. A stack costs microseconds; a program that
/// takes thousands of fresh locks in one place has no thousands of ways to get there.
const CAPTURES: u8 = 16;

impl Sites {
    pub(super) fn new() -> Self {
        Self { cache: [(0, 0); SLOTS], numbers: HashMap::new(), places: Vec::new(), captures: Vec::new() }
    }

    const fn slot(address: usize) -> usize {
        (address >> 3 ^ address >> 10) % SLOTS
    }

    /// The site's number, if it is in the cache.
    #[inline]
    pub(super) fn cached(&self, site: Site) -> Option<u32> {
        let address = std::ptr::from_ref(site) as usize;
        let (known, number) = self.cache[Self::slot(address)];
        (known == address).then_some(number)
    }

    /// The site's number, and whether it is new.
    pub(super) fn number(&mut self, site: Site) -> (u32, bool) {
        let address = std::ptr::from_ref(site) as usize;
        let next = self.numbers.len() as u32 + 1;
        let number = *self.numbers.entry(address).or_insert(next);
        let new = number == next;
        if new {
            self.captures.push(0);
            self.places.push(site);
        }
        self.cache[Self::slot(address)] = (address, number);
        (number, new)
    }

    /// The site that has this number.
    pub(super) fn place(&self, number: u32) -> Option<Site> {
        self.places.get((number as usize).checked_sub(1)?).copied()
    }

    /// Whether one more stack may be captured at this site.
    pub(super) fn may_capture(&mut self, number: u32) -> bool {
        match self.captures.get_mut(number as usize - 1) {
            Some(captures) if *captures < CAPTURES => {
                *captures += 1;
                true
            }
            _ => false,
        }
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

//! What the recorded objects are, by number, for reports that are made while the process runs.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::object::{Kind, Site};

const SEGMENT: usize = 256;
const SEGMENTS: usize = 256;

/// What outlives an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    pub(super) kind: Kind,
    pub(super) name: Option<&'static str>,
    pub(super) birth: Site,
    pub(super) type_name: fn() -> &'static str,
    pub(super) level: Option<i64>,
}

type Segment = [OnceLock<Card>; SEGMENT];

/// Numbers are handed out in order, so that only the first segments are ever made.
static CATALOGUE: [AtomicPtr<Segment>; SEGMENTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SEGMENTS];

/// Remembers what number `number` is; beyond the first 65,536 objects nothing, so that memory stays bounded. May allocate.
pub(super) fn enter(number: u32, card: Card) {
    let number = number as usize;
    let Some(slot) = CATALOGUE.get(number / SEGMENT) else { return };
    let _ = segment(slot)[number % SEGMENT].set(card);
}

/// What number `number` is, if that was remembered.
pub(super) fn look_up(number: u32) -> Option<Card> {
    let number = number as usize;
    let segment = CATALOGUE.get(number / SEGMENT)?.load(Ordering::Acquire);
    // SAFETY: null, or a segment that is never freed.
    unsafe { segment.as_ref() }?[number % SEGMENT].get().copied()
}

fn segment(slot: &AtomicPtr<Segment>) -> &'static Segment {
    let known = slot.load(Ordering::Acquire);
    // SAFETY: null, or a segment that is never freed.
    if let Some(segment) = unsafe { known.as_ref() } {
        return segment;
    }
    let new = Box::into_raw(Box::new([const { OnceLock::new() }; SEGMENT]));
    match slot.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just made, and from here on never freed.
        Ok(_) => unsafe { &*new },
        Err(first) => {
            // SAFETY: made above and seen by nobody; the other was put there first and is never freed.
            unsafe {
                drop(Box::from_raw(new));
                &*first
            }
        }
    }
}

/// In the child of a fork: its numbers begin anew. The parent's segments are leaked, as the child may not free safely.
pub(super) fn abandon() {
    for slot in &CATALOGUE {
        slot.store(ptr::null_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;

    #[test]
    fn what_was_entered_is_found_and_what_is_beyond_the_bound_is_not() {
        let card = |name| Card {
            kind: Kind::Mutex,
            name: Some(name),
            birth: Location::caller(),
            type_name: || "i32",
            level: None,
        };
        // Numbers that no object of this test binary gets.
        let (one, other) = (60_001, 65_535);
        enter(one, card("one"));
        enter(other, card("other"));
        enter(u32::MAX, card("never"));
        let name = |number| look_up(number).and_then(|card| card.name);
        assert_eq!([one, other, 60_000, u32::MAX].map(name), [Some("one"), Some("other"), None, None]);
    }
}

//! Bundles of permits against permits that are each looked at.

use std::collections::BTreeSet;

use lockhound_trace::{EventIndex, How, ObjectId, ObjectKind, Tables};
use proptest::prelude::*;

use super::recorded::Recorded;
use crate::model::rows::{Known, Row};
use crate::model::tokens::Tokens;

/// One permit of one semaphore: thread, acquire and release of every hold.
#[derive(Clone, Default)]
struct Permit {
    past: Vec<(usize, u32, Option<u32>)>,
    freed: Option<(usize, u32)>,
}

/// The slow twin.
#[derive(Default)]
struct Permits {
    all: Vec<Permit>,
    untouched: u32,
    free: Vec<usize>,
    taken: Vec<usize>,
}

impl Permits {
    fn acquire(&mut self, thread: usize, loc: u32, n: u32, knows: impl Fn((usize, u32)) -> bool) {
        for _ in 0..n {
            let freed = |permit: &usize| self.all[*permit].freed.expect("it was given back");
            let own = self.free.iter().rposition(|permit| freed(permit).0 == thread);
            if own.is_none() && self.untouched > 0 {
                self.untouched -= 1;
                self.all.push(Permit::default());
                self.free.push(self.all.len() - 1);
            } else {
                let known = self.free.iter().position(|permit| knows(freed(permit)));
                let Some(position) = own.or(known).or((!self.free.is_empty()).then_some(0)) else { return };
                let permit = self.free.remove(position);
                self.free.push(permit);
            }
            let permit = self.free.pop().expect("just put there");
            self.all[permit].past.push((thread, loc, None));
            self.taken.push(permit);
        }
    }

    fn release(&mut self, thread: usize, loc: u32, n: u32) {
        for _ in 0..n {
            let is_own = |permit: &usize| self.all[*permit].past.last().is_some_and(|hold| hold.0 == thread);
            let permit = match self.taken.iter().rposition(is_own) {
                Some(position) => self.taken.remove(position),
                None => {
                    self.all.push(Permit::default());
                    self.all.len() - 1
                }
            };
            if let Some(hold) = self.all[permit].past.last_mut() {
                hold.2 = Some(loc);
            }
            self.all[permit].freed = Some((thread, loc));
            self.free.push(permit);
        }
    }
}

proptest! {
    /// The tokens are the permits, but that those with the same past are one.
    #[test]
    fn tokens_are_permits_told_apart_by_their_past(
        permits in 0..6_u32,
        steps in prop::collection::vec((0..3_usize, any::<bool>(), 1..5_u32, any::<u8>()), 1..40),
    ) {
        let (mut tables, semaphore) = (Tables::default(), ObjectId::from_index(0));
        tables.object_named("s", ObjectKind::Semaphore { permits, bound: None });
        let mut tokens = Tokens::default();
        let mut twin = Permits { untouched: permits, ..Permits::default() };
        for (loc, (thread, takes, n, known)) in (1..).zip(steps) {
            let by = Known { thread: u32::try_from(thread).unwrap(), loc, row: Row::default() };
            if takes {
                let knows = |thread: usize, loc: u32| (known >> ((thread as u32 + loc) % 8)) & 1 == 1;
                let at = EventIndex(loc.into());
                let knows_all = |freed: Known| knows(freed.thread as usize, freed.loc);
                tokens.acquire(&tables, semaphore, (n, How::Lock), (by, at), knows_all);
                twin.acquire(thread, loc, n, |(thread, loc)| knows(thread, loc));
            } else {
                tokens.release(&tables, semaphore, n, by);
                twin.release(thread, loc, n);
            }
        }
        let (holds, count) = tokens.into_holds(7, u64::MAX).expect("room for all");
        prop_assert!(holds.is_sorted_by_key(|hold| hold.acquired));
        let pasts = (7..7 + count).map(|lock| {
            let of_token = holds.iter().filter(|hold| hold.lock.0 == lock);
            of_token.map(|hold| (hold.thread.index(), hold.acquire, hold.release)).collect::<Vec<_>>()
        });
        let pasts: BTreeSet<_> = pasts.filter(|past| !past.is_empty()).collect();
        let expected: BTreeSet<_> = twin.all.into_iter().map(|permit| permit.past).filter(|past| !past.is_empty()).collect();
        prop_assert_eq!(pasts, expected);
    }
}

/// A read/write lock of permits: whoever writes takes all of them.
#[test]
fn a_million_permits_are_as_many_tokens_as_they_are_parted_into() {
    let recorded = Recorded::new(
        "semaphore s permits=1000000
        T1 acquire s
        T1 release s
        T2 acquire s n=1000000
        T2 release s n=1000000
        T3 acquire s n=999999
        T1 acquire s",
    );
    let model = recorded.model();
    assert_eq!(model.held(recorded.point("T2.2")).len(), 3, "what T1 takes first, what it takes then, and the others");
    assert_eq!(model.held(recorded.point("T3.1")).len(), 0);
}

/// Holds of many permits at once cost little as long as these stay together.
#[test]
fn permits_that_part_later_may_need_more_room_than_there_is() {
    let (mut tables, semaphore) = (Tables::default(), ObjectId::from_index(0));
    tables.object_named("s", ObjectKind::Semaphore { permits: 100, bound: None });
    let mut tokens = Tokens::default();
    let known = |thread, loc| Known { thread, loc, row: Row::default() };
    for loc in [1, 3, 5] {
        tokens.acquire(&tables, semaphore, (100, How::Lock), (known(0, loc), EventIndex(loc.into())), |_| false);
        tokens.release(&tables, semaphore, 100, known(0, loc + 1));
    }
    for loc in 7..107 {
        tokens.acquire(&tables, semaphore, (1, How::Lock), (known(1, loc), EventIndex(loc.into())), |_| false);
    }
    let until_then = tokens.bytes();
    assert_eq!(tokens.into_holds(0, until_then), None);
}

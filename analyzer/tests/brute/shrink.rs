//! Smaller traces that still fail, for a person to read.

use super::recording::Recording;

/// Drops events, one, two or a whole thread at a time, as long as the trace stays possible and `fails` stays true.
pub(crate) fn shrink(recording: &Recording, fails: impl Fn(&Recording) -> bool) -> Recording {
    let mut smallest = recording.clone();
    loop {
        let Some(next) = smaller(&smallest).find(|smaller| fails(smaller)) else { return smallest };
        smallest = next;
    }
}

/// What one cut makes of it, the largest cuts first.
fn smaller(recording: &Recording) -> impl Iterator<Item = Recording> + use<'_> {
    let all = recording.events.len();
    let threads = recording.threads.clone().into_iter().filter(|events| !events.is_empty());
    let pairs = (0..all).flat_map(move |one| (one + 1..all).map(move |other| vec![one, other]));
    let singles = (0..all).map(|event| vec![event]);
    threads.chain(singles).chain(pairs).filter_map(|dropped| {
        let mut events = recording.events.clone();
        let mut number = 0;
        events.retain(|_| {
            number += 1;
            !dropped.contains(&(number - 1))
        });
        Recording::possible(recording.tables.clone(), events)
    })
}

//! A schedule: in which order the recorded events are executed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use lockhound_trace::{EventIndex, ThreadId};

use crate::model::{Ideal, Log};

/// First the events of `base`, in the order in which they were recorded; then those of `then`, in its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Schedule {
    pub(crate) base: Ideal,
    pub(crate) then: Vec<EventIndex>,
}

/// The first `base[t]` events of each thread `t`, in the order in which they were recorded. Takes time in their number,
/// or a little more than looking at all events up to the last of them, whichever is less.
pub(crate) fn recorded_order<'a>(base: &'a [u32], log: &'a Log) -> impl Iterator<Item = EventIndex> + 'a {
    rest_in_recorded_order(base, log, EventIndex(0), |_| 0)
}

/// The same without the events before `from`: all of them are in `base`, and of each thread they are the first `done`.
pub(super) fn rest_in_recorded_order<'a>(
    base: &'a [u32],
    log: &'a Log,
    from: EventIndex,
    done: impl Fn(ThreadId) -> u32,
) -> impl Iterator<Item = EventIndex> + 'a {
    let spans = (0..).map(ThreadId::from_index).zip(base.iter().copied());
    let spans = spans.map(|(thread, count)| (thread, done(thread), count.min(log.count(thread))));
    let spans: Vec<(ThreadId, u32, u32)> = spans.filter(|&(_, done, count)| count > done).collect();
    let wanted: u64 = spans.iter().map(|&(_, done, count)| u64::from(count - done)).sum();
    let until = spans.iter().map(|&(thread, _, count)| log.at(thread, count).0 + 1).max().unwrap_or(from.0);
    // A step of the merge costs about as much as looking at so many events.
    let scanned = wanted * 8 >= until - from.0;
    let scan = (from.0..if scanned { until } else { from.0 }).map(EventIndex).filter(move |&index| {
        let count = base.get(log.thread(index).index());
        count.is_some_and(|&count| log.loc(index) <= count)
    });
    let next =
        |&(thread, done, count): &(ThreadId, u32, u32)| Reverse((log.at(thread, done + 1), thread, done + 1, count));
    let merged = Merge { log, heads: if scanned { BinaryHeap::new() } else { spans.iter().map(next).collect() } };
    scan.chain(merged)
}

/// Merges the threads' events. Takes time in their number, times the logarithm of that of the threads.
struct Merge<'a> {
    log: &'a Log,
    /// Per thread: its next event, which of its events that is, and how many it has to give.
    heads: BinaryHeap<Reverse<(EventIndex, ThreadId, u32, u32)>>,
}

impl Iterator for Merge<'_> {
    type Item = EventIndex;

    fn next(&mut self) -> Option<EventIndex> {
        let mut head = self.heads.peek_mut()?;
        let Reverse((index, thread, loc, count)) = *head;
        if loc < count {
            *head = Reverse((self.log.at(thread, loc + 1), thread, loc + 1, count));
        } else {
            std::collections::binary_heap::PeekMut::pop(head);
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::{Event, Op};
    use proptest::prelude::*;

    use super::*;
    use crate::model::Point;

    proptest! {
        #[test]
        fn scanning_and_merging_agree(
            threads in prop::collection::vec(0_usize..5, 0..200),
            counts in prop::collection::vec(0_u32..60, 5),
        ) {
            let mut log = Log::default();
            for &thread in &threads {
                log.push(&Event::new(ThreadId::from_index(thread), Op::Begin { name: None }));
            }
            let mut base = Ideal::new(5);
            for (thread, &count) in counts.iter().enumerate() {
                let thread = ThreadId::from_index(thread);
                base.add(Point::new(thread, count.min(log.count(thread))));
            }
            let all = (0..log.len() as u64).map(EventIndex);
            let expected: Vec<_> =
                all.filter(|&index| base.contains(Point::new(log.thread(index), log.loc(index)))).collect();
            let heads = (0..5).map(ThreadId::from_index).filter(|&thread| base.get(thread) > 0);
            let heads = heads.map(|thread| Reverse((log.at(thread, 1), thread, 1, base.get(thread)))).collect();
            prop_assert_eq!(Merge { log: &log, heads }.collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(recorded_order(base.as_slice(), &log).collect::<Vec<_>>(), expected);
        }
    }
}

//! Variables that need no lock because they are handed over: what must-order orders, no schedule makes race.

use lockhound_trace::{EventIndex, ObjectId};

use super::gathered::Member;
use crate::model::{Model, Point};

/// Two accesses, the one that comes first in every schedule first.
pub(super) type Handed = (Point, Point);

/// Whether what the first thread did with `var`, up to its access at `alone`, precedes whatever others did with it. Time
/// in the number of threads. If so, calls `seen` with the accesses between which the others came.
pub(super) fn is_handed_over(
    model: &Model<'_>,
    var: ObjectId,
    alone: EventIndex,
    mut seen: impl FnMut(Handed),
) -> bool {
    let last = model.point(alone);
    let mut firsts = model
        .on(var)
        .filter(|&(thread, _)| thread != last.thread)
        .filter_map(|(thread, locs)| locs.first().map(|&loc| Point::new(thread, loc)));
    firsts.all(|first| {
        let ordered = model.pred(first).contains(last);
        if ordered {
            seen((last, first));
        }
        ordered
    })
}

/// Whether must-order orders any two accesses that conflict, given all of them in their recorded order. Calls `seen` with
/// those that follow one upon the other. Time in the number of accesses, and of threads where many read.
///
/// FastTrack with must-order for happens-before: as long as all was ordered so far, what is ordered after the last write
/// and the reads since is ordered after everything. Atomic accesses, which need not be ordered among themselves, are
/// more than it can deal with: it does not call them ordered.
pub(super) fn is_ordered(model: &Model<'_>, members: &[Member], mut seen: impl FnMut(&Member, &Member)) -> bool {
    let mut write: Option<&Member> = None;
    let mut reads: Vec<&Member> = Vec::new();
    for member in members {
        if !member.kind.is_plain() {
            return false;
        }
        let known = model.pred(member.point);
        let mut follows = |earlier: &Member| {
            let others = earlier.point.thread != member.point.thread;
            if others && known.contains(earlier.point) {
                seen(earlier, member);
            }
            !others || known.contains(earlier.point)
        };
        if !write.is_none_or(&mut follows) {
            return false;
        }
        if member.kind.writes() {
            if !reads.drain(..).all(follows) {
                return false;
            }
            write = Some(member);
        } else {
            match reads.iter_mut().find(|read| read.point.thread == member.point.thread) {
                Some(read) => *read = member,
                None => reads.push(member),
            }
        }
    }
    true
}

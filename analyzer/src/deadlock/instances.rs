//! Where in the trace each dependency occurs: noted while the trace runs, sorted at its end.

use lockhound_trace::{EventIndex, Op, ThreadId, WakeReason};

use crate::analysis::Moment;
use crate::deadlock::lock_graph::{DependencyId, LockGraph, Occurrence};
use crate::finding::Hold;
use crate::model::{Ideal, Model, Point};

/// Requests in the order in which they were granted, 8 bytes each. One that was never granted counts where its thread
/// blocked, if that is the last that the thread did.
#[derive(Default, Debug)]
pub(crate) struct Noted {
    granted: Vec<(u32, DependencyId)>,
    /// By thread: what it blocked in, and when.
    open: Vec<Option<(u32, DependencyId)>>,
    /// How many may be noted. Of a trace with more, no index is made.
    room: usize,
}

impl Noted {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    /// The event makes a request, of this dependency if it is of any.
    pub(crate) fn ask(&mut self, now: Moment<'_>, dependency: Option<DependencyId>) {
        match now.event.op {
            Op::Block { .. } => {
                let thread = now.event.thread.index();
                if self.open.len() <= thread {
                    self.open.resize(thread + 1, None);
                }
                self.open[thread] = dependency.and_then(|id| Some((u32::try_from(now.index.0).ok()?, id)));
            }
            Op::TryFailed { .. } => {}
            _ => {
                if let Some(id) = dependency {
                    self.note(now.index, id);
                }
            }
        }
    }

    /// The event gets what its thread blocked in.
    pub(crate) fn grant(&mut self, now: Moment<'_>) {
        if let Some((_, id)) = self.open.get_mut(now.event.thread.index()).and_then(Option::take) {
            self.note(now.index, id);
        }
    }

    fn note(&mut self, index: EventIndex, dependency: DependencyId) {
        if self.granted.len() == self.room {
            (self.granted, self.room) = (Vec::new(), 0);
        } else if let Ok(index) = u32::try_from(index.0) {
            self.granted.push((index, dependency));
        }
    }
}

/// The instances of some dependencies.
#[derive(Debug)]
pub(crate) struct Instances<'a> {
    model: &'a Model<'a>,
    graph: &'a LockGraph,
    /// `loc`s, by dependency, each in the order of its thread's events.
    locs: Vec<u32>,
    /// By dependency: where its instances begin; one more at the end.
    starts: Vec<u32>,
    /// Those of the dependencies in question, in recorded order.
    granted: Vec<(u32, DependencyId)>,
}

/// The instances of one dependency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a> {
    thread: ThreadId,
    /// The number of its first instance.
    start: usize,
    locs: &'a [u32],
}

impl<'a> Instances<'a> {
    /// Those of `dependencies`. Linear in what was noted.
    pub(crate) fn new(model: &'a Model<'a>, graph: &'a LockGraph, noted: Noted, dependencies: &[DependencyId]) -> Self {
        let mut is_wanted = vec![false; graph.len()];
        dependencies.iter().for_each(|id| is_wanted[id.index()] = true);
        let Noted { mut granted, open, .. } = noted;
        granted.retain(|(_, id)| is_wanted[id.index()]);
        let noted = granted.len();
        let is_last = |thread, index| model.last(thread).is_some_and(|last| model.index(last).0 == u64::from(index));
        let threads = (0..).map(ThreadId::from_index);
        let open = threads.zip(open).filter_map(|(thread, open)| open.filter(|&(index, _)| is_last(thread, index)));
        granted.extend(open.filter(|(_, id)| is_wanted[id.index()]));
        if granted.len() > noted {
            granted.sort_unstable();
        }
        let mut starts = vec![0_u32; graph.len() + 1];
        for (_, id) in &granted {
            starts[id.index() + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut this = Self { model, graph, locs: vec![0; granted.len()], starts, granted: Vec::new() };
        let mut next = this.starts.clone();
        for &(index, id) in &granted {
            let place = &mut next[id.index()];
            this.locs[*place as usize] = model.log().loc(EventIndex(index.into()));
            *place += 1;
        }
        Self { granted, ..this }
    }

    /// How many instances there are: their numbers are 0..this.
    pub(crate) fn len(&self) -> usize {
        self.locs.len()
    }

    /// All of them in recorded order, with their numbers.
    pub(crate) fn recorded(&self) -> impl Iterator<Item = (EventIndex, usize)> {
        let mut next = self.starts.clone();
        self.granted.iter().map(move |&(index, id)| {
            let number = &mut next[id.index()];
            *number += 1;
            (EventIndex(index.into()), *number as usize - 1)
        })
    }

    /// Where the dependency occurs, in order. A request that blocked first is found where it completed, if it did.
    pub(crate) fn of(&self, id: DependencyId) -> List<'_> {
        let (start, end) = (self.starts[id.index()] as usize, self.starts[id.index() + 1] as usize);
        List { thread: self.graph.get(id).key.thread, start, locs: &self.locs[start..end] }
    }

    /// The request at `point` in full.
    pub(crate) fn occurrence(&self, point: Point) -> Occurrence {
        let event = self.model.event(point);
        let op = match event.op {
            Op::Block { on } => on.name(),
            Op::Join { .. } => "join",
            Op::Wake { .. } => "wake",
            _ => "acquire",
        };
        Occurrence {
            op,
            event: self.model.index(point),
            site: event.site,
            stack: event.stack,
            holds: holds(self.model, point).collect(),
        }
    }
}

impl<'a> List<'a> {
    pub(crate) const fn len(self) -> usize {
        self.locs.len()
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.locs.is_empty()
    }

    pub(crate) const fn thread(self) -> ThreadId {
        self.thread
    }

    pub(crate) fn point(self, at: usize) -> Point {
        Point::new(self.thread, self.locs[at])
    }

    pub(crate) fn points(self) -> impl Iterator<Item = Point> + 'a {
        self.locs.iter().map(move |&loc| Point::new(self.thread, loc))
    }

    /// The numbers of its instances.
    pub(crate) fn numbers(self) -> std::ops::Range<usize> {
        self.start..self.start + self.locs.len()
    }

    /// The first instance from `at` on that is behind the thread's event `loc`; takes time in the logarithm of how many
    /// are not.
    pub(crate) fn after(self, at: usize, loc: u32) -> usize {
        let rest = &self.locs[at..];
        let mut beyond = 1;
        while rest.get(beyond - 1).is_some_and(|&next| next <= loc) {
            beyond *= 2;
        }
        let low = beyond / 2;
        at + low + rest[low..rest.len().min(beyond)].partition_point(|&next| next <= loc)
    }
}

/// Takes in what comes before the request in every schedule that must-order allows; of a request for a lock on the way out
/// of a wait that includes the notification.
pub(crate) fn precede(model: &Model<'_>, request: Point, ideal: &mut Ideal) {
    ideal.join(model.pred(request));
    if let Op::Wake { by: WakeReason::Notify, .. } = model.op(request)
        && let Some(notify) = model.partner(request)
    {
        ideal.join(model.stamp(notify));
    }
}

/// The locks held just before the event, oldest first, in the modes in which they were first acquired.
fn holds(model: &Model<'_>, point: Point) -> impl Iterator<Item = Hold> {
    model.held(point).iter().filter_map(move |&id| {
        let hold = model.hold(id);
        let acquired = Point::new(hold.thread, hold.acquire);
        let mode = match model.op(acquired) {
            Op::Acquire { mode, .. } => mode,
            Op::Wake { .. } => lockhound_trace::Mode::Write,
            // A semaphore's permit.
            _ => return None,
        };
        Some(Hold { object: hold.object, mode, site: model.site(acquired), event: model.index(acquired) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_is_behind(mut locs in prop::collection::vec(0..50_u32, 1..40), at: prop::sample::Index, loc in 0..60_u32) {
            locs.sort_unstable();
            locs.dedup();
            let list = List { thread: ThreadId::from_index(0), start: 0, locs: &locs };
            let at = at.index(locs.len());
            let naive = (at..locs.len()).find(|&at| locs[at] > loc).unwrap_or(locs.len());
            prop_assert_eq!(list.after(at, loc), naive);
        }
    }
}

//! Declared regions that no serial order of regions could explain: AeroDrome (Mathur and Viswanathan, ASPLOS 2020),
//! without lock edges, and with helpers: what a thread does that was spawned in a region is done by that region.
//!
//! AeroDrome keeps vector clocks, and asks of a clock only whether it knows the beginning of a region that is still
//! open. So what is kept here instead of a clock is the set of open regions that come before: one bit each, taken away
//! when the region ends. All accesses of one open region share one set, since what comes before any of them comes before
//! the region as a whole. While no region is open there is nothing to keep.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use lockhound_trace::{Event, EventIndex, ObjectId, SiteId, StackId, ThreadId};

use super::access::{Access, AccessKind};
use super::region_set::{RegionSet, Slot};
use super::regions::Declared;
use crate::analysis::Moment;
use crate::by_object::ByObject;

/// An event that orders regions: an access, or (without an object) a join.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Touch {
    /// Who did it, also where it did so on behalf of another.
    pub(super) thread: ThreadId,
    pub(super) object: Option<ObjectId>,
    /// Of an access.
    pub(super) kind: Option<AccessKind>,
    pub(super) event: EventIndex,
    /// Where a report points.
    pub(super) shown: EventIndex,
    pub(super) site: Option<SiteId>,
    pub(super) stack: Option<StackId>,
    /// The declared region it is part of.
    pub(super) region: Option<Declared>,
}

impl Touch {
    pub(super) fn of(object: ObjectId, access: &Access) -> Self {
        Self {
            thread: access.thread,
            object: Some(object),
            kind: Some(access.kind),
            event: access.event,
            shown: access.shown(object),
            site: access.site,
            stack: access.stack,
            region: None,
        }
    }

    pub(super) fn of_join(now: &Moment<'_>) -> Self {
        let Event { thread, site, stack, .. } = *now.event;
        Self { thread, object: None, kind: None, event: now.index, shown: now.index, site, stack, region: None }
    }
}

/// `before` conflicts with `after` and came first, so the region of the one comes before that of the other. The last
/// event of a thread that is joined is not known: then it is only known whose it was.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Link {
    pub(super) before: Option<Touch>,
    pub(super) after: Option<Touch>,
    /// On whose behalf.
    pub(super) from: ThreadId,
    pub(super) to: ThreadId,
}

/// Regions (and accesses outside of any) each of which had to come before the next, and the last before the first.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Cycle {
    pub(super) region: Declared,
    /// From `region`'s thread and back to it.
    pub(super) links: Vec<Link>,
    /// The region that the last link comes from, if it is one.
    pub(super) other: Option<Declared>,
}

/// The open regions that come before an access.
type Before = Rc<RefCell<RegionSet>>;

/// One thread's accesses of one object.
#[derive(Debug)]
struct Entry {
    actor: ThreadId,
    reads: Option<(Before, Touch)>,
    writes: Option<(Before, Touch)>,
}

#[derive(Debug, Default)]
struct Table {
    /// In which period these entries were made; those of an earlier one are void.
    period: u64,
    entries: Vec<Entry>,
}

#[derive(Debug, Default)]
struct Actor {
    before: Before,
    region: Option<Slot>,
}

#[derive(Debug)]
struct Open {
    declared: Declared,
    actor: ThreadId,
    /// All sets that contain this region.
    dependents: Vec<Weak<RefCell<RegionSet>>>,
    /// Prune `dependents` when there are this many.
    prune_at: usize,
    /// How each actor that comes after it came to do so first.
    how: Vec<Link>,
    /// With whom a cycle was found.
    reported: Vec<ThreadId>,
}

/// All regions. Each access costs time in the number of threads that use its object since some region is open; each
/// `end` in the number of sets that depend on it. Memory in the number of threads and of objects touched meanwhile.
#[derive(Debug, Default)]
pub(super) struct Serializability {
    actors: Vec<Actor>,
    tables: ByObject<Table>,
    open: Vec<Option<Open>>,
    open_count: usize,
    /// Counts how often no region was open.
    period: u64,
}

impl Serializability {
    /// Whether any region is open; else nothing need be told.
    pub(super) fn is_active(&self) -> bool {
        self.open_count > 0
    }

    /// An outermost region begins.
    pub(super) fn begin(&mut self, actor: ThreadId, declared: Declared) {
        let index = self.open.iter().position(Option::is_none).unwrap_or(self.open.len());
        if index == self.open.len() {
            self.open.push(None);
        }
        let slot = Slot::from_index(index);
        let open =
            Open { declared, actor, dependents: Vec::new(), prune_at: 64, how: Vec::new(), reported: Vec::new() };
        self.open[index] = Some(open);
        self.open_count += 1;
        let me = self.actor(actor);
        // What was done before the region does not belong to it.
        let fresh = Rc::new(RefCell::new(me.before.borrow().clone()));
        me.before = Rc::clone(&fresh);
        me.region = Some(slot);
        let mut all = fresh.borrow().clone();
        all.insert(slot);
        self.register(&fresh, &all);
        fresh.borrow_mut().insert(slot);
    }

    /// The outermost region of `actor` ends. A cycle may close only now, where a third region is on it.
    pub(super) fn end(&mut self, actor: ThreadId) -> Vec<Cycle> {
        let Some(slot) = self.actor(actor).region else { return Vec::new() };
        let mut mine = self.actor(actor).before.borrow().clone();
        mine.remove(slot);
        let mut found = Vec::new();
        for index in 0..self.actors.len() {
            let other = ThreadId::from_index(index);
            if other == actor || !self.actors[index].before.borrow().contains(slot) {
                continue;
            }
            if let Some(theirs) = self.actors[index].region
                && mine.contains(theirs)
            {
                // The way from their region to mine, and back.
                let mut links = self.path(theirs, actor);
                links.extend(self.path(slot, other));
                found.extend(self.report(theirs, actor, links));
            }
            self.learn(other, &mine, Link { before: None, after: None, from: actor, to: other });
        }
        let open = self.open[slot.index()].take().expect("it was open");
        for before in open.dependents.iter().filter_map(Weak::upgrade) {
            let missing = before.borrow().missing_of(&mine);
            self.register(&before, &missing);
            let mut before = before.borrow_mut();
            before.join(&mine);
            before.remove(slot);
        }
        self.actor(actor).region = None;
        self.open_count -= 1;
        if self.open_count == 0 {
            self.period += 1;
        }
        found
    }

    /// Ends all regions, as the trace is over.
    pub(super) fn end_all(&mut self) -> Vec<Cycle> {
        (0..self.actors.len()).flat_map(|index| self.end(ThreadId::from_index(index))).collect()
    }

    /// `child`, which is nobody's helper, begins to run (or ceases to be one of `actor`'s helpers).
    pub(super) fn fork(&mut self, actor: ThreadId, child: ThreadId) {
        let before = self.actor(actor).before.borrow().clone();
        self.learn(child, &before, Link { before: None, after: None, from: actor, to: child });
    }

    /// `child`, which is no helper of `actor`, has ended.
    pub(super) fn join(&mut self, actor: ThreadId, child: ThreadId, touch: Touch) -> Option<Cycle> {
        let before = Rc::clone(&self.actor(child).before);
        let link = Link { before: None, after: Some(touch), from: child, to: actor };
        self.follow(actor, &before, link)
    }

    /// Gives the cycle that the access closes, if it is the first between these two in this region.
    pub(super) fn access(
        &mut self,
        actor: ThreadId,
        object: ObjectId,
        kind: AccessKind,
        touch: Touch,
    ) -> Option<Cycle> {
        let region = self.actor(actor).region;
        let touch = Touch { region: region.and_then(|slot| self.declared(slot)), ..touch };
        let period = self.period;
        let table = self.tables.get_or_default(object);
        if table.period != period {
            table.period = period;
            table.entries.clear();
        }
        let mut entries = std::mem::take(&mut table.entries);
        let mut found = None;
        for entry in entries.iter().filter(|entry| entry.actor != actor) {
            let conflicting = [entry.writes.as_ref(), entry.reads.as_ref().filter(|_| kind.writes())];
            for (before, earlier) in conflicting.into_iter().flatten() {
                let link = Link { before: Some(*earlier), after: Some(touch), from: entry.actor, to: actor };
                found = found.or(self.follow(actor, before, link));
            }
        }
        let before = &self.actors[actor.index()].before;
        // What depends on no open region orders none of them.
        if !before.borrow().is_empty() {
            let index = entries.iter().position(|entry| entry.actor == actor).unwrap_or(entries.len());
            if index == entries.len() {
                entries.push(Entry { actor, reads: None, writes: None });
            }
            if kind.reads() {
                entries[index].reads = Some((Rc::clone(before), touch));
            }
            if kind.writes() {
                entries[index].writes = Some((Rc::clone(before), touch));
            }
        }
        self.tables.get_or_default(object).entries = entries;
        found
    }

    /// `actor` does something that comes after what `before` stands for.
    fn follow(&mut self, actor: ThreadId, before: &Before, link: Link) -> Option<Cycle> {
        let me = self.actor(actor);
        let before_me = Rc::ptr_eq(before, &me.before);
        let region = me.region;
        let before = before.borrow();
        if before_me || before.is_empty() {
            return None;
        }
        let slot = region.filter(|&slot| before.contains(slot));
        let cycle = slot.and_then(|slot| {
            let mut links = self.path(slot, link.from);
            links.push(link);
            self.report(slot, link.from, links)
        });
        self.learn(actor, &before, link);
        cycle
    }

    /// Everything that `others` stands for comes before what `actor` does from now on.
    fn learn(&mut self, actor: ThreadId, others: &RegionSet, link: Link) {
        let mine = Rc::clone(&self.actor(actor).before);
        if mine.borrow().includes(others) {
            return;
        }
        let missing = mine.borrow().missing_of(others);
        for slot in missing.iter() {
            let open = self.open[slot.index()].as_mut().expect("only open regions are in sets");
            open.how.push(link);
        }
        let in_region = self.actors[actor.index()].region.is_some();
        if in_region {
            self.register(&mine, &missing);
            mine.borrow_mut().join(others);
            return;
        }
        // Outside a region each access stands for itself: earlier ones learn nothing.
        let mut all = mine.borrow().clone();
        all.join(others);
        let fresh = Rc::new(RefCell::new(all));
        self.register(&fresh, &fresh.borrow());
        self.actors[actor.index()].before = fresh;
    }

    /// `set` is about to contain `slots`.
    fn register(&mut self, set: &Before, slots: &RegionSet) {
        for slot in slots.iter() {
            let open = self.open[slot.index()].as_mut().expect("only open regions are in sets");
            if open.dependents.len() >= open.prune_at {
                open.dependents.retain(|set| set.strong_count() > 0);
                open.prune_at = 64.max(2 * open.dependents.len());
            }
            open.dependents.push(Rc::downgrade(set));
        }
    }

    /// How `actor` came to be after the region: link by link, as far as is known.
    fn path(&self, slot: Slot, actor: ThreadId) -> Vec<Link> {
        let open = self.open[slot.index()].as_ref().expect("an open region");
        let mut links = Vec::new();
        let mut at = actor;
        while at != open.actor && links.len() <= self.actors.len() {
            let Some(&link) = open.how.iter().find(|link| link.to == at) else { break };
            links.push(link);
            at = link.from;
        }
        links.reverse();
        links
    }

    fn declared(&self, slot: Slot) -> Option<Declared> {
        self.open[slot.index()].as_ref().map(|open| open.declared)
    }

    fn report(&mut self, slot: Slot, from: ThreadId, links: Vec<Link>) -> Option<Cycle> {
        let theirs = || self.actors[from.index()].region.and_then(|slot| self.declared(slot));
        let other = links.last().and_then(|link| link.before).map_or_else(theirs, |before| before.region);
        let open = self.open[slot.index()].as_mut().expect("an open region");
        if open.reported.contains(&from) {
            return None;
        }
        open.reported.push(from);
        Some(Cycle { region: open.declared, links, other })
    }

    fn actor(&mut self, actor: ThreadId) -> &mut Actor {
        if self.actors.len() <= actor.index() {
            self.actors.resize_with(actor.index() + 1, Actor::default);
        }
        &mut self.actors[actor.index()]
    }
}

//! The interleavings that no serial run could show, as they were met.

use lockhound_trace::{ObjectId, SiteId, Value};
use rustc_hash::FxHashMap;

use super::access::{Access, AccessKind, Class};
use super::cells::Cell;
use super::regions::Declared;
use crate::finding::Pattern;

/// Two reads of one thread with a foreign write between: the second contradicts the first.
#[derive(Clone, Debug)]
pub(super) struct StaleRead {
    pub(super) first: Access,
    pub(super) foreign: Access,
    pub(super) foreign_from: Option<Value>,
    pub(super) second: Access,
}

/// Why the two accesses around the foreign one may have been meant as one step.
#[derive(Clone, Debug)]
pub(super) enum Basis {
    /// The user said so.
    Declared(Declared),
    /// A read and the next write; whether the values agree is seen at the end of the trace.
    ReadWrite,
    /// A hold that looked, and the next one that wrote without looking.
    LookThenBlind,
    /// Any two in a row count, because the user asked for that.
    Consecutive,
    /// The reads contradict each other, and the thread wrote all the same: this write.
    WroteAllTheSame(Box<Access>),
}

impl Basis {
    /// Why two consecutive accesses of these kinds may be meant as one step.
    pub(super) const fn of_kinds(p: AccessKind, c: AccessKind) -> Option<Self> {
        match (p, c) {
            (AccessKind::Read, AccessKind::Write) => Some(Self::ReadWrite),
            (AccessKind::Look, AccessKind::Blind) => Some(Self::LookThenBlind),
            _ => None,
        }
    }
}

/// One foreign access `q` between two accesses `p` and `c` of one thread to one cell.
#[derive(Clone, Debug)]
pub(super) struct Interleaving {
    pub(super) object: ObjectId,
    pub(super) basis: Basis,
    pub(super) pattern: Pattern,
    pub(super) p: Access,
    pub(super) q: Access,
    /// If `q` is a write: what its thread had read shortly before.
    pub(super) q_from: Option<Value>,
    pub(super) c: Access,
}

/// What makes two interleavings the same: the cell, the sites of the pair, the pattern and the basis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key(ObjectId, Option<SiteId>, Option<SiteId>, Pattern, u8);

/// An interleaving as it is met: kept only if it is new.
#[derive(Debug)]
pub(super) struct Met<'a> {
    pub(super) object: ObjectId,
    pub(super) basis: Basis,
    pub(super) pattern: Pattern,
    pub(super) p: &'a Access,
    pub(super) q: &'a Access,
    pub(super) q_from: Option<Value>,
    pub(super) c: &'a Access,
}

impl Met<'_> {
    fn key(&self) -> Key {
        let basis = match &self.basis {
            Basis::Declared(_) => 0,
            Basis::ReadWrite => 1,
            Basis::LookThenBlind => 2,
            Basis::WroteAllTheSame(_) => 3,
            Basis::Consecutive => 4,
        };
        Key(self.object, self.p.site, self.c.site, self.pattern, basis)
    }

    fn to_owned(&self) -> Interleaving {
        let &Self { object, ref basis, pattern, p, q, q_from, c } = self;
        let (p, q, c) = (p.clone(), q.clone(), c.clone());
        Interleaving { object, basis: basis.clone(), pattern, p, q, q_from, c }
    }
}

impl Interleaving {
    pub(super) fn as_met(&self) -> Met<'_> {
        let &Self { object, ref basis, pattern, ref p, ref q, q_from, ref c } = self;
        Met { object, basis: basis.clone(), pattern, p, q, q_from, c }
    }
}

/// An interleaving as it was met first, and how often it was met.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) first: Interleaving,
    pub(super) count: u64,
}

/// All of them, in the order of their first meeting. Memory in the number of cells and pairs of sites.
#[derive(Debug, Default)]
pub(super) struct Interleavings {
    index: FxHashMap<Key, usize>,
    pub(super) seen: Vec<Seen>,
}

impl Interleavings {
    pub(super) fn meet(&mut self, met: &Met<'_>) {
        let index = *self.index.entry(met.key()).or_insert(self.seen.len());
        match self.seen.get_mut(index) {
            Some(seen) => seen.count += 1,
            None => self.seen.push(Seen { first: met.to_owned(), count: 1 }),
        }
    }
}

/// The pattern of two accesses of one thread around a foreign write, or (between two writes) a foreign read: the four
/// of AVIO (Lu and others, ASPLOS 2006) that no serial run could show.
pub(super) const fn pattern(p: AccessKind, c: AccessKind) -> Pattern {
    match (p.as_first(), c.as_second()) {
        (Class::Read, Class::Write) => Pattern::Rww,
        (Class::Read, Class::Read) => Pattern::Rwr,
        (Class::Write, Class::Write) => Pattern::Wrw,
        (Class::Write, Class::Read) => Pattern::Wwr,
    }
}

/// A foreign access since `p` that makes a pattern with it and `c`, an access that is being made; with the foreign
/// access, and what its thread had read shortly before.
pub(super) fn between<'a>(cell: &'a Cell, p: &Access, c: &Access) -> Option<(Pattern, &'a Access, Option<Value>)> {
    let pattern = pattern(p.kind, c.kind);
    let (q, from) = match pattern {
        Pattern::Wrw => (cell.foreign_read_of(p)?, None),
        Pattern::Rww | Pattern::Rwr | Pattern::Wwr => cell.foreign_write_since(p)?,
    };
    Some((pattern, q, from))
}

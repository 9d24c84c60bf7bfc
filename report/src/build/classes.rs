//! Which locks are of one class: those that are the same in every run.

use std::collections::{BTreeSet, HashMap};

use lockhound_analyzer::identity;
use lockhound_trace::{Object, ObjectId, Tables};

use super::run::Run;
use crate::graph::LockNode;

/// The classes of one run's locks, found when first asked for.
pub(super) struct Classes<'a> {
    run: &'a Run,
    position: usize,
    /// Each with one of its locks.
    nodes: Vec<(ObjectId, LockNode)>,
    of: HashMap<ObjectId, usize>,
    known: HashMap<String, usize>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(position: usize, run: &'a Run) -> Self {
        Self { run, position, nodes: Vec::new(), of: HashMap::new(), known: HashMap::new() }
    }

    /// Position of the class among [`Classes::into_nodes`].
    pub(super) fn of(&mut self, lock: ObjectId) -> usize {
        if let Some(&known) = self.of.get(&lock) {
            return known;
        }
        let class = class(self.run.report.tables.object(lock), &self.run.report.tables);
        let position = self.known.get(&class).copied().unwrap_or_else(|| {
            self.nodes.push((lock, self.node(lock, class.clone())));
            self.known.insert(class, self.nodes.len() - 1);
            self.nodes.len() - 1
        });
        self.of.insert(lock, position);
        position
    }

    /// The class, if it was asked for before.
    pub(super) fn known(&self, lock: ObjectId) -> Option<usize> {
        self.of.get(&lock).copied()
    }

    pub(super) fn count(&mut self, class: usize, times: u64) {
        self.nodes[class].1.acquired += times;
    }

    /// The classes at these positions.
    pub(super) fn into_nodes(self, wanted: &BTreeSet<usize>) -> Vec<LockNode> {
        let tables = &self.run.report.tables;
        let all = self.nodes.into_iter().enumerate().filter(|(position, _)| wanted.contains(position));
        all.map(|(_, (lock, node))| LockNode { identity: identity(tables, lock), ..node }).collect()
    }

    fn node(&self, lock: ObjectId, class: String) -> LockNode {
        let tables = &self.run.report.tables;
        let object = tables.object(lock);
        // An id means nothing in another run, nor does anything where it is not known of what program the run is.
        let shared = (object.at.is_some() || object.name.is_some()) && self.run.group.is_some();
        LockNode {
            class,
            name: tables.object_label(lock),
            kind: object.kind.name().to_owned(),
            at: object.at.map(|at| tables.site(at).to_owned()),
            called: None,
            acquired: 0,
            group: self.run.group.clone(),
            trace: (!shared).then_some(self.position),
            identity: String::new(),
        }
    }
}

/// The kind, with the name or else the type, and the creation site; the id of what has neither.
fn class(object: &Object, tables: &Tables) -> String {
    let (kind, at) = (object.kind.name(), object.at.map(|at| tables.site(at)));
    match (&object.name, at) {
        (Some(name), Some(at)) => format!("{kind} `{name}` {at}"),
        (Some(name), None) => format!("{kind} `{name}`"),
        (None, Some(at)) => format!("{kind} {} {at}", object.type_name.as_deref().unwrap_or("?")),
        (None, None) => format!("{kind} #{}", object.id),
    }
}

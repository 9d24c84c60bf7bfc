//! What the names of an STD text stand for.

use rustc_hash::FxHashMap;

use crate::ids::{ObjectId, ThreadId};
use crate::objects::{Object, ObjectKind};
use crate::read::tables::Tables;

/// Threads by their names, matched whether or not an operand carries the `T` of the thread's name.
#[derive(Debug, Default)]
pub(super) struct ThreadNames {
    known: FxHashMap<Box<str>, ThreadId>,
    /// Which have events of their own, so that their name is what the trace's author calls them.
    acted: Vec<bool>,
}

impl ThreadNames {
    /// The thread that has an event.
    pub(super) fn actor(&mut self, name: &str, tables: &mut Tables) -> ThreadId {
        let id = match self.known.get(name) {
            Some(&id) => id,
            None => {
                let by_operand = number_of(name).and_then(|number| self.known.get(number)).copied();
                let id = by_operand.filter(|id| !self.acted[id.index()]);
                self.insert(name, id, tables)
            }
        };
        self.acted[id.index()] = true;
        id
    }

    /// The thread that `actor` forks or joins.
    pub(super) fn operand(&mut self, name: &str, actor: ThreadId, tables: &mut Tables) -> ThreadId {
        if let Some(&id) = self.known.get(name) {
            return id;
        }
        if let Some(id) = number_of(name).and_then(|number| self.known.get(number)).copied() {
            return self.insert(name, Some(id), tables);
        }
        if !is_number(name) {
            return self.insert(name, None, tables);
        }
        let full = format!("T{name}");
        if let Some(&id) = self.known.get(full.as_str()) {
            return self.insert(name, Some(id), tables);
        }
        // Neither has been seen: the thread that speaks shows how threads are named here.
        if number_of(&tables.thread(actor).id).is_none() {
            return self.insert(name, None, tables);
        }
        let id = self.insert(&full, None, tables);
        self.insert(name, Some(id), tables)
    }

    fn insert(&mut self, name: &str, id: Option<ThreadId>, tables: &mut Tables) -> ThreadId {
        let id = id.unwrap_or_else(|| tables.thread_named(name));
        self.known.insert(name.into(), id);
        self.acted.resize(tables.threads().len(), false);
        id
    }
}

/// `12` of `T12`.
fn number_of(name: &str) -> Option<&str> {
    name.strip_prefix('T').filter(|rest| is_number(rest))
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Locks or variables by their names: STD gives each kind a namespace of its own, a trace has one for both.
#[derive(Debug)]
pub(super) struct ObjectNames {
    kind: ObjectKind,
    known: FxHashMap<Box<str>, ObjectId>,
}

impl ObjectNames {
    pub(super) fn new(kind: ObjectKind) -> Self {
        Self { kind, known: FxHashMap::default() }
    }

    pub(super) fn get(&mut self, name: &str, tables: &mut Tables) -> ObjectId {
        if let Some(&id) = self.known.get(name) {
            return id;
        }
        let mut object =
            Object { id: name.to_owned(), kind: self.kind, name: None, type_name: None, at: None, level: None };
        while tables.find_object(&object.id).is_some() {
            object.id = format!("{} ({})", object.id, self.kind.name());
            object.name = Some(name.to_owned());
        }
        let id = tables.add_object(object);
        self.known.insert(name.into(), id);
        id
    }
}

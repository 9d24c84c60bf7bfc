//! From the numbers of a file to the ids of a trace, given in order of first appearance.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::decode::Malformed;
use super::encode::{ObjectDefinition, ThreadDefinition};
use super::format::PAGE;
use super::stream::Stream;
use crate::ids::{ObjectId, ThreadId};
use crate::objects::{Object, Thread};
use crate::read::Tables;

/// More objects than a page of a recording can declare: a declaration takes five bytes. A thread that takes a block of
/// numbers without using it has at least a page.
const OBJECTS_A_PAGE: usize = PAGE / 4;

#[derive(Debug, Default)]
struct ObjectSlot {
    id: Option<ObjectId>,
    /// What was declared and has not appeared yet; its `id` is empty if it was not given one.
    declared: Option<Box<Object>>,
}

#[derive(Debug, Default)]
struct ThreadSlot {
    id: Option<ThreadId>,
    declared: Option<Thread>,
}

/// What the numbers of a file stand for.
#[derive(Debug)]
pub(super) struct Directory {
    /// Whether definitions count as appearances: a merged file keeps the numbering of the trace it was written from.
    eager: bool,
    /// Numbers from here on are not to be believed: they would take memory out of proportion to the file.
    object_limit: usize,
    objects: Vec<ObjectSlot>,
    threads: Vec<ThreadSlot>,
    thread_numbers: FxHashMap<u32, u32>,
    of_kind: BTreeMap<&'static str, u32>,
    /// `T` with a smaller number is the id of some thread.
    next_thread: usize,
}

impl Directory {
    pub(super) fn new(eager: bool, file_length: u64) -> Self {
        let pages = usize::try_from(file_length / PAGE as u64).unwrap_or(usize::MAX);
        Self {
            eager,
            object_limit: pages.saturating_add(1).saturating_mul(OBJECTS_A_PAGE).min(u32::MAX as usize - 1),
            objects: Vec::new(),
            threads: Vec::new(),
            thread_numbers: FxHashMap::default(),
            of_kind: BTreeMap::new(),
            next_thread: 0,
        }
    }

    /// The index of the thread that the file numbers so.
    pub(super) fn thread_index(&mut self, number: u32) -> u32 {
        let next = u32::try_from(self.threads.len()).expect("fewer threads than numbers");
        *self.thread_numbers.entry(number).or_insert_with(|| {
            self.threads.push(ThreadSlot::default());
            next
        })
    }

    /// The id of the thread at `index`, which appears if it has not yet.
    pub(super) fn thread(&mut self, index: u32, tables: &mut Tables) -> ThreadId {
        let slot = &mut self.threads[index as usize];
        if let Some(id) = slot.id {
            return id;
        }
        let mut thread = slot.declared.take().unwrap_or(Thread { id: String::new(), name: None, at: None });
        if thread.id.is_empty() || tables.find_thread(&thread.id).is_some() {
            let mut number = self.next_thread.max(tables.threads().len());
            thread.id = format!("T{number}");
            while tables.find_thread(&thread.id).is_some() {
                number += 1;
                thread.id = format!("T{number}");
            }
            self.next_thread = number + 1;
        }
        let id = tables.add_thread(thread);
        slot.id = Some(id);
        id
    }

    pub(super) fn define_thread(
        &mut self,
        definition: &ThreadDefinition,
        stream: &Stream,
        tables: &mut Tables,
    ) -> Result<(), Malformed> {
        let index = self.thread_index(definition.number);
        let declared = Thread {
            id: stream.text(definition.id)?.unwrap_or_default().to_owned(),
            name: stream.text(definition.name)?.map(str::to_owned),
            at: stream.site(definition.site)?,
        };
        let slot = &mut self.threads[index as usize];
        match slot.id {
            // A root thread defines itself in its own stream, others may have mentioned it before.
            Some(id) => tables.complete_thread(id, declared.name, declared.at),
            None => slot.declared = Some(declared),
        }
        if self.eager {
            self.thread(index, tables);
        }
        Ok(())
    }

    /// The id of the object that the file numbers so, which appears if it has not yet.
    #[inline]
    pub(super) fn object(&mut self, number: u32, tables: &mut Tables) -> Result<ObjectId, Malformed> {
        match self.objects.get(number as usize) {
            Some(ObjectSlot { id: Some(id), .. }) => Ok(*id),
            _ => self.appear(number, tables),
        }
    }

    /// The same, if it has appeared.
    #[inline]
    pub(super) fn known(&self, number: u32) -> Option<ObjectId> {
        self.objects.get(number as usize)?.id
    }

    /// Refuses what no recorder can have written.
    pub(super) fn check_number(&self, object: u32) -> Result<(), Malformed> {
        let plausible = (object as usize) < self.object_limit;
        if plausible { Ok(()) } else { Err(Malformed("an object's number out of proportion to the file")) }
    }

    #[cold]
    fn appear(&mut self, number: u32, tables: &mut Tables) -> Result<ObjectId, Malformed> {
        let slot = self.objects.get_mut(number as usize);
        let declared =
            slot.and_then(|slot| slot.declared.take()).ok_or(Malformed("an object that was not declared"))?;
        let mut object = *declared;
        if object.id.is_empty() {
            let count = self.of_kind.entry(object.kind.name()).or_default();
            *count += 1;
            object.id = format!("{}{count}", object.kind.name());
        }
        if tables.find_object(&object.id).is_some() {
            return Err(Malformed("two objects with the same id"));
        }
        let id = tables.add_object(object);
        self.objects[number as usize].id = Some(id);
        Ok(id)
    }

    pub(super) fn define_object(
        &mut self,
        definition: &ObjectDefinition,
        stream: &Stream,
        tables: &mut Tables,
    ) -> Result<(), Malformed> {
        self.check_number(definition.number)?;
        let index = definition.number as usize;
        if index >= self.objects.len() {
            self.objects.resize_with(index + 1, ObjectSlot::default);
        }
        let slot = &mut self.objects[index];
        if slot.id.is_some() || slot.declared.is_some() {
            return Err(Malformed("an object that is declared twice"));
        }
        slot.declared = Some(Box::new(Object {
            id: stream.text(definition.id)?.unwrap_or_default().to_owned(),
            kind: definition.kind,
            name: stream.text(definition.name)?.map(str::to_owned),
            type_name: stream.text(definition.type_name)?.map(str::to_owned),
            at: stream.site(definition.site)?,
            level: definition.level,
        }));
        if self.eager {
            self.appear(definition.number, tables)?;
        }
        Ok(())
    }
}

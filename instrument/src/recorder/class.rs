//! What many objects have in common, and the declaration of one of them in a few bytes.

use std::sync::atomic::Ordering;

use lockhound_trace::binary::encode::{ClassDefinition, Head, Scratch};
use lockhound_trace::binary::format::code;

use super::local::Local;
use super::object::{Kind, Object, Site};

const SLOTS: usize = 64;

/// What the objects have in common that are made in one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) birth: Site,
    pub(super) type_name: fn() -> &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) level: Option<i64>,
    pub(super) kind: Kind,
}

impl Class {
    /// Whether the two are one, by the addresses of what lives for ever. May miss that they are, which does no harm.
    fn is(&self, other: &Self) -> bool {
        let address = |name: Option<&'static str>| name.map(|name| (name.as_ptr(), name.len()));
        std::ptr::eq(self.birth, other.birth)
            && self.type_name as usize == other.type_name as usize
            && address(self.name) == address(other.name)
            && self.level == other.level
            && self.kind == other.kind
    }

    fn slot(&self) -> usize {
        (std::ptr::from_ref(self.birth) as usize >> 3) % SLOTS
    }
}

/// The classes that a thread has defined last, with their numbers. One that was forgotten is defined once more.
#[derive(Debug)]
pub(super) struct Classes {
    known: [Option<(Class, u32)>; SLOTS],
    defined: u32,
}

impl Classes {
    pub(super) const fn new() -> Self {
        Self { known: [None; SLOTS], defined: 0 }
    }

    #[inline]
    fn number(&self, class: &Class) -> Option<u32> {
        self.known[class.slot()].as_ref().filter(|(known, _)| known.is(class)).map(|&(_, number)| number)
    }
}

impl Local {
    /// Appends the declaration of an object that has had `base` events and `base_reads` releases of reading. Commits it.
    pub(super) fn declare(&mut self, class: &Class, number: u32, base: u64, base_reads: u64) -> Option<()> {
        let class_number = match self.classes.number(class) {
            Some(known) => known,
            None => self.define_class(class)?,
        };
        if base_reads != 0 {
            return self.declare_in_full(class, number, base, base_reads);
        }
        let room = self.buffer.reserve_alone()?;
        self.buffer.put_head(room, Head::new(code::OBJECT, class_number, number, base));
        self.declared = number;
        Some(())
    }

    #[cold]
    fn define_class(&mut self, class: &Class) -> Option<u32> {
        let definition = self.class_definition(class)?;
        let mut record = Scratch::<64>::default();
        definition.put(&mut record);
        self.buffer.put_record(record.bytes())?;
        self.classes.defined += 1;
        self.classes.known[class.slot()] = Some((*class, self.classes.defined));
        Some(self.classes.defined)
    }

    /// For a read/write lock that was used in the process that this one was forked from.
    #[cold]
    fn declare_in_full(&mut self, class: &Class, number: u32, base: u64, base_reads: u64) -> Option<()> {
        let mut definition = self.class_definition(class)?.object(number, base);
        definition.base_reads = base_reads;
        let mut record = Scratch::<128>::default();
        definition.put(&mut record);
        self.buffer.put_record(record.bytes())
    }

    fn class_definition(&mut self, class: &Class) -> Option<ClassDefinition> {
        let site = self.site(class.birth)?;
        let _busy = self.busy();
        let name = match class.name {
            // What is to be done with a queue's items goes by the queue's name.
            Some(name) if matches!(class.kind, Kind::Tasks { .. }) => self.define_text(&format!("tasks of {name}"))?,
            Some(name) => self.text(name)?,
            None => 0,
        };
        let type_name = self.text((class.type_name)())?;
        Some(ClassDefinition { kind: class.kind.of_trace(), level: class.level, site, name, type_name })
    }
}

impl Object {
    /// Releases of reading so far.
    pub(super) fn base_reads(&self) -> u64 {
        if self.kind == Kind::RwLock { self.reads(Ordering::Relaxed) } else { 0 }
    }
}

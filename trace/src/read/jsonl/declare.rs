//! The header and the declarations of threads and objects.

use std::collections::BTreeMap;

use super::fields::{Fields, Key, Problem, Raw};
use super::words::Word;
use crate::objects::{ChannelOrder, Object, ObjectKind, Policy, Thread};
use crate::read::tables::{Header, Tables};

/// Version of the format that this crate reads and writes.
pub(super) const VERSION: u64 = 1;

/// Reads the first line of a trace.
pub(super) fn header(fields: &Fields<'_>) -> Result<Header, Problem> {
    let Some(version) = fields.count(Key::Lockhound)? else {
        let expected = format!("expected the header first: {{\"lockhound\":{VERSION}}}");
        return Err(Problem::line(expected));
    };
    if version != VERSION {
        let message = format!("format version {version}: this lockhound reads version {VERSION}");
        return Err(Problem::at(Key::Lockhound, message));
    }
    let owned = |key| Ok(fields.text(key)?.map(str::to_owned));
    Ok(Header {
        program: owned(Key::Program)?,
        pid: fields.count(Key::Pid)?,
        cwd: owned(Key::Cwd)?,
        start: owned(Key::Start)?,
        env: env(fields)?,
    })
}

fn env(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let entries = match fields.get(Key::Env) {
        None => return Ok(BTreeMap::new()),
        Some(Raw::Map(entries)) => entries,
        Some(other) => return Err(Problem::wrong_type(Key::Env, "an object of strings", other)),
    };
    let entry = |(key, value): &(_, Raw<'_>)| match value {
        Raw::Text(text) => Ok((String::from(std::borrow::Cow::clone(key)), text.clone().into_owned())),
        other => Err(Problem::at(Key::Env, format!("`env`: expected only strings, found {}", other.what()))),
    };
    entries.iter().map(entry).collect()
}

/// Which threads and objects were declared, to tell a second declaration from a late one.
#[derive(Debug, Default)]
pub(super) struct Declared {
    threads: Vec<bool>,
    objects: Vec<bool>,
}

impl Declared {
    /// Reads `{"thread":ID,…}`.
    pub(super) fn thread(&mut self, fields: &Fields<'_>, tables: &mut Tables) -> Result<(), Problem> {
        let id = fields.required(Key::Thread, "a declaration")?;
        if let Some(known) = tables.find_thread(id) {
            return Err(again(Key::Thread, id, is_marked(&self.threads, known.index())));
        }
        let name = fields.text(Key::Name)?.map(str::to_owned);
        let at = fields.text(Key::At)?.map(|at| tables.intern_site(at));
        let id = tables.add_thread(Thread { id: id.to_owned(), name, at });
        mark(&mut self.threads, id.index());
        Ok(())
    }

    /// Reads `{"object":ID,"kind":KIND,…}`.
    pub(super) fn object(&mut self, fields: &Fields<'_>, tables: &mut Tables) -> Result<(), Problem> {
        let id = fields.required(Key::Object, "a declaration")?;
        if let Some(known) = tables.find_object(id) {
            return Err(again(Key::Object, id, is_marked(&self.objects, known.index())));
        }
        let object = Object {
            id: id.to_owned(),
            kind: kind(fields)?,
            name: fields.text(Key::Name)?.map(str::to_owned),
            type_name: fields.text(Key::Type)?.map(str::to_owned),
            at: fields.text(Key::At)?.map(|at| tables.intern_site(at)),
            level: fields.integer(Key::Level)?,
        };
        let id = tables.add_object(object);
        mark(&mut self.objects, id.index());
        Ok(())
    }
}

fn kind(fields: &Fields<'_>) -> Result<ObjectKind, Problem> {
    Ok(match fields.text(Key::Kind)?.ok_or_else(|| Problem::missing(Key::Kind, "an object"))? {
        "mutex" => ObjectKind::Mutex { reentrant: fields.truth(Key::Reentrant)?.unwrap_or(false) },
        "rwlock" => ObjectKind::RwLock { policy: Policy::read(fields, Key::Policy)?.unwrap_or_default() },
        "condvar" => ObjectKind::Condvar,
        "semaphore" => ObjectKind::Semaphore {
            permits: fields.small_count(Key::Permits)?.ok_or_else(|| Problem::missing(Key::Permits, "a semaphore"))?,
            bound: fields.small_count(Key::Bound)?,
        },
        "barrier" => ObjectKind::Barrier { parties: fields.small_count(Key::Parties)? },
        "channel" => ObjectKind::Channel {
            capacity: fields.count(Key::Capacity)?,
            order: ChannelOrder::read(fields, Key::Order)?.unwrap_or_default(),
        },
        "flag" => ObjectKind::Flag { set: fields.truth(Key::Set)?.unwrap_or(false) },
        "waitgroup" => ObjectKind::Waitgroup { count: fields.small_count(Key::Count)?.unwrap_or(0) },
        "once" => ObjectKind::Once,
        "var" => ObjectKind::Var,
        "atomic" => ObjectKind::Atomic,
        unknown => return Err(Problem::at(Key::Kind, format!("unknown kind `{unknown}`"))),
    })
}

fn again(key: Key, id: &str, declared: bool) -> Problem {
    let when = if declared { "a second time" } else { "after its first use" };
    Problem::at(key, format!("{} `{id}` is declared {when}", key.name()))
}

fn is_marked(marks: &[bool], index: usize) -> bool {
    marks.get(index).copied().unwrap_or(false)
}

fn mark(marks: &mut Vec<bool>, index: usize) {
    if marks.len() <= index {
        marks.resize(index + 1, false);
    }
    marks[index] = true;
}

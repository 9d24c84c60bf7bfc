//! Everything a trace declares: what ids stand for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};

use indexmap::{Equivalent, IndexSet};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::ids::{MessageId, ObjectId, SiteId, StackId, TextId, ThreadId};
use crate::objects::{Object, ObjectKind, Thread};

/// Marks the id of a message that the trace names by a text which is no number.
const TEXT_MESSAGE: u64 = 1 << 63;

/// What the recording says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// Name of the program.
    pub program: Option<String>,
    /// Its process id.
    pub pid: Option<u64>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// When it started (RFC 3339).
    pub start: Option<String>,
    /// What else is known: test name, binary id …
    pub env: BTreeMap<String, String>,
}

/// One frame of a captured stack. Texts are shared: many stacks name the same modules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Frame {
    /// As the trace's author wrote it.
    Text(Arc<str>),
    /// A code address, to be resolved from the module's debug information.
    Address {
        /// Path of the executable or library.
        module: Arc<str>,
        /// Offset from where it is loaded, in bytes.
        offset: u64,
    },
}

/// Values that are stored once; the index of each is its id.
type Interned<T> = IndexSet<T, FxBuildHasher>;

fn intern<T, Q>(values: &mut Interned<T>, value: &Q) -> usize
where
    T: Eq + Hash,
    Q: ?Sized + Equivalent<T> + Hash + ToOwned<Owned = T>,
{
    values.get_index_of(value).unwrap_or_else(|| values.insert_full(value.to_owned()).0)
}

/// What the ids of one trace stand for. Grows while the trace is read.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    header: Header,
    threads: Vec<Thread>,
    objects: Vec<Object>,
    thread_ids: FxHashMap<String, ThreadId>,
    object_ids: FxHashMap<String, ObjectId>,
    sites: Interned<String>,
    stacks: Interned<Vec<Frame>>,
    texts: Interned<String>,
    /// See [`Tables::completed_threads`].
    completed: Vec<ThreadId>,
    /// Of each object, its number among those with the same label; 0 if it is the only one. Worked out when asked for.
    numbers: OnceLock<Vec<u32>>,
}

impl Tables {
    /// What the recording says about itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Replaces the header.
    pub fn set_header(&mut self, header: Header) {
        self.header = header;
    }

    /// All threads, in the order of their ids.
    #[must_use]
    pub fn threads(&self) -> &[Thread] {
        &self.threads
    }

    /// All objects, in the order of their ids.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The thread behind an id of this trace.
    #[must_use]
    pub fn thread(&self, id: ThreadId) -> &Thread {
        &self.threads[id.index()]
    }

    /// Adds to what is known of a thread; what was known already stays.
    pub(crate) fn complete_thread(&mut self, id: ThreadId, name: Option<String>, at: Option<SiteId>) {
        let thread = &mut self.threads[id.index()];
        thread.name = thread.name.take().or(name);
        thread.at = thread.at.or(at);
        self.completed.push(id);
    }

    /// The threads that were completed, in that order.
    pub(super) fn completed_threads(&self) -> &[ThreadId] {
        &self.completed
    }

    /// The object behind an id of this trace.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index()]
    }

    /// The thread that the trace calls `id`.
    #[must_use]
    pub fn find_thread(&self, id: &str) -> Option<ThreadId> {
        self.thread_ids.get(id).copied()
    }

    /// The object that the trace calls `id`.
    #[must_use]
    pub fn find_object(&self, id: &str) -> Option<ObjectId> {
        self.object_ids.get(id).copied()
    }

    /// The thread that the trace calls `id`, added without a name if it is new.
    pub fn thread_named(&mut self, id: &str) -> ThreadId {
        self.find_thread(id).unwrap_or_else(|| self.add_thread(Thread { id: id.to_owned(), name: None, at: None }))
    }

    /// Adds a thread; its `id` must be new.
    pub fn add_thread(&mut self, thread: Thread) -> ThreadId {
        let id = ThreadId::from_index(self.threads.len());
        let known = self.thread_ids.insert(thread.id.clone(), id);
        debug_assert!(known.is_none(), "thread {} added twice", thread.id);
        self.threads.push(thread);
        id
    }

    /// The object that the trace calls `id`, added with this kind if it is new.
    pub fn object_named(&mut self, id: &str, kind: ObjectKind) -> ObjectId {
        self.find_object(id).unwrap_or_else(|| {
            self.add_object(Object { id: id.to_owned(), kind, name: None, type_name: None, at: None, level: None })
        })
    }

    /// Adds an object; its `id` must be new.
    pub fn add_object(&mut self, object: Object) -> ObjectId {
        let id = ObjectId::from_index(self.objects.len());
        let known = self.object_ids.insert(object.id.clone(), id);
        debug_assert!(known.is_none(), "object {} added twice", object.id);
        self.numbers.take();
        self.objects.push(object);
        id
    }

    /// The id of a place in the source: `file:line:col`, or any text.
    pub fn intern_site(&mut self, site: &str) -> SiteId {
        SiteId::from_index(intern(&mut self.sites, site))
    }

    /// How many places have ids: those up to this.
    #[must_use]
    pub fn site_count(&self) -> usize {
        self.sites.len()
    }

    /// All places, in the order of their ids.
    pub(super) fn sites(&self) -> impl ExactSizeIterator<Item = &String> {
        self.sites.iter()
    }

    /// The place behind an id.
    #[must_use]
    pub fn site(&self, id: SiteId) -> &str {
        &self.sites[id.index()]
    }

    /// The id of a stack, innermost frame first.
    pub fn intern_stack(&mut self, frames: &[Frame]) -> StackId {
        StackId::from_index(intern(&mut self.stacks, frames))
    }

    /// The frames behind an id, innermost first.
    #[must_use]
    pub fn stack(&self, id: StackId) -> &[Frame] {
        &self.stacks[id.index()]
    }

    /// All stacks, in the order of their ids.
    pub(super) fn stacks(&self) -> impl ExactSizeIterator<Item = &Vec<Frame>> {
        self.stacks.iter()
    }

    /// The id of a text.
    pub fn intern_text(&mut self, text: &str) -> TextId {
        TextId::from_index(intern(&mut self.texts, text))
    }

    /// The text behind an id.
    #[must_use]
    pub fn text(&self, id: TextId) -> &str {
        &self.texts[id.index()]
    }

    /// All texts, in the order of their ids.
    pub(super) fn texts(&self) -> impl ExactSizeIterator<Item = &String> {
        self.texts.iter()
    }

    /// The id of the message that the trace calls `text`: canonical decimal numbers are their own ids, any other text
    /// gets an id of its own with the top bit set. Texts are kept, numbers take no memory.
    pub fn message_named(&mut self, text: &str) -> MessageId {
        let number = text.parse().ok().filter(|number| number & TEXT_MESSAGE == 0);
        // `+1` and `01` are texts of their own: only what a number is written back as may share its id.
        let canonical = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
        match number {
            Some(number) if canonical => MessageId(number),
            _ => MessageId(TEXT_MESSAGE | self.intern_text(text).index() as u64),
        }
    }

    /// The id of the message that a binary trace numbers `number`: itself, unless that is what ids of texts look like.
    pub(crate) fn message_numbered(&mut self, number: u64) -> MessageId {
        if number & TEXT_MESSAGE == 0 { MessageId(number) } else { self.message_named(&number.to_string()) }
    }

    /// What the trace calls a message: the inverse of [`Tables::message_named`].
    #[must_use]
    pub fn message_text(&self, id: MessageId) -> Cow<'_, str> {
        let index = usize::try_from(id.0 & !TEXT_MESSAGE).ok().filter(|_| id.0 & TEXT_MESSAGE != 0);
        match index.and_then(|index| self.texts.get_index(index)) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(id.0.to_string()),
        }
    }

    /// What a report calls a thread: its name, else its id.
    #[must_use]
    pub fn thread_label(&self, id: ThreadId) -> &str {
        let thread = self.thread(id);
        thread.name.as_deref().unwrap_or(&thread.id)
    }

    /// What a report calls an object: its name, else its kind and where it was created, else its id.
    #[must_use]
    pub fn object_label(&self, id: ObjectId) -> String {
        let object = self.object(id);
        match (&object.name, object.at) {
            (Some(name), _) => name.clone(),
            (None, Some(at)) => format!("{} {}", object.kind.name(), self.site(at)),
            (None, None) => object.id.clone(),
        }
    }

    /// The same, with a number where several objects are called so: "mutex src/bank.rs:9:18 #2". Takes time linear in the
    /// objects when first called after one was added.
    #[must_use]
    pub fn distinct_label(&self, id: ObjectId) -> String {
        let label = self.object_label(id);
        match self.numbers.get_or_init(|| numbers(&self.objects))[id.index()] {
            0 => label,
            number => format!("{label} #{number}"),
        }
    }
}

/// See [`Tables::numbers`].
fn numbers(objects: &[Object]) -> Vec<u32> {
    let label = |object: &'_ Object| match (&object.name, object.at) {
        (Some(name), _) => (name.clone(), None),
        (None, Some(at)) => (object.kind.name().to_owned(), Some(at)),
        (None, None) => (object.id.clone(), None),
    };
    let mut counts: FxHashMap<_, u32> = FxHashMap::default();
    let mut numbers: Vec<u32> = Vec::with_capacity(objects.len());
    for object in objects {
        let count = counts.entry(label(object)).or_default();
        *count += 1;
        numbers.push(*count);
    }
    for (number, object) in numbers.iter_mut().zip(objects) {
        if counts[&label(object)] == 1 {
            *number = 0;
        }
    }
    numbers
}

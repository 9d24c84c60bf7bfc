//! What a thread keeps to itself while it records.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, compiler_fence};

use lockhound_trace::binary::encode::{self, Head, Scratch, ThreadDefinition};
use lockhound_trace::binary::format::{OBJECT_BLOCK, code, define, other};

use super::buffer::Buffer;
use super::class::Classes;
use super::fences::Fences;
use super::held::Held;
use super::loads::Loads;
use super::monitor::{self, Seat};
use super::object::Site;
use super::once::Awaited;
use super::sites::{Sites, Texts};
use super::stacks::{Modules, Wait};
use super::{file, gate, settings, strict, worth};
use crate::Stacks;

/// Bits of a thread's number in an object's word.
pub(super) const THREAD_BITS: u32 = 24;

/// The next thread's number. Never reused, not even by the children of forks: a word written by the parent must not look
/// as if the child's thread had written it.
static NEXT_THREAD: AtomicU32 = AtomicU32::new(1);

/// The first number of a thread of this process; lower ones are those of its ancestors by forks.
static FIRST_THREAD: AtomicU32 = AtomicU32::new(1);

thread_local! {
    /// A number of this thread, where an object's word has it, for its spin sections; 0 until it needs one.
    static SPINNER: Cell<u64> = const { Cell::new(0) };
    /// The thread's state; null before its first event, after its last, and while the recorder is at work on a cold path.
    static CURRENT: Cell<*mut Local> = const { Cell::new(ptr::null_mut()) };
    /// Whether the recorder is at work: what happens then (an allocator that locks) is not recorded.
    static BUSY: Cell<bool> = const { Cell::new(false) };
    /// The number of the stream of this thread that has ended, if its next event must begin another.
    static FORMER: Cell<u32> = const { Cell::new(0) };
    /// Its destructor ends the thread's stream. Registered at the first event, so destructors registered later run before.
    static FAREWELL: Farewell = const { Farewell };
}

struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        if CURRENT.get().is_null() && FORMER.get() != 0 {
            let _busy = Busy::enter();
            monitor::gone();
        } else {
            end();
        }
    }
}

/// The state of a thread that records; first what every event of a lock needs.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Local {
    pub(super) generation: u32,
    /// The generation, where an object's id has it.
    pub(super) generation_bits: u64,
    /// The thread's number, where an object's word has it.
    pub(super) tag: u64,
    pub(super) buffer: Buffer,
    pub(super) held: Held,
    pub(super) sites: Sites,
    /// The word of a lock when this thread read under it last, by the lock's number.
    read_under: [(u32, u64); 32],
    pub(super) classes: Classes,
    /// The number of the object that the thread declared last.
    pub(super) declared: u32,
    /// The wait of which the seat has the stack.
    pub(super) waited: Option<Wait>,
    pub(super) awaited: Awaited,
    pub(super) loads: Loads,
    pub(super) fences: Fences,
    pub(super) texts: Texts,
    pub(super) modules: Modules,
    pub(super) seat: Seat,
    /// What strict mode knows of this thread.
    pub(super) order: strict::Memory,
    next_object: u32,
    last_object: u32,
    /// The thread of the trace as which it records, if that is not the one that the stream is of; else 0.
    task: u32,
    /// Whether the trace has yet to be told what the thread is called.
    nameless: bool,
}

/// A stretch of the recorder's own work: until it is dropped, events of this thread are left out, also those of signal
/// handlers, for whom what is done meanwhile is done at once.
pub(super) struct Busy {
    resume: *mut Local,
    was_busy: bool,
    here: PhantomData<*const ()>,
}

impl Busy {
    #[inline]
    pub(super) fn enter() -> Self {
        // In this order, and the other way round below: where a signal handler finds neither, it begins a stream.
        let was_busy = BUSY.replace(true);
        compiler_fence(Ordering::SeqCst);
        let resume = CURRENT.replace(ptr::null_mut());
        compiler_fence(Ordering::SeqCst);
        Self { resume, was_busy, here: PhantomData }
    }
}

impl Drop for Busy {
    #[inline]
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        CURRENT.set(self.resume);
        compiler_fence(Ordering::SeqCst);
        BUSY.set(self.was_busy);
    }
}

/// Calls `record` with the thread's state; with none when nothing may be recorded now.
#[inline]
pub(super) fn with<R>(record: impl FnOnce(Option<&mut Local>) -> R) -> R {
    let mut current = CURRENT.get();
    if current.is_null() {
        current = begin_root();
    }
    // SAFETY: null, or the thread's own state, which lives until the thread's end. No second reference can arise: whatever
    // runs foreign code under this one (`Busy`) hides the pointer first.
    record(unsafe { current.as_mut() })
}

/// The thread's state, if it has any and may record.
#[inline(always)]
pub(super) fn current<'a>() -> Option<&'a mut Local> {
    // SAFETY: as in `with`; the callers' references end with the event.
    unsafe { CURRENT.get().as_mut() }
}

/// The first event of a thread that nobody announced.
#[cold]
#[inline(never)]
fn begin_root() -> *mut Local {
    if BUSY.get() || !gate::is_on() {
        return ptr::null_mut();
    }
    let Some(number) = take_thread_number() else { return ptr::null_mut() };
    begin(
        number,
        match FORMER.get() {
            0 => Origin::Unannounced,
            former => Origin::After(former),
        },
    );
    CURRENT.get()
}

/// A number of the calling thread, whether it records or not, where an object's word has it.
#[inline]
pub(super) fn spinner() -> u64 {
    match SPINNER.get() {
        0 => number_spinner(),
        number => number,
    }
}

/// Spin sections are entered also where nothing is recorded, and a fork may come into one all the same.
#[cold]
#[inline(never)]
fn number_spinner() -> u64 {
    gate::watch_forks();
    let number = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
    if number >> THREAD_BITS != 0 {
        // Out of numbers: 0, which stands for nobody. Recording stops for the same reason.
        NEXT_THREAD.store(1 << THREAD_BITS, Ordering::Relaxed);
        return 0;
    }
    SPINNER.set(tag(number));
    tag(number)
}

/// Whether a thread, as an object's word has it, was one of a process that this one was forked from.
pub(super) fn is_of_ancestor(tag: u64) -> bool {
    let number = (tag >> (64 - THREAD_BITS)) as u32;
    number != 0 && number < FIRST_THREAD.load(Ordering::Relaxed)
}

/// Where an object's word has a thread's number.
const fn tag(number: u32) -> u64 {
    (number as u64) << (64 - THREAD_BITS)
}

/// The number of the calling thread's stream, or of the one that ended last.
pub(super) fn last_number() -> u32 {
    // SAFETY: as in `with`; the reference does not outlive the expression.
    let current = unsafe { CURRENT.get().as_ref() };
    current.map_or_else(|| FORMER.get(), Local::thread)
}

/// A number for a new thread; none when recording has to stop.
pub(super) fn take_thread_number() -> Option<u32> {
    let number = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
    if number >> THREAD_BITS != 0 {
        NEXT_THREAD.store(1 << THREAD_BITS, Ordering::Relaxed);
        gate::stop("more threads than a recording can number");
        return None;
    }
    Some(number)
}

/// Begins the stream of this thread, as its creator announced it.
#[cold]
pub(super) fn begin_spawned(number: u32) {
    if !CURRENT.get().is_null() {
        // Something in the thread's set-up (an allocator that locks) came before; those events stay a stream of their own.
        end();
    }
    if !BUSY.get() {
        begin(number, Origin::Spawned);
    }
}

/// Where a stream comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// Its spawn is recorded.
    Spawned,
    /// Nobody announced the thread.
    Unannounced,
    /// The thread has had a stream, of this number, that has ended.
    After(u32),
}

fn begin(number: u32, origin: Origin) {
    let mut busy = Busy::enter();
    // In a destructor that runs after ours this fails, and the stream will have no end.
    let will_end = FAREWELL.try_with(|_| ()).is_ok();
    let counted = match origin {
        Origin::Unannounced => false,
        Origin::Spawned => true,
        Origin::After(_) => will_end,
    };
    let Some(mut local) = Local::open(number) else { return };
    local.write_start(origin);
    if !matches!(origin, Origin::After(_)) {
        worth::thread();
    }
    local.seat = Seat::take(number, matches!(origin, Origin::Spawned));
    if !counted {
        monitor::one_more();
    }
    FORMER.set(0);
    // Not once `busy` is gone: a signal handler would begin another.
    busy.resume = Box::into_raw(Box::new(local));
}

/// Ends the stream of this thread. An event that comes later begins another, which follows on this one.
fn end() {
    let mut busy = Busy::enter();
    let local = std::mem::replace(&mut busy.resume, ptr::null_mut());
    if !local.is_null() {
        // SAFETY: made by `begin` on this thread, and from here on unreachable: `Busy` has hidden the pointer.
        let mut local = unsafe { Box::from_raw(local) };
        FORMER.set(local.thread());
        local.write_exit();
        if !local.held.is_empty() {
            worth::leak();
        }
        monitor::ended(&local);
        local.buffer.close();
    }
}

/// Ends the stream of this thread, unless it holds locks: whoever holds a lock must be who releases it. The thread still
/// counts as alive.
pub(super) fn finish() {
    // SAFETY: as in `with`; the reference does not outlive the expression.
    if unsafe { CURRENT.get().as_ref() }.is_some_and(|local| local.held.is_empty()) {
        monitor::one_more();
        end();
    }
}

/// Has the calling thread record with this state from here on.
pub(super) fn resume(local: Box<Local>) {
    if !CURRENT.get().is_null() {
        // Something came between (a thread-local's set-up that locks); those events stay a stream of their own.
        end();
    }
    let mut busy = Busy::enter();
    FORMER.set(0);
    busy.resume = Box::into_raw(local);
}

/// Takes the state away with which the calling thread records, if it is that of the stream `tag`. In the child of a fork it
/// is not.
pub(super) fn suspend(tag: u64) -> Option<Box<Local>> {
    let mut busy = Busy::enter();
    // SAFETY: as in `with`; the reference does not outlive the expression.
    if unsafe { busy.resume.as_ref() }.is_none_or(|local| local.tag != tag) {
        return None;
    }
    let local = std::mem::replace(&mut busy.resume, ptr::null_mut());
    // SAFETY: made by `resume` on this thread, and from here on unreachable: `Busy` has hidden the pointer.
    Some(unsafe { Box::from_raw(local) })
}

/// On a thread of the recorder's own: nothing that it does is recorded.
pub(super) fn never_record() {
    BUSY.set(true);
}

/// In the child of a fork: the thread's chunk is the parent's. Leaks the state, since the child may not free safely.
pub(super) fn abandon() {
    FIRST_THREAD.store(NEXT_THREAD.load(Ordering::Relaxed), Ordering::Relaxed);
    SPINNER.set(0);
    CURRENT.set(ptr::null_mut());
    FORMER.set(0);
    BUSY.set(false);
}

/// Writes the whole stream of a thread that never ran.
pub(super) fn write_stillborn(number: u32) {
    let _busy = Busy::enter();
    if let Some(mut local) = Local::open(number) {
        local.write_start(Origin::Spawned);
        local.write_exit();
        local.buffer.close();
    }
}

impl Local {
    pub(super) fn open(number: u32) -> Option<Self> {
        Some(Self {
            generation: gate::generation(),
            generation_bits: u64::from(gate::generation()) << 32,
            tag: tag(number),
            buffer: Buffer::open(number)?,
            sites: Sites::new(settings::stacks() == Stacks::All, gate::generation()),
            held: Held::new(settings::stacks() == Stacks::All, gate::generation()),
            read_under: [(u32::MAX, 0); 32],
            classes: Classes::new(),
            declared: 0,
            waited: None,
            awaited: Awaited::new(),
            loads: Loads::new(),
            fences: Fences::new(),
            texts: Texts::default(),
            modules: Modules::default(),
            seat: Seat::EMPTY,
            order: strict::Memory::default(),
            next_object: 0,
            last_object: 0,
            task: 0,
            nameless: false,
        })
    }

    /// Where it stands under which version the thread read a lock last.
    #[inline]
    pub(super) fn read_under_slot(&mut self, lock: u32) -> &mut (u32, u64) {
        let slots = self.read_under.len();
        &mut self.read_under[lock as usize % slots]
    }

    /// The thread's number.
    pub(super) const fn thread(&self) -> u32 {
        (self.tag >> (64 - THREAD_BITS)) as u32
    }

    /// Until the result is dropped, this thread's events are left out.
    #[inline]
    pub(super) fn busy(&self) -> Busy {
        Busy::enter()
    }

    fn write_start(&mut self, origin: Origin) {
        match origin {
            Origin::Unannounced if is_main_thread() => self.define_self("main"),
            Origin::After(_) => self.define_self("thread-locals"),
            Origin::Unannounced => self.nameless = true,
            Origin::Spawned => {}
        }
        self.other(other::START, 0, u32::from(matches!(origin, Origin::Spawned)), 0, 0, 0);
        if let Origin::After(former) = origin {
            self.other(other::JOIN, 0, former, 0, 0, 0);
        }
    }

    /// Tells what a thread is called that nobody announced: a test, by its name. Asked when the thread spawns another, where
    /// its handle is sure to exist: at its first event, which may come from the allocator, that may be just being made.
    pub(super) fn introduce_itself(&mut self) {
        if std::mem::take(&mut self.nameless) {
            let _busy = self.busy();
            if let Some(name) = std::thread::current().name() {
                self.define_self(name);
            }
        }
    }

    fn define_self(&mut self, name: &str) {
        let name = self.define_text(name).unwrap_or(0);
        let mut record = Scratch::<32>::default();
        ThreadDefinition { number: self.thread(), name, ..ThreadDefinition::default() }.put(&mut record);
        self.buffer.put_record(record.bytes());
    }

    pub(super) fn write_exit(&mut self) {
        self.other(other::EXIT, 0, 0, 0, 0, 0);
    }

    /// What is recorded from here on is of this thread of the trace, 0 being the one that the stream is of. Gives the one
    /// before.
    pub(super) fn speak_for(&mut self, thread: u32) -> Option<u32> {
        let [a, b, c, d] = thread.to_le_bytes();
        self.buffer.put_record(&[code::SWITCH, a, b, c, d])?;
        Some(std::mem::replace(&mut self.task, thread))
    }

    /// The same for a task that begins: it knows and holds nothing of what the one before it did.
    pub(super) fn become_task(&mut self, number: u32, name: &Arc<str>) -> Option<()> {
        self.speak_for(number)?;
        (self.awaited, self.loads, self.fences) = (Awaited::new(), Loads::new(), Fences::new());
        self.held.leave_all();
        self.order.forget_request();
        self.waited = None;
        self.seat = Seat::of_task(number, name);
        Some(())
    }

    /// Writes and commits an event of [`code::OTHER`] with up to 15 bytes of operands.
    pub(super) fn other(
        &mut self,
        sub: u8,
        site: u32,
        subject: u32,
        after: u64,
        operands: u128,
        length: usize,
    ) -> Option<()> {
        self.buffer.reserve()?;
        let head = Head::new(code::OTHER, site, subject, after);
        self.buffer.put(head.word, head.length);
        self.buffer.put(u128::from(sub) | operands << 8, 1 + length);
        self.buffer.commit();
        Some(())
    }

    /// The number of a site, defined if it is new to this thread.
    #[inline]
    pub(super) fn site(&mut self, site: Site) -> Option<u32> {
        match self.sites.known(site) {
            Some(known) => Some(known.number()),
            None => self.look_up_site(site),
        }
    }

    #[cold]
    #[inline(never)]
    fn look_up_site(&mut self, site: Site) -> Option<u32> {
        let _busy = self.busy();
        let (number, new) = self.sites.number(site);
        if new {
            let mut record = Scratch::<2048>::default();
            encode::site(&mut record, encode::cut(site.file()), site.line(), site.column());
            self.buffer.put_record(record.bytes())?;
        }
        Some(number)
    }

    /// Defines a text; its number.
    pub(super) fn define_text(&mut self, text: &str) -> Option<u32> {
        let mut record = Scratch::<2048>::default();
        encode::named(&mut record, define::TEXT, encode::cut(text));
        self.buffer.put_record(record.bytes())?;
        Some(self.texts.next())
    }

    /// The number of a text that lives for ever, defined if it is new to this thread.
    pub(super) fn text(&mut self, text: &'static str) -> Option<u32> {
        if let Some(number) = self.texts.known(text) {
            return Some(number);
        }
        let number = self.define_text(text)?;
        self.texts.remember(text, number);
        Some(number)
    }

    /// A number for an object.
    pub(super) fn take_object_number(&mut self) -> Option<u32> {
        if self.next_object == self.last_object {
            self.next_object = file::take_object_numbers(OBJECT_BLOCK)?;
            self.last_object = self.next_object + OBJECT_BLOCK;
        }
        self.next_object += 1;
        Some(self.next_object - 1)
    }
}

fn is_main_thread() -> bool {
    // SAFETY: both calls only ask for numbers.
    unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
}

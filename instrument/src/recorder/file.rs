//! The process's trace file: opened once, grown by chunks that threads map and write in place.
//!
//! Everything here is a few system calls without allocation and without a lock that could be held for long.

use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU32, AtomicU64, Ordering};

use lockhound_trace::binary::encode::{self, Bytes, Scratch};
use lockhound_trace::binary::format::{
    CHUNK_HEADER, COMMITTED_AT, ChunkHeader, FILE_HEADER, MAX_RECORDED_TEXT, OPEN, PAGE, Payload, SEQUENCE_AT, field,
};

use super::settings::{self, PATH};
use super::{gate, naming};

const CLOSED: u8 = 0;
const OPENING: u8 = 1;
const OPENED: u8 = 2;
const FAILED: u8 = 3;
/// Nobody wants a file: events go to memory that is thrown away.
const SCRATCH: u8 = 4;

const HEADER: usize = 16 * 1024;
static STATE: AtomicU8 = AtomicU8::new(CLOSED);
static DESCRIPTOR: AtomicI32 = AtomicI32::new(-1);
/// Identity of the file: a program may close descriptors that are not its own, and the number may come to mean another.
static DEVICE: AtomicU64 = AtomicU64::new(0);
static INODE: AtomicU64 = AtomicU64::new(0);
static END: AtomicU64 = AtomicU64::new(0);
static LIMIT: AtomicU64 = AtomicU64::new(0);
/// The next block of object numbers.
static NEXT_OBJECTS: AtomicU32 = AtomicU32::new(FIRST_OBJECT);
/// 0 stands for none where the recorder keeps a number.
const FIRST_OBJECT: u32 = 1;

/// A piece of the file, mapped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    start: NonNull<u8>,
    size: usize,
}

impl Chunk {
    /// Where its records begin.
    pub(super) const fn records(self) -> *mut u8 {
        // SAFETY: a chunk is larger than its header.
        unsafe { self.start.as_ptr().add(CHUNK_HEADER) }
    }

    /// Where it ends.
    pub(super) const fn end(self) -> *mut u8 {
        // SAFETY: one past the end of the mapping.
        unsafe { self.start.as_ptr().add(self.size) }
    }

    /// How many bytes of the file it takes.
    pub(super) const fn size(self) -> usize {
        self.size
    }

    fn committed(&self) -> &AtomicU32 {
        // SAFETY: within the mapping, which is there as long as its owner has it; pages are aligned, and so is this offset.
        unsafe { &*self.start.as_ptr().add(COMMITTED_AT).cast_const().cast() }
    }

    /// Says how many bytes of records there are.
    pub(super) fn close(self, length: usize) {
        self.committed().store((length as u32).to_le(), Ordering::Release);
    }

    /// Makes this the next chunk of its thread, after what it holds was copied. At no time does it seem to hold what it
    /// held as what it will hold.
    pub(super) fn reopen(self, sequence: u32) {
        // SAFETY: as in `committed`; sequence and committed length are one aligned word.
        let both: &AtomicU64 = unsafe { &*self.start.as_ptr().add(SEQUENCE_AT).cast_const().cast() };
        both.store(u64::from(sequence).to_le(), Ordering::Release);
        // SAFETY: the records' place, which only the owner uses.
        unsafe { self.records().write_bytes(0, self.size - CHUNK_HEADER) };
        self.committed().store(OPEN, Ordering::Release);
    }

    /// Gives the memory back; what was committed stays in the file.
    pub(super) fn unmap(self) {
        // SAFETY: the mapping was made by `take`, is unmapped once, and its owner keeps no pointer into it.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.size) };
    }
}

/// Takes and maps the next chunk of at least `size` bytes for a thread. None when recording has stopped.
pub(super) fn take(thread: u32, sequence: u32, size: usize) -> Option<Chunk> {
    let _errno = Errno::keep();
    if !gate::is_on() || !ensure_open() {
        return None;
    }
    let size = size.next_multiple_of(page_size());
    let chunk = if STATE.load(Ordering::Acquire) == SCRATCH { scratch(size) } else { map(thread, sequence, size) };
    match chunk {
        Ok(chunk) => Some(chunk),
        Err(why) => {
            gate::stop(why);
            None
        }
    }
}

/// Puts `errno` back when it is dropped: between a program's system call and its look at the error may stand a lock.
struct Errno(i32);

impl Errno {
    fn keep() -> Self {
        Self(last_error())
    }
}

impl Drop for Errno {
    fn drop(&mut self) {
        // SAFETY: the calling thread's own `errno`.
        unsafe { *libc::__errno_location() = self.0 };
    }
}

/// Appends a copy of a chunk to the file. None when recording has stopped.
pub(super) fn append_copy(chunk: Chunk) -> Option<()> {
    let _errno = Errno::keep();
    if STATE.load(Ordering::Acquire) == SCRATCH {
        return Some(());
    }
    let copied = gate::is_on().then(|| copy(chunk))?;
    copied.map_err(gate::stop).ok()
}

fn copy(chunk: Chunk) -> Result<(), &'static str> {
    let (descriptor, place) = claim(chunk.size)?;
    // SAFETY: all of the mapping, which is there as long as its owner has it.
    let bytes = unsafe { std::slice::from_raw_parts(chunk.start.as_ptr(), chunk.size) };
    write_at(descriptor, bytes, place).ok_or(FULL)
}

/// Takes the next `size` bytes of the file, which then have their place on the disk.
fn claim(size: usize) -> Result<(i32, libc::off_t), &'static str> {
    let descriptor = DESCRIPTOR.load(Ordering::Acquire);
    if !is_ours(descriptor) {
        return Err("the program closed the trace file");
    }
    let offset = END.fetch_add(size as u64, Ordering::Relaxed);
    if offset + size as u64 > LIMIT.load(Ordering::Relaxed) {
        return Err("LOCKHOUND_LIMIT is reached");
    }
    let place = libc::off_t::try_from(offset).map_err(|_| "the trace file is too large")?;
    allocate(descriptor, place, size)?;
    Ok((descriptor, place))
}

fn map(thread: u32, sequence: u32, size: usize) -> Result<Chunk, &'static str> {
    let (descriptor, place) = claim(size)?;
    // Faults on pages that are in the cache already cost a fraction of those that have to bring them there.
    fill(descriptor, place, size).ok_or(FULL)?;
    // SAFETY: a new mapping of blocks that are allocated, so that a write cannot fault on a full disk.
    let start = unsafe {
        libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, descriptor, place)
    };
    if start == libc::MAP_FAILED {
        return Err("could not map the trace file");
    }
    let start = NonNull::new(start.cast::<u8>()).ok_or("could not map the trace file")?;
    let header = ChunkHeader { thread, sequence, size: u32::try_from(size).map_err(|_| "a chunk too large")? }.encode();
    // SAFETY: the mapping is at least a page, and nobody else knows it.
    unsafe { std::ptr::copy_nonoverlapping(header.as_ptr(), start.as_ptr(), header.len()) };
    let chunk = Chunk { start, size };
    chunk.committed().store(OPEN, Ordering::Release);
    Ok(chunk)
}

/// Memory of no file, for a process that is only monitored.
pub(super) fn scratch(size: usize) -> Result<Chunk, &'static str> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, -1, 0) };
    let start = NonNull::new(start.cast::<u8>()).filter(|_| start != libc::MAP_FAILED);
    start.map(|start| Chunk { start, size }).ok_or("no memory left")
}

fn is_ours(descriptor: i32) -> bool {
    // SAFETY: all-zero is a valid `stat`, and the pointer is to a live one.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let known = unsafe { libc::fstat(descriptor, &raw mut status) } == 0;
    known && status.st_dev == DEVICE.load(Ordering::Relaxed) && status.st_ino == INODE.load(Ordering::Relaxed)
}

const FULL: &str = "no space left for the trace file";

/// Makes the disk blocks exist, all zero.
fn allocate(descriptor: i32, offset: libc::off_t, size: usize) -> Result<(), &'static str> {
    let length = libc::off_t::try_from(size).map_err(|_| FULL)?;
    // Beyond the limit the kernel would not only refuse but send SIGXFSZ, which ends most programs.
    if exceeds_resource_limit(offset.saturating_add(length)) {
        return Err("the limit of file size (RLIMIT_FSIZE) is reached");
    }
    loop {
        // SAFETY: a plain system call on our descriptor.
        if unsafe { libc::fallocate(descriptor, 0, offset, length) } == 0 {
            return Ok(());
        }
        match last_error() {
            libc::EINTR => {}
            libc::EOPNOTSUPP | libc::ENOSYS => return fill(descriptor, offset, size).ok_or(FULL),
            libc::ENOSPC | libc::EDQUOT => return Err(FULL),
            _ => return Err("could not extend the trace file"),
        }
    }
}

fn exceeds_resource_limit(end: libc::off_t) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live `rlimit`.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    known && limit.rlim_cur != libc::RLIM_INFINITY && u64::try_from(end).is_ok_and(|end| end > limit.rlim_cur)
}

/// Writes zeros.
fn fill(descriptor: i32, offset: libc::off_t, size: usize) -> Option<()> {
    /// Atomics, though nobody writes them, so that they take no room in the program's file.
    static ZEROS: [AtomicU64; 8 << 10] = [const { AtomicU64::new(0) }; 8 << 10];
    // SAFETY: the whole static, which is never written.
    let zeros = unsafe { std::slice::from_raw_parts(ZEROS.as_ptr().cast::<u8>(), size_of_val(&ZEROS)) };
    (0..size).step_by(zeros.len()).try_for_each(|done| {
        let place = offset.checked_add(libc::off_t::try_from(done).ok()?)?;
        write_at(descriptor, &zeros[..zeros.len().min(size - done)], place)
    })
}

/// Writes all of `bytes`; none if the file cannot take them.
fn write_at(descriptor: i32, mut bytes: &[u8], mut offset: libc::off_t) -> Option<()> {
    while !bytes.is_empty() {
        // SAFETY: the pointer and length are those of a live slice.
        let written = unsafe { libc::pwrite(descriptor, bytes.as_ptr().cast(), bytes.len(), offset) };
        match usize::try_from(written) {
            Ok(0) => return None,
            Ok(written) => {
                bytes = &bytes[written..];
                offset = offset.checked_add(libc::off_t::try_from(written).ok()?)?;
            }
            Err(_) if last_error() == libc::EINTR => {}
            Err(_) => return None,
        }
    }
    Some(())
}

pub(super) fn last_error() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn page_size() -> usize {
    // SAFETY: no arguments but a constant.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(PAGE).max(PAGE)
}

/// Opens the file if nobody has. Others wait for whoever opens it: a handful of system calls.
fn ensure_open() -> bool {
    loop {
        match STATE.load(Ordering::Acquire) {
            OPENED | SCRATCH => return true,
            FAILED => return false,
            CLOSED => {
                if STATE.compare_exchange(CLOSED, OPENING, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    let opened = open();
                    STATE.store(*opened.as_ref().unwrap_or(&FAILED), Ordering::Release);
                    if let Err(why) = opened {
                        gate::stop(why);
                    }
                }
            }
            _ => std::thread::yield_now(),
        }
    }
}

fn open() -> Result<u8, &'static str> {
    let Some(pattern) = settings::pattern() else { return Ok(SCRATCH) };
    let descriptor = naming::create(pattern)?;
    // SAFETY: all-zero is a valid `stat`, and the pointer is to a live one.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    if unsafe { libc::fstat(descriptor, &raw mut status) } != 0 {
        return Err("could not look at the new trace file");
    }
    DEVICE.store(status.st_dev, Ordering::Relaxed);
    INODE.store(status.st_ino, Ordering::Relaxed);
    LIMIT.store(settings::limit(), Ordering::Relaxed);
    let end = write_header(descriptor)?;
    END.store(end as u64, Ordering::Relaxed);
    DESCRIPTOR.store(descriptor, Ordering::Release);
    Ok(OPENED)
}

/// Writes the file header; gives where the first chunk begins.
fn write_header(descriptor: i32) -> Result<usize, &'static str> {
    let mut fields = Scratch::<HEADER>::default();
    encode::header_field(&mut fields, field::PID, &[&u64::from(std::process::id()).to_le_bytes()]);
    encode::header_field(&mut fields, field::START, &[&settings::now().to_le_bytes()]);
    settings::with_program(|program| {
        encode::header_field(&mut fields, field::PROGRAM, &[settings::base_name(program)]);
        encode::header_field(&mut fields, field::ENV, &[b"exe=", program]);
    });
    put_cwd(&mut fields);
    put_environment(&mut fields);
    let header = encode::file_header(Payload::Streams, fields.bytes());
    let end = (FILE_HEADER + fields.bytes().len()).next_multiple_of(page_size());
    allocate(descriptor, 0, end)?;
    let parts = [
        libc::iovec { iov_base: header.as_ptr().cast_mut().cast(), iov_len: header.len() },
        libc::iovec { iov_base: fields.bytes().as_ptr().cast_mut().cast(), iov_len: fields.bytes().len() },
    ];
    // SAFETY: both parts are live slices that the call only reads.
    let written = unsafe { libc::pwritev(descriptor, parts.as_ptr(), 2, 0) };
    let complete = usize::try_from(written).is_ok_and(|written| written == FILE_HEADER + fields.bytes().len());
    complete.then_some(end).ok_or("could not write to the trace file")
}

fn put_cwd(fields: &mut impl Bytes) {
    let mut path = [0_u8; PATH];
    // SAFETY: the buffer has the length it is said to have.
    if unsafe { libc::getcwd(path.as_mut_ptr().cast(), path.len()) }.is_null() {
        return;
    }
    let cwd = path.split(|&byte| byte == 0).next().unwrap_or(&[]);
    encode::header_field(fields, field::CWD, &[cwd]);
}

/// What tells which test or build this is.
fn put_environment(fields: &mut Scratch<HEADER>) {
    const PREFIXES: [&[u8]; 4] = [b"NEXTEST", b"LOCKHOUND_", b"CARGO_PKG_NAME=", b"CARGO_MANIFEST_DIR="];
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    // SAFETY: reading the environment relies on nobody changing it at the same time, as in `settings::variable`.
    let mut entry = unsafe { environ };
    // SAFETY: `environ` is null or a list of zero-terminated texts that ends with null.
    while let Some(&pair) = unsafe { entry.as_ref() }.filter(|pair| !pair.is_null()) {
        // SAFETY: as above.
        let bytes = unsafe { CStr::from_ptr(pair) }.to_bytes();
        let wanted = PREFIXES.iter().any(|prefix| bytes.starts_with(prefix)) && bytes.contains(&b'=');
        if wanted && bytes.len() <= MAX_RECORDED_TEXT && bytes.len() + 8 <= fields.room() {
            encode::header_field(fields, field::ENV, &[bytes]);
        }
        // SAFETY: the terminating null has not been reached.
        entry = unsafe { entry.add(1) };
    }
}

/// What the process has done is worth a file: gives it its name, if it has none yet. See [`naming`].
pub(super) fn keep() {
    let _errno = Errno::keep();
    let descriptor = || Some(DESCRIPTOR.load(Ordering::Acquire)).filter(|&descriptor| is_ours(descriptor));
    if let Err(why) = naming::settle(descriptor) {
        gate::stop(why);
    }
}

/// A block of numbers for objects; its first.
pub(super) fn take_object_numbers(count: u32) -> Option<u32> {
    let take = |first: u32| first.checked_add(count);
    NEXT_OBJECTS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()
}

/// In the child of a fork: the file is the parent's; the next event opens another.
pub(super) fn abandon() {
    let descriptor = DESCRIPTOR.swap(-1, Ordering::Relaxed);
    if descriptor >= 0 && is_ours(descriptor) {
        // SAFETY: the descriptor is ours, and the parent has its own.
        unsafe { libc::close(descriptor) };
    }
    naming::abandon();
    NEXT_OBJECTS.store(FIRST_OBJECT, Ordering::Relaxed);
    END.store(0, Ordering::Relaxed);
    STATE.store(CLOSED, Ordering::Release);
}

//! Raw call stacks: code addresses as module and offset, to be resolved by whoever reads the trace.

use std::ffi::{CStr, c_int, c_void};

use lockhound_trace::binary::encode::{self, Bytes, Scratch};
use lockhound_trace::binary::format::{MAX_FRAMES, code, define};

use super::local::Local;
use super::object::Site;
use super::settings;
use crate::Stacks;

/// A wait by what tells its stack from others: the same thread at the same place with its stack just as deep as before is
/// taken to have come the same way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wait {
    site: u32,
    lock: u32,
    frame: usize,
}

/// An executable or library, where it is loaded.
#[derive(Clone, Copy, Debug)]
struct Segment {
    start: usize,
    end: usize,
    base: usize,
    module: u16,
}

/// The modules that a thread has defined in its stream.
#[derive(Debug, Default)]
pub(super) struct Modules {
    segments: Vec<Segment>,
    names: Vec<Vec<u8>>,
}

impl Modules {
    fn find(&self, address: usize) -> Option<Segment> {
        self.segments.iter().find(|segment| (segment.start..segment.end).contains(&address)).copied()
    }

    /// Lists what is loaded now; gives the modules that were not known.
    fn refresh(&mut self) -> std::ops::Range<usize> {
        let known = self.names.len();
        self.segments.clear();
        // SAFETY: the callback gets back this exclusive pointer, before the call returns.
        unsafe { libc::dl_iterate_phdr(Some(add_module), std::ptr::from_mut(self).cast()) };
        known..self.names.len()
    }

    fn add(&mut self, name: &[u8], base: usize, segments: impl Iterator<Item = (usize, usize)>) {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        // Numbers from 1; the last is taken by text frames.
        let Some(module) = u16::try_from(at + 1).ok().filter(|&module| module < u16::MAX) else { return };
        self.segments.extend(segments.map(|(start, end)| Segment { start, end, base, module }));
    }
}

unsafe extern "C" fn add_module(info: *mut libc::dl_phdr_info, _size: usize, modules: *mut c_void) -> c_int {
    // SAFETY: the loader passes a valid description, and the pointer given to `dl_iterate_phdr`.
    let (info, modules) = unsafe { (&*info, &mut *modules.cast::<Modules>()) };
    let base = info.dlpi_addr as usize;
    let headers = if info.dlpi_phdr.is_null() {
        &[]
    } else {
        // SAFETY: the loader's table of program headers has this many entries.
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) }
    };
    let code = headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0);
    let segments = code.map(|header| {
        let start = base.wrapping_add(header.p_vaddr as usize);
        (start, start.wrapping_add(header.p_memsz as usize))
    });
    // SAFETY: null or a zero-terminated text of the loader.
    let name = if info.dlpi_name.is_null() { &[] } else { unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes() };
    if name.is_empty() {
        settings::with_program(|program| modules.add(program, base, segments));
    } else {
        modules.add(name, base, segments);
    }
    0
}

impl Local {
    /// The thread acquires a lock under another one as it has not before, or stacks are wanted of all acquisitions. Must be
    /// followed by the event.
    #[cold]
    #[inline(never)]
    pub(super) fn note_edge(&mut self, site: Site, site_number: u32) -> Option<()> {
        if settings::stacks() == Stacks::All {
            self.held.forget_edges();
            self.capture_stack()
        } else if self.sites.may_capture(site, site_number) {
            self.capture_stack()
        } else {
            Some(())
        }
    }

    /// Puts the current stack before the next event, a `block`, unless the thread has waited at this site before for the
    /// same lock with the same one on top, or has captured enough stacks there.
    #[cold]
    #[inline(never)]
    pub(super) fn capture_stack_if_new(&mut self, site_number: u32, lock: u32) -> Option<()> {
        let mark = 0_u8;
        let wait = Some(Wait { site: site_number, lock, frame: std::hint::black_box(&raw const mark) as usize });
        if self.sites.may_capture_wait(site_number, self.held.top().lock(), lock) || settings::stacks() == Stacks::All {
            self.capture_stack()?;
            self.waited = wait;
        } else if self.waited != wait {
            // What the seat has is the stack of another wait.
            self.waited = None;
            self.seat.remember(&[]);
        }
        Some(())
    }

    /// Puts the current stack before the next event, unless no stacks are wanted. Must be followed by that event.
    #[cold]
    #[inline(never)]
    pub(super) fn capture_stack(&mut self) -> Option<()> {
        self.waited = None;
        self.seat.remember(&[]);
        if settings::stacks() == Stacks::Off {
            return Some(());
        }
        let _busy = self.busy();
        let mut addresses = [0_usize; MAX_FRAMES];
        let mut count = 0;
        // SAFETY: what this variant leaves unsynchronised is only the state of Windows' symbol library.
        unsafe {
            backtrace::trace_unsynchronized(|frame| {
                // The address to look up is that of the call; what is on the stack is where it returns to.
                addresses[count] = (frame.ip() as usize).wrapping_sub(1);
                count += 1;
                count < MAX_FRAMES
            });
        }
        self.seat.remember(&addresses[..count]);
        self.define_modules(&addresses[..count])?;
        let mut record = Scratch::<{ 16 + 10 * MAX_FRAMES }>::default();
        record.put(&[code::STACK]);
        record.put(&(count as u16).to_le_bytes());
        for &address in &addresses[..count] {
            let (module, offset) = match self.modules.find(address) {
                Some(segment) => (segment.module, address.wrapping_sub(segment.base)),
                None => (0, address),
            };
            record.put(&module.to_le_bytes());
            record.put(&(offset as u64).to_le_bytes());
        }
        self.buffer.put_record(record.bytes())
    }

    fn define_modules(&mut self, addresses: &[usize]) -> Option<()> {
        if addresses.iter().all(|&address| self.modules.find(address).is_some()) {
            return Some(());
        }
        for new in self.modules.refresh() {
            let name = String::from_utf8_lossy(&self.modules.names[new]).into_owned();
            let mut record = Scratch::<2048>::default();
            encode::named(&mut record, define::MODULE, encode::cut(&name));
            self.buffer.put_record(record.bytes())?;
        }
        Some(())
    }
}

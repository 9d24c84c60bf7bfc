//! What the addresses of a stack mean, so far as the process itself can tell.

use std::ffi::CStr;

use crate::monitor::Frame;

/// Where what the program did begins: below is only what started the thread.
const BOTTOM: &str = "__rust_begin_short_backtrace";

/// The frames of a stack, without the recorder's own and those that every thread has. Allocates, and takes the locks of
/// the symbol library and the loader.
pub(super) fn frames(addresses: &[usize]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = addresses.iter().flat_map(|&address| resolve(address)).collect();
    if let Some(bottom) = frames.iter().position(|frame| names(frame, |name| name.contains(BOTTOM))) {
        frames.truncate(bottom);
    }
    let own = frames.iter().take_while(|frame| names(frame, is_ours)).count();
    frames.drain(..own);
    frames
}

fn names(frame: &Frame, is: impl Fn(&str) -> bool) -> bool {
    frame.function.as_deref().is_some_and(is)
}

fn is_ours(function: &str) -> bool {
    ["lockhound::", "<lockhound::", "backtrace::"].iter().any(|prefix| function.starts_with(prefix))
}

/// What stands at an address: several functions where some are inlined into others.
fn resolve(address: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    let module = module(address);
    backtrace::resolve(address as *mut _, |symbol| {
        let file = symbol.filename().map(|file| file.display().to_string());
        frames.push(Frame {
            address,
            function: symbol.name().map(|name| format!("{name:#}")),
            place: file.zip(symbol.lineno()),
            module: module.clone(),
        });
    });
    if frames.is_empty() {
        frames.push(Frame { address, function: None, place: None, module });
    }
    frames
}

/// The executable or library that an address belongs to, and the offset in it.
fn module(address: usize) -> Option<(String, usize)> {
    // SAFETY: all-zero is a valid `Dl_info`.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: asks about an address without using it; the pointer is to a live `Dl_info`.
    let known = unsafe { libc::dladdr(address as *const _, &raw mut info) } != 0 && !info.dli_fname.is_null();
    known.then(|| {
        // SAFETY: a zero-terminated text of the loader.
        let name = unsafe { CStr::from_ptr(info.dli_fname) }.to_string_lossy().into_owned();
        (name, address.wrapping_sub(info.dli_fbase as usize))
    })
}

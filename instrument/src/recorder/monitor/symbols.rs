//! What the addresses of a stack mean, so far as the process itself can tell.

use std::ffi::CStr;

use crate::monitor::Frame;
use crate::recorder::object::Site;

/// Below this is only what started the thread.
const BOTTOM: &str = "__rust_begin_short_backtrace";

/// The frames of a stack from the request at `site` on, without those that every thread has. Allocates, and takes the
/// locks of the symbol library and the loader.
pub(super) fn frames(addresses: &[usize], site: Option<Site>) -> Vec<Frame> {
    let mut frames: Vec<Frame> = addresses.iter().flat_map(|&address| resolve(address)).collect();
    let is_bottom = |frame: &Frame| frame.function.as_deref().is_some_and(|name| name.contains(BOTTOM));
    if let Some(bottom) = frames.iter().position(is_bottom) {
        frames.truncate(bottom);
    }
    let top = frames.iter().position(|frame| site.is_some_and(|site| root(frame, site).is_some()));
    frames.drain(..top.unwrap_or_else(|| frames.iter().take_while(|frame| is_ours(frame)).count()));
    frames.truncate(frames.iter().rposition(|frame| !is_ours(frame)).map_or(0, |last| last + 1));
    if let Some(root) = frames.first().zip(site).and_then(|(first, site)| root(first, site)) {
        let places = frames.iter_mut().filter_map(|frame| frame.place.as_mut());
        places.filter(|(file, _)| file.starts_with(&root)).for_each(|(file, _)| drop(file.drain(..root.len())));
    }
    frames
}

/// Of the frame that made the request at `site`: the folder to which the compiler's places are relative.
fn root(frame: &Frame, site: Site) -> Option<String> {
    let (file, line) = frame.place.as_ref()?;
    let root = file.strip_suffix(site.file())?;
    (*line == site.line()).then(|| root.to_owned())
}

fn is_ours(frame: &Frame) -> bool {
    let sources = file!().trim_end_matches("recorder/monitor/symbols.rs");
    let ours = |(file, _): &(String, u32)| file.contains(sources) || file.contains("/backtrace-0.");
    frame.place.as_ref().is_some_and(ours)
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

//! The variables of the environment.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{parse, system, values};

/// A variable of the environment; empty counts as unset. So does any in a program that runs with more rights than its
/// user has: nobody may make such a program write files, or end.
pub(super) fn variable(name: &CStr) -> Option<&'static [u8]> {
    // Miri does not know the call, and gives no rights.
    // SAFETY: only asks for a number that the kernel gave to the process.
    if !cfg!(miri) && unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return None;
    }
    // SAFETY: `name` ends with a zero. Like every reader of the environment, this relies on nobody changing it at the
    // same time, which `std::env::set_var` demands of its callers.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: `getenv` returns a zero-terminated text that lives as long as the variable is not changed.
    Some(unsafe { CStr::from_ptr(value) }.to_bytes()).filter(|bytes| !bytes.is_empty())
}

/// Fixes what the environment asks for; reports each bad value once a process, and ignores it.
///
/// Threads may come here at the same time: all read the same.
pub(in crate::recorder) fn read_environment() {
    static BAD: [AtomicBool; 5] = [const { AtomicBool::new(false) }; 5];
    read(c"LOCKHOUND_ON_DEADLOCK", "report, abort, exit:CODE (0 to 255), panic or off", &BAD[0], |text| {
        parse::action(text).map(values::fix_action)
    });
    read(c"LOCKHOUND_STRICT", "0, off, 1, on, panic or report", &BAD[1], |text| {
        parse::strict(text).map(|strict| values::STRICT.fix(strict as u64))
    });
    read(c"LOCKHOUND_STACKS", "off, new or all", &BAD[2], |text| {
        parse::stacks(text).map(|stacks| values::STACKS.fix(stacks as u64))
    });
    read(c"LOCKHOUND_LIMIT", "a number of bytes above 0, perhaps with k, M or G", &BAD[3], |text| {
        parse::size(text).map(|size| values::LIMIT.fix(size))
    });
    read(c"LOCKHOUND_KEEP", "all or concurrent", &BAD[4], |text| {
        parse::keeps_all(text).map(|all| values::KEEP_ALL.fix(u64::from(all)))
    });
}

fn read(name: &CStr, expected: &str, bad: &AtomicBool, accept: impl FnOnce(&[u8]) -> Option<()>) {
    let Some(text) = variable(name) else { return };
    if accept(text).is_none() && !bad.swap(true, Ordering::Relaxed) {
        let name = name.to_str().unwrap_or("");
        let shown = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let shown = shown.char_indices().nth(SHOWN).map_or(shown, |(end, _)| &shown[..end]);
        system::say(&["lockhound: ", name, "=", shown, " is ignored: expected ", expected, "\n"]);
    }
}

/// Characters of a bad value that are repeated.
const SHOWN: usize = 60;

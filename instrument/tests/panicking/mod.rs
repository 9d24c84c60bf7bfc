//! What panics say.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// The message and line with which `f` panics; none if it does not.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> Option<(String, u32)> {
    static LAST: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or_default().to_owned();
        *LAST.lock().unwrap() = info.location().map(|location| (message, location.line()));
    }));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        f();
    }));
    panic::set_hook(hook);
    let last = LAST.lock().unwrap().take();
    if outcome.is_err() { last } else { None }
}

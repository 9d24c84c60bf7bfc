//! The settings that a program gives.

use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, PoisonError};

use super::values::{self, LIMIT, STACKS, STRICT, WATCH};
use super::variables::{read_environment, variable};
use crate::monitor::Action;
use crate::recorder::gate;
use crate::{Settings, Strict, TooLate};

/// See [`Settings::apply`].
pub(crate) fn apply(mut settings: Settings) -> Result<(), TooLate> {
    /// Keeps apart those that apply; events never wait for it.
    static APPLYING: Mutex<()> = Mutex::new(());
    let _alone = APPLYING.lock().unwrap_or_else(PoisonError::into_inner);
    read_environment();
    let trace = settings.trace.take().map(OsStringExt::into_vec).filter(|pattern: &Vec<u8>| !pattern.is_empty());
    let trace = trace.filter(|_| variable(c"LOCKHOUND_TRACE").is_none());
    let starts = trace.is_some() || wants_recorder(&settings);
    if starts && gate::is_off() {
        return Err(TooLate::Off);
    }
    if trace.is_some_and(|pattern| gate::is_decided() || !values::propose_trace(pattern)) {
        return Err(TooLate::Trace);
    }
    propose(settings);
    gate::settings_changed();
    if starts && !gate::is_on() { Err(TooLate::Off) } else { Ok(()) }
}

/// Whether what the environment leaves to these settings needs the recorder.
fn wants_recorder(settings: &Settings) -> bool {
    let watch = settings.on_deadlock.as_ref().is_some_and(|action| !matches!(action, Action::Off));
    let strict = settings.strict.is_some_and(|strict| strict != Strict::Off);
    watch && !WATCH.is_fixed() || strict && !STRICT.is_fixed()
}

fn propose(settings: Settings) {
    if let Some(action) = settings.on_deadlock {
        values::propose_action(action);
    }
    if let Some(strict) = settings.strict {
        STRICT.propose(strict as u64);
    }
    if let Some(stacks) = settings.stacks {
        STACKS.propose(stacks as u64);
    }
    if let Some(limit) = settings.limit {
        LIMIT.propose(limit.max(1));
    }
}

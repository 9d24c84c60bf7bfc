//! The builder.

use std::ffi::{OsStr, OsString};
use std::fmt;

use super::{Stacks, Strict, TooLate};
use crate::engine;
use crate::monitor::Action;

/// What the [variables](crate#settings) of the environment set, set by the program itself.
///
/// The environment wins, one setting at a time: whoever starts the program decides last. What is not mentioned stays as
/// it was. With the feature `record` off, nothing is recorded or watched, and [`apply`](Self::apply) does nothing.
///
/// ```
/// use lockhound::monitor::Action;
/// use lockhound::{Settings, Stacks, Strict};
///
/// # if false {
/// Settings::new()
///     .trace("traces/%e-%p.lht")
///     .on_deadlock(Action::Abort)
///     .strict(Strict::Panic)
///     .stacks(Stacks::New)
///     .limit(1 << 30)
///     .apply()
///     .expect("first thing in main");
/// # }
/// ```
#[derive(Default)]
#[must_use = "settings do nothing until they are applied"]
pub struct Settings {
    pub(crate) trace: Option<OsString>,
    pub(crate) on_deadlock: Option<Action>,
    pub(crate) strict: Option<Strict>,
    pub(crate) stacks: Option<Stacks>,
    pub(crate) limit: Option<u64>,
}

impl Settings {
    /// Settings that leave everything as it is.
    pub const fn new() -> Self {
        Self { trace: None, on_deadlock: None, strict: None, stacks: None, limit: None }
    }

    /// Record into a file: `LOCKHOUND_TRACE`, with the same letters after `%`. Empty: none.
    pub fn trace(mut self, pattern: impl AsRef<OsStr>) -> Self {
        self.trace = Some(pattern.as_ref().to_owned());
        self
    }

    /// What to do when threads have deadlocked: `LOCKHOUND_ON_DEADLOCK`, and a callback, which has no word there.
    pub fn on_deadlock(mut self, action: Action) -> Self {
        self.on_deadlock = Some(action);
        self
    }

    /// Whether lock requests are checked for their order before they wait: `LOCKHOUND_STRICT`.
    pub const fn strict(mut self, strict: Strict) -> Self {
        self.strict = Some(strict);
        self
    }

    /// When to capture call stacks: `LOCKHOUND_STACKS`.
    pub const fn stacks(mut self, stacks: Stacks) -> Self {
        self.stacks = Some(stacks);
        self
    }

    /// How large the trace may grow, in bytes: `LOCKHOUND_LIMIT`. 0 is taken as 1: nothing fits.
    pub const fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Puts the settings into effect, and starts the recorder if they ask for it (by a trace, an action other than
    /// [`Action::Off`], or strict mode).
    ///
    /// Best called first thing in `main`. Later, action, strict mode and stacks can be changed as long as the recorder
    /// runs, for what happens from then on; the limit until the file is opened, with the first event; the trace not at
    /// all.
    ///
    /// # Errors
    /// If something asked for cannot take effect any more; then nothing is changed. Never for what the environment
    /// overrules, and never with the feature `record` off.
    pub fn apply(self) -> Result<(), TooLate> {
        engine::apply(self)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("trace", &self.trace)
            .field("on_deadlock", &self.on_deadlock)
            .field("strict", &self.strict)
            .field("stacks", &self.stacks)
            .field("limit", &self.limit)
            .finish()
    }
}

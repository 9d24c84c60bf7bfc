//! What is said of an operation besides what it works on.

use crate::ids::TextId;

/// How a lock is held or asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Mode {
    /// Exclusive.
    #[default]
    Write,
    /// Shared with other readers.
    Read,
    /// Shared with readers, exclusive among upgraders, may become `Write`.
    Upgrade,
}

impl Mode {
    /// Whether two holds of one lock in these modes exclude each other.
    #[must_use]
    pub const fn conflicts_with(self, other: Self) -> bool {
        !matches!((self, other), (Self::Read, Self::Read | Self::Upgrade) | (Self::Upgrade, Self::Read))
    }
}

/// How long a request is ready to wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum How {
    /// For ever.
    #[default]
    Lock,
    /// Not at all.
    Try,
    /// Up to a time-out.
    Timed,
}

impl How {
    /// Whether the request may wait without end.
    #[must_use]
    pub const fn may_wait_for_ever(self) -> bool {
        matches!(self, Self::Lock)
    }
}

/// What happened to the data inside a lock while it was held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Touched {
    /// The recorder could not tell; analyses assume `Write`.
    #[default]
    Unknown,
    /// Nothing.
    None,
    /// Only looked at.
    Read,
    /// Looked at and written.
    Write,
    /// Written without having been looked at first.
    Blind,
}

impl Touched {
    /// Whether the hold may depend on what an earlier hold left behind.
    #[must_use]
    pub const fn looks(self) -> bool {
        matches!(self, Self::Unknown | Self::Read | Self::Write)
    }

    /// Whether the hold may leave something for later holds to depend on.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Unknown | Self::Write | Self::Blind)
    }

    /// What an outer hold and one inside it did together. Which came first is not recorded: if one looked, the other's
    /// write counts as looked at.
    #[must_use]
    pub const fn together(self, other: Self) -> Self {
        match (self.looks() || other.looks(), self.writes() || other.writes()) {
            (false, false) => Self::None,
            (true, false) => Self::Read,
            (true, true) => Self::Write,
            (false, true) => Self::Blind,
        }
    }
}

/// Why a wait on a condition variable returned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WakeReason {
    /// Somebody notified it.
    Notify,
    /// Its time was up.
    Timeout,
    /// Neither.
    Spurious,
}

/// Memory order of an atomic operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Order {
    /// Orders nothing else.
    Relaxed,
    /// A load that sees a release.
    Acquire,
    /// A store that an acquire may see.
    Release,
    /// Both, for read-modify-writes.
    AcqRel,
    /// Both, and one total order among its kind.
    #[default]
    SeqCst,
}

impl Order {
    /// Whether a load in this order synchronises with the release it reads from.
    #[must_use]
    pub const fn acquires(self) -> bool {
        matches!(self, Self::Acquire | Self::AcqRel | Self::SeqCst)
    }

    /// Whether a store in this order publishes what its thread did before.
    #[must_use]
    pub const fn releases(self) -> bool {
        matches!(self, Self::Release | Self::AcqRel | Self::SeqCst)
    }
}

/// A value read or written, where the recorder knows it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// An integer that fits `i64`.
    Int(i64),
    /// An integer beyond `i64::MAX`.
    Big(u64),
    /// A floating-point number.
    Float(f64),
    /// Anything else that was written down as text.
    Text(TextId),
}

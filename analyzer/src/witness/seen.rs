//! What an event saw of what others had done, in one word.

use lockhound_trace::EventIndex;

/// The event whose work is seen (a write, a release, a send), or a small number for the state of an object. Two runs of an
/// event that see the same go on alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen(u32);

impl Seen {
    /// What was there before anybody did anything.
    pub(super) const NOTHING: Self = Self(0);
    /// Of an event that does not look: whatever it would see is fine.
    pub(super) const ANYTHING: Self = Self(u32::MAX);
    /// Of an event that concerns nobody but its thread: it is always possible, and nobody sees what it did.
    pub(super) const INERT: Self = Self(u32::MAX - 1);

    #[expect(clippy::cast_possible_truncation, reason = "a log has fewer than 2^32 - 2 events")]
    pub(super) const fn event(index: EventIndex) -> Self {
        Self(index.0 as u32 + 1)
    }

    pub(super) const fn state(number: u32) -> Self {
        Self(number)
    }

    /// The event, where it is one.
    pub(super) fn as_event(self) -> Option<EventIndex> {
        let none = matches!(self, Self::NOTHING | Self::ANYTHING | Self::INERT);
        (!none).then(|| EventIndex(u64::from(self.0) - 1))
    }
}

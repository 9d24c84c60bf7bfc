//! What a guard knows for its release event.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::engine::{Object, Token, Touched};

/// The recorded half of a guard; dropping it records the release.
///
/// It stands before the real guard among the fields of each of ours: fields are dropped in the order of declaration, so
/// the release is recorded while the lock is still held, also when a panic unwinds, and never when a guard is forgotten.
pub(super) struct Hold<'a, const READ: bool> {
    object: &'a Object,
    token: Token,
    touch: Touch,
}

impl<'a, const READ: bool> Hold<'a, READ> {
    /// A hold of a lock whose acquisition has been recorded, or not, as `token` says.
    #[inline(always)]
    pub(super) const fn new(object: &'a Object, token: Token) -> Self {
        Self { object, token, touch: Touch(AtomicU8::new(Touch::NOTHING)) }
    }

    /// The data inside the lock is about to be lent for looking.
    #[inline(always)]
    pub(super) fn look(&self) {
        self.touch.look();
    }

    /// The data inside the lock is about to be lent for writing.
    #[inline(always)]
    pub(super) fn write(&mut self) {
        self.touch.write();
    }

    /// Ends the hold without a release event: the caller records what ends it.
    pub(super) fn end_unrecorded(self) -> (&'a Object, Touched) {
        let this = ManuallyDrop::new(self);
        (this.object, this.touch.so_far())
    }

    /// Ends the hold now; for a guard that turns into another.
    pub(super) fn end(self) -> &'a Object {
        self.object
    }
}

impl<const READ: bool> Drop for Hold<'_, READ> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.token.is_some() {
            self.object.releasing_recorded::<READ>(self.token, self.touch.so_far());
        }
    }
}

/// What happened to the data so far. Atomic only because guards are `Sync`: two threads can look at the same time, but
/// then both leave the same state, so that a plain load and store do.
///
/// | state | look | write |
/// |---|---|---|
/// | nothing | looked | blind |
/// | looked | looked | wrote |
/// | blind | blind | blind |
/// | wrote | wrote | wrote |
struct Touch(AtomicU8);

impl Touch {
    const NOTHING: u8 = 0;
    const LOOKED: u8 = 1;
    const BLIND: u8 = 2;
    const WROTE: u8 = 3;

    #[inline(always)]
    fn look(&self) {
        if self.0.load(Ordering::Relaxed) == Self::NOTHING {
            self.0.store(Self::LOOKED, Ordering::Relaxed);
        }
    }

    #[inline(always)]
    fn write(&mut self) {
        // The two bits of the state: looked before, wrote. A later look at one's own write changes nothing.
        *self.0.get_mut() |= Self::BLIND;
    }

    #[inline(always)]
    fn so_far(&self) -> Touched {
        match self.0.load(Ordering::Relaxed) & Self::WROTE {
            Self::NOTHING => Touched::None,
            Self::LOOKED => Touched::Read,
            Self::BLIND => Touched::Blind,
            _ => Touched::Write,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Touch;
    use crate::engine::Touched;
    use std::sync::atomic::AtomicU8;

    fn after(steps: &str) -> Touched {
        let mut touch = Touch(AtomicU8::new(Touch::NOTHING));
        for step in steps.chars() {
            match step {
                'l' => touch.look(),
                _ => touch.write(),
            }
        }
        touch.so_far()
    }

    #[test]
    fn only_a_look_before_the_first_write_counts() {
        assert_eq!(after(""), Touched::None);
        assert_eq!(after("ll"), Touched::Read);
        assert_eq!(after("w"), Touched::Blind);
        assert_eq!(after("wlw"), Touched::Blind);
        assert_eq!(after("lw"), Touched::Write);
        assert_eq!(after("lwlw"), Touched::Write);
    }
}

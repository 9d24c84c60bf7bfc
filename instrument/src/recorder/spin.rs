//! The right to change an object that nothing else protects: an access and its event become one step.

use std::time::Duration;

use super::local;
use super::object::Object;
use super::word::Spin;

/// Rounds of waiting for a spin bit, most of them with a sleep.
const PATIENCE: u32 = 2000;

impl Object {
    /// Keeps all others off the object until the result is dropped.
    ///
    /// None if this very thread does so already: then a signal handler has interrupted it there, which must not wait for
    /// what cannot go on before it returns.
    #[inline]
    pub(super) fn spin(&self) -> Option<Spin<'_>> {
        self.word().spin_at_once(local::spinner()).or_else(|| self.spin_contended())
    }

    /// The same for an object that is safe without it: gives up after a fraction of a second.
    #[inline]
    pub(super) fn try_spin(&self) -> Option<Spin<'_>> {
        self.word().spin_at_once(local::spinner()).or_else(|| self.spin_within(PATIENCE))
    }

    #[cold]
    fn spin_contended(&self) -> Option<Spin<'_>> {
        let mut spin = None;
        while spin.is_none() && !self.word().is_spun_by(local::spinner()) {
            spin = self.spin_within(u32::MAX);
        }
        spin
    }

    #[cold]
    fn spin_within(&self, rounds: u32) -> Option<Spin<'_>> {
        self.word().spin_within(rounds, local::spinner(), local::is_of_ancestor)
    }
}

/// The other may have been preempted in between. A thread of real-time priority would never let it go on by yielding,
/// so in the end it sleeps.
pub(super) fn back_off(round: u32) {
    match round {
        0..64 => std::hint::spin_loop(),
        64..128 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}

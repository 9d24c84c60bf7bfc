//! What a thread remembers of its own requests.

use super::claim::Claim;

const SLOTS: usize = 256;

/// Pairs of held and wanted that were found in order, as far as there is room: one comparison instead of a look at what
/// threads share.
#[derive(Debug, Default)]
pub(in crate::recorder) struct Memory {
    /// Made by the first that is to be remembered: threads that never nest locks need none.
    in_order: Option<Box<[(u64, u64); SLOTS]>>,
    /// How many locks the thread held when a `lock_all` began: those that this has taken since are in no order.
    pub(super) together_from: Option<usize>,
}

impl Memory {
    /// The thread begins another task: whatever it was about is over. What is in order stays so.
    pub(in crate::recorder) const fn forget_request(&mut self) {
        self.together_from = None;
    }

    #[inline]
    pub(super) fn has(&self, held: Claim, wanted: Claim) -> bool {
        let pair = (held.key(), wanted.key());
        self.in_order.as_ref().is_some_and(|slots| slots[Self::slot(pair)] == pair)
    }

    pub(super) fn remember(&mut self, held: Claim, wanted: Claim) {
        let pair = (held.key(), wanted.key());
        self.in_order.get_or_insert_with(|| Box::new([(0, 0); SLOTS]))[Self::slot(pair)] = pair;
    }

    const fn slot((held, wanted): (u64, u64)) -> usize {
        (held.wrapping_mul(31) ^ wanted.wrapping_mul(7) ^ wanted >> 8) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_have_a_direction_and_a_mode() {
        let claim = |lock, write| Claim { lock, write };
        let mut memory = Memory::default();
        assert!(!memory.has(claim(1, true), claim(2, true)));
        memory.remember(claim(1, true), claim(2, true));
        assert!(memory.has(claim(1, true), claim(2, true)));
        assert!(!memory.has(claim(2, true), claim(1, true)));
        assert!(!memory.has(claim(1, false), claim(2, true)));
        assert!(!memory.has(claim(1, true), claim(2, false)));
    }
}

//! What was tried already, whichever threads it was tried with.

use rustc_hash::FxHashMap;

use crate::blocking::requests::ClassId;

/// What a member of a candidate is, besides its request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Part {
    /// A request.
    Waits(ClassId),
    /// One that misses what let it go in the recording.
    Misses(ClassId),
    /// One for what a thread took with it when it ended.
    Hopes(ClassId),
}

/// A candidate without its threads: sorted.
pub(super) type Pattern = Box<[Part]>;

/// What became of the candidates of each pattern.
#[derive(Default, Debug)]
pub(super) struct Patterns {
    /// How many candidates of one pattern are evaluated in vain before it is given up.
    patience: usize,
    failures: FxHashMap<Pattern, usize>,
    proved: Vec<Pattern>,
}

impl Patterns {
    /// Whether a candidate of this pattern is worth evaluating: it contains none that is proved, and has not failed often.
    pub(super) fn is_open(&self, pattern: &[Part]) -> bool {
        self.failures.get(pattern).is_none_or(|&failures| failures < self.patience) && self.known(pattern).is_none()
    }

    /// The proved pattern that this one contains, and which of all it is.
    pub(super) fn known(&self, pattern: &[Part]) -> Option<(usize, &Pattern)> {
        self.proved.iter().enumerate().find(|(_, proved)| contains(pattern, proved))
    }

    pub(super) fn failed(&mut self, pattern: Pattern) {
        *self.failures.entry(pattern).or_default() += 1;
    }

    /// Gives every pattern that is not proved another chance, or so many.
    pub(super) fn forgive(&mut self, chances: usize) {
        self.failures.clear();
        self.patience = chances;
    }

    pub(super) fn prove(&mut self, pattern: Pattern) {
        self.proved.push(pattern);
    }
}

/// The parts in their order.
pub(super) fn pattern(parts: impl IntoIterator<Item = Part>) -> Pattern {
    let mut parts: Vec<Part> = parts.into_iter().collect();
    parts.sort_unstable();
    parts.into()
}

/// Whether a sorted multiset contains another.
pub(super) fn contains(all: &[Part], part: &[Part]) -> bool {
    let mut rest = all.iter();
    part.iter().all(|wanted| rest.any(|other| other == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(classes: &[u32]) -> Pattern {
        pattern(classes.iter().map(|&class| Part::Waits(ClassId(class))))
    }

    #[test]
    fn a_pattern_that_contains_a_proved_one_is_closed() {
        let mut patterns = Patterns::default();
        patterns.forgive(8);
        patterns.prove(waits(&[3, 1]));
        assert!(!patterns.is_open(&waits(&[1, 3])));
        assert!(!patterns.is_open(&waits(&[2, 3, 1])));
        assert!(patterns.is_open(&waits(&[1, 2])));
        assert!(patterns.is_open(&waits(&[3])));
    }

    #[test]
    fn the_same_request_of_two_threads_counts_twice() {
        let mut patterns = Patterns::default();
        patterns.forgive(8);
        patterns.prove(waits(&[1, 1]));
        assert!(patterns.is_open(&waits(&[1, 2])));
        assert!(!patterns.is_open(&waits(&[1, 1, 2])));
    }

    #[test]
    fn a_missed_notification_is_no_plain_wait() {
        let mut patterns = Patterns::default();
        patterns.forgive(8);
        patterns.prove(pattern([Part::Misses(ClassId(1))]));
        assert!(patterns.is_open(&waits(&[1, 2])));
    }

    #[test]
    fn a_pattern_is_given_up_after_some_failures() {
        let mut patterns = Patterns::default();
        patterns.forgive(8);
        for _ in 0..8 {
            assert!(patterns.is_open(&waits(&[1, 2])));
            patterns.failed(waits(&[1, 2]));
        }
        assert!(!patterns.is_open(&waits(&[1, 2])));
        assert!(patterns.is_open(&waits(&[1])));
    }
}

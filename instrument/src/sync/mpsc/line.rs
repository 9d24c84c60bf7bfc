//! The senders that wait for room in a channel.

use std::collections::VecDeque;

/// A place in the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Turn(u64);

/// Who came first is served first, where senders meet the receiver one by one.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: VecDeque<Turn>,
    next: u64,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn first(&self) -> Option<Turn> {
        self.waiting.front().copied()
    }

    pub(super) fn join(&mut self) -> Turn {
        let turn = Turn(self.next);
        self.next += 1;
        self.waiting.push_back(turn);
        turn
    }

    /// Usually from the front; from anywhere when all are sent away.
    pub(super) fn leave(&mut self, turn: Turn) {
        if let Some(place) = self.waiting.iter().position(|&other| other == turn) {
            self.waiting.remove(place);
        }
    }
}

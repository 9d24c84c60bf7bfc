//! What a run of a workload took.

use std::time::Duration;

/// What so many operations took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// CPU time of the threads that did the work, together.
    pub cpu: Duration,
    /// From when the first of them began until the last was done.
    pub wall: Duration,
    /// CPU time of the whole process meanwhile: a peer may leave work to threads of its own.
    pub process: Duration,
    /// How many operations.
    pub operations: u64,
}

impl Cost {
    /// This and then `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cpu: self.cpu + other.cpu,
            wall: self.wall + other.wall,
            process: self.process + other.process,
            operations: self.operations + other.operations,
        }
    }
}

//! The workloads that a peer can run, and the loop of its worker process.

use std::io::{self, BufRead, Write};

use crate::primitives::{Atomics, Channels, Condvars, Mutexes, RwLocks, Variables};
use crate::protocol::{Answer, Request};
use crate::{Cost, Row, atomic, channel, condvar, mutex, order, rwlock, variable};

/// Runs about so many operations; never fewer.
pub(crate) type Workload = fn(u64) -> Cost;

/// The most that is run before the measurement, to no account.
const WARM_UP: u64 = 4;

/// The workloads of one peer.
#[derive(Debug, Default)]
pub struct Suite {
    workloads: Vec<(Row, Workload)>,
}

impl Suite {
    /// Adds what needs a mutex.
    #[must_use]
    pub fn mutexes<P: Mutexes>(self) -> Self {
        self.with(mutex::workloads::<P>()).with(order::workloads::<P>())
    }

    /// Adds what needs a condition variable.
    #[must_use]
    pub fn condvars<P: Condvars>(self) -> Self {
        self.with(condvar::workloads::<P>())
    }

    /// Adds what needs a read/write lock.
    #[must_use]
    pub fn rwlocks<P: RwLocks>(self) -> Self {
        self.with(rwlock::workloads::<P>())
    }

    /// Adds what needs a channel.
    #[must_use]
    pub fn channels<P: Channels>(self) -> Self {
        self.with(channel::workloads::<P>())
    }

    /// Adds what needs an atomic.
    #[must_use]
    pub fn atomics<P: Atomics>(self) -> Self {
        self.with(atomic::workloads::<P>())
    }

    /// Adds what needs a shared variable.
    #[must_use]
    pub fn variables<P: Variables>(self) -> Self {
        self.with(variable::workloads::<P>())
    }

    fn with(mut self, workloads: impl IntoIterator<Item = (Row, Workload)>) -> Self {
        self.workloads.extend(workloads);
        self
    }

    /// Answers the requests on standard input until it ends.
    ///
    /// # Errors
    /// If the input cannot be read or the output not written, or a request makes no sense.
    pub fn serve(&self) -> io::Result<()> {
        for line in io::stdin().lock().lines() {
            let request: Request = line?.parse()?;
            let answer = self.answer(request);
            writeln!(io::stdout(), "{answer}")?;
        }
        Ok(())
    }

    fn answer(&self, Request { row, operations }: Request) -> Answer {
        match self.workloads.iter().find(|(known, _)| *known == row) {
            None => Answer::Lacking,
            Some((_, run)) => {
                run((operations / WARM_UP).max(1));
                Answer::Ran(run(operations.max(1)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Threads;

    struct Std;
    use std::sync;

    impl Threads for Std {}
    crate::locks_like_std!(Std, sync);
    crate::messages_like_std!(Std, sync);

    #[test]
    fn every_workload_runs_at_least_what_is_asked() {
        let suite =
            Suite::default().mutexes::<Std>().condvars::<Std>().rwlocks::<Std>().channels::<Std>().atomics::<Std>();
        for &(row, run) in &suite.workloads {
            for asked in [1, 2, 1001] {
                let cost = run(asked);
                assert!(cost.operations >= asked, "{row:?}: {} of {asked}", cost.operations);
                assert!(cost.process > std::time::Duration::ZERO, "{row:?} took no time");
            }
        }
    }

    #[test]
    fn what_is_lacking_is_said_to_be() {
        let suite = Suite::default().rwlocks::<Std>();
        let asked = |row| suite.answer(Request { row, operations: 1 });
        assert_eq!(asked(Row::Mutex), Answer::Lacking);
        assert!(matches!(asked(Row::Read), Answer::Ran(_)));
    }
}

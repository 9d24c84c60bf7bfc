//! The rows of the table.

/// A workload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Row {
    /// Lock and unlock a mutex that nobody else wants.
    Mutex,
    /// Two mutexes, one inside the other.
    Nested,
    /// Take and give back a read/write lock to read.
    Read,
    /// Take and give back a read/write lock to write.
    Write,
    /// Create mutexes and lock each once.
    Fresh,
    /// Mutexes in ordered pairs, each pair for the first time.
    PairsCold,
    /// The same pairs again.
    PairsWarm,
    /// Two threads that wake each other.
    PingPong,
    /// Send and receive in one thread.
    Channel,
    /// One thread sends, another receives.
    ChannelTwo,
    /// `fetch_add` in one thread.
    Atomic,
    /// Two threads on one mutex.
    Contended,
    /// Four threads over a map behind a mutex.
    Map,
    /// Read a shared variable.
    SharedRead,
    /// Write a shared variable.
    SharedWrite,
    /// Four threads over 64 mutexes: what the merge is measured on.
    Crossing,
}

impl Row {
    /// Every row, as the table has them; [`Row::Crossing`] is none of it.
    pub const TABLE: [Self; 15] = [
        Self::Mutex,
        Self::Nested,
        Self::Read,
        Self::Write,
        Self::Fresh,
        Self::PairsCold,
        Self::PairsWarm,
        Self::PingPong,
        Self::Channel,
        Self::ChannelTwo,
        Self::Atomic,
        Self::Contended,
        Self::Map,
        Self::SharedRead,
        Self::SharedWrite,
    ];

    /// Its name on the command line and between the processes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mutex => "mutex",
            Self::Nested => "nested",
            Self::Read => "rwlock-read",
            Self::Write => "rwlock-write",
            Self::Fresh => "fresh",
            Self::PairsCold => "pairs-cold",
            Self::PairsWarm => "pairs-warm",
            Self::PingPong => "ping-pong",
            Self::Channel => "channel",
            Self::ChannelTwo => "channel-2",
            Self::Atomic => "atomic",
            Self::Contended => "contended",
            Self::Map => "map-4",
            Self::SharedRead => "shared-read",
            Self::SharedWrite => "shared-write",
            Self::Crossing => "crossing",
        }
    }

    /// What one operation is.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mutex => "uncontended mutex: lock, add, unlock",
            Self::Nested => "nested pair: lock a, lock b, add, unlock both",
            Self::Read => "rwlock: read, look, unlock",
            Self::Write => "rwlock: write, add, unlock",
            Self::Fresh => "100,000 fresh mutexes: create, lock, unlock",
            Self::PairsCold => "1,000 locks in ordered pairs: a new pair",
            Self::PairsWarm => "1,000 locks in ordered pairs: a known pair",
            Self::PingPong => "condvar: there and back, two threads",
            Self::Channel => "mpsc: send and receive, one thread",
            Self::ChannelTwo => "mpsc: send and receive, two threads",
            Self::Atomic => "atomic: fetch_add",
            Self::Contended => "two threads on one mutex: lock, add, unlock",
            Self::Map => "four threads, map behind a mutex: update",
            Self::SharedRead => "Shared: get (std: atomic load)",
            Self::SharedWrite => "Shared: set (std: atomic store)",
            Self::Crossing => "four threads over 64 mutexes",
        }
    }

    /// Whether several threads do the work, so that the wall clock says something else than their CPU time.
    #[must_use]
    pub const fn is_threaded(self) -> bool {
        matches!(self, Self::PingPong | Self::ChannelTwo | Self::Contended | Self::Map | Self::Crossing)
    }

    /// The row of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::TABLE.into_iter().chain([Self::Crossing]).find(|row| row.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn names_are_unique() {
        for row in Row::TABLE {
            assert_eq!(Row::named(row.name()), Some(row));
        }
        assert_eq!(Row::named("crossing"), Some(Row::Crossing));
        assert_eq!(Row::named("mut"), None);
    }
}

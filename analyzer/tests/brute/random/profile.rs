//! Kinds of programs, by what they are made of.

/// What programs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Profile {
    /// Mutexes and variables.
    Locks,
    /// The same, with threads that spawn and join one another.
    Joins,
    /// The same, with data inside the mutexes.
    Touched,
    /// Read/write locks of both policies, recursive reads.
    RwLocks,
    /// Channels of every capacity, with and without ends.
    Channels,
    /// Condition variables.
    Condvars,
    /// Barriers, semaphores, wait groups, flags, once-initialisers.
    Counters,
    /// Whole operations on shared counters: locked or not, in one piece or in two, in regions or not.
    Operations,
    /// All of it.
    Everything,
}

impl Profile {
    pub(crate) const ALL: [Self; 9] = [
        Self::Locks,
        Self::Joins,
        Self::Touched,
        Self::RwLocks,
        Self::Channels,
        Self::Condvars,
        Self::Counters,
        Self::Operations,
        Self::Everything,
    ];

    /// Which pieces its programs are made of, and how often.
    pub(super) fn pieces(self) -> Vec<(u32, Piece)> {
        use Piece::{
            Access, Atomic, Barrier, Channel, Condvar, Flag, Once, Operation, Region, RwSection, Section, Semaphore,
            Waitgroup,
        };
        match self {
            Self::Locks | Self::Joins => vec![(5, Section), (4, Access)],
            Self::Touched => vec![(6, Section), (2, Access), (1, Atomic)],
            Self::RwLocks => vec![(5, RwSection), (2, Section), (2, Access)],
            Self::Channels => vec![(5, Channel), (3, Section), (1, Access)],
            Self::Condvars => vec![(5, Condvar), (3, Section), (1, Access)],
            Self::Counters => {
                vec![(2, Barrier), (2, Semaphore), (2, Waitgroup), (2, Flag), (1, Once), (2, Section), (1, Access)]
            }
            Self::Operations => vec![(8, Operation), (1, Region), (1, Access)],
            Self::Everything => vec![
                (4, Section),
                (2, RwSection),
                (3, Channel),
                (2, Condvar),
                (1, Barrier),
                (1, Semaphore),
                (1, Waitgroup),
                (1, Flag),
                (1, Once),
                (2, Access),
                (1, Atomic),
                (1, Operation),
                (1, Region),
            ],
        }
    }

    pub(super) fn spawns(self) -> u32 {
        match self {
            Self::Joins => 100,
            Self::Locks => 0,
            _ => 30,
        }
    }

    /// How often, of a hundred, a mutex protects data of its own.
    pub(super) fn data_in_locks(self) -> u32 {
        match self {
            Self::Locks | Self::Joins | Self::Operations => 0,
            Self::Touched => 100,
            _ => 40,
        }
    }

    /// How often, of a hundred, something rare happens: a leaked lock, a request that does not wait for ever.
    pub(super) fn oddities(self) -> u32 {
        match self {
            Self::Locks | Self::Joins | Self::Operations => 0,
            _ => 6,
        }
    }
}

/// A piece of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Access,
    Atomic,
    Section,
    RwSection,
    Channel,
    Condvar,
    Barrier,
    Semaphore,
    Waitgroup,
    Flag,
    Once,
    Operation,
    Region,
}

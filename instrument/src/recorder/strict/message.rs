//! What strict mode says.

use std::fmt;

use super::claim::Claim;
use super::graph::Order;
use crate::recorder::catalogue::{self, Card};

/// A request out of order.
#[derive(Debug)]
pub(super) enum Violation {
    /// The thread itself holds what it wants.
    Again(Order),
    /// What is wanted has no higher level than what is held.
    Levels(Order, (i64, i64)),
    /// Others have asked the other way round: these (the first, if there are many), and how many.
    Inverted(Order, Vec<Order>, usize),
}

impl Violation {
    /// The request.
    pub(super) const fn order(&self) -> &Order {
        match self {
            Self::Again(order) | Self::Levels(order, _) | Self::Inverted(order, ..) => order,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Order { held, held_at, wanted, wanted_at, thread } = self.order();
        let (holds, wants) = (Lock(held), Lock(wanted));
        match self {
            Self::Again(_) if !held.write && !wanted.write => {
                write!(f, "lockhound: read lock taken again: `{thread}` wants {wants}, which it reads already; ")?;
                write!(f, "both wait for ever once a writer comes in between")?;
            }
            Self::Again(_) => {
                write!(f, "lockhound: lock taken twice: `{thread}` wants {wants}, which it holds itself")?
            }
            Self::Levels(_, (high, low)) => {
                write!(f, "lockhound: level out of order: `{thread}` wants {wants} of level {low} ")?;
                write!(f, "while it holds {holds} of level {high}")?;
            }
            Self::Inverted(..) => {
                write!(f, "lockhound: lock order inverted: `{thread}` wants {wants} while it holds {holds}")?;
            }
        }
        write!(f, "\n  holds {holds} since {held_at}\n  wants {wants} at {wanted_at}")?;
        if let Self::Inverted(_, earlier, count) = self {
            write!(f, "\nbut earlier, the other way round")?;
            for Order { held, held_at, wanted, wanted_at, thread } in earlier {
                let (holds, wants) = (Lock(*held), Lock(*wanted));
                write!(f, "\n  `{thread}` held {holds} since {held_at} and wanted {wants} at {wanted_at}")?;
            }
            let more = count - earlier.len();
            if more > 0 {
                write!(f, "\n  and so on, over {more} more")?;
            }
        }
        Ok(())
    }
}

/// A lock by its name, or by its type and where it was created.
struct Lock(Claim);

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(claim) = self;
        match catalogue::look_up(claim.lock) {
            Some(Card { name: Some(name), .. }) => write!(f, "`{name}`"),
            Some(Card { kind, birth, type_name, .. }) => write!(f, "the {kind:?}<{}> created at {birth}", type_name()),
            None => write!(f, "lock {}", claim.lock),
        }
    }
}

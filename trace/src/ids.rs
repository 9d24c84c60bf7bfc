//! Dense ids: one newtype a namespace, usable as an index.

use std::fmt;
use std::num::NonZeroU32;

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id whose index is `index`.
            ///
            /// # Panics
            /// If `index` is `u32::MAX` or more: readers stop long before.
            #[must_use]
            #[inline]
            pub fn from_index(index: usize) -> Self {
                let number = u32::try_from(index).ok().and_then(|index| index.checked_add(1));
                Self(number.and_then(NonZeroU32::new).expect("fewer than 2^32 - 1 ids"))
            }

            /// Position in the table of its namespace, counted from 0.
            #[must_use]
            #[inline]
            pub const fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.index())
            }
        }
    };
}

dense_id!(
    /// A thread of the recorded process.
    ThreadId
);
dense_id!(
    /// A lock, channel, variable … of the recorded process.
    ObjectId
);
dense_id!(
    /// A place in the source.
    SiteId
);
dense_id!(
    /// A captured call stack.
    StackId
);
dense_id!(
    /// An interned text: a region's name, a textual value.
    TextId
);

/// Pairs a `recv` with its `send`; unique per channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageId(pub u64);

/// Position of an event in the merged order of its trace, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventIndex(pub u64);

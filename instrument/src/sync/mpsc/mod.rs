//! `std::sync::mpsc`, with recorded channels in place of std's own.
//!
//! Whether a channel is recorded is decided when it is made: one that is made while nothing is recorded is std's own
//! inside, for good. A recorded one is a queue behind a lock, so that each operation and its event are one step.

mod channel;
mod halves;
mod iter;
mod line;
#[cfg(all(test, not(miri)))]
mod models;
mod receiver;
mod sender;
mod state;
mod sync_sender;
#[cfg(test)]
mod tests;

pub use std::sync::mpsc::*;

pub use self::{
    iter::{IntoIter, Iter, TryIter},
    receiver::Receiver,
    sender::{Sender, channel},
    sync_sender::{SyncSender, sync_channel},
};

pub(super) use self::{sender::labelled as labelled_channel, sync_sender::labelled as labelled_sync_channel};

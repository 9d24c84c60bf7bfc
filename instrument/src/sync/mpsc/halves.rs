//! The two ends of a recorded channel: how many there are, and what becomes of it when they go.

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::Arc;

use super::channel::Channel;
use crate::engine::{ChannelOrder, Kind, Object, Site};
use crate::sync::label::Label;

/// An end that sends.
pub(super) struct Sending<T>(Arc<Channel<T>>);

/// The end that receives: only one thread at a time may use it.
pub(super) struct Receiving<T> {
    channel: Arc<Channel<T>>,
    /// Can be sent, but not shared.
    like_std: PhantomData<std::sync::mpsc::Receiver<T>>,
}

/// A recorded channel, born where the caller stands.
#[track_caller]
pub(super) fn new<T>(label: Option<Label>, capacity: Option<usize>) -> (Sending<T>, Receiving<T>) {
    let object = Object::new(
        Kind::Channel { capacity: capacity.map(|capacity| capacity as u64), order: ChannelOrder::Fifo },
        type_name::<T>,
    );
    let object = match label {
        Some(label) => label.on(object),
        None => object,
    };
    let senders = Object::new(Kind::Senders, type_name::<T>);
    let channel = Arc::new(Channel::new(object, senders, capacity));
    (Sending(Arc::clone(&channel)), Receiving { channel, like_std: PhantomData })
}

impl<T> Sending<T> {
    pub(super) fn channel(&self) -> &Channel<T> {
        &self.0
    }

    pub(super) fn another(&self, site: Site) -> Self {
        self.0.add_sender(site);
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sending<T> {
    fn drop(&mut self) {
        self.0.remove_sender();
    }
}

impl<T> Receiving<T> {
    pub(super) fn channel(&self) -> &Channel<T> {
        &self.channel
    }
}

impl<T> Drop for Receiving<T> {
    fn drop(&mut self) {
        self.channel.remove_receiver();
    }
}

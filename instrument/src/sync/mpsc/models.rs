//! Channels in every interleaving of a few threads, up to a bound: nobody sleeps who could go on, every message arrives, and
//! who is left alone learns of it.

use std::any::type_name;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvError, RecvTimeoutError};

use loom::thread;

use super::channel::Channel;
use crate::engine::{ChannelOrder, Kind, Object};
use crate::models::{Loom, explore, future, past};

type Modelled = Arc<Channel<u32, Loom>>;

fn channel(capacity: usize) -> Modelled {
    let bound = Some(capacity as u64);
    let object = Object::new(Kind::Channel { capacity: bound, order: ChannelOrder::Fifo }, type_name::<u32>);
    Arc::new(Channel::new(object, Object::new(Kind::Senders, type_name::<u32>), Some(capacity)))
}

fn send(channel: &Modelled, value: u32) -> Result<(), u32> {
    channel.send(value, Location::caller())
}

fn receive(channel: &Modelled) -> Result<u32, RecvError> {
    channel.recv(Location::caller())
}

fn spawn<T: 'static>(channel: &Modelled, run: impl FnOnce(&Modelled) -> T + 'static) -> thread::JoinHandle<T> {
    let channel = Arc::clone(channel);
    thread::spawn(move || run(&channel))
}

/// Two senders, each of which goes when it has sent.
fn two_send(capacity: usize) {
    explore(2, move || {
        let channel = channel(capacity);
        channel.add_sender(Location::caller());
        let senders = [1, 2].map(|value| {
            spawn(&channel, move |channel| {
                assert_eq!(send(channel, value), Ok(()));
                channel.remove_sender();
            })
        });
        assert_eq!(receive(&channel).unwrap() + receive(&channel).unwrap(), 3);
        assert_eq!(receive(&channel), Err(RecvError));
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn two_send_through_room_for_one() {
    two_send(1);
}

#[test]
fn two_send_at_a_rendezvous() {
    two_send(0);
}

/// What was sent in time is lost, what was not comes back.
fn the_receiver_goes(capacity: usize) {
    explore(2, move || {
        let channel = channel(capacity);
        let sender = spawn(&channel, |channel| (send(channel, 1), send(channel, 2)));
        let received = channel.recv_until(past(), Location::caller());
        channel.remove_receiver();
        let (first, second) = sender.join().unwrap();
        assert!(received == Err(RecvTimeoutError::Timeout) || (received, first) == (Ok(1), Ok(())));
        assert!(second == Err(2) || capacity > 0);
    });
}

#[test]
fn who_waits_for_room_learns_that_the_receiver_is_gone() {
    the_receiver_goes(1);
}

#[test]
fn who_waits_at_a_rendezvous_learns_that_the_receiver_is_gone() {
    the_receiver_goes(0);
}

/// A receiver that would give up some time waits for a message, and then for the end.
fn in_time(capacity: usize) {
    explore(3, move || {
        let channel = channel(capacity);
        let sender = spawn(&channel, |channel| {
            assert_eq!(send(channel, 1), Ok(()));
            channel.remove_sender();
        });
        assert_eq!(channel.recv_until(future(), Location::caller()), Ok(1));
        let end = channel.recv_until(future(), Location::caller());
        assert_eq!(end, Err(RecvTimeoutError::Disconnected));
        sender.join().unwrap();
    });
}

#[test]
fn who_waits_for_a_message_is_woken_by_it_and_by_the_end() {
    in_time(1);
}

#[test]
fn who_waits_at_a_rendezvous_is_woken_by_a_message_and_by_the_end() {
    in_time(0);
}

#[test]
fn who_has_met_the_receiver_goes_on_although_others_wait() {
    explore(2, || {
        let (channel, sent) = (channel(0), Arc::new(AtomicUsize::new(0)));
        let senders = [1, 2].map(|value| {
            let sent = Arc::clone(&sent);
            spawn(&channel, move |channel| {
                assert_eq!(send(channel, value), Ok(()));
                sent.fetch_add(1, Ordering::SeqCst);
            })
        });
        for received in 1..=2 {
            assert!(receive(&channel).is_ok());
            while sent.load(Ordering::SeqCst) < received {
                thread::yield_now();
            }
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

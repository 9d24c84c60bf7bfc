//! The recorded channel, without a recording, against std's.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::halves::{self, Receiving, Sending};
use crate::engine::Site;

#[track_caller]
fn here() -> Site {
    std::panic::Location::caller()
}

/// A step of one thread that cannot wait, or is only taken when it need not.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send { sender: usize },
    TrySend { sender: usize },
    Recv,
    TryRecv,
    RecvInNoTime,
    Clone { sender: usize },
    DropSender { sender: usize },
    DropReceiver,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_usize).prop_map(|sender| Step::Send { sender }),
        3 => (0..3_usize).prop_map(|sender| Step::TrySend { sender }),
        2 => Just(Step::Recv),
        3 => Just(Step::TryRecv),
        1 => Just(Step::RecvInNoTime),
        1 => (0..3_usize).prop_map(|sender| Step::Clone { sender }),
        1 => (0..3_usize).prop_map(|sender| Step::DropSender { sender }),
        1 => Just(Step::DropReceiver),
    ]
}

/// A message, whose copies are counted to see where it is.
type Message = Arc<u64>;

/// What a step did, in words.
type Outcome = String;

/// The two implementations, as the steps see them.
trait Ends {
    fn send(&self, sender: usize, message: Message) -> Result<(), SendError<Message>>;
    fn try_send(&self, sender: usize, message: Message) -> Result<(), TrySendError<Message>>;
    fn try_recv(&self) -> Result<Message, TryRecvError>;
    fn recv(&self) -> Result<Message, mpsc::RecvError>;
    fn recv_in_no_time(&self) -> Result<Message, RecvTimeoutError>;
    fn clone_sender(&mut self, sender: usize);
    fn drop_sender(&mut self, sender: usize);
    fn drop_receiver(&mut self);
}

struct Ours {
    senders: Vec<Sending<Message>>,
    receiver: Option<Receiving<Message>>,
}

impl Ours {
    fn new(capacity: Option<usize>) -> Self {
        let (sender, receiver) = halves::new(None, capacity);
        Self { senders: vec![sender], receiver: Some(receiver) }
    }

    fn receiver(&self) -> &Receiving<Message> {
        self.receiver.as_ref().unwrap()
    }
}

impl Ends for Ours {
    fn send(&self, sender: usize, message: Message) -> Result<(), SendError<Message>> {
        self.senders[sender].channel().send(message, here()).map_err(SendError)
    }

    fn try_send(&self, sender: usize, message: Message) -> Result<(), TrySendError<Message>> {
        self.senders[sender].channel().try_send(message, here())
    }

    fn try_recv(&self) -> Result<Message, TryRecvError> {
        self.receiver().channel().try_recv(here())
    }

    fn recv(&self) -> Result<Message, mpsc::RecvError> {
        self.receiver().channel().recv(here())
    }

    fn recv_in_no_time(&self) -> Result<Message, RecvTimeoutError> {
        self.receiver().channel().recv_until(Instant::now(), here())
    }

    fn clone_sender(&mut self, sender: usize) {
        self.senders.push(self.senders[sender].another(here()));
    }

    fn drop_sender(&mut self, sender: usize) {
        self.senders.swap_remove(sender);
    }

    fn drop_receiver(&mut self) {
        self.receiver = None;
    }
}

enum StdSender {
    Unbounded(mpsc::Sender<Message>),
    Bounded(mpsc::SyncSender<Message>),
}

struct Std {
    senders: Vec<StdSender>,
    receiver: Option<mpsc::Receiver<Message>>,
}

impl Std {
    fn new(capacity: Option<usize>) -> Self {
        let (sender, receiver) = match capacity {
            None => {
                let (sender, receiver) = mpsc::channel();
                (StdSender::Unbounded(sender), receiver)
            }
            Some(bound) => {
                let (sender, receiver) = mpsc::sync_channel(bound);
                (StdSender::Bounded(sender), receiver)
            }
        };
        Self { senders: vec![sender], receiver: Some(receiver) }
    }

    fn receiver(&self) -> &mpsc::Receiver<Message> {
        self.receiver.as_ref().unwrap()
    }
}

impl Ends for Std {
    fn send(&self, sender: usize, message: Message) -> Result<(), SendError<Message>> {
        match &self.senders[sender] {
            StdSender::Unbounded(sender) => sender.send(message),
            StdSender::Bounded(sender) => sender.send(message),
        }
    }

    fn try_send(&self, sender: usize, message: Message) -> Result<(), TrySendError<Message>> {
        match &self.senders[sender] {
            StdSender::Unbounded(sender) => Ok(sender.send(message)?),
            StdSender::Bounded(sender) => sender.try_send(message),
        }
    }

    fn try_recv(&self) -> Result<Message, TryRecvError> {
        self.receiver().try_recv()
    }

    fn recv(&self) -> Result<Message, mpsc::RecvError> {
        self.receiver().recv()
    }

    fn recv_in_no_time(&self) -> Result<Message, RecvTimeoutError> {
        self.receiver().recv_timeout(Duration::ZERO)
    }

    fn clone_sender(&mut self, sender: usize) {
        let clone = match &self.senders[sender] {
            StdSender::Unbounded(sender) => StdSender::Unbounded(sender.clone()),
            StdSender::Bounded(sender) => StdSender::Bounded(sender.clone()),
        };
        self.senders.push(clone);
    }

    fn drop_sender(&mut self, sender: usize) {
        self.senders.swap_remove(sender);
    }

    fn drop_receiver(&mut self) {
        self.receiver = None;
    }
}

/// What is known of the channel without asking it: enough to tell whether a step would wait.
#[derive(Clone, Copy)]
struct Model {
    capacity: Option<usize>,
    inside: usize,
    senders: usize,
    receiver: bool,
}

impl Model {
    /// The step with an end that exists; none if there is none or it would wait.
    fn possible(&self, step: Step) -> Option<Step> {
        let of = |sender: usize| sender.checked_rem(self.senders);
        let room = self.capacity.is_none_or(|capacity| self.inside < capacity);
        Some(match step {
            Step::Send { sender } if room || !self.receiver => Step::Send { sender: of(sender)? },
            Step::TrySend { sender } => Step::TrySend { sender: of(sender)? },
            Step::Clone { sender } => Step::Clone { sender: of(sender)? },
            Step::DropSender { sender } => Step::DropSender { sender: of(sender)? },
            Step::Recv if self.receiver && (self.inside > 0 || self.senders == 0) => step,
            Step::TryRecv | Step::RecvInNoTime | Step::DropReceiver if self.receiver => step,
            _ => return None,
        })
    }

    fn take(&mut self, step: Step, outcome: &str) {
        match step {
            Step::Send { .. } | Step::TrySend { .. } if outcome == "Ok(())" => self.inside += 1,
            Step::Recv | Step::TryRecv | Step::RecvInNoTime if outcome.starts_with("Ok") => self.inside -= 1,
            Step::Clone { .. } => self.senders += 1,
            Step::DropSender { .. } => self.senders -= 1,
            Step::DropReceiver => (self.receiver, self.inside) = (false, 0),
            _ => {}
        }
    }
}

/// Takes a step, and tells how often each message exists afterwards.
fn carry_out(ends: &mut impl Ends, step: Step, messages: &mut Vec<Message>) -> (Outcome, Vec<usize>) {
    let mut new = || {
        let message = Arc::new(messages.len() as u64);
        messages.push(Arc::clone(&message));
        message
    };
    let kept = |error: &TrySendError<Message>| match error {
        TrySendError::Full(message) => format!("full {message}"),
        TrySendError::Disconnected(message) => format!("disconnected {message}"),
    };
    let outcome = match step {
        Step::Send { sender } => format!("{:?}", ends.send(sender, new()).map_err(|error| error.0)),
        Step::TrySend { sender } => format!("{:?}", ends.try_send(sender, new()).map_err(|error| kept(&error))),
        Step::Recv => format!("{:?}", ends.recv()),
        Step::TryRecv => format!("{:?}", ends.try_recv()),
        Step::RecvInNoTime => format!("{:?}", ends.recv_in_no_time()),
        Step::Clone { sender } => {
            ends.clone_sender(sender);
            String::new()
        }
        Step::DropSender { sender } => {
            ends.drop_sender(sender);
            String::new()
        }
        Step::DropReceiver => {
            ends.drop_receiver();
            String::new()
        }
    };
    (outcome, messages.iter().map(Arc::strong_count).collect())
}

proptest! {
    #[test]
    fn one_thread_cannot_tell_it_from_std(
        capacity in prop_oneof![Just(None), (0..4_usize).prop_map(Some)],
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (mut ours, mut std) = (Ours::new(capacity), Std::new(capacity));
        let (mut our_messages, mut their_messages) = (Vec::new(), Vec::new());
        let mut model = Model { capacity, inside: 0, senders: 1, receiver: true };
        for step in steps {
            let Some(step) = model.possible(step) else { continue };
            let ours = carry_out(&mut ours, step, &mut our_messages);
            let theirs = carry_out(&mut std, step, &mut their_messages);
            prop_assert_eq!(&ours, &theirs, "{:?}", step);
            model.take(step, &ours.0);
        }
    }
}

/// Runs `body` on a thread of its own, and fails if it hangs.
fn in_time(body: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let runner = thread::spawn(move || {
        body();
        done.send(()).unwrap();
    });
    match is_done.recv_timeout(Duration::from_secs(120)) {
        Err(RecvTimeoutError::Timeout) => panic!("the channel hangs"),
        _ => runner.join().unwrap(),
    }
}

const SENDERS: u64 = 3;
const EACH: u64 = 2_000;

/// A little generator of choices, since what matters is the interleaving.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Senders wait or try, the receiver waits, tries or waits for a while: each message arrives once, those of one sender in
/// their order, and a rendezvous does not end before the message is taken.
fn stress(capacity: Option<usize>) {
    let (first, receiver) = halves::new::<(u64, u64)>(None, capacity);
    let taken: Arc<Vec<AtomicU64>> = Arc::new((0..SENDERS).map(|_| AtomicU64::new(0)).collect());
    let senders: Vec<_> = (0..SENDERS)
        .map(|me| {
            let sender = first.another(here());
            let taken = Arc::clone(&taken);
            thread::spawn(move || {
                let mut dice = Dice(me);
                for number in 0..EACH {
                    let channel = sender.channel();
                    let sent = dice.roll(2) == 0 && channel.try_send((me, number), here()).is_ok();
                    if !sent {
                        channel.send((me, number), here()).unwrap();
                    }
                    if capacity == Some(0) {
                        // It is counted just after it was taken.
                        assert!(taken[me as usize].load(Ordering::SeqCst) >= number);
                    }
                }
            })
        })
        .collect();
    drop(first);
    let mut next: HashMap<u64, u64> = HashMap::new();
    let mut dice = Dice(99);
    loop {
        let channel = receiver.channel();
        let message = match dice.roll(3) {
            0 => channel.recv(here()).map_err(|_| true),
            1 => channel.try_recv(here()).map_err(|error| error == TryRecvError::Disconnected),
            _ => {
                let soon = Instant::now() + Duration::from_micros(dice.roll(50));
                channel.recv_until(soon, here()).map_err(|error| error == RecvTimeoutError::Disconnected)
            }
        };
        match message {
            Ok((from, number)) => {
                let expected = next.entry(from).or_default();
                assert_eq!(number, *expected, "from {from}");
                *expected += 1;
                taken[from as usize].store(*expected, Ordering::SeqCst);
            }
            Err(true) => break,
            Err(false) => {}
        }
    }
    assert!((0..SENDERS).all(|sender| next.get(&sender) == Some(&EACH)), "{next:?}");
    senders.into_iter().for_each(|sender| sender.join().unwrap());
}

#[test]
fn nothing_is_lost_and_nobody_left_waiting() {
    for capacity in [None, Some(0), Some(1), Some(7)] {
        in_time(move || stress(capacity));
    }
}

#[test]
fn everybody_who_waits_is_told_that_the_receiver_is_gone() {
    for capacity in [0, 1] {
        in_time(move || {
            for _ in 0..200 {
                let (first, receiver) = halves::new::<u64>(None, Some(capacity));
                let senders: Vec<_> = (0..SENDERS)
                    .map(|_| {
                        let sender = first.another(here());
                        thread::spawn(move || while sender.channel().send(7, here()).is_ok() {})
                    })
                    .collect();
                assert_eq!(receiver.channel().recv(here()), Ok(7));
                drop(receiver);
                senders.into_iter().for_each(|sender| sender.join().unwrap());
            }
        });
    }
}

#[test]
fn a_message_that_panics_on_being_dropped_takes_no_other_with_it() {
    struct Bomb(Arc<AtomicU64>, bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            assert!(!self.1, "the bomb goes off");
        }
    }
    let dropped = Arc::new(AtomicU64::new(0));
    let (sender, receiver) = halves::new(None, None);
    for live in [false, true, false] {
        assert!(sender.channel().send(Bomb(Arc::clone(&dropped), live), here()).is_ok());
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(receiver)));
    assert!(outcome.is_err());
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
    let late = sender.channel().send(Bomb(Arc::clone(&dropped), false), here());
    assert!(late.is_err(), "the channel is closed, and its lock free");
}

#[test]
fn dropping_a_message_may_use_the_channel_it_was_in() {
    struct Echo(Option<Sending<Echo>>);
    impl Drop for Echo {
        fn drop(&mut self) {
            if let Some(sender) = self.0.take() {
                assert!(sender.channel().send(Echo(None), here()).is_err());
            }
        }
    }
    in_time(|| {
        let (sender, receiver) = halves::new(None, Some(2));
        let echo = Echo(Some(sender.another(here())));
        assert!(sender.channel().send(echo, here()).is_ok());
        drop(receiver);
    });
}

#[test]
fn a_bound_beyond_all_memory_panics_as_in_std() {
    let message = |outcome: thread::Result<()>| *outcome.unwrap_err().downcast::<&str>().unwrap();
    let ours = message(std::panic::catch_unwind(|| drop(halves::new::<u8>(None, Some(usize::MAX)))));
    let theirs = message(std::panic::catch_unwind(|| drop(mpsc::sync_channel::<u8>(usize::MAX))));
    assert_eq!(ours, theirs);
}

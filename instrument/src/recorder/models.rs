//! Models of how threads hand objects over: every interleaving within a bound, and every value that the language lets an
//! atomic have, of the very code that records.
//!
//! Not modelled is how a record comes into the trace: its bytes are plain stores to memory that only another process
//! reads, of which the language says nothing. That its first byte comes last is tested beside the buffer.

use std::sync::Arc;
use std::sync::atomic::{self as real, Ordering};

use loom::sync::atomic::AtomicU64;
use loom::sync::{Mutex, RwLock};
use loom::thread;

use super::number::Number;
use super::reads::Reads;
use super::word::{Atomic64, SPIN, VERSION, Word};
use crate::models::explore;

trait Model: Atomic64 + Send + Sync + 'static {
    fn new(value: u64) -> Self;
}

impl Atomic64 for AtomicU64 {
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }

    fn compare_exchange(&self, current: u64, new: u64, success: Ordering, failure: Ordering) -> Result<u64, u64> {
        self.compare_exchange(current, new, success, failure)
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }

    fn back_off(_round: u32) {
        thread::yield_now();
    }
}

impl Model for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }
}

/// An atomic that brings nothing but its own value: with it, what relies on an order must fail.
struct Weak(AtomicU64);

impl Atomic64 for Weak {
    fn load(&self, _order: Ordering) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn store(&self, value: u64, _order: Ordering) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn compare_exchange(&self, current: u64, new: u64, _success: Ordering, _failure: Ordering) -> Result<u64, u64> {
        self.0.compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed)
    }

    fn fetch_add(&self, value: u64, _order: Ordering) -> u64 {
        self.0.fetch_add(value, Ordering::Relaxed)
    }

    fn back_off(_round: u32) {
        thread::yield_now();
    }
}

impl Model for Weak {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }
}

/// Runs `work` with each tag, one of them on this thread.
fn in_threads<R: 'static>(tags: &[u64], work: impl Fn(u64) -> R + Send + Sync + 'static) -> Vec<R> {
    let work = Arc::new(work);
    let (&own, others) = tags.split_first().expect("a thread");
    let spawn = |&tag| {
        let work = work.clone();
        thread::spawn(move || work(tag))
    };
    let others: Vec<_> = others.iter().map(spawn).collect();
    let own = work(own);
    std::iter::once(own).chain(others.into_iter().map(|other| other.join().expect("no panic"))).collect()
}

/// Tags of threads: the bits of a word that are above the spin bit.
const TAGS: [u64; 3] = [1 << 40, 2 << 40, 3 << 40];

/// The real order of what happens in a model, which runs one thread at a time.
#[derive(Default)]
struct Truth(real::AtomicU64);

impl Truth {
    fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What a stream says of an event, and when it really happened.
struct Event {
    after: u64,
    really: u64,
}

/// Puts streams together as a reader does: an event is ready once the count has come to what it says; one that says
/// nothing, once the thread's own last one is past. After `base` events there must be one order, the real one.
fn merge(base: u64, streams: &[Vec<Event>]) {
    let mut streams: Vec<_> = streams.iter().map(|stream| stream.iter().peekable()).collect();
    let mut count = base + 1;
    while streams.iter_mut().any(|stream| stream.peek().is_some()) {
        let is_ready = |event: &&Event| event.after == 0 || event.after <= count;
        let mut ready: Vec<_> = streams.iter_mut().filter_map(|stream| stream.next_if(is_ready)).collect();
        let event = ready.pop().expect("nothing is ready");
        assert!(ready.is_empty(), "two events claim the same place");
        assert_eq!(event.really, count - base - 1, "not the real order");
        count += 1;
    }
}

/// A release takes its version before the lock is given up, unless it is `late`.
fn mutex(late: bool) {
    explore(2, move || {
        let lock = Mutex::new(());
        let word = AtomicU64::new(0);
        let truth = Truth::default();
        let streams = in_threads(&TAGS, move |tag| {
            let word = Word(&word);
            let mut stream = Vec::new();
            for _ in 0..if tag == TAGS[0] { 2 } else { 1 } {
                let guard = lock.lock().expect("no panic");
                let after = word.take_next_version(tag).map_or_else(|| word.take_version(tag), |()| 0);
                stream.push(Event { after, really: truth.tick() });
                let really = truth.tick();
                let guard = (!late).then_some(guard);
                word.take_own_version();
                stream.push(Event { after: 0, really });
                drop(guard);
            }
            stream
        });
        merge(0, &streams);
    });
}

#[test]
fn a_mutex_is_handed_over_in_the_real_order() {
    mutex(false);
}

#[test]
#[should_panic]
fn a_version_taken_after_the_release_is_too_late() {
    mutex(true);
}

/// Begins with the spin bit of a thread that does not exist any more, after some events.
fn spin<A: Model>() {
    const LOST: u64 = 9 << 40;
    const BASE: u64 = 5;
    explore(3, || {
        let word = A::new(LOST | SPIN | BASE);
        let state = AtomicU64::new(0);
        let truth = Truth::default();
        let word = Arc::new(word);
        let of_threads = word.clone();
        let streams = in_threads(&TAGS[..2], move |tag| {
            let word = Word(&*of_threads);
            let change = || {
                assert!(!word.is_spun_by(tag));
                let spin = word.spin_at_once(tag);
                let mut spin = spin.or_else(|| word.spin_within(u32::MAX, tag, |of| of == LOST)).expect("patience");
                assert!(word.is_spun_by(tag));
                assert_eq!(state.load(Ordering::Relaxed), truth.now(), "what the last one left");
                state.store(truth.now() + 1, Ordering::Relaxed);
                Event { after: spin.take_version(tag), really: truth.tick() }
            };
            vec![change(), change()]
        });
        merge(BASE, &streams);
        assert_eq!(Word(&*word).get() & (VERSION | SPIN), BASE + 4);
    });
}

#[test]
fn whoever_spins_is_alone() {
    spin::<AtomicU64>();
}

#[test]
#[should_panic]
fn spinning_relies_on_its_order() {
    spin::<Weak>();
}

/// A reader counts before it gives the lock up, unless it is `late`.
fn rwlock(late: bool) {
    explore(2, move || {
        let lock = RwLock::new(());
        let (shared, own) = (AtomicU64::new(0), AtomicU64::new(0));
        let releases = Truth::default();
        in_threads(&TAGS, move |tag| {
            let reads = Reads { shared: &shared, own: &own };
            if tag == TAGS[0] {
                let _guard = lock.write().expect("no panic");
                assert_eq!(reads.all(Ordering::Relaxed), releases.now());
                return;
            }
            for _ in 0..2 {
                let guard = lock.read().expect("no panic");
                releases.tick();
                let guard = (!late).then_some(guard);
                if reads.is_alone(tag) {
                    reads.count_own();
                } else {
                    reads.count(tag);
                }
                drop(guard);
            }
        });
    });
}

#[test]
fn a_writer_comes_after_exactly_the_reads_that_were_released() {
    rwlock(false);
}

#[test]
#[should_panic]
fn a_read_counted_after_its_release_is_too_late() {
    rwlock(true);
}

fn registration<A: Model>() {
    const GENERATION: u64 = 2 << 32;
    explore(3, || {
        let id = A::new(1 << 32 | 7);
        let declared = [AtomicU64::new(0), AtomicU64::new(0)];
        let numbers = in_threads(&TAGS, move |tag| {
            let id = Number(&id);
            let number = if tag == TAGS[2] {
                // The quick path: only looks.
                let number = id.get() ^ GENERATION;
                (number >> 32 == 0).then_some(number as u32)
            } else {
                let mine = (tag >> 40) as u32 - 1;
                id.settle(GENERATION, || {
                    declared[mine as usize].store(1, Ordering::Relaxed);
                    Some(mine)
                })
            };
            if let Some(number) = number {
                assert_eq!(declared[number as usize].load(Ordering::Relaxed), 1, "an event before the declaration");
            }
            number
        });
        assert!(
            numbers[0].is_some() && numbers[0] == numbers[1] && numbers[2].is_none_or(|seen| Some(seen) == numbers[0])
        );
    });
}

#[test]
fn all_agree_on_a_number_that_is_declared() {
    registration::<AtomicU64>();
}

#[test]
#[should_panic]
fn a_number_relies_on_its_order() {
    registration::<Weak>();
}

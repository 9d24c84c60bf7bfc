//! Queues against what they are: one thread against a model, many threads against what must hold.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{AllDone, Empty, Full, LifoQueue, PriorityQueue, Queue};

#[derive(Clone, Copy, Debug)]
enum Step {
    Put(u8),
    Get,
    Done,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![4 => (0..4_u8).prop_map(Step::Put), 3 => Just(Step::Get), 2 => Just(Step::Done)];
    prop::collection::vec(step, 0..60)
}

/// Does the steps with a queue and with a model, of which `put` puts and `get` gets. Values are numbered, so that equal ones
/// can be told apart.
macro_rules! like_model {
    ($queue:ident, $capacity:expr, $steps:expr, $model:expr, $put:expr, $get:expr) => {{
        let (capacity, mut model): (usize, _) = ($capacity, $model);
        let queue = $queue::bounded(capacity);
        let (mut len, mut unfinished) = (0, 0);
        for (number, step) in $steps.into_iter().enumerate() {
            match step {
                Step::Put(value) => {
                    let value = Item { value, number };
                    if len < capacity {
                        prop_assert_eq!(queue.try_put(value), Ok(()));
                        $put(&mut model, value);
                        (len, unfinished) = (len + 1, unfinished + 1);
                    } else {
                        prop_assert_eq!(queue.put_timeout(value, Duration::ZERO), Err(Full(value)));
                    }
                }
                Step::Get => {
                    let got = $get(&mut model).ok_or(Empty);
                    len -= usize::from(got.is_ok());
                    prop_assert_eq!(queue.try_get().map(|item| item.number), got.map(|item: Item| item.number));
                }
                Step::Done => {
                    let done = if unfinished > 0 { Ok(()) } else { Err(AllDone) };
                    unfinished -= usize::from(done.is_ok());
                    prop_assert_eq!(queue.task_done(), done);
                }
            }
            prop_assert_eq!((queue.len(), queue.unfinished()), (len, unfinished));
            prop_assert_eq!((queue.is_empty(), queue.is_full()), (len == 0, len == capacity));
        }
    }};
}

/// Equal to others of its value.
#[derive(Clone, Copy, Debug)]
struct Item {
    value: u8,
    number: usize,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

proptest! {
    #[test]
    fn a_queue_is_a_queue(steps in steps(), capacity in 1..6_usize) {
        like_model!(Queue, capacity, steps, VecDeque::new(), VecDeque::push_back, VecDeque::pop_front);
    }

    #[test]
    fn a_stack_is_a_stack(steps in steps(), capacity in 1..6_usize) {
        like_model!(LifoQueue, capacity, steps, Vec::new(), Vec::push, Vec::pop);
    }

    #[test]
    fn the_smallest_comes_first_and_of_equal_ones_the_oldest(steps in steps(), capacity in 1..6_usize) {
        type Heap = BinaryHeap<Reverse<(u8, usize)>>;
        let put = |heap: &mut Heap, item: Item| heap.push(Reverse((item.value, item.number)));
        let get = |heap: &mut Heap| heap.pop().map(|Reverse((value, number))| Item { value, number });
        like_model!(PriorityQueue, capacity, steps, Heap::new(), put, get);
    }
}

/// What many threads do with a queue of two: nothing is lost or comes twice, there is never more inside than may be, and who
/// joins goes on when all is done and no sooner.
macro_rules! stress {
    ($queue:ident) => {{
        const EACH: usize = 300;
        const PRODUCERS: usize = 3;
        let queue = $queue::bounded(2);
        let (seen, done) = ([const { AtomicUsize::new(0) }; EACH * PRODUCERS], AtomicUsize::new(0));
        let over = AtomicBool::new(false);
        thread::scope(|s| {
            let producers: Vec<_> = (0..PRODUCERS)
                .map(|producer| {
                    let queue = &queue;
                    s.spawn(move || {
                        for number in 0..EACH {
                            let value = producer * EACH + number;
                            // Each way to put.
                            match number % 3 {
                                0 => queue.put(value),
                                1 => while queue.put_timeout(value, Duration::from_micros(20)).is_err() {},
                                _ => {
                                    while queue.try_put(value).is_err() {
                                        thread::yield_now();
                                    }
                                }
                            }
                            assert!(queue.len() <= 2);
                        }
                    })
                })
                .collect();
            let consumers = [0, 1, 2].map(|consumer| {
                let (queue, seen, done, over) = (&queue, &seen, &done, &over);
                s.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        let got = match consumer {
                            0 => queue.try_get(),
                            1 => queue.get_timeout(Duration::from_micros(50)),
                            _ => Ok(queue.get()),
                        };
                        let Ok(got) = got else { continue };
                        if let Some(seen) = seen.get(got) {
                            seen.fetch_add(1, Ordering::Relaxed);
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                        queue.task_done().unwrap();
                    }
                })
            });
            producers.into_iter().for_each(|producer| producer.join().unwrap());
            queue.join();
            assert_eq!(done.load(Ordering::Relaxed), EACH * PRODUCERS);
            over.store(true, Ordering::Relaxed);
            // For the consumer that waits without end.
            while !consumers.iter().all(|consumer| consumer.is_finished()) {
                let _ = queue.try_put(usize::MAX);
                thread::yield_now();
            }
        });
        assert!(seen.iter().all(|seen| seen.load(Ordering::Relaxed) == 1));
    }};
}

#[test]
fn many_threads_lose_nothing() {
    for _ in 0..5 {
        stress!(Queue);
        stress!(LifoQueue);
        stress!(PriorityQueue);
    }
}

/// A wake-up that got lost would leave one of the two asleep.
#[test]
fn two_threads_hand_over_everything() {
    let (there, back) = (Queue::bounded(1), Queue::bounded(1));
    thread::scope(|s| {
        s.spawn(|| (0..5_000).for_each(|number| back.put(there.get() + number)));
        for number in 0..5_000 {
            there.put(1);
            assert_eq!(back.get(), 1 + number);
        }
    });
}

#[test]
fn all_who_join_go_on_when_all_is_done() {
    let queue = Queue::new();
    let all_done = AtomicBool::new(false);
    (0..10).for_each(|number| queue.put(number));
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                queue.join();
                assert!(all_done.load(Ordering::Relaxed));
            });
        }
        for number in 0..10 {
            assert_eq!(queue.get(), number);
            all_done.store(number == 9, Ordering::Relaxed);
            queue.task_done().unwrap();
        }
    });
}

#[test]
fn time_outs_end_and_not_before_their_time() {
    let queue = Queue::bounded(1);
    let timeout = Duration::from_millis(20);
    let begin = Instant::now();
    assert_eq!(queue.get_timeout(timeout), Err(Empty));
    queue.put_timeout('a', timeout).unwrap();
    assert_eq!(queue.put_timeout('b', timeout), Err(Full('b')));
    assert!(begin.elapsed() >= 2 * timeout);
    assert_eq!(queue.get_timeout(Duration::MAX), Ok('a'));
}

#[test]
fn a_comparison_that_panics_spoils_nothing_else() {
    #[derive(PartialEq, Eq)]
    struct Touchy(u8);
    impl PartialOrd for Touchy {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Touchy {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            assert!(self.0 != 7 && other.0 != 7, "as it is to");
            self.0.cmp(&other.0)
        }
    }
    let queue = PriorityQueue::bounded(3);
    queue.put(Touchy(1));
    assert!(catch_unwind(AssertUnwindSafe(|| queue.put(Touchy(7)))).is_err());
    // It is inside all the same, and there is room for one more.
    assert_eq!((queue.len(), queue.unfinished(), queue.is_full()), (2, 2, false));
    let _ = catch_unwind(AssertUnwindSafe(|| queue.get()));
    assert_eq!(queue.len(), 1);
}

#[test]
fn they_can_stand_in_statics() {
    static QUEUE: Queue<u8> = Queue::bounded(1);
    static STACK: LifoQueue<u8> = LifoQueue::new();
    static SMALLEST: PriorityQueue<u8> = crate::named::priority_queue("smallest");
    QUEUE.put(1);
    STACK.put(2);
    SMALLEST.put(3);
    assert_eq!((QUEUE.get(), STACK.get(), SMALLEST.get()), (1, 2, 3));
    assert_eq!(format!("{QUEUE:?}"), "Queue { len: 0, capacity: Some(1), .. }");
}

#[test]
#[should_panic = "a queue without room for anything"]
fn a_queue_has_room() {
    let _ = Queue::<u8>::bounded(0);
}

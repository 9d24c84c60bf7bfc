//! What queues and schedulers write: each test runs itself again in a process that records, and reads the trace.
#![cfg(feature = "record")]
#![forbid(unsafe_code)]

mod recording;

use std::time::Duration;

use lockhound::sync::{AllDone, Arc, Empty, Full};
use lockhound::{named, thread};
use recording::{events, events_of_hung};

/// A thread with a name.
fn start(name: &str, run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(run).unwrap()
}

#[test]
fn a_queue_is_a_channel_and_a_wait_group() {
    let run = || {
        let queue = named::bounded_queue("q", 2);
        queue.put('a');
        queue.put('b');
        assert_eq!(queue.try_put('c'), Err(Full('c')));
        assert_eq!(queue.put_timeout('c', Duration::from_millis(1)), Err(Full('c')));
        assert_eq!(queue.get(), 'a');
        queue.task_done().unwrap();
        assert_eq!(queue.try_get(), Ok('b'));
        assert_eq!(queue.get_timeout(Duration::from_millis(1)), Err(Empty));
        queue.task_done().unwrap();
        queue.join();
    };
    events(
        "a_queue_is_a_channel_and_a_wait_group",
        run,
        "add 1, send q 0, add 1, send q 1, try_send_failed q, try_send_failed q, recv q 0, done 1, recv q 1,
         try_recv_failed q, done 1, await tasks of q",
    );
}

#[test]
fn what_is_done_too_often_is_in_the_trace() {
    let run = || {
        let queue = named::queue("q");
        queue.put(1);
        queue.task_done().unwrap();
        assert_eq!(queue.task_done(), Err(AllDone));
        queue.join();
    };
    events("what_is_done_too_often_is_in_the_trace", run, "add 1, send q 0, done 1, done too often, await tasks of q");
}

#[test]
fn each_queue_has_its_order() {
    let run = || {
        let (stack, smallest) = (named::lifo_queue("stack"), named::priority_queue("smallest"));
        for number in [2, 1, 2] {
            stack.put(number);
            smallest.put(number);
        }
        assert_eq!([stack.get(), stack.get(), stack.get()], [2, 1, 2]);
        assert_eq!([smallest.get(), smallest.get(), smallest.get()], [1, 2, 2]);
    };
    events(
        "each_queue_has_its_order",
        run,
        "add 1, send stack 0, add 1, send smallest 0, add 1, send stack 1, add 1, send smallest 1, add 1, send stack 2, \
         add 1, send smallest 2, recv stack 2, recv stack 1, recv stack 0, recv smallest 1, recv smallest 0, recv smallest 2",
    );
}

#[test]
fn what_waits_for_ever_ends_in_a_block() {
    let run = || {
        let queue = Arc::new(named::bounded_queue("q", 1));
        let empty = Arc::new(named::queue::<u8>("empty"));
        queue.put(1);
        let a = start("a", {
            let queue = Arc::clone(&queue);
            move || queue.put(2)
        });
        let b = start("b", move || drop(empty.get()));
        let c = start("c", move || queue.join());
        a.join().unwrap();
        b.join().unwrap();
        c.join().unwrap();
    };
    events_of_hung(
        "what_waits_for_ever_ends_in_a_block",
        run,
        "add 1, send q 0, spawn a, spawn b, spawn c, block join a
         a: start, add 1, block send q
         b: start, block recv empty
         c: start, block await tasks of q",
    );
}

#[test]
fn who_waited_goes_on() {
    let run = || {
        let queue = Arc::new(named::bounded_queue("q", 1));
        let producer = start("producer", {
            let queue = Arc::clone(&queue);
            move || (0..3).for_each(|number| queue.put(number))
        });
        for number in 0..3 {
            thread::sleep(Duration::from_millis(20));
            assert_eq!(queue.get(), number);
            queue.task_done().unwrap();
        }
        queue.join();
        producer.join().unwrap();
    };
    events(
        "who_waited_goes_on",
        run,
        "spawn producer, recv q 0, done 1, recv q 1, done 1, recv q 2, done 1, await tasks of q, join producer
         producer: start, add 1, send q 0, add 1, send q 1, add 1, send q 2, exit",
    );
}

#[test]
fn a_scheduler_is_a_channel() {
    let run = || {
        let scheduler = named::scheduler("s");
        let moment = std::time::Instant::now();
        scheduler.enter_at(moment, 2, || ());
        scheduler.enter_at(moment, 1, || ());
        let doomed = scheduler.enter_at(moment, 3, || ());
        scheduler.cancel(doomed).unwrap();
        scheduler.cancel(doomed).unwrap_err();
        scheduler.run();
    };
    events(
        "a_scheduler_is_a_channel",
        run,
        "send s 0, send s 1, send s 2, recv s 2, recv s 1, recv s 0, try_recv_failed s",
    );
}

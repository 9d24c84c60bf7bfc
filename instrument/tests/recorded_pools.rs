//! What pools and timers write: each test runs itself again in a process that records, and reads the trace.
#![cfg(feature = "record")]

mod recording;

use std::sync::mpsc;
use std::time::Duration;

use lockhound::named;
use lockhound::sync::{Arc, Future, Mutex, OnceLock, Shared, ThreadPool};
use lockhound_trace::EventSource;
use recording::{events, events_of_hung, in_order, sites};

/// Keeps a thread of a pool busy until the sender is dropped.
fn occupy(pool: &ThreadPool) -> (mpsc::Sender<()>, Future<()>) {
    let ((release, released), (begin, begun)) = (mpsc::channel::<()>(), mpsc::channel());
    let first = pool.submit_named("first", move || {
        begin.send(()).unwrap();
        let _ = released.recv();
    });
    begun.recv().unwrap();
    (release, first)
}

#[test]
fn a_task_is_a_thread_and_the_pool_a_semaphore() {
    let run = || {
        static M: Mutex<u32> = named::mutex("m", 0);
        let pool = named::thread_pool("pool", 2);
        let sum = pool.submit(|| *M.lock().unwrap() + 1);
        assert_eq!(sum.result().unwrap(), 1);
        pool.submit_named("last", || *M.lock().unwrap() = 2).result().unwrap();
    };
    events(
        "a_task_is_a_thread_and_the_pool_a_semaphore",
        run,
        "send line of pool 0, spawn task 1 of pool, join task 1 of pool, send line of pool 1, spawn last, join last,
         join task 1 of pool, join last
         task 1 of pool: start, take pool 1, recv line of pool 0, acquire m, release m read, give pool 1, exit
         last: start, take pool 1, recv line of pool 1, acquire m, release m blind, give pool 1, exit",
    );
}

#[test]
fn a_cancelled_task_gives_up_its_wait() {
    let run = || {
        static TOLD: Mutex<()> = named::mutex("told", ());
        let pool = named::thread_pool("pool", 1);
        let (release, first) = occupy(&pool);
        let mut waiting = pool.submit_named("waiting", || unreachable!());
        waiting.add_done_callback(|_| drop(TOLD.lock()));
        assert!(waiting.cancel());
        assert!(waiting.result().is_err());
        let last = pool.submit_named("last", || ());
        drop(release);
        first.result().unwrap();
        last.result().unwrap();
        pool.shutdown();
    };
    events(
        "a_cancelled_task_gives_up_its_wait",
        run,
        "send line of pool 0, spawn first, send line of pool 1, spawn waiting, acquire told, release told none, join waiting,
         send line of pool 2, spawn last, join first, join last, join first, join waiting, join last
         first: start, take pool 1, recv line of pool 0, give pool 1, exit
         waiting: start, try_failed pool, exit
         last: start, take pool 1, recv line of pool 1, recv line of pool 2, give pool 1, exit",
    );
}

#[test]
fn a_task_knows_nothing_of_the_one_that_its_thread_ran_before() {
    let run = || {
        static ONCE: OnceLock<u32> = OnceLock::new();
        ONCE.get_or_init(|| 1);
        let pool = named::thread_pool("pool", 1);
        pool.submit_named("a", || ONCE.get().zip(ONCE.get())).result().unwrap();
        pool.submit_named("b", || ONCE.get().zip(ONCE.get())).result().unwrap();
    };
    let Some(recorded) = in_order("a_task_knows_nothing_of_the_one_that_its_thread_ran_before", run) else { return };
    let awaits = recorded.iter().filter(|event| event.what.starts_with("await "));
    assert_eq!(awaits.map(|event| event.thread.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn callbacks_and_what_is_dropped_are_the_tasks() {
    struct Locks(&'static Mutex<u32>);
    impl Drop for Locks {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    let run = || {
        static RESULT: Mutex<u32> = named::mutex("result", 0);
        static CAPTURE: Mutex<u32> = named::mutex("capture", 0);
        static CALLBACK: Mutex<u32> = named::mutex("callback", 0);
        let pool = named::thread_pool("pool", 1);
        let (release, _first) = occupy(&pool);
        let capture = Locks(&CAPTURE);
        let mut task = pool.submit_named("task", move || {
            drop(capture);
            Locks(&RESULT)
        });
        task.add_done_callback(|_| drop(CALLBACK.lock()));
        drop((task, release));
    };
    let Some(recorded) = in_order("callbacks_and_what_is_dropped_are_the_tasks", run) else { return };
    let acquired = recorded.iter().filter(|event| event.what.starts_with("acquire ") && !event.what.contains("pool"));
    let acquired: Vec<_> = acquired.map(|event| (event.thread.as_str(), event.what.as_str())).collect();
    assert_eq!(acquired, [("task", "acquire capture"), ("task", "acquire callback"), ("task", "acquire result")]);
}

#[test]
fn a_task_that_panics_or_leaks_a_lock_leaves_nothing_to_the_next() {
    let run = || {
        static LEAKED: Mutex<u32> = named::mutex("leaked", 0);
        static OTHER: Mutex<u32> = named::mutex("other", 0);
        let pool = named::thread_pool("pool", 1);
        let leaks = || {
            std::mem::forget(LEAKED.lock());
            std::panic::resume_unwind(Box::new("no matter"))
        };
        assert!(pool.submit_named("leaks", leaks).result().is_err());
        pool.submit_named("next", || drop(OTHER.lock())).result().unwrap();
    };
    events(
        "a_task_that_panics_or_leaks_a_lock_leaves_nothing_to_the_next",
        run,
        "send line of pool 0, spawn leaks, join leaks, send line of pool 1, spawn next, join next, join leaks, join next
         leaks: start, take pool 1, recv line of pool 0, acquire leaked, give pool 1, exit
         next: start, take pool 1, recv line of pool 1, acquire other, release other none, give pool 1, exit",
    );
}

#[test]
fn a_task_that_waits_for_a_later_one_of_its_full_pool_is_seen_to_wait() {
    let run = || {
        let pool = Arc::new(named::thread_pool("pool", 1));
        let inner = Arc::clone(&pool);
        let outer = pool.submit_named("outer", move || inner.submit_named("inner", || ()).result().unwrap());
        outer.result().unwrap();
    };
    events_of_hung(
        "a_task_that_waits_for_a_later_one_of_its_full_pool_is_seen_to_wait",
        run,
        "send line of pool 0, spawn outer, block join outer
         outer: start, take pool 1, recv line of pool 0, send line of pool 1, spawn inner, block join inner
         inner: start, block take pool 1",
    );
}

#[test]
fn results_are_placed_where_they_are_asked_for() {
    let run = || {
        let pool = named::thread_pool("pool", 1);
        let task = pool.submit_named("task", || ());
        task.result().unwrap();
    };
    let Some(sites) = sites("results_are_placed_where_they_are_asked_for", run) else { return };
    let line_of = |what: &str| {
        let (_, site) = sites.iter().find(|(event, _)| event == what).expect(what);
        site.split(':').nth(1).expect("a line").parse::<u32>().expect("a number")
    };
    let pool = line_of("birth of semaphore1");
    let lines = ["birth of T1", "spawn task", "take pool 1", "join task"].map(line_of);
    assert_eq!(lines, [pool + 1, pool + 1, pool + 1, pool + 2]);
}

/// Tasks that submit tasks, are cancelled, lock and share: whatever happens is possible.
fn a_crowd() {
    let pool = Arc::new(ThreadPool::new(3));
    let (sum, shared) = (Arc::new(Mutex::new(0)), Arc::new(Shared::new(0)));
    let tasks: Vec<_> = (0..300)
        .map(|number| {
            let (sum, shared, inner) = (Arc::clone(&sum), Arc::clone(&shared), Arc::clone(&pool));
            pool.submit(move || {
                *sum.lock().unwrap() += 1;
                shared.set(shared.get() + 1);
                drop(inner.submit(move || *sum.lock().unwrap() += number));
            })
        })
        .collect();
    let cancelled = tasks.iter().rev().step_by(3).filter(|task| task.cancel()).count();
    let done = tasks.into_iter().filter_map(|task| task.result().ok()).count();
    assert_eq!(cancelled + done, 300);
    drop(pool);
}

#[test]
fn whatever_a_crowd_of_tasks_does_is_possible() {
    let Some(recorded) = in_order("whatever_a_crowd_of_tasks_does_is_possible", a_crowd) else { return };
    let count = |what: &str| recorded.iter().filter(|event| event.what.starts_with(what)).count();
    let tasks = count("spawn");
    assert_eq!((count("start"), count("exit")), (tasks, tasks));
    assert_eq!(count("take semaphore"), count("give semaphore"));
    assert_eq!(count("take semaphore") + count("try_failed"), tasks);
    assert!(recorded.iter().all(|event| event.thread.is_empty() || event.thread.starts_with("task ")));
}

#[test]
fn what_a_thread_of_a_pool_does_at_its_end_is_no_tasks() {
    struct Locks;
    impl Drop for Locks {
        fn drop(&mut self) {
            static M: Mutex<()> = named::mutex("m", ());
            drop(M.lock());
        }
    }
    thread_local!(static LOCAL: Locks = const { Locks });
    let run = || {
        let pool = named::thread_pool("pool", 1);
        pool.submit_named("a", || LOCAL.with(|_| ())).result().unwrap();
        pool.submit_named("b", || LOCAL.with(|_| ())).result().unwrap();
    };
    let Some(recorded) = in_order("what_a_thread_of_a_pool_does_at_its_end_is_no_tasks", run) else { return };
    let who: Vec<&str> =
        recorded.iter().filter(|event| event.what == "acquire m").map(|event| event.thread.as_str()).collect();
    assert!(matches!(who[..], [who] if !["", "a", "b"].contains(&who)), "{who:?}");
}

#[test]
fn a_timer_is_a_thread_and_its_cancellation_a_flag() {
    let run = || {
        static M: Mutex<u32> = named::mutex("m", 0);
        let hello = named::timer("hello", Duration::from_millis(1), || drop(M.lock()));
        hello.start();
        hello.join().unwrap();
        let never = named::timer("never", Duration::from_secs(3600), || unreachable!());
        never.start();
        assert!(never.cancel());
        never.join().unwrap();
        assert!(named::timer("unborn", Duration::ZERO, || ()).cancel());
    };
    events(
        "a_timer_is_a_thread_and_its_cancellation_a_flag",
        run,
        "spawn hello, join hello, spawn never, set never, join never, set unborn
         hello: start, acquire m, release m none, exit
         never: start, await never, exit",
    );
}

/// Submits many tasks, more than ever run at a time.
fn ten_thousand_tasks() {
    let pool = ThreadPool::new(2);
    let release = (occupy(&pool), occupy(&pool));
    for _ in 0..10_000 {
        drop(pool.submit(|| ()));
    }
    drop(release);
}

#[test]
fn a_task_takes_few_bytes() {
    let folder = recording::recorded("a_task_takes_few_bytes", ten_thousand_tasks);
    let Some(folder) = folder else { return };
    let trace = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    let bytes = trace.metadata().unwrap().len();
    println!("{} bytes a task", bytes / 10_000);
    // With what a window and its copies take beyond what was written.
    assert!(bytes < 10_000 * 300, "{bytes}");
}

#[test]
fn a_fork_in_a_task_is_another_process() {
    let run = || {
        let pool = ThreadPool::new(1);
        let forks = || {
            let m = Mutex::new(());
            drop(m.lock());
            // SAFETY: the child uses nothing that another thread of the parent may hold.
            let child = unsafe { libc::fork() };
            if child == 0 {
                drop(m.lock());
                // SAFETY: ends the child without the exit handlers and the clean-up, which are the parent's.
                unsafe { libc::_exit(0) };
            }
            let mut status = -1;
            // SAFETY: waits for the child just made.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0, "the child failed");
        };
        pool.submit(forks).result().unwrap();
        pool.submit(|| ()).result().unwrap();
    };
    let Some(folder) = recording::recorded_in("a_fork_in_a_task_is_another_process", "%p.lht", run) else { return };
    let mut counts = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mut events = lockhound_trace::open(&entry.unwrap().path(), None).unwrap();
        let mut count = 0;
        while events.next_event().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(events.gaps(), 0);
        counts.push(count);
    }
    counts.sort_unstable();
    assert_eq!(counts.len(), 2);
    assert_eq!(counts[0], 3, "start, acquire, release");
}

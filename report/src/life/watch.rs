//! Follows all threads through a trace, in one pass.

use std::collections::HashMap;

use lockhound_trace::{Event, EventIndex, EventSource, Mode, ObjectId, Op, ReadError, Request, Tables, ThreadId};

use super::course::{Course, Now};
use super::lives::{Ending, Lives, ThreadEvent, ThreadLife};
use super::supply::Supply;
use crate::build::{Scene, does, waits};
use crate::timeline::Life;

/// Tells the lives of the threads of a trace: new, ready, running, blocked, dead. Of each thread at most `limit` phases are
/// kept, the first and the last. Returns why the source could not be read to its end, too: then lives are told up to there.
///
/// * new: made and not started; told of threads that were made by [`Startable`] or declared, and started elsewhere;
/// * ready: started, and nothing done yet; or what it waits for is there, and it has not gone on;
/// * blocked: began to wait for what is not there;
/// * running: anything else. Whether it has a processor then, or sleeps, no trace tells;
/// * dead: its last event, or the process, is over.
///
/// Time: constant per event, times the threads that wait for what it is about. Memory: threads, objects, phases kept.
///
/// [`Startable`]: https://docs.rs/lockhound
pub fn lives<S: EventSource>(source: &mut S, limit: usize) -> (Lives, Option<ReadError>) {
    let mut watch = Watch { limit, ..Watch::default() };
    let error = loop {
        match source.next_event() {
            Ok(Some(event)) => watch.event(&event, source.tables()),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    (watch.finish(source.tables(), error.is_none()), error)
}

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Awaited {
    Object(ObjectId),
    End(ThreadId),
}

#[derive(Default, Debug)]
struct Watch {
    limit: usize,
    courses: Vec<Course>,
    supply: Supply,
    /// Who waits for what, or was about to go on.
    waiting: HashMap<Awaited, Vec<ThreadId>>,
    events: u64,
    last_time: Option<u64>,
    /// Threads of this trace say when they begin or end.
    explicit: bool,
}

/// What the others do while one waits.
struct Others<'a> {
    courses: &'a [Course],
    supply: &'a Supply,
}

impl Scene for Others<'_> {
    fn holders(&self, object: ObjectId) -> Vec<(ThreadId, Mode)> {
        let locks = self.supply.holders(object);
        if !locks.is_empty() {
            return locks;
        }
        let of = |(index, course): (usize, &Course)| {
            let held = course.state.holds.iter().find(|held| held.object == object)?;
            Some((ThreadId::from_index(index), held.mode))
        };
        self.courses.iter().enumerate().filter_map(of).collect()
    }

    fn requests(&self) -> Vec<(ThreadId, Request)> {
        let of = |(index, course): (usize, &Course)| Some((ThreadId::from_index(index), course.state.request?));
        self.courses.iter().enumerate().filter_map(of).collect()
    }
}

impl Watch {
    fn event(&mut self, event: &Event, tables: &Tables) {
        let (thread, now) = (event.thread, Now { event: self.events, time: event.time });
        self.events += 1;
        self.last_time = event.time;
        self.explicit |= matches!(event.op, Op::Start | Op::Exit);
        let course = self.course(thread);
        course.last = Some(now.event);
        let waited_for = course.state.request;
        course.enter(Life::Running, now, String::new);
        course.state.apply(EventIndex(now.event), &event.op);
        if let Some(on) = waited_for {
            self.forget(thread, &on);
        }
        self.supply.apply(thread, &event.op, tables);
        self.concerns_threads(event, now, tables);
        if let Some(on) = self.courses[thread.index()].state.request {
            for awaited in awaited(&on) {
                self.waiting.entry(awaited).or_default().push(thread);
            }
            // Whoever opens a barrier does not wait there.
            if !(matches!(event.op, Op::Arrive { .. }) && self.could_go_on(thread, &on)) {
                self.look(thread, &on, event, now, tables);
            }
        }
        let objects = changed(&event.op).into_iter().flatten().map(Awaited::Object);
        let end = match event.op {
            Op::Exit => Some(Awaited::End(thread)),
            Op::Join { child } => Some(Awaited::End(child)),
            _ => None,
        };
        for awaited in objects.chain(end) {
            self.look_after(awaited, event, now, tables);
        }
    }

    /// What one thread does to the life of another, or of itself.
    fn concerns_threads(&mut self, event: &Event, now: Now, tables: &Tables) {
        match event.op {
            Op::Spawn { child } => {
                let made = tables.thread(child).at.filter(|at| Some(*at) != event.site);
                let course = self.course(child);
                course.spawned = true;
                if let Some(at) = made {
                    course.was_made(format!("made at {}", tables.site(at)));
                }
                course.enter(Life::Ready, now, || deed(event, tables));
            }
            Op::Exit => {
                let course = self.course(event.thread);
                course.exited = Some(now.event);
                course.enter(Life::Finished, now, String::new);
            }
            Op::Join { child } => {
                let course = self.course(child);
                course.joined.get_or_insert((event.thread, now.event));
                course.enter(Life::Finished, now, || deed(event, tables));
            }
            Op::TryJoinFailed { child } => self.course(child).timed_out_joins += 1,
            _ => {}
        }
    }

    /// Looks again at all who wait for this.
    fn look_after(&mut self, awaited: Awaited, event: &Event, now: Now, tables: &Tables) {
        let Some(waiting) = self.waiting.get(&awaited) else { return };
        for waiter in waiting.clone() {
            if waiter != event.thread
                && let Some(on) = self.courses[waiter.index()].state.request
            {
                self.look(waiter, &on, event, now, tables);
            }
        }
    }

    /// Whether a thread that waits could go on now, after `event`.
    fn look(&mut self, thread: ThreadId, on: &Request, event: &Event, now: Now, tables: &Tables) {
        // Whoever was notified asks for the lock.
        let on = match *on {
            Request::Wait { condvar, lock } if self.supply.is_notified(thread, condvar) => {
                Request::Wake { condvar, lock }
            }
            on => on,
        };
        // Who says that it has to wait does, though the order of the trace may have what it waits for come before that.
        let ready = event.thread != thread && self.could_go_on(thread, &on);
        let state = if ready { Life::Ready } else { Life::Blocked };
        let course = &mut self.courses[thread.index()];
        if course.life() == Some(state) && course.asks == Some(on) {
            return;
        }
        course.asks = Some(on);
        let why = if !ready {
            let scene = Others { courses: &self.courses, supply: &self.supply };
            reason(thread, &on, tables, &scene)
        } else {
            deed(event, tables)
        };
        self.courses[thread.index()].enter_anew(state, now, why);
    }

    fn could_go_on(&self, thread: ThreadId, on: &Request) -> bool {
        match *on {
            Request::Join { child } => {
                self.courses.get(child.index()).is_some_and(|course| course.life() == Some(Life::Finished))
            }
            _ => self.supply.has(thread, on),
        }
    }

    fn forget(&mut self, thread: ThreadId, on: &Request) {
        for awaited in awaited(on) {
            if let Some(waiting) = self.waiting.get_mut(&awaited) {
                waiting.retain(|&waiter| waiter != thread);
            }
        }
    }

    fn course(&mut self, thread: ThreadId) -> &mut Course {
        while self.courses.len() <= thread.index() {
            self.courses.push(Course::new(self.limit));
        }
        &mut self.courses[thread.index()]
    }

    /// `whole`: the trace was read to its end.
    fn finish(mut self, tables: &Tables, whole: bool) -> Lives {
        let end = Now { event: self.events, time: self.last_time };
        while self.courses.len() < tables.threads().len() {
            self.courses.push(Course::new(self.limit));
        }
        let main = self.end_of_process(tables);
        let implied = whole && !self.explicit && !self.is_cut_short();
        let told = |(index, mut course): (usize, Course)| {
            let thread = ThreadId::from_index(index);
            let name = tables.thread_label(thread).to_owned();
            if course.life().is_none() {
                course.was_made(
                    tables.thread(thread).at.map_or_else(String::new, |at| format!("made at {}", tables.site(at))),
                );
            }
            let end_of_it = ending(&course, implied, main.as_ref());
            match &end_of_it {
                Ending::Implied { .. } => course.enter(Life::Finished, end, String::new),
                Ending::CutOff { by, .. } => course
                    .enter(Life::Finished, end, || format!("cut off: `{}` ended, and the process with it", by.thread)),
                _ => {}
            }
            course.finish(end);
            let joined =
                course.joined.map(|(by, event)| ThreadEvent { thread: tables.thread_label(by).to_owned(), event });
            let timed_out_joins = course.timed_out_joins;
            let (phases, left_out, counts) = course.into_phases().finish();
            let id = tables.thread(thread).id.clone();
            ThreadLife { id, name, counts, phases, left_out, timed_out_joins, joined, end: end_of_it }
        };
        Lives { events: self.events, threads: self.courses.into_iter().enumerate().map(told).collect() }
    }

    /// The end of the process, if it is seen: those that nobody spawned (the main thread, above all) have said that they
    /// ended, and the last of them ended the process.
    fn end_of_process(&self, tables: &Tables) -> Option<ThreadEvent> {
        let roots = self.courses.iter().enumerate().filter(|(_, course)| course.last.is_some() && !course.spawned);
        let ends: Option<Vec<(u64, usize)>> = roots.map(|(index, course)| Some((course.exited?, index))).collect();
        let (event, index) = ends?.into_iter().max()?;
        Some(ThreadEvent { thread: tables.thread_label(ThreadId::from_index(index)).to_owned(), event })
    }

    /// Whether somebody waits for the end of a thread that could still go on: had it ended, the join would have returned.
    fn is_cut_short(&self) -> bool {
        self.courses.iter().any(|course| match course.state.request {
            Some(Request::Join { child }) => {
                self.courses.get(child.index()).is_none_or(|child| child.state.request.is_none())
            }
            _ => false,
        })
    }
}

fn ending(course: &Course, implied: bool, main: Option<&ThreadEvent>) -> Ending {
    match (course.exited, course.last, course.life()) {
        (Some(event), ..) => Ending::Exited { event },
        (None, last, Some(Life::Finished)) => Ending::Implied { event: last.unwrap_or_default() },
        (None, _, Some(Life::New)) => Ending::NotStarted,
        (None, last, life) => match main {
            Some(by) => Ending::CutOff { by: by.clone(), state: life.unwrap_or(Life::Running) },
            None if life == Some(Life::Blocked) => Ending::Blocked,
            None => match last.filter(|_| implied && course.state.request.is_none()) {
                Some(event) => Ending::Implied { event },
                None => Ending::Running,
            },
        },
    }
}

/// "`甲` releases `balance`"
fn deed(event: &Event, tables: &Tables) -> String {
    format!("`{}` {}", tables.thread_label(event.thread), does(&event.op, tables))
}

/// "on `balance`, which `乙` holds"
fn reason<S: Scene>(thread: ThreadId, on: &Request, tables: &Tables, scene: &S) -> String {
    let what = waits(thread, on, tables, scene);
    match on {
        Request::Acquire { .. } | Request::AcquirePermits { .. } | Request::Wake { .. } => format!("on {what}"),
        _ => format!("waits for {what}"),
    }
}

/// Where to look for what would end the wait.
fn awaited(on: &Request) -> impl Iterator<Item = Awaited> + use<> {
    let end = match on {
        Request::Join { child } => Some(Awaited::End(*child)),
        _ => None,
    };
    let lock = match on {
        Request::Wait { lock, .. } | Request::Wake { lock, .. } => Some(Awaited::Object(*lock)),
        _ => None,
    };
    end.into_iter().chain(lock).chain(on.object().map(Awaited::Object).filter(move |object| Some(*object) != lock))
}

/// The objects that the operation changes, in a way that those who wait for them notice.
fn changed(op: &Op) -> [Option<ObjectId>; 2] {
    match *op {
        Op::Wait { condvar, lock, .. }
        | Op::Wake { condvar, lock, .. }
        | Op::Block { on: Request::Wait { condvar, lock } } => [Some(condvar), Some(lock)],
        Op::Block { .. } | Op::Read { .. } | Op::Write { .. } | Op::Load { .. } | Op::Store { .. } | Op::Rmw { .. } => {
            [None, None]
        }
        _ => [op.object(), None],
    }
}

//! Everything that is known of threads and objects at one moment of the trace.

use super::barrier::Barrier;
use super::channel::Channel;
use super::condvar::Condvar;
use super::counters::{Flag, Once, Semaphore, Waitgroup};
use super::lock::{Mutex, RwLock};
use super::step::{Step, Verdict};
use super::thread::{Thread, Waiting};
use crate::event::Event;
use crate::ids::{ObjectId, ThreadId};
use crate::objects::ObjectKind;
use crate::op::{Mode, Op, Request};
use crate::read::source::Place;
use crate::read::tables::Tables;

#[derive(Clone, Debug)]
enum Object {
    Mutex(Mutex),
    RwLock(RwLock),
    Condvar(Box<Condvar>),
    Semaphore(Semaphore),
    Barrier(Barrier),
    Channel(Box<Channel>),
    Flag(Flag),
    Waitgroup(Waitgroup),
    Once(Once),
    Memory,
}

impl Object {
    fn new(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Mutex { reentrant } => Self::Mutex(Mutex::new(reentrant)),
            ObjectKind::RwLock { .. } => Self::RwLock(RwLock::default()),
            ObjectKind::Condvar => Self::Condvar(Box::default()),
            ObjectKind::Semaphore { permits, bound } => Self::Semaphore(Semaphore { permits: permits.into(), bound }),
            ObjectKind::Barrier { parties } => Self::Barrier(Barrier::new(parties)),
            ObjectKind::Channel { capacity } => Self::Channel(Box::new(Channel::new(capacity))),
            ObjectKind::Flag { set } => Self::Flag(Flag { set }),
            ObjectKind::Waitgroup { count } => Self::Waitgroup(Waitgroup { count: count.into() }),
            ObjectKind::Once => Self::Once(Once::default()),
            ObjectKind::Var | ObjectKind::Atomic => Self::Memory,
        }
    }
}

/// All threads and objects, by the index of their ids.
#[derive(Debug, Default)]
pub(super) struct State {
    threads: Vec<Thread>,
    objects: Vec<Object>,
    sequence: u64,
}

impl State {
    /// Carries out `event`, or says why it is impossible; after that the state is of no use any more. All its threads and
    /// objects have been made by [`State::grow`].
    #[inline]
    pub(super) fn step(&mut self, tables: &Tables, event: &Event, place: Place) -> Verdict {
        self.sequence += 1;
        if self.step_undisturbed(event, place) { Ok(()) } else { self.step_any(tables, event, place) }
    }

    /// Carries out the most frequent events where nothing speaks against them. Otherwise does nothing, and gives `false`.
    #[inline]
    fn step_undisturbed(&mut self, event: &Event, place: Place) -> bool {
        let (id, sequence) = (event.thread, self.sequence);
        let Some(thread) = self.threads.get_mut(id.index()).filter(|thread| thread.is_undisturbed()) else {
            return false;
        };
        let done = match event.op {
            Op::Acquire { lock, mode, .. } => match self.objects.get_mut(lock.index()) {
                Some(Object::Mutex(mutex)) => mode == Mode::Write && mutex.acquire_free(id, place),
                Some(Object::RwLock(rwlock)) => rwlock.acquire_free(id, thread, lock, mode, place),
                _ => false,
            },
            Op::Release { lock, mode, .. } => match self.objects.get_mut(lock.index()) {
                Some(Object::Mutex(mutex)) => mode == Mode::Write && mutex.release_only(id),
                Some(Object::RwLock(rwlock)) => rwlock.give_back(id, thread, lock, mode),
                _ => false,
            },
            Op::Read { var: object, .. }
            | Op::Write { var: object, .. }
            | Op::Load { atomic: object, .. }
            | Op::Store { atomic: object, .. }
            | Op::Rmw { atomic: object, .. } => matches!(self.objects.get(object.index()), Some(Object::Memory)),
            _ => false,
        };
        if done {
            thread.last_step = sequence;
        }
        done
    }

    fn step_any(&mut self, tables: &Tables, event: &Event, place: Place) -> Verdict {
        let step = Step { tables, thread: event.thread, place, sequence: self.sequence };
        let Self { threads, objects, .. } = self;
        let thread = &mut threads[event.thread.index()];
        let last_step = thread.last_step;
        thread.act(&step, &event.op, |on| may_end_unseen(objects, on))?;
        self.perform(&step, &event.op, last_step)
    }

    /// Takes up the threads and objects that are new.
    pub(super) fn grow(&mut self, tables: &Tables) {
        if self.threads.len() < tables.threads().len() {
            self.threads.resize_with(tables.threads().len(), Thread::default);
        }
        if self.objects.len() < tables.objects().len() {
            let new = &tables.objects()[self.objects.len()..];
            self.objects.extend(new.iter().map(|object| Object::new(object.kind)));
        }
    }

    fn perform(&mut self, step: &Step<'_>, op: &Op, last_step: u64) -> Verdict {
        match *op {
            Op::Start | Op::Exit | Op::TryJoinFailed { .. } => Ok(()),
            Op::Spawn { child } => self.threads[child.index()].spawn(step, child),
            Op::Join { child } => self.join(step, child),
            Op::Block { on } => self.block(step, on),
            Op::Begin { .. } => {
                self.thread(step).begin();
                Ok(())
            }
            Op::End { .. } => self.thread(step).end(step),
            Op::Acquire { lock, mode, .. } => self.acquire(step, lock, mode, 1),
            Op::Release { lock, mode, .. } => self.release(step, lock, mode),
            Op::Wait { condvar, lock, .. } => self.wait(step, condvar, lock),
            Op::Wake { condvar, lock, .. } => self.wake(step, condvar, lock, op),
            _ => self.at_object(step, op, last_step),
        }
    }

    /// The operations that concern one object and nothing else.
    fn at_object(&mut self, step: &Step<'_>, op: &Op, last_step: u64) -> Verdict {
        let Some(id) = op.object() else { return Ok(()) };
        let Self { threads, objects, .. } = self;
        let all_threads = threads.len();
        let thread = &mut threads[step.thread.index()];
        match (*op, &mut objects[id.index()]) {
            (Op::TryFailed { mode, .. }, Object::Mutex(_) | Object::Semaphore(_)) if mode != Mode::Write => {
                step.wrong_mode("try_failed", mode, id)
            }
            (Op::TryFailed { .. }, Object::Mutex(_) | Object::RwLock(_) | Object::Semaphore(_))
            | (Op::TrySendFailed { .. } | Op::TryRecvFailed { .. }, Object::Channel(_))
            | (
                Op::Read { .. } | Op::Write { .. } | Op::Load { .. } | Op::Store { .. } | Op::Rmw { .. },
                Object::Memory,
            ) => Ok(()),
            (Op::Notify { .. }, Object::Condvar(condvar)) => {
                condvar.notify();
                Ok(())
            }
            (Op::NotifyAll { .. }, Object::Condvar(condvar)) => {
                condvar.notify_all();
                Ok(())
            }
            (Op::AcquirePermits { n, .. }, Object::Semaphore(semaphore)) => semaphore.acquire(step, id, n),
            (Op::ReleasePermits { n, .. }, Object::Semaphore(semaphore)) => semaphore.release(step, id, n),
            (Op::Arrive { .. }, Object::Barrier(barrier)) => barrier.arrive(step, thread, id),
            (Op::Pass { .. }, Object::Barrier(barrier)) => barrier.pass(step, thread, id),
            (Op::Send { message, .. }, Object::Channel(channel)) => {
                channel.send(step, id, message, last_step, all_threads)
            }
            (Op::Recv { message, .. }, Object::Channel(channel)) => {
                channel.recv(step, id, message, last_step, all_threads)
            }
            (Op::RecvClosed { .. }, Object::Channel(channel)) => channel.recv_closed(step, id),
            (Op::Close { .. }, Object::Channel(channel)) => {
                channel.close(step.place);
                Ok(())
            }
            (Op::Set { .. }, Object::Flag(flag)) => {
                flag.set = true;
                Ok(())
            }
            (Op::Clear { .. }, Object::Flag(flag)) => {
                flag.set = false;
                Ok(())
            }
            (Op::Await { .. }, Object::Flag(flag)) => flag.awaited(step, id),
            (Op::Await { .. }, Object::Waitgroup(waitgroup)) => waitgroup.awaited(step, id),
            (Op::Await { .. }, Object::Once(once)) => once.awaited(step, id),
            (Op::Add { n, .. }, Object::Waitgroup(waitgroup)) => {
                waitgroup.add(n);
                Ok(())
            }
            (Op::Done { n, .. }, Object::Waitgroup(waitgroup)) => waitgroup.done(step, id, n),
            (Op::OnceBegin { .. }, Object::Once(once)) => once.begin(step, id),
            (Op::OnceEnd { .. }, Object::Once(once)) => once.end(step, id),
            _ => step.mismatch(op.name(), id),
        }
    }

    fn thread(&mut self, step: &Step<'_>) -> &mut Thread {
        &mut self.threads[step.thread.index()]
    }

    fn join(&mut self, step: &Step<'_>, child: ThreadId) -> Verdict {
        if child == step.thread {
            return Err(format!("{} joins itself", step.who()));
        }
        let Self { threads, objects, .. } = self;
        threads[child.index()].joined(step, child, |on| may_end_unseen(objects, on))
    }

    /// Only a `wait` changes anything by not being complete: it has given its lock back.
    fn block(&mut self, step: &Step<'_>, on: Request) -> Verdict {
        match on {
            Request::Wait { condvar, lock } => self.wait(step, condvar, lock),
            Request::Wake { condvar, lock } => self.thread(step).waiting_at(step, condvar, lock).map(drop),
            Request::Join { .. } => Ok(()),
            _ => self.can_block(step, on),
        }
    }

    fn can_block(&self, step: &Step<'_>, on: Request) -> Verdict {
        let Some(id) = on.object() else { return Ok(()) };
        match (on, &self.objects[id.index()]) {
            (Request::Acquire { mode, .. }, Object::Mutex(_)) if mode != Mode::Write => {
                step.wrong_mode("acquire", mode, id)
            }
            (Request::Acquire { .. }, Object::Mutex(_) | Object::RwLock(_))
            | (Request::AcquirePermits { .. }, Object::Semaphore(_))
            | (Request::Pass { .. }, Object::Barrier(_))
            | (Request::Send { .. } | Request::Recv { .. }, Object::Channel(_))
            | (Request::Await { .. }, Object::Flag(_) | Object::Waitgroup(_) | Object::Once(_)) => Ok(()),
            _ => step.mismatch(on.name(), id),
        }
    }

    fn acquire(&mut self, step: &Step<'_>, lock: ObjectId, mode: Mode, depth: u32) -> Verdict {
        match &mut self.objects[lock.index()] {
            Object::Mutex(_) if mode != Mode::Write => step.wrong_mode("acquire", mode, lock),
            Object::Mutex(mutex) if depth == 1 => mutex.acquire(step, lock),
            Object::Mutex(mutex) => mutex.take(step, lock, depth),
            Object::RwLock(rwlock) => rwlock.acquire(step, &mut self.threads, lock, mode),
            _ => step.mismatch("acquire", lock),
        }
    }

    fn release(&mut self, step: &Step<'_>, lock: ObjectId, mode: Mode) -> Verdict {
        match &mut self.objects[lock.index()] {
            Object::Mutex(_) if mode != Mode::Write => step.wrong_mode("release", mode, lock),
            Object::Mutex(mutex) => mutex.release(step, lock),
            Object::RwLock(rwlock) => rwlock.release(step, &mut self.threads, lock, mode),
            _ => step.mismatch("release", lock),
        }
    }

    fn wait(&mut self, step: &Step<'_>, condvar: ObjectId, lock: ObjectId) -> Verdict {
        // Late record of a wait whose `block` was recorded: it has begun there.
        if self.thread(step).waiting.is_some() {
            return Ok(());
        }
        let hold = match &mut self.objects[lock.index()] {
            Object::Mutex(mutex) => mutex.suspend(step, lock)?,
            Object::RwLock(rwlock) => rwlock.suspend(step, &mut self.threads, lock)?,
            _ => return step.mismatch("wait", lock),
        };
        let Object::Condvar(state) = &mut self.objects[condvar.index()] else {
            return step.mismatch("wait", condvar);
        };
        let ticket = state.wait();
        self.thread(step).waiting = Some(Waiting { condvar, lock, hold, ticket, since: step.place });
        Ok(())
    }

    fn wake(&mut self, step: &Step<'_>, condvar: ObjectId, lock: ObjectId, op: &Op) -> Verdict {
        let waiting = self.thread(step).waiting_at(step, condvar, lock)?;
        let (Op::Wake { by, .. }, Object::Condvar(state)) = (op, &mut self.objects[condvar.index()]) else {
            return step.mismatch("wake", condvar);
        };
        state.wake(step, &waiting, *by)?;
        self.thread(step).waiting = None;
        self.acquire(step, lock, waiting.hold.mode, waiting.hold.depth)
    }
}

/// Whether what a thread is blocked on may end without an event that says so, so that anything may come next:
/// * a `send`, once the channel is closed: it fails;
/// * an `await` of a flag, at any time: the wait may give up, which has no event of its own. A parked thread does so
///   when it returns spuriously or was unparked through a handle that the recorder does not see: no token was recorded,
///   so the recorder, which must not say `await` of a flag that is not set, says nothing.
///
/// Wait groups and once-initialisers have no wait that gives up.
fn may_end_unseen(objects: &[Object], on: &Request) -> bool {
    match *on {
        Request::Send { channel } => {
            matches!(&objects[channel.index()], Object::Channel(channel) if channel.is_closed())
        }
        Request::Await { object } => matches!(objects[object.index()], Object::Flag(_)),
        _ => false,
    }
}

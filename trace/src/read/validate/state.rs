//! Everything that is known of threads and objects at one moment of the trace.

use super::barrier::Barrier;
use super::channel::Channel;
use super::condvar::Condvar;
use super::counters::{Flag, Once, Semaphore, Waitgroup};
use super::lock::{Mutex, RwLock};
use super::step::{Effect, Step, Verdict};
use super::thread::{Thread, Waiting};
use crate::event::Event;
use crate::ids::{MessageId, ObjectId, ThreadId};
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
            ObjectKind::Channel { capacity, order } => Self::Channel(Box::new(Channel::new(capacity, order))),
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
    /// Carries out the most frequent events where nothing speaks against them. Otherwise does nothing, and gives `false`:
    /// then the event is one for [`State::step_any`]. All threads and objects have been made by [`State::grow`].
    #[inline]
    pub(super) fn step_undisturbed(&mut self, event: &Event, place: Place) -> bool {
        self.sequence += 1;
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

    /// Carries out `event`, unless it is refused, or says why it is impossible; after that the state is of no use any more.
    #[inline(never)]
    pub(super) fn step_any(&mut self, tables: &Tables, event: &Event, place: Place) -> Verdict<Effect> {
        let step = Step { tables, thread: event.thread, place, sequence: self.sequence };
        let Self { threads, objects, .. } = self;
        let thread = &mut threads[event.thread.index()];
        let last_step = thread.last_step;
        // Who validates what was validated comes to the same result.
        let op = event.op.asked();
        thread.act(&step, &op, |on| may_end_unseen(objects, on))?;
        self.perform(&step, &op, last_step)
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

    fn perform(&mut self, step: &Step<'_>, op: &Op, last_step: u64) -> Verdict<Effect> {
        match *op {
            Op::Spawn { child } => self.threads[child.index()].spawn(step, child),
            Op::Release { lock, mode, .. } => self.release(step, lock, mode),
            Op::Wait { condvar, lock, .. } => self.wait(step, condvar, lock),
            Op::ReleasePermits { semaphore, n } => self.release_permits(step, semaphore, n),
            Op::Send { channel, message } => self.send(step, channel, message, last_step),
            Op::Done { waitgroup, n } => self.count_down(step, waitgroup, n),
            _ => self.perform_unrefused(step, op, last_step).map(|()| Effect::Done),
        }
    }

    /// What no object refuses: it is done, or impossible.
    fn perform_unrefused(&mut self, step: &Step<'_>, op: &Op, last_step: u64) -> Verdict {
        match *op {
            Op::Start | Op::Exit | Op::TryJoinFailed { .. } => Ok(()),
            Op::Join { child } => self.join(step, child),
            Op::Block { on } => self.block(step, on),
            Op::Begin { .. } => {
                self.thread(step).begin();
                Ok(())
            }
            Op::End { .. } => self.thread(step).end(step),
            Op::Acquire { lock, mode, .. } => self.acquire(step, lock, mode, 1),
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
            (Op::Arrive { .. }, Object::Barrier(barrier)) => barrier.arrive(step, thread, id),
            (Op::Pass { .. }, Object::Barrier(barrier)) => barrier.pass(step, thread, id),
            (Op::Recv { message, .. }, Object::Channel(channel)) => {
                channel.recv(step, id, message, last_step, all_threads)
            }
            (Op::RecvClosed { .. }, Object::Channel(channel)) => channel.recv_closed(step, id),
            (Op::Close { .. }, Object::Channel(channel)) => {
                channel.close();
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
            Request::Wait { condvar, lock } => match self.wait(step, condvar, lock)? {
                Effect::Done => Ok(()),
                // Who is refused does not wait.
                Effect::Refused => {
                    let (who, condvar, lock) = (step.who(), step.object(condvar), step.object(lock));
                    Err(format!("{who} is blocked at {condvar} with {lock}, which it does not hold"))
                }
            },
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

    fn release(&mut self, step: &Step<'_>, lock: ObjectId, mode: Mode) -> Verdict<Effect> {
        let thread = &mut self.threads[step.thread.index()];
        match &mut self.objects[lock.index()] {
            Object::Mutex(_) if mode != Mode::Write => step.wrong_mode("release", mode, lock),
            Object::Mutex(mutex) => Ok(mutex.release(step.thread)),
            Object::RwLock(rwlock) => Ok(Effect::done_if(rwlock.give_back(step.thread, thread, lock, mode))),
            _ => step.mismatch("release", lock),
        }
    }

    fn wait(&mut self, step: &Step<'_>, condvar: ObjectId, lock: ObjectId) -> Verdict<Effect> {
        let thread = &mut self.threads[step.thread.index()];
        // Late record of a wait whose `block` was recorded: it has begun there.
        if thread.waiting.is_some() {
            return Ok(Effect::Done);
        }
        let hold = match &mut self.objects[lock.index()] {
            Object::Mutex(mutex) => mutex.suspend(step.thread),
            Object::RwLock(rwlock) => rwlock.suspend(step.thread, thread, lock),
            _ => return step.mismatch("wait", lock),
        };
        let Object::Condvar(state) = &mut self.objects[condvar.index()] else {
            return step.mismatch("wait", condvar);
        };
        let Some(hold) = hold else { return Ok(Effect::Refused) };
        thread.waiting = Some(Waiting { condvar, lock, hold, ticket: state.wait(), since: step.place });
        Ok(Effect::Done)
    }

    fn release_permits(&mut self, step: &Step<'_>, semaphore: ObjectId, n: u32) -> Verdict<Effect> {
        match &mut self.objects[semaphore.index()] {
            Object::Semaphore(state) => Ok(state.release(n)),
            _ => step.mismatch("release", semaphore),
        }
    }

    /// `last_step` is the number of the thread's event before this one.
    fn send(
        &mut self,
        step: &Step<'_>,
        channel: ObjectId,
        message: Option<MessageId>,
        last_step: u64,
    ) -> Verdict<Effect> {
        let threads = self.threads.len();
        match &mut self.objects[channel.index()] {
            Object::Channel(state) => state.send(step, channel, message, last_step, threads),
            _ => step.mismatch("send", channel),
        }
    }

    fn count_down(&mut self, step: &Step<'_>, waitgroup: ObjectId, n: u32) -> Verdict<Effect> {
        match &mut self.objects[waitgroup.index()] {
            Object::Waitgroup(state) => Ok(state.done(n)),
            _ => step.mismatch("done", waitgroup),
        }
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

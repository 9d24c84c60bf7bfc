//! One record: is it ready, what does it say.

use super::decode::{Head, Malformed, Operands};
use super::directory::Directory;
use super::encode::ObjectDefinition;
use super::format::{
    ACQUIRES, RELEASES, code, define, how_numbered, is_release, message, mode_numbered, order_numbered, other,
    reason_numbered, request, value, wait_detailed,
};
use super::stream::{Ahead, Stream};
use crate::event::Event;
use crate::ids::{MessageId, ObjectId};
use crate::op::{How, Mode, Op, Request, Value};
use crate::read::{Batch, Merge, Milestone, Place, Tables};

/// Everything but the streams.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) merge: Merge,
    pub(super) directory: Directory,
    pub(super) tables: Tables,
    /// Whether the file is one stream in observed order: threads then wait for nothing.
    pub(super) merged: bool,
    /// Whether such a file has said that nothing more comes.
    pub(super) ended: bool,
    /// What the task asks for whose submission is the record being read.
    pub(super) submitted: Option<Request>,
}

/// An event that is ready, or nothing if its stream was parked.
type Ready = Result<Option<Op>, Malformed>;

impl Machine {
    /// Reads the record at the head of `stream`, which is the current one and has one. Its event is added to `batch`, unless
    /// the record only defines something, or its stream has to wait for another and was parked.
    pub(super) fn step(&mut self, stream: &mut Stream, batch: &mut Batch) -> Result<(), Malformed> {
        let head = Head::read(&stream.bytes, stream.at).ok_or(Malformed::CUT)?;
        if head.code > code::OTHER || head.code == 0 {
            return self.control(stream, head.code);
        }
        if head.end > stream.end {
            return Err(Malformed::CUT);
        }
        let mut end = head.end;
        let ready = match head.code {
            code::ACQUIRE..code::ACQUIRE_AFTER_READS => self.lock_event(head)?,
            _ => {
                let mut operands = stream.operands(head.end);
                let ready = self.rest(head, stream, &mut operands)?;
                end = operands.at();
                ready
            }
        };
        let Some(op) = ready else {
            if std::mem::take(&mut stream.drop_join) {
                stream.at = end;
            }
            return Ok(());
        };
        let site = stream.site(head.site)?;
        let place = Place::Offset(stream.offset());
        stream.at = end;
        let thread = match stream.thread_id {
            Some(id) => id,
            None if self.merged => return Err(Malformed("an event of no thread")),
            None => *stream.thread_id.insert(self.directory.thread(stream.thread, &mut self.tables)),
        };
        let Ahead { site: site_ahead, stack, time } = stream.ahead.take().unwrap_or_default();
        let event = Event { thread, op, site: site.or(site_ahead), stack, time };
        batch.push(event, place);
        if let (Some(on), Op::Spawn { child }) = (self.submitted.take(), op) {
            batch.push(Event { time, ..Event::new(child, Op::Start) }, place);
            batch.push(Event { thread: child, op: Op::Block { on }, ..event }, place);
        }
        Ok(())
    }

    /// Takes as many locks, unlocks and plain accesses from the head of `stream` as are ready and of which nothing is new or
    /// special, up to `enough` events in `batch`: most recordings consist of little else. Leaves all others to [`Machine::step`].
    #[inline]
    pub(super) fn usual_events(&mut self, stream: &mut Stream, batch: &mut Batch, enough: usize) {
        let (Some(thread), None) = (stream.thread_id, stream.ahead) else { return };
        while stream.at < stream.end && batch.len() < enough {
            let Some(head) = Head::of_usual(&stream.bytes, stream.at).filter(|head| head.end <= stream.end) else {
                break;
            };
            let (Some(object), Ok(site)) = (self.directory.known(head.subject), stream.site(head.site)) else { break };
            let mut operands = stream.operands(head.end);
            let Some(op) = self.usual_op(head, object, stream, &mut operands) else { break };
            let ready = match op {
                Op::Acquire { mode: Mode::Read, .. } => self.merge.has_come(head.subject, head.after),
                Op::Release { mode: Mode::Read, .. } => self.merge.release_read_from(head.subject, head.after),
                _ => self.merge.advance_from(head.subject, head.after),
            };
            if !ready {
                break;
            }
            batch.push(Event { site, ..Event::new(thread, op) }, Place::Offset(stream.offset()));
            stream.at = operands.at();
        }
    }

    /// What a head of [`Head::of_usual`] says; none if its operands are malformed.
    #[inline]
    fn usual_op(&mut self, head: Head, object: ObjectId, stream: &Stream, operands: &mut Operands<'_>) -> Option<Op> {
        if matches!(head.code, code::READ | code::WRITE) {
            return Some(plain_op(head.code, object, self.value(stream, operands).ok()?));
        }
        Some(lock_op(head.code, object))
    }

    /// Whether the head's object has come so far; parks the stream if not.
    #[inline]
    fn is_ready(&mut self, object: u32, after: u64) -> Result<bool, Malformed> {
        if after == 0 || self.merge.has_come(object, after) {
            return Ok(true);
        }
        self.directory.check_number(object)?;
        self.merge.park_on_version(object, after);
        Ok(false)
    }

    #[inline]
    fn object(&mut self, number: u32) -> Result<ObjectId, Malformed> {
        self.directory.object(number, &mut self.tables)
    }

    #[inline]
    fn lock_event(&mut self, head: Head) -> Ready {
        if !self.is_ready(head.subject, head.after)? {
            return Ok(None);
        }
        let op = lock_op(head.code, self.object(head.subject)?);
        match op {
            Op::Acquire { mode: Mode::Read, .. } => {}
            Op::Release { mode: Mode::Read, .. } => self.merge.release_read(head.subject),
            _ => self.merge.advance(head.subject),
        }
        Ok(Some(op))
    }

    /// The events that are not lock or unlock.
    fn rest(&mut self, head: Head, stream: &Stream, operands: &mut Operands<'_>) -> Ready {
        if head.code == code::OTHER {
            return self.rare(head, stream, operands);
        }
        if head.code < code::READ {
            return self.acquire_after_reads(head, operands.u64()?);
        }
        match head.code {
            code::READ | code::WRITE => self.plain_access(head, stream, operands),
            code::SEND | code::RECV => self.pass_message(head, stream, operands),
            _ => self.atomic_access(head, stream, operands),
        }
    }

    /// The head's object, if it has come so far; then a version of it is taken. Otherwise the stream was parked.
    #[inline]
    fn take_version(&mut self, head: Head) -> Result<Option<ObjectId>, Malformed> {
        if !self.is_ready(head.subject, head.after)? {
            return Ok(None);
        }
        let id = self.object(head.subject)?;
        self.merge.advance(head.subject);
        Ok(Some(id))
    }

    #[inline]
    fn plain_access(&mut self, head: Head, stream: &Stream, operands: &mut Operands<'_>) -> Ready {
        let value = self.value(stream, operands)?;
        Ok(self.take_version(head)?.map(|var| plain_op(head.code, var, value)))
    }

    fn atomic_access(&mut self, head: Head, stream: &Stream, operands: &mut Operands<'_>) -> Ready {
        let detail = operands.u8()?;
        let value = self.value(stream, operands)?;
        let (order, flag) = (order_numbered(detail & 0x7f), detail & 0x80 != 0);
        let order = order.ok_or(Malformed("an unknown memory order"))?;
        let Some(atomic) = self.take_version(head)? else { return Ok(None) };
        Ok(Some(match head.code {
            code::LOAD => Op::Load { atomic, order, value, failed_cas: flag },
            code::STORE => Op::Store { atomic, order, value },
            _ => Op::Rmw { atomic, order, value, cas: flag },
        }))
    }

    fn pass_message(&mut self, head: Head, stream: &Stream, operands: &mut Operands<'_>) -> Ready {
        let (kind, number) = (operands.u8()?, operands.u64()?);
        let message = self.message(stream, kind, number)?;
        let Some(channel) = self.take_version(head)? else { return Ok(None) };
        Ok(Some(if head.code == code::SEND { Op::Send { channel, message } } else { Op::Recv { channel, message } }))
    }

    fn acquire_after_reads(&mut self, head: Head, reads: u64) -> Ready {
        if !self.is_ready(head.subject, head.after)? {
            return Ok(None);
        }
        let lock = self.object(head.subject)?;
        if !self.merge.has_released(head.subject, reads) {
            self.merge.park_on_reads(head.subject, reads);
            return Ok(None);
        }
        let how = how_numbered(head.code - code::ACQUIRE_AFTER_READS).ok_or(Malformed("an unknown operation"))?;
        self.merge.advance(head.subject);
        Ok(Some(Op::Acquire { lock, mode: Mode::Write, how }))
    }

    fn value(&mut self, stream: &Stream, operands: &mut Operands<'_>) -> Result<Option<Value>, Malformed> {
        let (kind, bits) = operands.value()?;
        let unsigned = || i64::try_from(bits).map_or(Value::Big(bits), Value::Int);
        Ok(match kind {
            value::NONE => None,
            value::BOOL => Some(Value::Bool(bits != 0)),
            value::SIGNED => Some(Value::Int(bits as i64)),
            value::UNSIGNED | value::OPAQUE => Some(unsigned()),
            value::FLOAT => Some(Value::Float(f64::from_bits(bits))),
            value::TEXT => {
                let number = u32::try_from(bits).map_err(|_| Malformed("a text that was not defined"))?;
                stream.text_id(number, &mut self.tables)?.map(Value::Text)
            }
            _ => return Err(Malformed("an unknown kind of value")),
        })
    }

    fn message(&mut self, stream: &Stream, kind: u8, number: u64) -> Result<Option<MessageId>, Malformed> {
        match kind {
            message::NONE => Ok(None),
            message::NUMBER => Ok(Some(self.tables.message_numbered(number))),
            message::TEXT => {
                let undefined = Malformed("a text that was not defined");
                let text = u32::try_from(number).map_err(|_| undefined)?;
                let text = stream.text(text)?.ok_or(undefined)?;
                Ok(Some(self.tables.message_named(text)))
            }
            _ => Err(Malformed("an unknown way to name a message")),
        }
    }

    /// Definitions and what goes before an event.
    #[cold]
    fn control(&mut self, stream: &mut Stream, code: u8) -> Result<(), Malformed> {
        let after_code = stream.at + 1;
        stream.at = match code {
            code::DEFINE => self.define(stream)?,
            code::STACK => stream.read_stack(after_code, &mut self.tables)?,
            code::TIME => {
                let mut operands = stream.operands(after_code);
                let time = operands.u64()?;
                let end = operands.at();
                stream.ahead.get_or_insert_default().time = Some(time);
                end
            }
            code::SITE => {
                let mut operands = stream.operands(after_code);
                let number = operands.u32()?;
                let end = operands.at();
                stream.ahead.get_or_insert_default().site = stream.site(number)?;
                end
            }
            code::SWITCH => self.switch(stream, after_code)?,
            code::OBJECT => {
                let head = Head::read(&stream.bytes, stream.at).ok_or(Malformed::CUT)?;
                if head.end > stream.end {
                    return Err(Malformed::CUT);
                }
                let definition = stream.object(head.site, head.subject, head.after)?;
                self.define_object(&definition, stream)?;
                head.end
            }
            code::END if self.merged => {
                self.ended = true;
                after_code
            }
            0 => {
                stream.end_open_chunk()?;
                stream.at
            }
            _ => return Err(Malformed("an unknown operation")),
        };
        Ok(())
    }

    /// Gives where the record ends; where it begins, if the stream has to wait and was parked.
    fn switch(&mut self, stream: &mut Stream, after_code: usize) -> Result<usize, Malformed> {
        let mut operands = stream.operands(after_code);
        let number = operands.u32()?;
        let end = operands.at();
        if number == 0 && !self.merged {
            stream.switch(None);
            return Ok(end);
        }
        let thread = self.directory.thread_index(number);
        if self.merged {
            stream.switch(Some(thread));
            stream.thread_id = Some(self.directory.thread(thread, &mut self.tables));
        } else if self.merge.has_reached(thread, Milestone::Spawned) {
            stream.switch(Some(thread));
        } else {
            self.merge.park_on_thread(thread, Milestone::Spawned);
            return Ok(stream.at);
        }
        Ok(end)
    }

    fn define(&mut self, stream: &mut Stream) -> Result<usize, Malformed> {
        let mut operands = stream.operands(stream.at + 1);
        match operands.u8()? {
            define::THREAD => {
                let definition = operands.thread()?;
                let end = operands.at();
                self.directory.define_thread(&definition, stream, &mut self.tables)?;
                Ok(end)
            }
            define::OBJECT => {
                let definition = operands.object()?;
                let end = operands.at();
                self.define_object(&definition, stream)?;
                Ok(end)
            }
            what => {
                let at = operands.at();
                stream.define(what, at, &mut self.tables)
            }
        }
    }

    fn define_object(&mut self, definition: &ObjectDefinition, stream: &Stream) -> Result<(), Malformed> {
        self.directory.define_object(definition, stream, &mut self.tables)?;
        self.merge.declare(definition.number, definition.base, definition.base_reads);
        Ok(())
    }

    #[cold]
    fn rare(&mut self, head: Head, stream: &Stream, operands: &mut Operands<'_>) -> Ready {
        match operands.u8()? {
            other::TRY_JOIN_FAILED => {
                let index = self.directory.thread_index(head.subject);
                Ok(Some(Op::TryJoinFailed { child: self.directory.thread(index, &mut self.tables) }))
            }
            sub @ (other::SPAWN | other::SPAWN_AGAIN | other::START | other::EXIT | other::JOIN) => {
                Ok(self.thread_event(sub, head, stream))
            }
            other::BLOCK => self.block(head, operands),
            sub @ (other::WAIT | other::WAKE) => self.wait_or_wake(sub, head, operands),
            sub @ (other::BEGIN | other::END) => {
                let name = stream.text_id(head.subject, &mut self.tables)?;
                Ok(Some(if sub == other::BEGIN { Op::Begin { name } } else { Op::End { name } }))
            }
            other::TRY_FAILED => {
                let mode = mode_numbered(operands.u8()?).ok_or(Malformed("an unknown mode"))?;
                if !self.is_ready(head.subject, head.after)? {
                    return Ok(None);
                }
                Ok(Some(Op::TryFailed { object: self.object(head.subject)?, mode }))
            }
            other::SUBMIT => self.submit(head, operands),
            sub => self.simple(sub, head, operands),
        }
    }

    /// The first of the three events; of the others is said in `submitted`.
    fn submit(&mut self, head: Head, operands: &mut Operands<'_>) -> Ready {
        let task = operands.u32()?;
        if !self.is_ready(head.subject, head.after)? {
            return Ok(None);
        }
        let semaphore = self.object(head.subject)?;
        let index = self.directory.thread_index(task);
        if !self.merged {
            self.merge.reach(index, Milestone::Spawned);
        }
        self.submitted = Some(Request::AcquirePermits { semaphore, n: 1, how: How::Lock });
        Ok(Some(Op::Spawn { child: self.directory.thread(index, &mut self.tables) }))
    }

    fn thread_event(&mut self, sub: u8, head: Head, stream: &Stream) -> Option<Op> {
        match sub {
            other::START => {
                if head.subject != 0 && !self.merged && !self.merge.has_reached(stream.thread, Milestone::Spawned) {
                    self.merge.park_on_thread(stream.thread, Milestone::Spawned);
                    return None;
                }
                Some(Op::Start)
            }
            other::EXIT => {
                if !self.merged {
                    self.merge.reach(stream.thread, Milestone::Exited);
                }
                Some(Op::Exit)
            }
            _ => {
                let index = self.directory.thread_index(head.subject);
                if sub == other::SPAWN_AGAIN && !self.merged && !self.merge.has_reached(index, Milestone::Spawned) {
                    self.merge.park_on_thread(index, Milestone::Spawned);
                    return None;
                }
                if matches!(sub, other::SPAWN | other::SPAWN_AGAIN) {
                    if !self.merged {
                        self.merge.reach(index, Milestone::Spawned);
                    }
                    return Some(Op::Spawn { child: self.directory.thread(index, &mut self.tables) });
                }
                if stream.drop_join {
                    return None;
                }
                if !self.merged && !self.merge.has_reached(index, Milestone::Exited) {
                    self.merge.park_on_thread(index, Milestone::Exited);
                    return None;
                }
                Some(Op::Join { child: self.directory.thread(index, &mut self.tables) })
            }
        }
    }

    fn block(&mut self, head: Head, operands: &mut Operands<'_>) -> Ready {
        let request = operands.u8()?;
        let mode = mode_numbered(operands.u8()?).ok_or(Malformed("an unknown mode"))?;
        let how = how_numbered(operands.u8()?).ok_or(Malformed("an unknown way to ask"))?;
        let second = operands.u32()?;
        if request == request::JOIN {
            let index = self.directory.thread_index(head.subject);
            let child = self.directory.thread(index, &mut self.tables);
            return Ok(Some(Op::Block { on: Request::Join { child } }));
        }
        if !self.is_ready(head.subject, head.after)? {
            return Ok(None);
        }
        let object = self.object(head.subject)?;
        let on = match request {
            request::ACQUIRE => Request::Acquire { lock: object, mode, how },
            request::ACQUIRE_PERMITS => Request::AcquirePermits { semaphore: object, n: second, how },
            request::WAIT => Request::Wait { condvar: object, lock: self.object(second)? },
            request::WAKE => Request::Wake { condvar: object, lock: self.object(second)? },
            request::PASS => Request::Pass { barrier: object },
            request::SEND => Request::Send { channel: object },
            request::RECV => Request::Recv { channel: object },
            request::AWAIT => Request::Await { object },
            _ => return Err(Malformed("an unknown request")),
        };
        Ok(Some(Op::Block { on }))
    }

    /// The two events that take a version of two objects at once.
    fn wait_or_wake(&mut self, sub: u8, head: Head, operands: &mut Operands<'_>) -> Ready {
        let (lock_number, lock_after, detail) = (operands.u32()?, operands.u64()?, operands.u8()?);
        if !self.is_ready(head.subject, head.after)? || !self.is_ready(lock_number, lock_after)? {
            return Ok(None);
        }
        let condvar = self.object(head.subject)?;
        let lock = self.object(lock_number)?;
        let op = if sub == other::WAIT {
            let (touched, how) = wait_detailed(detail).ok_or(Malformed("an unknown touch or way to wait"))?;
            Op::Wait { condvar, lock, touched, how }
        } else {
            let by = reason_numbered(detail).ok_or(Malformed("an unknown reason to wake"))?;
            Op::Wake { condvar, lock, by }
        };
        self.merge.advance(head.subject);
        self.merge.advance(lock_number);
        Ok(Some(op))
    }

    /// Events that take one version of one object.
    fn simple(&mut self, sub: u8, head: Head, operands: &mut Operands<'_>) -> Ready {
        let counted = matches!(sub, other::ACQUIRE_PERMITS | other::RELEASE_PERMITS | other::ADD | other::DONE);
        let n = if counted { operands.u32()? } else { 0 };
        let how = match sub {
            other::ACQUIRE_PERMITS => how_numbered(operands.u8()?).ok_or(Malformed("an unknown way to ask"))?,
            _ => How::Lock,
        };
        if !(other::NOTIFY..=other::ONCE_END).contains(&sub) {
            return Err(Malformed("an unknown operation"));
        }
        Ok(self.take_version(head)?.map(|id| simple_op(sub, id, n, how)))
    }
}

#[inline]
fn lock_op(code: u8, lock: ObjectId) -> Op {
    if is_release(code) {
        let (mode, touched) = RELEASES[usize::from(code - code::RELEASE)];
        Op::Release { lock, mode, touched }
    } else {
        let (mode, how) = ACQUIRES[usize::from(code - code::ACQUIRE)];
        Op::Acquire { lock, mode, how }
    }
}

#[inline]
fn plain_op(code: u8, var: ObjectId, value: Option<Value>) -> Op {
    if code == code::READ { Op::Read { var, value } } else { Op::Write { var, value } }
}

fn simple_op(sub: u8, id: ObjectId, n: u32, how: How) -> Op {
    match sub {
        other::NOTIFY => Op::Notify { condvar: id },
        other::NOTIFY_ALL => Op::NotifyAll { condvar: id },
        other::ACQUIRE_PERMITS => Op::AcquirePermits { semaphore: id, n, how },
        other::RELEASE_PERMITS => Op::ReleasePermits { semaphore: id, n },
        other::ARRIVE => Op::Arrive { barrier: id },
        other::PASS => Op::Pass { barrier: id },
        other::RECV_CLOSED => Op::RecvClosed { channel: id },
        other::CLOSE => Op::Close { channel: id },
        other::TRY_SEND_FAILED => Op::TrySendFailed { channel: id },
        other::TRY_RECV_FAILED => Op::TryRecvFailed { channel: id },
        other::SET => Op::Set { flag: id },
        other::CLEAR => Op::Clear { flag: id },
        other::AWAIT => Op::Await { object: id },
        other::ADD => Op::Add { waitgroup: id, n },
        other::DONE => Op::Done { waitgroup: id, n },
        other::ONCE_BEGIN => Op::OnceBegin { once: id },
        _ => Op::OnceEnd { once: id },
    }
}

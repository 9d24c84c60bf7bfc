//! The keys of an event line as an [`Event`].

use super::fields::{Fields, Key, Problem, Raw};
use super::words::Word;
use crate::event::Event;
use crate::ids::{MessageId, ObjectId, SiteId, StackId, TextId, ThreadId};
use crate::objects::{ChannelOrder, ObjectKind, Policy};
use crate::op::{How, Mode, Op, Order, Request, Touched, Value, WakeReason};
use crate::read::tables::{Frame, Tables};

/// Reads the event that `fields` describe; threads and objects that nobody declared are added to `tables`.
pub(super) fn read(fields: &Fields<'_>, tables: &mut Tables) -> Result<Event, Problem> {
    let op = fields.text(Key::Op)?.ok_or_else(|| Problem::missing(Key::Op, "an event"))?;
    let thread = fields.required(Key::T, op)?;
    let mut operands = Operands { fields, tables, op };
    let thread = operands.tables.thread_named(thread);
    let op = operands.op()?;
    let site = operands.site()?;
    let stack = operands.stack()?;
    Ok(Event { thread, op, site, stack, time: fields.count(Key::Time)? })
}

/// What each operation may be done to.
#[derive(Clone, Copy)]
struct Accepts {
    what: &'static str,
    test: fn(&ObjectKind) -> bool,
}

impl Accepts {
    const LOCK: Self = Self { what: "a mutex or rwlock", test: ObjectKind::is_lock };
    const LOCK_OR_SEMAPHORE: Self = Self {
        what: "a mutex, rwlock or semaphore",
        test: |kind| kind.is_lock() || matches!(kind, ObjectKind::Semaphore { .. }),
    };
    const CONDVAR: Self = Self { what: "a condvar", test: |kind| matches!(kind, ObjectKind::Condvar) };
    const BARRIER: Self = Self { what: "a barrier", test: |kind| matches!(kind, ObjectKind::Barrier { .. }) };
    const CHANNEL: Self = Self { what: "a channel", test: |kind| matches!(kind, ObjectKind::Channel { .. }) };
    const FLAG: Self = Self { what: "a flag", test: |kind| matches!(kind, ObjectKind::Flag { .. }) };
    const WAITGROUP: Self = Self { what: "a waitgroup", test: |kind| matches!(kind, ObjectKind::Waitgroup { .. }) };
    const ONCE: Self = Self { what: "a once", test: |kind| matches!(kind, ObjectKind::Once) };
    const AWAITED: Self = Self {
        what: "a flag, waitgroup or once",
        test: |kind| matches!(kind, ObjectKind::Flag { .. } | ObjectKind::Waitgroup { .. } | ObjectKind::Once),
    };
    const MEMORY: Self =
        Self { what: "a var or atomic", test: |kind| matches!(kind, ObjectKind::Var | ObjectKind::Atomic) };
}

const MUTEX: ObjectKind = ObjectKind::Mutex { reentrant: false };
const RWLOCK: ObjectKind = ObjectKind::RwLock { policy: Policy::Writer };
const SEMAPHORE: ObjectKind = ObjectKind::Semaphore { permits: 0, bound: None };
const BARRIER: ObjectKind = ObjectKind::Barrier { parties: None };
const CHANNEL: ObjectKind = ObjectKind::Channel { capacity: None, order: ChannelOrder::Fifo };
const FLAG: ObjectKind = ObjectKind::Flag { set: false };
const WAITGROUP: ObjectKind = ObjectKind::Waitgroup { count: 0 };

struct Operands<'e, 'a> {
    fields: &'e Fields<'a>,
    tables: &'e mut Tables,
    /// The operation whose operands are read: that of the event, then, for `block`, the one it blocks on.
    op: &'e str,
}

impl Operands<'_, '_> {
    fn op(&mut self) -> Result<Op, Problem> {
        Ok(match self.op {
            "spawn" => Op::Spawn { child: self.child()? },
            "start" => Op::Start,
            "exit" => Op::Exit,
            "join" => Op::Join { child: self.child()? },
            "block" => self.block()?,
            "acquire" => self.acquire()?,
            "try_failed" => {
                let mode = self.mode()?;
                Op::TryFailed { object: self.lock_or_semaphore(mode)?, mode }
            }
            "release" => self.release()?,
            "wait" => {
                let (condvar, lock) = (self.condvar()?, self.paired_lock()?);
                Op::Wait { condvar, lock, touched: self.touched()?, how: self.how()? }
            }
            "wake" => Op::Wake { condvar: self.condvar()?, lock: self.paired_lock()?, by: self.by()? },
            "notify" => Op::Notify { condvar: self.condvar()? },
            "notify_all" => Op::NotifyAll { condvar: self.condvar()? },
            "arrive" => Op::Arrive { barrier: self.barrier()? },
            "pass" => Op::Pass { barrier: self.barrier()? },
            "send" => Op::Send { channel: self.channel()?, message: self.message()? },
            "recv" if self.fields.truth(Key::Closed)? == Some(true) => Op::RecvClosed { channel: self.channel()? },
            "recv" => Op::Recv { channel: self.channel()?, message: self.message()? },
            "close" => Op::Close { channel: self.channel()? },
            "try_send_failed" => Op::TrySendFailed { channel: self.channel()? },
            "try_recv_failed" => Op::TryRecvFailed { channel: self.channel()? },
            "set" => Op::Set { flag: self.flag()? },
            "clear" => Op::Clear { flag: self.flag()? },
            "await" => Op::Await { object: self.awaited()? },
            "add" => Op::Add { waitgroup: self.waitgroup()?, n: self.n()? },
            "done" => Op::Done { waitgroup: self.waitgroup()?, n: self.n()? },
            "once_begin" => Op::OnceBegin { once: self.once()? },
            "once_end" => Op::OnceEnd { once: self.once()? },
            "read" => Op::Read { var: self.memory(ObjectKind::Var)?, value: self.value()? },
            "write" => Op::Write { var: self.memory(ObjectKind::Var)?, value: self.value()? },
            "load" => self.load()?,
            "store" => {
                Op::Store { atomic: self.memory(ObjectKind::Atomic)?, order: self.order()?, value: self.value()? }
            }
            "rmw" => self.rmw()?,
            "begin" => Op::Begin { name: self.name()? },
            "end" => Op::End { name: self.name()? },
            unknown => return Err(Problem::at(Key::Op, format!("unknown operation `{unknown}`"))),
        })
    }

    fn block(&mut self) -> Result<Op, Problem> {
        self.op = self.fields.required(Key::On, "block")?;
        let on = match self.op {
            "acquire" => match self.acquire()? {
                Op::AcquirePermits { semaphore, n, how } => Request::AcquirePermits { semaphore, n, how },
                Op::Acquire { lock, mode, how } => Request::Acquire { lock, mode, how },
                _ => unreachable!("an acquire is of a lock or of permits"),
            },
            "join" => Request::Join { child: self.child()? },
            "wait" => Request::Wait { condvar: self.condvar()?, lock: self.paired_lock()? },
            "wake" => Request::Wake { condvar: self.condvar()?, lock: self.paired_lock()? },
            "pass" => Request::Pass { barrier: self.barrier()? },
            "send" => Request::Send { channel: self.channel()? },
            "recv" => Request::Recv { channel: self.channel()? },
            "await" => Request::Await { object: self.awaited()? },
            other => {
                let expected = "acquire, join, wait, wake, pass, send, recv or await";
                return Err(Problem::at(Key::On, format!("`{other}` cannot wait: expected {expected}")));
            }
        };
        Ok(Op::Block { on })
    }

    fn acquire(&mut self) -> Result<Op, Problem> {
        let mode = self.mode()?;
        let how = self.how()?;
        let object = self.lock_or_semaphore(mode)?;
        Ok(if self.is_semaphore(object) {
            Op::AcquirePermits { semaphore: object, n: self.n()?, how }
        } else {
            Op::Acquire { lock: object, mode, how }
        })
    }

    fn release(&mut self) -> Result<Op, Problem> {
        let mode = self.mode()?;
        let touched = self.touched()?;
        let object = self.lock_or_semaphore(mode)?;
        Ok(if self.is_semaphore(object) {
            Op::ReleasePermits { semaphore: object, n: self.n()? }
        } else {
            Op::Release { lock: object, mode, touched }
        })
    }

    fn load(&mut self) -> Result<Op, Problem> {
        let failed_cas = self.cas("cas_failed")?;
        let atomic = self.memory(ObjectKind::Atomic)?;
        Ok(Op::Load { atomic, order: self.order()?, value: self.value()?, failed_cas })
    }

    fn rmw(&mut self) -> Result<Op, Problem> {
        let cas = self.cas("cas")?;
        let atomic = self.memory(ObjectKind::Atomic)?;
        Ok(Op::Rmw { atomic, order: self.order()?, value: self.value()?, cas })
    }

    /// Whether `how` says `word`, the only thing it may say here.
    fn cas(&self, word: &str) -> Result<bool, Problem> {
        match self.fields.text(Key::How)? {
            None => Ok(false),
            Some(how) if how == word => Ok(true),
            Some(how) => {
                Err(Problem::at(Key::How, format!("unknown `how` `{how}`: `{}` may only say `{word}`", self.op)))
            }
        }
    }

    fn is_semaphore(&self, object: ObjectId) -> bool {
        matches!(self.tables.object(object).kind, ObjectKind::Semaphore { .. })
    }

    fn lock_or_semaphore(&mut self, mode: Mode) -> Result<ObjectId, Problem> {
        let implied = match mode {
            Mode::Write if self.fields.has(Key::N) => SEMAPHORE,
            Mode::Write => MUTEX,
            Mode::Read | Mode::Upgrade => RWLOCK,
        };
        let object = self.object(Key::Obj, implied, Accepts::LOCK_OR_SEMAPHORE)?;
        if mode != Mode::Write && !matches!(self.tables.object(object).kind, ObjectKind::RwLock { .. }) {
            let Some(word) = mode.word() else { unreachable!("every mode has a word") };
            let (id, kind) = self.describe(object);
            return Err(Problem::at(Key::Mode, format!("mode `{word}` is for rwlocks, but `{id}` is a {kind}")));
        }
        Ok(object)
    }

    fn describe(&self, object: ObjectId) -> (&str, &'static str) {
        let object = self.tables.object(object);
        (&object.id, object.kind.name())
    }

    fn paired_lock(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Lock, MUTEX, Accepts::LOCK)
    }

    fn condvar(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, ObjectKind::Condvar, Accepts::CONDVAR)
    }

    fn barrier(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, BARRIER, Accepts::BARRIER)
    }

    fn channel(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, CHANNEL, Accepts::CHANNEL)
    }

    fn flag(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, FLAG, Accepts::FLAG)
    }

    fn waitgroup(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, WAITGROUP, Accepts::WAITGROUP)
    }

    fn once(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, ObjectKind::Once, Accepts::ONCE)
    }

    fn awaited(&mut self) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, FLAG, Accepts::AWAITED)
    }

    fn memory(&mut self, implied: ObjectKind) -> Result<ObjectId, Problem> {
        self.object(Key::Obj, implied, Accepts::MEMORY)
    }

    /// The object named by `key`, of kind `implied` if this is its first mention.
    fn object(&mut self, key: Key, implied: ObjectKind, accepts: Accepts) -> Result<ObjectId, Problem> {
        let id = self.fields.required(key, self.op)?;
        let object = self.tables.object_named(id, implied);
        if (accepts.test)(&self.tables.object(object).kind) {
            return Ok(object);
        }
        let (id, kind) = self.describe(object);
        Err(Problem::at(key, format!("`{}` needs {}, but `{id}` is a {kind}", self.op, accepts.what)))
    }

    fn child(&mut self) -> Result<ThreadId, Problem> {
        Ok(self.tables.thread_named(self.fields.required(Key::Child, self.op)?))
    }

    fn mode(&self) -> Result<Mode, Problem> {
        Ok(Mode::read(self.fields, Key::Mode)?.unwrap_or_default())
    }

    fn how(&self) -> Result<How, Problem> {
        Ok(How::read(self.fields, Key::How)?.unwrap_or_default())
    }

    fn touched(&self) -> Result<Touched, Problem> {
        Ok(Touched::read(self.fields, Key::Touched)?.unwrap_or_default())
    }

    fn by(&self) -> Result<WakeReason, Problem> {
        Ok(WakeReason::read(self.fields, Key::By)?.unwrap_or(WakeReason::Notify))
    }

    fn order(&self) -> Result<Order, Problem> {
        Ok(Order::read(self.fields, Key::Order)?.unwrap_or_default())
    }

    fn n(&self) -> Result<u32, Problem> {
        Ok(self.fields.small_count(Key::N)?.unwrap_or(1))
    }

    fn message(&mut self) -> Result<Option<MessageId>, Problem> {
        Ok(self.fields.text(Key::Msg)?.map(|text| self.tables.message_named(text)))
    }

    fn name(&mut self) -> Result<Option<TextId>, Problem> {
        Ok(self.fields.text(Key::Name)?.map(|text| self.tables.intern_text(text)))
    }

    fn value(&mut self) -> Result<Option<Value>, Problem> {
        Ok(match self.fields.get(Key::Value) {
            None | Some(Raw::Null) => None,
            Some(Raw::Bool(value)) => Some(Value::Bool(*value)),
            Some(Raw::Int(value)) => Some(Value::Int(*value)),
            Some(Raw::Big(value)) => Some(Value::Big(*value)),
            Some(Raw::Float(value)) => Some(Value::Float(*value)),
            Some(Raw::Text(text)) => Some(Value::Text(self.tables.intern_text(text))),
            Some(other) => return Err(Problem::wrong_type(Key::Value, "a boolean, number or string", other)),
        })
    }

    fn site(&mut self) -> Result<Option<SiteId>, Problem> {
        Ok(self.fields.text(Key::At)?.map(|at| self.tables.intern_site(at)))
    }

    fn stack(&mut self) -> Result<Option<StackId>, Problem> {
        let frames = match self.fields.get(Key::Stack) {
            None => return Ok(None),
            Some(Raw::List(frames)) => frames,
            Some(other) => return Err(Problem::wrong_type(Key::Stack, "an array of strings", other)),
        };
        let frame = |raw: &Raw<'_>| match raw {
            Raw::Text(text) => Ok(Frame::Text((**text).into())),
            other => Err(Problem::at(Key::Stack, format!("`stack`: expected only strings, found {}", other.what()))),
        };
        let frames = frames.iter().map(frame).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(self.tables.intern_stack(&frames)))
    }
}

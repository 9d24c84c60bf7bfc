//! One event in 24 bytes.

use lockhound_trace::{
    Event, How, MessageId, Mode, ObjectId, Op, Order, Refusal, Request, SiteId, TextId, ThreadId, Touched, Value,
    WakeReason,
};

/// An event without stack and time. Its operation is a tag and small fields in `head`, the object it works on, and one
/// more word whose meaning the tag gives: another object, a thread, a count, a value or a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    thread: u32,
    /// Which event of its thread, counted from 1.
    pub(super) loc: u32,
    head: u32,
    /// Index + 1; 0 = none.
    object: u32,
    aux: u32,
    /// Index + 1; 0 = none.
    site: u32,
}

/// Whom an event may concern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// Nobody but its thread.
    Own,
    /// Who uses this variable or atomic.
    Memory(ObjectId),
    /// Its thread begins to wait.
    Block,
    Others,
}

/// Values and messages that do not fit into 32 bits, in the order in which they came.
pub(super) type Wide = Vec<u64>;

macro_rules! tags {
    ($($name:ident)*) => { tags!(@ 0u32, $($name)*); };
    (@ $number:expr, $name:ident $($rest:ident)*) => {
        const $name: u32 = $number;
        tags!(@ $number + 1, $($rest)*);
    };
    (@ $number:expr,) => {};
}

tags! {
    SPAWN START EXIT JOIN ACQUIRE TRY_FAILED RELEASE WAIT WAKE NOTIFY NOTIFY_ALL ACQUIRE_PERMITS RELEASE_PERMITS ARRIVE PASS
    SEND RECV RECV_CLOSED CLOSE TRY_SEND_FAILED TRY_RECV_FAILED SET CLEAR AWAIT ADD DONE ONCE_BEGIN ONCE_END READ WRITE LOAD
    STORE RMW BEGIN END BLOCK_ACQUIRE BLOCK_PERMITS BLOCK_JOIN BLOCK_WAIT BLOCK_WAKE BLOCK_PASS BLOCK_SEND BLOCK_RECV
    BLOCK_AWAIT REFUSED_RELEASE REFUSED_PERMITS REFUSED_WAIT REFUSED_SEND REFUSED_DONE REFUSED_SPAWN
}

const TAG: u32 = 0x3f;
const MODE: u32 = 6;
const HOW: u32 = 8;
const TOUCHED: u32 = 10;
const BY: u32 = 13;
const ORDER: u32 = 15;
const CAS: u32 = 18;
const PAYLOAD: u32 = 19;
const STACK: u32 = 1 << 22;

/// What `aux` says where a value or a message may be.
const ABSENT: u32 = 0;
const SMALL: u32 = 1;
const WIDE: u32 = 2;
const BOOL: u32 = 3;
const BIG: u32 = 4;
const FLOAT: u32 = 5;
const TEXT: u32 = 6;

impl Packed {
    #[inline]
    pub(super) fn new(event: &Event, loc: u32, wide: &mut Wide) -> Self {
        let words = words(&event.op, wide);
        Self {
            thread: number(event.thread.index()),
            loc,
            head: words.head | if event.stack.is_some() { STACK } else { 0 },
            object: words.object.map_or(0, |object| number(object.index()) + 1),
            aux: words.aux,
            site: event.site.map_or(0, |site| number(site.index()) + 1),
        }
    }

    pub(super) fn thread(&self) -> ThreadId {
        ThreadId::from_index(self.thread as usize)
    }

    pub(super) fn site(&self) -> Option<SiteId> {
        (self.site > 0).then(|| SiteId::from_index(self.site as usize - 1))
    }

    pub(super) fn has_stack(&self) -> bool {
        self.head & STACK != 0
    }

    /// Index + 1 of the object it is on; 0 = none.
    pub(super) fn object_number(&self) -> u32 {
        self.object
    }

    /// Whether it takes or gives back a lock, or tried to. Who is blocked in a `wait` has given it back.
    pub(super) fn is_locking(&self) -> bool {
        matches!(self.head & TAG, ACQUIRE..=WAKE | BLOCK_WAIT)
    }

    /// Whether it may hand something to another thread, or receive it, by other means than locks and variables.
    pub(super) fn is_meeting(&self) -> bool {
        matches!(self.head & TAG, WAIT..=NOTIFY_ALL | ARRIVE..=ONCE_END | BLOCK_WAIT)
    }

    /// Of a variable or an atomic: which, whether it reads, whether it writes.
    pub(super) fn access(&self) -> Option<(ObjectId, bool, bool)> {
        let (reads, writes) = match self.head & TAG {
            READ | LOAD => (true, false),
            WRITE | STORE => (false, true),
            RMW => (true, true),
            _ => return None,
        };
        Some((self.on(), reads, writes))
    }

    /// Whom it may concern.
    pub(super) fn scope(&self) -> Scope {
        match self.head & TAG {
            START | EXIT | BEGIN | END => Scope::Own,
            READ | WRITE | LOAD | STORE | RMW => Scope::Memory(self.on()),
            BLOCK_ACQUIRE..=BLOCK_AWAIT => Scope::Block,
            _ => Scope::Others,
        }
    }

    /// Whether it writes a variable or an atomic.
    pub(super) fn is_write(&self) -> bool {
        matches!(self.head & TAG, WRITE | STORE | RMW)
    }

    /// The lock that it gives back.
    pub(super) fn lock_ended(&self) -> Option<ObjectId> {
        match self.head & TAG {
            RELEASE => Some(self.on()),
            WAIT | BLOCK_WAIT => Some(self.lock()),
            _ => None,
        }
    }

    /// The thread that it creates.
    pub(super) fn spawned(&self) -> Option<ThreadId> {
        (self.head & TAG == SPAWN).then(|| self.child())
    }

    fn on(&self) -> ObjectId {
        ObjectId::from_index(self.object as usize - 1)
    }

    fn lock(&self) -> ObjectId {
        ObjectId::from_index(self.aux as usize)
    }

    fn child(&self) -> ThreadId {
        ThreadId::from_index(self.aux as usize)
    }

    fn name(&self) -> Option<TextId> {
        (self.aux > 0).then(|| TextId::from_index(self.aux as usize - 1))
    }

    fn field(&self, shift: u32, bits: u32) -> u32 {
        (self.head >> shift) & ((1 << bits) - 1)
    }

    fn mode(&self) -> Mode {
        [Mode::Write, Mode::Read, Mode::Upgrade][self.field(MODE, 2) as usize]
    }

    fn how(&self) -> How {
        [How::Lock, How::Try, How::Timed][self.field(HOW, 2) as usize]
    }

    fn touched(&self) -> Touched {
        let all = [Touched::Unknown, Touched::None, Touched::Read, Touched::Write, Touched::Blind];
        all[self.field(TOUCHED, 3) as usize]
    }

    fn by(&self) -> WakeReason {
        [WakeReason::Notify, WakeReason::Timeout, WakeReason::Spurious][self.field(BY, 2) as usize]
    }

    fn order(&self) -> Order {
        let all = [Order::Relaxed, Order::Acquire, Order::Release, Order::AcqRel, Order::SeqCst];
        all[self.field(ORDER, 3) as usize]
    }

    fn cas(&self) -> bool {
        self.field(CAS, 1) == 1
    }

    fn value(&self, wide: &Wide) -> Option<Value> {
        let bits = || wide[self.aux as usize];
        Some(match self.field(PAYLOAD, 3) {
            ABSENT => return None,
            SMALL => Value::Int(self.aux.cast_signed().into()),
            WIDE => Value::Int(bits().cast_signed()),
            BOOL => Value::Bool(self.aux != 0),
            BIG => Value::Big(bits()),
            FLOAT => Value::Float(f64::from_bits(bits())),
            _ => Value::Text(TextId::from_index(self.aux as usize)),
        })
    }

    fn message(&self, wide: &Wide) -> Option<MessageId> {
        match self.field(PAYLOAD, 3) {
            ABSENT => None,
            SMALL => Some(MessageId(self.aux.into())),
            _ => Some(MessageId(wide[self.aux as usize])),
        }
    }

    #[inline]
    pub(super) fn op(&self, wide: &Wide) -> Op {
        match self.head & TAG {
            SPAWN => Op::Spawn { child: self.child() },
            START => Op::Start,
            EXIT => Op::Exit,
            JOIN => Op::Join { child: self.child() },
            ACQUIRE => Op::Acquire { lock: self.on(), mode: self.mode(), how: self.how() },
            TRY_FAILED => Op::TryFailed { object: self.on(), mode: self.mode() },
            RELEASE => Op::Release { lock: self.on(), mode: self.mode(), touched: self.touched() },
            WAIT => Op::Wait { condvar: self.on(), lock: self.lock(), touched: self.touched(), how: self.how() },
            WAKE => Op::Wake { condvar: self.on(), lock: self.lock(), by: self.by() },
            NOTIFY => Op::Notify { condvar: self.on() },
            NOTIFY_ALL => Op::NotifyAll { condvar: self.on() },
            ACQUIRE_PERMITS => Op::AcquirePermits { semaphore: self.on(), n: self.aux, how: self.how() },
            RELEASE_PERMITS => Op::ReleasePermits { semaphore: self.on(), n: self.aux },
            ARRIVE => Op::Arrive { barrier: self.on() },
            PASS => Op::Pass { barrier: self.on() },
            SEND => Op::Send { channel: self.on(), message: self.message(wide) },
            RECV => Op::Recv { channel: self.on(), message: self.message(wide) },
            RECV_CLOSED => Op::RecvClosed { channel: self.on() },
            CLOSE => Op::Close { channel: self.on() },
            TRY_SEND_FAILED => Op::TrySendFailed { channel: self.on() },
            TRY_RECV_FAILED => Op::TryRecvFailed { channel: self.on() },
            SET => Op::Set { flag: self.on() },
            CLEAR => Op::Clear { flag: self.on() },
            AWAIT => Op::Await { object: self.on() },
            ADD => Op::Add { waitgroup: self.on(), n: self.aux },
            DONE => Op::Done { waitgroup: self.on(), n: self.aux },
            ONCE_BEGIN => Op::OnceBegin { once: self.on() },
            ONCE_END => Op::OnceEnd { once: self.on() },
            READ => Op::Read { var: self.on(), value: self.value(wide) },
            WRITE => Op::Write { var: self.on(), value: self.value(wide) },
            LOAD => {
                let (order, value) = (self.order(), self.value(wide));
                Op::Load { atomic: self.on(), order, value, failed_cas: self.cas() }
            }
            STORE => Op::Store { atomic: self.on(), order: self.order(), value: self.value(wide) },
            RMW => Op::Rmw { atomic: self.on(), order: self.order(), value: self.value(wide), cas: self.cas() },
            BEGIN => Op::Begin { name: self.name() },
            END => Op::End { name: self.name() },
            REFUSED_RELEASE..=REFUSED_SPAWN => Op::Refused { what: self.refusal(wide) },
            _ => Op::Block { on: self.request() },
        }
    }

    fn refusal(&self, wide: &Wide) -> Refusal {
        match self.head & TAG {
            REFUSED_RELEASE => Refusal::Release { lock: self.on(), mode: self.mode(), touched: self.touched() },
            REFUSED_PERMITS => Refusal::ReleasePermits { semaphore: self.on(), n: self.aux },
            REFUSED_WAIT => {
                let (condvar, lock) = (self.on(), self.lock());
                Refusal::Wait { condvar, lock, touched: self.touched(), how: self.how() }
            }
            REFUSED_SEND => Refusal::Send { channel: self.on(), message: self.message(wide) },
            REFUSED_DONE => Refusal::Done { waitgroup: self.on(), n: self.aux },
            _ => Refusal::Spawn { child: self.child() },
        }
    }

    fn request(&self) -> Request {
        match self.head & TAG {
            BLOCK_ACQUIRE => Request::Acquire { lock: self.on(), mode: self.mode(), how: self.how() },
            BLOCK_PERMITS => Request::AcquirePermits { semaphore: self.on(), n: self.aux, how: self.how() },
            BLOCK_JOIN => Request::Join { child: self.child() },
            BLOCK_WAIT => Request::Wait { condvar: self.on(), lock: self.lock() },
            BLOCK_WAKE => Request::Wake { condvar: self.on(), lock: self.lock() },
            BLOCK_PASS => Request::Pass { barrier: self.on() },
            BLOCK_SEND => Request::Send { channel: self.on() },
            BLOCK_RECV => Request::Recv { channel: self.on() },
            BLOCK_AWAIT => Request::Await { object: self.on() },
            other => unreachable!("no operation has the tag {other}"),
        }
    }
}

/// An operation on its way into an event.
#[derive(Clone, Copy)]
struct Words {
    head: u32,
    object: Option<ObjectId>,
    aux: u32,
}

impl Words {
    #[inline]
    fn new(tag: u32, object: ObjectId) -> Self {
        Self { head: tag, object: Some(object), aux: 0 }
    }

    #[inline]
    fn bare(tag: u32) -> Self {
        Self { head: tag, object: None, aux: 0 }
    }

    #[inline]
    fn aux(self, aux: u32) -> Self {
        Self { aux, ..self }
    }

    #[inline]
    fn mode(self, mode: Mode) -> Self {
        let mode = match mode {
            Mode::Write => 0,
            Mode::Read => 1,
            Mode::Upgrade => 2,
        };
        self.field(mode, MODE)
    }

    #[inline]
    fn how(self, how: How) -> Self {
        let how = match how {
            How::Lock => 0,
            How::Try => 1,
            How::Timed => 2,
        };
        self.field(how, HOW)
    }

    #[inline]
    fn touched(self, touched: Touched) -> Self {
        let touched = match touched {
            Touched::Unknown => 0,
            Touched::None => 1,
            Touched::Read => 2,
            Touched::Write => 3,
            Touched::Blind => 4,
        };
        self.field(touched, TOUCHED)
    }

    #[inline]
    fn by(self, by: WakeReason) -> Self {
        let by = match by {
            WakeReason::Notify => 0,
            WakeReason::Timeout => 1,
            WakeReason::Spurious => 2,
        };
        self.field(by, BY)
    }

    #[inline]
    fn order(self, order: Order) -> Self {
        let order = match order {
            Order::Relaxed => 0,
            Order::Acquire => 1,
            Order::Release => 2,
            Order::AcqRel => 3,
            Order::SeqCst => 4,
        };
        self.field(order, ORDER)
    }

    #[inline]
    fn cas(self, cas: bool) -> Self {
        self.field(cas.into(), CAS)
    }

    #[inline]
    fn name(self, name: Option<TextId>) -> Self {
        self.aux(name.map_or(0, |name| number(name.index()) + 1))
    }

    #[inline]
    fn value(self, value: Option<Value>, wide: &mut Wide) -> Self {
        match value {
            None => self.field(ABSENT, PAYLOAD),
            Some(Value::Bool(value)) => self.aux(value.into()).field(BOOL, PAYLOAD),
            Some(Value::Int(value)) => match i32::try_from(value) {
                Ok(value) => self.aux(value.cast_unsigned()).field(SMALL, PAYLOAD),
                Err(_) => self.wide(value.cast_unsigned(), wide).field(WIDE, PAYLOAD),
            },
            Some(Value::Big(value)) => self.wide(value, wide).field(BIG, PAYLOAD),
            Some(Value::Float(value)) => self.wide(value.to_bits(), wide).field(FLOAT, PAYLOAD),
            Some(Value::Text(value)) => self.aux(number(value.index())).field(TEXT, PAYLOAD),
        }
    }

    #[inline]
    fn message(self, message: Option<MessageId>, wide: &mut Wide) -> Self {
        match message.map(|message| (message.0, u32::try_from(message.0))) {
            None => self.field(ABSENT, PAYLOAD),
            Some((_, Ok(small))) => self.aux(small).field(SMALL, PAYLOAD),
            Some((message, Err(_))) => self.wide(message, wide).field(WIDE, PAYLOAD),
        }
    }

    #[inline]
    fn wide(self, bits: u64, wide: &mut Wide) -> Self {
        wide.push(bits);
        self.aux(number(wide.len() - 1))
    }

    #[inline]
    fn field(self, value: u32, shift: u32) -> Self {
        Self { head: self.head | value << shift, ..self }
    }
}

#[inline]
fn words(op: &Op, wide: &mut Wide) -> Words {
    let thread = |tag, child: ThreadId| Words::bare(tag).aux(number(child.index()));
    let two = |tag, condvar, lock: ObjectId| Words::new(tag, condvar).aux(number(lock.index()));
    match *op {
        Op::Spawn { child } => thread(SPAWN, child),
        Op::Start => Words::bare(START),
        Op::Exit => Words::bare(EXIT),
        Op::Join { child } => thread(JOIN, child),
        Op::Block { on } => match on {
            Request::Acquire { lock, mode, how } => Words::new(BLOCK_ACQUIRE, lock).mode(mode).how(how),
            Request::AcquirePermits { semaphore, n, how } => Words::new(BLOCK_PERMITS, semaphore).aux(n).how(how),
            Request::Join { child } => thread(BLOCK_JOIN, child),
            Request::Wait { condvar, lock } => two(BLOCK_WAIT, condvar, lock),
            Request::Wake { condvar, lock } => two(BLOCK_WAKE, condvar, lock),
            Request::Pass { barrier } => Words::new(BLOCK_PASS, barrier),
            Request::Send { channel } => Words::new(BLOCK_SEND, channel),
            Request::Recv { channel } => Words::new(BLOCK_RECV, channel),
            Request::Await { object } => Words::new(BLOCK_AWAIT, object),
        },
        Op::Acquire { lock, mode, how } => Words::new(ACQUIRE, lock).mode(mode).how(how),
        Op::TryFailed { object, mode } => Words::new(TRY_FAILED, object).mode(mode),
        Op::Release { lock, mode, touched } => Words::new(RELEASE, lock).mode(mode).touched(touched),
        Op::Wait { condvar, lock, touched, how } => two(WAIT, condvar, lock).touched(touched).how(how),
        Op::Wake { condvar, lock, by } => two(WAKE, condvar, lock).by(by),
        Op::Notify { condvar } => Words::new(NOTIFY, condvar),
        Op::NotifyAll { condvar } => Words::new(NOTIFY_ALL, condvar),
        Op::AcquirePermits { semaphore, n, how } => Words::new(ACQUIRE_PERMITS, semaphore).aux(n).how(how),
        Op::ReleasePermits { semaphore, n } => Words::new(RELEASE_PERMITS, semaphore).aux(n),
        Op::Arrive { barrier } => Words::new(ARRIVE, barrier),
        Op::Pass { barrier } => Words::new(PASS, barrier),
        Op::Send { channel, message } => Words::new(SEND, channel).message(message, wide),
        Op::Recv { channel, message } => Words::new(RECV, channel).message(message, wide),
        Op::RecvClosed { channel } => Words::new(RECV_CLOSED, channel),
        Op::Close { channel } => Words::new(CLOSE, channel),
        Op::TrySendFailed { channel } => Words::new(TRY_SEND_FAILED, channel),
        Op::TryRecvFailed { channel } => Words::new(TRY_RECV_FAILED, channel),
        Op::Set { flag } => Words::new(SET, flag),
        Op::Clear { flag } => Words::new(CLEAR, flag),
        Op::Await { object } => Words::new(AWAIT, object),
        Op::Add { waitgroup, n } => Words::new(ADD, waitgroup).aux(n),
        Op::Done { waitgroup, n } => Words::new(DONE, waitgroup).aux(n),
        Op::OnceBegin { once } => Words::new(ONCE_BEGIN, once),
        Op::OnceEnd { once } => Words::new(ONCE_END, once),
        Op::Read { var, value } => Words::new(READ, var).value(value, wide),
        Op::Write { var, value } => Words::new(WRITE, var).value(value, wide),
        Op::Load { atomic, order, value, failed_cas } => {
            Words::new(LOAD, atomic).order(order).cas(failed_cas).value(value, wide)
        }
        Op::Store { atomic, order, value } => Words::new(STORE, atomic).order(order).value(value, wide),
        Op::Rmw { atomic, order, value, cas } => Words::new(RMW, atomic).order(order).cas(cas).value(value, wide),
        Op::Begin { name } => Words::bare(BEGIN).name(name),
        Op::End { name } => Words::bare(END).name(name),
        Op::Refused { what } => match what {
            Refusal::Release { lock, mode, touched } => Words::new(REFUSED_RELEASE, lock).mode(mode).touched(touched),
            Refusal::ReleasePermits { semaphore, n } => Words::new(REFUSED_PERMITS, semaphore).aux(n),
            Refusal::Wait { condvar, lock, touched, how } => two(REFUSED_WAIT, condvar, lock).touched(touched).how(how),
            Refusal::Send { channel, message } => Words::new(REFUSED_SEND, channel).message(message, wide),
            Refusal::Done { waitgroup, n } => Words::new(REFUSED_DONE, waitgroup).aux(n),
            Refusal::Spawn { child } => thread(REFUSED_SPAWN, child),
        },
    }
}

#[expect(clippy::cast_possible_truncation, reason = "ids end before 2^32, and so does a log")]
fn number(index: usize) -> u32 {
    index as u32
}

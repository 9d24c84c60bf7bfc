//! What every thread still has to give to those who wait: messages, notifications, permits …

use lockhound_trace::{ObjectId, Op, Request, ThreadId};

/// Which side of a channel waits for it. All other objects have one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// It puts something there: what a receiver, or who waits at any other object, needs.
    Give,
    /// It takes a message out: what a sender needs.
    Take,
}

impl Side {
    /// What who makes this request waits for.
    pub(super) const fn needed_by(request: &Request) -> Self {
        if matches!(request, Request::Send { .. }) { Self::Take } else { Self::Give }
    }
}

/// An event that may let others go.
#[derive(Clone, Copy, Debug)]
struct Provision {
    loc: u32,
    /// Negative for what it takes for itself before it goes on.
    amount: i64,
    gives: bool,
    takes: bool,
}

/// All of them: per object, per thread, in the order of the thread.
#[derive(Debug)]
pub(super) struct Provisions(Vec<Vec<(ThreadId, Vec<Provision>)>>);

impl Provisions {
    pub(super) fn new(objects: usize) -> Self {
        Self(vec![Vec::new(); objects])
    }

    /// Takes the next event of `thread` into account.
    pub(super) fn add(&mut self, thread: ThreadId, loc: u32, op: &Op) {
        // What was refused in the recording need not be next time.
        let op = op.asked();
        let (gives, takes, amount) = match op {
            Op::Send { .. } | Op::TrySendFailed { .. } | Op::Block { on: Request::Send { .. } } => (true, false, 1),
            Op::Recv { .. }
            | Op::RecvClosed { .. }
            | Op::TryRecvFailed { .. }
            | Op::Block { on: Request::Recv { .. } } => (false, true, 1),
            Op::Close { .. } => (true, true, 1),
            Op::Notify { .. } | Op::NotifyAll { .. } | Op::Set { .. } | Op::OnceEnd { .. } | Op::Arrive { .. } => {
                (true, false, 1)
            }
            Op::ReleasePermits { n, .. } | Op::Done { n, .. } => (true, false, n.into()),
            Op::AcquirePermits { n, how, .. } if how.may_wait_for_ever() => (true, false, -i64::from(n)),
            Op::Add { n, .. } => (true, false, -i64::from(n)),
            _ => return,
        };
        let Some(object) = op.object() else { return };
        let threads = &mut self.0[object.index()];
        let provision = Provision { loc, amount, gives, takes };
        match threads.iter_mut().rev().find(|of| of.0 == thread) {
            Some((_, provisions)) => provisions.push(provision),
            None => threads.push((thread, vec![provision])),
        }
    }

    /// The threads that ever provide anything at the object.
    pub(super) fn providers(&self, object: ObjectId) -> impl Iterator<Item = ThreadId> + '_ {
        self.0[object.index()].iter().map(|of| of.0)
    }

    /// The most that `thread` may have provided at some time after its first `done` events, less what it took; `enough` at
    /// most.
    pub(super) fn left(&self, object: ObjectId, thread: ThreadId, side: Side, done: u32, enough: u64) -> u64 {
        let (mut sum, mut most) = (0_i64, 0_u64);
        for provision in self.after(object, thread, side, done) {
            sum += provision.amount;
            most = most.max(u64::try_from(sum).unwrap_or(0));
            if most >= enough {
                return enough;
            }
        }
        most
    }

    /// Which event of `thread`, after its first `done`, provides something first.
    pub(super) fn first(&self, object: ObjectId, thread: ThreadId, side: Side, done: u32) -> Option<u32> {
        self.after(object, thread, side, done).find(|provision| provision.amount > 0).map(|provision| provision.loc)
    }

    fn after(&self, object: ObjectId, thread: ThreadId, side: Side, done: u32) -> impl Iterator<Item = &Provision> {
        let own = self.0[object.index()].iter().find(|of| of.0 == thread).map_or(&[][..], |of| &of.1);
        let rest = &own[own.partition_point(|provision| provision.loc <= done)..];
        rest.iter().filter(move |provision| match side {
            Side::Give => provision.gives,
            Side::Take => provision.takes,
        })
    }
}

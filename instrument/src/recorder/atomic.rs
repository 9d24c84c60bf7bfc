//! Events of atomic variables: access and event are one step.

use std::sync::atomic::{self, Ordering, fence};

use lockhound_trace::Order;
use lockhound_trace::binary::encode::Head;
use lockhound_trace::binary::format::{code, order_number};

use super::buffer::Mark;
use super::gate;
use super::loads::Load;
use super::local::{self, Local};
use super::object::{Object, Site};
use super::value::RawValue;
use super::word::Spin;

/// The high bit of an access's detail: it is part of a compare-exchange.
const CAS: u8 = 0x80;

/// An atomic variable of std.
pub(crate) trait Plain {
    /// What it holds.
    type Value: Copy + PartialEq;

    /// The real load.
    fn load(&self, order: Ordering) -> Self::Value;

    /// The real store.
    fn store(&self, value: Self::Value, order: Ordering);

    /// A value as it is recorded.
    fn raw(value: Self::Value) -> RawValue;
}

macro_rules! plain {
    ($($name:ident $(<$content:ident>)?: $value:ty => $raw:expr;)+) => {
        $(impl $(<$content>)? Plain for atomic::$name $(<$content>)? {
            type Value = $value;

            #[inline]
            fn load(&self, order: Ordering) -> $value {
                self.load(order)
            }

            #[inline]
            fn store(&self, value: $value, order: Ordering) {
                self.store(value, order);
            }

            #[inline]
            fn raw(value: $value) -> RawValue {
                $raw(value)
            }
        })+
    };
}

plain! {
    AtomicBool: bool => RawValue::Bool;
    AtomicI8: i8 => |value| RawValue::Signed(i64::from(value));
    AtomicI16: i16 => |value| RawValue::Signed(i64::from(value));
    AtomicI32: i32 => |value| RawValue::Signed(i64::from(value));
    AtomicI64: i64 => RawValue::Signed;
    AtomicIsize: isize => |value| RawValue::Signed(value as i64);
    AtomicU8: u8 => |value| RawValue::Unsigned(u64::from(value));
    AtomicU16: u16 => |value| RawValue::Unsigned(u64::from(value));
    AtomicU32: u32 => |value| RawValue::Unsigned(u64::from(value));
    AtomicU64: u64 => RawValue::Unsigned;
    AtomicUsize: usize => |value| RawValue::Unsigned(value as u64);
    AtomicPtr<T>: *mut T => |value: *mut T| RawValue::Unsigned(value.addr() as u64);
}

/// What a compare-exchange asks for.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<V> {
    pub(crate) current: V,
    pub(crate) new: V,
    pub(crate) success: Ordering,
    pub(crate) failure: Ordering,
}

/// A compare-exchange of std.
pub(crate) type RealExchange<A, V> = fn(&A, V, V, Ordering, Ordering) -> Result<V, V>;

/// Atomics keep in `aux` the *generation* of their value, which grows before each write. It is how a thread that loads
/// again and again knows that it still sees the value that it recorded.
impl Object {
    /// An atomic load.
    #[inline]
    pub(crate) fn load<A: Plain>(&self, cell: &A, order: Ordering, site: Site) -> A::Value {
        match load_order(order) {
            Some(recorded) if gate::is_on() => undisturbed(|local| match local {
                Some(local) => self.record_load(local, cell, order, recorded, site),
                None => cell.load(order),
            }),
            // An order that std refuses: it says so itself.
            _ => cell.load(order),
        }
    }

    fn record_load<A: Plain>(
        &self,
        local: &mut Local,
        cell: &A,
        order: Ordering,
        recorded: Order,
        site: Site,
    ) -> A::Value {
        let detail = order_number(recorded);
        let before = local.buffer.position();
        if let Some(value) = self.load_again(local, cell, order, detail, site) {
            return value;
        }
        let Some(mut step) = self.enter(local, site) else { return cell.load(order) };
        let generation = self.aux.load(Ordering::Relaxed);
        let value = cell.load(order);
        step.write_load(detail, recorded, A::raw(value));
        let load = Load { number: step.number, generation, site, detail };
        step.local.loads.remember(before, step.local.buffer.position(), load);
        value
    }

    /// Loads without an event, if the event would say what the last ones of this thread say already.
    ///
    /// The thread recorded a load of generation g. A writer that came later stored g + 1 into `aux`, then passed a release
    /// fence, then wrote the value. If the load here reads that value, or one from later on, the acquire fence after it
    /// synchronises with that release fence, so that `aux` is no longer g. If `aux` is g, the load has read what was
    /// written up to generation g; nothing older than what this thread read before, by coherence: the same write. So it
    /// synchronises with nothing but what the recorded load does.
    #[inline]
    fn load_again<A: Plain>(
        &self,
        local: &mut Local,
        cell: &A,
        order: Ordering,
        detail: u8,
        site: Site,
    ) -> Option<A::Value> {
        let number = self.number(local)?;
        let generation = local.loads.find(local.buffer.position(), number, site, detail)?;
        let value = cell.load(order);
        fence(Ordering::Acquire);
        (self.aux.load(Ordering::Relaxed) == generation).then_some(value)
    }

    /// An atomic store.
    #[inline]
    pub(crate) fn store<A: Plain>(&self, cell: &A, value: A::Value, order: Ordering, site: Site) {
        match store_order(order) {
            Some(recorded) if gate::is_on() => undisturbed(|local| {
                let Some(mut step) = local.and_then(|local| self.enter(local, site)) else {
                    self.write_unrecorded(|| cell.store(value, order));
                    return;
                };
                self.begin_write();
                cell.store(value, order);
                step.write_store(recorded, A::raw(value));
            }),
            _ => cell.store(value, order),
        }
    }

    /// An atomic read-modify-write other than a compare-exchange; its event has the value that it leaves.
    #[inline]
    pub(crate) fn modify<A: Plain>(
        &self,
        cell: &A,
        order: Ordering,
        site: Site,
        access: impl FnOnce(&A) -> A::Value,
    ) -> A::Value {
        match update_order(order) {
            Some(recorded) if gate::is_on() => undisturbed(|local| {
                let Some(mut step) = local.and_then(|local| self.enter(local, site)) else {
                    return self.write_unrecorded(|| access(cell));
                };
                self.begin_write();
                let old = access(cell);
                step.write_update(0, recorded, Some(A::raw(cell.load(Ordering::Relaxed))));
                old
            }),
            _ => access(cell),
        }
    }

    /// An atomic compare-exchange: a load if it fails.
    #[inline]
    pub(crate) fn exchange<A: Plain>(
        &self,
        cell: &A,
        asked: Exchange<A::Value>,
        site: Site,
        real: RealExchange<A, A::Value>,
    ) -> Result<A::Value, A::Value> {
        let Exchange { current, new, success, failure } = asked;
        match (update_order(success), load_order(failure)) {
            (Some(succeeded), Some(failed)) if gate::is_on() => undisturbed(|local| match local {
                Some(local) => self.record_exchange(local, cell, asked, (succeeded, failed), site, real),
                None => self.write_unrecorded(|| real(cell, current, new, success, failure)),
            }),
            _ => real(cell, current, new, success, failure),
        }
    }

    fn record_exchange<A: Plain>(
        &self,
        local: &mut Local,
        cell: &A,
        asked: Exchange<A::Value>,
        (succeeded, failed): (Order, Order),
        site: Site,
        real: RealExchange<A, A::Value>,
    ) -> Result<A::Value, A::Value> {
        let Exchange { current, new, success, failure } = asked;
        let detail = CAS | order_number(failed);
        let before = local.buffer.position();
        let again = self.load_again(local, cell, failure, detail, site);
        if let Some(found) = again.filter(|&found| found != current) {
            return Err(found);
        }
        let Some(mut step) = self.enter(local, site) else {
            return self.write_unrecorded(|| real(cell, current, new, success, failure));
        };
        let generation = self.aux.load(Ordering::Relaxed);
        // One that must fail may not look like a write: two threads that wait by exchanging would keep each other writing.
        let found = cell.load(failure);
        let result = if found == current {
            self.begin_write();
            real(cell, current, new, success, failure)
        } else {
            Err(found)
        };
        match result {
            Ok(_) => {
                step.write_update(CAS, succeeded, Some(A::raw(new)));
            }
            Err(found) => {
                step.write_load(detail, failed, A::raw(found));
                let load = Load { number: step.number, generation, site, detail };
                step.local.loads.remember(before, step.local.buffer.position(), load);
            }
        }
        result
    }

    /// A memory fence: an update of this object, which stands for all fences of the process.
    ///
    /// Also makes the events of this thread's other accesses say what the fence makes of them.
    pub(crate) fn fence(&self, order: Ordering, site: Site) {
        let recorded = match update_order(order) {
            Some(recorded) if recorded != Order::Relaxed && gate::is_on() => recorded,
            _ => return fence(order),
        };
        undisturbed(|local| {
            let Some(mut step) = local.and_then(|local| self.enter(local, site)) else { return fence(order) };
            fence(order);
            step.write(code::RMW, order_number(recorded), None);
            let Local { fences, buffer, .. } = step.local;
            if recorded.acquires() {
                fences.acquire(buffer);
            }
            if recorded.releases() {
                fences.release();
            }
        });
    }

    /// The value may have been changed through a `&mut`.
    pub(crate) fn lent(&mut self) {
        *self.aux.get_mut() += 1;
    }

    /// Before the real write, under the spin bit: nobody else stores to `aux` there but who does not record at all.
    #[inline]
    fn begin_write(&self) {
        self.aux.store(self.aux.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        fence(Ordering::Release);
    }

    #[cold]
    fn write_unrecorded<R>(&self, access: impl FnOnce() -> R) -> R {
        self.aux.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::Release);
        access()
    }

    /// Prepares an access and its event. What may take long (declaring, a new chunk) comes before the spin bit is set.
    ///
    /// None if it cannot be recorded. Then it goes without: a signal handler may have interrupted this very thread with
    /// the spin bit set.
    #[inline]
    fn enter<'a>(&'a self, local: &'a mut Local, site: Site) -> Option<Step<'a>> {
        let number = self.number(local)?;
        let site = local.site(site)?;
        local.buffer.reserve()?;
        let spin = self.try_spin()?;
        Some(Step { number, site, local, spin })
    }
}

/// [`local::with`] for what signal handlers may do too: one that comes meanwhile is not recorded, and so finds neither
/// half an event nor a spin bit that it would wait for.
#[inline]
fn undisturbed<R>(record: impl FnOnce(Option<&mut Local>) -> R) -> R {
    local::with(|local| {
        let _busy = local.as_ref().map(|local| local.busy());
        record(local)
    })
}

/// An access that nobody else is making at the same time.
struct Step<'a> {
    number: u32,
    site: u32,
    local: &'a mut Local,
    spin: Spin<'a>,
}

impl Step<'_> {
    /// An acquire fence that comes later makes an acquire of any load before it.
    #[inline]
    fn write_load(&mut self, detail: u8, order: Order, value: RawValue) {
        let mark = self.write(code::LOAD, detail, Some(value));
        if !order.acquires() {
            self.local.fences.not_acquired(mark, detail);
        }
    }

    #[inline]
    fn write_store(&mut self, order: Order, value: RawValue) {
        let order = self.local.fences.released(order);
        self.write(code::STORE, order_number(order), Some(value));
    }

    #[inline]
    fn write_update(&mut self, flag: u8, order: Order, value: Option<RawValue>) {
        let order = self.local.fences.released(order);
        let detail = flag | order_number(order);
        let mark = self.write(code::RMW, detail, value);
        if !order.acquires() {
            self.local.fences.not_acquired(mark, detail);
        }
    }

    /// Where the detail stands.
    #[inline]
    fn write(&mut self, code: u8, detail: u8, value: Option<RawValue>) -> Mark {
        let after = self.spin.take_version(self.local.tag);
        let head = Head::new(code, self.site, self.number, after);
        let (word, length) = RawValue::encode(value);
        let (operands, length) = (u128::from(detail) | word << 8, 1 + length);
        let buffer = &mut self.local.buffer;
        if head.length + length <= 16 {
            buffer.put(head.word | operands << (8 * head.length), head.length + length);
        } else {
            buffer.put(head.word, head.length);
            buffer.put(operands, length);
        }
        buffer.commit();
        buffer.mark(length)
    }
}

/// An order of std that a load may have.
const fn load_order(order: Ordering) -> Option<Order> {
    match order {
        Ordering::Relaxed => Some(Order::Relaxed),
        Ordering::Acquire => Some(Order::Acquire),
        Ordering::SeqCst => Some(Order::SeqCst),
        _ => None,
    }
}

/// An order of std that a store may have.
const fn store_order(order: Ordering) -> Option<Order> {
    match order {
        Ordering::Relaxed => Some(Order::Relaxed),
        Ordering::Release => Some(Order::Release),
        Ordering::SeqCst => Some(Order::SeqCst),
        _ => None,
    }
}

/// An order of std that a read-modify-write may have: any that we know.
const fn update_order(order: Ordering) -> Option<Order> {
    match order {
        Ordering::AcqRel => Some(Order::AcqRel),
        Ordering::Release => Some(Order::Release),
        _ => load_order(order),
    }
}

//! Atomics behave as std's do, recorded or not.
#![forbid(unsafe_code)]

#[cfg(feature = "record")]
mod again;

use std::panic::catch_unwind;

use lockhound::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize, Ordering, compiler_fence, fence,
};
use lockhound::thread;
use proptest::prelude::*;
use std::sync::atomic as std_atomic;

static BOOL: AtomicBool = AtomicBool::new(true);
static TABLE: [AtomicU8; 3] = [const { AtomicU8::new(7) }; 3];
static NOTHING: AtomicPtr<i32> = AtomicPtr::new(std::ptr::null_mut());
const SEVEN: i64 = AtomicI64::new(7).into_inner();
#[expect(deprecated, reason = "std still has them")]
static ZEROES: (AtomicBool, AtomicIsize, AtomicUsize) = {
    use lockhound::sync::atomic::{ATOMIC_BOOL_INIT, ATOMIC_ISIZE_INIT, ATOMIC_USIZE_INIT};
    (ATOMIC_BOOL_INIT, ATOMIC_ISIZE_INIT, ATOMIC_USIZE_INIT)
};

#[test]
fn statics_and_arrays() {
    assert!(BOOL.load(Ordering::Relaxed));
    assert_eq!(TABLE[2].fetch_add(250, Ordering::Relaxed), 7);
    assert_eq!(TABLE.each_ref().map(|cell| cell.load(Ordering::Relaxed)), [7, 7, 1]);
    assert!(NOTHING.load(Ordering::Acquire).is_null());
    assert_eq!(SEVEN, 7);
    assert_eq!(format!("{ZEROES:?}"), "(false, 0, 0)");
}

#[test]
fn debug_pointer_from_and_default() {
    let mut x = 5;
    let p = AtomicPtr::from(&raw mut x);
    assert_eq!((format!("{p:p}"), format!("{p:?}")), (format!("{:p}", &raw const x), format!("{:?}", &raw const x)));
    assert_eq!(format!("{:?} {:#x?}", AtomicI16::from(-3), AtomicU32::from(255)), "-3 0xff");
    assert_eq!((AtomicBool::default().into_inner(), AtomicU64::default().into_inner()), (false, 0));
    assert!(AtomicPtr::<i32>::default().into_inner().is_null());
}

#[test]
fn exclusive_access_goes_past_the_atomic() {
    let mut n = AtomicI32::new(1);
    *n.get_mut() += 1;
    assert_eq!(n.load(Ordering::SeqCst), 2);
    assert_eq!(n.as_ptr(), n.as_ptr());
    assert_eq!(n.into_inner(), 2);
}

#[test]
fn orders_that_std_refuses_are_refused() {
    const ORDERS: [Ordering; 5] =
        [Ordering::Relaxed, Ordering::Release, Ordering::Acquire, Ordering::AcqRel, Ordering::SeqCst];
    fn refused<R>(access: impl FnOnce() -> R + std::panic::UnwindSafe) -> Option<String> {
        let message = catch_unwind(access).err()?;
        Some(message.downcast_ref::<&str>().expect("a plain message").to_string())
    }
    for order in ORDERS {
        let (ours, std) = (AtomicU8::new(0), std_atomic::AtomicU8::new(0));
        assert_eq!(refused(|| AtomicU8::new(0).load(order)), refused(move || std.load(order)));
        let std = std_atomic::AtomicU8::new(0);
        assert_eq!(refused(move || ours.store(1, order)), refused(move || std.store(1, order)));
        for success in ORDERS {
            let (ours, std) = (AtomicU8::new(0), std_atomic::AtomicU8::new(0));
            let ours = refused(move || ours.compare_exchange(0, 1, success, order));
            assert_eq!(ours, refused(move || std.compare_exchange(0, 1, success, order)));
        }
        assert_eq!(refused(move || fence(order)), refused(move || std_atomic::fence(order)));
        assert_eq!(refused(move || compiler_fence(order)), refused(move || std_atomic::compiler_fence(order)));
    }
}

#[test]
fn threads_do_not_lose_updates() {
    let (total, most) = (AtomicUsize::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        for number in 1..=4 {
            let (total, most) = (&total, &most);
            s.spawn(move || {
                for _ in 0..1000 {
                    total.fetch_add(1, Ordering::Relaxed);
                    most.fetch_max(number, Ordering::AcqRel);
                }
            });
        }
    });
    assert_eq!((total.into_inner(), most.into_inner()), (4000, 4));
}

#[test]
fn a_lock_made_of_a_compare_exchange_excludes() {
    let (lock, total) = (AtomicBool::new(false), lockhound::sync::Shared::new(0));
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..500 {
                    while lock.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
                        thread::yield_now();
                    }
                    total.set(total.get() + 1);
                    lock.store(false, Ordering::Release);
                }
            });
        }
    });
    assert_eq!(total.into_inner(), 2000);
}

/// An operation on an atomic of `T`.
#[derive(Clone, Copy, Debug)]
struct Step<T> {
    which: u8,
    operand: T,
    other: T,
    order: Ordering,
    failure: Ordering,
}

fn steps<T: Arbitrary + Copy>() -> impl Strategy<Value = Vec<Step<T>>> {
    use Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
    let orders = proptest::sample::select(vec![Relaxed, Acquire, Release, AcqRel, SeqCst]);
    let failures = proptest::sample::select(vec![Relaxed, Acquire, SeqCst]);
    let step = (0..20_u8, any::<T>(), any::<T>(), orders, failures);
    proptest::collection::vec(
        step.prop_map(|(which, operand, other, order, failure)| Step { which, operand, other, order, failure }),
        0..60,
    )
}

fn storing(order: Ordering) -> Ordering {
    match order {
        Ordering::Acquire | Ordering::AcqRel => Ordering::Release,
        order => order,
    }
}

/// What every step gives on one atomic. The same text for ours and for std's.
macro_rules! results {
    ($atomic:expr, $steps:expr, $run:expr) => {{
        let atomic = $atomic;
        let run = $run;
        let results: Vec<_> = $steps.iter().map(|step| run(&atomic, step)).collect();
        (results, atomic.into_inner())
    }};
}

macro_rules! common {
    ($atomic:ident, $step:ident, $arithmetic:expr) => {{
        let Step { which, operand, other, order, failure } = *$step;
        #[expect(deprecated, reason = "std still has it")]
        match which {
            0 => Ok($atomic.load(failure)),
            1 => {
                $atomic.store(operand, storing(order));
                Ok(operand)
            }
            2 => Ok($atomic.swap(operand, order)),
            3 => $atomic.compare_exchange(operand, other, order, failure),
            4 => $atomic.compare_exchange($atomic.load(failure), other, order, failure),
            5 => $atomic.fetch_update(order, failure, |value| (value == operand).then_some(other)),
            6 => $atomic.try_update(order, failure, |value| (value != operand).then_some(other)),
            7 => Ok($atomic.update(order, failure, |value| if value == operand { other } else { operand })),
            8 => Ok($atomic.compare_and_swap(operand, other, order)),
            9 => $atomic.compare_exchange_weak(operand, other, order, failure),
            _ => Ok($arithmetic),
        }
    }};
}

macro_rules! twins {
    ($($test:ident $name:ident $value:ty: $($which:pat => $method:ident)+;)+) => {
        proptest! {
            $(
                #[test]
                fn $test(steps in steps::<$value>(), first: $value) {
                    macro_rules! run {
                        ($type:ty) => {
                            |atomic: &$type, step: &Step<$value>| common!(atomic, step, match step.which {
                                $($which => atomic.$method(step.operand, step.order),)+
                                _ => atomic.load(step.failure),
                            })
                        };
                    }
                    let ours = results!($name::new(first), steps, run!($name));
                    let std = results!(std_atomic::$name::new(first), steps, run!(std_atomic::$name));
                    prop_assert_eq!(ours, std);
                }
            )+
        }
    };
    (integers: $($test:ident $name:ident $value:ty;)+) => {
        twins! {
            $($test $name $value: 10 => fetch_add 11 => fetch_sub 12 => fetch_and 13 => fetch_nand 14 => fetch_or
                15 => fetch_xor 16 => fetch_max 17 => fetch_min;)+
        }
    };
}

twins! {
    bools AtomicBool bool: 10 => fetch_and 11 => fetch_nand 12 => fetch_or 13 => fetch_xor;
}

twins! { integers:
    bytes AtomicU8 u8;
    signed_bytes AtomicI8 i8;
    shorts AtomicU16 u16;
    signed_shorts AtomicI16 i16;
    words AtomicU32 u32;
    signed_words AtomicI32 i32;
    longs AtomicU64 u64;
    signed_longs AtomicI64 i64;
    sizes AtomicUsize usize;
    signed_sizes AtomicIsize isize;
}

/// A pointer's steps, on addresses.
fn pointer_results(
    steps: &[Step<usize>],
    run: impl Fn(&Step<usize>) -> Result<*mut u16, *mut u16>,
) -> Vec<Result<usize, usize>> {
    steps.iter().map(|step| run(step).map(|value| value.addr()).map_err(|value| value.addr())).collect()
}

proptest! {
    #[test]
    fn pointers(steps in steps::<usize>(), first: usize) {
        macro_rules! run {
            ($atomic:expr) => {{
                let atomic = $atomic;
                let run = |step: &Step<usize>| {
                    let Step { which, operand, other, order, failure } = *step;
                    let step = &Step {
                        which,
                        operand: std::ptr::without_provenance_mut(operand),
                        other: std::ptr::without_provenance_mut(other),
                        order,
                        failure,
                    };
                    common!(atomic, step, match which {
                        10 => atomic.fetch_ptr_add(operand, order),
                        11 => atomic.fetch_ptr_sub(operand, order),
                        12 => atomic.fetch_byte_add(operand, order),
                        13 => atomic.fetch_byte_sub(operand, order),
                        14 => atomic.fetch_and(operand, order),
                        15 => atomic.fetch_or(operand, order),
                        16 => atomic.fetch_xor(operand, order),
                        _ => atomic.load(failure),
                    })
                };
                pointer_results(&steps, run)
            }};
        }
        let first = std::ptr::without_provenance_mut(first);
        prop_assert_eq!(run!(AtomicPtr::new(first)), run!(std_atomic::AtomicPtr::new(first)));
    }
}

#[test]
fn fetch_not_turns_over() {
    let flag = AtomicBool::new(false);
    assert!(!flag.fetch_not(Ordering::AcqRel));
    assert!(flag.fetch_not(Ordering::Relaxed));
    assert!(!flag.into_inner());
}

#[expect(deprecated, reason = "std still has it")]
#[test]
fn the_hint_is_std_s() {
    lockhound::sync::atomic::spin_loop_hint();
}

#[cfg(feature = "record")]
#[test]
fn all_of_this_holds_when_recorded() {
    if let Some(operations) = again::recorded() {
        assert!(operations.len() > 10_000, "{} events", operations.len());
    }
}

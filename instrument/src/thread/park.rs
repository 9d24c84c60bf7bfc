//! Parking, and the token that an unpark leaves behind.

use std::any::type_name;
use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;

use super::handle::my_token;
use crate::engine::{self, Blocked, Kind, Object, Site, lasting};

/// What the recorder knows of a thread's park token: a copy of std's own, which alone decides when a park returns.
///
/// The copy is recorded as a flag: given = set, taken = awaited and cleared. Both tokens are given in one step, and
/// taken in one step, as far as our own handles go. So a park that returns without the copy was ended by a handle of
/// std's (with which std's own scopes wake their owner, for one) or spuriously, which std allows at any time; that is
/// no event.
#[derive(Default)]
pub(super) struct ParkToken {
    given: AtomicBool,
    /// Declared with the first event on it, as few threads ever park.
    object: OnceLock<Object>,
}

impl ParkToken {
    /// Unparks `thread`, whose token it is.
    #[track_caller]
    pub(super) fn give(&self, thread: &Thread, site: Site) {
        self.object(thread).set(site, || {
            self.given.store(true, Ordering::Release);
            thread.unpark();
        });
    }

    /// Announces a park without end, unless the token is there already.
    #[track_caller]
    fn expect(&self, thread: &Thread, site: Site) -> Option<Blocked<'_>> {
        (!self.given.load(Ordering::Acquire)).then(|| self.object(thread).blocked_on_await(site))
    }

    /// After a park: takes the token if it was given. Only the thread itself takes it.
    #[track_caller]
    fn take(&self, thread: &Thread, site: Site) {
        if self.given.load(Ordering::Acquire) {
            self.object(thread).await_and_clear(site, || {
                self.given.store(false, Ordering::Release);
                // The real token too, if it was given again since the park returned: for the user, that park still
                // has not returned, so it is the one that takes both.
                std::thread::park_timeout(Duration::ZERO);
            });
        }
    }

    /// Not `get_or_init`: in its closure the caller's place would be lost.
    #[track_caller]
    fn object(&self, thread: &Thread) -> &Object {
        if self.object.get().is_none() {
            let object = Object::new(Kind::ParkToken, type_name::<Thread>).named(name_of_token(thread.name()));
            let _ = self.object.set(object);
        }
        self.object.get().expect("set by this or another thread")
    }
}

/// What reports call the token.
fn name_of_token(thread: Option<&str>) -> &'static str {
    match thread {
        Some(thread) => lasting(format!("park token of {thread}")),
        None => "park token of an unnamed thread",
    }
}

/// Waits until the calling thread is unparked; may return sooner. See [`std::thread::park`].
///
/// ```
/// use lockhound::thread;
///
/// let waiter = thread::spawn(thread::park);
/// waiter.thread().unpark();
/// waiter.join().unwrap();
/// ```
#[track_caller]
pub fn park() {
    if !engine::is_on() {
        return std::thread::park();
    }
    let (token, me, site) = (my_token(), std::thread::current(), Location::caller());
    let blocked = token.expect(&me, site);
    std::thread::park();
    drop(blocked);
    token.take(&me, site);
}

/// Waits until the calling thread is unparked, or for `duration`. See [`std::thread::park_timeout`].
///
/// As it does not wait for ever, nothing is recorded unless it was unparked.
#[track_caller]
pub fn park_timeout(duration: Duration) {
    std::thread::park_timeout(duration);
    if engine::is_on() {
        my_token().take(&std::thread::current(), Location::caller());
    }
}

/// Waits until the calling thread is unparked, or for `ms` milliseconds. See [`std::thread::park_timeout_ms`].
#[deprecated(since = "0.1.0", note = "replaced by `park_timeout`, as in std")]
#[track_caller]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(u64::from(ms)));
}

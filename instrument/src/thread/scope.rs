//! Threads that may borrow what outlives their scope.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::thread::Result;

use super::builder::Builder;
use super::child::{Child, End, Unborn};
use super::handle::Thread;
use crate::engine::{self, Site, ThreadTicket, blocked_on_end, finished, joined};
use crate::sync::{Locks, Patience, Std};

/// Lets `f` spawn threads that borrow, and waits for their end. See [`std::thread::scope`].
///
/// Threads that nobody joined are recorded as joined by the calling thread, at the place of this call.
///
/// # Panics
/// If a thread that nobody joined panicked.
///
/// ```
/// use lockhound::thread;
///
/// let mut numbers = [3, 1, 2];
/// let (first, rest) = numbers.split_at_mut(1);
/// thread::scope(|s| {
///     s.spawn(|| first[0] *= 10);
///     s.spawn(|| rest.sort_unstable());
/// });
/// assert_eq!(numbers, [30, 1, 2]);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let site = Location::caller();
    // Declared before the real scope, so that it outlives all its threads.
    let shell = OnceLock::new();
    std::thread::scope(|inner| {
        let scope = Scope::shelter(inner, &shell);
        let _joins = JoinRest { children: &scope.children, site };
        f(scope)
    })
}

/// [`std::thread::Scope`], recorded: where scoped threads are spawned.
///
/// They may borrow what lives outside the scope, but not what lives in its function, which returns before they end:
///
/// ```compile_fail,E0373
/// lockhound::thread::scope(|s| {
///     let inside = 1;
///     s.spawn(|| assert_eq!(inside, 1));
/// });
/// ```
///
/// Nor does the scope leave its function:
///
/// ```compile_fail
/// let mut escaped = None;
/// lockhound::thread::scope(|s| escaped = Some(s));
/// ```
pub struct Scope<'scope, 'env: 'scope> {
    inner: &'scope std::thread::Scope<'scope, 'env>,
    children: Children,
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Runs `f` in a new thread that ends before the scope does. See [`std::thread::Scope::spawn`].
    ///
    /// # Panics
    /// If the operating system refuses the thread; [`Builder::spawn_scoped`] returns that as an error.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, f).expect("failed to spawn thread")
    }

    pub(super) fn spawn_with<F, T>(
        &'scope self,
        builder: std::thread::Builder,
        unborn: Unborn,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let birth = unborn.birth();
        let course = engine::is_on().then(Arc::<Course>::default);
        let (children, its_course) = (&self.children, course.clone());
        let inner = builder.spawn_scoped(self.inner, move || {
            let _ending = its_course.map(|course| Ending { children, course });
            birth.begin();
            f()
        })?;
        let Child { thread, end } = unborn.born(inner.thread());
        let claim = course.map(|course| children.add(end.ticket(), course));
        Ok(ScopedJoinHandle { inner, thread, end, claim })
    }

    /// A scope over `inner`, kept in `shell`.
    fn shelter(inner: &'scope std::thread::Scope<'scope, 'env>, shell: &Shell) -> &'scope Self {
        // SAFETY: Only lifetimes change. `scope`, the only caller, declares the shell before it enters the real scope
        // and uses it nowhere else; so both the shell and `inner` are alive until the real scope has ended, which is
        // as long as `'scope` can be used. The type returned has the lifetimes that `inner` came with.
        unsafe {
            let inner = std::mem::transmute::<
                &'scope std::thread::Scope<'scope, 'env>,
                &'static std::thread::Scope<'static, 'static>,
            >(inner);
            let scope = shell.get_or_init(|| Scope { inner, children: Children::default() });
            std::mem::transmute::<&Scope<'static, 'static>, &'scope Self>(scope)
        }
    }
}

/// Storage for a scope, whose lifetimes exist only inside the real scope.
type Shell = OnceLock<Scope<'static, 'static>>;

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::thread::ScopedJoinHandle`], recorded: owns the right to join a scoped thread.
pub struct ScopedJoinHandle<'scope, T> {
    inner: std::thread::ScopedJoinHandle<'scope, T>,
    thread: Thread,
    end: End,
    claim: Option<Claim<'scope>>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// A handle to the thread. See [`std::thread::ScopedJoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits for the thread's end. See [`std::thread::ScopedJoinHandle::join`].
    ///
    /// # Errors
    /// With what the thread panicked with, if it did.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        if let Some(claim) = self.claim {
            claim.take();
        }
        self.end.join(Location::caller(), || self.inner.join())
    }

    /// Whether the thread's function has returned or panicked. See [`std::thread::ScopedJoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The threads of a scope that nobody has joined or is joining. Empty when not recording.
#[derive(Default)]
struct Children {
    table: Mutex<Table>,
    /// Some child has ended.
    ended: Condvar,
}

#[derive(Default)]
struct Table {
    added: u64,
    pending: BTreeMap<u64, Pending>,
}

/// A child that somebody has to join.
struct Pending {
    ticket: ThreadTicket,
    course: Arc<Course>,
}

/// How far a child has come.
#[derive(Default)]
struct Course {
    /// Its function has returned or panicked.
    ended: AtomicBool,
    /// Somebody joins it by its handle.
    claimed: AtomicBool,
}

impl Children {
    fn add(&self, ticket: ThreadTicket, course: Arc<Course>) -> Claim<'_> {
        let mut table = self.table();
        let number = table.added;
        table.added += 1;
        table.pending.insert(number, Pending { ticket, course: Arc::clone(&course) });
        Claim { children: self, number, course }
    }

    /// Joins, for the trace, a child that nobody claims. Waits no longer than the real scope would.
    fn join_one(&self, site: Site) -> bool {
        let Some((_, child)) = self.table().pending.pop_first() else {
            return false;
        };
        if !child.course.ended.load(Ordering::Acquire) {
            let _blocked = blocked_on_end(child.ticket, &child.course.ended, site);
            let has_ended = |_: &Table| child.course.ended.load(Ordering::Acquire);
            drop(Std::wait_for(&self.ended, self.table(), Patience::Endless, has_ended));
        }
        joined(child.ticket, site);
        true
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        Std::lock(&self.table)
    }
}

/// The right to join a child, until the scope ends.
struct Claim<'scope> {
    children: &'scope Children,
    number: u64,
    course: Arc<Course>,
}

impl Claim<'_> {
    fn take(self) {
        self.course.claimed.store(true, Ordering::Release);
        self.children.table().pending.remove(&self.number);
    }
}

/// Says that a child's function has returned or panicked.
///
/// For its scope that is the child's end, though the child's thread-locals may still have something to do, perhaps with
/// what the owner of the scope does meanwhile. So the recorder takes it for the end as well, unless somebody joins the
/// child by its handle: that waits for the thread-locals.
struct Ending<'scope> {
    children: &'scope Children,
    course: Arc<Course>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.course.claimed.load(Ordering::Acquire) {
            finished();
        }
        let table = self.children.table();
        self.course.ended.store(true, Ordering::Release);
        drop(table);
        self.children.ended.notify_all();
    }
}

/// Joins whom nobody joined when the scope's function returns or panics. Children may spawn more of them meanwhile.
struct JoinRest<'scope> {
    children: &'scope Children,
    site: Site,
}

impl Drop for JoinRest<'_> {
    fn drop(&mut self) {
        while self.children.join_one(self.site) {}
    }
}

//! The check of one request.

use lockhound_trace::Mode;

use super::claim::Claim;
use super::graph::{Chain, Graph, Order, graph};
use super::message::Violation;
use super::name::Name;
use crate::Strict;
use crate::recorder::local::{self, Local};
use crate::recorder::object::{Kind, Object, Site};
use crate::recorder::{catalogue, gate, settings};

impl Object {
    /// To be called before a request that may wait touches the lock; not for one that gives up (`try`, with a time-out).
    ///
    /// # Panics
    /// In strict mode, at the place of the user's call, if the request is out of order.
    #[inline]
    #[track_caller]
    pub(crate) fn check_order(&self, mode: Mode, site: Site) {
        self.check_order_if(gate::Look::now(), mode, site);
    }

    /// The same for who has looked at the gate.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn check_order_if(&self, gate: gate::Look, mode: Mode, site: Site) {
        if gate.is_strict() {
            self.check_strictly(mode, site);
        }
    }

    #[inline(never)]
    #[track_caller]
    fn check_strictly(&self, mode: Mode, site: Site) {
        let violation = local::with(|local| {
            let local = local?;
            let violation = self.violation(local, mode, site)?;
            let _busy = local.busy();
            consequence(&violation)
        });
        // Out here the thread is in nobody's way: what the panic runs may lock and be recorded.
        if let Some(message) = violation {
            panic!("{message}");
        }
    }

    /// What is wrong with the request.
    fn violation(&self, local: &mut Local, mode: Mode, site: Site) -> Option<Violation> {
        let wanted = Claim::new(self.number(local)?, mode);
        if self.kind == Kind::RwLock && wanted.write {
            note_writer(local, wanted);
        }
        let count = local.held.all().len().min(local.order.together_from.unwrap_or(usize::MAX));
        if self.kind == Kind::ReentrantMutex && local.held.all()[..count].iter().any(|hold| hold.lock() == wanted.lock)
        {
            return None;
        }
        (0..count).find_map(|at| {
            let hold = local.held.all()[at];
            let held = Claim::new(hold.lock(), hold.mode());
            let fine = if held.lock == wanted.lock {
                !held.excludes(wanted, others_write(local, wanted))
            } else {
                local.order.has(held, wanted)
            };
            if fine { None } else { self.judge(local, held, hold.site(), wanted, site) }
        })
    }

    /// What is wrong with wanting the one while holding the other, which is not known to be fine.
    #[cold]
    #[inline(never)]
    fn judge(&self, local: &mut Local, held: Claim, held_site: u32, wanted: Claim, site: Site) -> Option<Violation> {
        let graph = graph()?;
        if settings::strict() == Strict::Report && graph.is_silenced(held, wanted) {
            return None;
        }
        let _busy = local.busy();
        let thread = local.thread();
        let order = Order {
            held,
            held_at: local.sites.place(held_site).unwrap_or(site),
            wanted,
            wanted_at: site,
            thread: Name::of_this_thread(thread),
        };
        if held.lock == wanted.lock {
            return Some(Violation::Again(order));
        }
        if let Some(levels) = self.levels_out_of_order(held) {
            return Some(Violation::Levels(order, levels));
        }
        match graph.learn(&order) {
            Some(chain) => Some(Violation::Inverted(order, earlier(graph, &chain), chain.length)),
            None => {
                local.order.remember(held, wanted);
                None
            }
        }
    }

    /// The levels of what is held and of this lock, if that is to be taken before.
    fn levels_out_of_order(&self, held: Claim) -> Option<(i64, i64)> {
        let mine = self.level()?;
        let level = catalogue::look_up(held.lock)?.level?;
        (level >= mine).then_some((level, mine))
    }
}

fn earlier(graph: &Graph, chain: &Chain) -> Vec<Order> {
    graph.orders(chain).collect()
}

/// Says what is wrong; or what to panic with.
fn consequence(violation: &Violation) -> Option<String> {
    let message = violation.to_string();
    if settings::strict() == Strict::Panic && !std::thread::panicking() {
        return Some(message);
    }
    settings::say_all(&format!("{message}\n"));
    if let (Strict::Report, Some(graph)) = (settings::strict(), graph()) {
        graph.silence(violation.order());
    }
    None
}

/// Whether a writer could come between two reads of this thread.
fn others_write(local: &Local, wanted: Claim) -> bool {
    graph().is_some_and(|graph| graph.has_writer_but(wanted.lock, local.thread()))
}

/// Somebody writes this lock: from now on its readers can keep each other waiting.
fn note_writer(local: &mut Local, wanted: Claim) {
    if local.order.has(wanted, wanted) {
        return;
    }
    if let Some(graph) = graph() {
        graph.note_writer(wanted.lock, local.thread());
        let _busy = local.busy();
        local.order.remember(wanted, wanted);
    }
}

/// While this lives, the locks that the thread takes are in no order among themselves: `lock_all` has its own, which
/// changes where locks move.
#[must_use = "ends when it is dropped"]
pub(crate) struct Together {
    marked: bool,
}

/// Begins a set of locks that are taken in an order of their own.
pub(crate) fn together() -> Together {
    Together { marked: gate::is_strict() && mark(Some) }
}

impl Drop for Together {
    fn drop(&mut self) {
        if self.marked {
            mark(|_| None);
        }
    }
}

fn mark(from: impl FnOnce(usize) -> Option<usize>) -> bool {
    local::with(|local| match local {
        Some(local) => {
            local.order.together_from = from(local.held.all().len());
            true
        }
        None => false,
    })
}

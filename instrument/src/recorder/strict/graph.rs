//! The orders in which the process's threads have asked for locks.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use super::arena::{Region, Zeroed};
use super::claim::Claim;
use super::index::{Index, hash};
use super::name::{Name, StoredName};
use crate::recorder::object::Site;
use crate::recorder::settings::say;
use crate::recorder::spin::back_off;

/// Orders that a process remembers. What comes later is checked against these and not remembered.
/// Miri keeps books on each byte of a region, touched or not.
const ORDERS: usize = if cfg!(miri) { 1 << 8 } else { 1 << 20 };

/// A thread asked for a lock while it held another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Order {
    pub(super) held: Claim,
    pub(super) held_at: Site,
    pub(super) wanted: Claim,
    pub(super) wanted_at: Site,
    pub(super) thread: Name,
}

/// What has become of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    InOrder,
    Silenced,
}

/// Orders of which each wants what the next holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Chain {
    /// The first of them.
    edges: [u32; Chain::SHOWN],
    /// How many there are.
    pub(super) length: usize,
}

impl Chain {
    const SHOWN: usize = 8;
}

/// Orders between lock instances, without a circle.
///
/// A node is a lock as it was held, an edge an order; both only ever are added, and are complete before the indices name
/// them, so that an order that is known is found without a lock. Adding takes a spin lock, for as long as one search takes.
///
/// # Complexity
/// An order that is known: O(1). A new one: a breadth-first search from what is wanted, O(orders known) at worst; it gives
/// the shortest chain. Memory is bounded by [`ORDERS`].
#[derive(Debug)]
pub(super) struct Graph {
    busy: AtomicBool,
    nodes: Region<Node>,
    node_of: Index,
    node_count: AtomicU32,
    edges: Region<Edge>,
    edge_of: Index,
    edge_count: AtomicU32,
    /// Counts the searches.
    search: AtomicU32,
}

/// A lock as it was held. Of numbers of nodes and edges, 0 stands for none, and the rest count from 1.
#[derive(Debug)]
struct Node {
    held: AtomicU64,
    /// The last of the orders that begin here.
    first: AtomicU32,
    /// Of a lock held to read: the thread that has wanted to write it, or [`SEVERAL`].
    writer: AtomicU32,
    /// The last search that came here, by which edge, and where it goes from here.
    seen: AtomicU32,
    by: AtomicU32,
    then: AtomicU32,
}

#[derive(Debug)]
struct Edge {
    from: AtomicU32,
    wanted: AtomicU64,
    /// The next of the orders that begin at the same node.
    next: AtomicU32,
    /// Out of order: part of no search.
    silenced: AtomicBool,
    held_at: AtomicPtr<Location<'static>>,
    wanted_at: AtomicPtr<Location<'static>>,
    thread: StoredName,
}

// SAFETY: structs of such.
unsafe impl Zeroed for Node {}
// SAFETY: as above.
unsafe impl Zeroed for Edge {}

/// Writers of a lock that are not one thread.
const SEVERAL: u32 = u32::MAX;

impl Graph {
    /// A graph for up to `orders`; none if the kernel gives no memory.
    pub(super) fn new(orders: usize) -> Option<Self> {
        let nodes = orders.checked_mul(2)?;
        Some(Self {
            busy: AtomicBool::new(false),
            nodes: Region::map(nodes)?,
            node_of: Index::map(nodes)?,
            node_count: AtomicU32::new(0),
            edges: Region::map(orders)?,
            edge_of: Index::map(orders)?,
            edge_count: AtomicU32::new(0),
            search: AtomicU32::new(0),
        })
    }

    /// Remembers an order, unless it contradicts others: then these.
    pub(super) fn learn(&self, order: &Order) -> Option<Chain> {
        if self.known(order.held, order.wanted) == Some(Known::InOrder) {
            return None;
        }
        let _alone = self.alone();
        let chain = self.chain(order.wanted, order.held);
        if chain.is_none() && self.known(order.held, order.wanted).is_none() {
            self.add(order, false);
        }
        chain
    }

    /// Remembers that all has been said about this order, which is a bad one.
    pub(super) fn silence(&self, order: &Order) {
        let _alone = self.alone();
        if self.known(order.held, order.wanted).is_none() {
            self.add(order, true);
        }
    }

    /// Whether all has been said about wanting the one while holding the other.
    pub(super) fn is_silenced(&self, held: Claim, wanted: Claim) -> bool {
        self.known(held, wanted) == Some(Known::Silenced)
    }

    fn known(&self, held: Claim, wanted: Claim) -> Option<Known> {
        let edge = self.find_edge(held, wanted)?;
        let silenced = self.edge(edge).silenced.load(Ordering::Relaxed);
        Some(if silenced { Known::Silenced } else { Known::InOrder })
    }

    /// `thread` wants to write `lock`, which can be read too.
    pub(super) fn note_writer(&self, lock: u32, thread: u32) {
        let reading = Claim { lock, write: false };
        if [thread, SEVERAL].contains(&self.writer(lock)) {
            return;
        }
        let _alone = self.alone();
        if let Some(node) = self.node_for(reading) {
            let writer = &self.node(node).writer;
            let before = writer.load(Ordering::Relaxed);
            let now = if before == 0 || before == thread { thread } else { SEVERAL };
            writer.store(now, Ordering::Relaxed);
        }
    }

    /// Who has wanted to write `lock`: 0 is nobody.
    fn writer(&self, lock: u32) -> u32 {
        self.find_node(Claim { lock, write: false }).map_or(0, |node| self.node(node).writer.load(Ordering::Relaxed))
    }

    /// Whether anybody has wanted to write `lock`.
    fn has_writer(&self, lock: u32) -> bool {
        self.writer(lock) != 0
    }

    /// Whether a thread other than this one has wanted to write `lock`.
    pub(super) fn has_writer_but(&self, lock: u32, thread: u32) -> bool {
        ![0, thread].contains(&self.writer(lock))
    }

    /// The orders of a chain, as many as are shown.
    pub(super) fn orders(&self, chain: &Chain) -> impl Iterator<Item = Order> {
        chain.edges.into_iter().take(chain.length).filter_map(|edge| self.order(edge))
    }

    fn order(&self, edge: u32) -> Option<Order> {
        let edge = self.edge(edge);
        // SAFETY: null, or a `Site`, which lives for ever.
        let site = |site: &AtomicPtr<Location<'static>>| unsafe { site.load(Ordering::Relaxed).as_ref() };
        Some(Order {
            held: self.node(edge.from.load(Ordering::Relaxed)).claim(),
            held_at: site(&edge.held_at)?,
            wanted: Claim::of_key(edge.wanted.load(Ordering::Relaxed)),
            wanted_at: site(&edge.wanted_at)?,
            thread: edge.thread.load(),
        })
    }

    /// The shortest chain of orders from `wanted` to `held`: whoever holds what is wanted may want what is held.
    fn chain(&self, wanted: Claim, held: Claim) -> Option<Chain> {
        let mut search = Search::new(self);
        search.reach(wanted, 0);
        while let Some(node) = search.next() {
            let mut edge = self.node(node).first.load(Ordering::Relaxed);
            while edge != 0 {
                let asked = Claim::of_key(self.edge(edge).wanted.load(Ordering::Relaxed));
                if asked.excludes(held, self.has_writer(held.lock)) {
                    return Some(self.chain_to(edge));
                }
                search.reach(asked, edge);
                edge = self.edge(edge).next.load(Ordering::Relaxed);
            }
        }
        None
    }

    /// The chain that the search went to come to `last`.
    fn chain_to(&self, last: u32) -> Chain {
        let before = |&edge: &u32| {
            let from = self.edge(edge).from.load(Ordering::Relaxed);
            Some(self.node(from).by.load(Ordering::Relaxed)).filter(|&edge| edge != 0)
        };
        let backwards = || std::iter::successors(Some(last), before);
        let length = backwards().count();
        let mut edges = [0; Chain::SHOWN];
        for (edge, at) in backwards().zip((0..length).rev()) {
            if let Some(slot) = edges.get_mut(at) {
                *slot = edge;
            }
        }
        Chain { edges, length }
    }

    fn add(&self, order: &Order, silenced: bool) {
        let count = self.edge_count.load(Ordering::Relaxed);
        let Some(new) = self.edges.get(count as usize) else { return say_full() };
        let Some(from) = self.node_for(order.held) else { return say_full() };
        new.from.store(from, Ordering::Relaxed);
        new.wanted.store(order.wanted.key(), Ordering::Relaxed);
        new.silenced.store(silenced, Ordering::Relaxed);
        new.held_at.store(ptr::from_ref(order.held_at).cast_mut(), Ordering::Relaxed);
        new.wanted_at.store(ptr::from_ref(order.wanted_at).cast_mut(), Ordering::Relaxed);
        new.thread.store(order.thread);
        if !silenced {
            let first = &self.node(from).first;
            new.next.store(first.load(Ordering::Relaxed), Ordering::Relaxed);
            first.store(count + 1, Ordering::Relaxed);
        }
        self.edge_count.store(count + 1, Ordering::Relaxed);
        self.edge_of.add(hash(order.held.key(), order.wanted.key()), count + 1);
    }

    fn node_for(&self, held: Claim) -> Option<u32> {
        if let Some(node) = self.find_node(held) {
            return Some(node);
        }
        let count = self.node_count.load(Ordering::Relaxed);
        self.nodes.get(count as usize)?.held.store(held.key(), Ordering::Relaxed);
        self.node_count.store(count + 1, Ordering::Relaxed);
        self.node_of.add(hash(held.key(), 0), count + 1);
        Some(count + 1)
    }

    fn find_node(&self, held: Claim) -> Option<u32> {
        self.node_of.find(hash(held.key(), 0), |node| self.node(node).claim() == held)
    }

    fn find_edge(&self, held: Claim, wanted: Claim) -> Option<u32> {
        self.edge_of.find(hash(held.key(), wanted.key()), |edge| {
            let edge = self.edge(edge);
            let from = self.node(edge.from.load(Ordering::Relaxed)).claim();
            from == held && Claim::of_key(edge.wanted.load(Ordering::Relaxed)) == wanted
        })
    }

    fn node(&self, number: u32) -> &Node {
        &self.nodes[number as usize - 1]
    }

    fn edge(&self, number: u32) -> &Edge {
        &self.edges[number as usize - 1]
    }

    /// The right to add and to search. Nothing under it calls foreign code.
    fn alone(&self) -> Alone<'_> {
        let mut round = 0_u32;
        while self.busy.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            back_off(round);
            round = round.saturating_add(1);
        }
        Alone(&self.busy)
    }
}

impl Node {
    fn claim(&self) -> Claim {
        Claim::of_key(self.held.load(Ordering::Relaxed))
    }
}

struct Alone<'a>(&'a AtomicBool);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A breadth-first search; its queue is a list through the nodes.
struct Search<'a> {
    graph: &'a Graph,
    number: u32,
    head: u32,
    tail: u32,
}

impl<'a> Search<'a> {
    fn new(graph: &'a Graph) -> Self {
        let number = graph.search.load(Ordering::Relaxed).wrapping_add(1);
        graph.search.store(number, Ordering::Relaxed);
        Self { graph, number, head: 0, tail: 0 }
    }

    /// Goes to every hold that can keep a thread from what is wanted, having come by an edge.
    fn reach(&mut self, wanted: Claim, by: u32) {
        for write in [true, false] {
            let hold = Claim { lock: wanted.lock, write };
            if wanted.excludes(hold, self.graph.has_writer(wanted.lock))
                && let Some(node) = self.graph.find_node(hold)
            {
                self.enqueue(node, by);
            }
        }
    }

    fn enqueue(&mut self, number: u32, by: u32) {
        let node = self.graph.node(number);
        if node.seen.load(Ordering::Relaxed) == self.number {
            return;
        }
        node.seen.store(self.number, Ordering::Relaxed);
        node.by.store(by, Ordering::Relaxed);
        node.then.store(0, Ordering::Relaxed);
        match self.tail {
            0 => self.head = number,
            tail => self.graph.node(tail).then.store(number, Ordering::Relaxed),
        }
        self.tail = number;
    }

    fn next(&mut self) -> Option<u32> {
        let node = Some(self.head).filter(|&head| head != 0)?;
        self.head = self.graph.node(node).then.load(Ordering::Relaxed);
        if self.head == 0 {
            self.tail = 0;
        }
        Some(node)
    }
}

fn say_full() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        say(&["lockhound: strict mode knows as many lock orders as it can and learns no more\n"]);
    }
}

/// The process's graph, leaked. Null before the first use, and in the child of a fork.
static GRAPH: AtomicPtr<Graph> = AtomicPtr::new(ptr::null_mut());

/// The process's graph; none if there is no memory for it.
pub(super) fn graph() -> Option<&'static Graph> {
    // SAFETY: null, or a box leaked below.
    unsafe { GRAPH.load(Ordering::Acquire).as_ref() }.or_else(make)
}

#[cold]
fn make() -> Option<&'static Graph> {
    let new = Box::into_raw(Box::new(Graph::new(ORDERS)?));
    let published = GRAPH.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
    if published.is_err() {
        // SAFETY: made above, and known to nobody else.
        drop(unsafe { Box::from_raw(new) });
    }
    // SAFETY: not null any more, and leaked.
    unsafe { GRAPH.load(Ordering::Acquire).as_ref() }
}

/// In the child of a fork: locks get new numbers, and another thread of the parent may have been about to add.
pub(in crate::recorder) fn abandon() {
    GRAPH.store(ptr::null_mut(), Ordering::Release);
}

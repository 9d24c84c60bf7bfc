//! The lock orders that a finding is about, drawn.

use std::collections::HashMap;

use crate::drawing::{Which, picture};
use crate::graph::{LockOrder, LockOrderGraph};

/// More drawings than these would outweigh the rest of the page: the findings beyond have none.
const MOST: usize = 500;
/// A drawing of more locks than these is a tangle.
const MOST_LOCKS: usize = 40;

/// Drawings, each made once.
#[derive(Debug)]
pub(super) struct Drawings<'a> {
    graph: &'a LockOrderGraph,
    /// The orders that each finding is about.
    orders: HashMap<&'a str, Vec<usize>>,
    made: HashMap<Vec<usize>, usize>,
    all: Vec<String>,
}

impl<'a> Drawings<'a> {
    pub(super) fn new(graph: &'a LockOrderGraph) -> Self {
        let mut orders: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, order) in graph.orders.iter().enumerate() {
            for finding in &order.findings {
                orders.entry(finding).or_default().push(position);
            }
        }
        Self { graph, orders, made: HashMap::new(), all: Vec::new() }
    }

    /// The drawing of the orders that a finding is about; none if it is about none.
    pub(super) fn of(&mut self, fingerprint: &str) -> Option<usize> {
        let orders = self.orders.get(fingerprint)?.clone();
        self.draw(orders)
    }

    /// The drawing of all orders that are in cycles.
    pub(super) fn all(&mut self) -> Option<usize> {
        let cycles = self.graph.orders.iter().enumerate().filter(|(_, order)| order.in_cycle);
        self.draw(cycles.map(|(position, _)| position).collect())
    }

    pub(super) fn into_all(self) -> Vec<String> {
        self.all
    }

    fn draw(&mut self, orders: Vec<usize>) -> Option<usize> {
        if let Some(&made) = self.made.get(&orders) {
            return Some(made);
        }
        let part = part(self.graph, &orders);
        if self.all.len() == MOST || part.is_empty() || part.locks.len() > MOST_LOCKS {
            return None;
        }
        self.all.push(picture(&part, Which::All, None));
        self.made.insert(orders, self.all.len() - 1);
        Some(self.all.len() - 1)
    }
}

/// The graph of these orders and their locks alone.
fn part(graph: &LockOrderGraph, orders: &[usize]) -> LockOrderGraph {
    let mut part = LockOrderGraph::default();
    let mut moved = HashMap::new();
    for order in orders.iter().map(|&order| &graph.orders[order]) {
        let mut ends = [order.held, order.wanted].map(|lock| {
            let node = graph.locks.get(lock)?;
            Some(*moved.entry(lock).or_insert_with(|| {
                part.locks.push(node.clone());
                part.locks.len() - 1
            }))
        });
        if let [Some(held), Some(wanted)] = ends.each_mut().map(|end| end.take()) {
            part.orders.push(LockOrder { held, wanted, ..order.clone() });
        }
    }
    part
}

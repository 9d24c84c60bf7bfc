//! The lock orders that a finding is about, drawn.

use std::collections::{BTreeSet, HashMap};

use crate::drawing::{Which, picture};
use crate::graph::{LockOrder, LockOrderGraph};

/// More drawings than these would outweigh the rest of the page: the findings beyond have none.
const MOST: usize = 500;
/// A drawing of more locks than these is a tangle.
const MOST_LOCKS: usize = 40;
/// The orders around those of a finding are drawn with them unless they are more.
const MOST_AROUND: usize = 24;

/// Drawings, each made once.
#[derive(Debug)]
pub(super) struct Drawings<'a> {
    graph: &'a LockOrderGraph,
    /// The orders that each finding is about.
    orders: HashMap<&'a str, Vec<usize>>,
    /// The orders that each lock is part of.
    of_lock: HashMap<usize, Vec<usize>>,
    made: HashMap<(Vec<usize>, Option<String>), usize>,
    all: Vec<String>,
}

impl<'a> Drawings<'a> {
    pub(super) fn new(graph: &'a LockOrderGraph) -> Self {
        let mut orders: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut of_lock: HashMap<usize, Vec<usize>> = HashMap::new();
        for (position, order) in graph.orders.iter().enumerate() {
            for finding in &order.findings {
                orders.entry(finding).or_default().push(position);
            }
            of_lock.entry(order.held).or_default().push(position);
            of_lock.entry(order.wanted).or_default().push(position);
        }
        Self { graph, orders, of_lock, made: HashMap::new(), all: Vec::new() }
    }

    /// The drawing of the orders that a finding is about, with those around them; none if it is about none.
    pub(super) fn of(&mut self, fingerprint: &str) -> Option<usize> {
        let own = self.orders.get(fingerprint)?;
        let locks: BTreeSet<usize> =
            own.iter().map(|&own| &self.graph.orders[own]).flat_map(LockOrder::locks).collect();
        let around: BTreeSet<usize> = locks.iter().flat_map(|lock| &self.of_lock[lock]).copied().collect();
        match around.len() {
            around_too if around_too > own.len() && around_too <= MOST_AROUND => {
                self.draw(around.into_iter().collect(), Some(fingerprint))
            }
            _ => self.draw(own.clone(), None),
        }
    }

    /// The drawing of all orders that are in cycles.
    pub(super) fn all(&mut self) -> Option<usize> {
        let cycles = self.graph.orders.iter().enumerate().filter(|(_, order)| order.in_cycle);
        self.draw(cycles.map(|(position, _)| position).collect(), None)
    }

    pub(super) fn into_all(self) -> Vec<String> {
        self.all
    }

    fn draw(&mut self, orders: Vec<usize>, highlight: Option<&str>) -> Option<usize> {
        let what = (orders, highlight.map(str::to_owned));
        if let Some(&made) = self.made.get(&what) {
            return Some(made);
        }
        let part = part(self.graph, &what.0);
        if self.all.len() == MOST || part.is_empty() || part.locks.len() > MOST_LOCKS {
            return None;
        }
        self.all.push(picture(&part, Which::All, highlight));
        self.made.insert(what, self.all.len() - 1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::LockNode;
    use crate::samples;

    #[test]
    fn the_orders_of_a_finding_stand_out_among_those_around_them() {
        let mut graph = samples::potential_deadlock().lock_orders;
        let finding = graph.orders[0].findings[0].clone();
        let drawn = |graph: &LockOrderGraph| {
            let mut drawings = Drawings::new(graph);
            let drawing = drawings.of(&finding).unwrap();
            assert_eq!(drawings.of("another"), None);
            drawings.into_all().swap_remove(drawing)
        };
        assert!(!drawn(&graph).contains("lh-hot"), "there is nothing else");
        for number in 0..=MOST_AROUND {
            graph.locks.push(LockNode { name: format!("log {number}"), ..graph.locks[0].clone() });
            let wanted = graph.locks.len() - 1;
            let order = LockOrder { wanted, in_cycle: false, findings: Vec::new(), ..graph.orders[0].clone() };
            graph.orders.push(order);
            let svg = drawn(&graph);
            let around = graph.orders.len() <= MOST_AROUND;
            assert_eq!((svg.contains("log 0"), svg.matches("lh-edge lh-cycle lh-hot").count() == 2), (around, around));
        }
    }
}

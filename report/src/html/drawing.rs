//! The lock orders that a finding is about, drawn.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::embed::text;
use super::texts::shown;
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
        self.all.push(svg(&part));
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

/// A placeholder until `crate::svg` is there: locks on a circle, an arrow from each lock held to the lock asked for.
fn svg(graph: &LockOrderGraph) -> String {
    let radius = 80.0 + 14.0 * graph.locks.len() as f64;
    let (width, height) = (2.0 * radius + 240.0, 2.0 * radius + 60.0);
    let at = |lock: usize| {
        let angle = std::f64::consts::TAU * lock as f64 / graph.locks.len() as f64 + std::f64::consts::PI;
        (width / 2.0 + radius * angle.cos(), height / 2.0 + radius * angle.sin())
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">"
    );
    for order in &graph.orders {
        let ((x1, y1), (x2, y2)) = (at(order.held), at(order.wanted));
        let (bend_x, bend_y) = ((x1 + x2) / 2.0 + (y2 - y1) / 4.0, (y1 + y2) / 2.0 - (x2 - x1) / 4.0);
        let _ = write!(
            svg,
            "<path d=\"M{x1:.1} {y1:.1}Q{bend_x:.1} {bend_y:.1} {x2:.1} {y2:.1}\" fill=\"none\" stroke=\"currentColor\"/>\
             <text x=\"{bend_x:.1}\" y=\"{bend_y:.1}\" text-anchor=\"middle\" fill=\"currentColor\">{} ×{}</text>",
            text(&shown(&order.thread)),
            order.count
        );
    }
    for (lock, node) in graph.locks.iter().enumerate() {
        let (x, y) = at(lock);
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"currentColor\" font-weight=\"600\">{}</text>",
            text(&shown(&node.name))
        );
    }
    svg.push_str("</svg>");
    svg
}

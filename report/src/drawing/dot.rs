//! The lock-order graph for Graphviz.

use std::fmt::Write as _;

use lockhound_trace::one_line;

use super::excerpt::{Bounds, Excerpt, Which};
use super::words;
use crate::graph::{LockNode, LockOrder, LockOrderGraph};
use crate::naming::named_locks;

/// The colour of cycles; they are thick as well.
const CYCLE: &str = "#c4232b";

/// The graph in Graphviz's DOT language: an arrow from each lock held to each lock asked for while it was held, with how
/// often and where; cycles in red. Of `which` orders, without bounds: whoever draws it must know how much they can read.
///
/// Linear in the graph.
#[must_use]
pub fn dot(graph: &LockOrderGraph, which: Which) -> String {
    let graph = &*named_locks(graph);
    let excerpt = Excerpt::new(graph, which, None, Bounds::NONE);
    let mut cyclic = vec![false; excerpt.locks.len()];
    for edge in excerpt.edges.iter().filter(|edge| edge.in_cycle()) {
        cyclic[edge.held] = true;
        cyclic[edge.wanted] = true;
    }
    let mut dot = format!(
        "// {}\ndigraph lock_orders {{\n  \
         graph [rankdir=TB, fontname=\"sans-serif\"];\n  \
         node [shape=box, style=rounded, fontname=\"monospace\"];\n  \
         edge [fontname=\"sans-serif\", fontsize=10];\n",
        words::summary(&excerpt)
    );
    for (number, &lock) in excerpt.locks.iter().enumerate() {
        node(&mut dot, number, &graph.locks[lock], cyclic[number]);
    }
    for edge in &excerpt.edges {
        let tooltip = words::of_edge(edge, &excerpt);
        for order in &edge.orders {
            arrow(&mut dot, edge.held, edge.wanted, order, &tooltip);
        }
    }
    dot.push_str("}\n");
    dot
}

fn node(dot: &mut String, number: usize, lock: &LockNode, cyclic: bool) {
    let cycle = if cyclic { format!(", color=\"{CYCLE}\", penwidth=2") } else { String::new() };
    let label = text([lock.name.as_str()]);
    let tooltip = text(words::of_lock(lock).iter().map(String::as_str));
    let _ = writeln!(dot, "  n{number} [label={label}, tooltip={tooltip}{cycle}];");
}

fn arrow(dot: &mut String, held: usize, wanted: usize, order: &LockOrder, tooltip: &[String]) {
    let mut label = vec![match words::modes(order) {
        Some(modes) => format!("{}× {modes}", order.count),
        None => format!("{}×", order.count),
    }];
    label.extend(order.held_at.clone());
    label.extend(order.wanted_at.as_deref().map(|at| format!("→ {at}")));
    let cycle = if order.in_cycle {
        format!(", color=\"{CYCLE}\", fontcolor=\"{CYCLE}\", penwidth=2.5")
    } else {
        String::new()
    };
    let (label, tooltip) = (text(label.iter().map(String::as_str)), text(tooltip.iter().map(String::as_str)));
    let _ = writeln!(dot, "  n{held} -> n{wanted} [label={label}, tooltip={tooltip}{cycle}];");
}

/// A quoted string that Graphviz shows as these lines, word for word: it takes `\N` and the like for names, and `&lt;` and
/// the like for characters, in ordinary strings too.
fn text<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted = String::from('"');
    for (number, line) in lines.into_iter().enumerate() {
        if number > 0 {
            quoted.push_str("\\n");
        }
        for c in one_line(line).chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '&' => quoted.push_str("&amp;"),
                c => quoted.push(c),
            }
        }
    }
    quoted.push('"');
    quoted
}

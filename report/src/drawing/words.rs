//! What drawings say in words.

use lockhound_trace::one_line;

use super::excerpt::{Edge, Excerpt};
use crate::graph::{LockNode, LockOrder};

/// All that is known of a lock, a line each.
pub(super) fn of_lock(lock: &LockNode) -> Vec<String> {
    let mut lines = vec![one_line(&lock.name)];
    lines.push(match &lock.at {
        Some(at) => format!("{} made at {}", one_line(&lock.kind), one_line(at)),
        None => one_line(&lock.kind),
    });
    lines.push(format!("asked for {}", times(lock.acquired)));
    lines.extend(lock.group.as_deref().map(|group| format!("in {}", one_line(group))));
    lines
}

/// All that is known of an edge, a line each.
pub(super) fn of_edge(edge: &Edge<'_>, excerpt: &Excerpt<'_>) -> Vec<String> {
    let name = |lock: usize| one_line(&excerpt.graph.locks[excerpt.locks[lock]].name);
    let mut lines = vec![format!("{} → {}", name(edge.held), name(edge.wanted))];
    for order in &edge.orders {
        let modes = modes(order).map_or_else(String::new, |modes| format!(" ({modes})"));
        lines.push(format!("{}{modes}, first by {}", times(order.count), one_line(&order.thread)));
        lines.extend(order.held_at.as_deref().map(|at| format!("held since {}", one_line(at))));
        lines.extend(order.wanted_at.as_deref().map(|at| format!("asked for at {}", one_line(at))));
    }
    if edge.in_cycle() {
        lines.push("part of a cycle".to_owned());
    }
    lines
}

/// How the one is held and the other asked for, unless both are exclusive.
pub(super) fn modes(order: &LockOrder) -> Option<String> {
    let modes = [&order.held_mode, &order.wanted_mode].map(|mode| one_line(mode));
    (modes != ["write", "write"]).then(|| modes.join(", then "))
}

/// What is not in the drawing, and how to have it.
pub(super) fn left_out(excerpt: &Excerpt<'_>) -> Option<String> {
    let instead = excerpt.instead?;
    let (locks, orders) = excerpt.left_out();
    Some(format!(
        "Too much for one drawing: {instead}. {} and {} are left out; `--format dot` has them all.",
        number(locks, "lock"),
        number(orders, "order")
    ))
}

/// What is drawn, in one sentence.
pub(super) fn summary(excerpt: &Excerpt<'_>) -> String {
    let cyclic = excerpt.circles().iter().filter(|circle| circle.len() > 1).count();
    match (excerpt.edges.len(), cyclic) {
        (0, _) if excerpt.graph.orders.is_empty() => "No lock was asked for while another was held.".to_owned(),
        (0, _) if excerpt.graph.orders.iter().any(|order| order.in_cycle) => {
            "The cycles are too long to be drawn.".to_owned()
        }
        (0, _) => format!("No cycle among {}.", number(excerpt.graph.orders.len(), "lock order")),
        (edges, 0) => format!("{} in {}, no cycle.", number(excerpt.locks.len(), "lock"), number(edges, "order")),
        (edges, tangles) => format!(
            "{} in {}; {} in cycles.",
            number(excerpt.locks.len(), "lock"),
            number(edges, "order"),
            number(tangles, "group")
        ),
    }
}

fn number(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

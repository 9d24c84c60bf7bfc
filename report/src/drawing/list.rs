//! The lock-order graph in words.

use std::fmt::Write as _;

use lockhound_trace::one_line;
use unicode_width::UnicodeWidthStr;

use super::excerpt::{Bounds, Edge, Excerpt, Which};
use super::words;
use crate::graph::{LockOrder, LockOrderGraph};
use crate::naming::named_locks;

/// The graph, an order a line: what was held, what was asked for, how often, where. Each group of locks that are connected
/// in cycles comes by itself, then, if all are wanted, the orders that are part of none.
#[must_use]
pub fn orders_text(graph: &LockOrderGraph, which: Which) -> String {
    let graph = &*named_locks(graph);
    let excerpt = Excerpt::new(graph, which, None, Bounds::NONE);
    let mut text = format!("{}\n", words::summary(&excerpt));
    let mut circles = excerpt.circles();
    circles.retain(|circle| circle.len() > 1);
    circles.sort();
    let mut circle_of = vec![None; excerpt.locks.len()];
    for (number, circle) in circles.iter().enumerate() {
        circle.iter().for_each(|&lock| circle_of[lock] = Some(number));
    }
    let mut within: Vec<Vec<&Edge<'_>>> = vec![Vec::new(); circles.len()];
    let mut rest = Vec::new();
    for edge in &excerpt.edges {
        match circle_of[edge.held].filter(|_| circle_of[edge.held] == circle_of[edge.wanted]) {
            Some(circle) => within[circle].push(edge),
            None => rest.push(edge),
        }
    }
    for (circle, edges) in circles.iter().zip(within) {
        let _ = writeln!(text, "\nin cycles: {} locks", circle.len());
        list(&mut text, &edges, &excerpt);
    }
    if !rest.is_empty() {
        let _ = writeln!(text, "\nin no cycle:");
        list(&mut text, &rest, &excerpt);
    }
    text
}

fn list(text: &mut String, edges: &[&Edge<'_>], excerpt: &Excerpt<'_>) {
    let name = |lock: usize| one_line(&excerpt.graph.locks[excerpt.locks[lock]].name);
    let rows: Vec<(String, String, String)> = edges
        .iter()
        .flat_map(|edge| edge.orders.iter().map(move |order| (*edge, *order)))
        .map(|(edge, order)| {
            (format!("`{}` then `{}`", name(edge.held), name(edge.wanted)), format!("{}×", order.count), place(order))
        })
        .collect();
    let widest = |column: &dyn Fn(&(String, String, String)) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let (pair, count) = (widest(&|row| row.0.width()).min(60), widest(&|row| row.1.width()));
    for (locks, times, place) in &rows {
        let (pad, before) = (pair.saturating_sub(locks.width()), count - times.width());
        let _ = writeln!(text, "{}", format!("  {locks}{:pad$}  {:before$}{times}  {place}", "", "").trim_end());
    }
}

/// Where, how and by whom.
fn place(order: &LockOrder) -> String {
    let mut place = match (&order.held_at, &order.wanted_at) {
        (Some(held), Some(wanted)) => format!("{} → {}", one_line(held), one_line(wanted)),
        (None, Some(at)) | (Some(at), None) => one_line(at),
        (None, None) => String::new(),
    };
    if let Some(modes) = words::modes(order) {
        let _ = write!(place, " ({modes})");
    }
    let _ = write!(place, " by {}", one_line(&order.thread));
    place.trim_start().to_owned()
}

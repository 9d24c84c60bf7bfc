//! What drawings look like. See `snapshots/`: pictures there are to be looked at.

use insta::assert_snapshot;

use super::samples::graph;
use super::svg::picture;
use super::{Which, dot, orders_text, svg};
use crate::graph::{LockOrder, LockOrderGraph};

/// A service: two circles of locks, orders around them, and a lock that comes last.
fn service() -> LockOrderGraph {
    let names = [
        "BOOK",
        "ACCOUNTS",
        "AUDIT",
        "Engine::sequence",
        "sessions",
        "mutex src/net/session.rs:40:12",
        "RATES",
        "cache",
        "log",
        "metrics",
    ];
    let orders = [
        (0, 1, 412),
        (1, 0, 1),
        (0, 2, 17),
        (2, 3, 4),
        (3, 4, 9),
        (4, 2, 2),
        (5, 4, 77),
        (5, 0, 1),
        (1, 8, 2000),
        (4, 8, 12),
        (9, 8, 1),
        (6, 7, 30),
        (5, 9, 5),
        (2, 8, 6),
    ];
    let mut graph = graph(&names, &orders);
    for order in &mut graph.orders {
        if order.held < 2 && order.wanted < 2 {
            order.findings.push("7f3a91c2004d5e6f".to_owned());
        }
    }
    graph.orders[3].wanted_mode = "read".to_owned();
    graph
}

/// A period longer than any chain.
const NONE: usize = usize::MAX;

/// Locks in a row, each taken under the one before; every `period` of them are a circle.
fn chain(locks: usize, period: usize) -> LockOrderGraph {
    let names: Vec<String> = (0..locks).map(|lock| format!("lock {lock}")).collect();
    let mut orders: Vec<(usize, usize, u64)> = (1..locks).map(|lock| (lock - 1, lock, 1)).collect();
    orders.extend((0..locks / period).map(|circle| ((circle + 1) * period - 1, circle * period, 1)));
    graph(&names.iter().map(String::as_str).collect::<Vec<_>>(), &orders)
}

fn count(svg: &str, class: &str) -> usize {
    svg.matches(&format!("<g class=\"{class}")).count()
}

#[test]
fn cycles_for_graphviz() {
    assert_snapshot!(dot(&service(), Which::Cycles));
}

#[test]
fn everything_for_graphviz() {
    assert_snapshot!(dot(&service(), Which::All));
}

#[test]
fn cycles_as_a_picture() {
    assert_snapshot!(svg(&service(), Which::Cycles, None));
}

#[test]
fn everything_as_a_picture_with_one_finding_emphasised() {
    assert_snapshot!(svg(&service(), Which::All, Some("7f3a91c2004d5e6f")));
}

#[test]
fn everything_in_words() {
    assert_snapshot!(orders_text(&service(), Which::All));
}

#[test]
fn a_picture_without_cycles_says_so() {
    let none = svg(&chain(2, NONE), Which::Cycles, None);
    assert!(none.contains("No cycle among 1 lock order.") && count(&none, "lh-node") == 0, "{none}");
    let nothing = svg(&LockOrderGraph::default(), Which::All, None);
    assert!(nothing.contains("No lock was asked for while another was held."), "{nothing}");
}

#[test]
fn only_what_a_finding_is_about_is_emphasised() {
    let svg = svg(&service(), Which::All, Some("7f3a91c2004d5e6f"));
    assert!(svg.contains("class=\"lh-graph lh-focus\""));
    assert_eq!((svg.matches("<g class=\"lh-edge lh-cycle lh-hot\"").count(), count(&svg, "lh-edge")), (2, 14));
    assert!(!self::svg(&service(), Which::All, Some("0000000000000000")).contains("lh-hot\""));
}

#[test]
fn what_a_finding_is_about_is_drawn_though_it_is_no_cycle() {
    let mut graph = chain(4, NONE);
    graph.orders[1].findings.push("00c0ffee".to_owned());
    let svg = svg(&graph, Which::Cycles, Some("00c0ffee"));
    assert_eq!((count(&svg, "lh-node"), count(&svg, "lh-edge lh-hot")), (2, 1), "{svg}");
}

#[test]
fn a_large_graph_is_reduced_to_its_cycles() {
    let mut graph = chain(2000, NONE);
    let back = LockOrder { held: 1, wanted: 0, in_cycle: true, ..graph.orders[0].clone() };
    graph.orders[0].in_cycle = true;
    graph.orders.push(back);
    let svg = svg(&graph, Which::All, None);
    assert_eq!((count(&svg, "lh-node"), count(&svg, "lh-edge")), (2, 2));
    assert!(svg.contains("only cycles are drawn. 1998 locks and 1998 orders are left out"), "{svg}");
}

#[test]
fn large_cycles_are_reduced_to_short_ones() {
    // 500 circles of 4, which the row makes one group with a circle that leads all the way back.
    let mut graph = chain(2000, 4);
    graph.orders.push(LockOrder { held: 1999, wanted: 0, ..graph.orders[0].clone() });
    crate::build::mark(&mut graph);
    let svg = svg(&graph, Which::Cycles, None);
    let (nodes, edges) = (count(&svg, "lh-node"), count(&svg, "lh-edge"));
    assert!((200..=250).contains(&nodes) && edges == nodes, "{nodes} locks in {edges} orders");
    assert!(svg.contains("the shortest cycle through each lock"), "{svg}");
    assert!(dot(&graph, Which::Cycles).matches(" -> ").count() == graph.orders.len(), "DOT has no bounds");
}

#[test]
fn one_long_cycle_is_not_cut() {
    let mut graph = chain(2000, 2000);
    graph.orders.truncate(2000);
    let svg = svg(&graph, Which::Cycles, None);
    assert!(svg.contains("The cycles are too long to be drawn."), "{svg}");
    assert!(count(&svg, "lh-edge") == 0 && svg.contains("2000 locks and 2000 orders are left out"), "{svg}");
}

#[test]
fn orders_of_locks_that_are_not_there_are_left_out() {
    let mut graph = chain(3, 3);
    graph.orders[0].wanted = 17;
    assert_eq!(count(&svg(&graph, Which::All, None), "lh-edge"), 2);
    assert_eq!(dot(&graph, Which::All).matches(" -> ").count(), 2);
}

#[test]
fn a_picture_in_a_page_brings_neither_style_nor_ids() {
    let picture = picture(&service(), Which::All, None);
    assert!(!picture.contains("<style") && !picture.contains("id=") && !picture.contains("lh-caption"), "{picture}");
}

/// No two boxes cover each other, and everything is within the picture.
#[test]
fn boxes_keep_apart() {
    for graph in [service(), chain(9, 9), chain(40, 40), chain(60, 5), chain(7, 2)] {
        let svg = svg(&graph, Which::All, None);
        let boxes = boxes(&svg);
        assert_eq!(boxes.len(), graph.locks.len());
        for (number, &[left, top, right, bottom]) in boxes.iter().enumerate() {
            for &[other_left, other_top, other_right, other_bottom] in &boxes[..number] {
                let apart = right < other_left || other_right < left || bottom < other_top || other_bottom < top;
                assert!(apart, "{svg}");
            }
        }
    }
}

/// The corners of all nodes.
fn boxes(svg: &str) -> Vec<[f64; 4]> {
    let number = |text: &str, before: &str| -> f64 {
        let from = text.find(before).unwrap() + before.len();
        let length = text[from..].find(|c: char| !matches!(c, '0'..='9' | '.' | '-')).unwrap();
        text[from..from + length].parse().unwrap()
    };
    svg.match_indices("<g class=\"lh-node")
        .map(|(at, _)| {
            let node = &svg[at..];
            let place = &node[node.find("translate(").unwrap()..];
            let x = number(place, "translate(");
            let y = number(&place[place.find(' ').unwrap()..], " ");
            let rect = &node[node.find("<rect").unwrap()..];
            let (left, top) = (x + number(rect, " x=\""), y + number(rect, " y=\""));
            [left, top, left + number(rect, "width=\""), top + number(rect, "height=\"")]
        })
        .collect()
}

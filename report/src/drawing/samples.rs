//! Lock-order graphs made by hand and by dice.

use crate::graph::{LockNode, LockOrder, LockOrderGraph};

/// A graph of locks with these names and these orders: who is held, who is asked for, how often.
pub(super) fn graph(names: &[&str], orders: &[(usize, usize, u64)]) -> LockOrderGraph {
    let locks = names.iter().enumerate().map(|(number, name)| LockNode {
        class: format!("mutex {name}"),
        name: (*name).to_owned(),
        kind: "mutex".to_owned(),
        at: Some(format!("src/service/orders.rs:{}:9", 10 + 3 * number)),
        called: None,
        acquired: 100,
        group: None,
        trace: None,
        identity: String::new(),
    });
    let orders = orders.iter().map(|&(held, wanted, count)| LockOrder {
        held,
        wanted,
        held_mode: "write".to_owned(),
        wanted_mode: "write".to_owned(),
        count,
        thread: "worker-1".to_owned(),
        held_at: Some(format!("src/service/orders.rs:{}:17", 100 + held)),
        wanted_at: Some(format!("src/service/orders.rs:{}:21", 100 + wanted)),
        held_event: 0,
        wanted_event: 0,
        seen_in: vec![0],
        gates: Vec::new(),
        clusters: Vec::new(),
        in_cycle: false,
        findings: Vec::new(),
    });
    let mut graph = LockOrderGraph { locks: locks.collect(), orders: orders.collect() };
    crate::build::mark(&mut graph);
    graph
}

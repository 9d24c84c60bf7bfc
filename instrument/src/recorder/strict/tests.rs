//! The graph against a slow twin.

use std::collections::HashSet;
use std::panic::Location;

use proptest::prelude::*;

use super::claim::Claim;
use super::graph::{Graph, Order};
use super::name::Name;

fn order(held: Claim, wanted: Claim) -> Order {
    let here = Location::caller();
    Order { held, held_at: here, wanted, wanted_at: here, thread: Name::new("test") }
}

/// The good orders so far, as a list.
#[derive(Default)]
struct Twin {
    orders: Vec<(Claim, Claim)>,
    written: HashSet<u32>,
}

impl Twin {
    fn excludes(&self, one: Claim, other: Claim) -> bool {
        one.lock == other.lock && (one.write || other.write || self.written.contains(&one.lock))
    }

    /// The length of the shortest chain from what is wanted to what is held, one more link a round.
    fn chain(&self, held: Claim, wanted: Claim) -> Option<usize> {
        let mut reached = vec![wanted];
        for length in 1..=self.orders.len() {
            let links = self.orders.iter().filter(|(from, _)| reached.iter().any(|&at| self.excludes(*from, at)));
            reached = links.map(|&(_, to)| to).collect();
            if reached.iter().any(|&at| self.excludes(at, held)) {
                return Some(length);
            }
        }
        None
    }

    fn learn(&mut self, held: Claim, wanted: Claim) -> Option<usize> {
        let known = self.orders.contains(&(held, wanted));
        let chain = if known { None } else { self.chain(held, wanted) };
        if !known && chain.is_none() {
            self.orders.push((held, wanted));
        }
        chain
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Learn(Claim, Claim),
    Write(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let claim = || (0_u32..7, any::<bool>()).prop_map(|(lock, write)| Claim { lock, write });
    prop_oneof![
        9 => (claim(), claim()).prop_map(|(held, wanted)| Step::Learn(held, wanted)),
        1 => (0_u32..7).prop_map(Step::Write),
    ]
}

proptest! {
    #[test]
    fn the_graph_finds_the_shortest_chain(steps in prop::collection::vec(step(), 0..60)) {
        let graph = Graph::new(128).expect("memory");
        let mut twin = Twin::default();
        for step in steps {
            match step {
                Step::Learn(held, wanted) if held.lock != wanted.lock => {
                    let chain = graph.learn(&order(held, wanted));
                    prop_assert_eq!(chain.as_ref().map(|chain| chain.length), twin.learn(held, wanted));
                    if let Some(chain) = chain {
                        let links: Vec<_> = graph.orders(&chain).collect();
                        prop_assert_eq!(links.len(), chain.length.min(8));
                        prop_assert!(twin.excludes(links[0].held, wanted));
                        for pair in links.windows(2) {
                            prop_assert!(twin.excludes(pair[0].wanted, pair[1].held));
                        }
                    }
                }
                Step::Learn(..) => {}
                Step::Write(lock) => {
                    graph.note_writer(lock, 1);
                    twin.written.insert(lock);
                }
            }
        }
    }
}

fn write(lock: u32) -> Claim {
    Claim { lock, write: true }
}

#[test]
fn a_long_chain_shows_its_beginning() {
    let graph = Graph::new(64).expect("memory");
    for lock in 0..20 {
        assert_eq!(graph.learn(&order(write(lock), write(lock + 1))), None);
    }
    let chain = graph.learn(&order(write(20), write(0))).expect("a circle");
    assert_eq!(chain.length, 20);
    let held: Vec<_> = graph.orders(&chain).map(|order| order.held.lock).collect();
    assert_eq!(held, (0..8).collect::<Vec<_>>());
}

#[test]
fn a_full_graph_knows_what_it_knows() {
    let graph = Graph::new(4).expect("memory");
    for lock in 0..10 {
        assert_eq!(graph.learn(&order(write(lock), write(lock + 1))), None);
    }
    assert!(graph.learn(&order(write(4), write(0))).is_some());
    assert!(graph.learn(&order(write(6), write(5))).is_none(), "never learnt");
}

#[test]
fn what_is_silenced_is_no_link() {
    let graph = Graph::new(8).expect("memory");
    graph.silence(&order(write(1), write(2)));
    assert!(graph.is_silenced(write(1), write(2)) && !graph.is_silenced(write(2), write(1)));
    assert_eq!(graph.learn(&order(write(2), write(1))), None);
    assert!(graph.learn(&order(write(1), write(2))).is_some(), "silenced, but wrong as ever");
}

#[test]
fn one_writer_is_told_from_several() {
    let graph = Graph::new(8).expect("memory");
    assert!(!graph.has_writer_but(3, 7));
    graph.note_writer(3, 7);
    assert!(!graph.has_writer_but(3, 7) && graph.has_writer_but(3, 8));
    graph.note_writer(3, 8);
    graph.note_writer(3, 7);
    assert!(graph.has_writer_but(3, 7) && graph.has_writer_but(3, 8));
}

#[test]
fn threads_learn_at_the_same_time() {
    let graph = Graph::new(1 << 12).expect("memory");
    let inverted = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (graph, inverted) = (&graph, &inverted);
            scope.spawn(move || {
                for round in 0..2000_u32 {
                    let (low, high) = (round % 40, 40 + (round * 7 + thread) % 40);
                    assert_eq!(graph.learn(&order(write(low), write(high))), None);
                    // Of two opposite orders one is learnt and the other refused, whoever comes first.
                    let (one, other) = (100 + round % 50, 200 + round % 50);
                    let (held, wanted) = if thread % 2 == 0 { (one, other) } else { (other, one) };
                    let refused = graph.learn(&order(write(held), write(wanted))).is_some();
                    inverted.fetch_add(usize::from(refused), std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    // For each pair all requests of one direction, which two threads made 40 times each, are refused.
    assert_eq!(inverted.into_inner(), 50 * 2 * 40);
}

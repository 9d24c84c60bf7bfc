//! Who is stuck for ever: the AND/OR wait-for relation, its greatest fixpoint and its least closed sets.
//!
//! The general model of Brzezinski, Helary, Raynal and Singhal ("Deadlock models and a general algorithm for
//! distributed deadlock detection", 1995), cut down to the two forms that the objects of a trace need. A *closed* set
//! is one whose members are all stuck if its members are: nobody in it can go on unless somebody outside helps, and
//! nobody outside can. A knot of the wait-for graph is such a set.

/// When a node is stuck, in terms of the nodes it waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// It needs every one of these to go on (all holders of a lock): stuck as long as any of them is.
    WhileAny(Vec<usize>),
    /// It needs only one of these to go on (whoever could send): stuck as long as all of them are. Stuck without
    /// further ado if there are none.
    WhileAll(Vec<usize>),
}

impl Wait {
    /// Waits for nobody.
    pub(crate) const FREE: Self = Self::WhileAny(Vec::new());
    /// Waits for what nobody can give.
    pub(crate) const HOPELESS: Self = Self::WhileAll(Vec::new());

    /// The nodes it waits for.
    pub(crate) fn on(&self) -> &[usize] {
        match self {
            Self::WhileAny(nodes) | Self::WhileAll(nodes) => nodes,
        }
    }
}

/// A set of nodes, by index.
pub(crate) type Nodes = Vec<bool>;

/// The greatest closed subset of `within`. Linear in the nodes and their edges.
pub(crate) fn greatest_closed(waits: &[Wait], within: &Nodes) -> Nodes {
    let mut inside = within.clone();
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
    let mut needed: Vec<usize> = vec![0; waits.len()];
    let mut freed = Vec::new();
    for (node, wait) in waits.iter().enumerate() {
        if !within[node] {
            continue;
        }
        for &other in wait.on() {
            waiters[other].push(node);
        }
        needed[node] = wait.on().iter().filter(|&&other| within[other]).count();
        let stays = match wait {
            Wait::WhileAny(_) => needed[node] > 0,
            Wait::WhileAll(nodes) => needed[node] == nodes.len(),
        };
        if !stays {
            freed.push(node);
        }
    }
    for &node in &freed {
        inside[node] = false;
    }
    while let Some(free) = freed.pop() {
        for &waiter in &waiters[free] {
            needed[waiter] -= 1;
            let goes_on = needed[waiter] == 0 || matches!(waits[waiter], Wait::WhileAll(_));
            if inside[waiter] && goes_on {
                inside[waiter] = false;
                freed.push(waiter);
            }
        }
    }
    inside
}

/// Disjoint least closed subsets of `within`, each sorted; none of them contains a smaller closed set, and what is
/// left over when they are taken away contains none at all. Nodes with high indices are dropped first where there is
/// a choice. Quadratic in the nodes of a set that is found.
pub(crate) fn least_closed(waits: &[Wait], within: &Nodes) -> Vec<Vec<usize>> {
    let mut rest = greatest_closed(waits, within);
    let mut sets = alone(waits, &mut rest);
    loop {
        rest = greatest_closed(waits, &rest);
        if !rest.contains(&true) {
            break;
        }
        let least = shrink(waits, &rest);
        for &node in &least {
            rest[node] = false;
        }
        sets.push(least);
    }
    sets.sort();
    sets
}

/// Takes the closed sets of one node out of `rest`: cheap, and the usual case where many threads wait in vain.
fn alone(waits: &[Wait], rest: &mut Nodes) -> Vec<Vec<usize>> {
    let mut sets = Vec::new();
    for (node, wait) in waits.iter().enumerate() {
        let closed = match wait {
            Wait::WhileAny(nodes) => nodes.contains(&node),
            Wait::WhileAll(nodes) => nodes.iter().all(|&other| other == node),
        };
        if rest[node] && closed {
            rest[node] = false;
            sets.push(vec![node]);
        }
    }
    sets
}

/// One least closed subset of the closed set `closed`.
fn shrink(waits: &[Wait], closed: &Nodes) -> Vec<usize> {
    let mut set = closed.clone();
    for node in (0..set.len()).rev() {
        if !set[node] {
            continue;
        }
        let mut fewer = set.clone();
        fewer[node] = false;
        let fewer = greatest_closed(waits, &fewer);
        if fewer.contains(&true) {
            set = fewer;
        }
    }
    (0..set.len()).filter(|&node| set[node]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(waits: &[Wait]) -> Nodes {
        vec![true; waits.len()]
    }

    #[test]
    fn two_that_wait_for_each_other_are_a_knot_and_the_third_is_not_in_it() {
        let waits = [Wait::WhileAny(vec![1]), Wait::WhileAny(vec![0]), Wait::WhileAny(vec![0])];
        assert_eq!(greatest_closed(&waits, &all(&waits)), [true, true, true]);
        assert_eq!(least_closed(&waits, &all(&waits)), [vec![0, 1]]);
    }

    #[test]
    fn one_free_provider_frees_who_needs_only_one() {
        let waits = [Wait::WhileAll(vec![1, 2]), Wait::WhileAny(vec![0]), Wait::FREE];
        assert_eq!(greatest_closed(&waits, &all(&waits)), [false, false, false]);
    }

    #[test]
    fn one_stuck_holder_is_enough_for_who_needs_all() {
        let waits = [Wait::WhileAny(vec![1, 2]), Wait::HOPELESS, Wait::FREE];
        assert_eq!(greatest_closed(&waits, &all(&waits)), [true, true, false]);
        assert_eq!(least_closed(&waits, &all(&waits)), [vec![1]]);
    }

    fn is_closed(waits: &[Wait], set: u32) -> bool {
        let has = |node: &usize| set >> node & 1 == 1;
        waits.iter().enumerate().filter(|(node, _)| has(node)).all(|(_, wait)| match wait {
            Wait::WhileAny(nodes) => nodes.iter().any(has),
            Wait::WhileAll(nodes) => nodes.iter().all(has),
        })
    }

    fn relation() -> impl Strategy<Value = Vec<Wait>> {
        (1_usize..8).prop_flat_map(|nodes| {
            let wait = (any::<bool>(), prop::collection::btree_set(0..nodes, 0..3)).prop_map(|(any, on)| {
                let on = on.into_iter().collect();
                if any { Wait::WhileAny(on) } else { Wait::WhileAll(on) }
            });
            prop::collection::vec(wait, nodes)
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_enumeration_of_all_subsets(waits in relation(), within: u32) {
            let within = within & ((1 << waits.len()) - 1);
            let closed: Vec<u32> =
                (1..1_u32 << waits.len()).filter(|&set| set & !within == 0 && is_closed(&waits, set)).collect();
            let union = closed.iter().fold(0, |union, set| union | set);
            let nodes: Nodes = (0..waits.len()).map(|node| within >> node & 1 == 1).collect();
            let greatest = greatest_closed(&waits, &nodes);
            prop_assert_eq!((0..waits.len()).map(|node| u32::from(greatest[node]) << node).sum::<u32>(), union);

            let found: Vec<u32> = least_closed(&waits, &nodes)
                .iter()
                .map(|set| set.iter().map(|node| 1 << node).sum())
                .collect();
            let mut covered = 0;
            for &set in &found {
                prop_assert!(closed.contains(&set));
                prop_assert!(!closed.iter().any(|&other| other != set && other & !set == 0), "not least");
                prop_assert_eq!(covered & set, 0, "overlap");
                covered |= set;
            }
            prop_assert!(closed.iter().all(|set| set & covered != 0), "a closed set was missed");
        }
    }
}

//! The search for cycles against trying every path.

use std::collections::BTreeSet;

use crate::blocking::cycles::{Cycles, Search};
use crate::blocking::links::{Kinds, Links};
use crate::blocking::requests::RequestId;
use crate::blocking::tests::on_all;

const LONGEST: usize = 5;

#[test]
fn every_cycle_is_found() {
    let mut found = [0; LONGEST + 1];
    on_all(|name, _, links| {
        let mut cycles = BTreeSet::new();
        for kinds in [Kinds::Owned, Kinds::All] {
            let outcome = Cycles::new(links, kinds, u64::MAX).run(LONGEST, |members| {
                assert_eq!(members.iter().min(), members.first(), "{name}: entered at the smallest");
                let is_owned = is_cycle(links, members, Kinds::Owned);
                assert_eq!(is_owned, kinds == Kinds::Owned, "{name}: {members:?}");
                cycles.insert(members.to_vec());
                true
            });
            assert_eq!(outcome, Search::Complete);
        }
        let mut expected = BTreeSet::new();
        for start in links.requests.ids() {
            every_path(links, &mut vec![start], &mut |path| {
                if path.len() > 1 && is_cycle(links, path, Kinds::All) {
                    expected.insert(path.to_vec());
                }
            });
        }
        for cycle in &cycles {
            found[cycle.len()] += 1;
        }
        assert_eq!(cycles, expected, "{name}");
    });
    assert!(found[2] > 5 && found[3] > 0, "{found:?}");
}

#[test]
fn a_search_without_steps_is_cut() {
    let mut cut = 0;
    on_all(|_, _, links| {
        let outcome = Cycles::new(links, Kinds::All, 1).run(LONGEST, |_| true);
        cut += usize::from(matches!(outcome, Search::Cut(_)));
    });
    assert!(cut > 0);
}

#[test]
fn a_visitor_ends_the_search() {
    on_all(|_, _, links| {
        let mut seen = 0;
        let outcome = Cycles::new(links, Kinds::All, u64::MAX).run(LONGEST, |_| {
            seen += 1;
            false
        });
        assert!(seen <= 1);
        assert_eq!(outcome == Search::Stopped, seen == 1);
    });
}

fn is_cycle(links: &Links<'_>, members: &[RequestId], kinds: Kinds) -> bool {
    (0..members.len()).all(|at| links.may_depend(members[at], members[(at + 1) % members.len()], kinds))
}

/// All sequences of pairwise compatible requests with the smallest first.
fn every_path(links: &Links<'_>, path: &mut Vec<RequestId>, visit: &mut impl FnMut(&[RequestId])) {
    visit(path);
    if path.len() == LONGEST {
        return;
    }
    for next in links.requests.ids() {
        if next > path[0] && path.iter().all(|&other| links.compatible(next, other)) {
            path.push(next);
            every_path(links, path, visit);
            path.pop();
        }
    }
}

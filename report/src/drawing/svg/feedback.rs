//! An order in which few edges lead back, where all are connected in a circle (Eades, Lin and Smyth, "A Fast and Effective
//! Heuristic for the Feedback Arc Set Problem", 1993).

use std::collections::BTreeMap;

/// The members such that few of `edges` between them lead from a later to an earlier one. Quadratic.
pub(super) fn sequence(members: &[usize], edges: impl IntoIterator<Item = (usize, usize)>) -> Vec<usize> {
    let number: BTreeMap<usize, usize> = members.iter().enumerate().map(|(number, &member)| (member, number)).collect();
    let mut out = vec![Vec::new(); members.len()];
    let mut into = vec![Vec::new(); members.len()];
    for (from, to) in edges {
        if let (Some(&from), Some(&to)) = (number.get(&from), number.get(&to)) {
            out[from].push(to);
            into[to].push(from);
        }
    }
    let mut is_left = vec![true; members.len()];
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in members {
        let count = |others: &[usize]| others.iter().filter(|&&other| is_left[other]).count();
        let left = || (0..members.len()).filter(|&member| is_left[member]);
        // What leads nowhere goes to the end, else what nothing leads to, or most nearly so, to the front.
        let sink = left().rev().find(|&member| count(&out[member]) == 0);
        let source = || {
            left().max_by_key(|&member| {
                let (out, into) = (count(&out[member]), count(&into[member]));
                (into == 0, out as isize - into as isize, std::cmp::Reverse(member))
            })
        };
        let Some(member) = sink.or_else(source) else { break };
        is_left[member] = false;
        if sink.is_some() { last.push(members[member]) } else { first.push(members[member]) }
    }
    first.into_iter().chain(last.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edge_of_a_circle_leads_back() {
        let edges = [(7, 3), (3, 9), (9, 5), (5, 7)];
        let order = sequence(&[3, 5, 7, 9], edges);
        let place = |member| order.iter().position(|&other| other == member).unwrap();
        assert_eq!(edges.iter().filter(|&&(from, to)| place(from) > place(to)).count(), 1, "{order:?}");
    }

    #[test]
    fn what_is_in_order_stays_so() {
        assert_eq!(sequence(&[0, 1, 2, 3], [(2, 0), (2, 1), (0, 3), (1, 3)]), [2, 0, 1, 3]);
    }
}

//! The search for instances that nothing keeps apart.

/// Finds, for each member of a pattern, the first of its instances such that none of the instances found must come before
/// another; `Err`: all instances of `.0` come before an instance of `.1`.
///
/// `counts` says how many instances each member has. `precedes(i, x, j, y)` asks whether instance `x` of member `i` comes
/// before instance `y` of member `j`; if it does, so must every earlier instance of `i`, and it must come before every later
/// instance of `j`. Then no instance is ever looked at again once it is found to come before another: the number of
/// questions is linear in the number of instances, times the square of the number of members.
pub(crate) fn unordered(
    counts: &[usize],
    mut precedes: impl FnMut(usize, usize, usize, usize) -> bool,
) -> Result<Vec<usize>, (usize, usize)> {
    let mut at = vec![0; counts.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for early in 0..counts.len() {
            for late in (0..counts.len()).filter(|&late| late != early) {
                while precedes(early, at[early], late, at[late]) {
                    at[early] += 1;
                    changed = true;
                    if at[early] == counts[early] {
                        return Err((early, late));
                    }
                }
            }
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// For every pair of members and every instance of the second, how many of the first's come before it.
    type Order = [[[usize; 3]; 3]; 3];

    fn precedes(order: &Order) -> impl Fn(usize, usize, usize, usize) -> bool {
        |early, x, late, y| x < order[early][late][y]
    }

    fn naive(order: &Order) -> Option<Vec<usize>> {
        let free = |at: &[usize; 3]| {
            (0..3).all(|one| (0..3).all(|other| one == other || !precedes(order)(one, at[one], other, at[other])))
        };
        let all = (0..27).map(|number| [number / 9, number / 3 % 3, number % 3]);
        all.filter(free).map(|at| at.to_vec()).next()
    }

    proptest! {
        #[test]
        fn finds_the_first_unordered_instances(mut order: Order) {
            for row in order.iter_mut().flatten() {
                row.iter_mut().for_each(|count| *count %= 4);
                row.sort_unstable();
            }
            let found = unordered(&[3, 3, 3], precedes(&order));
            prop_assert_eq!(found.ok(), naive(&order));
        }
    }
}

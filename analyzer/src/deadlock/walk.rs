//! The search for instances that nothing keeps apart.

/// Finds, for each member of a pattern, the first of its instances such that none of the instances found must come before
/// another; `Err`: all instances of `.0` come before an instance of `.1`.
///
/// The search begins at the instances `at`, and leaves there those that it finds. `counts` says how many instances each
/// member has. `beyond(i, x, j, y)` is the first instance of member `i`, from `x` on,
/// that does not come before instance `y` of member `j`, or their count; what comes before `y` must come before every later
/// instance of `j`. Then no instance is ever looked at again once it is found to come before another: the number of
/// questions is linear in the number of instances at worst, times the square of the number of members.
pub(crate) fn unordered(
    counts: &[usize],
    at: &mut [usize],
    mut beyond: impl FnMut(usize, usize, usize, usize) -> usize,
) -> Result<(), (usize, usize)> {
    let mut changed = true;
    while changed {
        changed = false;
        for early in 0..counts.len() {
            for late in (0..counts.len()).filter(|&late| late != early) {
                let next = beyond(early, at[early], late, at[late]);
                changed |= next > at[early];
                at[early] = next;
                if next == counts[early] {
                    return Err((early, late));
                }
            }
        }
    }
    Ok(())
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
            let beyond = |early: usize, x: usize, late: usize, y: usize| x.max(order[early][late][y]);
            let mut at = [0; 3];
            let found = unordered(&[3, 3, 3], &mut at, beyond);
            prop_assert_eq!(found.ok().map(|()| at.to_vec()), naive(&order));
        }
    }
}

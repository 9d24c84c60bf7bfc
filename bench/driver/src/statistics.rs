//! What many runs say together.

/// The middle one; the mean of the middle two if there is none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// How many times as much as `base` something is: the median of the rounds' own ratios, so that a round in which the machine
/// was slow counts like any other.
pub(crate) fn ratio(values: &[f64], base: &[f64]) -> Option<f64> {
    median(values.iter().zip(base).filter(|&(_, &base)| base > 0.0).map(|(value, base)| value / base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([7.0]), Some(7.0));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn a_slow_round_changes_no_ratio() {
        assert_eq!(ratio(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0]), Some(2.0));
        assert_eq!(ratio(&[2.0, 50.0, 2.2], &[1.0, 1.0, 1.0]), Some(2.2));
    }

    #[test]
    fn nothing_is_no_multiple_of_nothing() {
        assert_eq!(ratio(&[], &[]), None);
        assert_eq!(ratio(&[1.0], &[0.0]), None);
    }
}

//! What many runs say together.

use std::fmt;

use bench_workloads::Row;
use serde::Serialize;

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
fn ratio(values: &[f64], base: &[f64]) -> Option<f64> {
    median(values.iter().zip(base).filter(|&(_, &base)| base > 0.0).map(|(value, base)| value / base))
}

/// How the rounds become one figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Statistic {
    /// [`median`] and [`ratio`]: what a round usually shows.
    Median,
    /// The least of all rounds, of each peer for itself: what is left on a busy machine of the rounds in which it was not.
    /// Load does not slow all code alike. A processor whose twin computes for others hardly slows a locked instruction, of
    /// which std's mutex is made, but halves what plain instructions get, so that every ratio to std rises.
    Best,
}

impl Statistic {
    /// The one for a row: the best round of threads that hinder each other is the one in which they did so least.
    pub(crate) const fn fit_for(self, row: Row) -> Self {
        if row.is_threaded() { Self::Median } else { self }
    }

    /// The rounds' figure.
    pub(crate) fn of(self, values: &[f64]) -> Option<f64> {
        match self {
            Self::Median => median(values.iter().copied()),
            Self::Best => values.iter().copied().min_by(f64::total_cmp),
        }
    }

    /// How many times as much as `base` something is.
    pub(crate) fn ratio(self, values: &[f64], base: &[f64]) -> Option<f64> {
        match self {
            Self::Median => ratio(values, base),
            Self::Best => Some(self.of(values)? / self.of(base).filter(|&base| base > 0.0)?),
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Median => "median of the rounds",
            Self::Best => "best of the rounds; rows of several threads: median",
        })
    }
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

    #[test]
    fn the_best_is_each_its_own() {
        assert_eq!(Statistic::Best.of(&[3.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(Statistic::Best.ratio(&[3.0, 2.0, 9.0], &[1.0, 4.0, 4.0]), Some(2.0));
        assert_eq!(Statistic::Best.ratio(&[3.0], &[]), None);
    }

    #[test]
    fn threads_that_hinder_each_other_have_no_best() {
        assert_eq!(Statistic::Best.fit_for(Row::Contended), Statistic::Median);
        assert_eq!(Statistic::Best.fit_for(Row::Mutex), Statistic::Best);
    }
}

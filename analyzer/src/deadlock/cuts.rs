//! What kept circles from being judged to the end, and how that is said.

use std::collections::BTreeMap;

use crate::options::Limits;

/// A limit that one circle met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Cut {
    /// There are more patterns on it than schedules are searched for.
    Patterns,
    /// The patterns on it take too long to find, or to refute.
    Steps,
    /// The checker accepted no schedule of the first instances of some pattern.
    Tries,
    /// There were too many candidates before it.
    Candidates,
    /// The checker had no steps left.
    Checks,
    /// The time was up.
    Time,
    /// Of the instances of some request, only the first were kept.
    Occurrences,
}

/// How many circles met each limit.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Cuts(BTreeMap<Cut, usize>);

impl Cuts {
    /// One circle met these, each named once.
    pub(crate) fn add(&mut self, met: impl IntoIterator<Item = Cut>) {
        for cut in met {
            *self.0.entry(cut).or_default() += 1;
        }
    }

    /// One sentence each, with the name of the limit where there is one.
    pub(crate) fn sentences(&self, limits: &Limits) -> impl Iterator<Item = String> {
        self.0.iter().map(|(cut, &count)| {
            let these = cycles(count);
            let Limits { cycle_patterns, pattern_steps, tries, candidates, occurrences, .. } = limits;
            match cut {
                Cut::Patterns => format!(
                    "lock graph: for {these} only {cycle_patterns} combinations of requests were tried \
                     (--limit cycle-patterns)"
                ),
                Cut::Steps => format!(
                    "lock graph: {these} took more than {pattern_steps} steps to judge, and the rest was left \
                     (--limit pattern-steps)"
                ),
                Cut::Tries => format!(
                    "lock graph: for {these} only {tries} occurrences of some combination were tried (--limit tries)"
                ),
                Cut::Candidates => format!(
                    "lock graph: for {these} no schedule was searched for, {candidates} candidates having been tried \
                     (--limit candidates)"
                ),
                Cut::Checks => format!(
                    "lock graph: for {these} not every schedule was executed, the checker's steps being used up \
                     (--limit checker-steps)"
                ),
                Cut::Time => format!("lock graph: for {these} no schedule was searched for; the time was up"),
                Cut::Occurrences => {
                    format!(
                        "lock graph: for {these} only the first {occurrences} occurrences of some request were compared, as \
                         no other schedules were searched (--limit occurrences)"
                    )
                }
            }
        })
    }
}

/// "one cycle", "3 cycles".
pub(crate) fn cycles(count: usize) -> String {
    if count == 1 { "one cycle".to_owned() } else { format!("{count} cycles") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_said_once_with_its_name() {
        let mut cuts = Cuts::default();
        cuts.add([Cut::Patterns, Cut::Tries]);
        cuts.add([Cut::Patterns]);
        let said: Vec<String> = cuts.sentences(&Limits::default()).collect();
        assert_eq!(said.len(), 2);
        assert!(said[0].contains("2 cycles") && said[0].contains("cycle-patterns"), "{said:?}");
        assert!(said[1].contains("one cycle") && said[1].contains("--limit tries"), "{said:?}");
    }
}

//! What is measured: parts of a check, and what they are meant to reach.

/// A part of a check.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What `lockhound check` is told besides the trace.
    pub(crate) options: &'static [&'static str],
    /// Millions of events a second that are to be reached, from binary and from STD text.
    pub(crate) goal: Option<[f64; 2]>,
}

impl Row {
    /// Whether it was asked for.
    pub(crate) fn is_wanted(&self, names: &[String]) -> bool {
        names.is_empty() || names.iter().any(|name| self.name.contains(name.as_str()))
    }
}

/// All of them, cheapest first.
pub(crate) const ROWS: [Row; 6] = [
    Row {
        name: "happens-before races",
        options: &["--rules", "data-race", "--no-prediction"],
        goal: Some([10.0, 4.0]),
    },
    Row { name: "all that happened", options: &["--no-prediction"], goal: None },
    Row { name: "sync-preserving races", options: &["--rules", "data-race"], goal: Some([0.2, 0.2]) },
    Row { name: "deadlocks", options: &["--rules", "potential-deadlock"], goal: Some([2.0, 2.0]) },
    Row { name: "lost updates", options: &["--rules", "lost-update,atomicity-violation"], goal: None },
    Row { name: "full check", options: &[], goal: Some([1.0, 1.0]) },
];

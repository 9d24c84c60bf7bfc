//! What a check looks for, and how far its searches go.

use std::sync::Arc;
use std::time::Duration;

use crate::declared_order::DeclaredOrder;
use crate::finding::Rule;

/// How a trace is analysed. The default: every rule, with prediction, within limits that finish.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// The rules that are looked for; none: all of them. What no asked-for rule needs is not computed.
    pub rules: Option<Vec<Rule>>,
    /// Which accesses count as meant to be one step.
    pub regions: Regions,
    /// Orders of locks that the team states, beside the levels that the program declares.
    pub orders: Arc<[DeclaredOrder]>,
    /// Whether other schedules of the run are searched. Without, there is nothing `feasible`.
    pub prediction: bool,
    /// How far searches go.
    pub limits: Limits,
    /// When to stop searching, counted from the start of the analysis. What was found by then is reported.
    pub time_budget: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rules: None,
            regions: Regions::default(),
            orders: Arc::default(),
            prediction: true,
            limits: Limits::default(),
            time_budget: None,
        }
    }
}

impl Options {
    /// Whether `rule` is looked for.
    #[must_use]
    pub fn wants(&self, rule: Rule) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.contains(&rule))
    }
}

/// Which accesses count as meant to be one step, where another thread's access between them is a bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Regions {
    /// Only those in regions that the user declared.
    Declared,
    /// Also those that one call makes, or whose values or places suggest it.
    #[default]
    Inferred,
    /// Every two consecutive accesses of one variable by one thread, as if the user had declared them to be one step:
    /// for traces that carry no values, and for those who want to see every interleaving that no serial run shows.
    All,
}

/// Bounds of the searches that could explode. Where one cuts, the report says so (`Report::limits`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest cycle of requests that is looked for.
    pub cycle_length: usize,
    /// Steps of each search for cycles.
    pub cycle_steps: u64,
    /// Cycles of the lock graph that are judged, short ones first.
    pub cycles: usize,
    /// Combinations of requests on one such cycle for which schedules are searched.
    pub cycle_patterns: usize,
    /// Requests looked at to find these combinations, and events looked at to refute them, for each cycle; how far one chain
    /// of reasons for a refutation is followed grows with it.
    pub pattern_steps: u64,
    /// Different requests that the lock graph keeps.
    pub requests: usize,
    /// Occurrences of each that it compares where no other schedules are searched.
    pub occurrences: usize,
    /// Candidates for a deadlock that are evaluated.
    pub candidates: usize,
    /// Instances of one pattern that are tried before it counts as not proved.
    pub tries: usize,
    /// Members, or used-up provisions, that are added to a candidate which somebody would let go, and ways to do so.
    pub extensions: usize,
    /// Events that the checker executes for all witnesses of one trace.
    pub checker_steps: u64,
    /// Edges looked at in each search for cycles of requests of all kinds.
    pub wait_steps: u64,
    /// Events that the checker executes for candidates of such cycles, and for single waits; other work counts as well.
    pub wait_checks: u64,
    /// Events of a recording of which all orders are tried; of a longer one, those of stretches of an eighth as many.
    pub order_events: u64,
    /// Such stretches.
    pub order_stretches: usize,
    /// Steps that are taken in all of these orders together.
    pub order_steps: u64,
    /// Schedules that are searched in vain for one pair of accesses and one place of a foreign access between them.
    pub pair_tries: usize,
    /// Ways to arrange one such schedule.
    pub pair_ways: usize,
    /// Events that the checker executes for such schedules; other work counts as well.
    pub pair_checks: u64,
    /// Bytes that the index of one trace may take; a trace that needs more is not predicted on.
    pub index_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cycle_length: 8,
            cycle_steps: 300_000,
            cycles: 2_000,
            cycle_patterns: 64,
            pattern_steps: 50_000,
            requests: 1 << 17,
            occurrences: 16,
            candidates: 4_000,
            tries: 6,
            extensions: 4,
            checker_steps: 200_000_000,
            wait_steps: 10_000_000,
            wait_checks: 40_000_000,
            order_events: 1_000,
            order_stretches: 32,
            order_steps: 200_000,
            pair_tries: 8,
            pair_ways: 160,
            pair_checks: 40_000_000,
            index_bytes: 4 << 30,
        }
    }
}

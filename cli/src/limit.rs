//! `--limit NAME=N`: the bounds of the searches by name.

use lockhound_analyzer::Limits;

/// One bound, moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    name: &'static Name,
    value: u64,
}

impl Limit {
    pub(crate) fn apply(self, limits: &mut Limits) {
        self.name.field.set(limits, self.value);
    }
}

struct Name {
    name: &'static str,
    what: &'static str,
    field: Field,
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Where a limit is.
enum Field {
    /// One of things that exist one by one in memory …
    Count(fn(&mut Limits) -> &mut usize),
    /// … and one of work or bytes.
    Amount(fn(&mut Limits) -> &mut u64),
}

impl Field {
    fn get(&self, mut limits: Limits) -> u64 {
        match self {
            Self::Count(field) => *field(&mut limits) as u64,
            Self::Amount(field) => *field(&mut limits),
        }
    }

    fn set(&self, limits: &mut Limits, value: u64) {
        match self {
            Self::Count(field) => *field(limits) = usize::try_from(value).unwrap_or(usize::MAX),
            Self::Amount(field) => *field(limits) = value,
        }
    }
}

const fn name(name: &'static str, what: &'static str, field: Field) -> Name {
    Name { name, what, field }
}

const NAMES: [Name; 20] = [
    name("cycle-length", "requests in the longest cycle looked for", Field::Count(|limits| &mut limits.cycle_length)),
    name("cycle-steps", "steps of each search for cycles", Field::Amount(|limits| &mut limits.cycle_steps)),
    name("cycles", "cycles of the lock graph that are judged", Field::Count(|limits| &mut limits.cycles)),
    name(
        "cycle-patterns",
        "combinations of requests that are tried for one cycle",
        Field::Count(|limits| &mut limits.cycle_patterns),
    ),
    name(
        "pattern-steps",
        "steps of the search for them, and of their refutation",
        Field::Amount(|limits| &mut limits.pattern_steps),
    ),
    name("requests", "different requests that the lock graph keeps", Field::Count(|limits| &mut limits.requests)),
    name(
        "occurrences",
        "occurrences of each that are compared where no other schedules are searched",
        Field::Count(|limits| &mut limits.occurrences),
    ),
    name("candidates", "candidates for a deadlock that are evaluated", Field::Count(|limits| &mut limits.candidates)),
    name("tries", "instances of one pattern that are tried", Field::Count(|limits| &mut limits.tries)),
    name(
        "extensions",
        "waits that are added to a candidate which somebody would let go",
        Field::Count(|limits| &mut limits.extensions),
    ),
    name("checker-steps", "events executed to check schedules", Field::Amount(|limits| &mut limits.checker_steps)),
    name(
        "wait-steps",
        "edges looked at in a search for waits of every kind",
        Field::Amount(|limits| &mut limits.wait_steps),
    ),
    name(
        "wait-checks",
        "events executed for candidates of such waits",
        Field::Amount(|limits| &mut limits.wait_checks),
    ),
    name(
        "order-events",
        "events of a recording of which all orders are tried; of a longer one, stretches of an eighth",
        Field::Amount(|limits| &mut limits.order_events),
    ),
    name("order-stretches", "such stretches", Field::Count(|limits| &mut limits.order_stretches)),
    name("order-steps", "steps in all of these orders", Field::Amount(|limits| &mut limits.order_steps)),
    name(
        "pair-tries",
        "schedules searched in vain for two accesses and the place of a foreign one between them",
        Field::Count(|limits| &mut limits.pair_tries),
    ),
    name("pair-ways", "ways to arrange such a schedule", Field::Count(|limits| &mut limits.pair_ways)),
    name("pair-checks", "events executed for such schedules", Field::Amount(|limits| &mut limits.pair_checks)),
    name("index-bytes", "memory for the index of one trace", Field::Amount(|limits| &mut limits.index_bytes)),
];

/// Reads `NAME=N`.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    let expected =
        || format!("expected NAME=N, NAME one of {}", crate::names::list(NAMES.iter().map(|name| name.name), "and"));
    let (name, value) = text.split_once('=').ok_or_else(expected)?;
    let name = NAMES.iter().find(|known| known.name == name).ok_or_else(expected)?;
    let not_a_number = |_| format!("`{value}` is no number: expected {}=N, N a whole number below 2^64", name.name);
    Ok(Limit { name, value: value.parse().map_err(not_a_number)? })
}

/// What `--help` says, from the table; too much for `-h`, which has other options to show.
pub(crate) fn limit_help() -> String {
    let defaults = Limits::default();
    let names: String =
        NAMES.iter().map(|name| format!("\n- {}: {} [{}]", name.name, name.what, name.field.get(defaults))).collect();
    format!("Move a limit of the searches (may be repeated); the report says when one was reached. There are:{names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_moved_by_its_name() {
        let mut limits = Limits::default();
        limit("tries=9").unwrap().apply(&mut limits);
        assert_eq!(limits, Limits { tries: 9, ..Limits::default() });
        assert!(limit("tries").unwrap_err().contains("NAME=N"));
        assert!(limit("tires=1").unwrap_err().contains("cycle-length"));
        let expected = "is no number: expected tries=N, N a whole number below 2^64";
        assert_eq!(limit("tries=many").unwrap_err(), format!("`many` {expected}"));
        assert_eq!(limit("tries=").unwrap_err(), format!("`` {expected}"));
        assert_eq!(limit("tries=-1").unwrap_err(), format!("`-1` {expected}"));
    }

    #[test]
    fn every_limit_has_a_name() {
        let Limits {
            cycle_length: _,
            cycle_steps: _,
            cycles: _,
            cycle_patterns: _,
            pattern_steps: _,
            requests: _,
            occurrences: _,
            candidates: _,
            tries: _,
            extensions: _,
            checker_steps: _,
            wait_steps: _,
            wait_checks: _,
            order_events: _,
            order_stretches: _,
            order_steps: _,
            pair_tries: _,
            pair_ways: _,
            pair_checks: _,
            index_bytes: _,
        } = Limits::default();
        let mut moved = Limits::default();
        for name in &NAMES {
            let before = moved;
            name.field.set(&mut moved, 17);
            assert_ne!(moved, before, "{} moves a limit of its own", name.name);
        }
    }
}

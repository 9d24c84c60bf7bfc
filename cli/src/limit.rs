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
        (self.name.set)(limits, self.value);
    }
}

struct Name {
    name: &'static str,
    what: &'static str,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const NAMES: [Name; 11] = [
    Name {
        name: "cycle-length",
        what: "requests in the longest cycle looked for",
        get: |limits| limits.cycle_length as u64,
        set: |limits, value| limits.cycle_length = whole(value),
    },
    Name {
        name: "cycle-steps",
        what: "steps of each search for cycles",
        get: |limits| limits.cycle_steps,
        set: |limits, value| limits.cycle_steps = value,
    },
    Name {
        name: "candidates",
        what: "candidates for a deadlock that are evaluated",
        get: |limits| limits.candidates as u64,
        set: |limits, value| limits.candidates = whole(value),
    },
    Name {
        name: "tries",
        what: "instances of one pattern that are tried",
        get: |limits| limits.tries as u64,
        set: |limits, value| limits.tries = whole(value),
    },
    Name {
        name: "checker-steps",
        what: "events executed to check schedules",
        get: |limits| limits.checker_steps,
        set: |limits, value| limits.checker_steps = value,
    },
    Name {
        name: "wait-steps",
        what: "edges looked at in a search for waits of every kind",
        get: |limits| limits.wait_steps,
        set: |limits, value| limits.wait_steps = value,
    },
    Name {
        name: "wait-checks",
        what: "events executed for candidates of such waits",
        get: |limits| limits.wait_checks,
        set: |limits, value| limits.wait_checks = value,
    },
    Name {
        name: "pair-tries",
        what: "schedules searched in vain for two accesses and the place of a foreign one between them",
        get: |limits| limits.pair_tries as u64,
        set: |limits, value| limits.pair_tries = whole(value),
    },
    Name {
        name: "pair-ways",
        what: "ways to arrange such a schedule",
        get: |limits| limits.pair_ways as u64,
        set: |limits, value| limits.pair_ways = whole(value),
    },
    Name {
        name: "pair-checks",
        what: "events executed for such schedules",
        get: |limits| limits.pair_checks,
        set: |limits, value| limits.pair_checks = value,
    },
    Name {
        name: "index-bytes",
        what: "memory for the index of one trace",
        get: |limits| limits.index_bytes,
        set: |limits, value| limits.index_bytes = value,
    },
];

fn whole(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Reads `NAME=N`.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    let expected =
        || format!("expected NAME=N, NAME one of {}", crate::names::list(NAMES.iter().map(|name| name.name), "and"));
    let (name, value) = text.split_once('=').ok_or_else(expected)?;
    let name = NAMES.iter().find(|known| known.name == name).ok_or_else(expected)?;
    let value = value.parse().map_err(|error| format!("{value}: {error}"))?;
    Ok(Limit { name, value })
}

/// What `--help` says, from the table.
pub(crate) fn limit_help() -> String {
    let defaults = Limits::default();
    let names: Vec<String> =
        NAMES.iter().map(|name| format!("{} ({}: {})", name.name, name.what, (name.get)(&defaults))).collect();
    format!(
        "Move a limit of the searches (may be repeated); a report says when one was reached. By name: {}",
        names.join(", ")
    )
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
        assert!(limit("tries=many").unwrap_err().contains("many"));
    }

    #[test]
    fn every_limit_has_a_name() {
        let Limits {
            cycle_length: _,
            cycle_steps: _,
            candidates: _,
            tries: _,
            checker_steps: _,
            wait_steps: _,
            wait_checks: _,
            pair_tries: _,
            pair_ways: _,
            pair_checks: _,
            index_bytes: _,
        } = Limits::default();
        let mut moved = Limits::default();
        for name in &NAMES {
            let before = moved;
            (name.set)(&mut moved, 17);
            assert_ne!(moved, before, "{} moves a limit of its own", name.name);
        }
    }

    #[test]
    fn every_name_sets_what_it_gets() {
        for name in &NAMES {
            let mut limits = Limits::default();
            (name.set)(&mut limits, 17);
            assert_eq!((name.get)(&limits), 17, "{}", name.name);
            assert_ne!(limits, Limits::default(), "{}", name.name);
        }
    }
}

//! What is generated: how large, and of what kind.

use std::str::FromStr;

/// How large a trace is, and what its program does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    pub(crate) events: u64,
    pub(crate) threads: usize,
    pub(crate) shape: Shape,
}

/// What the threads of a program use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Mutexes and variables.
    Locks,
    /// Every kind of object, and declared regions.
    Mixed,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}`: expected EVENTS/THREADS or EVENTS/THREADS/mixed, such as 10M/16");
        let (events, threads) = text.split_once('/').ok_or_else(expected)?;
        let (threads, shape) = match threads.strip_suffix("/mixed") {
            Some(threads) => (threads, Shape::Mixed),
            None => (threads, Shape::Locks),
        };
        let (digits, unit) = match events.strip_suffix(['k', 'M']) {
            Some(digits) if events.ends_with('k') => (digits, 1_000),
            Some(digits) => (digits, 1_000_000),
            None => (events, 1),
        };
        let events = digits.parse::<u64>().map_err(|_| expected())? * unit;
        let threads = threads.parse().ok().filter(|&threads| threads >= 2).ok_or_else(expected)?;
        Ok(Self { events, threads, shape })
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { events, threads, shape } = self;
        match (events % 1_000_000, events % 1_000) {
            (0, _) => write!(f, "{}M/{threads}", events / 1_000_000),
            (_, 0) => write!(f, "{}k/{threads}", events / 1_000),
            _ => write!(f, "{events}/{threads}"),
        }?;
        match shape {
            Shape::Locks => Ok(()),
            Shape::Mixed => f.write_str("/mixed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_written_as_it_is_read() {
        for text in ["100k/8", "10M/16", "1234/2", "1M/16/mixed"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        for wrong in ["10M", "10M/1", "10M/16/odd"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}

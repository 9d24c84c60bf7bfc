//! What the driver and a worker say to each other: a line each way.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use crate::{Cost, Row};

/// What is to be run: `mutex 1000`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// The workload.
    pub row: Row,
    /// At least so many operations are measured.
    pub operations: u64,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.row.name(), self.operations)
    }
}

impl FromStr for Request {
    type Err = io::Error;

    fn from_str(line: &str) -> io::Result<Self> {
        let parsed = line
            .split_once(' ')
            .and_then(|(row, operations)| Some(Self { row: Row::named(row)?, operations: operations.parse().ok()? }));
        parsed.ok_or_else(|| unexpected("a row and a number", line))
    }
}

/// What came of it: `bench ran CPU WALL PROCESS OPERATIONS`, the times in nanoseconds, or `bench lacking`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It took so long.
    Ran(Cost),
    /// The peer has no such primitive.
    Lacking,
}

/// What every answer begins with: peers print lines of their own.
const MARK: &str = "bench ";

impl Answer {
    /// The answer in a line; none if the line is no answer.
    ///
    /// # Errors
    /// If it begins as an answer and does not go on as one.
    pub fn find(line: &str) -> io::Result<Option<Self>> {
        let Some(answer) = line.strip_prefix(MARK) else { return Ok(None) };
        let words: Vec<_> = answer.split(' ').collect();
        let answer = match words[..] {
            ["lacking"] => Some(Self::Lacking),
            ["ran", cpu, wall, process, operations] => cost([cpu, wall, process, operations]).map(Self::Ran),
            _ => None,
        };
        answer.map(Some).ok_or_else(|| unexpected("an answer", line))
    }
}

fn cost(words: [&str; 4]) -> Option<Cost> {
    let mut numbers = [0; 4];
    for (number, word) in numbers.iter_mut().zip(words) {
        *number = word.parse().ok()?;
    }
    let [cpu, wall, process, operations] = numbers;
    let [cpu, wall, process] = [cpu, wall, process].map(Duration::from_nanos);
    Some(Cost { cpu, wall, process, operations })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacking => write!(f, "{MARK}lacking"),
            Self::Ran(Cost { cpu, wall, process, operations }) => {
                write!(f, "{MARK}ran {} {} {} {operations}", cpu.as_nanos(), wall.as_nanos(), process.as_nanos())
            }
        }
    }
}

fn unexpected(expected: &str, line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("expected {expected}: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let request = Request { row: Row::PairsCold, operations: 12 };
        assert_eq!(request.to_string().parse::<Request>().expect("a request"), request);
        let [cpu, wall, process] = [1, 2_000_000_000, 3].map(Duration::from_nanos);
        for answer in [Answer::Lacking, Answer::Ran(Cost { cpu, wall, process, operations: 4 })] {
            assert_eq!(Answer::find(&answer.to_string()).expect("an answer"), Some(answer));
        }
    }

    #[test]
    fn other_lines_are_no_answers() {
        assert_eq!(Answer::find("a banner").expect("no error"), None);
        assert!(Answer::find("bench ran 1 2 3").is_err());
        assert!("mutex".parse::<Request>().is_err());
        assert!("mutter 1".parse::<Request>().is_err());
    }
}

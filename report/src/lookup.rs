//! Findings by id, as people type it.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::document::{Document, Finding};

/// So many digits of a fingerprint are what reports call a finding by.
const SHORT: usize = 8;

/// No finding can be meant.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum LookupError {
    /// None has such an id.
    #[error("no finding has the id `{0}`: the last line of each finding shows its id, and so does `--format json`")]
    Unknown(String),
    /// Several have.
    #[error("`{id}` is the beginning of {} ids: {}", .of.len(), .of.join(", "))]
    Ambiguous {
        /// What was looked for.
        id: String,
        /// The fingerprints that begin so.
        of: Vec<String>,
    },
}

impl Document {
    /// The finding whose fingerprint begins with `id`. Where several bear one fingerprint, the first that a schedule shows.
    ///
    /// # Errors
    /// If there is none, or several fingerprints begin so.
    pub fn find(&self, id: &str) -> Result<&Finding, LookupError> {
        let wanted = id.to_ascii_lowercase();
        let named = || self.findings.iter().filter(|finding| finding.fingerprint.starts_with(&wanted));
        let ids: BTreeSet<&str> = named().map(|finding| finding.fingerprint.as_str()).collect();
        if ids.len() > 1 {
            return Err(LookupError::Ambiguous { id: wanted, of: ids.into_iter().map(str::to_owned).collect() });
        }
        let shown = named().find(|finding| finding.replay.is_some());
        shown.or_else(|| named().next()).ok_or(LookupError::Unknown(wanted))
    }
}

impl Finding {
    /// What reports call it by: the first digits of the fingerprint.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.fingerprint.get(..SHORT).unwrap_or(&self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use crate::samples;

    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_enough() {
        let document = samples::potential_deadlock();
        for id in ["7f3a91c2004d5e6f", "7f3a91c2", "7F3A", ""] {
            assert_eq!(document.find(id), Ok(&document.findings[0]), "{id}");
        }
    }

    #[test]
    fn who_asks_for_what_is_not_there_is_told() {
        let mut document = samples::potential_deadlock();
        assert_eq!(document.find("beef"), Err(LookupError::Unknown("beef".to_owned())));
        let mut other = document.findings[0].clone();
        other.fingerprint = "7f00000000000000".to_owned();
        document.findings.push(other);
        let error = document.find("7f").unwrap_err().to_string();
        assert_eq!(error, "`7f` is the beginning of 2 ids: 7f00000000000000, 7f3a91c2004d5e6f");
    }

    #[test]
    fn of_namesakes_the_one_with_a_schedule_speaks() {
        let mut document = samples::potential_deadlock();
        let namesake = Finding { replay: None, ..document.findings[0].clone() };
        document.findings.insert(0, namesake);
        assert!(document.find("7f3a").unwrap().replay.is_some());
    }
}

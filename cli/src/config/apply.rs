//! What the file decides about the findings of a report.

use std::collections::HashMap;

use lockhound_report::{Document, Finding, Suppression};

use super::date::{Date, today};
use super::read::{Allow, Config, LEAST_DIGITS, Level};

/// Whether a report can be expected to show every finding that there is: only then is an entry that matches none of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Coverage {
    /// All tests, all rules.
    Whole,
    /// Some of either.
    Partial,
}

impl Coverage {
    /// Whole only if both are.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Whole { other } else { Self::Partial }
    }
}

impl Config {
    /// Changes the severities of findings, marks those that are accepted, and warns of entries that have expired or, in a
    /// whole report, match nothing. What a report says of another file's decisions is forgotten; without a file, it stays.
    ///
    /// # Errors
    /// If it matters what day it is, and that cannot be told.
    pub(crate) fn apply(&self, document: &mut Document, coverage: Coverage) -> anyhow::Result<()> {
        let dated = self.allowed.iter().any(|entry| entry.expires.is_some());
        let today = if dated { Some(today()?) } else { None };
        self.apply_on(document, coverage, today);
        Ok(())
    }

    /// The same on a day. Takes time linear in the findings, times the entries without an id.
    pub(super) fn apply_on(&self, document: &mut Document, coverage: Coverage, today: Option<Date>) {
        if self.name.is_none() {
            return;
        }
        let index = Index::of(&self.allowed);
        let matching: Vec<Vec<usize>> = document.findings.iter().map(|finding| index.entries(self, finding)).collect();
        let used = Use::of(&self.allowed, &document.findings, &matching);
        let holds = |entry: &usize| !used.ambiguous[*entry] && !self.allowed[*entry].is_over(today);
        for (finding, entries) in document.findings.iter_mut().zip(&matching) {
            let level = self.levels.get(&finding.rule);
            if let Some((Level::Severity(severity), _)) = level {
                finding.severity = *severity;
            }
            let entry = entries.iter().copied().find(holds).map(|entry| &self.allowed[entry]);
            finding.suppressed = match (entry, level) {
                (Some(entry), _) => Some((entry.reason.clone(), entry.line)),
                (None, Some((Level::Off, line))) => Some((format!("`{}` is off", finding.rule.name()), *line)),
                (None, _) => None,
            }
            .map(|(reason, line)| Suppression { reason, from: self.place(line) });
        }
        let warnings = self.allowed.iter().enumerate().filter_map(|(position, entry)| {
            let what = entry.warning(today, used.ambiguous[position], used.used[position], coverage)?;
            Some(format!("{}: {what}", self.place(entry.line)))
        });
        document.warn(warnings);
        document.sort();
        document.recount();
    }

    /// The entry that accepts a finding on this day.
    pub(crate) fn entry_in_force(&self, finding: &Finding, today: Date) -> Option<&Allow> {
        let accepts = |entry: &&Allow| !entry.is_over(Some(today)) && entry.shape.matches(finding, &self.root);
        self.allowed.iter().find(accepts)
    }

    /// The entry for this id, or for a longer or shorter form of it, whatever else it asks for.
    pub(crate) fn entry_with_id(&self, id: &str) -> Option<&Allow> {
        let same = |known: &String| known.starts_with(id) || id.starts_with(known.as_str());
        self.allowed.iter().find(|entry| entry.shape.id.as_ref().is_some_and(same))
    }
}

impl Allow {
    /// Where in the file it is.
    pub(crate) const fn line(&self) -> usize {
        self.line
    }

    /// What the team wrote.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// The day on which it ceased to accept anything, if that has come.
    pub(crate) fn expired(&self, today: Date) -> Option<Date> {
        self.expires.filter(|expires| today >= *expires)
    }

    fn is_over(&self, today: Option<Date>) -> bool {
        today.is_some_and(|today| self.expired(today).is_some())
    }

    fn warning(&self, today: Option<Date>, ambiguous: bool, used: bool, coverage: Coverage) -> Option<String> {
        match self.expires {
            Some(expires) if self.is_over(today) => Some(format!(
                "this entry has expired on {expires} and accepts nothing any more: mend what it was for, or give it another day"
            )),
            _ if ambiguous => {
                Some("this id is the beginning of several, so none of them is accepted: write all 16 digits".to_owned())
            }
            _ if !used && coverage == Coverage::Whole => Some(
                "this entry accepts nothing that was found: remove it, unless the finding comes and goes".to_owned(),
            ),
            _ => None,
        }
    }
}

/// Finds the entries for a finding without trying each of a long baseline.
struct Index<'a> {
    by_id: HashMap<&'a str, Vec<usize>>,
    others: Vec<usize>,
}

impl<'a> Index<'a> {
    fn of(allowed: &'a [Allow]) -> Self {
        let mut index = Self { by_id: HashMap::new(), others: Vec::new() };
        for (position, entry) in allowed.iter().enumerate() {
            match &entry.shape.id {
                Some(id) => index.by_id.entry(&id[..LEAST_DIGITS]).or_default().push(position),
                None => index.others.push(position),
            }
        }
        index
    }

    /// Those that mean the finding, in the order of the file.
    fn entries(&self, config: &Config, finding: &Finding) -> Vec<usize> {
        let beginning = finding.fingerprint.get(..LEAST_DIGITS).unwrap_or_default().to_ascii_lowercase();
        let by_id = self.by_id.get(beginning.as_str()).into_iter().flatten();
        let matches = |position: &usize| config.allowed[*position].shape.matches(finding, &config.root);
        let mut entries: Vec<usize> = by_id.chain(&self.others).copied().filter(matches).collect();
        entries.sort_unstable();
        entries
    }
}

/// What has become of each entry.
struct Use {
    used: Vec<bool>,
    /// Its id is the beginning of several.
    ambiguous: Vec<bool>,
}

impl Use {
    fn of(allowed: &[Allow], findings: &[Finding], matching: &[Vec<usize>]) -> Self {
        let mut meant: Vec<Option<&str>> = vec![None; allowed.len()];
        let mut ambiguous = vec![false; allowed.len()];
        for (finding, entries) in findings.iter().zip(matching) {
            for &entry in entries {
                let first = *meant[entry].get_or_insert(&finding.fingerprint);
                ambiguous[entry] |= allowed[entry].shape.id.is_some() && first != finding.fingerprint;
            }
        }
        Self { used: meant.iter().map(Option::is_some).collect(), ambiguous }
    }
}

//! Comparing what was reported with a scenario's table.

use lockhound_fixtures::{Expected, Finding};

use crate::names::Named;

/// Every way in which the report differs from the table, a line each; empty if it does not.
#[must_use]
pub fn mismatches(table: &[Expected], reported: &[Named]) -> Vec<String> {
    let mut wrong: Vec<String> = table.iter().filter_map(|line| missing(line, reported)).collect();
    let unexpected = reported.iter().filter(|named| !findings(table).any(|finding| matches(finding, named)));
    wrong.extend(unexpected.map(|named| format!("unexpected: {named:?}")));
    wrong
}

fn missing(line: &Expected, reported: &[Named]) -> Option<String> {
    let count = |finding: &Finding| reported.iter().filter(|named| matches(finding, named)).count();
    let fulfilled = match line {
        Expected::Finding(finding) => (1..=finding.most).contains(&count(finding)),
        Expected::AnyOf(findings) => {
            findings.iter().any(|finding| count(finding) > 0)
                && findings.iter().all(|finding| count(finding) <= finding.most)
        }
        Expected::Maybe(finding) => count(finding) <= finding.most,
        Expected::Refuted(_) => true,
    };
    (!fulfilled).then(|| format!("expected: {line:?}"))
}

fn findings(table: &[Expected]) -> impl Iterator<Item = &Finding> {
    table.iter().flat_map(|line| match line {
        Expected::Finding(finding) | Expected::Maybe(finding) => std::slice::from_ref(finding),
        Expected::AnyOf(findings) => findings,
        Expected::Refuted(_) => &[],
    })
}

fn matches(finding: &Finding, named: &Named) -> bool {
    finding.rule == named.rule
        && finding.evidence == named.evidence
        && finding.severity == named.severity
        && names_match(finding.threads, &named.threads)
        && names_match(finding.objects, &named.objects)
}

/// Whether every pattern stands for another name, and none is left. Exact names first: they have no choice.
fn names_match(patterns: &[&str], names: &[String]) -> bool {
    let mut patterns = patterns.to_vec();
    patterns.sort_by_key(|pattern| pattern.ends_with('*'));
    let mut left = names.to_vec();
    patterns.iter().all(|pattern| {
        let found = left.iter().position(|name| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        });
        found.map(|index| left.swap_remove(index)).is_some()
    }) && left.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RACE: Finding = Finding::error("data-race", "observed").threads(&["甲", "乙"]).objects(&["balance"]);
    const STALE: Finding = Finding::warning("atomicity-violation", "possible").objects(&["balance"]);

    fn named(rule: &str, threads: &[&str]) -> Named {
        let (evidence, severity) = if rule == "data-race" { ("observed", "error") } else { ("possible", "warning") };
        Named {
            rule: rule.to_owned(),
            evidence: evidence.to_owned(),
            severity: severity.to_owned(),
            threads: threads.iter().map(|&name| name.to_owned()).collect(),
            objects: vec!["balance".to_owned()],
        }
    }

    #[test]
    fn what_is_expected_must_be_reported_as_often_as_expected() {
        let race = named("data-race", &["乙", "甲"]);
        assert_eq!(mismatches(&[Expected::Finding(RACE)], std::slice::from_ref(&race)), Vec::<String>::new());
        assert_eq!(mismatches(&[Expected::Finding(RACE)], &[]).len(), 1);
        assert_eq!(mismatches(&[Expected::Finding(RACE)], &[race.clone(), race.clone()]).len(), 1);
        assert_eq!(mismatches(&[Expected::Finding(RACE.up_to(2))], &[race.clone(), race]).len(), 0);
    }

    #[test]
    fn what_is_not_expected_must_not_be_reported() {
        assert_eq!(mismatches(&[], &[named("data-race", &["甲", "乙"])]).len(), 1);
        assert_eq!(mismatches(&[Expected::Maybe(RACE)], &[named("data-race", &["甲", "丙"])]).len(), 1);
        assert_eq!(mismatches(&[Expected::Maybe(RACE)], &[named("data-race", &["甲", "乙"])]).len(), 0);
        assert_eq!(mismatches(&[Expected::Maybe(RACE)], &[]).len(), 0);
    }

    #[test]
    fn one_alternative_is_enough_and_both_are_right() {
        let either = [Expected::AnyOf(&[RACE, STALE])];
        assert_eq!(mismatches(&either, &[named("atomicity-violation", &[])]).len(), 0);
        assert_eq!(
            mismatches(&either, &[named("atomicity-violation", &[]), named("data-race", &["甲", "乙"])]).len(),
            0
        );
        assert_eq!(mismatches(&either, &[]).len(), 1);
    }

    #[test]
    fn a_star_stands_for_one_name() {
        let names = ["Thread-1", "main"].map(str::to_owned);
        assert!(names_match(&["Thread-*", "main"], &names));
        assert!(names_match(&["*", "main"], &names));
        assert!(!names_match(&["Thread-*", "Thread-*"], &names));
        assert!(!names_match(&["*"], &names));
        assert!(!names_match(&["*", "*", "*"], &names));
    }
}

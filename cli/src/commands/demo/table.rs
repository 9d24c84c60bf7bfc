//! What came out of all scenarios, on one screen: those to which the same happened share a paragraph.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use lockhound_fixtures::{Ends, Named, Run, Scenario};
use unicode_width::UnicodeWidthStr;

use super::attempt::Verdict;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::BrightRed.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// How wide it may be.
const WIDTH: usize = 100;
/// Where the scenarios stand.
const INDENT: usize = 40;

/// The runs of one scenario.
struct Row<'a> {
    scenario: &'static Scenario,
    runs: Vec<&'a Verdict>,
}

impl Row<'_> {
    fn is_as_expected(&self) -> bool {
        self.runs.iter().all(|verdict| verdict.outcome.is_ok())
    }
}

/// Scenarios to which the same happened.
struct Group<'a> {
    came_out: String,
    is_as_expected: bool,
    rows: Vec<&'a Row<'a>>,
}

pub(super) fn of(verdicts: &[Verdict], took: Duration) -> String {
    let rows = rows(verdicts);
    let mut text: String = groups(&rows).iter().map(paragraph).collect();
    let good = rows.iter().filter(|row| row.is_as_expected()).count();
    let runs = if verdicts.len() == rows.len() { String::new() } else { format!(" in {} runs", verdicts.len()) };
    text.push_str(&format!("{good} of {} as expected{runs}, after {} s\n", rows.len(), took.as_secs()));
    text.extend(rows.iter().filter(|row| !row.is_as_expected()).map(differences));
    text
}

fn rows(verdicts: &[Verdict]) -> Vec<Row<'_>> {
    let same = |a: &Verdict, b: &Verdict| a.scenario.id == b.scenario.id;
    verdicts.chunk_by(same).map(|runs| Row { scenario: runs[0].scenario, runs: runs.iter().collect() }).collect()
}

/// What differs first, then in the order of the table.
fn groups<'a>(rows: &'a [Row<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for row in rows {
        let (came_out, is_as_expected) = (came_out(row), row.is_as_expected());
        let same = |group: &&mut Group<'_>| group.came_out == came_out && group.is_as_expected == is_as_expected;
        match groups.iter_mut().find(same) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { came_out, is_as_expected, rows: vec![row] }),
        }
    }
    groups.sort_by_key(|group| group.is_as_expected);
    groups
}

fn paragraph(group: &Group<'_>) -> String {
    let mark = if group.is_as_expected { format!("{GOOD}✓{GOOD:#}") } else { format!("{BAD}✗{BAD:#}") };
    let came_out = shortened(&group.came_out, WIDTH - 2);
    let mut text = format!("{mark} {came_out}");
    let mut column = 2 + came_out.width();
    for row in &group.rows {
        let id = row.scenario.id;
        let number = row.scenario.document.map(|document| document.number);
        let width = id.width() + number.map_or(0, |number| 1 + number.width());
        if column + 2 > INDENT && (column < INDENT || column + 2 + width > WIDTH || column == 2 + came_out.width()) {
            text.push('\n');
            column = 0;
        }
        let gap = if column < INDENT { INDENT - column } else { 2 };
        text.push_str(&format!("{:gap$}{id}", ""));
        text.extend(number.map(|number| format!(" {DIM}{number}{DIM:#}")));
        column += gap + width;
    }
    text + "\n"
}

/// What the runs came to, the most frequent first.
fn came_out(row: &Row<'_>) -> String {
    let mut seen: Vec<(usize, String)> = Vec::new();
    for verdict in &row.runs {
        let words = in_words(&verdict.run);
        match seen.iter_mut().find(|(_, known)| *known == words) {
            Some((count, _)) => *count += 1,
            None => seen.push((1, words)),
        }
    }
    seen.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let several = seen.len() > 1;
    let one = |(count, words): &(usize, String)| if several { format!("{count}x {words}") } else { words.clone() };
    seen.iter().map(one).collect::<Vec<_>>().join(" | ")
}

fn in_words(run: &Run) -> String {
    let mut kinds: Vec<(usize, String)> = Vec::new();
    for finding in &run.findings {
        let kind = kind(finding);
        match kinds.iter_mut().find(|(_, known)| *known == kind) {
            Some((count, _)) => *count += 1,
            None => kinds.push((1, kind)),
        }
    }
    let one = |(count, kind): (usize, String)| if count > 1 { format!("{count} {kind}") } else { kind };
    let found = kinds.into_iter().map(one).collect::<Vec<_>>().join(", ");
    let found = if found.is_empty() { "nothing found".to_owned() } else { found };
    if run.ended == Ends::Exits { found } else { format!("{}: {found}", run.ended) }
}

fn kind(finding: &Named) -> String {
    match (finding.severity.as_str(), finding.evidence.as_str()) {
        ("note", _) => format!("{} (note)", finding.rule),
        (_, "observed") => finding.rule.clone(),
        (_, evidence) => format!("{} ({evidence})", finding.rule),
    }
}

fn shortened(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        if kept.width() + 2 > room {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

fn differences(row: &Row<'_>) -> String {
    let mut text = format!("\n{BAD}{}{BAD:#}: {}\n", row.scenario.id, row.scenario.summary);
    for (number, verdict) in row.runs.iter().enumerate() {
        for line in verdict.outcome.as_ref().err().into_iter().flatten() {
            text.push_str(&format!("  run {}: {line}\n", number + 1));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use lockhound_fixtures::Expected;

    use super::*;

    fn named(rule: &str, evidence: &str, severity: &str) -> Named {
        let [rule, evidence, severity] = [rule, evidence, severity].map(str::to_owned);
        Named { rule, evidence, severity, threads: Vec::new(), objects: Vec::new() }
    }

    fn verdict(scenario: &'static Scenario, ended: Ends, findings: &[Named], is_good: bool) -> Verdict {
        let run = Run { ended, printed: String::new(), findings: findings.to_vec(), refuted: Vec::new() };
        let outcome = if is_good { Ok(&scenario.outcomes[0]) } else { Err(vec!["expected: more".to_owned()]) };
        Verdict { scenario, run, outcome, document: None }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn what_came_out_is_counted_and_what_differs_is_told() {
        let rows = lockhound_fixtures::all();
        let race = named("data-race", "observed", "error");
        let stale = named("atomicity-violation", "possible", "warning");
        let verdicts = [
            verdict(&rows[0], Ends::Exits, &[race.clone(), race.clone(), stale], true),
            verdict(&rows[0], Ends::Exits, &[race], true),
            verdict(&rows[1], Ends::Exits, &[], true),
            verdict(&rows[2], Ends::Hangs, &[], false),
        ];
        let text = plain(&of(&verdicts, Duration::from_secs(7)));
        assert!(text.contains("1x 2 data-race, atomicity-violation (possible) | 1x data-race"), "{text}");
        assert!(text.starts_with(&format!("✗ hangs: nothing found{:18}{}", "", rows[2].id)), "{text}");
        assert!(text.contains(&format!("\n✓ nothing found{:25}{}", "", rows[1].id)), "{text}");
        assert!(text.contains("2 of 3 as expected in 4 runs, after 7 s\n"), "{text}");
        assert!(text.contains("  run 1: expected: more\n"), "{text}");
    }

    #[test]
    fn it_fits_a_screen() {
        let verdicts: Vec<Verdict> = lockhound_fixtures::all()
            .iter()
            .map(|scenario| {
                let lines = scenario.outcomes[0].expected.iter().filter_map(|line| match line {
                    Expected::Finding(finding) | Expected::AnyOf([finding, ..]) => Some(finding),
                    _ => None,
                });
                let found: Vec<Named> = lines.map(|line| named(line.rule, line.evidence, line.severity)).collect();
                verdict(scenario, scenario.outcomes[0].ends, &found, true)
            })
            .collect();
        let text = plain(&of(&verdicts, Duration::from_secs(60)));
        assert!(text.lines().all(|line| line.width() <= WIDTH), "{text}");
        assert!(lockhound_fixtures::all().iter().all(|scenario| text.contains(scenario.id)), "{text}");
        assert!(text.lines().count() <= 48, "{} lines\n{text}", text.lines().count());
    }

    #[test]
    fn what_is_too_long_ends_in_dots() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
    }
}

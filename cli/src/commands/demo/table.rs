//! What came out of all scenarios, on one screen.
//!
//! One line for each of which something was to be found; those that must be silent, and are, share a paragraph below.

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

/// The runs of one scenario.
struct Row<'a> {
    scenario: &'static Scenario,
    runs: Vec<&'a Verdict>,
}

impl Row<'_> {
    fn is_as_expected(&self) -> bool {
        self.runs.iter().all(|verdict| verdict.outcome.is_ok())
    }

    /// Whether it has nothing to say but that all is well.
    fn is_silent(&self) -> bool {
        self.is_as_expected()
            && self.runs.iter().all(|verdict| verdict.run.findings.is_empty() && verdict.run.ended == Ends::Exits)
    }
}

pub(super) fn of(verdicts: &[Verdict], took: Duration) -> String {
    let rows = rows(verdicts);
    let (silent, telling): (Vec<&Row<'_>>, Vec<&Row<'_>>) = rows.iter().partition(|row| row.is_silent());
    let width = telling.iter().map(|row| row.scenario.id.width()).max().unwrap_or(0);
    let mut text: String = telling.iter().map(|row| line(row, width)).collect();
    if !silent.is_empty() {
        text.push_str(&format!("{GOOD}✓{GOOD:#} nothing to be found, and nothing found:\n"));
        text.push_str(&paragraph(silent.iter().map(|row| row.scenario.id)));
    }
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

fn line(row: &Row<'_>, width: usize) -> String {
    let mark = if row.is_as_expected() { format!("{GOOD}✓{GOOD:#}") } else { format!("{BAD}✗{BAD:#}") };
    let id = row.scenario.id;
    let document = row.scenario.document.map_or("", |document| document.number);
    let room = WIDTH.saturating_sub(width + "✓   000".width() + 1);
    let came = shortened(&came_out(row), room);
    let document = match document {
        "" => String::new(),
        number => format!("{:pad$} {DIM}{number}{DIM:#}", "", pad = room - came.width()),
    };
    format!("{mark} {id}{:pad$} {came}{document}\n", "", pad = width - id.width())
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

fn paragraph<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut lines = vec![String::from(" ")];
    for word in words {
        if lines.last().is_some_and(|line| line.width() + 1 + word.width() > WIDTH) {
            lines.push(String::from(" "));
        }
        lines.last_mut().into_iter().for_each(|line| line.extend([" ", word]));
    }
    lines.join("\n") + "\n"
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
        assert!(text.contains(&format!("nothing found:\n  {}\n", rows[1].id)), "{text}");
        assert!(text.contains(&format!("✗ {} hangs: nothing found", rows[2].id)), "{text}");
        assert!(text.contains("2 of 3 as expected in 4 runs, after 7 s\n"), "{text}");
        assert!(text.contains("  run 1: expected: more\n"), "{text}");
    }

    #[test]
    fn it_fits_a_screen() {
        let race = named("lock-order-inversion", "possible", "note");
        let many = vec![race; 3];
        let verdicts: Vec<Verdict> = lockhound_fixtures::all()
            .iter()
            .map(|scenario| {
                let is_silent = scenario.outcomes.iter().all(|outcome| outcome.expected.is_empty());
                verdict(scenario, scenario.outcomes[0].ends, if is_silent { &[] } else { &many }, true)
            })
            .collect();
        let text = plain(&of(&verdicts, Duration::from_secs(60)));
        assert!(text.lines().all(|line| line.width() <= WIDTH), "{text}");
        let most = lockhound_fixtures::all().len() * 2 / 3 + 5;
        assert!(text.lines().count() <= most, "{} lines\n{text}", text.lines().count());
    }

    #[test]
    fn what_is_too_long_ends_in_dots() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
    }
}

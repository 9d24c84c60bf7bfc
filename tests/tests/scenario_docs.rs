//! `docs/scenarios.md` says what the table says, and `docs/reports` shows a report for each scenario that has one.
//!
//! Both are written by `LOCKHOUND_WRITE_DOCS=1 cargo test -p lockhound-tests --test scenario_docs`.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lockhound_fixtures::{Ends, Expected, Finding, Outcome, Scenario};
use lockhound_tests::lockhound;

const HOW_TO_WRITE: &str = "LOCKHOUND_WRITE_DOCS=1 cargo test -p lockhound-tests --test scenario_docs";

const INTRODUCTION: &str = "\
# Scenarios

What five tutorials on concurrency teach, as programs: each fault, followed by the remedies that the tutorial gives; then the bugs that every
user meets, and correct programs that other tools wrongly accuse. `lockhound demo ID` records and checks one of them, `lockhound demo --all`
all. The tutorials (000 to 004, in Chinese, for Python) are not part of this repository; sections are called by their titles.

Under *what comes out* stands how the program ends, what it prints, and what is then found: no other finding, and none where there is none. A
scenario with more than one line there depends on timing. Findings link to a report of such a run; a report of another may name other threads.

<!-- Written from the table in fixtures/src/scenarios: ";

#[test]
fn the_page_says_what_the_table_says() {
    let path = docs().join("scenarios.md");
    let page = page();
    if writes() {
        fs::create_dir_all(docs()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/scenarios.md is not what the table says: {HOW_TO_WRITE}");
}

#[test]
fn each_scenario_with_something_to_report_has_a_report_of_that() {
    let folder = docs().join("reports");
    let telling = || lockhound_fixtures::all().iter().filter(|scenario| has_report(scenario));
    if writes() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let traces = tempfile::tempdir().unwrap();
        let all = lockhound(["demo", "--all", "--output", traces.path().to_str().unwrap()]);
        assert_eq!(all.status, Some(0), "{}{}", all.stdout, all.stderr);
        for scenario in telling() {
            fs::write(report_of(scenario), report(scenario, &traces.path().join(scenario.id))).unwrap();
        }
    }
    for scenario in telling() {
        let text = fs::read_to_string(report_of(scenario));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}: {HOW_TO_WRITE}", scenario.id));
        let shows = scenario.outcomes.iter().any(|outcome| shows(&text, outcome));
        assert!(shows, "docs/reports/{}.txt shows no outcome of the table: {HOW_TO_WRITE}", scenario.id);
        for machines in [docs().parent().unwrap(), &std::env::temp_dir()] {
            assert!(!text.contains(machines.to_str().unwrap()), "{}: a path of one machine", scenario.id);
        }
    }
    let files: BTreeSet<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, telling().map(report_of).collect(), "{HOW_TO_WRITE}");
}

#[test]
fn the_readme_shows_the_report_of_its_first_command() {
    let readme = fs::read_to_string(docs().with_file_name("README.md")).unwrap();
    let report = fs::read_to_string(docs().join("reports/ab-locks.txt")).unwrap();
    assert!(readme.contains(&report), "README.md shows something else than:\n{report}");
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs")
}

fn report_of(scenario: &Scenario) -> PathBuf {
    docs().join("reports").join(format!("{}.txt", scenario.id))
}

fn writes() -> bool {
    std::env::var_os("LOCKHOUND_WRITE_DOCS").is_some()
}

fn has_report(scenario: &Scenario) -> bool {
    scenario.outcomes.iter().any(|outcome| !outcome.expected.is_empty())
}

/// On the traces in a folder; what the run refutes only where that is the point.
fn report(scenario: &Scenario, traces: &Path) -> String {
    let mut lines = scenario.outcomes.iter().flat_map(|outcome| outcome.expected);
    let refutes = lines.any(|line| matches!(line, Expected::Refuted(_)));
    let options: &[&str] = if refutes { &["--refuted"] } else { &[] };
    let folder = traces.to_str().unwrap();
    lockhound([&["check", "--no-config", folder], options].concat()).stdout.replace(folder, "traces")
}

/// Whether a report is one of such a run, as far as its headings tell.
fn shows(report: &str, outcome: &Outcome) -> bool {
    let tells = |finding: &Finding| match finding.evidence {
        "refuted" => report.contains(&format!("refuted[{}]", finding.rule)),
        _ => report.contains(&format!("{}[{}]", finding.severity, finding.rule)),
    };
    !outcome.expected.is_empty()
        && outcome.expected.iter().all(|line| match line {
            Expected::Finding(finding) | Expected::Refuted(finding) => tells(finding),
            Expected::AnyOf(findings) => findings.iter().any(tells),
            Expected::Maybe(_) => true,
        })
}

fn page() -> String {
    let mut page = format!("{INTRODUCTION}{HOW_TO_WRITE} -->\n\n");
    page.push_str("| Scenario | What comes out | Tutorial | Findings |\n|---|---|---|---|\n");
    page.extend(lockhound_fixtures::all().iter().map(row));
    page
}

fn row(scenario: &Scenario) -> String {
    let source = Path::new("..").join(scenario.source.path);
    let tutorial = scenario.document.map(|document| format!("{} {}", document.number, document.section));
    let cells = [
        format!("[`{}`]({})<br>{}", scenario.id, source.display(), scenario.summary),
        lines(scenario, story),
        tutorial.unwrap_or_default(),
        lines(scenario, |outcome| findings(scenario, outcome)),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn lines(scenario: &Scenario, line: impl Fn(&Outcome) -> String) -> String {
    scenario.outcomes.iter().map(line).collect::<Vec<_>>().join("<br>")
}

fn story(outcome: &Outcome) -> String {
    let ends = match outcome.ends {
        Ends::Exits => String::new(),
        Ends::Hangs => "**hangs**: ".to_owned(),
        Ends::Fails(status) => format!("**fails** with {status}: "),
    };
    let prints: Vec<String> = outcome.prints.iter().map(|text| format!("`{}`", text.trim())).collect();
    let prints = if prints.is_empty() { String::new() } else { format!(" Prints {}.", prints.join(" … ")) };
    format!("{ends}{}{prints}", outcome.story)
}

fn findings(scenario: &Scenario, outcome: &Outcome) -> String {
    let of = |finding: &Finding| {
        let kind = if finding.severity == "note" { "note" } else { finding.evidence };
        format!("`{}` ({kind})", finding.rule)
    };
    let found: Vec<String> = outcome
        .expected
        .iter()
        .map(|line| match line {
            Expected::Finding(finding) | Expected::Refuted(finding) => of(finding),
            Expected::AnyOf(findings) => findings.iter().map(of).collect::<Vec<_>>().join(" or "),
            Expected::Maybe(finding) => format!("perhaps {}", of(finding)),
        })
        .collect();
    if found.is_empty() { "none".to_owned() } else { format!("[{}](reports/{}.txt)", found.join(", "), scenario.id) }
}

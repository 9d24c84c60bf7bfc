//! `lockhound.toml` and `lockhound allow`: findings that a team lives with.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, is_empty, is_match};

use crate::support::{CLEAN, Folder, RACE};

/// A lock of the second place held while that of the first is taken.
const AGAINST: &str = r#"{"lockhound":1}
{"t":"T0","op":"acquire","obj":"audit","at":"bank.rs:1:1"}
{"t":"T0","op":"acquire","obj":"accounts","at":"bank.rs:2:1"}
{"t":"T0","op":"release","obj":"accounts","at":"bank.rs:3:1"}
{"t":"T0","op":"release","obj":"audit","at":"bank.rs:4:1"}
"#;

impl Folder {
    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The id of the first finding in a trace.
    fn id(&self, trace: &str) -> String {
        let output = self.lockhound(&["check", "--no-config", "--format", "json", trace]).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
    }
}

/// A folder with a race in it that is accepted.
fn accepted(more: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    let id = folder.id("race.jsonl");
    let arguments = [&["allow", &id[..8], "race.jsonl", "--reason", "both are benign"], more].concat();
    folder.lockhound(&arguments).env("SOURCE_DATE_EPOCH", "1795219200").assert().code(0).stdout(is_empty());
    (folder, id)
}

#[test]
fn what_is_accepted_is_quiet_and_can_be_shown() {
    let (folder, id) = accepted(&[]);
    let entry = format!("[[allow]]\nid = \"{id}\"\nreason = \"both are benign\"\n");
    let text = folder.text("lockhound.toml");
    assert!(text.starts_with("# data-race: `") && text.ends_with(&entry), "{text}");
    let quiet = folder.lockhound(&["check", "race.jsonl"]).assert().code(0).stderr(is_empty());
    quiet.stdout(contains("nothing found in 1 trace: 3 events").and(contains("; 1 suppressed (--suppressed lists")));
    let shown = folder.lockhound(&["check", "race.jsonl", "--suppressed"]).assert().code(0);
    shown.stdout(contains("accepted, it fails no build: both are benign (lockhound.toml:2)"));
    folder.lockhound(&["check", "race.jsonl", "--no-config"]).assert().code(1).stdout(contains("0 suppressed"));
    let output = folder.lockhound(&["check", "race.jsonl", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({"reason": "both are benign", "from": "lockhound.toml:2"});
    assert_eq!(report["findings"][0]["suppressed"], expected);
    assert_eq!(report["summary"]["suppressed"], 1);
}

#[test]
fn it_is_found_from_below_up_to_the_root_of_the_workspace() {
    let (folder, _) = accepted(&[]);
    folder.file("src/deep/race.jsonl", RACE);
    let below = |arguments: &[&str]| {
        let mut command = folder.lockhound(arguments);
        command.current_dir(folder.path().join("src/deep"));
        command
    };
    below(&["check", "race.jsonl"]).assert().code(0);
    folder.file("lockhound.toml", "[[allow]]\n");
    below(&["check", "race.jsonl"]).assert().code(2).stderr(contains("error: ../../lockhound.toml:1:1: this entry"));
    folder.file("src/Cargo.lock", "");
    below(&["check", "race.jsonl"]).assert().code(1);
    below(&["check", "race.jsonl", "--config", "../../lockhound.toml"]).assert().code(2);
    below(&["check", "race.jsonl", "--config", "nowhere.toml"])
        .assert()
        .code(2)
        .stderr(contains("error: nowhere.toml: could not read"));
}

#[test]
fn what_expires_fails_again_and_says_so() {
    let (folder, _) = accepted(&["--expires", "2026-12-01"]);
    let check = |seconds: &str| {
        let mut command = folder.lockhound(&["check", "race.jsonl"]);
        command.env("SOURCE_DATE_EPOCH", seconds);
        command
    };
    check("1796083199").assert().code(0).stdout(contains("warning").not());
    let expired =
        contains("warning: lockhound.toml:2: this entry has expired on 2026-12-01 and accepts nothing any more");
    check("1796083200").assert().code(1).stdout(expired.and(contains("data-race")));
    check("soon").assert().code(2).stderr(contains("SOURCE_DATE_EPOCH is `soon`: expected seconds"));
}

#[test]
fn entries_without_use_are_told_where_all_was_looked_for() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    folder.file("lockhound.toml", "\n[[allow]]\nid = \"aaaaaaaa\"\nreason = \"x\"\n");
    let check = |more: &[&str]| folder.lockhound(&[&["check", "clean.jsonl"], more].concat()).assert();
    let warning = || contains("warning: lockhound.toml:2: this entry accepts nothing that was found");
    check(&[]).code(0).stdout(warning());
    for partial in
        [&["--rules", "deadlock"][..], &["--no-prediction"], &["--time-budget", "1m"], &["--regions", "declared"]]
    {
        check(partial).code(0).stdout(warning().not());
    }
    folder.file("broken.jsonl", "no trace");
    check(&["broken.jsonl"]).code(2).stdout(warning().not());
}

#[test]
fn a_wrong_file_is_said_to_be_wrong_where_it_is() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    let wrong = [
        ("[[allow]\n", "1:9: no TOML: "),
        ("[alow]\n", "1:2: `alow` is no key: did you mean `allow`?"),
        ("[[allow]]\nid = \"7f3a91c2\"\n", "1:1: this entry has no `reason`: expected why this is accepted"),
        ("[[allow]]\nreason = \"x\"\n", "1:1: this entry accepts nothing: expected `id`"),
        ("[[allow]]\nid = \"xyz\"\nreason = \"x\"\n", "2:6: `xyz` is no id: expected 8 to 16 digits"),
        ("[[allow]]\nrule = \"race\"\n", "2:8: `race` is no rule: "),
        ("[[allow]]\nexpires = \"soon\"\n", "2:11: a string: expected a day without quotes"),
        ("[fail]\nrace = \"off\"\n", "2:1: `race` is no rule: "),
        ("[fail]\nmisuse = \"fatal\"\n", "2:10: `fatal` is no level: "),
        ("[order]\na = [\"x\", \"y\"]\nb = [\"y\", \"x\"]\n", "3:11: `x` comes after `y` here, but before it by `a`"),
    ];
    for (text, expected) in wrong {
        folder.file("lockhound.toml", text);
        let one_line = || predicate::function(|text: &str| text.lines().count() == 1);
        let message = || contains(format!("error: lockhound.toml:{expected}")).and(one_line());
        let before = folder.text("lockhound.toml");
        folder.lockhound(&["check", "race.jsonl"]).assert().code(2).stdout(is_empty()).stderr(message());
        folder.lockhound(&["report", "x.json"]).assert().code(2).stderr(message());
        folder.lockhound(&["allow", "--write-baseline", "race.jsonl"]).assert().code(2).stderr(message());
        assert_eq!(folder.text("lockhound.toml"), before);
    }
}

#[test]
fn a_baseline_accepts_all_of_today_and_only_that() {
    let folder = Folder::new();
    folder.file("traces/race.jsonl", RACE);
    let baseline = |more: &[&str]| {
        let mut command = folder.lockhound(&[&["allow", "--write-baseline", "traces"], more].concat());
        command.env("SOURCE_DATE_EPOCH", "1795219200");
        command.assert()
    };
    baseline(&[]).code(0).stderr(contains("1 finding is accepted in lockhound.toml"));
    assert!(folder.text("lockhound.toml").contains("reason = \"baseline of 2026-11-21\"\n"));
    folder.lockhound(&["check", "traces", "--fail-on", "note"]).assert().code(0);
    baseline(&[]).code(0).stderr(contains("nothing is found that is not accepted already"));
    folder.file("traces/new.jsonl", RACE.replace("balance", "rate").replace("bank.rs", "rates.rs"));
    folder
        .lockhound(&["check", "traces"])
        .assert()
        .code(1)
        .stdout(contains("1 finding: 1 data race").and(contains("1 suppressed")));
    folder.lockhound(&["check", "traces", "--format", "json", "--output", "report.json"]).assert().code(1);
    let from_report = folder.lockhound(&["allow", "--write-baseline", "report.json", "--reason", "old"]).assert();
    from_report.code(0).stderr(contains("1 finding is accepted"));
    folder.lockhound(&["check", "traces"]).assert().code(0).stdout(contains("2 suppressed"));
    folder.file("traces/broken.jsonl", "no trace");
    baseline(&[]).code(2).stderr(contains("error: traces/broken.jsonl"));
}

#[test]
fn only_what_was_found_is_accepted_if_that_is_known() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    let allow = |id: &str| folder.lockhound(&["allow", id, "--reason", "x"]).assert();
    allow("7f3a").code(2).stderr(contains("error: `7f3a` is no id: expected 8 to 16 digits"));
    let as_it_is = "accepted in lockhound.toml as it is: there is no report at target/lockhound/findings.json";
    allow("7F3A91C2").code(0).stderr(contains(as_it_is));
    assert_eq!(folder.text("lockhound.toml"), "[[allow]]\nid = \"7f3a91c2\"\nreason = \"x\"\n");
    allow("7f3a91c200000001").code(2).stderr(contains("is accepted already, at lockhound.toml:1: x"));
    let report = folder.file("target/lockhound/findings.json", "");
    folder.lockhound(&["check", "race.jsonl", "--format", "json", "-o", report.to_str().unwrap()]).assert().code(1);
    allow("beef0000").code(2).stderr(contains("target/lockhound/findings.json: no finding has the id `beef0000`"));
    let id = folder.id("race.jsonl");
    allow(&id[..8]).code(0).stderr(is_match("accepted in lockhound.toml: data-race: .*`balance`").unwrap());
    allow(&id).code(2).stderr(contains("is accepted already, at lockhound.toml:6: x"));
    assert_eq!(folder.text("lockhound.toml").matches("[[allow]]").count(), 2);
    fs::write(report, "{").unwrap();
    allow("beef0000").code(2).stderr(contains("findings.json:1:1: "));
}

#[test]
fn an_entry_that_has_expired_wants_another_day_and_no_twin() {
    let (folder, id) = accepted(&["--expires", "2026-12-01"]);
    let allow = |seconds: &str, more: &[&str]| {
        let mut command = folder.lockhound(&[&["allow", &id, "race.jsonl", "--reason", "again"], more].concat());
        command.env("SOURCE_DATE_EPOCH", seconds);
        command.assert().code(2)
    };
    allow("1796083200", &[]).stderr(contains("at lockhound.toml:2 has expired on 2026-12-01: give it another day"));
    allow("1795219200", &["--expires", "2026-11-21"]).stderr(contains("2026-11-21 has come already"));
    allow("1795219200", &["--expires", "soon"]).stderr(contains("`soon` is no date: expected a day like 2027-01-31"));
}

#[test]
fn a_stated_order_is_watched() {
    let folder = Folder::new();
    folder.file("against.jsonl", AGAINST);
    folder.lockhound(&["check", "against.jsonl"]).assert().code(0);
    folder.file("lockhound.toml", "[order]\naccounts-first = [\"accounts\", \"au*\", \"log\"]\n");
    let told = folder.lockhound(&["check", "against.jsonl"]).assert().code(1);
    told.stdout(
        contains("error[lock-order-violation]: `T0` takes `accounts` while it holds `audit`, against the order `accounts-first`")
            .and(contains("lockhound.toml:2 declares that `accounts` is taken before `audit`"))
            .and(contains("bank.rs:1:1"))
            .and(contains("bank.rs:2:1")),
    );
}

#[test]
fn a_name_in_an_order_that_no_lock_bears_is_told() {
    let folder = Folder::new();
    folder.file("against.jsonl", AGAINST);
    folder.file("lockhound.toml", "[order]\nours = [\"acounts\", \"audit\", \"l*\"]\n");
    let told = folder.lockhound(&["check", "against.jsonl"]).assert().code(0);
    told.stdout(
        contains(
            "lockhound.toml:2: no recorded lock is called `acounts`, which `ours` lists: did you mean `accounts`?",
        )
        .and(contains("is called `l*`, which `ours` lists: one without a name goes by its kind and place"))
        .and(contains("called `audit`").not()),
    );
    // What could not be read may have it.
    folder.file("cut.jsonl", &AGAINST[..AGAINST.len() - 9]);
    let cut = folder.lockhound(&["check", "cut.jsonl"]).assert().code(2);
    cut.stdout(contains("no recorded lock").not());
}

#[test]
fn a_finding_against_a_stated_order_can_be_drawn() {
    let folder = Folder::new();
    folder.file("against.jsonl", AGAINST);
    folder.file("lockhound.toml", "[order]\nours = [\"accounts\", \"audit\"]\n");
    let output = folder.lockhound(&["check", "--format", "json", "against.jsonl"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let id = report["findings"][0]["fingerprint"].as_str().unwrap();
    let drawn = ["graph", "--format", "svg", "--finding", id, "against.jsonl"];
    folder.lockhound(&drawn).assert().code(0).stdout(contains("lh-hot"));
    let undecided = [&drawn[..], &["--no-config"]].concat();
    folder.lockhound(&undecided).assert().code(2).stderr(contains("no finding has the id"));
}

#[test]
fn a_name_from_the_program_text_means_the_lock_that_it_is_bound_to() {
    let folder = Folder::new();
    folder.file("bank.rs", "static BALANCE: Shared<i64> = Shared::new(1);\n");
    folder.file("race.jsonl", RACE.replace("\"name\":\"balance\"", "\"at\":\"bank.rs:1:31\""));
    let shown = folder.lockhound(&["check", "--format", "short", "race.jsonl"]).assert().code(1);
    shown.stdout(contains("data-race]: ").and(contains("`BALANCE`")).and(contains("bank.rs:1:31").not()));
    folder.file("lockhound.toml", "[[allow]]\nobjects = [\"BALANCE\"]\nreason = \"benign\"\n");
    folder.lockhound(&["check", "--format", "short", "race.jsonl"]).assert().code(0).stdout(is_empty());
    let accepted = folder.lockhound(&["check", "--format", "short", "--suppressed", "race.jsonl"]).assert().code(0);
    accepted.stdout(contains("(accepted, observed, "));
}

#[test]
fn rules_are_as_bad_as_the_team_says() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    let check = |text: &str, more: &[&str]| {
        folder.file("lockhound.toml", text);
        folder.lockhound(&[&["check", "race.jsonl"], more].concat()).assert()
    };
    check("[fail]\ndata-race = \"note\"\n", &[]).code(0).stdout(contains("note[data-race]"));
    check("[fail]\ndata-race = \"note\"\nfail-on = \"note\"\n", &[]).code(1);
    check("[fail]\ndata-race = \"note\"\nfail-on = \"note\"\n", &["--fail-on", "possible"]).code(0);
    check("[fail]\ndata-race = \"warning\"\n", &[]).code(1).stdout(contains("warning[data-race]"));
    check("[fail]\ndata-race = \"off\"\n", &["--suppressed"])
        .code(0)
        .stdout(contains("`data-race` is off (lockhound.toml:2)"));
}

//! `cargo lockhound` on projects as users have them: copies of the sample, alone and in workspaces.

use std::fs;
use std::path::{Path, PathBuf};

use lockhound_tests::{Output, Project, finish};
use serde_json::Value;

/// A path that must not matter.
const ODD: &str = "Übung & Söhne/100%p of it/order matching";

/// What all projects of this file share.
fn build() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo-lockhound")
}

fn sample() -> Project {
    Project::sample("order-matching", &build())
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {:?}\n{}\n{}", output.status, output.stdout, output.stderr))
}

/// Rule, evidence and place of each finding that is more than a note.
fn found(report: &Value) -> Vec<(String, String, String)> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "note");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found: Vec<_> = findings
        .map(|finding| {
            let place = text(&finding["steps"][0]["at"]);
            let file = place.rsplit('/').next().unwrap().split(':').next().unwrap().to_owned();
            (text(&finding["rule"]), text(&finding["evidence"]), file)
        })
        .collect();
    found.sort();
    found
}

/// What is wrong with the sample, and nothing else.
#[track_caller]
fn assert_both_bugs(output: &Output) {
    let report = json(output);
    let found = found(&report);
    let rules: Vec<_> = found.iter().map(|(rule, _, file)| (rule.as_str(), file.as_str())).collect();
    assert_eq!(
        rules,
        [("lost-update", "statistics.rs"), ("potential-deadlock", "exchange.rs")],
        "{}\n{}",
        output.stdout,
        output.stderr
    );
    assert_eq!(output.status, Some(1), "{}", output.stderr);
}

fn as_json<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![command, "--format", "json"];
    words.extend(more);
    words
}

/// Whether nextest is installed; says loudly if not.
fn has_nextest(project: &Project) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let there = project.command(cargo).args(["nextest", "--version"]).output().is_ok_and(|out| out.status.success());
    if !there {
        eprintln!("\n*** SKIPPED: cargo-nextest is not installed; cargo install --locked cargo-nextest ***\n");
    }
    there
}

#[test]
fn the_sample_is_tested_and_its_two_bugs_are_found() {
    let project = Project::sample(ODD, &build());
    let locked = project.read("Cargo.lock");
    let output = project.run(["test", "--locked"]);
    assert_eq!(output.status, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("6 passed"), "{}", output.stderr);
    assert!(!output.stdout.contains("running 6 tests"), "{}", output.stdout);
    for expected in ["[potential-deadlock]", "src/exchange.rs", "[lost-update]", "src/statistics.rs", "2 findings"] {
        assert!(output.stdout.contains(expected), "no {expected} in\n{}", output.stdout);
    }
    assert!(output.stdout.contains("let open = self.book.lock().unwrap()"), "source is quoted\n{}", output.stdout);
    assert_eq!(project.read("Cargo.lock"), locked, "no manifest is touched");

    let kept: Value = serde_json::from_str(&project.read("target/lockhound/findings.json")).unwrap();
    assert_eq!(found(&kept).len(), 2);
    let again = project.run(["report"]);
    assert_eq!((again.status, again.stdout), (Some(1), output.stdout));
    assert_eq!(project.run(["clean"]).status, Some(0));
    assert!(!project.folder().join("target/lockhound").exists());
    let nothing = project.run(["report"]);
    assert_eq!(nothing.status, Some(2));
    assert!(nothing.stderr.contains("nothing was recorded in this workspace"), "{}", nothing.stderr);
}

#[test]
fn nextest_runs_each_test_in_a_process_of_its_own() {
    let project = Project::sample(ODD, &build());
    if !has_nextest(&project) {
        return;
    }
    let output = project.run(as_json("nextest", &["--locked"]));
    assert_both_bugs(&output);
    let report = json(&output);
    let tests: Vec<&str> =
        report["traces"].as_array().unwrap().iter().map(|trace| trace["test"].as_str().unwrap()).collect();
    // The other two use one thread, and one lock or none.
    let mut expected = [
        "many_traders_share_what_there_is",
        "statements_while_the_market_is_open",
        "statistics_of_two_desks",
        "the_tape_tells_of_each_trade",
        "who_comes_first_is_served_first",
    ];
    expected.sort_unstable();
    let mut sorted = tests.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    let text = project.run(["report"]);
    assert!(text.stdout.contains("in 5 "), "{}", text.stdout);
}

#[test]
fn without_nextest_it_says_how_to_get_it() {
    let project = sample();
    let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    project.write("cargo", &format!("#!/bin/sh\n[ \"$1\" = nextest ] && exit 101\nexec '{real}' \"$@\"\n"));
    let cargo = project.folder().join("cargo");
    fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = project.command(lockhound_tests::cargo_lockhound());
    let output = finish(command.args(["lockhound", "nextest"]).env("CARGO", cargo));
    assert_eq!(output.status, Some(2));
    assert!(output.stderr.contains("cargo install --locked cargo-nextest"), "{}", output.stderr);
}

#[test]
fn the_dependency_may_be_renamed() {
    let project = sample();
    project.edit("Cargo.toml", |text| text.replace("lockhound = {", "watch-dog = { package = \"lockhound\","));
    for file in ["src/exchange.rs", "src/statistics.rs", "src/main.rs", "tests/service.rs"] {
        project.edit(file, |text| text.replace("lockhound::", "watch_dog::"));
    }
    assert_both_bugs(&project.run(as_json("test", &[])));
}

/// Three packages: `order-matching`, which uses the crate under another name; `gateway`, which uses it only through that
/// one; and `plain`, which does not.
fn workspace() -> Project {
    let project = Project::empty("three", &build());
    project.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"matching\", \"gateway\", \"plain\"]\n");
    project.copy_sample("matching");
    project.edit("matching/Cargo.toml", |text| text.replace("[workspace]", ""));
    fs::remove_file(project.folder().join("matching/Cargo.lock")).unwrap();
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    project.write(
        "gateway/Cargo.toml",
        &package("gateway", "[dependencies]\norder-matching = { path = \"../matching\" }\n"),
    );
    // The second bug of the sample, seen from another package.
    project.write(
        "gateway/src/lib.rs",
        "//! Passes trades on.\n\
         #[test]\n\
         fn two_gateways() {\n\
             let statistics = order_matching::Statistics::default();\n\
             let trade = order_matching::Trade { buyer: \"a\".into(), seller: \"b\".into(), price: 1, quantity: 7 };\n\
             std::thread::scope(|scope| {\n\
                 for wait in [0, 50] {\n\
                     let (statistics, trade) = (&statistics, &trade);\n\
                     scope.spawn(move || {\n\
                         std::thread::sleep(std::time::Duration::from_millis(wait));\n\
                         statistics.add(trade);\n\
                         statistics.add(trade);\n\
                     });\n\
                 }\n\
             });\n\
         }\n",
    );
    project.write("plain/Cargo.toml", &package("plain", ""));
    project.write("plain/src/lib.rs", "//! Nothing shared.\n#[test]\nfn plainly() {}\n");
    project
}

#[test]
fn a_workspace_is_tested_as_a_whole_and_in_parts() {
    let project = workspace();
    let whole = project.run(as_json("test", &["--workspace", "--lib", "--tests"]));
    assert_both_bugs(&whole);
    for test in ["plainly", "two_gateways", "statistics_of_two_desks"] {
        assert!(
            whole.stderr.contains(&format!("test {test} ... ok"))
                || whole.stderr.contains(&format!("test tests::{test} ... ok")),
            "{test}: {}",
            whole.stderr
        );
    }

    let gateway = project.run(as_json("test", &["-p", "gateway", "--lib", "--tests"]));
    assert_eq!(gateway.status, Some(1), "{}\n{}", gateway.stdout, gateway.stderr);
    let found = found(&json(&gateway));
    assert_eq!(found.iter().map(|(rule, ..)| rule.as_str()).collect::<Vec<_>>(), ["lost-update"]);
    assert!(gateway.stderr.contains("two_gateways ... ok"), "{}", gateway.stderr);
    assert!(!gateway.stderr.contains("statistics_of_two_desks"), "only what was selected is run: {}", gateway.stderr);

    let plain = project.run(["test", "-p", "plain"]);
    assert_eq!(plain.status, Some(2), "{}", plain.stderr);
    assert!(plain.stderr.contains("plainly ... ok"), "{}", plain.stderr);
    let reason = "nothing was recorded: the package `plain` does not use the crate `lockhound`";
    assert!(plain.stderr.contains(reason), "{}", plain.stderr);
    assert_eq!(plain.stdout, "");
}

#[test]
fn nextest_leaves_out_what_was_not_selected() {
    let project = workspace();
    if !has_nextest(&project) {
        return;
    }
    let output = project.run(as_json("nextest", &["run", "-p", "gateway"]));
    assert_eq!(output.status, Some(1), "{}\n{}", output.stdout, output.stderr);
    assert_eq!(found(&json(&output)).len(), 1);
    assert!(output.stderr.contains("1 test run: 1 passed"), "{}", output.stderr);
}

#[test]
fn failed_tests_stay_failed() {
    let project = sample();
    project
        .edit("tests/service.rs", |text| format!("{text}\n#[test]\nfn fails() {{\n    panic!(\"on purpose\");\n}}\n"));
    let output = project.run(["test", "--test", "service"]);
    assert_eq!(output.status, Some(101), "{}", output.stderr);
    assert!(output.stdout.contains("2 findings"), "{}", output.stdout);
    assert!(output.stderr.contains("on purpose"), "{}", output.stderr);
    let unknown = project.run(["test", "--test", "of-no-such-name"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (Some(101), ""), "{}", unknown.stderr);
}

#[test]
fn a_deadlock_ends_the_tests_and_is_reported() {
    let project = sample();
    project.write(
        "tests/hangs.rs",
        "use lockhound::sync::{Barrier, Mutex};\n\
         #[test]\n\
         fn both_wait() {\n\
             let (one, two, met) = (Mutex::new(()), Mutex::new(()), Barrier::new(2));\n\
             lockhound::thread::scope(|scope| {\n\
                 for (first, second) in [(&one, &two), (&two, &one)] {\n\
                     let met = &met;\n\
                     scope.spawn(move || {\n\
                         let _first = first.lock().unwrap();\n\
                         met.wait();\n\
                         let _second = second.lock().unwrap();\n\
                     });\n\
                 }\n\
             });\n\
         }\n",
    );
    let output = project.run(["test", "--test", "hangs"]);
    assert_eq!(output.status, Some(101), "{}", output.stderr);
    assert!(output.stdout.contains("error[deadlock]"), "{}\n{}", output.stdout, output.stderr);
    let other = finish(
        project
            .command(lockhound_tests::cargo_lockhound())
            .args(["lockhound", "test", "--timeout", "3s", "--test", "hangs"])
            .env("LOCKHOUND_ON_DEADLOCK", "report"),
    );
    assert_eq!(other.status, Some(1), "{}", other.stderr);
    assert!(
        other.stderr.contains("was ended after 3s") && other.stdout.contains("error[deadlock]"),
        "{}",
        other.stderr
    );
}

#[test]
fn tests_that_share_nothing_leave_nothing() {
    let output =
        sample().run(["test", "--test", "service", "the_best_price", "--", "--exact", "the_best_price_is_taken_first"]);
    assert_eq!(output.status, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("1 passed"), "{}", output.stderr);
    assert!(output.stderr.contains("no test or program used two threads, or two locks"), "{}", output.stderr);
}

#[test]
fn a_program_is_run_with_its_own_arguments() {
    let project = sample();
    let output = project.run(["run", "--quiet", "--refuted", "--", "--refuted"]);
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("turnover: ") && !output.stdout.contains("turnover: "), "{}", output.stderr);
    assert!(output.stdout.contains("in 1 trace"), "{}", output.stdout);
}

#[test]
fn several_runs_are_reported_together() {
    let project = sample();
    for filter in ["statements", "statistics"] {
        let output = project.run(["test", "--no-report", "--test", "service", filter]);
        assert_eq!((output.status, output.stdout.as_str()), (Some(0), ""), "{}", output.stderr);
    }
    let script = "eval \"$($LOCKHOUND lockhound show-env --export-prefix)\" && exec \"$REAL\" test --features lockhound/record \
                  --test service statistics";
    let mut command = project.command("sh");
    command.args(["-c", script]).env("LOCKHOUND", lockhound_tests::cargo_lockhound());
    let by_hand = finish(command.env("REAL", std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())));
    assert_eq!(by_hand.status, Some(0), "{}", by_hand.stderr);

    let together = project.run(as_json("report", &[]));
    assert_both_bugs(&together);
    let report = json(&together);
    assert_eq!(report["traces"].as_array().unwrap().len(), 3);
    let lost = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "lost-update").unwrap();
    assert_eq!(lost["seen_in"].as_array().unwrap().len(), 2, "{lost}");
}

#[test]
fn reports_of_several_machines_are_put_together() {
    let project = sample();
    let mut shards = Vec::new();
    for (shard, filter) in [("shard1", "statements"), ("shard2", "statistics"), ("shard3", "statistics")] {
        assert_eq!(project.run(["test", "--test", "service", filter]).status, Some(1));
        project.write(&format!("{shard}/findings.json"), &project.read("target/lockhound/findings.json"));
        shards.push(format!("{shard}/findings.json"));
    }
    assert_eq!(project.run(["clean"]).status, Some(0));
    let mut words = as_json("report", &[]);
    words.extend(shards.iter().map(String::as_str));
    let output = project.run(words);
    assert_both_bugs(&output);
    assert_eq!(json(&output)["traces"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_no_workspace_is_an_error() {
    let project = Project::empty("none", &build());
    let output = project.run(["test"]);
    assert_eq!(output.status, Some(2));
    assert!(output.stderr.contains("could not find `Cargo.toml`"), "{}", output.stderr);
}

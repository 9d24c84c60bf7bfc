//! Real bugs of other projects, re-encoded as traces: what the runs show is found, and what is right stays silent.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lockhound_report::{Evidence, Finding};
use lockhound_tests::{Output, lockhound};
use serde::Deserialize;

/// What `expected.json` says of a trace.
#[derive(Deserialize)]
struct Kernel {
    expect: Vec<Bug>,
    /// Whether another schedule of the same events shows it; none where the run itself does.
    provable_from_this_run: Option<bool>,
    silent: bool,
}

#[derive(Deserialize)]
struct Bug {
    kind: String,
    threads: Vec<String>,
    objects: Vec<String>,
}

impl Bug {
    /// Rules that mean this kind, which is that of the kernel's source. None: no rule of ours says it yet.
    fn rules(&self) -> &'static [&'static str] {
        match self.kind.as_str() {
            "deadlock" => &["deadlock", "self-deadlock"],
            "deadlock-potential" => &["potential-deadlock", "self-deadlock"],
            "stuck" => &["blocked-forever"],
            "data-race" => &["data-race"],
            "leaked-lock" => &["leaked-lock"],
            "lock-order" => &["lock-order-inversion"],
            "order-violation" => &[],
            kind => panic!("a new kind of bug: {kind}"),
        }
    }

    /// Whether it can be said of a run in which it did not happen.
    fn is_reachable_later(&self) -> bool {
        matches!(self.kind.as_str(), "deadlock-potential" | "data-race")
    }

    fn is(&self, finding: &Finding) -> bool {
        self.rules().contains(&finding.rule.name())
            && set(&self.threads) == set(&finding.threads)
            && set(&self.objects) == set(&finding.objects)
    }
}

fn set(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/kernels")
}

fn kernels() -> BTreeMap<String, Kernel> {
    serde_json::from_str(&fs::read_to_string(folder().join("expected.json")).unwrap()).unwrap()
}

fn check(name: &str) -> Output {
    lockhound(["check".as_ref(), "--format".as_ref(), "json".as_ref(), folder().join(name).as_os_str()])
}

#[test]
fn every_trace_has_its_expectation() {
    let traces = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let traces: BTreeSet<String> = traces.filter(|name| name.ends_with(".jsonl")).collect();
    assert_eq!(traces, kernels().into_keys().collect());
}

#[test]
fn every_trace_is_accepted() {
    for name in kernels().keys() {
        let output = check(name);
        assert!(matches!(output.status, Some(0 | 1)), "{name}: {:?} {}", output.status, output.stderr);
        assert_eq!(output.errors(), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn what_the_runs_show_is_found() {
    let mut missed = Vec::new();
    for (name, kernel) in kernels() {
        let report = check(&name).report();
        for bug in kernel.expect.iter().filter(|bug| !bug.rules().is_empty()) {
            if !report.findings.iter().any(|finding| bug.is(finding)) {
                let said: Vec<_> = report.findings.iter().map(|finding| &finding.message).collect();
                missed.push(format!("{name}: {} of {:?} on {:?}; said {said:?}", bug.kind, bug.threads, bug.objects));
            }
        }
    }
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

/// What these passing runs can prove is proved; what they cannot is not claimed to be.
#[test]
fn what_can_be_proved_is_proved() {
    let mut wrong = Vec::new();
    for (name, kernel) in kernels() {
        let Some(provable) = kernel.provable_from_this_run else { continue };
        let report = check(&name).report();
        let sure = |finding: &&Finding| finding.evidence >= Evidence::Feasible;
        for bug in kernel.expect.iter().filter(|bug| bug.is_reachable_later()) {
            let proved = report.findings.iter().filter(sure).any(|finding| bug.is(finding));
            if proved != provable {
                let said: Vec<_> = report.findings.iter().map(|f| (&f.evidence, &f.threads, &f.objects)).collect();
                wrong.push(format!("{name}: {} of {:?} on {:?}; said {said:?}", bug.kind, bug.threads, bug.objects));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_right_stays_silent() {
    for (name, _) in kernels().into_iter().filter(|(_, kernel)| kernel.silent) {
        let output = check(&name);
        assert_eq!(output.status, Some(0), "{name}");
        assert!(output.report().findings.is_empty(), "{name}: {}", output.stdout);
    }
}

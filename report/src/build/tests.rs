//! What several runs show together, and that it does not matter in how many parts they are reported.

use std::cmp::Reverse;
use std::fmt::Write;
use std::path::Path;

use lockhound_analyzer::{Evidence, Report, Rule, Severity, Witness, analyze};
use lockhound_trace::{EventIndex, Header, JsonLinesReader, Tables, Validated};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Detail, Run, document, merge};
use crate::document::{Document, Finding};

const DETAIL: Detail<'_> = Detail { refuted: true, ..Detail::NONE };

/// A run of a program, in which threads take locks one under the other, one thread after the other: `worker: a b/r` takes
/// `a`, then `b` for reading, and releases both; `b2` is another lock that is made where `b` is. `main` starts the threads,
/// and joins none.
pub(super) fn run(path: &str, program: Option<&str>, nests: &[&str]) -> Run {
    let mut text = match program {
        Some(program) => format!("{{\"lockhound\":1,\"program\":\"{program}\"}}\n"),
        None => "{\"lockhound\":1}\n".to_owned(),
    };
    let nests: Vec<(&str, Vec<&str>)> = nests
        .iter()
        .map(|nest| nest.split_once(": ").unwrap())
        .map(|(thread, locks)| (thread, locks.split(' ').collect()))
        .collect();
    let mut declared: Vec<&str> = nests.iter().flat_map(|(_, locks)| locks).map(|lock| instance(lock)).collect();
    declared.sort_unstable();
    declared.dedup();
    // Ids differ from run to run.
    for lock in declared.iter().rev() {
        let kind = "\"kind\":\"rwlock\",\"policy\":\"reader\",\"type\":\"u8\"";
        writeln!(text, "{{\"object\":\"{path}-{lock}\",{kind},\"at\":\"src/{}.rs:3:9\"}}", &lock[..1]).unwrap();
    }
    let mut event = |thread: &str, op: &str| writeln!(text, "{{\"t\":\"{thread}\",{op}}}").unwrap();
    let mut threads: Vec<&str> = nests.iter().map(|(thread, _)| *thread).collect();
    threads.sort_unstable();
    threads.dedup();
    for thread in threads.iter().filter(|&&thread| thread != "main") {
        event("main", &format!("\"op\":\"spawn\",\"child\":\"{thread}\""));
    }
    for (thread, locks) in &nests {
        let op = |name: &str, lock: &str| {
            let mode = if lock.ends_with("/r") { "read" } else { "write" };
            let lock = instance(lock);
            let touched = if name == "release" { ",\"touched\":\"none\"" } else { "" };
            let at = format!("src/{thread}.rs:{}:1", lock.as_bytes()[0]);
            format!("\"op\":\"{name}\",\"obj\":\"{path}-{lock}\",\"mode\":\"{mode}\",\"at\":\"{at}\"{touched}")
        };
        locks.iter().for_each(|lock| event(thread, &op("acquire", lock)));
        locks.iter().rev().for_each(|lock| event(thread, &op("release", lock)));
    }
    let reader = JsonLinesReader::new(text.as_bytes(), Path::new(path), text.len() as u64);
    let report = analyze(Validated::new(reader, Path::new("x")), |_| ());
    assert!(report.error.is_none(), "{:?} {text}", report.error);
    Run::new(path.to_owned(), report)
}

/// `b2` of `b2/r`.
fn instance(lock: &str) -> &str {
    lock.strip_suffix("/r").unwrap_or(lock)
}

fn of(runs: &[&[&str]]) -> Document {
    let runs: Vec<Run> =
        runs.iter().enumerate().map(|(index, nests)| run(&format!("{index}.lht"), Some("bank"), nests)).collect();
    document(&runs, &DETAIL)
}

fn across(document: &Document) -> Vec<&Finding> {
    document.findings.iter().filter(|finding| finding.is_across_runs()).collect()
}

#[test]
fn an_order_in_one_run_and_the_opposite_in_another_are_found() {
    let document = of(&[&["one: a b"], &["other: b a", "other: b a"]]);
    let [finding] = across(&document)[..] else { panic!("{:#?}", document.findings) };
    assert_eq!((finding.rule, finding.evidence), (Rule::PotentialDeadlock, Evidence::Possible));
    assert_eq!(
        finding.message,
        "`rwlock src/a.rs:3:9` and `rwlock src/b.rs:3:9` are locked in opposite orders in different runs: `one` (0.lht) \
         and `other` (1.lht) could wait for each other"
    );
    assert_eq!((finding.trace, &finding.seen_in[..], finding.occurrences), (0, &[0, 1][..], 1));
    let steps: Vec<_> = finding
        .steps
        .iter()
        .map(|step| (finding.run_of(step), step.at.as_deref().unwrap(), step.holds[0].at.as_deref().unwrap()))
        .collect();
    assert_eq!(steps, [(0, "src/one.rs:98:1", "src/one.rs:97:1"), (1, "src/other.rs:97:1", "src/other.rs:98:1")]);
    assert!(finding.notes[0].starts_with("it may happen"), "{:?}", finding.notes);
    assert!(finding.notes[3].ends_with("twice, in 1.lht"), "{:?}", finding.notes);
    for order in &document.lock_orders.orders {
        assert!(order.in_cycle && order.findings == [finding.fingerprint.clone()], "{order:?}");
    }
}

/// The same bug keeps its identity when one run comes to show it.
#[test]
fn a_circle_has_one_fingerprint_over_several_runs_and_in_one() {
    let apart = of(&[&["one: a b"], &["other: b a"]]);
    let together = of(&[&["one: a b", "other: b a"]]);
    assert_eq!(across(&together), Vec::<&Finding>::new());
    assert_eq!(apart.findings[0].fingerprint, together.findings[0].fingerprint);
    assert_eq!(together.findings[0].evidence, Evidence::Feasible);
}

#[test]
fn what_a_run_shows_by_itself_is_not_told_again() {
    let nothing = Vec::<&Finding>::new();
    assert_eq!(across(&of(&[&["one: a b"], &["other: b a"], &["one: a b", "other: b a"]])), nothing);
    // One thread does both, which is an inversion of that run; a gate likewise.
    assert_eq!(across(&of(&[&["one: a b"], &["one: b a", "one: a b"]])), nothing);
    assert_eq!(across(&of(&[&["one: a b"], &["one: g b a", "other: g a b"]])), nothing);
}

#[test]
fn a_lock_around_both_keeps_them_apart() {
    assert_eq!(across(&of(&[&["one: g a b"], &["other: g b a"]])), Vec::<&Finding>::new());
    assert_eq!(across(&of(&[&["one: g/r a b"], &["other: g/r b a"]])).len(), 1, "readers go together");
    assert_eq!(across(&of(&[&["one: g/r a b"], &["one: g a b"], &["other: g/r b a"]])).len(), 1, "sometimes only read");
    assert_eq!(across(&of(&[&["one: g a b"], &["one: g/r a b"], &["other: g/r b a"]])).len(), 1, "sometimes only read");
    assert_eq!(across(&of(&[&["one: g a b"], &["one: a b"], &["other: g b a"]])).len(), 1, "not always held");
    assert_eq!(across(&of(&[&["one: g a b", "one: g2 a b"], &["other: g b a"]])).len(), 1, "not always the same");
}

/// Even where its finding was not asked for, or is about other modes.
#[test]
fn what_a_run_has_judged_is_not_judged_again() {
    let mut runs = [run("0", Some("p"), &["one: a b", "one: b a"]), run("1", Some("p"), &["other: a b"])];
    assert_eq!(runs[0].report.findings[0].rule, Rule::LockOrderInversion);
    runs[0].report.findings.clear();
    assert_eq!(document(&runs, &DETAIL).findings, []);
    let modes = of(&[&["one: a b"], &["other: b a"], &["one: a/r b", "other: b/r a"]]);
    assert_eq!(across(&modes), Vec::<&Finding>::new());
    let no_finding = of(&[&["one: a b"], &["other: b a"], &["one: a/r b/r", "other: b/r a/r"]]);
    assert_eq!(across(&no_finding).len(), 1, "reads alone prove nothing of writes");
}

/// As tests do that run in one process, each with locks of its own.
#[test]
fn opposite_orders_of_different_locks_are_found_in_one_run() {
    let document = of(&[&["one: a b", "other: b2 a2"]]);
    let [finding] = across(&document)[..] else { panic!("{:#?}", document.findings) };
    assert_eq!(
        finding.message,
        "`rwlock src/a.rs:3:9` and `rwlock src/b.rs:3:9` are locked in opposite orders, each time others of them: on the \
         same, `one` and `other` could wait for each other"
    );
    let nothing = Vec::<&Finding>::new();
    assert_eq!(across(&of(&[&["one: a b", "one: b2 a2"]])), nothing, "a thread does not wait for itself");
    assert_eq!(across(&of(&[&["one: a b", "one: b2 a2"], &["one: a b"]])), nothing, "nor in one run of several");
    assert_eq!(across(&of(&[&["one: a b", "other: b a2"]])), nothing, "hand over hand");
}

#[test]
fn a_thread_is_not_in_two_places_of_a_circle() {
    assert_eq!(across(&of(&[&["one: a b", "one: b c"], &["two: c a"]])), Vec::<&Finding>::new());
    assert_eq!(across(&of(&[&["one: a b", "other: b c"], &["two: c a"]])).len(), 1);
}

#[test]
fn reads_wait_for_no_reads() {
    assert_eq!(across(&of(&[&["one: a/r b/r"], &["other: b/r a/r"]])), Vec::<&Finding>::new());
    assert_eq!(across(&of(&[&["one: a/r b"], &["other: b/r a/r"]])), Vec::<&Finding>::new());
    assert_eq!(across(&of(&[&["one: a/r b"], &["other: b/r a"]])).len(), 1);
}

#[test]
fn longer_circles_are_found_unless_a_shorter_one_says_it() {
    let three = of(&[&["one: a b"], &["two: b c"], &["three: c a"]]);
    let [finding] = across(&three)[..] else { panic!("{:#?}", three.findings) };
    assert_eq!((finding.objects.len(), finding.steps.len(), &finding.seen_in[..]), (3, 3, &[0, 1, 2][..]));
    let shorter = of(&[&["one: a b"], &["two: b c", "two: b a"], &["three: c a"]]);
    assert_eq!(across(&shorter).iter().map(|finding| finding.objects.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn threads_of_one_name_are_told_apart_by_their_runs() {
    let document = of(&[&["main: a b"], &["main: b a"]]);
    assert_eq!(across(&document)[0].threads, ["main (0.lht)", "main (1.lht)"]);
}

#[test]
fn locks_of_other_programs_or_of_none_are_other_locks() {
    for programs in [[Some("p"), Some("q")], [None, None]] {
        let runs = [run("0", programs[0], &["one: a b"]), run("1", programs[1], &["other: b a"])];
        let document = document(&runs, &DETAIL);
        assert_eq!((document.findings.len(), document.lock_orders.locks.len()), (0, 4), "{programs:?}");
    }
}

#[test]
fn a_class_under_itself_says_nothing() {
    let mut text = "{\"lockhound\":1,\"program\":\"p\"}\n".to_owned();
    for lock in ["x", "y"] {
        writeln!(text, "{{\"object\":\"{lock}\",\"kind\":\"mutex\",\"type\":\"u8\",\"at\":\"a.rs:1:1\"}}").unwrap();
    }
    for (op, lock) in [("acquire", "x"), ("acquire", "y"), ("release", "y"), ("release", "x")] {
        writeln!(text, "{{\"t\":\"T\",\"op\":\"{op}\",\"obj\":\"{lock}\"}}").unwrap();
    }
    let reader = JsonLinesReader::new(text.as_bytes(), Path::new("a"), 0);
    let run = Run::new("a".to_owned(), analyze(Validated::new(reader, Path::new("x")), |_| ()));
    assert!(document(&[run], &DETAIL).lock_orders.is_empty());
}

#[test]
fn findings_of_several_runs_are_one_with_its_count() {
    let both = ["one: a b", "other: b a"];
    let document = of(&[&["one: a b"], &both, &both]);
    let [finding] = &document.findings[..] else { panic!("{:#?}", document.findings) };
    assert_eq!((finding.trace, &finding.seen_in[..], finding.occurrences), (1, &[1, 2][..], 2));
    assert_eq!(document.seen(finding).unwrap(), "seen in 2 of 3 runs, twice in all; here as in 1.lht");
    assert_eq!(document.summary.errors, 1);
}

#[test]
fn what_the_team_accepted_stays_accepted() {
    let mut document = of(&[&["one: a b"], &["other: b a"]]);
    let suppressed = crate::Suppression { reason: "known".to_owned(), from: "lockhound.toml:1".to_owned() };
    document.findings[0].suppressed = Some(suppressed.clone());
    let merged = merge(vec![document, of(&[&["one: a b"]])]);
    assert_eq!(merged.findings[0].suppressed, Some(suppressed));
    assert_eq!((merged.summary.suppressed, merged.summary.warnings), (1, 0));
}

/// Older reports and those of other programs have each finding once a run, and say so only by `trace`.
#[test]
fn findings_that_do_not_say_where_they_were_seen_are_merged() {
    let both = ["one: a b", "other: b a"];
    let mut documents = [of(&[&both]), of(&[&both])];
    for document in &mut documents {
        document.findings[0].seen_in.clear();
    }
    let merged = merge(documents.to_vec());
    assert_eq!(merged.findings.iter().map(|finding| &finding.seen_in[..]).collect::<Vec<_>>(), [[0, 1]]);
}

/// Nobody reads them, and a report would be larger than its traces.
#[test]
fn long_witnesses_are_left_out_and_so_are_many() {
    let of_length = |lengths: &[u32]| {
        let mut run = run_with("0.lht", Some("p"), vec![(1, Evidence::Feasible, 1); lengths.len()]);
        for (finding, &length) in run.report.findings.iter_mut().zip(lengths) {
            let witness = Witness { base: vec![length - 1], then: vec![EventIndex(0)], next: vec![], assumes: vec![] };
            finding.witness = Some(witness);
        }
        let document = document(&[run], &DETAIL);
        document.findings.iter().map(|finding| finding.witness_omitted).collect::<Vec<_>>()
    };
    assert_eq!(of_length(&[100_000, 100_001, 1]), [None, Some(100_001), None]);
    let many = of_length(&[100_000; 30]);
    assert_eq!(many.iter().filter(|omitted| omitted.is_none()).count(), 20);
    assert_eq!(many[29], Some(100_000));
}

/// Some threads take up to three of four locks one under the other.
pub(super) fn some_nests(most: usize) -> impl Strategy<Value = Vec<String>> {
    let lock = (0..4_usize, prop::bool::weighted(0.2));
    let nest = ("one|two", vec(lock, 1..4)).prop_map(|(thread, mut locks)| {
        let mut seen = [false; 4];
        locks.retain(|&(lock, _)| !std::mem::replace(&mut seen[lock], true));
        let word =
            |&(lock, read): &(usize, bool)| format!("{}{}", ["a", "b", "c", "d"][lock], if read { "/r" } else { "" });
        format!("{thread}: {}", locks.iter().map(word).collect::<Vec<_>>().join(" "))
    });
    vec(nest, 1..most)
}

/// Of one run: which bug, how sure, when.
type Sightings = Vec<(u64, Evidence, u64)>;

fn some_sightings() -> impl Strategy<Value = Sightings> {
    let evidence = prop::sample::select(vec![Evidence::Possible, Evidence::Feasible, Evidence::Observed]);
    vec((0..2_u64, evidence, 0..3_u64), 0..5)
}

/// A run that shows these bugs, in the order in which the analyses tell them.
fn run_with(path: &str, program: Option<&str>, mut sightings: Sightings) -> Run {
    let mut tables = Tables::default();
    tables.set_header(Header { program: program.map(str::to_owned), ..Header::default() });
    let thread = tables.thread_named("T");
    sightings.sort_by_key(|&(bug, evidence, event)| (Reverse(evidence), event, bug));
    let finding = |&(bug, evidence, event): &(u64, Evidence, u64)| lockhound_analyzer::Finding {
        rule: Rule::DataRace,
        evidence,
        severity: if evidence == Evidence::Possible { Severity::Warning } else { Severity::Error },
        fingerprint: format!("{bug:016x}").parse().unwrap(),
        message: format!("{path}: {bug} at {event}"),
        pattern: None,
        region: None,
        threads: vec![thread],
        objects: Vec::new(),
        steps: vec![lockhound_analyzer::Step {
            thread,
            op: "write",
            object: None,
            site: None,
            event: EventIndex(event),
            holds: Vec::new(),
            stack: None,
            label: String::new(),
            marks: Vec::new(),
            story: String::new(),
        }],
        witness: None,
        occurrences: 1 + event,
        notes: Vec::new(),
        help: Vec::new(),
    };
    let report = Report {
        findings: sightings.iter().map(finding).collect(),
        refutations: Vec::new(),
        nestings: Vec::new(),
        limits: Vec::new(),
        events: 1,
        tables,
        error: None,
        log: None,
    };
    Run::new(path.to_owned(), report)
}

/// The runs reported in parts, which end where there is a cut, and the parts put together.
fn in_parts(runs: Vec<Run>, cuts: &[bool]) -> Document {
    let mut parts: Vec<Vec<Run>> = vec![Vec::new()];
    for (run, &cut) in runs.into_iter().zip(cuts) {
        if cut {
            parts.push(Vec::new());
        }
        parts.last_mut().unwrap().push(run);
    }
    let parts = parts.iter().map(|part| document(part, &DETAIL)).collect();
    let mut merged = merge(parts);
    // Where nothing was put together, nothing was asked for.
    merged.refuted.get_or_insert_default();
    merged
}

#[test]
fn one_fingerprint_in_two_groups_is_two_bugs() {
    let runs = || {
        vec![
            run("0.lht", Some("q"), &["two: d a"]),
            run("1.lht", None, &["two: d a", "one: a d"]),
            run("2.lht", Some("q"), &["one: a d"]),
        ]
    };
    let whole = document(&runs(), &DETAIL);
    assert_eq!(whole.findings.iter().filter(|finding| finding.is_across_runs()).count(), 1);
    assert_eq!(in_parts(runs(), &[false; 3]), whole);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn parts_put_together_are_the_whole(
        runs in vec((some_nests(4), prop::option::weighted(0.9, "p|q")), 0..7),
        cuts in vec(any::<bool>(), 7),
    ) {
        let runs = || -> Vec<Run> {
            let run = |(index, (nests, program)): (usize, &(Vec<String>, Option<String>))| {
                let nests: Vec<&str> = nests.iter().map(String::as_str).collect();
                run(&format!("{index}.lht"), program.as_deref(), &nests)
            };
            runs.iter().enumerate().map(run).collect()
        };
        let whole = document(&runs(), &DETAIL);
        let merged = in_parts(runs(), &cuts);
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(merge(vec![merged]), whole, "one document is itself");
    }

    #[test]
    fn bugs_are_told_once_in_however_many_parts(
        runs in vec((some_sightings(), prop::option::weighted(0.8, "p|q")), 0..8),
        cuts in vec(any::<bool>(), 8),
    ) {
        let runs = || -> Vec<Run> {
            let run = |(index, (sightings, program)): (usize, &(Sightings, Option<String>))| {
                run_with(&format!("{index}.lht"), program.as_deref(), sightings.clone())
            };
            runs.iter().enumerate().map(run).collect()
        };
        prop_assert_eq!(in_parts(runs(), &cuts), document(&runs(), &DETAIL));
    }
}

//! Lost updates and stale checks: idioms that are bugs, and those that look like it and are not.

mod script;

use lockhound_analyzer::{Evidence, Finding, Options, Pattern, Region, Report, Rule, Severity, analyze, analyze_with};

const START: &str = "T0 spawn T1\nT0 spawn T2\n";

fn check(text: &str) -> Report {
    let report = analyze(script::read(text), |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn broken(text: &str) -> Vec<Finding> {
    let of_interest = |finding: &Finding| matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation);
    check(text).findings.into_iter().filter(of_interest).collect()
}

fn only(text: &str) -> Finding {
    let found = broken(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().expect("one")
}

type Verdict = (Rule, Pattern, Region, Evidence, Severity);

fn verdict(finding: &Finding) -> Verdict {
    let pattern = finding.pattern.expect("a pattern");
    (finding.rule, pattern, finding.region.expect("a region"), finding.evidence, finding.severity)
}

const CALL: Verdict = (Rule::LostUpdate, Pattern::Rww, Region::Call, Evidence::Observed, Severity::Error);
const DERIVED: Verdict = (Rule::LostUpdate, Pattern::Rww, Region::Derived, Evidence::Observed, Severity::Error);
const WEAK: Verdict = (Rule::LostUpdate, Pattern::Rww, Region::Weak, Evidence::Observed, Severity::Warning);
const WEAK_HOLDS: Verdict =
    (Rule::AtomicityViolation, Pattern::Rwr, Region::Weak, Evidence::Observed, Severity::Warning);
const STALE_READ: Verdict =
    (Rule::AtomicityViolation, Pattern::Rwr, Region::Weak, Evidence::Possible, Severity::Warning);

/// One instance: a thread reads at one place and writes at another.
struct Pair(&'static str, i64, i64);

/// All reads of the given pairs, then all their writes, then further pairs one after the other. The two places are
/// lines `lines` of one file.
fn pairs(object: &str, lines: (u32, u32), ops: (&str, &str), together: &[Pair], then: &[Pair]) -> String {
    let read = |Pair(thread, value, _): &Pair| format!("{thread} {} x value={value} at=c.rs:{}:5\n", ops.0, lines.0);
    let write = |Pair(thread, _, value): &Pair| format!("{thread} {} x value={value} at=c.rs:{}:9\n", ops.1, lines.1);
    let mut text = format!("{object}\n{START}");
    text.extend(together.iter().map(read).chain(together.iter().map(write)));
    text.extend(then.iter().flat_map(|pair| [read(pair), write(pair)]));
    text
}

const CELL: (&str, &str) = ("read", "write");
const ATOMIC: (&str, &str) = ("load", "store");

#[test]
fn a_counter_that_lost_an_update() {
    let text = pairs("var x name=n", (1, 2), CELL, &[Pair("T1", 5, 6), Pair("T2", 5, 6)], &[Pair("T1", 6, 7)]);
    let finding = only(&text);
    assert_eq!(verdict(&finding), DERIVED);
    assert_eq!(finding.message, "`n`: `T2` read 5, then `T1` wrote 6, then `T2` wrote 6: what `T1` wrote is lost");
    assert!(finding.notes.iter().any(|note| note.contains("always what was read +1")), "{:?}", finding.notes);
    assert!(finding.notes.iter().any(|note| note == "`n` was 7 in the end"), "{:?}", finding.notes);
    assert!(finding.notes.iter().any(|note| note.contains("both took the step +1 from 5: +2 together")));
}

#[test]
fn one_statement_is_derived_from_one_instance() {
    let text = pairs("var x", (7, 7), CELL, &[Pair("T1", 1000, 200), Pair("T2", 1000, 200)], &[]);
    assert_eq!(verdict(&only(&text)), DERIVED);
}

#[test]
fn temp_then_write_is_weak() {
    let together = [Pair("T1", 100, 99), Pair("T2", 100, 99)];
    assert_eq!(verdict(&only(&pairs("var x", (1, 3), CELL, &together, &[]))), WEAK);
}

#[test]
fn atomics_lose_updates_between_load_and_store() {
    let together = [Pair("T1", 7, 8), Pair("T2", 7, 8)];
    let text = pairs("atomic x", (1, 2), ATOMIC, &together, &[Pair("T2", 8, 9)]);
    assert_eq!(verdict(&only(&text)), DERIVED);
}

#[test]
fn a_call_is_one_step_whatever_the_values() {
    let mut text = format!("var x name=m\n{START}");
    for value in 0..50 {
        text += &format!(
            "T1 read x value={value} at=c.rs:3:7\nT2 read x value={value} at=c.rs:3:7\n\
             T1 write x value={0} at=c.rs:3:7\nT2 write x value={0} at=c.rs:3:7\n",
            value + 1
        );
    }
    let finding = only(&text);
    assert_eq!((verdict(&finding), finding.occurrences), (CALL, 50));
    let races = check(&text).findings.into_iter().filter(|finding| finding.rule == Rule::DataRace).count();
    assert_eq!(races, 1, "and one race");
}

#[test]
fn a_function_of_what_was_read_is_derived() {
    let together = [Pair("T1", 3, 9), Pair("T2", 3, 9)];
    let then = [Pair("T1", 9, 81), Pair("T1", 4, 16)];
    assert_eq!(verdict(&only(&pairs("var x", (1, 2), CELL, &together, &then))), DERIVED);
}

#[test]
fn correct_idioms_stay_silent() {
    let silent = |name: &str, text: String| assert_eq!(broken(&text), [], "{name}");
    silent(
        "last writer wins",
        pairs("var x", (1, 2), CELL, &[Pair("T1", 1, 30), Pair("T2", 1, 45)], &[Pair("T1", 45, 60)]),
    );
    silent(
        "statistics overwritten on purpose",
        pairs("var x", (1, 2), CELL, &[Pair("T1", 812, 790), Pair("T2", 812, 1033)], &[Pair("T1", 1033, 655)]),
    );
    silent("a flag", pairs("var x type=bool", (1, 1), CELL, &[Pair("T1", 0, 1), Pair("T2", 0, 1)], &[]));
    silent("an integer flag", pairs("atomic x", (1, 2), ATOMIC, &[Pair("T1", 0, 1), Pair("T2", 0, 1)], &[]));
    silent("a flag taken down", pairs("var x", (1, 1), CELL, &[Pair("T1", 1, 0), Pair("T2", 1, 0)], &[]));
    silent("a reset", pairs("atomic x", (1, 1), ATOMIC, &[Pair("T1", 17, 0), Pair("T2", 17, 0)], &[Pair("T1", 23, 0)]));
    silent(
        "compare and swap",
        format!(
            "atomic x\n{START}T1 load x value=5 at=k:1:1\nT2 load x value=5 at=k:1:1\n\
             T1 rmw x value=6 how=cas at=k:2:1\nT2 load x value=6 how=cas_failed at=k:2:1\nT2 rmw x value=7 how=cas at=k:2:1"
        ),
    );
    silent(
        "spin, then clear",
        format!(
            "atomic x\n{START}T1 load x value=0 at=w:1:1\nT1 load x value=0 at=w:1:1\nT2 store x value=1 at=q:1:1\n\
             T1 load x value=1 at=w:1:1\nT1 store x value=0 at=w:2:1"
        ),
    );
    silent(
        "handed over by a channel between",
        format!(
            "var x\nchannel c\n{START}T1 read x value=5 at=a:1:1\nT2 write x value=8 at=b:1:1\nT2 send c msg=1\n\
             T1 recv c msg=1\nT1 write x value=6 at=a:1:9"
        ),
    );
}

#[test]
fn what_was_read_again_in_time_need_not_be_the_next_time() {
    let text =
        format!("var x\n{START}T1 read x at=a:1:1\nT2 write x at=b:1:1\nT1 read x at=a:1:5\nT1 write x at=a:1:9");
    let finding = only(&text);
    assert_eq!(
        verdict(&finding),
        (Rule::LostUpdate, Pattern::Rww, Region::Derived, Evidence::Possible, Severity::Warning)
    );
    let observed = Options { prediction: false, ..Options::default() };
    let observed = analyze_with(script::read(&text), &observed, |_| {}).findings;
    assert!(observed.iter().all(|finding| finding.rule == Rule::DataRace), "{observed:#?}");
}

/// `read x`, `write x` in two sections of one lock, at lines 2 and 3 of a file.
fn split(thread: &str, read: i64, written: i64) -> String {
    format!(
        "{thread} acquire l at=c.rs:1:5\n{thread} read x value={read} at=c.rs:2:5\n{thread} release l touched=none\n\
         {thread} acquire l at=c.rs:3:5\n{thread} write x value={written} at=c.rs:3:9\n{thread} release l touched=none\n"
    )
}

#[test]
fn a_blind_write_fits_between_though_it_did_not_come_there() {
    let counted = split("T1", 5, 6) + &split("T1", 6, 7);
    let blind = "T2 acquire l at=d.rs:1:5\nT2 write x value=0 at=d.rs:2:5\nT2 release l touched=none\n";
    let text = format!("mutex l name=guard\nvar x name=n\n{START}{counted}{blind}");
    let finding = only(&text);
    let feasible = (Rule::LostUpdate, Pattern::Rww, Region::Derived, Evidence::Feasible, Severity::Error);
    assert_eq!(verdict(&finding), feasible);
    assert_eq!(
        finding.message,
        "`n`: `T2` can write it between `T1`'s read and its write: what `T2` wrote is then lost"
    );
    let note = "in another order of this run's own events, `T2`'s section fits between the two of `T1`".to_owned();
    assert!(finding.notes.contains(&note), "{:?}", finding.notes);
    assert!(finding.notes.contains(&"each access is locked by `guard`, but it is given back in between".to_owned()));
    assert!(finding.witness.is_some());
}

#[test]
fn one_after_the_other_is_due() {
    let text = format!("mutex l\nvar x\n{START}{}{}{}", split("T1", 5, 6), split("T1", 6, 7), split("T2", 7, 8));
    let finding = only(&text);
    let due = (Rule::LostUpdate, Pattern::Rww, Region::Derived, Evidence::Possible, Severity::Warning);
    assert_eq!(verdict(&finding), due);
    assert_eq!(
        finding.message,
        "`T2` can read `x` before `T1` overwrites it; `T2`'s next write would then be computed from the stale value"
    );
    assert!(finding.notes.iter().any(|note| note.starts_with("`T1` read that value")), "{:?}", finding.notes);
    // The value that was there before is the one that was read: so it is sure that the thread writes.
    let text = format!("mutex l\nvar x\n{START}{}{}{}", split("T1", 5, 6), split("T1", 6, 5), split("T2", 5, 6));
    let finding = only(&text.replace("c.rs:3:9", "c.rs:2:9"));
    assert_eq!((finding.evidence, finding.severity), (Evidence::Feasible, Severity::Error), "{finding:#?}");
}

#[test]
fn one_call_writes_whatever_it_reads() {
    let update = |thread: &str, from: i64| {
        format!(
            "{thread} acquire l\n{thread} read x value={from} at=c.rs:3:7\n{thread} release l touched=none\n\
             {thread} acquire l\n{thread} write x value={} at=c.rs:3:7\n{thread} release l touched=none\n",
            from + 1
        )
    };
    let finding = only(&format!("mutex l\nvar x\n{START}{}{}", update("T1", 5), update("T2", 6)));
    let sure = (Rule::LostUpdate, Pattern::Rww, Region::Call, Evidence::Feasible, Severity::Error);
    assert_eq!(verdict(&finding), sure);
}

#[test]
fn a_lock_over_both_refutes() {
    let update = |thread: &str, from: i64| {
        format!(
            "{thread} acquire l\n{thread} read x value={from} at=c.rs:3:7\n{thread} write x value={} at=c.rs:3:7\n\
             {thread} release l touched=none\n",
            from + 1
        )
    };
    let report = check(&format!("mutex l name=g\nvar x\n{START}{}{}", update("T1", 5), update("T2", 6)));
    assert_eq!(report.findings, []);
    let reasons: Vec<&str> = report.refutations.iter().map(|refuted| refuted.reason.as_str()).collect();
    assert_eq!(reasons, ["`T1` holds the gate lock `g` from the one to the other, and `T2` holds it too"]);
}

#[test]
fn far_apart_is_not_one_step() {
    let with_between = |count: usize| {
        let between = "T1 read y at=z:1:1\n".repeat(count);
        format!("var x\n{START}T1 read x at=a:1:1\n{between}T2 write x at=b:1:1\nT1 write x at=a:1:9")
    };
    assert_eq!(broken(&with_between(63)).len(), 1);
    assert_eq!(broken(&with_between(64)).len(), 0);
}

#[test]
fn one_writer_loses_nothing() {
    let text = format!("{START}T1 begin\nT1 read x value=1\nT2 write x value=2\nT1 read x value=2\nT1 end");
    assert_eq!(broken(&text), []);
    assert_eq!(broken(&format!("{text}\nT1 write x value=3")).len(), 1);
}

fn hold(thread: &str, touched: &str, line: u32) -> String {
    format!("{thread} acquire m at=bank.rs:{line}:9\n{thread} release m touched={touched}\n")
}

fn holds(holds: &[(&str, &str, u32)]) -> String {
    let holds: String = holds.iter().map(|&(thread, touched, line)| hold(thread, touched, line)).collect();
    format!("mutex m name=balance\n{START}{holds}")
}

#[test]
fn look_let_go_act_without_looking() {
    let text = holds(&[("T1", "read", 3), ("T2", "read", 3), ("T1", "blind", 5), ("T2", "blind", 5)]);
    let finding = only(&text);
    assert_eq!(verdict(&finding), WEAK_HOLDS);
    assert_eq!(
        finding.message,
        "`balance`: `T2` looked at it, then `T1` changed it, then `T2` changed it without looking again: what `T2` had seen no longer held"
    );
    assert!(finding.notes.contains(&"each access is locked, but `balance` is given back in between".to_owned()));
    assert_eq!(check(&text).findings.len(), 1, "no data race");
    let report = check(&text);
    let at = |site| report.tables.site(Option::expect(site, "a site"));
    let step = &report.findings[0].steps[0];
    assert_eq!((at(step.site), at(step.marks[0].site)), ("bank.rs:5:9", "bank.rs:3:9"));
    assert_eq!(step.holds, [], "the lock is the object, not a hold besides");
}

#[test]
fn holds_that_look_again_or_act_alone_stay_silent() {
    let recheck = [("T1", "read", 3), ("T2", "read", 3), ("T1", "write", 5), ("T2", "write", 5)];
    assert_eq!(broken(&holds(&recheck)), []);
    let alone = [("T1", "read", 3), ("T2", "blind", 5), ("T1", "blind", 5), ("T1", "blind", 5)];
    assert_eq!(broken(&holds(&alone)), []);
    let untouched = [("T1", "read", 3), ("T2", "none", 5), ("T1", "blind", 5)];
    assert_eq!(broken(&holds(&untouched)), []);
}

#[test]
fn a_look_inside_a_reentrant_hold_counts_for_all_of_it() {
    let text = format!(
        "mutex m reentrant=true\n{START}T1 acquire m at=a:1:1\nT1 release m touched=read\n\
         T2 acquire m at=a:2:1\nT2 release m touched=write\n\
         T1 acquire m at=a:3:1\nT1 acquire m\nT1 release m touched=read\nT1 release m touched=blind"
    );
    assert_eq!(broken(&text), []);
}

/// The draw of the documents: check at line 3, subtract at line 5.
fn draw(steps: &[&str]) -> String {
    let mut text = format!("thread T1 name=甲\nthread T2 name=乙\nvar x name=balance type=i64\n{START}");
    for step in steps {
        let (thread, rest) = step.split_once(' ').expect("thread and step");
        let (step, value) = rest.split_once(' ').expect("step and value");
        let (op, place) = match step {
            "check" => ("read", "3:12"),
            "look" => ("read", "5:21"),
            _ => ("write", "5:9"),
        };
        text += &format!("{thread} {op} x value={value} at=bank.rs:{place}\n");
    }
    text
}

#[test]
fn bank_draw_ends_below_zero() {
    let text = draw(&["T1 check 1000", "T2 check 1000", "T1 look 1000", "T1 set 200", "T2 look 200", "T2 set -600"]);
    let finding = only(&text);
    assert_eq!(verdict(&finding), STALE_READ);
    assert_eq!(
        finding.message,
        "`balance`: `乙` read 1000, then `甲` wrote 200, then `乙` read 200 and wrote -600: what `乙` had read first no longer held"
    );
    assert!(finding.notes.contains(&"`balance` was -600 in the end".to_owned()), "{:?}", finding.notes);
    assert_eq!(finding.steps[0].op, "write");
    assert_eq!(finding.steps[0].marks.len(), 2);
    let races = check(&text).findings.iter().filter(|finding| finding.rule == Rule::DataRace).count();
    assert_eq!(races, 2, "check against subtraction, subtraction against subtraction");
}

#[test]
fn bank_draw_pays_twice() {
    let text = draw(&["T1 check 1000", "T2 check 1000", "T1 look 1000", "T2 look 1000", "T1 set 200", "T2 set 200"]);
    let finding = only(&text);
    assert_eq!(verdict(&finding), DERIVED);
    assert_eq!(
        finding.message,
        "`balance`: `乙` read 1000, then `甲` wrote 200, then `乙` wrote 200: what `甲` wrote is lost"
    );
    let paid = "both took the step -800 from 1000: -1600 together, but `balance` went to 200 only";
    assert!(finding.notes.contains(&paid.to_owned()), "{:?}", finding.notes);
}

#[test]
fn bank_draw_one_after_the_other_is_no_broken_step() {
    let text = draw(&["T1 check 2000", "T1 look 2000", "T1 set 1200", "T2 check 1200", "T2 look 1200", "T2 set 400"]);
    assert_eq!(broken(&text), []);
}

#[test]
fn one_bug_is_one_finding() {
    // The second draw both re-reads a changed balance and loses an update.
    let text = draw(&[
        "T1 check 3000",
        "T2 check 3000",
        "T1 look 3000",
        "T1 set 2200",
        "T2 look 2200",
        "T1 check 2200",
        "T1 look 2200",
        "T1 set 1400",
        "T2 set 1400",
    ]);
    assert_eq!(verdict(&only(&text)), DERIVED);
}

#[test]
fn locks_given_back_between_are_named() {
    let locked = |thread: &str, op: &str, place: &str| {
        format!("{thread} acquire l at=a.rs:1:1\n{thread} {op} x value=5 at={place}\n{thread} release l touched=none\n")
    };
    let text = format!("mutex l name=guard\nvar x\n{START}")
        + &locked("T1", "read", "a.rs:2:5")
        + &locked("T2", "write", "a.rs:9:5").replace("value=5", "value=6")
        + &locked("T1", "write", "a.rs:2:9").replace("value=5", "value=7");
    let finding = only(&text);
    assert_eq!(verdict(&finding), DERIVED);
    let note = "each access is locked by `guard`, but it is given back in between".to_owned();
    assert!(finding.notes.contains(&note), "{:?}", finding.notes);
}

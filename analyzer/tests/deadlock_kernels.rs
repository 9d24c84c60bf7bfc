//! Re-encoded real bugs and the litmus traces: each yields exactly what its table says.

#[expect(dead_code, reason = "each test file uses its part")]
mod deadlock_support;

use std::fs;

use deadlock_support::{analyze_json, analyze_std, data, summary};

/// What each kernel yields; those not named yield nothing.
const KERNELS: &[(&str, &str)] = &[
    ("goker.cockroach_1462.bug", "deadlock observed T0,T1 ev,stop"),
    ("goker.cockroach_16167.bug", "deadlock observed T1,T2 mu"),
    ("goker.cockroach_16167.pass", "potential-deadlock feasible T1,T2 mu"),
    ("goker.cockroach_24808.bug", "blocked-forever observed T0 ch"),
    ("goker.grpc_795.bug", "self-deadlock observed T0 mu"),
    ("goker.grpc_795.pass", "leaked-lock observed T0 mu"),
    ("goker.kubernetes_1321.bug", "deadlock observed T0,T1 ml,res"),
    ("goker.kubernetes_5316.bug", "blocked-forever observed T2 ch"),
    ("goker.kubernetes_62464.bug", "deadlock observed T1,T2 s"),
    ("goker.kubernetes_62464.pass", "potential-deadlock feasible T1,T2 s"),
    ("goker.moby_36114.bug", "self-deadlock observed T1 svm"),
    ("helgrind.hg02_deadlock.bug", "deadlock observed T1,T2 m1,m2"),
    ("helgrind.hg02_deadlock.pass", "potential-deadlock feasible T1,T2 m1,m2"),
    ("rustbugs.chronicle_296.bug", "deadlock observed T1,T2 conn,ch"),
    ("rustbugs.chronicle_296.pass", "potential-deadlock feasible T1,T2 conn,ch"),
    ("rustbugs.dashmap_74.bug", "self-deadlock observed T0 s1"),
    ("rustbugs.parity_11768.bug", "deadlock observed T1,T2 proofs,cand"),
    ("rustbugs.parity_11768.pass", "potential-deadlock feasible T1,T2 proofs,cand"),
    ("rustbugs.solana_10466.bug", "deadlock observed T1,T2 stakes,hash"),
    ("rustbugs.solana_10466.pass", "potential-deadlock feasible T1,T2 stakes,hash"),
    ("tsan.mutex_cycle_long.c.pass", "lock-order-inversion possible T0 m0,m1,m2,m3,m4"),
];

/// What each deadlock litmus trace yields, and why it is not more.
const LITMUS: &[(&str, &str, &str)] = &[
    ("d01_abba", "potential-deadlock feasible T1,T2 a,b", ""),
    ("d02_gate", "lock-order-inversion possible T1,T2 a,b", "both hold the gate lock `g`"),
    ("d03_fork_order", "lock-order-inversion possible T1,T2 a,b", "`T2` starts only after `T1` has done this"),
    ("d04_join_order", "lock-order-inversion possible T1,T2 a,b", "`T2` does this only after `T1` was joined"),
    (
        "d05_rf_blocks",
        "lock-order-inversion possible T1,T2 a,b",
        "`T2` does this only after it has read from `x` what `T1` wrote after it had done so",
    ),
    ("d06_reversal_only", "potential-deadlock possible T1,T2 a,b", ""),
    ("d07_dining3", "potential-deadlock feasible T1,T2,T3 a,b,c", ""),
    ("d08_same_thread", "lock-order-inversion possible T1 a,b", "only `T1` does both"),
    ("d09_later_instance", "potential-deadlock feasible T1,T2 a,b", ""),
    (
        "d10_mtcs_fp",
        "lock-order-inversion possible T2,T3 a,b",
        "both happen under the gate lock `g`, which `T1` holds around what `T2` does",
    ),
    ("d11_mtcs_fn_join", "potential-deadlock feasible T1,T3,T2 a,b", ""),
    ("d12_mtcs_fn_rf", "", ""),
    ("d13_inner_rf_cs", "potential-deadlock possible T1,T2 a,b", ""),
    ("d14_guard_partial", "potential-deadlock feasible T1,T2 a,b", ""),
    ("d15_same_lockset_guard3", "potential-deadlock feasible T1,T3 a,b", ""),
];

#[test]
fn kernels_yield_what_they_must_and_nothing_else() {
    let mut seen = 0;
    for entry in fs::read_dir(data("kernels")).expect("the kernels") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let report = analyze_json(&fs::read_to_string(&path).expect("a readable trace"));
        let expected = KERNELS.iter().find(|(kernel, _)| *kernel == name).map(|(_, expected)| *expected);
        seen += usize::from(expected.is_some());
        assert_eq!(summary(&report), expected.into_iter().collect::<Vec<_>>(), "{name}");
    }
    assert_eq!(seen, KERNELS.len(), "a kernel of the table is missing");
}

#[test]
fn litmus_traces_yield_what_the_table_says() {
    for (name, expected, reason) in LITMUS {
        let path = data("litmus").join(format!("{name}.std"));
        let report = analyze_std(&fs::read_to_string(path).expect("a readable trace"));
        let expected: Vec<&str> = Some(*expected).filter(|expected| !expected.is_empty()).into_iter().collect();
        assert_eq!(summary(&report), expected, "{name}");
        let reasons: Vec<&str> = report.refutations.iter().map(|refutation| refutation.reason.as_str()).collect();
        let wanted: Vec<&str> = Some(*reason).filter(|reason| !reason.is_empty()).into_iter().collect();
        assert_eq!(reasons, wanted, "{name}");
    }
}

#[test]
fn an_inverted_try_is_only_listed_as_refuted() {
    let path = data("kernels").join("tsan.dd_stress_test7a.pass.jsonl");
    let report = analyze_json(&fs::read_to_string(path).expect("a readable trace"));
    assert_eq!(report.refutations.len(), 1);
    assert_eq!(report.refutations[0].reason, "`m1` is taken by a try, which never waits");
}

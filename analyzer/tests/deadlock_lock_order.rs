//! Lock orders: what can deadlock, what cannot and why, and declared levels.

#[expect(dead_code, reason = "each test file uses its part")]
mod deadlock_support;

use deadlock_support::{analyze_lines, analyze_lines_against, relevant, summary};
use lockhound_analyzer::Report;

/// `T1 +a +b -b -a`: one line a thread's stretch; `+` locks, `r+` read-locks, `t+` tries, `-` and `r-` release what was
/// not looked at, `w-` what was looked at and written, `^T2` spawns, `vT2` joins, `!q` sends, `?q` receives, `@g` arrives at a barrier, `=g` passes it.
fn trace(declarations: &str, stretches: &[&str]) -> Report {
    analyze_lines(&lines(declarations, stretches))
}

fn lines(declarations: &str, stretches: &[&str]) -> String {
    let mut lines = declarations.to_owned();
    for (number, stretch) in stretches.iter().enumerate() {
        let mut words = stretch.split_whitespace();
        let thread = words.next().expect("a thread");
        for (place, word) in words.enumerate() {
            let (kind, name) = word.split_at(word.find(|c: char| !"rtw+-^v!?@=".contains(c)).expect("a name"));
            let event = match kind {
                "+" => format!(r#""op":"acquire","obj":"{name}""#),
                "r+" => format!(r#""op":"acquire","obj":"{name}","mode":"read""#),
                "t+" => format!(r#""op":"acquire","obj":"{name}","how":"try""#),
                "-" => format!(r#""op":"release","obj":"{name}","touched":"none""#),
                "w-" => format!(r#""op":"release","obj":"{name}","touched":"write""#),
                "r-" => format!(r#""op":"release","obj":"{name}","mode":"read","touched":"none""#),
                "^" => format!(r#""op":"spawn","child":"{name}""#),
                "v" => format!(r#""op":"join","child":"{name}""#),
                "!" => format!(r#""op":"send","obj":"{name}","msg":"1""#),
                "?" => format!(r#""op":"recv","obj":"{name}","msg":"1""#),
                "@" => format!(r#""op":"arrive","obj":"{name}""#),
                "=" => format!(r#""op":"pass","obj":"{name}""#),
                other => panic!("{other}?"),
            };
            lines.push_str(&format!("\n{{\"t\":\"{thread}\",{event},\"at\":\"x.rs:{}:{place}\"}}", number + 1));
        }
    }
    lines
}

const RW: &str = r#"
    {"object":"a","kind":"rwlock"}
    {"object":"b","kind":"rwlock"}
"#;

fn reasons(report: &Report) -> Vec<&str> {
    report.refutations.iter().map(|refutation| refutation.reason.as_str()).collect()
}

#[test]
fn opposite_orders_of_two_threads_can_deadlock() {
    let report = trace("", &["T1 +a +b -b -a", "T2 +b +a -a -b"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2 a,b"]);
    let finding = relevant(&report).next().expect("the finding");
    assert_eq!(finding.message, "`a` and `b` are locked in opposite orders: `T1` and `T2` can wait for each other");
    assert_eq!(finding.steps[1].story, "`T2` takes the same two locks the other way round: `b`, then `a`");
    assert_eq!(finding.help, ["lock `a` before `b` at x.rs:2:1, or release `b` before taking `a`"]);
}

#[test]
fn who_holds_what_the_joined_thread_needs_can_wait_for_it_for_ever() {
    let report = trace("", &["T0 ^T1", "T1 +a -a", "T0 +a vT1 -a"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T0,T1 a"]);
    let finding = relevant(&report).next().expect("the finding");
    assert_eq!(
        finding.message,
        "`a` is held while `T1` is joined, which needs it: `T0` and `T1` can wait for each other"
    );
    assert_eq!(finding.steps.iter().map(|step| step.op).collect::<Vec<_>>(), ["join", "acquire"]);
    assert_eq!(finding.help, ["release `a` before waiting for the end of `T1`"]);
    let before = trace("", &["T0 +a ^T1 -a", "T1 +a -a", "T0 vT1"]);
    assert!(summary(&before).is_empty() && before.refutations.is_empty(), "joined without the lock");
    let after = trace("", &["T0 ^T1", "T1 +a -a", "T0 vT1 +a -a"]);
    assert!(summary(&after).is_empty() && after.refutations.is_empty(), "locked after the join");
}

#[test]
fn a_join_of_a_join_closes_the_circle_too() {
    let report = trace("", &["T0 ^T1", "T1 ^T2", "T2 +a -a", "T1 vT2", "T0 +a vT1 -a"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T0,T1,T2 a"]);
}

#[test]
fn joining_many_that_need_the_lock_is_one_finding() {
    let mut stretches = vec!["T0 ^T1 ^T2 ^T3 ^T4".to_owned()];
    stretches.extend((1..=4).map(|number| format!("T{number} +a -a")));
    stretches.push("T0 +a vT1 vT2 vT3 vT4 -a".to_owned());
    let report = trace("", &stretches.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(summary(&report), ["potential-deadlock feasible T0,T1 a"]);
    let finding = relevant(&report).next().expect("the finding");
    assert!(finding.notes.contains(&"also: `T2`, `T3` and `T4` do the same".to_owned()), "{:?}", finding.notes);
    let apart = trace("", &["T0 ^T1", "T0 ^T2", "T1 +a -a", "T2 +a -a", "T0 +a vT1 vT2 -a"]);
    let two = ["potential-deadlock feasible T0,T1 a", "potential-deadlock feasible T0,T2 a"];
    assert_eq!(summary(&apart), two, "spawned in two places");
}

#[test]
fn data_in_a_lock_that_is_still_held_keep_nobody_apart() {
    // `T2` may not have looked at what is in `b` when it asks for `a`.
    let report = trace("", &["T1 +a +b w-b w-a", "T2 +b +a w-a w-b"]);
    assert_eq!(summary(&report), ["potential-deadlock possible T1,T2 a,b"]);
    // What it knows from a section that is over does keep them apart.
    let report = trace("", &["T1 +a +b -b -a +c w-c", "T2 +c w-c +b +a -a -b"]);
    assert_eq!(summary(&report), ["lock-order-inversion possible T1,T2 a,b"]);
    assert_eq!(
        reasons(&report),
        ["`T2` does this only after it has read from `c` what `T1` wrote after it had done so"]
    );
}

#[test]
fn a_proof_says_how_far_everybody_gets() {
    let report = trace("", &["T1 +a +b -b -a", "T2 +b +a -a -b"]);
    let witness = relevant(&report).next().and_then(|finding| finding.witness.as_ref()).expect("a witness");
    let schedule: Vec<u64> = report.schedule(witness).into_iter().map(|(_, event)| event.0).collect();
    assert_eq!(schedule, [0, 4]);
    assert_eq!(witness.next.iter().map(|event| event.0).collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn hand_over_hand_is_silent() {
    let report = trace("", &["T1 +a +b -a +c -b -c", "T2 +a +b -a +c -b -c", "T1 +c -c +a -a"]);
    assert!(summary(&report).is_empty());
    assert!(report.refutations.is_empty());
}

#[test]
fn readers_in_both_orders_need_writers_to_stop_each_other() {
    let readers = ["T1 r+a r+b r-b r-a", "T2 r+b r+a r-a r-b"];
    let report = trace(RW, &readers);
    assert!(summary(&report).is_empty());
    assert_eq!(reasons(&report), ["`b` is only read-locked there, and readers do not stop each other"]);
    let report = trace(RW, &[readers[0], readers[1], "T3 +a -a", "T3 +b -b"]);
    assert!(summary(&report).is_empty(), "one thread cannot queue for both");
    let report = trace(RW, &[readers[0], readers[1], "T3 +a -a", "T4 +b -b"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2,T3,T4 a,b"]);
}

#[test]
fn a_second_read_needs_a_writer_in_another_thread() {
    let again = "T1 r+a r+a r-a r-a";
    assert_eq!(summary(&trace(RW, &[again, "T2 +a -a"])), ["potential-deadlock feasible T1,T2 a"]);
    assert!(summary(&trace(RW, &[again, "T1 +a -a"])).is_empty());
    assert!(summary(&trace(RW, &["T1 r+b", again, "T1 r-b", "T2 +b +a -a -b"])).is_empty(), "`b` keeps them apart");
    let reader_first = r#"{"object":"a","kind":"rwlock","policy":"reader"}"#;
    assert!(summary(&trace(reader_first, &[again, "T2 +a -a"])).is_empty());
}

#[test]
fn a_gate_that_both_only_read_is_none() {
    let gate = r#"{"object":"g","kind":"rwlock"}"#;
    let report = trace(gate, &["T1 r+g +a +b -b -a r-g", "T2 r+g +b +a -a -b r-g"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2 a,b"]);
    let report = trace(gate, &["T1 r+g +a +b -b -a r-g", "T2 +g +b +a -a -b -g"]);
    assert_eq!(summary(&report), ["lock-order-inversion possible T1,T2 a,b"]);
    assert_eq!(reasons(&report), ["both hold the gate lock `g`"]);
}

#[test]
fn what_spawns_joins_messages_and_barriers_keep_apart_cannot_deadlock() {
    let (one, two) = ("+a +b -b -a", "+b +a -a -b");
    let cases = [
        ("", vec![format!("T1 {one} ^T2"), format!("T2 {two}")], "`T2` starts only after `T1` has done this"),
        (
            "",
            vec!["T0 ^T1".into(), format!("T1 {one}"), "T0 vT1 ^T2".into(), format!("T2 {two}")],
            "`T2` does this only after `T1` was joined",
        ),
        (
            r#"{"object":"q","kind":"channel"}"#,
            vec![format!("T1 {one} !q"), format!("T2 ?q {two}")],
            "`T2` does this only after it has received from `q` what `T1` sent after it had done so",
        ),
        (
            r#"{"object":"g","kind":"barrier","parties":2}"#,
            vec![format!("T1 {one} @g"), "T2 @g =g".into(), "T1 =g".into(), format!("T2 {two}")],
            "`g` lets `T2` do this only after `T1` has done so",
        ),
    ];
    for (declaration, stretches, reason) in cases {
        let stretches: Vec<&str> = stretches.iter().map(String::as_str).collect();
        let report = trace(declaration, &stretches);
        assert_eq!(summary(&report), ["lock-order-inversion possible T1,T2 a,b"], "{reason}");
        assert_eq!(reasons(&report), [reason]);
    }
}

#[test]
fn one_unordered_occurrence_is_enough() {
    let report = trace("", &["T1 +a +b -b -a ^T2 +a +b -b -a", "T2 +b +a -a -b"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2 a,b"]);
    let step = &relevant(&report).next().expect("the finding").steps[0];
    assert_eq!(report.tables.site(step.site.expect("a site")), "x.rs:1:6", "the occurrence after the spawn");
}

#[test]
fn who_sends_before_taking_the_locks_is_not_ordered_by_the_message() {
    let report = trace(r#"{"object":"q","kind":"channel"}"#, &["T1 !q +a +b -b -a", "T2 ?q +b +a -a -b"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2 a,b"]);
}

#[test]
fn a_lock_held_by_try_still_blocks_others() {
    let report = trace("", &["T1 t+a +b -b -a", "T2 +b +a -a -b"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2 a,b"]);
    let report = trace("", &["T1 +a t+b -b -a", "T2 +b +a -a -b"]);
    assert!(summary(&report).is_empty());
    assert_eq!(reasons(&report), ["`b` is taken by a try, which never waits"]);
}

#[test]
fn a_wait_takes_its_lock_back_under_the_others() {
    let report = analyze_lines(
        r#"
        {"object":"c","kind":"condvar"}
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T1","op":"acquire","obj":"b"}
        {"t":"T1","op":"wait","obj":"c","lock":"a"}
        {"t":"T1","op":"wake","obj":"c","lock":"a","by":"timeout"}
        {"t":"T1","op":"release","obj":"a"}
        {"t":"T1","op":"release","obj":"b"}
        {"t":"T2","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T2","op":"release","obj":"b"}
        {"t":"T2","op":"release","obj":"a"}
        "#,
    );
    assert_eq!(summary(&report), ["potential-deadlock possible T1,T2 a,b"]);
    let wake = relevant(&report).flat_map(|finding| &finding.steps).find(|step| step.op == "wake");
    assert_eq!(wake.map(|step| step.label.as_str()), Some("and takes `a` back to return from its wait"));
}

#[test]
fn a_hundred_threads_that_do_the_same_are_one_finding() {
    let stretches: Vec<String> = (1..=50)
        .flat_map(|number| [format!("T{number} +a +b -b -a"), format!("T{} +b +a -a -b", number + 50)])
        .collect();
    let stretches: Vec<&str> = stretches.iter().map(String::as_str).collect();
    let report = trace("", &stretches);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T51 a,b"]);
    let finding = relevant(&report).next().expect("the finding");
    assert_eq!(finding.occurrences, 50);
    assert_eq!(
        &finding.notes[..2],
        [
            "`a` then `b` 50 times in `T1` and 49 other threads, `b` then `a` 50 times in `T51` and 49 other threads",
            "also: `T2`, `T52`, `T3`, `T53`, `T4`, `T54`, `T5`, `T55` and 90 more do the same",
        ]
    );
}

#[test]
fn unnamed_locks_of_one_place_are_one_finding_with_occurrences() {
    let declarations: String = ["a", "b", "c", "d"]
        .iter()
        .map(|id| {
            let name = if "ac".contains(id) { "from" } else { "to" };
            format!("{{\"object\":\"{id}\",\"kind\":\"mutex\",\"name\":\"{name}\"}}\n")
        })
        .collect();
    let report = trace(&declarations, &["T1 +a +b -b -a", "T2 +b +a -a -b", "T3 +c +d -d -c", "T4 +d +c -c -d"]);
    assert_eq!(summary(&report), ["potential-deadlock feasible T1,T2 a,b"]);
    assert_eq!(relevant(&report).next().map(|finding| finding.occurrences), Some(2));
}

#[test]
fn a_circle_needs_as_many_threads_as_locks() {
    let report = trace("", &["T1 +a +b -b -a +b +c -c -b", "T2 +c +a -a -c"]);
    assert_eq!(summary(&report), ["lock-order-inversion possible T1,T2 a,b,c"]);
    assert_eq!(reasons(&report), ["only `T1` and `T2` take part, too few for the circle"]);
}

#[test]
fn levels_must_rise() {
    let declarations = r#"
        {"object":"low","kind":"mutex","level":1,"reentrant":true}
        {"object":"high","kind":"mutex","level":2}
        {"object":"peer","kind":"mutex","level":2}
        {"object":"free","kind":"mutex"}
    "#;
    for fine in ["T1 +low +low +high", "T1 +high -high +low", "T1 +high t+low", "T1 +high +free", "T1 +free +low"] {
        let report = trace(declarations, &[fine]);
        let violations = relevant(&report).filter(|finding| finding.rule.name() == "lock-order-violation").count();
        assert_eq!(violations, 0, "{fine}");
    }
    let report = trace(declarations, &["T1 +high +low -low -high", "T2 +high +low -low -high"]);
    assert_eq!(summary(&report), ["lock-order-violation observed T1 low,high"]);
    let finding = relevant(&report).next().expect("the violation");
    assert_eq!(finding.message, "`T1` takes `low` (level 1) while it holds `high` (level 2)");
    assert_eq!(finding.occurrences, 2);
    let sites: Vec<&str> = [finding.steps[0].holds[0].site, finding.steps[0].site]
        .map(|site| report.tables.site(site.expect("a site")))
        .to_vec();
    assert_eq!(sites, ["x.rs:1:0", "x.rs:1:1"]);
    let report = trace(declarations, &["T1 +high +peer -peer -high"]);
    assert_eq!(summary(&report), ["lock-order-violation observed T1 high,peer"]);
}

/// The violations of stated orders, in words.
fn violations(orders: &[(&str, &[&str])], declarations: &str, stretches: &[&str]) -> Vec<String> {
    let report = analyze_lines_against(orders, &lines(declarations, stretches));
    let violations = relevant(&report).filter(|finding| finding.rule.name() == "lock-order-violation");
    violations.map(|finding| finding.message.clone()).collect()
}

#[test]
fn a_stated_order_is_kept() {
    let order: &[(&str, &[&str])] = &[("bank", &["accounts", "audit", "log"])];
    for fine in [
        "T1 +accounts +audit +log",
        "T1 +accounts +log",
        "T1 +audit -audit +accounts",
        "T1 +audit t+accounts",
        "T1 +other +log +free",
    ] {
        assert!(violations(order, "", &[fine]).is_empty(), "{fine}");
    }
    let message = "`T1` takes `accounts` while it holds `log`, against the order `bank`";
    assert_eq!(violations(order, "", &["T1 +log +audit -audit +accounts"]).last().unwrap(), message);
    let lines = lines("", &["T1 +log +other +accounts -accounts -other -log", "T2 +log +accounts -accounts -log"]);
    let report = analyze_lines_against(order, &lines);
    let finding = relevant(&report).next().expect("the violation");
    assert_eq!((finding.message.as_str(), finding.occurrences), (message, 2));
    let notes = [
        "it is an error whether or not it can deadlock, because lockhound.toml:7 declares that `accounts` is taken before \
         `log`",
        "this happened twice in this run",
    ];
    assert_eq!(finding.notes, notes);
    let sites = [finding.steps[0].holds[0].site, finding.steps[0].site];
    assert_eq!(sites.map(|site| report.tables.site(site.expect("a site"))), ["x.rs:1:0", "x.rs:1:2"]);
}

#[test]
fn several_orders_and_levels_hold_at_once() {
    let orders: &[(&str, &[&str])] = &[("one", &["a", "b"]), ("two", &["shard*", "b"])];
    assert_eq!(violations(orders, "", &["T1 +b +a +shard1"]).len(), 2);
    assert!(violations(orders, "", &["T1 +shard2 +shard1 +a +b"]).is_empty(), "a pattern's locks have no order");
    let levels = r#"
        {"object":"a","kind":"mutex","level":1}
        {"object":"b","kind":"mutex","level":2}
        {"object":"c","kind":"mutex","level":3}
    "#;
    let report = analyze_lines_against(&[("one", &["a", "b"])], &lines(levels, &["T1 +b +a -a -b"]));
    let told: Vec<_> = relevant(&report).map(|finding| (finding.message.as_str(), finding.occurrences)).collect();
    assert_eq!(told, [("`T1` takes `a` (level 1) while it holds `b` (level 2)", 1)], "one violation is told once");
    let told = violations(&[("other", &["c", "a"])], levels, &["T1 +a +c"]);
    assert_eq!(told, ["`T1` takes `c` while it holds `a`, against the order `other`"], "though the levels rise");
}

#[test]
fn what_is_deadlocked_already_is_not_predicted_too() {
    let report = analyze_lines(
        r#"
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T1","op":"block","on":"acquire","obj":"b"}
        {"t":"T2","op":"block","on":"acquire","obj":"a"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
    assert!(report.refutations.is_empty());
}

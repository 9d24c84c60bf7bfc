//! That lives are told as the tutorials define the states, whatever the trace.

use std::path::Path;

use lockhound_trace::{EventSource, JsonLinesReader, Validated};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Ending, Lives, lives, lives_text};
use crate::timeline::Life;

const HEAD: &str = "{\"lockhound\":1}\n";

fn told(lines: &str) -> Lives {
    within(lines, 40)
}

fn within(lines: &str, limit: usize) -> Lives {
    let text = format!("{HEAD}{lines}");
    let source = JsonLinesReader::new(text.as_bytes(), Path::new("t.jsonl"), 0);
    let (lives, error) = lives(&mut Validated::new(source, Path::new("t.jsonl")), limit);
    assert!(error.is_none(), "{error:?}");
    lives
}

/// Each event as `T1 acquire m`, with `block` before an operation, and keys as `key=value`.
fn script(script: &str) -> String {
    let mut text = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('{') {
            text.push_str(line);
        } else {
            let mut event = serde_json::Map::new();
            let mut words = line.split(' ');
            event.insert("t".into(), words.next().into());
            let mut op = words.next().unwrap();
            event.insert("op".into(), op.into());
            if op == "block" {
                op = words.next().unwrap();
                event.insert("on".into(), op.into());
            }
            for word in words {
                let (key, value) = match (word.split_once('='), op) {
                    (Some(pair), _) => pair,
                    (None, "spawn" | "join") => ("child", word),
                    (None, _) if event.contains_key("obj") => ("lock", word),
                    (None, _) => ("obj", word),
                };
                let number = value.parse::<u64>().map(Into::into);
                event.insert(key.into(), number.unwrap_or_else(|_| value.into()));
            }
            text.push_str(&serde_json::Value::Object(event).to_string());
        }
        text.push('\n');
    }
    text
}

const STORY: &str = r#"
    {"object":"balance","kind":"mutex"}
    {"thread":"T0","name":"主线程"}
    {"thread":"T1","name":"甲","at":"bank.rs:3:1"}
    {"thread":"T2","name":"乙"}
    {"thread":"T3","name":"守护线程"}
    {"thread":"T4","name":"从未","at":"bank.rs:4:1"}
    T0 start
    T0 spawn T1 at=bank.rs:9:1
    T0 spawn T2 at=bank.rs:10:1
    T0 spawn T3 at=bank.rs:11:1
    T2 start
    T2 acquire balance
    T3 start
    T1 start
    T1 block acquire balance
    T3 block recv q
    T2 read x
    T0 try_failed child=T1
    T0 block join T1
    T2 release balance
    T1 acquire balance
    T1 wait cv balance
    T2 acquire balance
    T2 notify cv
    T2 release balance
    T2 exit
    T1 wake cv balance by=notify
    T1 release balance
    T1 exit
    T0 join T1
    T0 exit
"#;

#[test]
fn the_lives_of_five_threads() {
    insta::assert_snapshot!(lives_text(&told(&script(STORY))));
}

#[test]
fn times_are_told_where_the_trace_has_them() {
    let mut time = 0;
    let timed: String = script(STORY)
        .lines()
        .map(|line| match line.strip_suffix('}') {
            Some(event) if line.contains("\"op\"") => {
                time += 1 + time * 2;
                format!("{event},\"time\":{time}}}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    insta::assert_snapshot!(lives_text(&told(&timed)));
}

#[test]
fn the_form_for_programs() {
    let lives = told(&script("T0 spawn T1\nT1 start\nT1 block recv q\nT0 exit"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&lives).unwrap());
}

#[test]
fn long_lives_are_cut_in_the_middle() {
    let turn = "T0 acquire m\nT1 block acquire m\nT0 release m\nT1 acquire m\nT1 release m\n";
    let lives = within(&script(&format!("T0 spawn T1\nT1 start\n{}", turn.repeat(400))), 4);
    assert_eq!((lives.threads[1].phases.len(), lives.threads[1].left_out), (4, 1199));
    assert_eq!(lives.threads[1].count(Life::Blocked).unwrap().phases, 400);
    let text = lives_text(&lives);
    assert!(text.contains("\n  … 1,199 more phases …\n"), "{text}");
}

fn ends(lines: &str) -> Vec<Ending> {
    told(&script(lines)).threads.into_iter().map(|thread| thread.end).collect()
}

#[test]
fn endings_are_told_apart() {
    // Without `start` and `exit` a trace says of no thread that it went on.
    assert_eq!(ends("T0 spawn T1\nT1 read x"), [Ending::Implied { event: 0 }, Ending::Implied { event: 1 }]);
    // With them it does.
    assert_eq!(ends("T0 start\nT0 spawn T1\nT1 read x"), [Ending::Running, Ending::Running]);
    // It hangs, and was ended from outside.
    assert_eq!(ends("T0 start\nT0 spawn T1\nT1 block recv q\nT0 block join T1"), [Ending::Blocked, Ending::Blocked]);
    // Had it ended, the join would have returned.
    assert_eq!(ends("T0 spawn T1\nT1 read x\nT0 block join T1"), [Ending::Blocked, Ending::Running]);
    let joined = told(&script("T0 spawn T1\nT1 read x\nT0 join T1"));
    assert_eq!(joined.threads[1].end, Ending::Implied { event: 1 });
    assert_eq!(joined.threads[1].joined.as_ref().map(|by| by.event), Some(2));
}

/// What wakes whom, for every kind of object: after the last line `T1` is ready, before it is blocked.
#[test]
fn who_can_go_on_is_ready() {
    for lines in [
        "T0 acquire m\nT1 block acquire m\nT0 release m",
        "T0 acquire m mode=read\nT1 block acquire m\nT0 release m mode=read",
        "{\"object\":\"s\",\"kind\":\"semaphore\",\"permits\":1}\nT0 acquire s\nT1 block acquire s\nT0 release s",
        "T1 block recv q\nT0 send q",
        "T1 block recv q\nT0 close q",
        "{\"object\":\"q\",\"kind\":\"channel\",\"capacity\":1}\nT0 send q\nT1 block send q\nT0 recv q",
        "{\"object\":\"b\",\"kind\":\"barrier\",\"parties\":2}\nT1 arrive b\nT0 arrive b",
        "{\"object\":\"f\",\"kind\":\"flag\"}\nT1 block await f\nT0 set f",
        "{\"object\":\"w\",\"kind\":\"waitgroup\",\"count\":1}\nT1 block await w\nT0 done w",
        "{\"object\":\"o\",\"kind\":\"once\"}\nT0 once_begin o\nT1 block await o\nT0 once_end o",
        "T1 acquire m\nT1 wait c m\nT0 notify c",
        "T1 acquire m\nT1 wait c m\nT0 acquire m\nT0 notify_all c\nT0 release m",
        "T0 spawn T2\nT2 start\nT1 block join T2\nT2 exit",
    ] {
        let lines = script(&format!("T0 start\nT0 spawn T1\nT1 start\n{lines}"));
        let last = told(&lines).threads[1].phases.last().map(|phase| phase.state);
        assert_eq!(last, Some(Life::Ready), "{lines}");
        let before = lines.trim_end().rsplit_once('\n').unwrap().0;
        let last = told(&format!("{before}\n")).threads[1].phases.last().map(|phase| phase.state);
        assert_eq!(last, Some(Life::Blocked), "{before}");
    }
}

#[test]
fn what_another_takes_first_is_gone_again() {
    let lives = told(&script(
        "T0 start\nT0 spawn T1\nT1 start\nT0 acquire m\nT1 block acquire m\nT0 release m\nT0 acquire m\nT0 read x",
    ));
    let states: Vec<Life> = lives.threads[1].phases.iter().map(|phase| phase.state).collect();
    assert_eq!(states, [Life::Ready, Life::Running, Life::Blocked, Life::Ready, Life::Blocked]);
}

#[test]
fn a_life_is_told_up_to_what_cannot_be_read() {
    let text = format!("{HEAD}{}nonsense", script("T0 start\nT0 spawn T1"));
    let mut source = JsonLinesReader::new(text.as_bytes(), Path::new("t.jsonl"), 0);
    let (lives, error) = lives(&mut source, 40);
    assert!(error.is_some());
    assert_eq!((lives.events, lives.threads[1].end.clone()), (2, Ending::Running));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Phases follow on one another without a gap, whatever happens; and what runs is what has the events.
    #[test]
    fn phases_cover_a_life(steps in vec((0usize..3, 0usize..9, 0usize..2), 0..60)) {
        let ops = ["acquire", "release", "send", "recv", "read", "block acquire", "block recv", "notify_all", "exit"];
        let mut lines = String::from("T0 start\n");
        for (thread, op, object) in steps {
            let object = match ops[op] {
                "send" | "recv" | "block recv" => ["q", "r"][object],
                "read" => ["x", "y"][object],
                "notify_all" => ["c", "d"][object],
                "exit" => "",
                _ => ["m", "n"][object],
            };
            lines.push_str(format!("T{thread} {} {object}", ops[op]).trim_end());
            lines.push('\n');
        }
        let text = format!("{HEAD}{}", script(&lines));
        let source = JsonLinesReader::new(text.as_bytes(), Path::new("t.jsonl"), 0);
        // As far as it is possible.
        let mut source = Validated::new(source, Path::new("t.jsonl"));
        let (lives, _) = lives(&mut source, usize::MAX);
        prop_assert_eq!(lives.threads.len(), source.tables().threads().len());
        for thread in &lives.threads {
            for pair in thread.phases.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
                prop_assert!(pair[0].state != pair[1].state || pair[0].why != pair[1].why);
            }
            let first = thread.phases.first().and_then(|phase| phase.from);
            let sum: u64 = thread.phases.iter().filter_map(|phase| phase.events).sum();
            let dead = thread.phases.last().filter(|phase| phase.state == Life::Finished);
            let end = dead.and_then(|phase| phase.from).unwrap_or(lives.events);
            prop_assert_eq!(first.map_or(0, |first| first + sum), if first.is_some() { end } else { 0 });
        }
    }
}

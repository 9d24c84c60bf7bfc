//! RAPID STD: import and export.

use lockhound_trace::{Mode, Op, Order, Touched};

use crate::recorded::{Recorded, read_jsonl, read_std, rewrite_std};

fn read(text: &str) -> Recorded {
    let (recorded, error) = read_std(text.as_bytes());
    assert!(error.is_none(), "{}", error.expect("some"));
    recorded
}

fn error(text: &str) -> String {
    read_std(text.as_bytes()).1.expect("an error").to_string()
}

fn ops(recorded: &Recorded) -> Vec<&'static str> {
    recorded.events.iter().map(|event| event.op.name()).collect()
}

fn thread_ids(recorded: &Recorded) -> Vec<&str> {
    recorded.tables.threads().iter().map(|thread| thread.id.as_str()).collect()
}

#[test]
fn maps_operations_and_keeps_locations_as_texts() {
    let recorded = read(
        "T0|fork(T1)|1\nT0|acq(l)|A.java:7\nT0|w(x)|\nT0|rel(l)\r\n\nT1|begin|5\nT1|r(x)|6\nT1|u(x)|7\nT1|end|8\nT0|join(T1)|9\n",
    );
    assert_eq!(ops(&recorded), ["spawn", "acquire", "write", "release", "begin", "read", "rmw", "end", "join"]);
    let site = |index: usize| recorded.events[index].site.map(|site| recorded.tables.site(site));
    assert_eq!((site(1), site(2), site(3)), (Some("A.java:7"), None, None));
    assert!(matches!(recorded.events[3].op, Op::Release { mode: Mode::Write, touched: Touched::None, .. }));
    assert!(matches!(recorded.events[6].op, Op::Rmw { order: Order::Relaxed, cas: false, .. }));
}

#[test]
fn threads_match_with_and_without_their_letter() {
    assert_eq!(thread_ids(&read("T0|fork(12)|1\nT12|r(x)|2\nT0|join(12)|3\n")), ["T0", "T12"]);
    assert_eq!(thread_ids(&read("T12|r(x)|2\nT0|join(12)|3\n")), ["T12", "T0"]);
    assert_eq!(thread_ids(&read("0|fork(12)|1\n12|r(x)|2\n0|join(12)|3\n")), ["0", "12"]);
    assert_eq!(thread_ids(&read("main|fork(12)|1\nT12|r(x)|2\nmain|join(12)|3\n")), ["main", "12"]);
    assert_eq!(thread_ids(&read("0|fork(T12)|1\nT12|r(x)|2\n")), ["0", "T12"]);
    assert_eq!(thread_ids(&read("main|fork(worker)|1\nworker|r(x)|2\n")), ["main", "worker"]);
}

#[test]
fn reentrant_pairs_are_folded_and_requests_skipped() {
    let recorded = read("T0|req(l)|0\nT0|acq(l)|1\nT0|acq(l)|2\nT0|r(x)|3\nT0|rel(l)|4\nT0|rel(l)|5\nT1|acq(l)|6\n");
    assert_eq!(ops(&recorded), ["acquire", "read", "release", "acquire"]);
    assert_eq!(recorded.tables.site(recorded.events[2].site.expect("recorded")), "5");
}

#[test]
fn a_lock_and_a_variable_may_share_a_name() {
    let recorded = read("T0|acq(x)|1\nT0|w(x)|2\nT0|rel(x)|3\n");
    let objects = recorded.tables.objects();
    assert_eq!((objects[0].id.as_str(), objects[1].id.as_str()), ("x", "x (var)"));
    assert_eq!(objects[1].name.as_deref(), Some("x"));
}

#[test]
fn errors_name_line_and_column() {
    let expected = "expected `thread|op(operand)|location`";
    assert_eq!(error(""), "t.std: empty: expected a trace with at least one event");
    assert_eq!(error("T0|r(x)|1\nnothing\n"), format!("t.std:2:1: {expected}"));
    assert_eq!(error("T0|r(x)|1\nT0|"), {
        "t.std:2:4: truncated: the last line is not complete: unknown operation ``: expected r, w, acq, rel, fork, join, begin, end, u or req"
    });
    assert_eq!(error("T0|acq(l|1\n"), "t.std:1:11: expected `)`");
    assert_eq!(read_std(b"T0|r(\xff)|1\n").1.expect("error").to_string(), "t.std:1:6: not UTF-8 text");
    assert_eq!(error("T0|acq(l)|1\nT1|acq(l)|2\n"), {
        "t.std:2: impossible event: T1 acquires `l`, which T0 holds since line 1"
    });
}

#[test]
fn export_writes_what_std_can_say_and_counts_the_rest() {
    let (recorded, error) = read_jsonl(
        br#"{"lockhound":1}
{"object":"re","kind":"mutex","reentrant":true}
{"object":"rw","kind":"rwlock"}
{"object":"odd|(name)","kind":"var"}
{"object":"odd_(name)","kind":"var"}
{"t":"T0","op":"start"}
{"t":"T0","op":"spawn","child":"T1"}
{"t":"T0","op":"acquire","obj":"re"}
{"t":"T0","op":"acquire","obj":"re"}
{"t":"T0","op":"wait","obj":"cv","lock":"re","at":"a|b"}
{"t":"T1","op":"acquire","obj":"re"}
{"t":"T1","op":"notify","obj":"cv"}
{"t":"T1","op":"release","obj":"re"}
{"t":"T0","op":"block","on":"wake","obj":"cv","lock":"re"}
{"t":"T0","op":"wake","obj":"cv","lock":"re","by":"notify"}
{"t":"T0","op":"release","obj":"re"}
{"t":"T0","op":"release","obj":"re"}
{"t":"T0","op":"acquire","obj":"rw","mode":"read"}
{"t":"T1","op":"acquire","obj":"rw","mode":"upgrade"}
{"t":"T0","op":"release","obj":"rw","mode":"read"}
{"t":"T1","op":"acquire","obj":"rw"}
{"t":"T1","op":"write","obj":"odd|(name)"}
{"t":"T1","op":"write","obj":"odd_(name)"}
{"t":"T1","op":"release","obj":"rw"}
{"t":"T1","op":"release","obj":"rw","mode":"upgrade"}
{"t":"T1","op":"load","obj":"flag"}
"#,
    );
    assert!(error.is_none(), "{}", error.expect("some"));
    let (again, written) = rewrite_std(&recorded);
    assert_eq!(
        ops(&again),
        [
            "spawn", "acquire", "release", "acquire", "release", "acquire", "release", "acquire", "write", "write",
            "release"
        ]
    );
    let names: Vec<_> = again.tables.objects().iter().map(|object| object.id.as_str()).collect();
    assert_eq!(names, ["re", "rw", "odd__name_", "odd__name__2"]);
    let left_out: Vec<_> = written.left_out.into_iter().collect();
    assert_eq!(left_out, [("acquire", 1), ("block", 1), ("load", 1), ("notify", 1), ("release", 1)]);
}

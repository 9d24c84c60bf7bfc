//! JSON Lines: every kind, every operation, every error.

use lockhound_trace::{
    ChannelOrder, How, MessageId, Mode, Object, ObjectKind, Op, Order, Policy, ReadErrorKind, Request, Tables, Touched,
    Value, WakeReason,
};

use crate::recorded::{Recorded, read_jsonl, read_jsonl_raw, rewrite_jsonl, to_jsonl};

const HEADER: &str = "{\"lockhound\":1}\n";

fn read(lines: &str) -> Recorded {
    let (recorded, error) = read_jsonl_raw(format!("{HEADER}{lines}").as_bytes());
    assert!(error.is_none(), "{}", error.expect("some"));
    recorded
}

/// The error of these lines after a header, as the user sees it.
fn error(lines: &str) -> String {
    whole_error(format!("{HEADER}{lines}").as_bytes())
}

fn whole_error(bytes: &[u8]) -> String {
    read_jsonl_raw(bytes).1.expect("an error").to_string()
}

/// The only event of a trace that has one.
fn op(line: &str) -> Op {
    let recorded = read(line);
    assert_eq!(recorded.events.len(), 1, "{line}");
    recorded.events[0].op
}

#[test]
fn reads_the_example_of_the_specification() {
    let recorded = read_jsonl(
        br#"{"lockhound":1,"program":"bank","pid":4711,"cwd":"/tmp","start":"2026-01-01T00:00:00Z","env":{"test":"pay"}}
{"object":"acct","kind":"mutex","name":"Account::balance","at":"src/bank.rs:7:18","reentrant":true}
{"thread":"T1","name":"teller-1"}
{"t":"T0","op":"spawn","child":"T1","at":"src/main.rs:12:5"}

{"t":"T1","op":"acquire","obj":"acct","at":"src/bank.rs:20:17","stack":["a","b"],"time":17,"later":{"x":[1]}}
"#,
    );
    assert!(recorded.1.is_none());
    let Recorded { tables, events } = recorded.0;
    let header = tables.header();
    assert_eq!((header.program.as_deref(), header.pid), (Some("bank"), Some(4711)));
    assert_eq!((header.cwd.as_deref(), header.start.as_deref()), (Some("/tmp"), Some("2026-01-01T00:00:00Z")));
    assert_eq!(header.env["test"], "pay");
    let acct = tables.find_object("acct").expect("declared");
    assert_eq!(tables.object(acct).kind, ObjectKind::Mutex { reentrant: true });
    assert_eq!(tables.object_label(acct), "Account::balance");
    let teller = tables.find_thread("T1").expect("declared");
    assert_eq!(tables.thread_label(teller), "teller-1");
    assert_eq!(events[0].op, Op::Spawn { child: teller });
    assert_eq!(tables.site(events[1].site.expect("recorded")), "src/bank.rs:20:17");
    assert_eq!(tables.stack(events[1].stack.expect("recorded")).len(), 2);
    assert_eq!(events[1].time, Some(17));
}

#[test]
fn objects_that_are_called_alike_are_numbered() {
    let mut tables = read(
        r#"{"object":"m1","kind":"mutex","at":"a.rs:1:2"}
{"object":"m2","kind":"mutex","at":"a.rs:1:2"}
{"object":"r1","kind":"rwlock","at":"a.rs:1:2"}
{"object":"f1","kind":"mutex","name":"fork","at":"a.rs:3:4"}
{"object":"f2","kind":"mutex","name":"fork","at":"a.rs:5:6"}
{"object":"x","kind":"mutex"}
{"t":"T0","op":"acquire","obj":"x"}
"#,
    )
    .tables;
    let labels = |tables: &Tables| -> Vec<String> {
        ["m1", "m2", "r1", "f1", "f2", "x"].map(|id| tables.distinct_label(tables.find_object(id).unwrap())).to_vec()
    };
    let expected = ["mutex a.rs:1:2 #1", "mutex a.rs:1:2 #2", "rwlock a.rs:1:2", "fork #1", "fork #2", "x"];
    assert_eq!(labels(&tables), expected);
    let other = tables.object(tables.find_object("r1").unwrap()).clone();
    tables.add_object(Object { id: "r2".to_owned(), ..other });
    assert_eq!(labels(&tables)[1..3], ["mutex a.rs:1:2 #2", "rwlock a.rs:1:2 #1"]);
}

#[test]
fn reads_every_kind_with_its_parameters() {
    let kind = |declaration: &str| {
        let text = format!("{{\"object\":\"o\",{declaration}}}\n{{\"t\":\"T\",\"op\":\"start\"}}\n");
        let recorded = read(&text);
        assert_eq!(recorded.described(), rewrite_jsonl(&recorded).described(), "{declaration}");
        recorded.tables.objects()[0].kind
    };
    assert_eq!(kind(r#""kind":"mutex""#), ObjectKind::Mutex { reentrant: false });
    assert_eq!(kind(r#""kind":"mutex","reentrant":true"#), ObjectKind::Mutex { reentrant: true });
    assert_eq!(kind(r#""kind":"rwlock""#), ObjectKind::RwLock { policy: Policy::Writer });
    assert_eq!(kind(r#""kind":"rwlock","policy":"reader""#), ObjectKind::RwLock { policy: Policy::Reader });
    assert_eq!(kind(r#""kind":"condvar""#), ObjectKind::Condvar);
    assert_eq!(kind(r#""kind":"semaphore","permits":2"#), ObjectKind::Semaphore { permits: 2, bound: None });
    assert_eq!(
        kind(r#""kind":"semaphore","permits":0,"bound":3"#),
        ObjectKind::Semaphore { permits: 0, bound: Some(3) }
    );
    assert_eq!(kind(r#""kind":"barrier","parties":3"#), ObjectKind::Barrier { parties: Some(3) });
    assert_eq!(kind(r#""kind":"barrier""#), ObjectKind::Barrier { parties: None });
    assert_eq!(kind(r#""kind":"channel""#), ObjectKind::Channel { capacity: None, order: ChannelOrder::Fifo });
    assert_eq!(
        kind(r#""kind":"channel","capacity":0"#),
        ObjectKind::Channel { capacity: Some(0), order: ChannelOrder::Fifo }
    );
    let ordered = |order| ObjectKind::Channel { capacity: Some(2), order };
    for (word, order) in [("fifo", ChannelOrder::Fifo), ("lifo", ChannelOrder::Lifo), ("any", ChannelOrder::Any)] {
        assert_eq!(kind(&format!(r#""kind":"channel","capacity":2,"order":"{word}""#)), ordered(order));
    }
    assert_eq!(kind(r#""kind":"flag","set":true"#), ObjectKind::Flag { set: true });
    assert_eq!(kind(r#""kind":"waitgroup","count":4"#), ObjectKind::Waitgroup { count: 4 });
    assert_eq!(kind(r#""kind":"once""#), ObjectKind::Once);
    assert_eq!(kind(r#""kind":"var","type":"bool""#), ObjectKind::Var);
    assert_eq!(kind(r#""kind":"atomic","level":-3"#), ObjectKind::Atomic);
}

#[test]
fn reads_every_operation_and_implies_kinds() {
    let cases = [
        ("spawn", r#""child":"C""#, None),
        ("start", "", None),
        ("exit", "", None),
        ("join", r#""child":"C""#, None),
        ("acquire", r#""obj":"o""#, Some("mutex")),
        ("acquire", r#""obj":"o","mode":"read","how":"timed""#, Some("rwlock")),
        ("acquire", r#""obj":"o","mode":"upgrade","how":"try""#, Some("rwlock")),
        ("acquire", r#""obj":"o","n":2,"how":"try""#, Some("semaphore")),
        ("try_failed", r#""obj":"o","mode":"read""#, Some("rwlock")),
        ("release", r#""obj":"o","touched":"blind""#, Some("mutex")),
        ("release", r#""obj":"o","n":3"#, Some("semaphore")),
        ("wait", r#""obj":"o","lock":"m","touched":"read""#, Some("condvar")),
        ("wake", r#""obj":"o","lock":"m","by":"timeout""#, Some("condvar")),
        ("notify", r#""obj":"o""#, Some("condvar")),
        ("notify_all", r#""obj":"o""#, Some("condvar")),
        ("arrive", r#""obj":"o""#, Some("barrier")),
        ("pass", r#""obj":"o""#, Some("barrier")),
        ("send", r#""obj":"o","msg":"17""#, Some("channel")),
        ("recv", r#""obj":"o","msg":"hello""#, Some("channel")),
        ("recv", r#""obj":"o","closed":true"#, Some("channel")),
        ("recv", r#""obj":"o","closed":false"#, Some("channel")),
        ("close", r#""obj":"o""#, Some("channel")),
        ("try_send_failed", r#""obj":"o""#, Some("channel")),
        ("try_recv_failed", r#""obj":"o""#, Some("channel")),
        ("set", r#""obj":"o""#, Some("flag")),
        ("clear", r#""obj":"o""#, Some("flag")),
        ("await", r#""obj":"o""#, Some("flag")),
        ("add", r#""obj":"o","n":2"#, Some("waitgroup")),
        ("done", r#""obj":"o""#, Some("waitgroup")),
        ("once_begin", r#""obj":"o""#, Some("once")),
        ("once_end", r#""obj":"o""#, Some("once")),
        ("read", r#""obj":"o","value":true"#, Some("var")),
        ("write", r#""obj":"o","value":-7"#, Some("var")),
        ("load", r#""obj":"o","value":18446744073709551615,"how":"cas_failed""#, Some("atomic")),
        ("store", r#""obj":"o","value":0.1,"order":"release""#, Some("atomic")),
        ("rmw", r#""obj":"o","value":"text","how":"cas","order":"acq_rel""#, Some("atomic")),
        ("begin", r#""name":"pay""#, None),
        ("end", "", None),
        ("block", r#""on":"acquire","obj":"o","mode":"read","how":"timed""#, Some("rwlock")),
        ("block", r#""on":"acquire","obj":"o","n":2"#, Some("semaphore")),
        ("block", r#""on":"join","child":"C""#, None),
        ("block", r#""on":"wait","obj":"o","lock":"m""#, Some("condvar")),
        ("block", r#""on":"wake","obj":"o","lock":"m""#, Some("condvar")),
        ("block", r#""on":"pass","obj":"o""#, Some("barrier")),
        ("block", r#""on":"send","obj":"o""#, Some("channel")),
        ("block", r#""on":"recv","obj":"o""#, Some("channel")),
        ("block", r#""on":"await","obj":"o""#, Some("flag")),
    ];
    for (name, operands, kind) in cases {
        let comma = if operands.is_empty() { "" } else { "," };
        let recorded = read(&format!("{{\"t\":\"T\",\"op\":\"{name}\"{comma}{operands}}}"));
        assert_eq!(recorded.events[0].op.name(), name);
        let found = recorded.tables.find_object("o").map(|object| recorded.tables.object(object).kind.name());
        assert_eq!(found, kind, "{name} {operands}");
        assert_eq!(recorded.described(), rewrite_jsonl(&recorded).described(), "{name} {operands}");
    }
}

#[test]
fn reads_operands_and_defaults() {
    assert!(matches!(
        op(r#"{"t":"T","op":"acquire","obj":"o"}"#),
        Op::Acquire { mode: Mode::Write, how: How::Lock, .. }
    ));
    assert!(matches!(op(r#"{"t":"T","op":"release","obj":"o"}"#), Op::Release { touched: Touched::Unknown, .. }));
    assert!(matches!(
        op(r#"{"t":"T","op":"release","obj":"o","mode":"read","touched":"none"}"#),
        Op::Release { mode: Mode::Read, touched: Touched::None, .. }
    ));
    assert!(matches!(op(r#"{"t":"T","op":"wake","obj":"o","lock":"m"}"#), Op::Wake { by: WakeReason::Notify, .. }));
    assert!(matches!(op(r#"{"t":"T","op":"done","obj":"o"}"#), Op::Done { n: 1, .. }));
    assert!(matches!(op(r#"{"t":"T","op":"send","obj":"o"}"#), Op::Send { message: None, .. }));
    assert!(matches!(op(r#"{"t":"T","op":"recv","obj":"o","closed":true}"#), Op::RecvClosed { .. }));
    assert!(matches!(
        op(r#"{"t":"T","op":"load","obj":"o","value":null}"#),
        Op::Load { order: Order::SeqCst, value: None, failed_cas: false, .. }
    ));
    assert!(matches!(
        op(r#"{"t":"T","op":"rmw","obj":"o","order":"relaxed","value":1.0,"how":"cas"}"#),
        Op::Rmw { order: Order::Relaxed, value: Some(Value::Float(1.0)), cas: true, .. }
    ));
    assert!(matches!(
        op(r#"{"t":"T","op":"block","on":"acquire","obj":"o","how":"timed"}"#),
        Op::Block { on: Request::Acquire { mode: Mode::Write, how: How::Timed, .. } }
    ));
}

#[test]
fn plain_accesses_of_atomics_and_updates_of_variables_are_fine() {
    let recorded = read(
        r#"{"object":"a","kind":"atomic"}
{"object":"v","kind":"var"}
{"t":"T","op":"write","obj":"a"}
{"t":"T","op":"rmw","obj":"v"}"#,
    );
    assert_eq!(recorded.events.len(), 2);
}

#[test]
fn message_ids_survive_whatever_they_look_like() {
    let ids =
        ["0", "7", "9223372036854775807", "9223372036854775808", "18446744073709551616", "07", "+7", "-1", "", "ä\n\""];
    let mut lines = String::new();
    for id in ids {
        let line = serde_json::json!({"t": "T", "op": "send", "obj": "c", "msg": id});
        lines.push_str(&format!("{line}\n"));
    }
    let recorded = read(&lines);
    let message = |recorded: &Recorded, index: usize| match recorded.events[index].op {
        Op::Send { message: Some(message), .. } => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(message(&recorded, 1), MessageId(7));
    let again = rewrite_jsonl(&recorded);
    for (index, id) in ids.into_iter().enumerate() {
        assert_eq!(recorded.tables.message_text(message(&recorded, index)), id);
        assert_eq!(again.tables.message_text(message(&again, index)), id);
        for other in 0..index {
            assert_ne!(message(&recorded, index), message(&recorded, other), "{id}");
        }
    }
}

#[test]
fn the_writer_declares_before_use_and_leaves_defaults_out() {
    let recorded = read(
        r#"{"t":"T1","op":"acquire","obj":"m","mode":"write","how":"lock"}
{"t":"T1","op":"spawn","child":"T2"}
{"thread":"T3","name":"late"}"#,
    );
    // Everything that the tables have when the first event is written stands before it.
    assert_eq!(
        String::from_utf8(to_jsonl(&recorded)).expect("text"),
        r#"{"lockhound":1}
{"thread":"T1"}
{"thread":"T2"}
{"thread":"T3","name":"late"}
{"object":"m","kind":"mutex"}
{"t":"T1","op":"acquire","obj":"m"}
{"t":"T1","op":"spawn","child":"T2"}
"#
    );
}

#[test]
fn line_ends_blank_lines_and_byte_order_marks_do_not_matter() {
    let text =
        "\u{feff}{\"lockhound\":1}\r\n\r\n  {\"t\":\"T\",\"op\":\"start\"}  \r\n\t\n{\"t\":\"T\",\"op\":\"exit\"}";
    let (recorded, error) = read_jsonl(text.as_bytes());
    assert!(error.is_none());
    assert_eq!(recorded.events.len(), 2);
}

#[test]
fn very_long_lines_are_read() {
    let name = "x".repeat(1 << 20);
    let recorded = read(&format!("{{\"t\":\"{name}\",\"op\":\"start\"}}\n{{\"t\":\"{name}\",\"op\":\"exit\"}}\n"));
    assert_eq!(recorded.events[0].thread, recorded.events[1].thread);
}

#[test]
fn a_trace_without_events_is_empty() {
    let empty = "t.jsonl: empty: expected a trace with at least one event";
    assert_eq!(whole_error(b""), empty);
    assert_eq!(whole_error(b"\n\r\n \n"), empty);
    assert_eq!(whole_error(HEADER.as_bytes()), empty);
}

#[test]
fn the_header_comes_first_and_once() {
    let expected = "t.jsonl:2:1: expected the header first: {\"lockhound\":1}";
    assert_eq!(whole_error(b"\n{\"t\":\"T\",\"op\":\"start\"}\n"), expected);
    assert_eq!(
        whole_error(b"{\"program\":\"x\", \"lockhound\": 2}\n"),
        "t.jsonl:1:30: format version 2: this lockhound reads version 1"
    );
    assert_eq!(
        whole_error(b"{\"lockhound\":\"1\"}\n"),
        "t.jsonl:1:14: `lockhound`: expected a whole number, found a string"
    );
    assert_eq!(error("{\"lockhound\":1}\n"), "t.jsonl:2:14: a second header: a file holds one trace");
    assert_eq!(
        whole_error(b"{\"lockhound\":1,\"env\":{\"a\":1}}\n"),
        "t.jsonl:1:22: `env`: expected only strings, found a number"
    );
}

#[test]
fn errors_name_line_and_column() {
    let cases = [
        ("[1]\n", "2:1: expected a JSON object"),
        ("  nonsense\n", "2:3: expected a JSON object"),
        ("{}\n", "2:1: expected an event (`t`, `op`) or a declaration (`thread` or `object`)"),
        ("{\"t\":\"T\"}\n", "2:1: missing `op`: an event needs it"),
        (" {\"op\":\"start\"}\n", "2:2: missing `t`: `start` needs it"),
        ("{\"t\":\"T\",\"op\":\"acquire\"}\n", "2:1: missing `obj`: `acquire` needs it"),
        ("{\"t\":\"T\",\"op\":\"spawn\"}\n", "2:1: missing `child`: `spawn` needs it"),
        ("{\"t\":\"T\",\"op\":\"wait\",\"obj\":\"c\"}\n", "2:1: missing `lock`: `wait` needs it"),
        ("{\"t\":\"T\",\"op\":\"block\"}\n", "2:1: missing `on`: `block` needs it"),
        ("{\"t\":\"T\",\"op\":\"lokc\",\"obj\":\"m\"}\n", "2:15: unknown operation `lokc`"),
        ("{\"t\":\"ä\",\"op\" : \"lokc\"}\n", "2:17: unknown operation `lokc`"),
        ("{\"t\":7,\"op\":\"start\"}\n", "2:6: `t`: expected a string, found a number"),
        ("{\"t\":\"T\",\"op\":[\"start\"]}\n", "2:15: `op`: expected a string, found an array"),
        (
            "{\"t\":\"T\",\"op\":\"start\",\"time\":1.5}\n",
            "2:30: `time`: expected a whole number, found a fractional number",
        ),
        ("{\"t\":\"T\",\"op\":\"start\",\"time\":-1}\n", "2:30: `time` is -1: expected a number from 0"),
        ("{\"t\":\"T\",\"op\":\"start\",\"at\":{}}\n", "2:28: `at`: expected a string, found an object"),
        (
            "{\"t\":\"T\",\"op\":\"start\",\"stack\":\"f\"}\n",
            "2:31: `stack`: expected an array of strings, found a string",
        ),
        ("{\"t\":\"T\",\"op\":\"start\",\"stack\":[1]}\n", "2:31: `stack`: expected only strings, found a number"),
        (
            "{\"t\":\"T\",\"op\":\"add\",\"obj\":\"w\",\"n\":4294967296}\n",
            "2:35: `n` is 4294967296: expected less than 2^32",
        ),
        (
            "{\"t\":\"T\",\"op\":\"read\",\"obj\":\"v\",\"value\":[]}\n",
            "2:40: `value`: expected a boolean, number or string, found an array",
        ),
        (
            "{\"t\":\"T\",\"op\":\"acquire\",\"obj\":\"m\",\"mode\":\"rw\"}\n",
            "2:42: unknown `mode` `rw`: expected one of `write`, `read`, `upgrade`",
        ),
        (
            "{\"t\":\"T\",\"op\":\"rmw\",\"obj\":\"a\",\"how\":\"try\"}\n",
            "2:37: unknown `how` `try`: `rmw` may only say `cas`",
        ),
        (
            "{\"t\":\"T\",\"op\":\"block\",\"on\":\"release\",\"obj\":\"m\"}\n",
            "2:28: `release` cannot wait: expected acquire, join, wait, wake, pass, send, recv or await",
        ),
        (
            "{\"object\":\"c\",\"kind\":\"channel\",\"order\":\"filo\"}\n",
            "2:40: unknown `order` `filo`: expected one of `fifo`, `lifo`, `any`",
        ),
        ("{\"object\":\"m\"}\n", "2:1: missing `kind`: an object needs it"),
        ("{\"object\":\"m\",\"kind\":\"mutx\"}\n", "2:22: unknown kind `mutx`"),
        ("{\"object\":\"s\",\"kind\":\"semaphore\"}\n", "2:1: missing `permits`: a semaphore needs it"),
        (
            "{\"object\":\"m\",\"kind\":\"mutex\",\"level\":\"1\"}\n",
            "2:38: `level`: expected a whole number, found a string",
        ),
        (
            "{\"object\":\"m\",\"kind\":\"mutex\",\"reentrant\":1}\n",
            "2:42: `reentrant`: expected true or false, found a number",
        ),
        ("{\"t\":\"T\",\"op\":\"start\",\"t\":\"U\"}\n", "2:25: key `t` is given twice"),
        ("{\"t\":\"T\",\"op\":\"start\"} x\n", "2:24: trailing characters"),
        ("{\"t\":\"T\",\"op\":start}\n", "2:15: expected value"),
        ("{\"t\":\"T\",\n", "2:10: the line ends in the middle of a JSON object"),
    ];
    for (lines, message) in cases {
        assert_eq!(error(lines), format!("t.jsonl:{message}"), "{lines}");
    }
}

#[test]
fn operations_want_objects_of_their_kind() {
    let cases = [
        ("barrier", "acquire", "needs a mutex, rwlock or semaphore, but `o` is a barrier"),
        ("mutex", "notify", "needs a condvar, but `o` is a mutex"),
        ("mutex", "arrive", "needs a barrier, but `o` is a mutex"),
        ("mutex", "send", "needs a channel, but `o` is a mutex"),
        ("mutex", "set", "needs a flag, but `o` is a mutex"),
        ("mutex", "add", "needs a waitgroup, but `o` is a mutex"),
        ("mutex", "once_begin", "needs a once, but `o` is a mutex"),
        ("mutex", "await", "needs a flag, waitgroup or once, but `o` is a mutex"),
        ("mutex", "read", "needs a var or atomic, but `o` is a mutex"),
    ];
    for (kind, op, message) in cases {
        let lines =
            format!("{{\"object\":\"o\",\"kind\":\"{kind}\"}}\n{{\"obj\":\"o\",\"op\":\"{op}\",\"t\":\"T\"}}\n");
        assert_eq!(error(&lines), format!("t.jsonl:3:8: `{op}` {message}"));
    }
    let mode =
        "{\"object\":\"o\",\"kind\":\"mutex\"}\n{\"t\":\"T\",\"op\":\"acquire\",\"obj\":\"o\",\"mode\":\"read\"}\n";
    assert_eq!(error(mode), "t.jsonl:3:42: mode `read` is for rwlocks, but `o` is a mutex");
    let lock = "{\"object\":\"o\",\"kind\":\"flag\"}\n{\"t\":\"T\",\"op\":\"wait\",\"obj\":\"c\",\"lock\":\"o\"}\n";
    assert_eq!(error(lock), "t.jsonl:3:39: `wait` needs a mutex or rwlock, but `o` is a flag");
}

#[test]
fn declarations_come_once_and_before_use() {
    let twice = "{\"object\":\"m\",\"kind\":\"mutex\"}\n{\"kind\":\"mutex\",\"object\":\"m\"}\n";
    assert_eq!(error(twice), "t.jsonl:3:26: object `m` is declared a second time");
    let late = "{\"t\":\"T\",\"op\":\"acquire\",\"obj\":\"m\"}\n{\"object\":\"m\",\"kind\":\"mutex\"}\n";
    assert_eq!(error(late), "t.jsonl:3:11: object `m` is declared after its first use");
    let twice = "{\"thread\":\"T\"}\n{\"thread\":\"T\"}\n";
    assert_eq!(error(twice), "t.jsonl:3:11: thread `T` is declared a second time");
    let late = "{\"t\":\"T\",\"op\":\"start\"}\n{\"thread\":\"T\"}\n";
    assert_eq!(error(late), "t.jsonl:3:11: thread `T` is declared after its first use");
}

#[test]
fn a_cut_last_line_is_a_truncation_and_the_prefix_stays() {
    let whole = format!("{HEADER}{{\"t\":\"T\",\"op\":\"start\"}}\n{{\"t\":\"T\",\"op\":\"begin\",\"name\":\"甲\"}}");
    let complete = read_jsonl(whole.as_bytes());
    assert!(complete.1.is_none());
    assert_eq!(complete.0.events.len(), 2);
    let second = whole.rfind('{').expect("an object");
    for cut in second + 1..whole.len() {
        let (recorded, error) = read_jsonl(&whole.as_bytes()[..cut]);
        let error = error.expect("cut");
        assert!(matches!(error.kind, ReadErrorKind::Truncated(_)), "{cut}: {error}");
        assert!(error.to_string().starts_with("t.jsonl:3:"), "{error}");
        assert_eq!(recorded.events.len(), 1);
    }
    let message = "t.jsonl:2:6: truncated: the last line ends in the middle of a JSON object";
    assert_eq!(error("{\"t\":"), message);
}

#[test]
fn bytes_that_are_no_text_are_an_error_with_their_place() {
    assert_eq!(whole_error(b"\x80\x81\n"), "t.jsonl:1:1: not UTF-8 text");
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"{\"t\":\"\xff\",\"op\":\"start\"}\n");
    assert_eq!(whole_error(&bytes), "t.jsonl:2:7: not UTF-8 text");
}

#[test]
fn an_error_stays_on_one_line_whatever_things_are_called() {
    let line = r#"{"t":"T","op":"once_end","obj":"a\nb"}"#;
    let (_, error) = read_jsonl(format!("{HEADER}{line}\n").as_bytes());
    let message = "t.jsonl:2: impossible event: T ends `a\\nb`, which it has not begun";
    assert_eq!(error.expect("impossible").to_string(), message);
    assert_eq!(error_of_op("no\\nop"), "t.jsonl:2:15: unknown operation `no\\nop`");
}

fn error_of_op(op: &str) -> String {
    error(&format!("{{\"t\":\"T\",\"op\":\"{op}\"}}\n"))
}

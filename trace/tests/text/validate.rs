//! The validator: what it lets pass, and the words of what it does not.

use lockhound_trace::Op;

use crate::recorded::{Recorded, read_jsonl, read_jsonl_raw, to_jsonl, validated};

/// Reads events written shortly: `T1 acquire m mode=read` is `{"t":"T1","op":"acquire","obj":"m","mode":"read"}`, a line
/// in braces is taken as it is, `T1 spawn T2` and `T1 join T2` name a child, `T1 wait cv m` a lock.
fn run(script: &str) -> Result<Recorded, String> {
    let mut text = String::from("{\"lockhound\":1}\n");
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push_str(&if line.starts_with('{') { line.to_owned() } else { event(line) });
        text.push('\n');
    }
    let (recorded, error) = read_jsonl(text.as_bytes());
    error.map_or(Ok(recorded), |error| Err(error.to_string()))
}

fn event(line: &str) -> String {
    let mut object = serde_json::Map::new();
    let mut words = line.split_whitespace();
    // Numbers and truth values as such, except for message ids, which are texts.
    let literal = |key: &str, text: &str| {
        serde_json::from_str(text).ok().filter(|value: &serde_json::Value| !value.is_string() && key != "msg")
    };
    let (thread, op) = (words.next().expect("a thread"), words.next().expect("an operation"));
    object.insert("t".into(), thread.into());
    object.insert("op".into(), op.into());
    let mut op = op;
    for word in words {
        if let Some((key, text)) = word.split_once('=') {
            object.insert(key.into(), literal(key, text).unwrap_or_else(|| text.into()));
            continue;
        }
        let key = match op {
            "block" => "on",
            "spawn" | "join" => "child",
            _ if object.contains_key("obj") => "lock",
            _ => "obj",
        };
        if key == "on" {
            op = word;
        }
        object.insert(key.into(), word.into());
    }
    serde_json::Value::Object(object).to_string()
}

fn accepted(script: &str) {
    if let Err(message) = run(script) {
        panic!("{message}\n{script}");
    }
}

/// The script's last event is passed on as refused, is written as it was recorded, and validated again refused again.
fn refused(script: &str) {
    let recorded = run(script).unwrap_or_else(|message| panic!("{message}\n{script}"));
    let last = recorded.events.last().expect("an event").op;
    let Op::Refused { what } = last else { panic!("not refused: {last:?}\n{script}") };
    let text = to_jsonl(&recorded);
    let plain = read_jsonl_raw(&text).0.events.last().expect("an event").op;
    assert_eq!((plain, plain), (what.op(), last.asked()), "{script}");
    assert_eq!(read_jsonl(&text).0.described(), recorded.described(), "{script}");
    let (again, error) = validated(&recorded);
    assert!(error.is_none(), "{script}");
    assert_eq!(again.described(), recorded.described(), "{script}");
}

/// The script's last event is the impossible one, for this reason.
fn rejected(script: &str, reason: &str) {
    let message = run(script).expect_err(script);
    let last = script.lines().filter(|line| !line.trim().is_empty()).count() + 1;
    assert_eq!(message, format!("t.jsonl:{last}: impossible event: {reason}"), "{script}");
}

#[test]
fn threads_live_once_and_in_order() {
    accepted("A start\nA spawn B\nB start\nB exit\nA join B\nA join B\nA exit");
    accepted("A read x\nA spawn B\nA join B");
    accepted("A join B");
    refused("A spawn B\nA spawn B");
    refused("A spawn B\nB spawn B");
    refused("A spawn B\nB read x\nA join B\nA spawn B");
    rejected("B read x\nA spawn B", "A spawns B, which has run since line 2 already");
    rejected("A spawn A", "A spawns A, which has run since line 2 already");
    rejected("A read x\nA start", "A starts, but it has run since line 2 already");
    rejected("A exit\nA read x", "A goes on with `read` after its exit at line 2");
    rejected("A spawn B\nB read x\nA join B\nB read x", "B goes on with `read`, but A joined it at line 4");
    rejected("A join A", "A joins itself");
    rejected("B block acquire m\nA join B", "A joins B, which is blocked on `acquire` of `m` since line 2");
    rejected("B acquire m\nB wait c m\nA join B", "A joins B, which waits on `c` since line 3");
}

#[test]
fn names_are_what_the_user_calls_things() {
    rejected(
        "{\"thread\":\"T1\",\"name\":\"甲\"}\n{\"object\":\"m\",\"kind\":\"mutex\",\"name\":\"Bank\"}\nT1 acquire m\nT2 acquire m",
        "T2 acquires `Bank`, which 甲 holds since line 4",
    );
}

#[test]
fn what_is_blocked_completes_or_fails_next() {
    accepted("A block acquire m\nA acquire m");
    accepted("A block acquire m how=timed\nA try_failed m");
    accepted("A block acquire m");
    accepted("A spawn B\nA block join B\nB exit\nA join B");
    accepted("{\"object\":\"s\",\"kind\":\"semaphore\",\"permits\":1}\nA block acquire s\nA acquire s");
    accepted("{\"object\":\"s\",\"kind\":\"semaphore\",\"permits\":0}\nA block acquire s how=timed\nA try_failed s");
    accepted("A block await f\nB set f\nA await f");
    accepted("A block recv c\nB send c\nA recv c");
    accepted("A block recv c\nB close c\nA recv c closed=true");
    accepted("A block recv c\nA try_recv_failed c");
    accepted("A block send c\nB close c\nA read x\nA exit");
    rejected("A block send c\nB close c\nA exit\nA read x", "A goes on with `read` after its exit at line 4");
    accepted("B spawn A\nA block send c\nB close c\nB join A");
    accepted("A block send c\nA send c");
    rejected(
        "A add w\nA block await w\nA done w",
        "A goes on with `done`, but it is blocked on `await` of `w` since line 3",
    );
    rejected(
        "A once_begin o\nB block await o\nB exit",
        "B goes on with `exit`, but it is blocked on `await` of `o` since line 3",
    );
    rejected(
        "A block acquire m\nA read x",
        "A goes on with `read`, but it is blocked on `acquire` of `m` since line 2",
    );
    rejected(
        "A block acquire m\nA acquire n",
        "A goes on with `acquire`, but it is blocked on `acquire` of `m` since line 2",
    );
    rejected("A block acquire m\nA exit", "A goes on with `exit`, but it is blocked on `acquire` of `m` since line 2");
    rejected("A block join B\nA exit", "A goes on with `exit`, but it is blocked on `join` of B since line 2");
    rejected("A block send c\nA read x", "A goes on with `read`, but it is blocked on `send` of `c` since line 2");
    rejected(
        "A block acquire l mode=read\nA acquire l",
        "A goes on with `acquire`, but it is blocked on `acquire` of `l` since line 2",
    );
}

#[test]
fn an_await_of_a_flag_may_give_up_without_an_event() {
    let parked = "{\"object\":\"f\",\"kind\":\"flag\"}\nA block await f\n";
    for next in ["A read x", "A exit", "A acquire m", "A block await f\nB set f\nA await f", "B join A"] {
        accepted(&format!("{parked}{next}"));
    }
    // It has given up, not been let through.
    rejected(&format!("{parked}A await f"), "A has awaited `f`, but it is not set");
    rejected(&format!("{parked}B join A\nA read x"), "A goes on with `read`, but B joined it at line 4");
}

#[test]
fn mutexes_have_one_holder() {
    accepted("A acquire m\nA release m\nB acquire m\nA try_failed m\nB release m");
    accepted(
        "{\"object\":\"m\",\"kind\":\"mutex\",\"reentrant\":true}\nA acquire m\nA acquire m\nA release m\nA release m\nB acquire m",
    );
    rejected("A acquire m\nB acquire m", "B acquires `m`, which A holds since line 2");
    rejected("A acquire m\nA acquire m how=try", "A acquires `m`, which it already holds since line 2");
    refused("A release m");
    refused("A acquire m\nB release m");
    refused("A acquire m\nA release m\nA release m");
    rejected("A acquire m\nB release m\nB acquire m", "B acquires `m`, which A holds since line 2");
    rejected(
        "{\"object\":\"m\",\"kind\":\"mutex\",\"reentrant\":true}\nA acquire m\nA acquire m\nA release m\nB acquire m",
        "B acquires `m`, which A holds since line 3",
    );
}

#[test]
fn rwlocks_have_readers_an_upgrader_or_a_writer() {
    accepted(
        "A acquire l mode=read\nB block acquire l\nC acquire l mode=read\nA acquire l mode=read\nC release l mode=read\nA release l mode=read\nA release l mode=read\nB acquire l",
    );
    accepted(
        "A acquire l mode=read\nB acquire l mode=upgrade\nC acquire l mode=read\nA release l mode=read\nC release l mode=read\nB acquire l\nB release l\nB release l mode=upgrade\nA acquire l",
    );
    let l = "{\"object\":\"l\",\"kind\":\"rwlock\"}\n";
    let rejected = |script: &str, reason: &str| rejected(&format!("{l}{script}"), reason);
    rejected("A acquire l\nB acquire l mode=read", "B acquires `l` for reading, which A holds since line 3");
    rejected("A acquire l mode=read\nB acquire l", "B acquires `l`, which A holds for reading since line 3");
    rejected("A acquire l mode=read\nA acquire l", "A acquires `l`, which it already holds for reading since line 3");
    rejected("A acquire l\nA acquire l mode=read", "A acquires `l` for reading, which it already holds since line 3");
    rejected(
        "A acquire l mode=upgrade\nB acquire l mode=upgrade",
        "B acquires `l` for upgrading, which A holds for upgrading since line 3",
    );
    rejected("A acquire l mode=upgrade\nB acquire l", "B acquires `l`, which A holds for upgrading since line 3");
    rejected(
        "A acquire l mode=upgrade\nB acquire l mode=read\nA acquire l",
        "A acquires `l`, which B holds for reading since line 4",
    );
    let refused = |script: &str| refused(&format!("{l}{script}"));
    refused("A acquire l\nA release l mode=read");
    refused("A acquire l mode=read\nA release l");
    refused("A acquire l\nB release l mode=read");
}

#[test]
fn waits_end_by_a_notification_that_reaches_them() {
    accepted("A acquire m\nA wait c m\nB acquire m\nB notify c\nB release m\nA wake c m\nA release m");
    accepted("A acquire m\nA wait c m\nA block wake c m\nB notify c\nA wake c m");
    accepted("A acquire m\nA wait c m\nA wake c m by=timeout\nA release m");
    accepted("A acquire m\nA block wait c m\nB acquire m\nB notify c\nB release m\nA wake c m");
    accepted("A acquire m\nA block wait c m\nA wait c m\nB notify c\nA wake c m");
    accepted("A acquire m\nA wait c m\nB acquire m\nB wait c m\nC notify_all c\nB wake c m\nB release m\nA wake c m");
    accepted(
        "A acquire m\nA wait c m\nB notify c\nB acquire m\nB wait c m\nC notify c\nA wake c m\nA release m\nB wake c m",
    );
    accepted(
        "{\"object\":\"l\",\"kind\":\"rwlock\"}\nA acquire l mode=read\nA wait c l\nB acquire l\nB notify c\nB release l\nA wake c l\nC acquire l mode=read\nA release l mode=read",
    );
    accepted(
        "{\"object\":\"m\",\"kind\":\"mutex\",\"reentrant\":true}\nA acquire m\nA acquire m\nA wait c m\nB acquire m\nB release m\nA wake c m by=spurious\nA release m\nA release m",
    );
    let lost = "A wakes at `c` by a notification, but it waits since line";
    rejected("B notify c\nA acquire m\nA wait c m\nA wake c m", &format!("{lost} 4 and none was left for it"));
    rejected(
        "A acquire m\nA wait c m\nB acquire m\nB wait c m\nC notify c\nB wake c m\nB release m\nA wake c m",
        &format!("{lost} 3 and none was left for it"),
    );
    rejected(
        "B acquire m\nB wait c m\nC notify c\nA acquire m\nA wait c m\nA wake c m",
        &format!("{lost} 6 and none was left for it"),
    );
    refused("A wait c m");
    refused("A acquire m\nB wait c m");
    refused("A acquire m\nA wait c m\nB wait c m");
    rejected("A wait c m\nA wake c m", "A wakes at `c` with `m`, but it does not wait there");
    rejected("A block wait c m", "A is blocked at `c` with `m`, which it does not hold");
    rejected("A acquire m\nA wait c m\nA read x", "A goes on with `read`, but it waits on `c` since line 3");
    rejected("A acquire m\nA wait c m\nA exit", "A goes on with `exit`, but it waits on `c` since line 3");
    rejected("A acquire m\nA wake c m", "A wakes at `c` with `m`, but it does not wait there");
    rejected(
        "A acquire m\nA wait c m\nB acquire m\nB notify c\nA wake c m",
        "A acquires `m`, which B holds since line 4",
    );
}

#[test]
fn semaphores_have_permits_and_a_bound() {
    let s = "{\"object\":\"s\",\"kind\":\"semaphore\",\"permits\":2,\"bound\":3}\n";
    accepted(&format!("{s}A acquire s n=2\nB release s\nA acquire s\nB release s n=3"));
    rejected(&format!("{s}A acquire s\nA acquire s n=2"), "A takes 2 permits of `s`, which has 1");
    refused(&format!("{s}A release s n=2"));
    accepted(&format!("{s}A release s n=2\nA release s\nA acquire s n=3"));
    rejected(&format!("{s}A release s n=2\nA acquire s n=3"), "A takes 3 permits of `s`, which has 2");
}

#[test]
fn barriers_open_when_all_have_arrived() {
    let b = "{\"object\":\"b\",\"kind\":\"barrier\",\"parties\":2}\n";
    accepted(&format!(
        "{b}A arrive b\nA block pass b\nB arrive b\nB pass b\nB arrive b\nA pass b\nA arrive b\nA pass b\nB pass b"
    ));
    accepted("A arrive b\nB arrive b\nA pass b\nB pass b");
    rejected(&format!("{b}A arrive b\nA pass b"), "A passes `b`, where 1 of 2 have arrived");
    rejected(&format!("{b}A arrive b\nA arrive b"), "A arrives at `b` again without having passed");
    rejected(&format!("{b}A pass b"), "A passes `b` without having arrived");
    rejected("A arrive b\nA pass b\nB pass b", "B passes `b` without having arrived");
}

#[test]
fn channels_hold_what_was_sent_and_not_received() {
    let c = "{\"object\":\"c\",\"kind\":\"channel\",\"capacity\":2}\n";
    accepted(&format!(
        "{c}A send c msg=1\nA send c msg=2\nA try_send_failed c\nB recv c msg=2\nB recv c msg=1\nB try_recv_failed c"
    ));
    accepted(&format!("{c}A send c\nA close c\nA close c\nB recv c\nB recv c closed=true"));
    accepted("A send c msg=1\nB recv c msg=1\nA send c msg=1\nB recv c");
    // Which message leaves if none is named shows in which is left.
    let two_sent = |order: &str| {
        format!("{{\"object\":\"c\",\"kind\":\"channel\",\"order\":\"{order}\"}}\nA send c msg=1\nA send c msg=2\n")
    };
    accepted(&format!("{}B recv c\nB recv c msg=2", two_sent("fifo")));
    rejected(
        &format!("{}B recv c\nB recv c msg=2", two_sent("lifo")),
        "B receives message `2` from `c`, which does not hold it",
    );
    accepted(&format!("{}B recv c\nB recv c msg=1", two_sent("lifo")));
    accepted(&format!("{}B recv c msg=2\nB recv c", two_sent("any")));
    rejected(
        &format!("{}B recv c", two_sent("any")),
        "B receives a message from `c`, which holds 2 in no fixed order: expected `msg` to say which",
    );
    rejected(&format!("{c}A send c\nA send c\nA send c"), "A sends on `c`, which is full (2 of 2)");
    refused("A close c\nB send c");
    refused("A close c\nB send c\nB recv c closed=true\nB send c");
    rejected("A recv c", "A receives a message from `c`, which does not hold it");
    rejected("A send c msg=1\nB recv c msg=2", "B receives message `2` from `c`, which does not hold it");
    rejected(
        "A send c msg=x\nB recv c msg=x\nB recv c msg=x",
        "B receives message `x` from `c`, which does not hold it",
    );
    rejected("A send c msg=x\nA send c msg=x", "A sends message `x` on `c`, which holds a message of that id already");
    rejected("A recv c closed=true", "A finds `c` closed, but it is open");
    rejected("A send c\nA close c\nB recv c closed=true", "B finds `c` closed and empty, but it holds 1 message");
}

#[test]
fn a_rendezvous_is_one_step_in_either_order() {
    let c = "{\"object\":\"c\",\"kind\":\"channel\",\"capacity\":0}\n";
    accepted(&format!("{c}A send c msg=1\nB recv c msg=1\nB recv c msg=2\nA send c msg=2"));
    accepted(&format!("{c}A send c\nB recv c\nB recv c\nA send c"));
    accepted(&format!("{c}A send c msg=1\nB send c msg=2\nC recv c msg=2\nD recv c msg=1"));
    accepted(&format!("{c}B block recv c\nA send c msg=1\nA read x\nB recv c msg=1"));
    accepted(&format!("{c}A send c msg=1\nB block recv c\nB recv c msg=1"));
    accepted(&format!("{c}B recv c msg=1\nC close c\nA send c msg=1"));
    accepted(&format!("{c}A close c\nB recv c closed=true"));
    rejected(
        &format!("{c}A send c msg=1\nB read x\nB recv c msg=1"),
        "B receives message `1` on `c`, but did something else after A sent it at line 3",
    );
    rejected(
        &format!("{c}B recv c msg=1\nA read x\nA send c msg=1"),
        "A sends message `1` on `c`, but did something else after B received it at line 3",
    );
    rejected(
        &format!("{c}A send c msg=1\nA spawn B\nB recv c msg=1"),
        "B receives message `1` on `c`, but did something else after A sent it at line 3",
    );
    rejected(&format!("{c}A send c\nA send c"), "A sends on `c`, but nobody is there to meet it");
    refused(&format!("{c}A close c\nB send c"));
}

#[test]
fn flags_waitgroups_and_onces_let_pass_when_they_may() {
    accepted("{\"object\":\"f\",\"kind\":\"flag\",\"set\":true}\nA await f\nA clear f\nB set f\nA await f");
    rejected("A clear f\nB await f", "B has awaited `f`, but it is not set");
    accepted("{\"object\":\"w\",\"kind\":\"waitgroup\",\"count\":1}\nA add w n=2\nB done w n=3\nA await w");
    rejected("A add w\nB await w", "B has awaited `w`, but its count is 1");
    refused("A add w\nB done w n=2");
    accepted("A add w\nB done w n=2\nB done w\nA await w");
    accepted("A once_begin o\nB block await o\nA once_end o\nB await o");
    rejected("A once_begin o\nB await o", "B has awaited `o`, but it is not done");
    rejected("A once_begin o\nB once_begin o", "B begins `o`, but A runs it since line 2");
    rejected("A once_begin o\nA once_end o\nB once_begin o", "B begins `o`, but it is done since line 3");
    rejected("A once_begin o\nB once_end o", "B ends `o`, which it has not begun");
}

#[test]
fn regions_nest() {
    accepted("A begin\nA begin\nA end\nA end\nB begin");
    rejected("A begin\nB end", "B ends a region it has not begun");
}

#[test]
fn what_precedes_a_violation_is_kept() {
    let text = b"{\"lockhound\":1}\n{\"t\":\"A\",\"op\":\"acquire\",\"obj\":\"m\"}\n{\"t\":\"B\",\"op\":\"acquire\",\"obj\":\"m\"}\n";
    let (recorded, error) = read_jsonl(text);
    assert_eq!(recorded.events.len(), 1);
    assert!(error.is_some());
}

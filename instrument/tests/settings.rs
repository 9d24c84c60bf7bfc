//! Settings from the environment and from the program, each in a process of its own.
#![forbid(unsafe_code)]

#[cfg(feature = "record")]
mod panicking;
#[cfg(feature = "record")]
mod process;

use lockhound::monitor::Action;
use lockhound::sync::Mutex;
use lockhound::{Settings, Stacks, Strict};

#[cfg(not(feature = "record"))]
#[test]
fn without_a_recorder_settings_do_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.lht");
    let all = || Settings::new().trace(&trace).on_deadlock(Action::call(|_| ())).strict(Strict::Panic);
    all().stacks(Stacks::All).limit(1 << 20).apply().unwrap();
    let (a, b) = (Mutex::new(()), Mutex::new(()));
    drop((a.lock().unwrap(), b.lock().unwrap()));
    drop((b.lock().unwrap(), a.lock().unwrap()));
    assert_eq!(all().apply(), Ok(()), "never too late");
    assert!(!trace.exists());
}

#[test]
fn settings_can_be_looked_at() {
    let shown = format!("{:?}", Settings::new().on_deadlock(Action::Exit(3)).limit(5));
    assert_eq!(
        shown,
        "Settings { trace: None, on_deadlock: Some(Exit(3)), strict: None, stacks: None, limit: Some(5) }"
    );
}

#[cfg(feature = "record")]
mod recorded {
    use std::path::Path;

    use super::panicking::panic_of;
    use super::process::passes;
    use super::*;
    use lockhound::{TooLate, thread};
    use lockhound_trace::binary::Reader;
    use lockhound_trace::{EventSource, Op};

    fn inverts() -> bool {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        drop((a.lock().unwrap(), b.lock().unwrap()));
        panic_of(|| drop((b.lock().unwrap(), a.lock().unwrap()))).is_some()
    }

    /// How many acquisitions and waits a trace has, and how many of each have a stack.
    fn stacks(trace: &Path) -> [(usize, usize); 2] {
        let mut reader = Reader::open(trace).unwrap();
        let mut counts = [(0, 0); 2];
        while let Some(event) = reader.next_event().unwrap() {
            let kind = match event.op {
                Op::Acquire { .. } => 0,
                Op::Block { .. } => 1,
                _ => continue,
            };
            counts[kind].0 += 1;
            counts[kind].1 += usize::from(event.stack.is_some());
        }
        counts
    }

    #[test]
    fn each_bad_value_is_reported_once_and_ignored() {
        let bad = [
            ("LOCKHOUND_ON_DEADLOCK", "exit:300"),
            ("LOCKHOUND_STRICT", "maybe"),
            ("LOCKHOUND_STACKS", "some\u{e9}"),
            ("LOCKHOUND_LIMIT", "0"),
            ("LOCKHOUND_KEEP", "some"),
        ];
        let stderr = passes("recorded::each_bad_value_is_reported_once_and_ignored", &bad, || {
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| assert!(!inverts()));
                }
            });
            // The program's word counts where the environment's is not understood, but here it comes too late.
            assert_eq!(Settings::new().strict(Strict::Panic).apply(), Err(TooLate::Off));
        });
        let Some(stderr) = stderr else { return };
        for (name, value) in bad {
            let said = format!("lockhound: {name}={value} is ignored: expected ");
            assert_eq!(stderr.matches(&said).count(), 1, "{said} in {stderr}");
        }
        assert_eq!(stderr.lines().count(), bad.len(), "{stderr}");
    }

    #[test]
    fn a_bad_value_leaves_the_word_to_the_program() {
        passes("recorded::a_bad_value_leaves_the_word_to_the_program", &[("LOCKHOUND_STRICT", "yes")], || {
            Settings::new().strict(Strict::Panic).apply().unwrap();
            assert!(inverts());
        });
    }

    #[test]
    fn the_environment_wins() {
        let folder = tempfile::tempdir().unwrap();
        let (theirs, ours) = (folder.path().join("theirs.lht"), folder.path().join("ours.lht"));
        let variables = [("LOCKHOUND_TRACE", theirs.to_str().unwrap()), ("LOCKHOUND_STRICT", "off")];
        let ended = passes("recorded::the_environment_wins", &variables, || {
            let settings = Settings::new().trace("/nowhere/ours.lht").strict(Strict::Panic);
            settings.apply().expect("overruled, not too late");
            assert!(!inverts());
        });
        if ended.is_some() {
            assert!(theirs.exists() && !ours.exists());
        }
    }

    #[test]
    fn a_trace_can_be_asked_for_by_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("sub/%e.lht");
        // The child has a folder of its own: where its trace went is said on stderr.
        let stderr = passes("recorded::a_trace_can_be_asked_for_by_the_program", &[], || {
            let settings = Settings::new().trace(&trace).on_deadlock(Action::Off);
            settings.apply().unwrap();
            assert!(!inverts());
            let written = std::fs::read_dir(folder.path().join("sub")).unwrap().next().unwrap().unwrap().path();
            assert!(written.file_name().unwrap().to_str().unwrap().starts_with("settings-"), "{written:?}");
            assert!(stacks(&written)[0].0 >= 4);
            assert_eq!(Settings::new().trace("other.lht").apply(), Err(TooLate::Trace));
            // All or nothing.
            assert_eq!(Settings::new().trace("other.lht").strict(Strict::Panic).apply(), Err(TooLate::Trace));
            assert!(!inverts());
        });
        assert!(stderr.is_none_or(|stderr| stderr.is_empty()));
    }

    #[test]
    fn an_event_before_leaves_the_recorder_off_for_good() {
        passes("recorded::an_event_before_leaves_the_recorder_off_for_good", &[("LOCKHOUND_STRICT", "0")], || {
            drop(Mutex::new(()).lock());
            let error = Settings::new().trace("trace.lht").apply().unwrap_err();
            assert_eq!(error, TooLate::Off);
            assert!(error.to_string().contains("off for good"), "{error}");
            assert_eq!(Settings::new().on_deadlock(Action::Report).apply(), Err(TooLate::Off));
            assert_eq!(Settings::new().on_deadlock(Action::Off).stacks(Stacks::All).limit(7).apply(), Ok(()));
            assert_eq!(Settings::new().strict(Strict::Panic).apply(), Ok(()), "the environment wants none");
        });
    }

    #[test]
    fn settings_that_start_nothing_decide_nothing() {
        passes("recorded::settings_that_start_nothing_decide_nothing", &[], || {
            Settings::new().limit(1 << 20).stacks(Stacks::Off).apply().unwrap();
            Settings::new().on_deadlock(Action::Off).strict(Strict::Off).trace("").apply().unwrap();
            Settings::new().strict(Strict::Panic).apply().unwrap();
            assert!(inverts());
        });
    }

    #[test]
    fn the_program_can_limit_its_trace() {
        let stderr = passes("recorded::the_program_can_limit_its_trace", &[], || {
            let folder = tempfile::tempdir().unwrap();
            let trace = folder.path().join("trace.lht");
            Settings::new().trace(&trace).limit(64 << 10).apply().unwrap();
            let mutex = Mutex::new(0);
            for _ in 0..100_000 {
                *mutex.lock().unwrap() += 1;
            }
            assert!(std::fs::metadata(&trace).unwrap().len() <= 64 << 10);
        });
        let said = |stderr: &String| stderr.matches("LOCKHOUND_LIMIT is reached").count() == 1;
        assert!(stderr.as_ref().is_none_or(said), "{stderr:?}");
    }

    #[test]
    fn stacks_are_captured_as_asked() {
        for (value, of_acquisitions, of_waits) in [("off", 0..1, false), ("new", 1..3, true), ("all", 13..14, true)] {
            let folder = tempfile::tempdir().unwrap();
            let trace = folder.path().join("trace.lht");
            let variables = [("LOCKHOUND_TRACE", trace.to_str().unwrap()), ("LOCKHOUND_STACKS", value)];
            let ended = passes("recorded::stacks_are_captured_as_asked", &variables, || {
                let (a, b) = (Mutex::new(()), Mutex::new(()));
                for _ in 0..5 {
                    drop((a.lock().unwrap(), b.lock().unwrap()));
                }
                let held = a.lock().unwrap();
                thread::scope(|scope| {
                    let waits = scope.spawn(|| drop((a.lock().unwrap(), b.try_lock().unwrap())));
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    drop(held);
                    waits.join().unwrap();
                });
            });
            if ended.is_none() {
                return;
            }
            let [acquired, blocked] = stacks(&trace);
            assert_eq!(acquired.0, 13, "{value}");
            assert!(of_acquisitions.contains(&acquired.1), "{value}: {acquired:?}");
            assert_eq!(blocked.1 > 0, of_waits, "{value}: {blocked:?}");
        }
    }
}

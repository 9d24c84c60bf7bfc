//! Runs a test's body in a process of its own, with variables of its own.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Set in the child, which runs the body.
const CHILD: &str = "LOCKHOUND_TEST_CHILD";

/// How a child ended, and what it said.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

/// Runs `body` in a process of its own when `test`, which calls this, runs; none in that process. A child that hangs is
/// killed.
pub(crate) fn child(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) -> Option<Ended> {
    if std::env::var_os(CHILD).is_some() {
        body();
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--test-threads=1", "--quiet", "--nocapture"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LOCKHOUND_")) {
        command.env_remove(name);
    }
    command.env(CHILD, "1").envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped());
    Some(end(command.spawn().unwrap()))
}

/// The same for a body whose assertions must hold.
pub(crate) fn passes(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) -> Option<String> {
    let ended = child(test, variables, body)?;
    assert!(ended.status.success(), "{:?}: {}", ended.status, ended.stderr);
    Some(ended.stderr)
}

fn end(mut child: Child) -> Ended {
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    Ended { status: output.status, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// The message and line with which `f` panics; none if it does not.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> Option<(String, u32)> {
    static LAST: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or_default().to_owned();
        *LAST.lock().unwrap() = info.location().map(|location| (message, location.line()));
    }));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        f();
    }));
    panic::set_hook(hook);
    let last = LAST.lock().unwrap().take();
    if outcome.is_err() { last } else { None }
}

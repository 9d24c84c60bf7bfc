//! Runs this very test binary again, as a process of its own for one test.

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long such a process may take: it must not hang, but the machine may be loaded.
const LIMIT: Duration = Duration::from_secs(120);

/// Set in the process that runs a test's body.
const CHILD: &str = "LOCKHOUND_TEST_CHILD";

/// Whether this process is one for a single test.
pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs `body` in a process of its own when `test`, which calls this, runs; none in that process.
pub(crate) fn run(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) -> Option<Output> {
    if is_child() {
        body();
        return None;
    }
    let mut command = again(test);
    command.envs(variables.iter().copied());
    Some(finish(command))
}

/// The same for a body that must end well; with what it said on standard error.
pub(crate) fn passes(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) -> Option<String> {
    let output = run(test, variables, body)?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{:?}: {stderr}", output.status);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("1 passed"), "there is no test `{test}`: {stdout}");
    Some(stderr)
}

/// A command that runs nothing but `test`, with none of Lockhound's variables.
pub(crate) fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--quiet", "--test-threads=1"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"LOCKHOUND_")) {
        command.env_remove(name);
    }
    command.env(CHILD, "1").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
///
/// # Panics
/// If it hangs: it is killed.
pub(crate) fn finish(mut command: Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (gather(child.stdout.take().unwrap()), gather(child.stderr.take().unwrap()));
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hung: {command:?}\n{}", String::from_utf8_lossy(&stderr.join().unwrap()));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// All that comes out of a pipe, which might fill up if nobody read it.
fn gather(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        pipe.read_to_end(&mut all).unwrap();
        all
    })
}

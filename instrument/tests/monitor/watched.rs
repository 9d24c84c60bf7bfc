//! Runs scenarios in processes of their own that the monitor watches, and ends them when they hang.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use lockhound_trace::binary::Reader;
use lockhound_trace::{EventSource, Validated};

/// Set in the child: the scenario that it runs.
const CHILD: &str = "LOCKHOUND_TEST_WATCHED";

/// What the child says right before it closes a deadlock.
const CLOSING: &str = "it closes";

/// How long a child may be silent.
const LIMIT: Duration = Duration::from_secs(120);

/// How long one that hangs is watched after a report, lest it reports the same again or goes on.
const PATIENCE: Duration = Duration::from_millis(400);

/// A report takes milliseconds, but the machine may be busy with something else.
const IN_TIME: Duration = Duration::from_secs(20);

/// What a child did.
pub(super) struct Watched {
    pub(super) stderr: String,
    /// None if it hung and was killed.
    pub(super) status: Option<ExitStatus>,
    /// From [`closing`] to the report.
    pub(super) latency: Option<Duration>,
}

impl Watched {
    /// The lines that the monitor wrote at the beginning of a report.
    pub(super) fn headlines(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with("lockhound: ")).collect()
    }

    /// With which it ended, if it did so by itself.
    pub(super) fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }
}

/// To be called by a scenario right before the deadlock.
pub(super) fn closing() {
    eprintln!("{CLOSING}");
}

/// A function that runs in a process of its own, and its name.
pub(super) type Scenario = (&'static str, fn());

macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        &[$((stringify!($name), $name as fn())),+]
    };
}

pub(super) use scenarios;

/// Runs the scenario that this process is for, if it is for one, and ends it.
pub(super) fn run(scenarios: &[&[Scenario]]) {
    let Some(wanted) = std::env::var_os(CHILD) else { return };
    let scenario = scenarios.iter().copied().flatten().find(|(name, _)| wanted == *name).expect("a scenario").1;
    let outcome = std::panic::catch_unwind(scenario);
    std::process::exit(if outcome.is_ok() { 0 } else { 101 });
}

/// Runs a scenario that ends by itself.
pub(super) fn until_end(scenario: &str, variables: &[(&str, &str)]) -> Watched {
    watch(scenario, variables, LIMIT)
}

/// Runs a scenario that hangs. It is killed when it has been silent for a moment after a report.
pub(super) fn until_silent(scenario: &str, variables: &[(&str, &str)]) -> Watched {
    watch(scenario, variables, PATIENCE)
}

fn watch(scenario: &str, variables: &[(&str, &str)], patience: Duration) -> Watched {
    let mut child = start(scenario, variables);
    let lines = lines_of(&mut child);
    let (stderr, latency, hangs) = listen(&lines, patience);
    if hangs {
        child.kill().unwrap();
    }
    let status = Some(child.wait().unwrap()).filter(|_| !hangs);
    if let Some(latency) = latency {
        println!("{scenario}: reported {latency:?} after it closed");
    }
    Watched { stderr, status, latency }
}

/// Asserts that a deadlock is reported, in time, with this headline and with all of these texts, and that the process
/// then hangs.
pub(super) fn hangs(scenario: &str, headline: &str, texts: &[&str]) {
    let watched = until_silent(scenario, &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines(), [format!("lockhound: {headline}")], "{}", watched.stderr);
    for text in texts {
        assert!(watched.stderr.contains(text), "no {text:?} in\n{}", watched.stderr);
    }
    assert!(watched.status.is_none(), "it went on:\n{}", watched.stderr);
    let latency = watched.latency.expect("reported");
    assert!(latency < IN_TIME, "{latency:?}");
}

/// Asserts that nothing is reported and that the process ends well.
pub(super) fn is_silent(scenario: &str) {
    let watched = until_end(scenario, &[("LOCKHOUND_ON_DEADLOCK", "exit:99")]);
    assert_eq!(watched.headlines(), [""; 0], "{}", watched.stderr);
    assert!(watched.status.is_some_and(|status| status.success()), "{:?}\n{}", watched.status, watched.stderr);
}

/// What is wrong with a trace, if anything is.
pub(super) fn complaint(trace: &Path) -> Option<String> {
    let mut events = Validated::new(Reader::open(trace).unwrap(), trace);
    loop {
        match events.next_event() {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error.to_string()),
        }
    }
}

fn start(scenario: &str, variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LOCKHOUND_")) {
        command.env_remove(name);
    }
    command.env(CHILD, scenario).env_remove("RUST_BACKTRACE").envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn lines_of(child: &mut Child) -> Receiver<(Instant, String)> {
    let (sender, receiver) = channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            if sender.send((Instant::now(), line)).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Everything that the child says until it ends, or has been silent for `patience` after a report; the time from
/// [`closing`] to the first report; and whether it hangs.
fn listen(lines: &Receiver<(Instant, String)>, patience: Duration) -> (String, Option<Duration>, bool) {
    let (mut stderr, mut closed, mut reported, mut limit) = (String::new(), None, None, LIMIT);
    let hangs = loop {
        let (at, line) = match lines.recv_timeout(limit) {
            Ok(heard) => heard,
            Err(why) => break why == RecvTimeoutError::Timeout,
        };
        if line == CLOSING {
            closed = Some(at);
        }
        if line.starts_with("lockhound: ") && reported.is_none() {
            reported = Some(at);
        }
        // The last line of a report says what happens next.
        let last = ["  the program", "  the process", "  the thread", "  no thread"];
        if last.iter().any(|next| line.starts_with(next)) {
            limit = patience;
        }
        stderr.push_str(&line);
        stderr.push('\n');
    };
    (stderr, closed.zip(reported).map(|(closed, reported)| reported - closed), hangs)
}

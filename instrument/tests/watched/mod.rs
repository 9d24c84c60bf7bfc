//! Runs scenarios in processes of their own that the monitor watches, and ends them when they hang.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lockhound_trace::binary::Reader;
use lockhound_trace::{EventSource, Validated};

/// Set in the child: the scenario that it runs.
const CHILD: &str = "LOCKHOUND_TEST_WATCHED";

/// What the child says right before it closes a deadlock.
const CLOSING: &str = "now it closes";

/// How long a child may take for anything.
const LIMIT: Duration = Duration::from_secs(60);

/// What a child did.
pub(crate) struct Watched {
    pub(crate) stderr: String,
    /// None if it hung and was killed.
    pub(crate) status: Option<ExitStatus>,
    /// From [`closing`] to the report.
    pub(crate) latency: Option<Duration>,
}

impl Watched {
    /// The lines that the monitor wrote at the beginning of a report.
    pub(crate) fn headlines(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with("lockhound: ")).collect()
    }
}

/// To be called by a scenario right before the deadlock.
pub(crate) fn closing() {
    eprintln!("{CLOSING}");
}

/// Declares the functions that may run in a process of their own.
///
/// They run before `main`, or else the harness's main thread would be one that the monitor never sees do anything.
macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        extern "C" fn run_scenario() {
            let scenarios: &[(&str, fn())] = &[$((stringify!($name), $name)),+];
            $crate::watched::run(scenarios);
        }

        // SAFETY: the section holds functions that are called without arguments before `main`, and so may this one be.
        #[used]
        #[unsafe(link_section = ".init_array")]
        static RUN_SCENARIO: extern "C" fn() = run_scenario;
    };
}

pub(crate) use scenarios;

/// Runs the scenario that this process is for, if it is for one, and ends it.
pub(crate) fn run(scenarios: &[(&str, fn())]) {
    let Some(wanted) = std::env::var_os(CHILD) else { return };
    let scenario = scenarios.iter().find(|(name, _)| wanted == *name).expect("a scenario").1;
    let outcome = std::panic::catch_unwind(scenario);
    std::process::exit(if outcome.is_ok() { 0 } else { 101 });
}

/// Runs a scenario. Once it has reported something it is given a moment to end, and then killed.
pub(crate) fn watch(scenario: &str, variables: &[(&str, &str)]) -> Watched {
    let mut child = start(scenario, variables);
    let lines = lines_of(&mut child);
    let (stderr, latency) = listen(&lines);
    let watched = Watched { stderr, status: end(&mut child), latency };
    if let Some(latency) = watched.latency {
        println!("{scenario}: reported {latency:?} after it closed");
    }
    watched
}

/// Asserts that a deadlock is reported, in time, with this headline and with all of these texts, and that the process
/// then hangs.
pub(crate) fn hangs(scenario: &str, headline: &str, texts: &[&str]) {
    let watched = watch(scenario, &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines(), [format!("lockhound: {headline}")], "{}", watched.stderr);
    for text in texts {
        assert!(watched.stderr.contains(text), "no {text:?} in\n{}", watched.stderr);
    }
    assert!(watched.status.is_none(), "it went on:\n{}", watched.stderr);
    let latency = watched.latency.expect("reported");
    assert!(latency < Duration::from_secs(2), "{latency:?}");
}

/// Asserts that nothing is reported and that the process ends well.
pub(crate) fn is_silent(scenario: &str) {
    let watched = watch(scenario, &[("LOCKHOUND_ON_DEADLOCK", "exit:99")]);
    assert_eq!(watched.headlines(), [""; 0], "{}", watched.stderr);
    assert!(watched.status.is_some_and(|status| status.success()), "{:?}\n{}", watched.status, watched.stderr);
}

/// What is wrong with a trace, if anything is.
pub(crate) fn complaint(trace: &Path) -> Option<String> {
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

/// Everything that the child says until it ends, or is silent after a report.
fn listen(lines: &Receiver<(Instant, String)>) -> (String, Option<Duration>) {
    let (mut stderr, mut closed, mut reported, mut patience) = (String::new(), None, None, LIMIT);
    while let Ok((at, line)) = lines.recv_timeout(patience) {
        if line == CLOSING {
            closed = Some(at);
        }
        if line.starts_with("lockhound: ") && reported.is_none() {
            reported = Some(at);
        }
        // The last line of a report says what happens next.
        let last = ["  the program", "  the process", "  the thread", "  no thread"];
        if last.iter().any(|next| line.starts_with(next)) {
            patience = Duration::from_millis(1500);
        }
        stderr.push_str(&line);
        stderr.push('\n');
    }
    (stderr, closed.zip(reported).map(|(closed, reported)| reported - closed))
}

fn end(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + Duration::from_millis(500);
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

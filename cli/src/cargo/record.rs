//! `cargo lockhound test`, `nextest` and `run`.

use std::ffi::OsString;
use std::io;
use std::num::NonZeroU8;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, bail};

use super::activation::{Activation, Purpose};
use super::args::RecordArgs;
use super::conclude::{analyse, conclude};
use super::environment::variables;
use super::selection::Selection;
use super::store::{Run, Store};
use super::words::Words;
use super::workspace::{Workspace, cargo};
use super::{nothing, only};
use crate::child::{Ended, Patience, supervise};
use crate::commands::run::in_words;
use crate::config::{Config, Coverage};
use crate::console;
use crate::exit_code::ExitCode;

/// Which command of cargo is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recorded {
    Test,
    Nextest,
    Run,
}

impl Recorded {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Test | Self::Nextest => Purpose::Test,
            Self::Run => Purpose::Run,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Test => "cargo test",
            Self::Nextest => "cargo nextest run",
            Self::Run => "cargo run",
        }
    }

    /// Whether these words select every test: any of cargo's that may choose among them is taken to do so.
    fn is_all(self, words: &Words) -> bool {
        const ALL: [&str; 10] = [
            "--workspace",
            "--all",
            "--all-targets",
            "--all-features",
            "--no-fail-fast",
            "--release",
            "--locked",
            "--offline",
            "--frozen",
            "--quiet",
        ];
        self != Self::Run
            && words.programs.is_empty()
            && words.cargos.iter().all(|word| ALL.iter().any(|one| word == one))
    }
}

/// Runs cargo with the recorder turned on, waits for its end, and reports what was recorded.
pub(super) fn run(recorded: Recorded, args: &RecordArgs, mut words: Words) -> anyhow::Result<ExitCode> {
    if recorded == Recorded::Nextest {
        prepare_nextest(args, &mut words)?;
    }
    let selection = Selection::of(&words.cargos);
    let workspace = Workspace::of(&selection)?;
    // Whoever has to mend it should not have to wait for the tests first.
    let config = Config::load(&args.report.config, workspace.root())?;
    let selected = workspace.selected(&selection);
    let activation = Activation::of(workspace.metadata(), &selected, recorded.purpose());
    let store = Store::under(workspace.target());
    if !args.no_report {
        store.forget_reported().context("could not remove the traces of earlier runs")?;
    }
    let run = store.begin()?;
    let mut command = command(recorded, &words);
    command.envs(variables(run.folder(), recorded.purpose()));
    if let Ok(activation) = &activation {
        let names: Vec<&str> = selected.iter().map(|package| package.name.as_str()).collect();
        command.args(additions(activation, &names, selection.packages.is_empty())?);
    }
    command.args(["--"].iter().filter(|_| !words.programs.is_empty())).args(&words.programs);
    // Stdout is the report's.
    command.stdout(Stdio::from(io::stderr()));
    let patience = Patience { time: args.timeout, quiet: None };
    let ended = supervise(&mut command, patience).with_context(|| format!("could not run `{}`", recorded.name()))?;
    let status = status_of(ended);
    if ended != Ended::Alone(ExitStatus::default()) {
        console::note(&format!("`{}` {}", recorded.name(), in_words(ended)));
    }
    let is_all = selected.len() == workspace.metadata().workspace_members.len()
        && recorded.is_all(&words)
        && ended == Ended::Alone(ExitStatus::default());
    let coverage = args.search.coverage().and(if is_all { Coverage::Whole } else { Coverage::Partial });
    let reason = nothing::reason(activation.as_ref().map(|_| ()), &selected);
    let code = match finish(&run, &workspace, args, (config, coverage))? {
        Some(code) => code,
        // Where it failed, perhaps nothing was run at all.
        None if status.is_some() && activation.is_ok() => ExitCode::Clean,
        None if status.is_some() || args.no_report => {
            console::note(&reason);
            ExitCode::Clean
        }
        None => bail!(reason),
    };
    Ok(match (status, ended) {
        (Some(status), _) => ExitCode::Program(status),
        // What was cut short has not passed.
        (None, Ended::ByUs(_)) if code == ExitCode::Clean => ExitCode::Trouble,
        (None, _) => code,
    })
}

/// Makes the words those that we need, and refuses what nextest does not do.
fn prepare_nextest(args: &RecordArgs, words: &mut Words) -> anyhow::Result<()> {
    // It may be written as it is without us.
    if words.cargos.first().is_some_and(|word| word == "run" || word == "r") {
        words.cargos.remove(0);
    }
    if args.timeout.is_some() {
        bail!("nextest has time limits of its own: set `slow-timeout` with `terminate-after` in .config/nextest.toml");
    }
    require_nextest()
}

/// Reports on the run, unless that is to be done later. None if there is nothing to report on.
fn finish(
    run: &Run,
    workspace: &Workspace,
    args: &RecordArgs,
    decided: (Config, Coverage),
) -> anyhow::Result<Option<ExitCode>> {
    if !run.has_traces().context("could not look for traces")? {
        run.discard();
        return Ok(None);
    }
    if args.no_report {
        console::note(&format!("traces are in {}", run.folder().display()));
        return Ok(Some(ExitCode::Clean));
    }
    let batch = analyse(&[run.folder().to_owned()], &args.search.options(&decided.0));
    run.mark_reported().context("could not note that the run was reported")?;
    if batch.runs.is_empty() && batch.problems.is_empty() {
        return Ok(None);
    }
    console::note(&format!("traces are in {}", run.folder().display()));
    conclude(batch, workspace, &args.report, None, decided).map(Some)
}

fn command(recorded: Recorded, words: &Words) -> Command {
    let mut command = Command::new(cargo());
    match recorded {
        Recorded::Test => command.arg("test"),
        Recorded::Nextest => command.args(["nextest", "run"]),
        Recorded::Run => command.arg("run"),
    };
    command.args(&words.cargos);
    command
}

/// What is added to cargo's words. Packages have to be named beside a helper, if the user did not name any.
fn additions(activation: &Activation, selected: &[&str], unnamed: bool) -> anyhow::Result<Vec<OsString>> {
    let mut words: Vec<OsString> = vec!["--features".into(), activation.features.join(",").into()];
    if !activation.helpers.is_empty() {
        let named = selected.iter().filter(|_| unnamed).copied();
        for package in named.chain(activation.helpers.iter().map(String::as_str)) {
            words.extend(["--package".into(), package.into()]);
        }
        words.extend(["--config".into(), only::configuration(selected)?.into()]);
    }
    Ok(words)
}

/// As a shell has it: 128 and the number of the signal.
fn status_of(ended: Ended) -> Option<NonZeroU8> {
    let Ended::Alone(status) = ended else { return None };
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    // More than a byte is no Unix; if it were, it would be no success.
    (code != 0).then(|| u8::try_from(code).ok().and_then(NonZeroU8::new).unwrap_or(NonZeroU8::MAX))
}

fn require_nextest() -> anyhow::Result<()> {
    let version = Command::new(cargo()).args(["nextest", "--version"]).stdin(Stdio::null()).output();
    if version.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    bail!(
        "`cargo nextest` is not installed: `cargo install --locked cargo-nextest`, or one of the ready-made binaries of \
         https://nexte.st/docs/installation/pre-built-binaries"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::child::Reason;

    #[test]
    fn the_programs_status_is_passed_on() {
        let status = |raw| status_of(Ended::Alone(ExitStatus::from_raw(raw))).map(NonZeroU8::get);
        assert_eq!((status(0), status(101 << 8), status(6)), (None, Some(101), Some(134)));
        assert_eq!(status_of(Ended::ByUs(Reason::TooLong(Duration::from_secs(1)))), None);
    }

    #[test]
    fn only_what_cannot_leave_a_test_out_is_all() {
        let is_all = |recorded: Recorded, cargos: &[&str], programs: &[&str]| {
            let words = |words: &[&str]| words.iter().map(OsString::from).collect();
            recorded.is_all(&Words { ours: Vec::new(), cargos: words(cargos), programs: words(programs) })
        };
        assert!(is_all(Recorded::Test, &[], &[]) && is_all(Recorded::Nextest, &["--workspace", "--release"], &[]));
        assert!(!is_all(Recorded::Test, &["--test", "service"], &[]) && !is_all(Recorded::Test, &["name"], &[]));
        assert!(!is_all(Recorded::Test, &[], &["--ignored"]) && !is_all(Recorded::Run, &[], &[]));
    }

    #[test]
    fn nothing_is_added_but_the_feature_where_that_suffices() {
        let activation = Activation { features: vec!["dog/record".to_owned()], helpers: Vec::new() };
        assert_eq!(additions(&activation, &["app"], true).unwrap(), ["--features", "dog/record"]);
    }

    #[test]
    fn a_helper_is_selected_beside_what_was_selected() {
        let activation = Activation { features: vec!["dog/record".to_owned()], helpers: vec!["core".to_owned()] };
        let words = |unnamed| additions(&activation, &["app"], unnamed).unwrap();
        assert_eq!(words(true)[2..6], ["--package", "app", "--package", "core"]);
        assert_eq!(words(false)[2..4], ["--package", "core"]);
        let last = words(false).pop().unwrap().into_string().unwrap();
        assert!(last.starts_with("target.'cfg(all())'.runner=[") && last.contains("\"app\""), "{last}");
    }
}

//! The command line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use lockhound_analyzer::{Limits, Options, Regions, Rule};
use lockhound_trace::Format;

use crate::config::{Config, Coverage, Date};
use crate::limit::{Limit, limit, limit_help};
use crate::names;

const EXIT_STATUS: &str = "\
Exit status:
  0  no finding counts as a failure
  1  at least one does: by default every error and warning; --fail-on moves the line
  2  lockhound could not do its job: wrong usage, input that is unreadable, broken or empty, nothing recorded";

const LIVES: &str = "\
The states of threads that --threads tells of, as far as a trace shows them:
  new      made, and not yet started
  ready    started, and nothing done yet; or it waited, what it waited for is there, and it has not gone on yet
  running  neither waits nor is dead. Whether it had a processor then, slept, or waited for something that is not
           recorded (input; a join or a wait for an event with a time-out), no trace tells
  blocked  waits for what is not there: a lock, a message, a notification, the end of a thread …
  dead     ended; or cut off, when the main thread ended and the process with it
How long a state lasts is counted in events of the trace, by whichever thread, and in time where the trace has it.";

/// Finds deadlocks, lock-order violations, data races and lost updates from ordinary runs of a program.
#[derive(Parser, Debug)]
#[command(name = "lockhound", version, after_help = EXIT_STATUS, max_term_width = 100)]
pub(crate) struct Cli {
    /// When to use colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Analyse recorded traces and report what is wrong
    #[command(after_help = EXIT_STATUS)]
    Check(CheckArgs),
    /// Put reports together that were written with `--format json`: those of several machines, or of several runs
    #[command(after_help = EXIT_STATUS)]
    Report(ReportFilesArgs),
    /// Run a program, record it, and check what was recorded
    ///
    /// The program must have been built with the feature `record` of the crate `lockhound`. Its own exit status is
    /// reported on stderr, but does not become lockhound's: only findings, or nothing to check, do.
    #[command(after_help = EXIT_STATUS)]
    Run(RunArgs),
    /// List the demonstrations, or record and check one, or all
    #[command(after_help = EXIT_STATUS)]
    Demo(DemoArgs),
    /// The program of a demonstration, as a process of its own
    #[command(hide = true)]
    DemoProgram { id: String },
    /// Print the events of a trace, one a line, or the life of each thread, or draw its timeline
    #[command(after_long_help = LIVES)]
    Show(ShowArgs),
    /// Draw which lock was asked for while which was held; by default only what is part of a cycle
    Graph(GraphArgs),
    /// Count, lock by lock, who acquired it, where, who had to wait, and for how long it was held
    Stats(StatsArgs),
    /// Write a trace in another format
    Convert(ConvertArgs),
    /// Accept findings, with the reason, in lockhound.toml
    #[command(
        override_usage = "lockhound allow ID --reason TEXT [PATH]...\n       lockhound allow --write-baseline [PATH]..."
    )]
    Allow(AllowArgs),
    /// Explain a rule: what it means, how sure its findings are, how to fix them, what can fool it
    Explain(ExplainArgs),
    /// Print a script that lets a shell complete commands of lockhound
    Completions(CompletionsArgs),
    /// Print the manual page, or write it and one for each command
    Man(ManArgs),
}

/// What to look for, and how far to go.
#[derive(Args, Clone, Debug)]
pub(crate) struct SearchArgs {
    /// Look only for these rules, separated by commas (`lockhound explain` lists them)
    #[arg(long, value_delimiter = ',', value_parser = rule, value_name = "RULE")]
    pub(crate) rules: Vec<Rule>,
    /// Which accesses count as meant to be one step
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub(crate) regions: WhichRegions,
    /// Only say what happened in the run: do not search its other schedules
    #[arg(long)]
    pub(crate) no_prediction: bool,
    /// Stop searching a trace after this long (500ms, 30s, 2m), and report what was found by then
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) time_budget: Option<Duration>,
    /// Move a limit of the searches (may be repeated); the report says when one was reached, --help which there are
    #[arg(long = "limit", value_parser = limit, value_name = "NAME=N", long_help = limit_help())]
    pub(crate) limits: Vec<Limit>,
}

impl SearchArgs {
    /// The same for the analyses, which also watch the orders of locks that the team states.
    pub(crate) fn options(&self, config: &Config) -> Options {
        let mut limits = Limits::default();
        for limit in &self.limits {
            limit.apply(&mut limits);
        }
        Options {
            rules: (!self.rules.is_empty()).then(|| self.rules.clone()),
            regions: self.regions.into(),
            orders: Arc::clone(&config.orders),
            prediction: !self.no_prediction,
            limits,
            time_budget: self.time_budget,
        }
    }

    /// Whether nothing is left out.
    pub(crate) fn coverage(&self) -> Coverage {
        let Self { rules, regions, no_prediction, time_budget, limits } = self;
        let leaves_out = !rules.is_empty()
            || *regions == WhichRegions::Declared
            || *no_prediction
            || time_budget.is_some()
            || !limits.is_empty();
        if leaves_out { Coverage::Partial } else { Coverage::Whole }
    }
}

/// What the team has decided.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ConfigArgs {
    /// The file that says which findings are accepted, which rules matter, and in which order locks are taken
    /// [default: lockhound.toml here or above, up to the root of the workspace]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,
    /// Do as if there were no such file
    #[arg(long)]
    pub(crate) no_config: bool,
}

/// How to report.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReportArgs {
    /// The form of the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
    /// Also list the patterns that the run refutes, each with the reason
    #[arg(long)]
    pub(crate) refuted: bool,
    /// Also show the findings that are accepted, each with the reason
    #[arg(long)]
    pub(crate) suppressed: bool,
    /// The least finding that makes the exit status 1 [default: as lockhound.toml says, else possible]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Show call stacks; twice: with the frames of lockhound and std
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Instead of the report, print the schedule that proves the finding with this id (or its beginning), side by side by
    /// thread; with -v every step of it
    #[arg(long, value_name = "ID")]
    pub(crate) witness: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Traces, and folders to search for *.lht, *.jsonl and *.std
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write the report to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) search: SearchArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ReportFilesArgs {
    /// Reports of version 1, as `--format json` writes them
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write the report to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// End the program, and all it started, after this long (500ms, 30s, 2m); without it a hung program is waited for
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Option<Duration>,
    /// Keep the traces in this folder, which must be new or empty [default: lockhound-traces/PROGRAM-TIME-PID]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) search: SearchArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// The program and its arguments
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<std::ffi::OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Which one; without it, all are listed
    pub(crate) scenario: Option<String>,
    /// Record and check all of them, and print a table of what came out; with `--format json` all that is known of each run
    ///
    /// The exit status is 0 if each came out as it is known to, with exactly the findings that belong to that, and 1 otherwise.
    #[arg(long, conflicts_with_all = [
        "scenario", "source", "SearchArgs", "ConfigArgs", "refuted", "suppressed", "fail_on", "verbose", "witness",
    ])]
    pub(crate) all: bool,
    /// Run those so many times that may come out in more than one way
    #[arg(long, requires = "all", conflicts_with = "scenario", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    pub(crate) times: u32,
    /// Print the program instead of running it
    #[arg(long, requires = "scenario")]
    pub(crate) source: bool,
    /// Keep the traces in this folder, which must be new or empty [default: lockhound-traces/SCENARIO-TIME-PID; of all, none
    /// is kept]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) search: SearchArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The trace
    pub(crate) trace: PathBuf,
    /// Only events of this thread (may be repeated)
    #[arg(short, long = "thread", value_name = "NAME|ID")]
    pub(crate) threads: Vec<String>,
    /// Only events on this object (may be repeated)
    #[arg(short, long = "object", value_name = "NAME|ID")]
    pub(crate) objects: Vec<String>,
    /// Instead of the events, write what threads and locks did over time as a trace of Chrome's, to be opened at
    /// https://ui.perfetto.dev or chrome://tracing
    #[arg(long, conflicts_with_all = ["threads", "objects"])]
    pub(crate) timeline: bool,
    /// Write the timeline to this file instead of stdout
    #[arg(long, requires = "timeline", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Instead of the events, print the life of every thread (or of those chosen with --thread): when it was new, ready,
    /// running, blocked, dead, and why (--help says what that means here)
    #[arg(long = "threads", conflicts_with_all = ["objects", "timeline"])]
    pub(crate) lives: bool,
    /// So many phases of each thread's life are shown, the first and the last
    #[arg(long, requires = "lives", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..), value_name = "N")]
    pub(crate) phases: u32,
    /// The form of the threads' lives
    #[arg(long, requires = "lives", value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: LivesFormat,
}

/// The form in which threads' lives are told.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum LivesFormat {
    /// For people: a table a thread
    #[default]
    Text,
    /// For programs: one JSON object
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct GraphArgs {
    /// Traces, folders to search for *.lht, *.jsonl and *.std, and reports that `--format json` wrote
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The form of the graph [default: by the extension of the output file, else text]
    #[arg(long, value_enum)]
    pub(crate) format: Option<GraphFormat>,
    /// All orders, not only those that are part of a cycle
    #[arg(long)]
    pub(crate) all: bool,
    /// In a drawing, emphasise the orders that the finding with this id (or its beginning) is about; it may be against an
    /// order that lockhound.toml states
    #[arg(long, value_name = "ID")]
    pub(crate) finding: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Write the graph to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The form of a lock-order graph.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum GraphFormat {
    /// For people, an order a line
    #[default]
    Text,
    /// For Graphviz
    Dot,
    /// A picture, for browsers
    Svg,
}

#[derive(Args, Debug)]
pub(crate) struct StatsArgs {
    /// Traces, and folders to search for *.lht, *.jsonl and *.std
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// Print JSON, with all locks and all places
    #[arg(long)]
    pub(crate) json: bool,
    /// How many rows the table has at most
    #[arg(long, default_value_t = 30, value_name = "N", conflicts_with = "json")]
    pub(crate) top: usize,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The folder to write the pages to, which is made if it is missing
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ConvertArgs {
    /// The trace to read
    #[arg(value_name = "FROM")]
    pub(crate) input: PathBuf,
    /// The file to write
    #[arg(value_name = "TO")]
    pub(crate) output: PathBuf,
    /// Format of the trace to read [default: by its content, then its extension]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) from: Option<TraceFormat>,
    /// Format of the file to write [default: by its extension]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Option<TraceFormat>,
    /// Overwrite a file that exists
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AllowArgs {
    /// The finding, by its id or the first 8 digits
    #[arg(value_name = "ID", required_unless_present = "write_baseline")]
    pub(crate) id: Option<String>,
    /// Where it was found: reports in JSON, traces, and folders of them [default: the last report of `cargo lockhound`]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT", required_unless_present = "write_baseline")]
    pub(crate) reason: Option<String>,
    /// From this day on (like 2027-01-31) it is not accepted any more
    #[arg(long, value_parser = crate::config::parse_date, value_name = "DATE")]
    pub(crate) expires: Option<Date>,
    /// Accept all that is found today, so that only what is new fails [reason: baseline of this day]
    #[arg(long)]
    pub(crate) write_baseline: bool,
    /// The file to write to [default: lockhound.toml here or above, else a new one at the root of the workspace]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The rule; without it, all are listed
    #[arg(value_parser = rule)]
    pub(crate) rule: Option<Rule>,
}

/// The form of a report.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// One line a finding, for editors
    Short,
    /// For programs: one JSON object, version 1
    Json,
    /// For browsers: one page that needs no network
    Html,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For CI services: JUnit XML, a test case a finding
    Junit,
    /// For GitHub: workflow annotations
    Github,
    /// For Graphviz: the lock orders that are part of cycles
    Dot,
    /// The same as a picture
    Svg,
    /// The recorded runs around the findings as a trace of Chrome's, for https://ui.perfetto.dev
    Perfetto,
}

/// The least finding that fails, surest first. Findings of severity note count only as `note`, however sure they are.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum FailOn {
    /// Errors and warnings that happened in the run
    Observed,
    /// Also those proved possible
    Feasible,
    /// Also those neither proved nor refuted: every error and warning
    #[default]
    Possible,
    /// Any finding at all
    Note,
}

/// Which accesses count as meant to be one step.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum WhichRegions {
    /// Only those in declared regions
    Declared,
    /// Also those that one call makes, or whose values or places suggest it
    #[default]
    Inferred,
    /// Every two consecutive accesses of one variable by one thread
    All,
}

impl From<WhichRegions> for Regions {
    fn from(which: WhichRegions) -> Self {
        match which {
            WhichRegions::Declared => Self::Declared,
            WhichRegions::Inferred => Self::Inferred,
            WhichRegions::All => Self::All,
        }
    }
}

/// When to use colours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Decides for all that this process prints.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// An encoding of traces.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TraceFormat {
    /// Binary, as recorded
    Lht,
    /// JSON Lines
    Jsonl,
    /// RAPID's STD text
    Std,
}

impl From<TraceFormat> for Format {
    fn from(format: TraceFormat) -> Self {
        match format {
            TraceFormat::Lht => Self::Binary,
            TraceFormat::Jsonl => Self::JsonLines,
            TraceFormat::Std => Self::Std,
        }
    }
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "expected a number and a unit, more than nothing: 500ms, 30s, 2m …".to_owned())
}

fn rule(name: &str) -> Result<Rule, String> {
    Rule::ALL
        .into_iter()
        .find(|rule| rule.name() == name)
        .ok_or_else(|| format!("no rule is called so; there are {}", names::list(Rule::ALL.map(Rule::name), "and")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("30").is_err());
        assert!(duration("0s").is_err());
        assert!(duration("soon").is_err());
    }
}

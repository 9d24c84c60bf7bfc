//! From what was found to what is printed and to the exit status.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anstream::AutoStream;
use anyhow::Context;
use lockhound_report::{
    Detail, Document, Evidence, Finding, Locate, Severity, Sources, TextOptions, Wanted, Which, look_up_names,
};

use crate::args::{FailOn, ReportArgs, ReportFormat};
use crate::config::{Config, Coverage};
use crate::console;
use crate::exit_code::ExitCode;
use crate::repository::Repository;
use crate::sources::{Embedded, Files};
use crate::symbols::{Frames, Symbols};

/// What a command has come to.
#[derive(Debug)]
pub(crate) struct Conclusion {
    pub(crate) document: Document,
    /// What could not be done, a line each.
    pub(crate) problems: Vec<String>,
    pub(crate) embedded: Embedded,
    /// What the team has decided about such findings.
    pub(crate) config: Config,
    /// Of all that the team has decided about, how much the document can show.
    pub(crate) coverage: Coverage,
}

/// Calls `build` with what a document needs to be reported so. What is not shown is not worked out: call stacks are
/// resolved from the debug information of whole programs.
pub(crate) fn detail<R>(args: &ReportArgs, build: impl FnOnce(&Detail<'_>) -> R) -> R {
    let symbols = Symbols::relative_to(std::env::current_dir().unwrap_or_default());
    let frames = if args.verbose > 1 { Frames::All } else { Frames::Program };
    let whole = matches!(args.format, ReportFormat::Json | ReportFormat::Html | ReportFormat::Perfetto);
    let stacks = whole || args.verbose > 0;
    let details = if whole { Wanted::All } else { Wanted::None };
    build(&Detail {
        symbols: &|stack| if stacks { symbols.stack(stack, frames) } else { Vec::new() },
        refuted: args.refuted,
        replays: args.witness.as_deref().map_or(details, Wanted::Only),
        timelines: details,
        every_step: args.witness.is_some() && args.verbose > 0,
    })
}

impl Conclusion {
    /// Problems go to stderr, the report to `output` or stdout.
    pub(crate) fn report(mut self, args: &ReportArgs, output: Option<&Path>) -> anyhow::Result<ExitCode> {
        let sources = Files::new(self.embedded);
        look_up_names(&mut self.document, &sources);
        let read = if self.is_incomplete() { Coverage::Partial } else { Coverage::Whole };
        self.config.apply(&mut self.document, self.coverage.and(read))?;
        for problem in &self.problems {
            console::error(problem);
        }
        if let Some(id) = &args.witness {
            let text = lockhound_report::schedule_text(self.document.find(id)?, args.verbose > 0)?;
            write(output, &text)?;
        // Programs always get their report; people need no summary of nothing.
        } else if !self.document.traces.is_empty() || args.format != ReportFormat::Text {
            write(output, &self.render(args, &sources))?;
        }
        Ok(self.exit_code(args.fail_on.or(self.config.fail_on).unwrap_or_default()))
    }

    fn render(&self, args: &ReportArgs, sources: &dyn Sources) -> String {
        let document = &self.document;
        match args.format {
            ReportFormat::Json => lockhound_report::to_json(document),
            ReportFormat::Dot => lockhound_report::dot(&document.lock_orders, Which::Cycles),
            ReportFormat::Svg => lockhound_report::svg(&document.lock_orders, Which::Cycles, None),
            ReportFormat::Perfetto => lockhound_report::perfetto(document),
            ReportFormat::Short => lockhound_report::short(document, args.suppressed),
            ReportFormat::Sarif => in_repository(|locate| lockhound_report::sarif(document, locate)),
            ReportFormat::Junit => in_repository(|locate| lockhound_report::junit(document, locate)),
            ReportFormat::Github => in_repository(|locate| lockhound_report::github(document, locate)),
            ReportFormat::Html => lockhound_report::html(document, sources),
            ReportFormat::Text => {
                let options =
                    TextOptions { refuted: args.refuted, stacks: args.verbose > 0, suppressed: args.suppressed };
                lockhound_report::text(document, sources, options)
            }
        }
    }

    /// The exit status: a report on half of the input must not pass for one on all of it.
    fn exit_code(&self, fail_on: FailOn) -> ExitCode {
        if self.is_incomplete() {
            ExitCode::Trouble
        } else if self.document.findings.iter().any(|finding| fails(finding, fail_on)) {
            ExitCode::Findings
        } else {
            ExitCode::Clean
        }
    }

    /// Whether some of the input could not be read.
    fn is_incomplete(&self) -> bool {
        !self.problems.is_empty() || self.document.traces.iter().any(lockhound_report::Trace::is_incomplete)
    }
}

/// Calls `render` with what names files as the repository around the current folder does.
fn in_repository(render: impl FnOnce(Locate<'_>) -> String) -> String {
    let repository = Repository::around(&std::env::current_dir().unwrap_or_default());
    render(&|file, cwd| repository.locate(file, cwd))
}

fn fails(finding: &Finding, fail_on: FailOn) -> bool {
    let least = match fail_on {
        _ if finding.suppressed.is_some() => return false,
        FailOn::Note => return true,
        FailOn::Possible => Evidence::Possible,
        FailOn::Feasible => Evidence::Feasible,
        FailOn::Observed => Evidence::Observed,
    };
    finding.severity > Severity::Note && finding.evidence >= least
}

pub(crate) fn write(output: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match output {
        Some(path) => write_file(path, text).with_context(|| format!("{}: could not write", path.display())),
        None => console::print(text),
    }
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = AutoStream::auto(File::create(path)?);
    file.write_all(text.as_bytes())?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use lockhound_report::{Rule, Suppression, Trace};

    use super::*;

    fn finding(evidence: Evidence, severity: Severity) -> Finding {
        Finding {
            rule: Rule::DataRace,
            evidence,
            severity,
            fingerprint: "7f3a91c200000001".to_owned(),
            trace: 0,
            message: String::new(),
            pattern: None,
            region: None,
            threads: Vec::new(),
            objects: Vec::new(),
            steps: Vec::new(),
            witness: Vec::new(),
            witness_omitted: None,
            occurrences: 1,
            seen_in: vec![0],
            thread_names: Vec::new(),
            object_names: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            suppressed: None,
            replay: None,
            timeline: None,
        }
    }

    fn conclusion(findings: Vec<Finding>) -> Conclusion {
        let document = Document { findings, traces: vec![Trace::default()], ..Document::default() };
        let (config, coverage) = (Config::default(), Coverage::Whole);
        Conclusion { document, problems: Vec::new(), embedded: Embedded::Last, config, coverage }
    }

    #[test]
    fn the_line_between_good_and_bad_moves() {
        use ExitCode::{Clean, Findings};
        let levels = [FailOn::Observed, FailOn::Feasible, FailOn::Possible, FailOn::Note];
        let cases = [
            (Evidence::Observed, Severity::Error, [Findings, Findings, Findings, Findings]),
            (Evidence::Feasible, Severity::Error, [Clean, Findings, Findings, Findings]),
            (Evidence::Possible, Severity::Warning, [Clean, Clean, Findings, Findings]),
            (Evidence::Observed, Severity::Note, [Clean, Clean, Clean, Findings]),
        ];
        for (evidence, severity, expected) in cases {
            let codes = levels.map(|level| conclusion(vec![finding(evidence, severity)]).exit_code(level));
            assert_eq!(codes, expected, "{evidence:?} {severity:?}");
        }
        assert_eq!(conclusion(Vec::new()).exit_code(FailOn::Note), Clean);
    }

    #[test]
    fn what_is_accepted_fails_nothing() {
        let suppressed = Some(Suppression { reason: "known".to_owned(), from: "lockhound.toml:1".to_owned() });
        let finding = Finding { suppressed, ..finding(Evidence::Observed, Severity::Error) };
        assert_eq!(conclusion(vec![finding]).exit_code(FailOn::Note), ExitCode::Clean);
    }

    #[test]
    fn trouble_wins() {
        let mut conclusion = conclusion(vec![finding(Evidence::Observed, Severity::Error)]);
        conclusion.document.traces[0].truncated = true;
        assert_eq!(conclusion.exit_code(FailOn::Possible), ExitCode::Trouble);
        conclusion.document.traces[0].truncated = false;
        conclusion.problems.push("a.lht: could not read".to_owned());
        assert_eq!(conclusion.exit_code(FailOn::Possible), ExitCode::Trouble);
    }
}

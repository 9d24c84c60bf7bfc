//! What a document is built from.

use lockhound_analyzer::{Finding, Report};
use lockhound_trace::Frame;

/// One run of one program, analysed.
#[derive(Debug)]
pub struct Run {
    /// The file of its trace, as it was named or found.
    pub path: String,
    /// What it yields.
    pub report: Report,
    /// The test that the process ran, where it ran only one.
    pub test: Option<String>,
    /// Runs of one group are of one program or workspace: equal fingerprints mean one bug there. None: of nothing known.
    pub group: Option<String>,
}

impl Run {
    /// A run of the program that the trace names, of the test that nextest started if it did.
    #[must_use]
    pub fn new(path: String, report: Report) -> Self {
        let header = report.tables.header();
        let (group, test) = (header.program.clone(), header.env.get("NEXTEST_TEST_NAME").cloned());
        Self { path, report, test, group }
    }
}

/// What a document tells beside the findings.
#[derive(Clone, Copy)]
pub struct Detail<'a> {
    /// The lines of a call stack, innermost first; none of a stack that is not to be shown.
    pub symbols: &'a dyn Fn(&[Frame]) -> Vec<String>,
    /// Whether the patterns that the runs refute are listed, not only counted.
    pub refuted: bool,
    /// Which findings carry the schedule that shows them, step by step.
    pub replays: Wanted<'a>,
    /// Which findings carry the recorded run around them.
    pub timelines: Wanted<'a>,
    /// Whether replays show every step, not only those that matter.
    pub every_step: bool,
}

impl Detail<'static> {
    /// Nothing: the verdicts alone.
    pub const NONE: Self = Self {
        symbols: &|_| Vec::new(),
        refuted: false,
        replays: Wanted::None,
        timelines: Wanted::None,
        every_step: false,
    };
}

/// Which findings something is worked out for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted<'a> {
    /// None: the form of the report does not show it.
    None,
    /// Those whose fingerprint begins so.
    Only(&'a str),
    /// All.
    All,
}

impl Wanted<'_> {
    /// Whether this finding is among them.
    pub(super) fn has(self, finding: &Finding) -> bool {
        match self {
            Self::None => false,
            Self::Only(beginning) => finding.fingerprint.to_string().starts_with(beginning),
            Self::All => true,
        }
    }
}

impl std::fmt::Debug for Detail<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { symbols: _, refuted, replays, timelines, every_step } = self;
        f.debug_struct("Detail")
            .field("refuted", refuted)
            .field("replays", replays)
            .field("timelines", timelines)
            .field("every_step", every_step)
            .finish_non_exhaustive()
    }
}

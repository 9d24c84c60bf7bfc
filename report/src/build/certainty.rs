//! How sure a finding is, in words.

use lockhound_analyzer::{Evidence, Finding, Report, Rule, Severity, Witness};
use lockhound_trace::ThreadId;

/// How sure the finding is. A mere note claims no bug that could happen or not.
pub(super) fn certainty(finding: &Finding, report: &Report) -> Option<String> {
    let text = match finding.evidence {
        _ if finding.severity == Severity::Note => return None,
        Evidence::Observed => "it did happen in the recorded run".to_owned(),
        Evidence::Feasible => match &finding.witness {
            Some(witness) => proof(finding, witness, report),
            None => "it can happen: another interleaving of this run's own events leads there".to_owned(),
        },
        // What is open is then not whether it can happen, but whether it matters: the finding's own notes say so.
        Evidence::Possible if matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation) => {
            "it may be wrong: the notes below say what this run leaves open".to_owned()
        }
        Evidence::Possible => "it may happen: this run neither proves nor refutes it".to_owned(),
    };
    Some(text)
}

/// The witness in a sentence: how far each participant gets, and how to see every step.
fn proof(finding: &Finding, witness: &Witness, report: &Report) -> String {
    let reaches = |&thread: &ThreadId| {
        let name = report.tables.thread_label(thread);
        match report.reached(witness, thread) {
            Some(event) => format!("`{name}` up to event {}", event.0),
            None => format!("`{name}` up to its first request"),
        }
    };
    let runs: Vec<String> = finding.threads.iter().map(reaches).collect();
    let end = match (finding.rule, witness.next.len()) {
        (Rule::DataRace, _) => ", then the two accesses can happen at once",
        (Rule::LostUpdate | Rule::AtomicityViolation, _) | (_, 0) => "",
        (_, 1) => ", then it blocks",
        (_, 2) => ", then both block",
        _ => ", then all block",
    };
    let id = &finding.fingerprint.to_string()[..8];
    format!(
        "it can happen, proved by reordering this run: {}{end} (`--witness {id}` shows every step)",
        runs.join(", ")
    )
}

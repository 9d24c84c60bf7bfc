//! A finding in few words.

use lockhound_analyzer::{Finding, Report};

/// `rule evidence T1,T2 a,b`: by ids.
pub(crate) fn line(report: &Report, finding: &Finding) -> String {
    let threads: Vec<&str> = finding.threads.iter().map(|&id| report.tables.thread(id).id.as_str()).collect();
    let objects: Vec<&str> = finding.objects.iter().map(|&id| report.tables.object(id).id.as_str()).collect();
    let (rule, evidence) = (finding.rule.name(), finding.evidence.name());
    format!("{rule} {evidence} {} {}", threads.join(","), objects.join(","))
}

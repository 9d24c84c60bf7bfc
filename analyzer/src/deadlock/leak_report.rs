//! The words for a lock whose holder has ended.

use lockhound_trace::ThreadId;

use crate::deadlock::report::Scene;
use crate::finding::{Evidence, Finding, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::leak::Leak;
use crate::prose;

impl Scene<'_> {
    /// A lock whose holder has ended, with the threads that hang on it.
    pub(crate) fn leaked_lock(&self, leak: &Leak, victims: &[usize]) -> Finding {
        let tables = self.end.tables;
        let (who, lock) = (prose::thread(tables, leak.thread), prose::object(tables, leak.held.lock));
        let mut steps = vec![Step {
            thread: leak.thread,
            op: "acquire",
            object: Some(leak.held.lock),
            site: leak.held.site,
            event: leak.held.event,
            holds: Vec::new(),
            stack: leak.held.stack,
            label: format!("{who} {} {lock} here and never releases it", prose::locks(leak.held.mode)),
            marks: Vec::new(),
            story: format!("{who} {} {lock} and ends", prose::locks(leak.held.mode)),
        }];
        steps.extend(victims.iter().map(|&victim| Step {
            story: format!("caused by it: {} is stuck", prose::thread(tables, self.relation.stuck[victim].thread)),
            ..self.step(&self.relation.stuck[victim])
        }));
        let mut notes = vec![format!("{who} has ended, and only the holder of a lock can release it")];
        notes.extend(leak.others_released.then(|| {
            format!(
                "{lock} was taken at this place before and released again: it is not the place, but one way from there through \
                 the code, on which the release is missing"
            )
        }));
        let stuck: Vec<ThreadId> = victims.iter().map(|&victim| self.relation.stuck[victim].thread).collect();
        if !stuck.is_empty() {
            let verb = if stuck.len() == 1 { "is" } else { "are" };
            notes.push(format!("caused by it: {} {verb} stuck for ever", prose::threads(tables, &stuck)));
        }
        Finding {
            rule: Rule::LeakedLock,
            evidence: Evidence::Observed,
            severity: Severity::Error,
            fingerprint: FingerprintBuilder::new(tables, Rule::LeakedLock)
                .part("acquire", Some(leak.held.lock), leak.held.site, [])
                .finish(),
            message: format!("{who} ended while it held {lock}"),
            pattern: None,
            region: None,
            threads: vec![leak.thread],
            objects: vec![leak.held.lock],
            steps,
            witness: None,
            occurrences: 1,
            notes,
            help: vec![help(leak, &lock)],
        }
    }
}

fn help(leak: &Leak, lock: &str) -> String {
    if leak.others_released {
        format!(
            "release {lock} where all ways through the code that takes it have met again: behind the `if` or `match`, not \
             inside one of its branches, and before every early return; a guard does that by itself when its block \
             ends, unless it is given to `mem::forget`"
        )
    } else {
        format!(
            "release {lock} on every way out of the code that takes it, early returns included; a guard given to \
             `mem::forget` never does"
        )
    }
}

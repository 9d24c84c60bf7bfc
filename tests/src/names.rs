//! From the ids of a report to the names that the program gave.

use std::collections::HashMap;
use std::path::Path;

use lockhound_report::Finding;
use lockhound_trace::EventSource;

/// What the ids of one trace stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    threads: HashMap<String, String>,
    objects: HashMap<String, String>,
}

/// A finding by names, as a scenario's table writes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Named {
    /// The rule's name.
    pub rule: String,
    /// How sure.
    pub evidence: String,
    /// How bad.
    pub severity: String,
    /// Names of the threads, sorted.
    pub threads: Vec<String>,
    /// Names of the objects, sorted.
    pub objects: Vec<String>,
}

impl Names {
    /// The names in a trace, which must be readable to its end.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn of(trace: &Path) -> Self {
        let mut source = lockhound_trace::open(trace, None).expect("the trace can be read");
        while source.next_event().expect("the trace can be read to its end").is_some() {}
        let tables = source.tables();
        let threads = tables.threads().iter().map(|thread| (thread.id.clone(), named(&thread.name, &thread.id)));
        let objects = tables.objects().iter().map(|object| (object.id.clone(), named(&object.name, &object.id)));
        Self { threads: threads.collect(), objects: objects.collect() }
    }

    /// A finding by the names in its trace.
    #[must_use]
    pub fn name(&self, finding: &Finding) -> Named {
        Named {
            rule: finding.rule.name().to_owned(),
            evidence: finding.evidence.name().to_owned(),
            severity: finding.severity.name().to_owned(),
            threads: look_up(&finding.threads, &self.threads),
            objects: look_up(&finding.objects, &self.objects),
        }
    }
}

fn named(name: &Option<String>, id: &str) -> String {
    name.as_deref().unwrap_or(id).to_owned()
}

fn look_up(ids: &[String], names: &HashMap<String, String>) -> Vec<String> {
    let mut found: Vec<_> = ids.iter().map(|id| names.get(id).unwrap_or(id).clone()).collect();
    found.sort_unstable();
    found
}

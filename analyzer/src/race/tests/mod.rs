//! What the parts do, and the search against the definition of what it searches for.

mod definition;
mod rules;

use lockhound_trace::{EventIndex, EventSource, Tables};

use crate::analysis::Moment;
use crate::holds::Holds;
use crate::race::access::kind_of;
use crate::race::discipline::Disciplines;
use crate::script;

/// How the locks were used in a whole trace.
pub(super) fn disciplines(script: &str) -> (Tables, Disciplines) {
    let mut source = script::read(script);
    let (mut disciplines, mut holds) = (Disciplines::default(), Holds::default());
    for index in (0..).map(EventIndex) {
        let Some(event) = source.next_event().expect("a readable script") else { break };
        let now = Moment { tables: source.tables(), index, event: &event, holds: &holds };
        disciplines.locks(&now);
        if let Some((var, kind, _)) = kind_of(&event.op) {
            disciplines.access(&now, var, kind);
        }
        holds.apply(index, &event);
    }
    (source.tables().clone(), disciplines)
}

//! The recorded run around a finding.

use lockhound_analyzer::Finding;

use super::run::{Detail, Run};
use crate::timeline::Timeline;

/// Called for findings that [`Detail`] asks it for. None if the events are not known.
pub(super) fn timeline(_run: &Run, _finding: &Finding, _detail: &Detail<'_>) -> Option<Timeline> {
    None
}

//! The schedule that shows a finding, step by step.

use lockhound_analyzer::Finding;

use super::run::{Detail, Run};
use crate::replay::Replay;

/// Called for findings that [`Detail`] asks it for. None if nothing is known of the steps.
pub(super) fn replay(_run: &Run, _finding: &Finding, _detail: &Detail<'_>) -> Option<Replay> {
    None
}

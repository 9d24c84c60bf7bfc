//! The replays and timelines of one run: planned together, so that one pass over its events serves them all.

use std::collections::HashMap;

use lockhound_analyzer::Finding;

use super::moments::{Moments, Wishes};
use super::plan::Plan;
use super::replay::replay;
use super::run::{Detail, Run};
use super::timeline::{Window, timeline};
use crate::replay::Replay;
use crate::timeline::Timeline;

/// What is worked out for some findings of a run.
#[derive(Debug, Default)]
pub(super) struct Details<'a> {
    plans: HashMap<usize, Plan<'a>>,
    windows: HashMap<usize, Window>,
    moments: Option<Moments>,
}

impl<'a> Details<'a> {
    /// For the findings at these positions, as far as `detail` asks for them and the run's events were kept.
    pub(super) fn new(run: &'a Run, detail: &Detail<'_>, findings: &[usize]) -> Self {
        let Some(log) = &run.report.log else { return Self::default() };
        let mut wishes = Wishes::default();
        let (mut plans, mut windows) = (HashMap::new(), HashMap::new());
        for &index in findings {
            let finding = &run.report.findings[index];
            let plan =
                detail.replays.has(finding).then(|| Plan::new(finding, &run.report, detail.every_step)).flatten();
            if let Some(plan) = plan {
                plan.wish(&mut wishes);
                plans.insert(index, plan);
            }
            if let Some(window) = detail.timelines.has(finding).then(|| Window::new(finding, log)).flatten() {
                window.wish(log, &mut wishes);
                windows.insert(index, window);
            }
        }
        let wanted = !plans.is_empty() || !windows.is_empty();
        Self { plans, windows, moments: wanted.then(|| wishes.grant(log)) }
    }

    pub(super) fn replay(&self, run: &Run, finding: &Finding, index: usize) -> Option<Replay> {
        Some(replay(&run.report, finding, self.plans.get(&index)?, self.moments.as_ref()?))
    }

    pub(super) fn timeline(&self, run: &Run, finding: &Finding, index: usize) -> Option<Timeline> {
        let log = run.report.log.as_ref()?;
        Some(timeline(&run.report.tables, log, finding, self.windows.get(&index)?, self.moments.as_ref()?))
    }
}

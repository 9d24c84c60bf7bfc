//! A progress bar for inputs that take a while, on a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use lockhound_trace::Progress;

/// Less than this is analysed before a bar could be read.
const LONG: u64 = 32 << 20;

/// How much of all input has been read.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: ProgressBar,
}

impl Meter {
    /// For `total` bytes in all: hidden unless that is much and stderr is a terminal.
    pub(crate) fn new(total: u64) -> Self {
        if total < LONG || !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let template = "{msg} [{wide_bar}] {bytes}/{total_bytes}, {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::new(total).with_style(style).with_message("analysing") }
    }

    /// What one trace, read by one thread, calls as it goes.
    pub(crate) fn part(&self) -> impl FnMut(Progress) + '_ {
        let mut seen = 0;
        move |progress| {
            self.bar.inc(progress.read.saturating_sub(seen));
            seen = seen.max(progress.read);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

//! Progress bars for what takes a while, on a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use lockhound_trace::Progress;

use crate::console;

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

/// How many of several steps are done.
#[derive(Debug)]
pub(crate) struct Steps {
    bar: ProgressBar,
}

impl Steps {
    /// Says what is going on, also where there is no terminal.
    pub(crate) fn of(what: &str, total: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            console::note(what);
            return Self { bar: ProgressBar::hidden() };
        }
        let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::new(total as u64).with_style(style).with_message(what.to_owned()) }
    }

    pub(crate) fn done(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

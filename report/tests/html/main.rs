//! The report as a page: what is embedded in it, and what it does in a real browser.

#![recursion_limit = "256"]

mod browsing;
mod chromium;
mod embedded;
mod samples;

//! Whether `lockhound::sync` and `lockhound::thread` are what they say: std's, item by item and example by example.
//!
//! Rustdoc is asked what there is: it inlines the items of std, and of this crate, from the metadata of the compiled
//! libraries, so that neither their sources nor a nightly toolchain is needed. Another toolchain has other items, and
//! another system other implementations; the table is of the toolchain that `rust-version` names, on Linux.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod examples;
mod items;
mod library;
mod page;
mod rustdoc;
mod table;

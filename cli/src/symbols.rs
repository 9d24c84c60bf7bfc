//! Call stacks by name.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use addr2line::{Loader, Location};
use lockhound_trace::Frame;

/// Resolves code addresses from the debug information of their modules, each loaded when first needed.
#[derive(Default)]
pub(crate) struct Symbols {
    modules: RefCell<HashMap<Arc<str>, Option<Loader>>>,
    /// Files in this folder are named relative to it, as in the places of a trace.
    folder: PathBuf,
}

/// Whose frames of a stack are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frames {
    /// The program's: what the user can change.
    Program,
    /// Also those of lockhound, std and what starts threads.
    All,
}

impl Symbols {
    /// Names the files in `folder` relative to it.
    pub(crate) fn relative_to(folder: PathBuf) -> Self {
        Self { folder, ..Self::default() }
    }

    /// The lines of a stack, innermost first; inlined calls have lines of their own.
    pub(crate) fn stack(&self, stack: &[Frame], frames: Frames) -> Vec<String> {
        let mut lines: Vec<String> = stack.iter().flat_map(|frame| self.frame(frame)).collect();
        if frames == Frames::Program {
            lines.retain(|line| !is_foreign(line));
        }
        lines
    }

    fn frame(&self, frame: &Frame) -> Vec<String> {
        match frame {
            Frame::Text(text) => vec![text.to_string()],
            Frame::Address { module, offset } => {
                let mut modules = self.modules.borrow_mut();
                let loader = modules.entry(module.clone()).or_insert_with(|| load(module));
                let resolved = loader.as_ref().map(|loader| self.resolve(loader, *offset)).unwrap_or_default();
                if resolved.is_empty() { vec![format!("{module}+{offset:#x}")] } else { resolved }
            }
        }
    }

    /// A stack holds return addresses: the call itself ends one byte before.
    fn resolve(&self, loader: &Loader, offset: u64) -> Vec<String> {
        let Some(address) = loader.relative_address_base().checked_add(offset.saturating_sub(1)) else {
            return Vec::new();
        };
        let symbol = loader.find_symbol(address).map(|symbol| addr2line::demangle_auto(symbol.into(), None));
        let mut lines = Vec::new();
        if let Ok(mut frames) = loader.find_frames(address) {
            while let Ok(Some(frame)) = frames.next() {
                let function = frame.function.as_ref().and_then(|function| function.demangle().ok());
                if let Some(function) = function.or_else(|| symbol.clone()) {
                    lines.push(self.with_place(&function, frame.location.as_ref()));
                }
            }
        }
        if lines.is_empty() { symbol.map(Cow::into_owned).into_iter().collect() } else { lines }
    }

    fn with_place(&self, function: &str, location: Option<&Location<'_>>) -> String {
        match location {
            Some(Location { file: Some(file), line: Some(line), .. }) => {
                let path = Path::new(file);
                let file = path.strip_prefix(&self.folder).unwrap_or(path).display();
                format!("{function} at {file}:{line}")
            }
            _ => function.to_owned(),
        }
    }
}

/// A trace can name any path: opening a pipe would wait for ever.
fn load(module: &str) -> Option<Loader> {
    let is_file = Path::new(module).metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file { Loader::new(module).ok() } else { None }
}

/// Crates whose frames tell the user nothing about the program.
const FOREIGN_CRATES: [&str; 6] = ["std", "core", "alloc", "lockhound", "lockhound_trace", "backtrace"];

/// What surrounds the program's own frames on Linux.
const FOREIGN_FUNCTIONS: [&str; 9] = [
    "main",
    "_start",
    "__libc_start_main",
    "__libc_start_call_main",
    "start_thread",
    "clone",
    "__clone3",
    "clone3",
    "rust_begin_unwind",
];

fn is_foreign(line: &str) -> bool {
    let function = line.split(" at ").next().unwrap_or(line);
    let function = function.split("@@").next().unwrap_or(function);
    let path = function.trim_start_matches(['<', '&', '(', '*']);
    let path = path.strip_prefix("dyn ").unwrap_or(path);
    let foreign_crate = path.split_once("::").is_some_and(|(first, _)| FOREIGN_CRATES.contains(&first));
    foreign_crate || function.starts_with("__rust") || FOREIGN_FUNCTIONS.contains(&function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_frames_of_the_program_remain() {
        let texts = [
            "<lockhound::sync::mutex::Mutex<T>>::lock at instrument/src/sync/mutex.rs:3",
            "bank::transfer at src/bank.rs:7",
            "std::sys::backtrace::__rust_begin_short_backtrace",
            "main",
            "start_thread",
        ];
        let stack = texts.map(|text| Frame::Text(text.into()));
        let symbols = Symbols::default();
        assert_eq!(symbols.stack(&stack, Frames::Program), ["bank::transfer at src/bank.rs:7"]);
        assert_eq!(symbols.stack(&stack, Frames::All).len(), texts.len());
    }

    #[test]
    fn what_cannot_be_resolved_is_shown_as_module_and_offset() {
        let stack = [Frame::Address { module: "/nowhere/libx.so".into(), offset: 0x1f }];
        assert_eq!(Symbols::default().stack(&stack, Frames::Program), ["/nowhere/libx.so+0x1f"]);
    }

    #[test]
    fn addresses_are_resolved_from_debug_information() {
        fn landmark() {}
        let module = std::env::current_exe().unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mapped = maps.lines().find(|line| line.ends_with(module.to_str().unwrap())).unwrap();
        let base = u64::from_str_radix(mapped.split('-').next().unwrap(), 16).unwrap();
        let address = landmark as fn() as usize as u64;
        let frame = Frame::Address { module: module.to_str().unwrap().into(), offset: address - base + 1 };
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let lines = Symbols::relative_to(workspace.to_owned()).stack(&[frame], Frames::All);
        assert!(lines[0].contains("landmark at cli/src/symbols.rs:"), "{lines:?}");
    }
}

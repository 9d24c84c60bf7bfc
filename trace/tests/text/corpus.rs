//! The traces that the project keeps under `tests/data`: all of them read, and survive every conversion.

use std::fs;
use std::path::{Path, PathBuf};

use crate::recorded::{Recorded, read_all, rewrite_jsonl, rewrite_std};
use lockhound_trace::{Format, convert};

fn data(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    paths.sort();
    paths
}

#[test]
fn every_kernel_reads_and_round_trips() {
    let paths = data("kernels", "jsonl");
    assert_eq!(paths.len(), 45);
    for path in paths {
        let recorded = read_all(&path);
        let lines = fs::read_to_string(&path).expect("text");
        assert_eq!(recorded.events.len(), lines.matches("\"op\"").count(), "{}", path.display());
        assert_eq!(recorded.described(), rewrite_jsonl(&recorded).described(), "{}", path.display());
    }
}

#[test]
fn every_litmus_trace_reads_and_round_trips() {
    for (folder, count) in [("litmus", 41), ("litmus/atomicity", 22)] {
        let paths = data(folder, "std");
        assert_eq!(paths.len(), count);
        for path in paths {
            let recorded = read_all(&path);
            let lines = fs::read_to_string(&path).expect("text");
            assert_eq!(recorded.events.len(), lines.lines().count(), "{}", path.display());
            let (again, written) = rewrite_std(&recorded);
            assert_eq!(recorded.described(), again.described(), "{}", path.display());
            assert_eq!(written.left_out_in_all(), 0);
            assert_eq!(recorded.described(), rewrite_jsonl(&recorded).described(), "{}", path.display());
        }
    }
}

#[test]
fn kernels_survive_the_way_through_std_as_far_as_it_can_express_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in data("kernels", "jsonl") {
        let target = folder.path().join("kernel.std");
        let Ok(converted) = convert(&path, None, &target, None) else { panic!("{}", path.display()) };
        assert!(converted.stopped.is_none());
        if converted.written.events > 0 {
            let again: Recorded = read_all(&target);
            assert_eq!(again.events.len() as u64, converted.written.events, "{}", path.display());
        }
        let all = read_all(&path).events.len() as u64;
        assert_eq!(converted.written.events + converted.written.left_out_in_all(), all, "{}", path.display());
    }
    assert_eq!(Format::from_path(Path::new("kernel.std")), Some(Format::Std));
}

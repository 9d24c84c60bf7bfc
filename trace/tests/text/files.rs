//! Opening and converting files.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use lockhound_trace::{ConvertError, Format, convert, open};

use crate::recorded::{drain, read_all, read_std};

const JSON: &str = "{\"lockhound\":1}\n{\"t\":\"A\",\"op\":\"acquire\",\"obj\":\"m\"}\n{\"t\":\"A\",\"op\":\"release\",\"obj\":\"m\"}\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("written");
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// The error that opening or reading gives, without the folder's name.
fn error(path: &Path, format: Option<Format>) -> String {
    let error = match open(path, format) {
        Err(error) => error,
        Ok(source) => drain(source).1.expect("an error"),
    };
    let folder = format!("{}/", path.parent().expect("a folder").display());
    error.to_string().replace(&folder, "")
}

#[test]
fn the_content_decides_and_the_extension_helps() {
    let folder = Folder::new();
    assert_eq!(read_all(&folder.file("a.txt", JSON)).events.len(), 2);
    assert_eq!(read_all(&folder.file("a.std", JSON)).events.len(), 2);
    assert_eq!(read_all(&folder.file("b", "A|r(x)|1\n")).events.len(), 1);
    assert_eq!(read_all(&folder.file("b.jsonl", "A|r(x)|1\n")).events.len(), 1);
    let broken = folder.file("c.std", "what is this\n");
    assert_eq!(error(&broken, None), "c.std:1:1: expected `thread|op(operand)|location`");
    assert_eq!(error(&broken, Some(Format::JsonLines)), "c.std:1:1: expected a JSON object");
}

#[test]
fn what_is_no_trace_is_a_clear_error() {
    let folder = Folder::new();
    assert_eq!(error(&folder.file("empty", ""), None), "empty: empty: expected a trace with at least one event");
    assert_eq!(error(&folder.file("blank.jsonl", "\n\n"), None), {
        "blank.jsonl: empty: expected a trace with at least one event"
    });
    assert!(error(&folder.path("missing.jsonl"), None).starts_with("missing.jsonl: could not read: No such file"));
    fs::create_dir(folder.path("inner")).expect("created");
    assert!(error(&folder.path("inner"), None).starts_with("inner: could not read: "));
    // A multiplicative generator's bytes: as good as random.
    let mut state = 0x9e37_79b9_u32;
    let mut noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(1 << 20)
    .collect();
    noise[0] = 0xff;
    let message = "noise: not a trace: neither a binary trace nor JSON Lines nor RAPID STD text";
    assert_eq!(error(&folder.file("noise", &noise), None), message);
    assert_eq!(error(&folder.file("noise.jsonl", &noise), None).split(": ").next(), Some("noise.jsonl:1:1"));
    assert_eq!(error(&folder.file("noise.std", &noise), None).split(": ").next(), Some("noise.std:1:1"));
}

/// Large enough to be read on a thread of its own; ends with an event that is impossible, in line 50,001.
fn large() -> String {
    let mut text = String::new();
    for pair in 0..25_000 {
        let (thread, lock) = (pair % 5 + pair / 5_000, pair / 3);
        writeln!(text, "T{thread}|acq(l{lock})|{pair}\nT{thread}|rel(l{lock})|{pair}").expect("room");
    }
    text.push_str("T0|acq(l0)|1\nT1|acq(l0)|2\n");
    text
}

#[test]
fn a_large_file_gives_what_a_small_one_would() {
    let folder = Folder::new();
    let text = large();
    let path = folder.file("large.std", &text);
    let (expected, expected_error) = read_std(text.as_bytes());
    let (read, error) = drain(open(&path, None).expect("a trace"));
    assert_eq!(read.events.len(), 50_001);
    assert!(read.described() == expected.described(), "other events");
    let error = error.expect("an impossible event").to_string();
    assert_eq!(
        error.rsplit('/').next(),
        Some("large.std:50002: impossible event: T1 acquires `l0`, which T0 holds since line 50001")
    );
    assert_eq!(error.rsplit(':').next(), expected_error.expect("the same").to_string().rsplit(':').next());
    for name in ["large.lht", "large.jsonl"] {
        let other = folder.path(name);
        convert(&path, None, &other, None).expect("written");
        assert!(fs::metadata(&other).expect("there").len() >= 1 << 18, "{name} is not large");
        assert!(read_all(&other).described() == expected.described(), "other events in {name}");
    }
}

#[test]
fn progress_reaches_the_size_of_the_file() {
    let folder = Folder::new();
    let path = folder.file("a.jsonl", JSON);
    let mut source = open(&path, None).expect("a trace");
    assert_eq!(source.progress().total, JSON.len() as u64);
    while source.next_event().expect("sound").is_some() {}
    assert_eq!(source.progress().read, JSON.len() as u64);
}

#[test]
fn conversion_goes_there_and_back() {
    let folder = Folder::new();
    let (from, std, back) = (folder.file("a.jsonl", JSON), folder.path("a.std"), folder.path("back.jsonl"));
    let there = convert(&from, None, &std, None).expect("converted");
    assert_eq!((there.written.events, there.written.left_out_in_all()), (2, 0));
    assert_eq!(fs::read_to_string(&std).expect("text"), "A|acq(m)|\nA|rel(m)|\n");
    convert(&std, None, &back, None).expect("converted");
    let touched = JSON.replace("\"release\",\"obj\":\"m\"", "\"release\",\"obj\":\"m\",\"touched\":\"none\"");
    let declared = "{\"lockhound\":1}\n{\"thread\":\"A\"}\n{\"object\":\"m\",\"kind\":\"mutex\"}\n";
    assert_eq!(fs::read_to_string(&back).expect("text"), touched.replace("{\"lockhound\":1}\n", declared));
    convert(&from, None, &folder.path("odd.name"), Some(Format::Std)).expect("converted");
}

#[test]
fn conversion_keeps_what_precedes_an_error() {
    let folder = Folder::new();
    let broken = folder.file("a.jsonl", format!("{JSON}{{\"t\":\"B\",\"op\":\"join\",\"child\":\"B\"}}\n"));
    let converted = convert(&broken, None, &folder.path("a.std"), None).expect("converted");
    assert_eq!(converted.written.events, 2);
    let stopped = converted.stopped.expect("an error").to_string();
    assert!(stopped.ends_with("a.jsonl:4: impossible event: B joins itself"), "{stopped}");
}

#[test]
fn what_was_refused_is_converted_as_it_was_recorded() {
    let folder = Folder::new();
    let refused = "{\"lockhound\":1}\n{\"thread\":\"A\"}\n{\"thread\":\"B\"}\n{\"object\":\"m\",\"kind\":\"mutex\"}\n\
        {\"t\":\"A\",\"op\":\"acquire\",\"obj\":\"m\"}\n{\"t\":\"B\",\"op\":\"release\",\"obj\":\"m\",\"touched\":\"none\"}\n";
    let from = folder.file("a.jsonl", refused);
    let (binary, back) = (folder.path("a.lht"), folder.path("back.jsonl"));
    convert(&from, None, &binary, None).expect("converted");
    convert(&binary, None, &back, None).expect("converted");
    assert_eq!(fs::read_to_string(&back).expect("text"), refused);
    // STD has no words for what did not happen.
    let there = convert(&from, None, &folder.path("a.std"), None).expect("converted");
    assert_eq!((there.written.events, there.written.left_out.get("release")), (1, Some(&1)));
}

#[test]
fn conversion_never_harms_its_source_and_creates_nothing_from_nothing() {
    let folder = Folder::new();
    let from = folder.file("a.jsonl", JSON);
    assert!(matches!(convert(&from, None, &from, None), Err(ConvertError::SameFile { .. })));
    let second_name = from.with_file_name("second-name.jsonl");
    fs::hard_link(&from, &second_name).unwrap();
    assert!(matches!(convert(&from, None, &second_name, None), Err(ConvertError::SameFile { .. })));
    assert_eq!(fs::read_to_string(&from).expect("text"), JSON);
    let unknown = convert(&from, None, &folder.path("a.txt"), None).expect_err("no format");
    assert!(unknown.to_string().ends_with("a.txt: unknown format: expected the extension lht, jsonl or std"));
    let empty = folder.file("empty.jsonl", "");
    let target = folder.path("b.std");
    assert!(matches!(convert(&empty, None, &target, None), Err(ConvertError::Read(_))));
    assert!(!target.exists());
    let nowhere = folder.path("no/such/folder.std");
    assert!(matches!(convert(&from, None, &nowhere, None), Err(ConvertError::Write { .. })));
}

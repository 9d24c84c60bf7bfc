use std::fs;

use super::super::date::parse as date;
use super::super::{Acceptance, Edit, Location};
use super::finding;

fn at(folder: &tempfile::TempDir) -> Location {
    let path = folder.path().join("lockhound.toml");
    Location { path, shown: "lockhound.toml".to_owned(), name: "lockhound.toml".to_owned() }
}

/// The file after an entry was added, with what it was before.
fn after(text: &str) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    fs::write(at(&folder).path, text)?;
    let finding = finding("7f3a91c200000001", "data-race", &["x"], &["a.rs:1:1"]);
    let mut edit = Edit::begin(at(&folder))?;
    edit.add(&Acceptance {
        id: &finding.fingerprint,
        finding: Some(&finding),
        reason: "\"both\" are\nbenign: é",
        expires: Some(date("2027-01-31").unwrap()),
    })?;
    edit.save()?;
    assert_eq!(fs::read_dir(folder.path())?.count(), 1, "nothing else is left there");
    Ok(fs::read_to_string(at(&folder).path)?)
}

#[test]
fn a_new_file_has_one_entry() {
    let text = after("").unwrap();
    assert!(text.starts_with("# data-race: what is wrong\n[[allow]]\nid = \"7f3a91c200000001\"\nreason = "), "{text}");
    assert!(text.ends_with("expires = 2027-01-31\n"), "{text}");
}

#[test]
fn what_was_there_stays_as_it_was() {
    let before = "# ours\n\n[fail]   # strict\ndata-race=\"error\"\n\n# why\n[[allow]]\nid    = 'aaaaaaaa'   # first\nreason = 'x'\n";
    let text = after(before).unwrap();
    let added = text.strip_prefix(before).unwrap_or_else(|| panic!("{text}"));
    assert!(added.starts_with("\n# data-race: what is wrong\n[[allow]]\nid = "), "{added}");
}

#[test]
fn entries_stay_together_and_what_comes_after_stays_there() {
    let before = "[[allow]]\nid = 'aaaaaaaa'\nreason = 'x'\n\n[order] # ours\na = ['x', 'y']\n\n# the end\n";
    let text = after(before).unwrap();
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(place("aaaaaaaa") < place("7f3a91c2") && place("7f3a91c2") < place("[order] # ours"), "{text}");
    assert!(text.ends_with("\na = ['x', 'y']\n\n# the end\n"), "{text}");
}

#[test]
fn a_list_of_inline_tables_is_spelled_out_with_its_comments() {
    let before = "# ours\nallow = [ # known\n  { id = 'aaaaaaaa', reason = 'x' }, # one\n  # the other\n  \
                  { rule = \"deadlock\",objects=['a'], reason = 'y' },\n  # all\n]\n\n[order]\na = ['x', 'y']\n";
    let text = after(before).unwrap();
    let old = "# known\n# one\n[[allow]]\nid = 'aaaaaaaa'\nreason = 'x'\n\n\
               # the other\n# all\n[[allow]]\nrule = \"deadlock\"\nobjects = ['a']\nreason = 'y'\n\n\
               # data-race: what is wrong\n[[allow]]\nid = \"7f3a91c200000001\"\n";
    assert!(text.starts_with("# ours\n") && text.contains(old), "{text}");
    assert!(text.ends_with("\n[order]\na = ['x', 'y']\n"), "{text}");
}

#[test]
fn a_wrong_file_is_not_made_worse() {
    let error = after("[[allow]]\nid = 'aaaaaaaa'\n").unwrap_err().to_string();
    assert!(error.starts_with("lockhound.toml:1:1: this entry has no `reason`"), "{error}");
}

#[test]
fn a_message_cannot_leave_its_comment() {
    let folder = tempfile::tempdir().unwrap();
    let mut finding = finding("7f3a91c200000001", "data-race", &["x"], &["a.rs:1:1"]);
    finding.message = "`a\n[[allow]]\rid = 1\u{7f}\u{0}` raced".to_owned();
    let mut edit = Edit::begin(at(&folder)).unwrap();
    let (id, reason) = (&finding.fingerprint, "x");
    edit.add(&Acceptance { id, finding: Some(&finding), reason, expires: None }).unwrap();
    edit.save().unwrap();
    assert_eq!(Edit::begin(at(&folder)).unwrap().config.allowed.len(), 1);
}

//! `lockhound completions` and `lockhound man`.

use std::fs;
use std::process::Command;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::support::Folder;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        folder.lockhound(&["completions", shell]).assert().code(0).stdout(contains("graph")).stdout(contains("stats"));
    }
    folder.lockhound(&["completions", "tcsh"]).assert().code(2);
}

/// By bash itself, where there is one.
#[test]
fn bash_completes_commands_and_options() {
    let folder = Folder::new();
    let script = folder.lockhound(&["completions", "bash"]).assert().code(0).get_output().stdout.clone();
    folder.file("lockhound.bash", script);
    let ask = "source ./lockhound.bash; COMP_WORDS=(lockhound graph --fo); COMP_CWORD=2; \
               _lockhound lockhound --fo graph; echo \"${COMPREPLY[@]}\"";
    match Command::new("bash").args(["-c", ask]).current_dir(folder.path()).output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "--format", "{output:?}"),
        Err(error) => eprintln!("not tested, no bash: {error}"),
    }
}

#[test]
fn limits_are_listed_where_they_leave_room_for_other_options() {
    let folder = Folder::new();
    let names = "- wait-steps: ";
    folder.lockhound(&["check", "-h"]).assert().code(0).stdout(contains("--limit").and(contains(names).not()));
    folder.lockhound(&["check", "--help"]).assert().code(0).stdout(contains(names));
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new();
    folder.lockhound(&["man"]).assert().code(0).stdout(contains(".TH lockhound 1"));
    folder.lockhound(&["man", "share/man/man1"]).assert().code(0).stdout("");
    let pages: Vec<_> = fs::read_dir(folder.path().join("share/man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in ["lockhound.1", "lockhound-check.1", "lockhound-graph.1", "lockhound-stats.1"] {
        assert!(pages.iter().any(|other| other == page), "{pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("demo-program")), "it is nobody's: {pages:?}");
    folder.file("taken", "");
    folder.lockhound(&["man", "taken"]).assert().code(2).stderr(starts_with("error: taken"));
}

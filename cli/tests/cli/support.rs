//! A folder to work in, and the built binary to run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use assert_cmd::Command;
use tempfile::TempDir;

/// Two threads that write the same variable, which nothing orders.
pub(crate) const RACE: &str = r#"{"lockhound":1,"program":"bank"}
{"object":"x","kind":"var","name":"balance"}
{"object":"mu","kind":"mutex","name":"账户"}
{"thread":"T0","name":"主线程"}
{"thread":"T1","name":"副线程"}
{"t":"T0","op":"spawn","child":"T1"}
{"t":"T0","op":"write","obj":"x","value":1,"at":"bank.rs:1:1"}
{"t":"T1","op":"write","obj":"x","value":-600,"at":"bank.rs:2:1"}
"#;

/// Nothing wrong at all.
pub(crate) const CLEAN: &str = r#"{"lockhound":1}
{"t":"T0","op":"acquire","obj":"mu","at":"a.rs:1:1"}
{"t":"T0","op":"release","obj":"mu","touched":"write","at":"a.rs:2:1"}
"#;

/// A fresh folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// The root of a workspace, so that nothing above it is looked at.
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.file("Cargo.lock", "");
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// `lockhound` in this folder.
    pub(crate) fn lockhound(&self, arguments: &[&str]) -> Command {
        Command::from_std(self.process(arguments))
    }

    /// The same, for tests that deal with it while it runs.
    pub(crate) fn process(&self, arguments: &[&str]) -> process::Command {
        let mut command = process::Command::new(env!("CARGO_BIN_EXE_lockhound"));
        command.args(arguments).current_dir(self.path()).env("NO_COLOR", "1").env_remove("LOCKHOUND_TRACE");
        command
    }
}

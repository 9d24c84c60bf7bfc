//! A user's project, in a folder of its own, on which `cargo lockhound` is let loose.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::binary::{Output, cargo_lockhound};

/// The sample, of which the projects are made, below the root of this workspace.
pub const SAMPLE: &str = "fixtures/order-matching";

/// A folder with a project, removed when this is dropped.
#[derive(Debug)]
pub struct Project {
    _around: TempDir,
    folder: PathBuf,
    build: PathBuf,
}

impl Project {
    /// A copy of the sample at `path` in a fresh folder. What cargo makes on the way is kept in `build`, where projects share
    /// what they have in common; what it is asked for goes into the project's own `target`.
    ///
    /// # Panics
    /// If it cannot be made. So do all that follow.
    #[must_use]
    pub fn sample(path: &str, build: &Path) -> Self {
        let project = Self::empty(path, build);
        project.copy_sample("");
        project
    }

    /// A folder without anything in it.
    #[must_use]
    pub fn empty(path: &str, build: &Path) -> Self {
        let around = tempfile::tempdir().expect("a folder for the project");
        let folder = around.path().canonicalize().expect("it is there").join(path);
        fs::create_dir_all(&folder).expect("a folder in it");
        Self { _around: around, folder, build: build.to_owned() }
    }

    /// Puts a copy of the sample into a folder of the project.
    pub fn copy_sample(&self, into: &str) {
        let sample = workspace().join(SAMPLE);
        for folder in ["", "src", "tests"] {
            let target = self.folder.join(into).join(folder);
            fs::create_dir_all(&target).expect("a folder of the project");
            for entry in fs::read_dir(sample.join(folder)).expect("the sample is there") {
                let entry = entry.expect("the sample can be read");
                if entry.file_type().expect("a known type").is_file() {
                    fs::copy(entry.path(), target.join(entry.file_name())).expect("a copy of a file");
                }
            }
        }
        self.edit(&format!("{into}/Cargo.toml"), |text| text.replace("../../instrument", &instrument()));
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file of the project. `LOCKHOUND` stands for the path of the crate.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("its folder");
        fs::write(path, text.replace("LOCKHOUND", &instrument())).expect("a file of the project");
    }

    /// The text of one of its files.
    #[must_use]
    pub fn read(&self, file: &str) -> String {
        let path = self.path(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Changes a file of the project.
    pub fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let text = change(self.read(file));
        fs::write(self.path(file), text).expect("a file of the project");
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file.trim_start_matches('/'))
    }

    /// A command in the project's folder, with none of the variables that this test was started with.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let keep = ["CARGO", "CARGO_HOME"].contains(&&*text);
            if ["CARGO", "LOCKHOUND_", "NEXTEST", "RUST_"].iter().any(|start| text.starts_with(start)) && !keep {
                command.env_remove(&name);
            }
        }
        command.current_dir(&self.folder).env("CARGO_BUILD_BUILD_DIR", &self.build).env("NO_COLOR", "1");
        command.env("CARGO_NET_OFFLINE", "true");
        command
    }

    /// Runs `cargo lockhound` with these arguments, as cargo does.
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let mut command = self.command(cargo_lockhound());
        command.arg("lockhound").args(arguments);
        finish(&mut command)
    }
}

/// Runs a command to its end.
///
/// # Panics
/// If it cannot be started.
pub fn finish(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("could not start {command:?}: {error}"));
    Output {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("reports are UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("complaints are UTF-8"),
    }
}

fn instrument() -> String {
    workspace().join("instrument").into_os_string().into_string().expect("this checkout has a path in UTF-8")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the workspace")
}

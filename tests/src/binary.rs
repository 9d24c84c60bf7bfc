//! Running the `lockhound` of this build.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use lockhound_report::Document;

/// What a call of `lockhound` left behind.
#[derive(Debug)]
pub struct Output {
    /// Its exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Output {
    /// The printed report.
    ///
    /// # Panics
    /// If it is not a report of the documented form.
    #[must_use]
    pub fn report(&self) -> Document {
        lockhound_report::from_json(&self.stdout)
            .unwrap_or_else(|error| panic!("not a report: {error}\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }

    /// The complaints, a line each.
    #[must_use]
    pub fn errors(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with("error: ")).collect()
    }
}

/// Runs `lockhound` with these arguments, in the root of the workspace, and waits for its end.
///
/// # Panics
/// If it cannot be built or started.
pub fn lockhound(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let output = Command::new(&*BINARY)
        .args(arguments)
        .current_dir(workspace())
        .env_remove("LOCKHOUND_TRACE")
        .env("NO_COLOR", "1")
        .output()
        .unwrap_or_else(|error| panic!("could not start {}: {error}", BINARY.display()));
    Output {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("reports are UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("complaints are UTF-8"),
    }
}

/// The `cargo-lockhound` of this build.
///
/// # Panics
/// If it cannot be built.
#[must_use]
pub fn cargo_lockhound() -> PathBuf {
    BINARY.with_file_name(format!("cargo-lockhound{}", std::env::consts::EXE_SUFFIX))
}

/// Cargo builds the binaries of the tested package only, so these must be asked for.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = profile_folder();
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "cargo-lockhound", "--bins", "--profile", profile])
        .arg("--target-dir")
        .arg(folder.parent().expect("a profile's folder lies in a target folder"))
        .current_dir(workspace())
        .status()
        .expect("cargo starts");
    assert!(status.success(), "could not build lockhound");
    folder.join(format!("lockhound{}", std::env::consts::EXE_SUFFIX))
});

/// `target/debug`, of which this test is `deps/NAME`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_owned()
}

/// Sites in traces are relative to it.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the workspace")
}

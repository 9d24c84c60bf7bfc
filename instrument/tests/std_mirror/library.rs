//! The library under test, as a file that rustc and rustdoc can be given.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Where the built library and its dependencies are.
///
/// A target folder of its own, as the features that cargo chose for the running test may be those of a whole workspace.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let (features, folder) = if cfg!(feature = "record") { ("record", "recorded") } else { ("", "plain") };
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("std-mirror").join(folder);
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--lib", "--features", features, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env_remove("CARGO_BUILD_TARGET")
        .status()
        .unwrap();
    assert!(status.success(), "cargo could not build the library");
    target.join("debug")
});

/// Lets a compiler's command use the library.
pub(crate) fn link(command: &mut Command) -> &mut Command {
    let (library, dependencies) = (FOLDER.join("liblockhound.rlib"), FOLDER.join("deps"));
    command
        .args(["--edition", "2024", "--extern"])
        .arg(format!("lockhound={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", dependencies.display()))
}

//! Builds the workers. Each in a call of its own: in one call Cargo would unify the features of what they share.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::peer::{Peer, Variant};

/// A peer, and its worker.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) peer: &'static Peer,
    /// Or why there is none.
    pub(crate) program: Result<PathBuf, String>,
}

/// Builds the workers of `peers`; the baseline must build.
pub(crate) fn all(peers: &[&'static Peer]) -> anyhow::Result<Vec<Built>> {
    let target = target_folder()?;
    let mut built = Vec::with_capacity(peers.len());
    for &peer in peers {
        eprintln!("building {}", peer.name);
        let program = one(peer, &target);
        if let Err(why) = &program {
            anyhow::ensure!(!peer.is_baseline(), "could not build {}: {why}", peer.name);
            eprintln!("could not build {}: {why}", peer.name);
        }
        built.push(Built { peer, program });
    }
    Ok(built)
}

/// The driver's own, where its workers are found too.
pub(crate) fn target_folder() -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("could not find this program's file")?;
    let folder = program.ancestors().nth(2).context("this program is not where Cargo puts it")?;
    Ok(folder.to_owned())
}

fn one(peer: &Peer, target: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--quiet", "--package", peer.package]);
    cargo.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"));
    let mut folder = target.to_owned();
    // Named, or else the sanitizer's flags would reach build scripts too.
    let triple = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    if peer.variant == Variant::Sanitized {
        folder.push("sanitized");
        // The standard library stays without the sanitizer: building it takes sources that few toolchains have.
        cargo.env("RUSTC_BOOTSTRAP", "1").args(["--target", &triple]);
        cargo.env("RUSTFLAGS", "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer");
    }
    let output = cargo.arg("--target-dir").arg(&folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("could not run cargo: {error}"))?;
    if !output.status.success() {
        return Err(reason(&String::from_utf8_lossy(&output.stderr)));
    }
    if peer.variant == Variant::Sanitized {
        folder.push(triple);
    }
    Ok(folder.join("release").join(peer.package))
}

/// The first error that the compiler names.
fn reason(messages: &str) -> String {
    let error = messages.lines().find(|line| line.starts_with("error"));
    error.or(messages.lines().next()).unwrap_or("cargo failed without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_reason_is_the_first_error() {
        assert_eq!(reason("warning: a\nerror: b\nerror: c\n"), "error: b");
        assert_eq!(reason("something else"), "something else");
        assert_eq!(reason(""), "cargo failed without a word");
    }
}

//! What cargo knows of the workspace, and which of its packages a command selects.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cargo_metadata::{Error, Metadata, MetadataCommand, Package};

use super::selection::{Selection, matches};
use crate::console;

/// The cargo that called us, or else the one in the path.
pub(super) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A workspace, as `cargo metadata` describes it.
#[derive(Debug)]
pub(super) struct Workspace {
    metadata: Metadata,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// If there is no workspace, or cargo does not understand it: then it has said why on stderr.
    pub(super) fn of(selection: &Selection) -> anyhow::Result<Self> {
        let mut command = MetadataCommand::new();
        command.cargo_path(cargo()).other_options(selection.shared.clone());
        if let Some(manifest) = &selection.manifest {
            command.manifest_path(manifest);
        }
        let metadata = match command.exec() {
            Ok(metadata) => metadata,
            Err(Error::CargoMetadata { stderr }) => {
                console::pass_on(&stderr);
                bail!("`cargo metadata` failed: no workspace, or one that cargo does not understand");
            }
            Err(error) => return Err(error).context("could not run `cargo metadata`"),
        };
        let target = match &selection.target {
            Some(target) => std::path::absolute(target).with_context(|| target.display().to_string())?,
            None => metadata.target_directory.clone().into_std_path_buf(),
        };
        Ok(Self { metadata, target })
    }

    /// All that cargo said.
    pub(super) const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The folder for all that cargo makes.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// The folder of its first manifest, to which compilers name files relative.
    pub(super) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// The packages that cargo will take for selected. That there is one is left to cargo to check.
    pub(super) fn selected(&self, selection: &Selection) -> Vec<&Package> {
        let is_meant = |package: &&Package, by: &[String]| by.iter().any(|one| matches(one, &package.name));
        let members = self.metadata.workspace_packages().into_iter();
        if selection.all {
            members.filter(|package| !is_meant(package, &selection.excluded)).collect()
        } else if !selection.packages.is_empty() {
            members.filter(|package| is_meant(package, &selection.packages)).collect()
        } else {
            self.metadata.workspace_default_packages()
        }
    }
}

//! The report that the last `cargo lockhound` of a workspace has left.

use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

use super::store::Store;
use super::workspace::cargo;

/// Where it is, or would be, for whoever is in `folder`. Where there is no workspace that cargo understands, as if it were
/// one with nothing special about it.
pub(crate) fn last_report(folder: &Path) -> PathBuf {
    let metadata = MetadataCommand::new().cargo_path(cargo()).current_dir(folder).no_deps().exec();
    match metadata {
        Ok(metadata) => Store::under(metadata.target_directory.as_std_path()).findings(),
        Err(_) => Store::under(&folder.join("target")).findings(),
    }
}

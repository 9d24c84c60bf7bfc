//! Where the file is.

use std::path::{Path, PathBuf};

use crate::args::ConfigArgs;

pub(crate) const NAME: &str = "lockhound.toml";

/// What marks the root of a workspace or a repository: the search goes no higher.
const ROOTS: [&str; 2] = ["Cargo.lock", ".git"];

/// A file, and what it is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Location {
    /// For opening it, from wherever this process goes.
    pub(crate) path: PathBuf,
    /// For messages, from where the user is: `../lockhound.toml`.
    pub(crate) shown: String,
    /// For reports, which do not depend on where they are made: `lockhound.toml`, or what the user wrote.
    pub(crate) name: String,
}

impl Location {
    /// The file that the user names; else the nearest one from `start` upwards, as it is called from the folder of the user.
    /// None if there is none, or it is not wanted.
    pub(super) fn find(args: &ConfigArgs, start: &Path, user: &Path) -> Option<Self> {
        match &args.config {
            _ if args.no_config => None,
            Some(path) => Some(Self::named(path)),
            None => nearest(start).map(|folder| Self::in_folder(folder, user)),
        }
    }

    /// Where the file is for a user, or would be if there were one.
    pub(crate) fn find_or_place(args: &ConfigArgs, user: &Path) -> Self {
        Self::find(args, user, user).unwrap_or_else(|| Self::in_folder(workspace(user), user))
    }

    fn named(path: &Path) -> Self {
        let shown = path.display().to_string();
        Self { path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()), name: shown.clone(), shown }
    }

    fn in_folder(folder: &Path, user: &Path) -> Self {
        let path = folder.join(NAME);
        let shown = match (user.strip_prefix(folder), path.strip_prefix(user)) {
            (Ok(below), _) => format!("{}{NAME}", "../".repeat(below.components().count())),
            (_, Ok(below)) => below.display().to_string(),
            _ => path.display().to_string(),
        };
        Self { path, shown, name: NAME.to_owned() }
    }
}

/// The folder of the nearest file, from `start` upwards to the root of the workspace.
fn nearest(start: &Path) -> Option<&Path> {
    start
        .ancestors()
        .find(|folder| folder.join(NAME).is_file() || is_root(folder))
        .filter(|folder| folder.join(NAME).is_file())
}

/// The root of the workspace or repository around `start`; without one, `start` itself.
pub(crate) fn workspace(start: &Path) -> &Path {
    start.ancestors().find(|folder| is_root(folder)).unwrap_or(start)
}

fn is_root(folder: &Path) -> bool {
    ROOTS.iter().any(|root| folder.join(root).exists())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_search_ends_at_the_root_of_the_workspace() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("workspace/member/src");
        fs::create_dir_all(&deep).unwrap();
        fs::write(root.path().join(NAME), "").unwrap();
        let args = ConfigArgs { config: None, no_config: false };
        assert_eq!(Location::find(&args, &deep, &deep).unwrap().shown, "../../../lockhound.toml");
        fs::write(root.path().join("workspace/Cargo.lock"), "").unwrap();
        assert_eq!(Location::find(&args, &deep, &deep), None, "that one is of somebody else");
        let place = Location::find_or_place(&args, &deep);
        assert_eq!(place.path, root.path().join("workspace/lockhound.toml"));
        assert_eq!((place.shown.as_str(), place.name.as_str()), ("../../lockhound.toml", "lockhound.toml"));
        fs::write(root.path().join("workspace/lockhound.toml"), "").unwrap();
        assert_eq!(Location::find(&args, &deep, &deep), Some(place));
        let from = |user: &Path| Location::find(&args, &deep, user).unwrap().shown;
        assert_eq!(from(root.path()), "workspace/lockhound.toml");
        assert_eq!(from(Path::new("/elsewhere")), root.path().join("workspace/lockhound.toml").display().to_string());
    }

    #[test]
    fn the_user_decides() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(NAME), "").unwrap();
        let not_wanted = ConfigArgs { config: None, no_config: true };
        assert_eq!(Location::find(&not_wanted, root.path(), root.path()), None);
        let other = ConfigArgs { config: Some("ci/strict.toml".into()), no_config: false };
        let found = Location::find(&other, root.path(), root.path()).unwrap();
        assert!(found.path.is_absolute());
        assert_eq!((found.shown.as_str(), found.name.as_str()), ("ci/strict.toml", "ci/strict.toml"));
    }
}

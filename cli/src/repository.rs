//! Where files are in the repository that is being checked: how code scanning and annotations name them.

use std::path::{Component, Path, PathBuf};

/// The repository around a folder: the innermost folder with a `.git` in it, else the folder itself.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
    current: PathBuf,
}

impl Repository {
    pub(crate) fn around(current: &Path) -> Self {
        let root = current.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(current);
        Self { root: root.to_owned(), current: current.to_owned() }
    }

    /// The path from the root, with slashes; none for a file elsewhere. Gets the file as sites name it, and the folder
    /// that the program ran in. Sites name files relative to the folder that the compiler ran in, which may be any around
    /// either folder: the first that has such a file. Where none has, as on a machine without the sources, it must be the
    /// root that is meant.
    pub(crate) fn locate(&self, file: &str, cwd: Option<&str>) -> Option<String> {
        let file = Path::new(file);
        if file.is_absolute() {
            return file.strip_prefix(&self.root).ok().and_then(with_slashes);
        }
        let folders = [Some(self.current.as_path()), cwd.map(Path::new)].into_iter().flatten();
        let inside = |folder: &&Path| folder.starts_with(&self.root);
        let around = folders.flat_map(|folder| folder.ancestors().take_while(inside));
        let found = around.map(|folder| folder.join(file)).find(|path| path.is_file());
        with_slashes(found.as_deref().and_then(|path| path.strip_prefix(&self.root).ok()).unwrap_or(file))
    }
}

/// None for a path that leads out of where it starts, or is no text.
fn with_slashes(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_named_from_the_root() {
        let root = tempfile::tempdir().unwrap();
        let service = root.path().join("service");
        fs::create_dir_all(service.join("bank/src")).unwrap();
        fs::create_dir(root.path().join(".git")).unwrap();
        fs::write(service.join("bank/src/lib.rs"), "").unwrap();
        let repository = Repository::around(&service);
        let located = Some("service/bank/src/lib.rs".to_owned());
        assert_eq!(repository.locate("bank/src/lib.rs", None), located);
        assert_eq!(repository.locate("src/lib.rs", service.join("bank").to_str()), located);
        assert_eq!(repository.locate(service.join("bank/src/lib.rs").to_str().unwrap(), None), located);
        assert_eq!(repository.locate("src/../gone.rs", None).as_deref(), Some("gone.rs"));
        assert_eq!(repository.locate("/rustc/library/mutex.rs", None), None);
        assert_eq!(repository.locate("../outside.rs", None), None);
    }
}

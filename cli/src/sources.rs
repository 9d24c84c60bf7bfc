//! The program text that reports quote.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockhound_report::Sources;

/// Larger files are no program text.
const LIMIT: u64 = 16 << 20;

/// Program text from files, each read once.
///
/// Compilers name files relative to the folder they ran in: the root of a workspace, where tests run in that of their
/// package and the report may be made in a third. So a relative name is looked for in the current folder, in the one
/// that the program ran in, and in those that contain them.
#[derive(Debug, Default)]
pub(crate) struct Files {
    embedded: Embedded,
    read: RefCell<HashMap<PathBuf, Option<Arc<str>>>>,
}

/// When the texts that this program carries, those of its demonstrations, stand in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Embedded {
    /// Where there is no file.
    #[default]
    Last,
    /// Always: the trace is of a demonstration, so they are the very program text.
    First,
}

impl Files {
    pub(crate) fn new(embedded: Embedded) -> Self {
        Self { embedded, ..Self::default() }
    }

    fn find(&self, file: &str, cwd: Option<&str>) -> Option<Arc<str>> {
        if Path::new(file).is_absolute() {
            return self.read(Path::new(file));
        }
        let current = std::env::current_dir().ok();
        let recorded = cwd.map(PathBuf::from);
        let folders = [current, recorded].into_iter().flatten();
        let mut containing = Vec::new();
        for folder in folders {
            containing.extend(folder.ancestors().map(|ancestor| ancestor.join(file)));
        }
        containing.iter().find_map(|path| self.read(path))
    }

    fn read(&self, path: &Path) -> Option<Arc<str>> {
        let mut read = self.read.borrow_mut();
        read.entry(path.to_owned()).or_insert_with(|| read_text(path)).clone()
    }
}

impl Sources for Files {
    fn text(&self, file: &str, cwd: Option<&str>) -> Option<Arc<str>> {
        let carried = || lockhound_fixtures::all().iter().find(|scenario| scenario.source.path == file);
        let embedded = || carried().map(|scenario| Arc::from(scenario.source.text));
        match self.embedded {
            Embedded::First => embedded().or_else(|| self.find(file, cwd)),
            Embedded::Last => self.find(file, cwd).or_else(embedded),
        }
    }
}

/// A trace can name any path: only regular files of a sane size are read, never a device or a pipe.
fn read_text(path: &Path) -> Option<Arc<str>> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return None;
    }
    std::fs::read_to_string(path).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_above_the_folder_the_program_ran_in() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("package/src")).unwrap();
        std::fs::write(root.path().join("package/src/unlikely_name.rs"), "fn main() {}").unwrap();
        let package = root.path().join("package");
        let cwd = package.to_str();
        let files = Files::default();
        assert_eq!(files.text("package/src/unlikely_name.rs", cwd).as_deref(), Some("fn main() {}"));
        assert_eq!(files.text("src/unlikely_name.rs", cwd).as_deref(), Some("fn main() {}"));
        assert_eq!(files.text("src/missing.rs", cwd), None);
    }

    #[test]
    fn devices_and_binaries_are_not_read() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("binary"), [0xff, 0xfe]).unwrap();
        let files = Files::default();
        assert_eq!(files.text("/dev/zero", None), None);
        assert_eq!(files.text("binary", root.path().to_str()), None);
    }
}

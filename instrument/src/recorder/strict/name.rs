//! A thread's name where nothing may be allocated.

use std::sync::atomic::{AtomicU64, Ordering};

use super::arena::Zeroed;

const WORDS: usize = 4;

/// The beginning of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Name([u64; WORDS]);

impl Name {
    pub(super) fn new(text: &str) -> Self {
        let mut bytes = [0; WORDS * 8];
        let end = text.floor_char_boundary(bytes.len());
        bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
        Self(std::array::from_fn(|word| u64::from_ne_bytes(std::array::from_fn(|at| bytes[word * 8 + at]))))
    }

    /// The name of this thread; `thread-N` after its number if it has none.
    pub(super) fn of_this_thread(number: u32) -> Self {
        match std::thread::current().name() {
            Some(name) => Self::new(name),
            None => Self::new(&format!("thread-{number}")),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.0.map(u64::to_ne_bytes);
        let bytes = bytes.as_flattened();
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        f.write_str(std::str::from_utf8(&bytes[..end]).unwrap_or("?"))
    }
}

/// A name in the graph.
#[derive(Debug)]
pub(super) struct StoredName([AtomicU64; WORDS]);

// SAFETY: an array of such.
unsafe impl Zeroed for StoredName {}

impl StoredName {
    pub(super) fn store(&self, name: Name) {
        for (word, value) in self.0.iter().zip(name.0) {
            word.store(value, Ordering::Relaxed);
        }
    }

    pub(super) fn load(&self) -> Name {
        Name(std::array::from_fn(|word| self.0[word].load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(Name::new("worker").to_string(), "worker");
        assert_eq!(Name::new("").to_string(), "");
        assert_eq!(Name::new(&"副".repeat(20)).to_string(), "副".repeat(10));
        assert_eq!(Name::new(&"x".repeat(32)).to_string(), "x".repeat(32));
    }
}

//! Orders of locks that a team states beside the code.

use globset::{Error, Glob, GlobMatcher};

/// Which lock is to be taken before which: a hierarchy, outermost first. Any number of them may hold at once.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclaredOrder {
    /// What the team calls it.
    pub name: String,
    /// Where it is stated, as messages show it: `lockhound.toml:7`.
    pub place: String,
    /// The locks. Several that one pattern stands for have no order among themselves.
    pub locks: Vec<NamePattern>,
}

impl DeclaredOrder {
    /// The place of the lock called `name`, outermost 0; none if the order says nothing of it. Where a lock is listed by its
    /// name, no other pattern stands for it. Time is linear in the list.
    #[must_use]
    pub fn rank(&self, name: &str) -> Option<usize> {
        let listed = self.locks.iter().position(|pattern| pattern.text() == name);
        listed.or_else(|| self.locks.iter().position(|pattern| pattern.matches(name)))
    }
}

/// A name, or a glob for names: `*` stands for anything, `?` for one character, `{a,b}` for either, `[ab]` for one of a set.
#[derive(Clone, Debug)]
pub struct NamePattern {
    glob: GlobMatcher,
}

impl NamePattern {
    /// Of its text.
    ///
    /// # Errors
    /// If it is no glob: an open bracket or brace, for example. In words.
    pub fn new(text: &str) -> Result<Self, String> {
        let glob = Glob::new(text).map_err(|error: Error| error.kind().to_string())?;
        Ok(Self { glob: glob.compile_matcher() })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.glob.glob().glob()
    }

    /// Whether it stands for `name`: as a glob, or because it is that name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.text() == name || self.glob.is_match(name)
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(locks: &[&str]) -> DeclaredOrder {
        let locks = locks.iter().map(|text| NamePattern::new(text).unwrap()).collect();
        DeclaredOrder { name: "order".to_owned(), place: "lockhound.toml:1".to_owned(), locks }
    }

    #[test]
    fn a_pattern_is_a_name_or_a_glob() {
        let matches = |pattern, name| NamePattern::new(pattern).unwrap().matches(name);
        assert!(matches("accounts", "accounts") && !matches("accounts", "accounts2"));
        assert!(matches("mutex src/bank.rs:*", "mutex src/bank.rs:6:54"), "names are no paths: `*` goes across `/`");
        assert!(matches("*", "crate::bank/ACCOUNTS") && matches("{a,b}?", "b1"));
        assert!(matches("slots[3]", "slots[3]") && matches("slots[3]", "slots3"));
        assert!(NamePattern::new("slots[").is_err());
    }

    #[test]
    fn a_name_wins_over_a_glob_and_else_the_first_that_matches() {
        let order = order(&["shard *", "shard 0", "sh*"]);
        assert_eq!(
            ["shard 1", "shard 0", "shovel", "log"].map(|name| order.rank(name)),
            [Some(0), Some(1), Some(2), None]
        );
    }
}

//! Names that are put together while the process runs.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// A name that lasts, as those of objects must: it is leaked, once for all that are called the same.
pub(crate) fn lasting(name: String) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_with(HashSet::new);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn what_is_called_the_same_is_kept_once() {
        let [first, second] = [(); 2].map(|()| lasting(format!("line of {}", "a pool")));
        assert!(ptr::eq(first, second));
        assert_eq!((first, lasting("line".to_owned())), ("line of a pool", "line"));
    }
}

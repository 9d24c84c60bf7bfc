//! A hash table of lists through entries that live elsewhere: to find who holds a lock, without allocating.

const BUCKETS: usize = 1024;
const NONE: u32 = u32::MAX;

/// An entry's neighbours in its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    before: u32,
    after: u32,
}

impl Link {
    /// Of an entry that is in no list.
    pub(super) const LOOSE: Self = Self { before: NONE, after: NONE };
}

/// Lists of entries by key. Keys that share a bucket share a list, so whoever walks one must look at the entries.
#[derive(Debug)]
pub(super) struct Chains {
    heads: Box<[u32]>,
}

impl Chains {
    pub(super) fn new() -> Self {
        Self { heads: vec![NONE; BUCKETS].into_boxed_slice() }
    }

    const fn bucket(key: u32) -> usize {
        key as usize % BUCKETS
    }

    /// Puts `entry`, which must be in no list, into the list of `key`. Constant time.
    pub(super) fn insert(&mut self, links: &mut [Link], key: u32, entry: u32) {
        let head = &mut self.heads[Self::bucket(key)];
        if let Some(first) = links.get_mut(*head as usize) {
            first.before = entry;
        }
        links[entry as usize] = Link { before: NONE, after: *head };
        *head = entry;
    }

    /// Takes `entry` out of the list of `key`, in which it must be. Constant time.
    pub(super) fn remove(&mut self, links: &mut [Link], key: u32, entry: u32) {
        let Link { before, after } = std::mem::replace(&mut links[entry as usize], Link::LOOSE);
        match links.get_mut(before as usize) {
            Some(link) => link.after = after,
            None => self.heads[Self::bucket(key)] = after,
        }
        if let Some(link) = links.get_mut(after as usize) {
            link.before = before;
        }
    }

    /// The entries of the list of `key`, the latest first.
    pub(super) fn of(&self, links: &[Link], key: u32) -> impl Iterator<Item = u32> {
        let mut at = self.heads[Self::bucket(key)];
        std::iter::from_fn(move || {
            let entry = at;
            at = links.get(entry as usize)?.after;
            Some(entry)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_leave_from_anywhere() {
        let (mut chains, mut links) = (Chains::new(), [Link::LOOSE; 4]);
        let other = BUCKETS as u32;
        for (key, entry) in [(0, 0), (other, 1), (0, 2), (1, 3)] {
            chains.insert(&mut links, key, entry);
        }
        let list = |chains: &Chains, links: &[Link], key| chains.of(links, key).collect::<Vec<_>>();
        assert_eq!((list(&chains, &links, 0), list(&chains, &links, 1)), (vec![2, 1, 0], vec![3]));
        chains.remove(&mut links, other, 1);
        assert_eq!(list(&chains, &links, 0), [2, 0]);
        chains.remove(&mut links, 0, 2);
        chains.remove(&mut links, 0, 0);
        assert!(list(&chains, &links, other).is_empty());
        chains.insert(&mut links, 0, 1);
        assert_eq!(list(&chains, &links, 0), [1]);
    }
}

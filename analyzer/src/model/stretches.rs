//! What holds for stretches of a thread, looked up by place.

/// Places come in blocks of this many, so that a lookup searches among few stretches.
const BLOCK: u32 = 64;

/// Values that hold from some `loc` of a thread on, until the next.
#[derive(Clone, Debug)]
pub(super) struct Stretches<T> {
    /// Ascending.
    from: Vec<u32>,
    values: Vec<T>,
    /// How many begin before each block; blocks behind the last beginning have none.
    blocks: Vec<u32>,
}

impl<T> Default for Stretches<T> {
    fn default() -> Self {
        Self { from: Vec::new(), values: Vec::new(), blocks: Vec::new() }
    }
}

impl<T: Copy> Stretches<T> {
    /// From `from` on, `value` holds. Does not go back behind what is there; what began there as well is replaced.
    pub(super) fn begin(&mut self, from: u32, value: T) {
        let from = self.from.last().map_or(from, |&last| last.max(from));
        if self.from.last() == Some(&from) {
            self.values.pop();
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "no more stretches than events")]
            self.blocks.resize((from / BLOCK) as usize + 1, self.from.len() as u32);
            self.from.push(from);
        }
        self.values.push(value);
    }

    /// What holds at `loc`; none before the first. Takes constant time.
    #[inline]
    pub(super) fn at(&self, loc: u32) -> Option<T> {
        let block = (loc / BLOCK) as usize;
        let count = |block: usize| self.blocks.get(block).map_or(self.from.len(), |&count| count as usize);
        let (low, high) = (count(block), count(block + 1));
        let after = low + self.from[low..high].partition_point(|&from| from <= loc);
        after.checked_sub(1).map(|position| self.values[position])
    }

    pub(super) fn first(&self) -> Option<(u32, T)> {
        Some((*self.from.first()?, *self.values.first()?))
    }

    pub(super) fn last(&self) -> Option<T> {
        self.values.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_that_began_holds(mut begins in proptest::collection::vec(0..500_u32, 0..60)) {
            begins.sort_unstable();
            let mut stretches = Stretches::default();
            for (value, &from) in begins.iter().enumerate() {
                stretches.begin(from, value);
            }
            for loc in 0..600 {
                prop_assert_eq!(stretches.at(loc), begins.iter().rposition(|&from| from <= loc));
            }
            prop_assert_eq!(stretches.last(), begins.len().checked_sub(1));
        }
    }
}

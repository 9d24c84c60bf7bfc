//! Sets of open regions.

/// The place of an open region in a set; free again when the region has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("no more open regions than threads"))
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    const fn word(self) -> usize {
        (self.0 / u64::BITS) as usize
    }

    const fn bit(self) -> u64 {
        1 << (self.0 % u64::BITS)
    }
}

/// Open regions, as bits. The first 64 take no allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct RegionSet {
    first: u64,
    more: Vec<u64>,
}

impl RegionSet {
    pub(super) fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|&word| word == 0)
    }

    pub(super) fn contains(&self, slot: Slot) -> bool {
        self.word(slot.word()) & slot.bit() != 0
    }

    pub(super) fn insert(&mut self, slot: Slot) {
        *self.word_mut(slot.word()) |= slot.bit();
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        if self.contains(slot) {
            *self.word_mut(slot.word()) &= !slot.bit();
        }
    }

    /// Those that are only in `other`.
    pub(super) fn missing_of(&self, other: &Self) -> Self {
        let more = other.more.iter().enumerate().map(|(index, word)| word & !self.word(index + 1));
        Self { first: other.first & !self.first, more: more.collect() }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.first |= other.first;
        for (index, &word) in other.more.iter().enumerate() {
            if word != 0 {
                *self.word_mut(index + 1) |= word;
            }
        }
    }

    /// Whether all of `other` is in here.
    pub(super) fn includes(&self, other: &Self) -> bool {
        other.first & !self.first == 0
            && other.more.iter().enumerate().all(|(index, word)| word & !self.word(index + 1) == 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        std::iter::once(&self.first).chain(&self.more).enumerate().flat_map(|(index, &word)| {
            (0..u64::BITS)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| Slot::from_index(index * u64::BITS as usize + bit as usize))
        })
    }

    fn word(&self, index: usize) -> u64 {
        match index {
            0 => self.first,
            _ => self.more.get(index - 1).copied().unwrap_or(0),
        }
    }

    fn word_mut(&mut self, index: usize) -> &mut u64 {
        if index == 0 {
            return &mut self.first;
        }
        if self.more.len() < index {
            self.more.resize(index, 0);
        }
        &mut self.more[index - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_beyond_one_word() {
        let of = |slots: &[usize]| {
            let mut set = RegionSet::default();
            slots.iter().for_each(|&slot| set.insert(Slot::from_index(slot)));
            set
        };
        let (mut one, other) = (of(&[0, 63, 64]), of(&[63, 130]));
        assert!(!one.includes(&other) && one.includes(&of(&[64])) && of(&[]).is_empty());
        let missing: Vec<usize> = one.missing_of(&other).iter().map(Slot::index).collect();
        assert_eq!(missing, [130]);
        one.join(&other);
        assert!(one.includes(&other) && one.contains(Slot::from_index(130)));
        one.remove(Slot::from_index(64));
        one.remove(Slot::from_index(1000));
        assert_eq!(one.iter().map(Slot::index).collect::<Vec<_>>(), [0, 63, 130]);
    }
}

//! What happens to files.

use std::fmt;

/// Numbers without a pattern, the same in every run (xorshift64*).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }
}

/// One way to damage a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Corruption {
    FlippedBits,
    WrittenOver,
    HugeNumber,
    Zeroed,
    Duplicated,
    Swapped,
    Truncated,
    Inserted,
    Removed,
}

impl Corruption {
    pub(super) const ALL: [Self; 9] = [
        Self::FlippedBits,
        Self::WrittenOver,
        Self::HugeNumber,
        Self::Zeroed,
        Self::Duplicated,
        Self::Swapped,
        Self::Truncated,
        Self::Inserted,
        Self::Removed,
    ];

    /// A damaged copy of `bytes`. Half of the damage is to whole blocks of `block` bytes, where that makes sense. Most of a
    /// file can be padding, so places are drawn until one is hit that is not.
    pub(super) fn of(self, bytes: &[u8], block: usize, random: &mut Random) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        let at = place(bytes, random);
        let whole = random.below(2) == 0;
        let start = if whole { at / block * block } else { at };
        let length = if whole { block } else { 1 + random.below(block) };
        let end = (start + length).min(bytes.len());
        let other = place(bytes, random) / block * block;
        match self {
            Self::FlippedBits => {
                for _ in 0..=random.below(8) {
                    let at = place(bytes, random);
                    damaged[at] ^= 1 << random.below(8);
                }
            }
            Self::WrittenOver => damaged[at] = random.next() as u8,
            Self::HugeNumber => {
                let end = (at + 4).min(bytes.len());
                damaged[at..end].fill(0xff);
            }
            Self::Zeroed => damaged[start..end].fill(0),
            Self::Duplicated => {
                let length = (end - start).min(bytes.len() - other);
                damaged[other..other + length].copy_from_slice(&bytes[start..start + length]);
            }
            Self::Swapped => {
                let length = (end - start).min(bytes.len() - other);
                if start.abs_diff(other) >= length {
                    damaged[other..other + length].copy_from_slice(&bytes[start..start + length]);
                    damaged[start..start + length].copy_from_slice(&bytes[other..other + length]);
                }
            }
            Self::Truncated => damaged.truncate(at),
            Self::Inserted => {
                let inserted: Vec<u8> = (start..end).map(|_| random.next() as u8).collect();
                damaged.splice(start..start, inserted);
            }
            Self::Removed => drop(damaged.drain(start..end)),
        }
        damaged
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

fn place(bytes: &[u8], random: &mut Random) -> usize {
    let draws = (0..64).map(|_| random.below(bytes.len()));
    let mut last = 0;
    for at in draws {
        last = at;
        if bytes[at] != 0 {
            break;
        }
    }
    last
}

/// Where two contents first differ; none if they do not.
pub(super) fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let common = a.iter().zip(b).position(|(a, b)| a != b);
    common.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

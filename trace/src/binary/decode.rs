//! Bytes to records. Never panics, whatever the bytes are.

use super::encode::{ClassDefinition, ObjectDefinition, ThreadDefinition, kind_numbered};
use super::format::{code, is_release};

/// Bytes that every buffer has beyond its records, so that a head is one load.
pub(super) const PADDING: usize = 16;

/// What is wrong with a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed(pub(super) &'static str);

impl Malformed {
    /// The record ends beyond what was committed.
    pub(super) const CUT: Self = Self("a record longer than its chunk");
}

/// The beginning of an event's record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) code: u8,
    pub(super) site: u32,
    pub(super) subject: u32,
    /// How far the subject must have come; 0 = anywhere.
    pub(super) after: u64,
    /// Where the operands begin.
    pub(super) end: usize,
}

impl Head {
    /// The head at `at`, where `bytes` has [`PADDING`] more bytes.
    #[inline]
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let window: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
        let word = u128::from_le_bytes(window);
        let low = word as u64;
        let first = low as u8;
        let code = first & code::MASK;
        if first & code::WIDE != 0 {
            return Some(Self::read_wide(word, at));
        }
        let (site, subject, length) =
            if is_release(code) { (0, (low >> 8) & 0xffff, 3) } else { ((low >> 8) & 0xffff, (low >> 24) & 0xffff, 5) };
        let (after, length) =
            if first & code::HAND_OVER == 0 { (0, length) } else { ((word >> (8 * length)) as u32, length + 4) };
        Some(Self { code, site: site as u32, subject: subject as u32, after: u64::from(after), end: at + length })
    }

    /// The head at `at` if it is a narrow one of an `acquire`, `release`, `read` or `write`, as nearly all are.
    #[inline]
    pub(super) fn of_usual(bytes: &[u8], at: usize) -> Option<Self> {
        let window: &[u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
        let (low, high) = (word(window, 0), word(window, 5));
        let first = low as u8;
        let code = first & code::MASK;
        if first & code::WIDE != 0 || !is_usual(code) {
            return None;
        }
        let (site, subject, after, length) =
            if is_release(code) { (0, low >> 8, low >> 24, 3) } else { (low >> 8, low >> 24, high, 5) };
        let (after, length) = if first & code::HAND_OVER == 0 { (0, length) } else { (after as u32, length + 4) };
        let (site, subject) = (u32::from(site as u16), u32::from(subject as u16));
        Some(Self { code, site, subject, after: u64::from(after), end: at + length })
    }

    #[cold]
    fn read_wide(word: u128, at: usize) -> Self {
        let first = word as u8;
        let code = first & code::MASK;
        let (site, subject, length) =
            if is_release(code) { (0, (word >> 8) as u32, 5) } else { ((word >> 8) as u32, (word >> 40) as u32, 9) };
        let (after, length) = if first & code::HAND_OVER == 0 {
            (0, length)
        } else {
            ((word >> (8 * length)) as u64 & (u64::MAX >> 8), length + 7)
        };
        Self { code, site, subject, after, end: at + length }
    }
}

/// Whether events of this code make up nearly all of most recordings: locks, unlocks and plain accesses.
#[inline]
const fn is_usual(code: u8) -> bool {
    matches!(code, code::ACQUIRE..code::ACQUIRE_AFTER_READS | code::READ | code::WRITE)
}

/// The eight bytes from `at` on.
#[inline]
fn word(window: &[u8; 16], at: usize) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = window[at..] else { return 0 };
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Reads operands one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Operands<'a> {
    /// Operands from `at` on; `bytes` ends with the committed records.
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where the next operand would begin.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length).ok_or(Malformed::CUT)?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed::CUT)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed::CUT)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// Kind and bits of a value, extended to 64 as its kind asks.
    pub(super) fn value(&mut self) -> Result<(u8, u64), Malformed> {
        let first = self.u8()?;
        let (kind, length) = (first & 7, usize::from(first >> 3));
        if length > 8 {
            return Err(Malformed("a value longer than eight bytes"));
        }
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(self.take(length)?);
        let bits = u64::from_le_bytes(bytes);
        if kind != super::format::value::SIGNED || length == 0 {
            return Ok((kind, bits));
        }
        let unused = 64 - 8 * length;
        Ok((kind, ((bits << unused) as i64 >> unused) as u64))
    }

    /// Bytes after their length.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a text that is not UTF-8"))
    }

    pub(super) fn thread(&mut self) -> Result<ThreadDefinition, Malformed> {
        Ok(ThreadDefinition { number: self.u32()?, site: self.u32()?, name: self.u32()?, id: self.u32()? })
    }

    pub(super) fn object(&mut self) -> Result<ObjectDefinition, Malformed> {
        let number = self.u32()?;
        let (base, base_reads) = (self.u64()?, self.u64()?);
        let class = self.class()?;
        Ok(ObjectDefinition { base_reads, id: self.u32()?, ..class.object(number, base) })
    }

    pub(super) fn class(&mut self) -> Result<ClassDefinition, Malformed> {
        let kind = self.u8()?;
        let parameters = [self.u64()?, self.u64()?];
        let levelled = self.u8()? != 0;
        let level = self.u64()? as i64;
        Ok(ClassDefinition {
            kind: kind_numbered(kind, parameters).ok_or(Malformed("an unknown kind of object"))?,
            level: levelled.then_some(level),
            site: self.u32()?,
            name: self.u32()?,
            type_name: self.u32()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::binary::encode;
    use crate::binary::format::value;

    proptest! {
        #[test]
        fn heads_survive(code in 1u8..64, site: u32, subject: u32, after in 0u64..1 << 56, narrow: bool) {
            let (site, subject, after) =
                if narrow { (site & 0xffff, subject & 0xffff, after & 0xffff_ffff) } else { (site, subject, after) };
            let head = encode::Head::new(code, site, subject, after);
            let mut bytes = head.word.to_le_bytes().to_vec();
            bytes.truncate(head.length);
            bytes.extend([0xaa; PADDING]);
            let site = if is_release(code) { 0 } else { site };
            let head = Some(Head { code, site, subject, after, end: head.length });
            prop_assert_eq!(Head::read(&bytes, 0), head);
            let usual = code < code::ACQUIRE_AFTER_READS || code == code::READ || code == code::WRITE;
            let narrow = bytes[0] & code::WIDE == 0;
            prop_assert_eq!(Head::of_usual(&bytes, 0), head.filter(|_| usual && narrow));
        }

        #[test]
        fn values_survive(kind in 1u8..7, bits: u64, shift in 0u32..64) {
            let bits = if kind == value::SIGNED { (bits as i64 >> shift) as u64 } else { bits >> shift };
            let mut bytes = Vec::new();
            encode::RawValue::new(kind, bits).put(&mut bytes);
            prop_assert_eq!(Operands::new(&bytes, 0).value(), Ok((kind, bits)));
        }
    }

    #[test]
    fn a_lock_pair_takes_eight_bytes() {
        assert_eq!(
            encode::Head::new(code::ACQUIRE, 9, 9, 0).length + encode::Head::new(code::RELEASE, 0, 9, 0).length,
            8
        );
    }
}

//! Records to bytes: the one definition of every layout, shared by the recorder and the writer.
//!
//! Nothing here allocates by itself, so the recorder can encode anywhere.

use super::format::{
    FILE_HEADER, MAGIC, MAX_RECORDED_TEXT, Payload, SUM_RECORD, VERSION, code, define, is_release, value,
};
use crate::objects::{ChannelOrder, ObjectKind, Policy};

/// Where encoded bytes go.
pub trait Bytes {
    /// Appends `bytes`.
    fn put(&mut self, bytes: &[u8]);
}

impl Bytes for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A buffer on the stack. What does not fit is left out, and [`Scratch::bytes`] then gives nothing.
#[derive(Debug)]
pub struct Scratch<const N: usize> {
    bytes: [u8; N],
    length: usize,
    overflowed: bool,
}

impl<const N: usize> Default for Scratch<N> {
    fn default() -> Self {
        Self { bytes: [0; N], length: 0, overflowed: false }
    }
}

impl<const N: usize> Scratch<N> {
    /// What was put; nothing if it did not fit.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        if self.overflowed { &[] } else { &self.bytes[..self.length] }
    }

    /// How many more bytes fit.
    #[must_use]
    pub const fn room(&self) -> usize {
        N - self.length
    }
}

impl<const N: usize> Bytes for Scratch<N> {
    fn put(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(self.length..self.length + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => self.overflowed = true,
        }
    }
}

/// The beginning of an event's record, ready for one store of sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The bytes, little-endian, zero beyond the length.
    pub word: u128,
    /// How many of them count.
    pub length: usize,
}

impl Head {
    /// The head of an event. `site` 0 = none. `after` 0 = ready as soon as the thread is there.
    #[inline]
    #[must_use]
    pub const fn new(code: u8, site: u32, subject: u32, after: u64) -> Self {
        if site <= 0xffff && subject <= 0xffff && after <= 0xffff_ffff {
            Self::narrow(code, site, subject, after)
        } else {
            Self::wide(code, site, subject, after)
        }
    }

    #[inline]
    const fn narrow(code: u8, site: u32, subject: u32, after: u64) -> Self {
        let (mut word, mut length) = if is_release(code) {
            ((subject as u128) << 8, 3)
        } else {
            ((site as u128) << 8 | (subject as u128) << 24, 5)
        };
        let mut first = code;
        if after != 0 {
            first |= code::HAND_OVER;
            word |= (after as u128) << (8 * length);
            length += 4;
        }
        Self { word: word | first as u128, length }
    }

    /// The head in its wide form, whatever the numbers.
    ///
    /// Versions have 39 bits in a recorder's memory and 56 in the file: all the head then fits one word.
    #[cold]
    #[must_use]
    pub const fn wide(code: u8, site: u32, subject: u32, after: u64) -> Self {
        let (mut word, mut length) = if is_release(code) {
            ((subject as u128) << 8, 5)
        } else {
            ((site as u128) << 8 | (subject as u128) << 40, 9)
        };
        let mut first = code | code::WIDE;
        if after != 0 {
            first |= code::HAND_OVER;
            word |= ((after & (u64::MAX >> 8)) as u128) << (8 * length);
            length += 7;
        }
        Self { word: word | first as u128, length }
    }

    /// Appends it.
    pub fn put(&self, out: &mut impl Bytes) {
        out.put(&self.word.to_le_bytes()[..self.length]);
    }
}

/// A value as it stands in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawValue {
    kind: u8,
    bits: u64,
}

impl RawValue {
    /// Not known.
    pub const NONE: Self = Self { kind: value::NONE, bits: 0 };

    /// A value of one of the kinds in [`value`], with its bits sign- or zero-extended to 64.
    #[must_use]
    pub const fn new(kind: u8, bits: u64) -> Self {
        Self { kind, bits }
    }

    /// The value's bytes, ready for one store, and how many of them count: as few as the number needs.
    #[inline]
    #[must_use]
    pub const fn encode(self) -> (u128, usize) {
        let significant = match self.kind {
            value::NONE => 0,
            value::SIGNED => 65 - (self.bits ^ ((self.bits as i64 >> 63) as u64)).leading_zeros(),
            _ => 64 - self.bits.leading_zeros(),
        };
        let length = significant.div_ceil(8) as usize;
        let first = self.kind | (length as u8) << 3;
        let kept = if length == 8 { self.bits } else { self.bits & ((1 << (8 * length)) - 1) };
        (first as u128 | (kept as u128) << 8, 1 + length)
    }

    /// Appends it.
    pub fn put(self, out: &mut impl Bytes) {
        let (word, length) = self.encode();
        out.put(&word.to_le_bytes()[..length]);
    }
}

/// Appends a text with its length.
pub fn text(out: &mut impl Bytes, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.put(&length.to_le_bytes());
    out.put(&text.as_bytes()[..length as usize]);
}

/// `text`, or as much of it as a recording keeps.
#[must_use]
pub fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_RECORDED_TEXT)]
}

/// Appends the definition of the stream's next site.
pub fn site(out: &mut impl Bytes, file: &str, line: u32, column: u32) {
    out.put(&[code::DEFINE, define::SITE]);
    out.put(&line.to_le_bytes());
    out.put(&column.to_le_bytes());
    text(out, file);
}

/// Appends the definition of the stream's next place, text or module: what `define` says.
pub fn named(out: &mut impl Bytes, what: u8, name: &str) {
    out.put(&[code::DEFINE, what]);
    text(out, name);
}

/// The definition of a thread; numbers of sites and texts are the stream's, 0 = none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ThreadDefinition {
    /// The thread's number in the file.
    pub number: u32,
    /// Where it was created.
    pub site: u32,
    /// What the user calls it.
    pub name: u32,
    /// Its id, if it was given one.
    pub id: u32,
}

impl ThreadDefinition {
    /// Appends it.
    pub fn put(&self, out: &mut impl Bytes) {
        out.put(&[code::DEFINE, define::THREAD]);
        for number in [self.number, self.site, self.name, self.id] {
            out.put(&number.to_le_bytes());
        }
    }
}

/// The definition of an object; numbers of sites and texts are the stream's, 0 = none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectDefinition {
    /// The object's number in the file.
    pub number: u32,
    /// The version it had before its first event in this file.
    pub base: u64,
    /// The releases of reading it had before its first event in this file.
    pub base_reads: u64,
    /// What it is.
    pub kind: ObjectKind,
    /// Its place in the declared order.
    pub level: Option<i64>,
    /// Where it was created.
    pub site: u32,
    /// What the user calls it.
    pub name: u32,
    /// Type of its content.
    pub type_name: u32,
    /// Its id, if it was given one.
    pub id: u32,
}

impl ObjectDefinition {
    /// Appends it.
    pub fn put(&self, out: &mut impl Bytes) {
        let (kind, parameters) = kind_numbers(self.kind);
        out.put(&[code::DEFINE, define::OBJECT]);
        out.put(&self.number.to_le_bytes());
        out.put(&self.base.to_le_bytes());
        out.put(&self.base_reads.to_le_bytes());
        out.put(&[kind]);
        out.put(&parameters[0].to_le_bytes());
        out.put(&parameters[1].to_le_bytes());
        out.put(&[u8::from(self.level.is_some())]);
        out.put(&self.level.unwrap_or(0).to_le_bytes());
        for number in [self.site, self.name, self.type_name, self.id] {
            out.put(&number.to_le_bytes());
        }
    }
}

/// The definition of what many objects have in common; numbers of sites and texts are the stream's, 0 = none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassDefinition {
    /// What they are.
    pub kind: ObjectKind,
    /// Their place in the declared order.
    pub level: Option<i64>,
    /// Where they were created.
    pub site: u32,
    /// What the user calls them.
    pub name: u32,
    /// Type of their content.
    pub type_name: u32,
}

impl ClassDefinition {
    /// Appends it.
    pub fn put(&self, out: &mut impl Bytes) {
        let (kind, parameters) = kind_numbers(self.kind);
        out.put(&[code::DEFINE, define::CLASS, kind]);
        out.put(&parameters[0].to_le_bytes());
        out.put(&parameters[1].to_le_bytes());
        out.put(&[u8::from(self.level.is_some())]);
        out.put(&self.level.unwrap_or(0).to_le_bytes());
        for number in [self.site, self.name, self.type_name] {
            out.put(&number.to_le_bytes());
        }
    }

    /// One of them.
    #[must_use]
    pub const fn object(&self, number: u32, base: u64) -> ObjectDefinition {
        let Self { kind, level, site, name, type_name } = *self;
        ObjectDefinition { number, base, base_reads: 0, kind, level, site, name, type_name, id: 0 }
    }
}

/// A kind's number and parameters; an absent parameter is 0, a present one is stored plus 1.
fn kind_numbers(kind: ObjectKind) -> (u8, [u64; 2]) {
    let present = |value: Option<u64>| value.map_or(0, |value| value.saturating_add(1));
    match kind {
        ObjectKind::Mutex { reentrant } => (1, [u64::from(reentrant), 0]),
        ObjectKind::RwLock { policy } => (2, [u64::from(policy == Policy::Reader), 0]),
        ObjectKind::Condvar => (3, [0, 0]),
        ObjectKind::Semaphore { permits, bound } => (4, [u64::from(permits), present(bound.map(u64::from))]),
        ObjectKind::Barrier { parties } => (5, [present(parties.map(u64::from)), 0]),
        ObjectKind::Channel { capacity, order } => (6, [present(capacity), order_number(order)]),
        ObjectKind::Flag { set } => (7, [u64::from(set), 0]),
        ObjectKind::Waitgroup { count } => (8, [u64::from(count), 0]),
        ObjectKind::Once => (9, [0, 0]),
        ObjectKind::Var => (10, [0, 0]),
        ObjectKind::Atomic => (11, [0, 0]),
    }
}

/// The kind behind a number and its parameters; none if no recorder writes them.
#[must_use]
pub fn kind_numbered(number: u8, parameters: [u64; 2]) -> Option<ObjectKind> {
    let absent = |stored: u64| stored.checked_sub(1);
    let small = |value: u64| u32::try_from(value).ok();
    let optional = |stored: u64| absent(stored).map_or(Some(None), |value| small(value).map(Some));
    Some(match number {
        1 => ObjectKind::Mutex { reentrant: parameters[0] != 0 },
        2 => ObjectKind::RwLock { policy: if parameters[0] != 0 { Policy::Reader } else { Policy::Writer } },
        3 => ObjectKind::Condvar,
        4 => ObjectKind::Semaphore { permits: small(parameters[0])?, bound: optional(parameters[1])? },
        5 => ObjectKind::Barrier { parties: optional(parameters[0])? },
        6 => ObjectKind::Channel { capacity: absent(parameters[0]), order: order_numbered(parameters[1])? },
        7 => ObjectKind::Flag { set: parameters[0] != 0 },
        8 => ObjectKind::Waitgroup { count: small(parameters[0])? },
        9 => ObjectKind::Once,
        10 => ObjectKind::Var,
        11 => ObjectKind::Atomic,
        _ => return None,
    })
}

/// Files from before there were orders have 0 here: first in, first out.
const fn order_number(order: ChannelOrder) -> u64 {
    match order {
        ChannelOrder::Fifo => 0,
        ChannelOrder::Lifo => 1,
        ChannelOrder::Any => 2,
    }
}

const fn order_numbered(number: u64) -> Option<ChannelOrder> {
    match number {
        0 => Some(ChannelOrder::Fifo),
        1 => Some(ChannelOrder::Lifo),
        2 => Some(ChannelOrder::Any),
        _ => None,
    }
}

/// The checksum that ends a chunk of a merged file after these records.
#[must_use]
pub fn sum(records: &[u8]) -> [u8; SUM_RECORD] {
    let [a, b, c, d] = crc32fast::hash(records).to_le_bytes();
    [code::SUM, a, b, c, d]
}

/// Appends a field of the file header.
pub fn header_field(out: &mut impl Bytes, key: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.put(&[key]);
    out.put(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    for part in parts {
        out.put(part);
    }
}

/// The file header's first bytes, for these fields.
#[must_use]
pub fn file_header(payload: Payload, fields: &[u8]) -> [u8; FILE_HEADER] {
    let mut bytes = [0; FILE_HEADER];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes[10] = payload as u8;
    bytes[12..16].copy_from_slice(&u32::try_from(fields.len()).unwrap_or(u32::MAX).to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..16]);
    hasher.update(fields);
    bytes[16..].copy_from_slice(&hasher.finalize().to_le_bytes());
    bytes
}

//! What a file consists of: its header, and where each stream's chunks are. Reads a few bytes a chunk.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::decode::{Malformed, Operands};
use super::format::{
    CHUNK_HEADER, COMMITTED_AT, ChunkHeader, FILE_HEADER, MAGIC, MAX_FILE_HEADER, OPEN, PAGE, Payload, VERSION, field,
};
use super::time::rfc3339;
use crate::read::{Header, ReadErrorKind};

/// Something wrong, and where in the file.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) offset: u64,
    pub(super) kind: ReadErrorKind,
}

impl Damage {
    pub(super) fn corrupt(offset: u64, what: &str) -> Self {
        Self { offset, kind: ReadErrorKind::Corrupt(what.to_owned()) }
    }

    pub(super) fn io(offset: u64, error: io::Error) -> Self {
        Self { offset, kind: ReadErrorKind::Io(error) }
    }

    pub(super) fn truncated(offset: u64, what: String) -> Self {
        Self { offset, kind: ReadErrorKind::Truncated(what) }
    }
}

/// The committed records of one chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkPlace {
    /// Where in the file the records begin.
    pub(super) offset: u64,
    /// How many bytes of them there are; if it is open, at most.
    pub(super) length: u32,
    /// Whether the records end at the first zero byte where one could begin.
    pub(super) open: bool,
    /// Whether the file ends before all of them.
    pub(super) clipped: bool,
}

/// What a file consists of.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) header: Header,
    pub(super) payload: Payload,
    pub(super) length: u64,
    /// Every thread's chunks in its order, threads by number.
    pub(super) streams: Vec<(u32, Vec<ChunkPlace>)>,
    /// The first thing that is wrong; what is listed can still be read.
    pub(super) damage: Option<Damage>,
}

/// Reads exactly `bytes` at `offset`.
pub(super) fn read_at(file: &mut (impl Read + Seek), offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

impl Layout {
    /// Looks at every chunk header of `file`.
    pub(super) fn scan(file: &mut (impl Read + Seek)) -> Result<Self, Damage> {
        let length = file.seek(SeekFrom::End(0)).map_err(|error| Damage::io(0, error))?;
        let (header, payload, header_length) = read_header(file, length)?;
        let mut chunks = Chunks::default();
        let mut at = (header_length as u64).next_multiple_of(PAGE as u64);
        if at > length {
            chunks.note(Damage::truncated(length, "the file ends within its header".to_owned()));
        }
        while at < length {
            at += chunks.look_at(file, at, length)?;
        }
        chunks.check_copies();
        if !length.is_multiple_of(PAGE as u64) {
            chunks.note(Damage::truncated(length, "the file ends within a page".to_owned()));
        }
        let mut damage = chunks.damage;
        let streams =
            chunks.found.into_iter().map(|(thread, places)| (thread, in_sequence(places, &mut damage))).collect();
        Ok(Self { header, payload, length, streams, damage })
    }
}

#[derive(Debug, Default)]
struct Chunks {
    found: BTreeMap<u32, BTreeMap<u32, ChunkPlace>>,
    /// Thread, sequence and place of chunks that were found before: left by a process that was killed while it copied.
    copies: Vec<(u32, u32, u64)>,
    damage: Option<Damage>,
}

impl Chunks {
    /// Looks at the chunk at `at`; returns how many bytes to go on by.
    fn look_at(&mut self, file: &mut (impl Read + Seek), at: u64, length: u64) -> Result<u64, Damage> {
        const STEP: u64 = PAGE as u64;
        if length - at < CHUNK_HEADER as u64 {
            self.note(Damage::truncated(length, format!("the file ends within the chunk header at byte {at}")));
            return Ok(STEP);
        }
        let mut bytes = [0; CHUNK_HEADER];
        read_at(file, at, &mut bytes).map_err(|error| Damage::io(at, error))?;
        let Some((header, committed)) = ChunkHeader::decode(&bytes) else {
            // A process may be killed between taking a chunk and writing its header; it has then committed nothing.
            if bytes[COMMITTED_AT..] != [0; 4] {
                self.note(Damage::corrupt(at, "expected a chunk header"));
            }
            return Ok(STEP);
        };
        let room = u64::from(header.size).saturating_sub(CHUNK_HEADER as u64);
        let open = committed == OPEN;
        let committed = if open { room } else { u64::from(committed) };
        if header.size == 0 || !header.size.is_multiple_of(PAGE as u32) || committed > room {
            self.note(Damage::corrupt(at, "a chunk header with impossible sizes"));
            return Ok(STEP);
        }
        let there = length - at - CHUNK_HEADER as u64;
        if at + u64::from(header.size) > length {
            let missing = at + u64::from(header.size) - length;
            self.note(Damage::truncated(length, format!("{missing} bytes of the last chunk are missing")));
        }
        let place = ChunkPlace {
            offset: at + CHUNK_HEADER as u64,
            length: u32::try_from(committed.min(there)).unwrap_or(u32::MAX),
            open,
            clipped: committed > there,
        };
        match self.found.entry(header.thread).or_default().entry(header.sequence) {
            Entry::Vacant(vacant) => drop(vacant.insert(place)),
            Entry::Occupied(_) => self.copies.push((header.thread, header.sequence, at)),
        }
        let end = at + u64::from(header.size).min(length - at);
        self.find_within(file, (place.offset + u64::from(place.length)).next_multiple_of(STEP)..end)
            .map(|within| within.map_or(u64::from(header.size), |within| within - at))
    }

    /// The place of a chunk header among the bytes that a chunk has not used: where none can be unless bytes before it are lost.
    fn find_within(&mut self, file: &mut (impl Read + Seek), unused: Range<u64>) -> Result<Option<u64>, Damage> {
        for at in unused.clone().step_by(PAGE).take_while(|at| unused.end - at >= CHUNK_HEADER as u64) {
            let mut bytes = [0; CHUNK_HEADER];
            read_at(file, at, &mut bytes).map_err(|error| Damage::io(at, error))?;
            if ChunkHeader::decode(&bytes).is_some() {
                self.note(Damage::corrupt(at, "a chunk within another"));
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// A thread copies its last chunk only.
    fn check_copies(&mut self) {
        for (thread, sequence, at) in std::mem::take(&mut self.copies) {
            let last = self.found.get(&thread).and_then(|chunks| chunks.last_key_value());
            if last.is_none_or(|(&last, _)| last != sequence) {
                self.note(Damage::corrupt(at, "a second chunk with the same thread and number"));
            }
        }
    }

    fn note(&mut self, damage: Damage) {
        self.damage.get_or_insert(damage);
    }
}

/// The chunks up to the first that is missing. The last of a stream may be missing without trace: it was never written.
fn in_sequence(places: BTreeMap<u32, ChunkPlace>, damage: &mut Option<Damage>) -> Vec<ChunkPlace> {
    let mut list = Vec::with_capacity(places.len());
    for (expected, (sequence, place)) in (0..).zip(places) {
        if sequence != expected {
            damage.get_or_insert_with(|| {
                Damage::corrupt(place.offset, "a chunk before this one of its thread is missing")
            });
            break;
        }
        list.push(place);
    }
    list
}

fn read_header(file: &mut (impl Read + Seek), length: u64) -> Result<(Header, Payload, usize), Damage> {
    let refuse = |kind| Damage { offset: 0, kind };
    if length == 0 {
        return Err(refuse(ReadErrorKind::Empty));
    }
    let mut fixed = [0; FILE_HEADER];
    let there = usize::try_from(length).unwrap_or(usize::MAX).min(FILE_HEADER);
    read_at(file, 0, &mut fixed[..there]).map_err(|error| Damage::io(0, error))?;
    let known = there.min(MAGIC.len());
    if fixed[..known] != MAGIC[..known] {
        return Err(refuse(ReadErrorKind::NotATrace(
            "the first bytes are not those of a Lockhound recording".to_owned(),
        )));
    }
    if there < FILE_HEADER {
        return Err(Damage::truncated(length, "the file ends within its header".to_owned()));
    }
    let version = u16::from_le_bytes([fixed[8], fixed[9]]);
    if version != VERSION {
        let what = format!("binary layout version {version}; this program reads version {VERSION}");
        return Err(refuse(ReadErrorKind::NotATrace(what)));
    }
    let payload = match fixed[10] {
        0 => Payload::Streams,
        1 => Payload::Merged,
        _ => return Err(Damage::corrupt(10, "an unknown kind of payload")),
    };
    let fields_length = u32::from_le_bytes([fixed[12], fixed[13], fixed[14], fixed[15]]) as usize;
    if fields_length > MAX_FILE_HEADER {
        return Err(Damage::corrupt(12, "an impossible length of the header"));
    }
    if length < (FILE_HEADER + fields_length) as u64 {
        return Err(Damage::truncated(length, "the file ends within its header".to_owned()));
    }
    let mut fields = vec![0; fields_length];
    read_at(file, FILE_HEADER as u64, &mut fields).map_err(|error| Damage::io(FILE_HEADER as u64, error))?;
    if super::encode::file_header(payload, &fields) != fixed {
        return Err(Damage::corrupt(16, "the header's checksum does not match"));
    }
    let header = header_fields(&fields).map_err(|Malformed(what)| Damage::corrupt(FILE_HEADER as u64, what))?;
    Ok((header, payload, FILE_HEADER + fields_length))
}

/// Unknown fields are skipped: a later recorder may say more.
fn header_fields(fields: &[u8]) -> Result<Header, Malformed> {
    let mut header = Header::default();
    let mut operands = Operands::new(fields, 0);
    while operands.at() < fields.len() {
        let key = operands.u8()?;
        let bytes = operands.bytes()?;
        let text = || String::from_utf8_lossy(bytes).into_owned();
        let number =
            || bytes.try_into().map(u64::from_le_bytes).map_err(|_| Malformed("a header field of the wrong size"));
        match key {
            field::PID => header.pid = Some(number()?),
            field::PROGRAM => header.program = Some(text()),
            field::CWD => header.cwd = Some(text()),
            field::START => header.start = Some(rfc3339(number()?)),
            field::START_TEXT => header.start = Some(text()),
            field::ENV => {
                let pair = text();
                let (key, value) = pair.split_once('=').ok_or(Malformed("an environment variable without a value"))?;
                header.env.insert(key.to_owned(), value.to_owned());
            }
            field::ENV_PAIR => {
                let mut pair = Operands::new(bytes, 0);
                let key = String::from_utf8_lossy(pair.bytes()?).into_owned();
                header.env.insert(key, String::from_utf8_lossy(&bytes[pair.at()..]).into_owned());
            }
            _ => {}
        }
    }
    Ok(header)
}

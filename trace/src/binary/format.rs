//! The numbers that the recorder, the writer and the reader agree on. See the parent module for the layout as a whole.

use crate::op::{How, Mode, Order, Touched, WakeReason};

/// First bytes of a file. Not text, and damaged by whatever translates line ends.
pub const MAGIC: [u8; 8] = *b"\x89LHT\r\n\x1a\n";
/// Version of the layout; a reader refuses any other.
pub const VERSION: u16 = 1;
/// Chunks begin at multiples of this many bytes.
pub const PAGE: usize = 4096;
/// Bytes of the file header before its fields.
pub const FILE_HEADER: usize = 20;
/// Longest file header a reader accepts.
pub const MAX_FILE_HEADER: usize = 1 << 20;

/// First bytes of a chunk.
pub const CHUNK_MAGIC: [u8; 4] = *b"LHCK";
/// Bytes of a chunk before its records.
pub const CHUNK_HEADER: usize = 24;
/// Where in a chunk its sequence stands; right after it the number of committed bytes, so that one store changes both.
pub const SEQUENCE_AT: usize = 16;
/// Where in a chunk the number of committed bytes stands.
pub const COMMITTED_AT: usize = 20;
/// Stands for the number of committed bytes in a chunk that is being written: all records before the first zero byte.
pub const OPEN: u32 = u32::MAX;

/// Longest text of a recording; recorders cut longer ones.
pub const MAX_RECORDED_TEXT: usize = 1024;
/// Most frames of a recorded stack.
pub const MAX_FRAMES: usize = 64;
/// A recorder hands numbers of objects out in blocks of this many to a thread, which has at least a page of the file.
pub const OBJECT_BLOCK: u32 = 64;
/// Stands for the module in a frame that is a text; its offset is the number of the text.
pub const TEXT_FRAME: u16 = u16::MAX;

/// How the chunks of a file belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Payload {
    /// Each chunk belongs to one thread; the reader merges.
    Streams = 0,
    /// All chunks are one stream in observed order.
    Merged = 1,
}

/// What stands in the file header, each as key, length (`u32`) and bytes.
pub mod field {
    /// Process id, `u64`.
    pub const PID: u8 = 1;
    /// Name of the program, text.
    pub const PROGRAM: u8 = 2;
    /// Working directory, text.
    pub const CWD: u8 = 3;
    /// Start of the recording in nanoseconds since 1970, `u64`.
    pub const START: u8 = 4;
    /// `KEY=VALUE`, text, as a process's environment has it; may come often. No `=` in the key.
    pub const ENV: u8 = 5;
    /// Start of the recording, RFC 3339 text; where the nanoseconds are not known.
    pub const START_TEXT: u8 = 6;
    /// Length of the key (`u32`), key, value; may come often. For keys of any origin: another format's may have a `=`.
    pub const ENV_PAIR: u8 = 7;
}

/// The low six bits of a record's first byte. 0 is never written: it marks the end of what is committed.
pub mod code {
    /// Mask of the code in a record's first byte.
    pub const MASK: u8 = 0x3f;
    /// The record says how far its object must have come before it.
    pub const HAND_OVER: u8 = 0x40;
    /// Site and subject take four bytes each.
    pub const WIDE: u8 = 0x80;

    /// First of nine: acquire, by mode and how.
    pub const ACQUIRE: u8 = 1;
    /// First of fifteen: release, by mode and touched. Without a site.
    pub const RELEASE: u8 = 10;
    /// First of three: acquire for writing, by how, after so many read releases (`u64`).
    pub const ACQUIRE_AFTER_READS: u8 = 25;
    /// Plain read; a value.
    pub const READ: u8 = 28;
    /// Plain write; a value.
    pub const WRITE: u8 = 29;
    /// Atomic load; order (`u8`, high bit: failed compare-exchange), a value.
    pub const LOAD: u8 = 30;
    /// Atomic store; order (`u8`), a value.
    pub const STORE: u8 = 31;
    /// Atomic read-modify-write; order (`u8`, high bit: compare-exchange), a value.
    pub const RMW: u8 = 32;
    /// Message put; how it is named (`u8`, [`message`](super::message)), number (`u64`).
    pub const SEND: u8 = 33;
    /// Message taken; as for send.
    pub const RECV: u8 = 34;
    /// A rarer event; its sub-code (`u8`), its operands.
    pub const OTHER: u8 = 35;
    /// A definition: no site or subject; what is defined (`u8`), its fields.
    pub const DEFINE: u8 = 36;
    /// The stack of the next event: no site or subject; number of frames (`u16`), frames (module `u16`, offset `u64`).
    pub const STACK: u8 = 37;
    /// The time of the next event: no site or subject; nanoseconds since the start (`u64`).
    pub const TIME: u8 = 38;
    /// The records that follow are of this thread (`u32`): no site or subject. In a recording 0 stands for the thread that
    /// the chunk is of, and any other must have been spawned before.
    pub const SWITCH: u8 = 39;
    /// The site of the next event (`u32`), where its record has none: no site or subject.
    pub const SITE: u8 = 40;
    /// An object of a class. As an event's head: in place of the site the stream's number of the class, in place of what it
    /// comes after the version from which the object's events count.
    pub const OBJECT: u8 = 41;
    /// Last record of a chunk of a merged file: CRC-32 of the records before it (`u32`): no site or subject.
    pub const SUM: u8 = 62;
    /// Last record of a merged file but for the sum: no site or subject.
    pub const END: u8 = 63;
}

/// Bytes of a [`code::SUM`].
pub const SUM_RECORD: usize = 5;

/// The sub-codes of [`code::OTHER`].
pub mod other {
    /// Subject: the child.
    pub const SPAWN: u8 = 1;
    /// Subject: 1 if the thread was spawned by a recorded one, else 0.
    pub const START: u8 = 2;
    /// No operands.
    pub const EXIT: u8 = 3;
    /// Subject: the child.
    pub const JOIN: u8 = 4;
    /// Request (`u8`), mode (`u8`), how (`u8`), second operand (`u32`: the permits, or the lock of a condition variable).
    pub const BLOCK: u8 = 5;
    /// Mode (`u8`).
    pub const TRY_FAILED: u8 = 6;
    /// Lock (`u32`), how far the lock must have come or 0 (`u64`), touched and how ([`wait_detail`](super::wait_detail)).
    pub const WAIT: u8 = 7;
    /// Lock (`u32`), how far the lock must have come or 0 (`u64`), reason (`u8`).
    pub const WAKE: u8 = 8;
    /// No operands.
    pub const NOTIFY: u8 = 9;
    /// No operands.
    pub const NOTIFY_ALL: u8 = 10;
    /// Number (`u32`), how (`u8`).
    pub const ACQUIRE_PERMITS: u8 = 11;
    /// Number (`u32`).
    pub const RELEASE_PERMITS: u8 = 12;
    /// No operands.
    pub const ARRIVE: u8 = 13;
    /// No operands.
    pub const PASS: u8 = 14;
    /// No operands.
    pub const RECV_CLOSED: u8 = 15;
    /// No operands.
    pub const CLOSE: u8 = 16;
    /// No operands.
    pub const TRY_SEND_FAILED: u8 = 17;
    /// No operands.
    pub const TRY_RECV_FAILED: u8 = 18;
    /// No operands.
    pub const SET: u8 = 19;
    /// No operands.
    pub const CLEAR: u8 = 20;
    /// No operands.
    pub const AWAIT: u8 = 21;
    /// Number (`u32`).
    pub const ADD: u8 = 22;
    /// Number (`u32`).
    pub const DONE: u8 = 23;
    /// No operands.
    pub const ONCE_BEGIN: u8 = 24;
    /// No operands.
    pub const ONCE_END: u8 = 25;
    /// Subject: the text of the name, or 0.
    pub const BEGIN: u8 = 26;
    /// Subject: the text of the name, or 0.
    pub const END: u8 = 27;
    /// Subject: the child.
    pub const TRY_JOIN_FAILED: u8 = 28;
    /// Subject: a child that was spawned before: a spawn that its object refused, which the merge puts after the first.
    pub const SPAWN_AGAIN: u8 = 29;
    /// Subject: the semaphore whose permits stand for a pool's workers. The task (`u32`), which is a thread of the trace: it
    /// is spawned, starts, and asks for a permit. Three events in one record, so that whatever the task's worker writes
    /// finds all of them done.
    pub const SUBMIT: u8 = 30;
}

/// The requests of [`other::BLOCK`].
pub mod request {
    /// A lock.
    pub const ACQUIRE: u8 = 1;
    /// Permits of a semaphore.
    pub const ACQUIRE_PERMITS: u8 = 2;
    /// The end of a thread (the subject).
    pub const JOIN: u8 = 3;
    /// A notification.
    pub const WAIT: u8 = 4;
    /// The lock after a notification.
    pub const WAKE: u8 = 5;
    /// A barrier.
    pub const PASS: u8 = 6;
    /// Room for a message.
    pub const SEND: u8 = 7;
    /// A message.
    pub const RECV: u8 = 8;
    /// A flag, wait group or once.
    pub const AWAIT: u8 = 9;
}

/// How [`code::SEND`] and [`code::RECV`] name the message.
pub mod message {
    /// Not known; the number is 0.
    pub const NONE: u8 = 0;
    /// By the number itself.
    pub const NUMBER: u8 = 1;
    /// By the text that has the number.
    pub const TEXT: u8 = 2;
}

/// What [`code::DEFINE`] defines. Sites, texts and modules are numbered from 1 by each stream for itself, in order.
pub mod define {
    /// Line (`u32`), column (`u32`), file (text).
    pub const SITE: u8 = 1;
    /// A place that is any text.
    pub const PLACE: u8 = 2;
    /// A text.
    pub const TEXT: u8 = 3;
    /// A text: path of an executable or library.
    pub const MODULE: u8 = 4;
    /// Number (`u32`), site (`u32`), name (`u32` text), id (`u32` text); 0 = none.
    pub const THREAD: u8 = 5;
    /// Number (`u32`), base version (`u64`), base of read releases (`u64`), kind (`u8`), two parameters (`u64`), whether there is a level (`u8`),
    /// level (`i64`), site (`u32`), name, type, id (`u32` texts); 0 = none.
    pub const OBJECT: u8 = 6;
    /// What many objects have in common: kind, parameters, level, site, name and type, as for an object. Numbered from 1 by
    /// each stream for itself, in order.
    pub const CLASS: u8 = 7;
}

/// The kinds of value; the first byte of a value is its kind and, from bit 3 on, the number of bytes that follow.
pub mod value {
    /// Not known.
    pub const NONE: u8 = 0;
    /// A truth value.
    pub const BOOL: u8 = 1;
    /// A signed integer, sign-extended.
    pub const SIGNED: u8 = 2;
    /// An unsigned integer, zero-extended.
    pub const UNSIGNED: u8 = 3;
    /// The bits of an `f64`.
    pub const FLOAT: u8 = 4;
    /// The number of a text.
    pub const TEXT: u8 = 5;
    /// Bytes whose meaning is not known, zero-extended.
    pub const OPAQUE: u8 = 6;
}

/// The code of an acquire.
#[inline]
#[must_use]
pub const fn acquire_code(mode: Mode, how: How) -> u8 {
    code::ACQUIRE + mode_number(mode) * 3 + how_number(how)
}

/// The code of a release.
#[inline]
#[must_use]
pub const fn release_code(mode: Mode, touched: Touched) -> u8 {
    code::RELEASE + mode_number(mode) * 5 + touched_number(touched)
}

macro_rules! numbering {
    ($(#[$doc:meta])* $number:ident, $named:ident, $names:ident: $type:ident { $($name:ident),+ }) => {
        const $names: &[$type] = &[$($type::$name),+];

        $(#[$doc])*
        #[inline]
        #[must_use]
        pub const fn $number(value: $type) -> u8 {
            value as u8
        }

        /// The reverse; none for a number that stands for nothing.
        #[inline]
        #[must_use]
        pub fn $named(number: u8) -> Option<$type> {
            $names.get(usize::from(number)).copied()
        }
    };
}

numbering!(
    /// The number of a mode in the file.
    mode_number, mode_numbered, MODES: Mode { Write, Read, Upgrade }
);
numbering!(
    /// The number of a way to ask in the file.
    how_number, how_numbered, HOWS: How { Lock, Try, Timed }
);
numbering!(
    /// The number of a touch in the file.
    touched_number, touched_numbered, TOUCHES: Touched { Unknown, None, Read, Write, Blind }
);
numbering!(
    /// The number of a reason in the file.
    reason_number, reason_numbered, REASONS: WakeReason { Notify, Timeout, Spurious }
);
numbering!(
    /// The number of a memory order in the file.
    order_number, order_numbered, ORDERS: Order { Relaxed, Acquire, Release, AcqRel, SeqCst }
);

/// What a wait did to the data and how long it is ready to wait, in one byte.
#[inline]
#[must_use]
pub const fn wait_detail(touched: Touched, how: How) -> u8 {
    touched_number(touched) | how_number(how) << 4
}

/// The reverse; none for a byte that stands for nothing.
#[must_use]
pub fn wait_detailed(detail: u8) -> Option<(Touched, How)> {
    Some((touched_numbered(detail & 0xf)?, how_numbered(detail >> 4)?))
}

/// What the codes from [`code::ACQUIRE`] on say.
pub const ACQUIRES: [(Mode, How); 9] = {
    let mut table = [(Mode::Write, How::Lock); 9];
    let mut index = 0;
    while index < 9 {
        table[index] = (MODES[index / 3], HOWS[index % 3]);
        index += 1;
    }
    table
};

/// What the codes from [`code::RELEASE`] on say.
pub const RELEASES: [(Mode, Touched); 15] = {
    let mut table = [(Mode::Write, Touched::Unknown); 15];
    let mut index = 0;
    while index < 15 {
        table[index] = (MODES[index / 5], TOUCHES[index % 5]);
        index += 1;
    }
    table
};

/// Whether records with this code have no site.
#[inline]
#[must_use]
pub const fn is_release(code: u8) -> bool {
    code >= code::RELEASE && code < code::ACQUIRE_AFTER_READS
}

/// The beginning of a chunk: whose it is and how much of the file it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkHeader {
    /// The thread's number; 0 in a merged file.
    pub thread: u32,
    /// Its place among the chunks of its thread, counted from 0.
    pub sequence: u32,
    /// Bytes of the chunk with this header, a multiple of [`PAGE`].
    pub size: u32,
}

impl ChunkHeader {
    /// The bytes before the number of committed bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; COMMITTED_AT] {
        let mut bytes = [0; COMMITTED_AT];
        bytes[0..4].copy_from_slice(&CHUNK_MAGIC);
        bytes[4..8].copy_from_slice(&self.thread.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.size.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..12]);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.sequence.to_le_bytes());
        bytes
    }

    /// The header and the number of committed bytes; none if this is no header.
    #[must_use]
    pub fn decode(bytes: &[u8; CHUNK_HEADER]) -> Option<(Self, u32)> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let sound = bytes[..4] == CHUNK_MAGIC && word(12) == crc32fast::hash(&bytes[..12]);
        let header = Self { thread: word(4), sequence: word(SEQUENCE_AT), size: word(8) };
        sound.then_some((header, word(COMMITTED_AT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_name_again() {
        for mode in MODES {
            assert_eq!(mode_numbered(mode_number(*mode)), Some(*mode));
        }
        for touched in TOUCHES {
            assert_eq!(touched_numbered(touched_number(*touched)), Some(*touched));
        }
        for how in HOWS {
            assert_eq!(how_numbered(how_number(*how)), Some(*how));
        }
        for reason in REASONS {
            assert_eq!(reason_numbered(reason_number(*reason)), Some(*reason));
        }
        for order in ORDERS {
            assert_eq!(order_numbered(order_number(*order)), Some(*order));
        }
        assert_eq!(mode_numbered(3), None);
    }

    #[test]
    fn codes_of_acquire_and_release_do_not_meet() {
        assert_eq!(acquire_code(Mode::Upgrade, How::Timed) + 1, code::RELEASE);
        assert_eq!(release_code(Mode::Upgrade, Touched::Blind) + 1, code::ACQUIRE_AFTER_READS);
    }

    #[test]
    fn a_damaged_chunk_header_is_none() {
        let header = ChunkHeader { thread: 7, sequence: 3, size: 8192 };
        let mut bytes = [0; CHUNK_HEADER];
        bytes[..COMMITTED_AT].copy_from_slice(&header.encode());
        assert_eq!(ChunkHeader::decode(&bytes), Some((header, 0)));
        bytes[5] ^= 1;
        assert_eq!(ChunkHeader::decode(&bytes), None);
    }
}

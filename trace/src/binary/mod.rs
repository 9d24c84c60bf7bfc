//! The binary encoding (`*.lht`): what the recorder writes, and the smallest and fastest form to keep a trace in.
//!
//! All numbers are little-endian. The codes are in [`format`](mod@format), the layout of every record in [`encode`].
//!
//! # The file
//!
//! ```text
//! 0   magic  89 4c 48 54 0d 0a 1a 0a
//! 8   layout version   u16   (1)
//! 10  payload          u8    0 streams, 1 merged
//! 11  0                u8
//! 12  length of fields u32
//! 16  CRC-32 of bytes 0..16 and the fields
//! 20  fields: key u8, length u32, bytes               (format::field)
//!     zeros up to a multiple of 4096, then chunks
//! ```
//!
//! A **chunk** begins at a multiple of 4096 and holds records of one thread:
//!
//! ```text
//! 0   magic "LHCK"
//! 4   thread's number          u32
//! 8   size with this header    u32   a multiple of 4096
//! 12  CRC-32 of bytes 0..12
//! 16  sequence in the thread   u32   from 0
//! 20  committed bytes          u32   or format::OPEN: up to the first zero byte
//! 24  records; none crosses a chunk's end
//! ```
//!
//! A recorder takes a chunk by adding its size to the file's end, so chunks of all threads interleave, and a process that
//! is killed in between leaves a chunk without header: a reader that finds zeros where a header should be looks at the next
//! multiple of 4096. There is no footer and nothing to close.
//!
//! **Commitment.** While a chunk is being written it is *open*: it was all zeros before, no record begins with a zero byte,
//! and a record's first byte is stored last (a short record is one store altogether). So the first zero byte where a record
//! could begin is the end of what was recorded, wherever the process is killed, and no event has to count bytes. What is
//! closed says its length.
//!
//! **Windows.** Fresh pages of a mapped file are dear. A thread that writes much therefore keeps one chunk mapped: when it is
//! full, the thread appends a copy of it to the file, and goes on in the old place with the next sequence number (stored
//! together with a committed length of 0). A process that is killed in between leaves the copy, perhaps incomplete, beside
//! the original: of two chunks with the last number of a thread, the one nearer to the front counts.
//!
//! # Records
//!
//! The first byte is a code (low six bits) and two flags. Most records are **events** and go on with a *head*:
//!
//! | | site | subject | after, if `HAND_OVER` |
//! |---|---|---|---|
//! | narrow | `u16` | `u16` | `u32` |
//! | `WIDE` | `u32` | `u32` | 7 bytes |
//!
//! A release has no site: three bytes in all, an acquire five. *Site* is a number that the stream has defined before, 0 = none;
//! *subject* an object's (for thread events a thread's) number, the same in all streams. Operands by code follow.
//!
//! **Tasks** of a pool are threads of the trace, but few of them are threads of the system: 10,000 that wait in a queue cannot
//! have a chunk each. So whoever submits a task says all that is to say of it until it runs, in one record; and a worker has
//! one stream for all tasks that it runs, in which `SWITCH` says whose records follow. Versions and `after` go by streams:
//! what an object's event follows is an earlier record of the same stream, whichever thread that was.
//!
//! **Definitions** are records too, in the stream that uses them, before the use: sites, texts, modules and classes are
//! numbered from 1 by each stream for itself. A class is what the objects of one place and type have in common; the record
//! of one of them (`format::code::OBJECT`) has the layout of a head. Objects and threads are numbered for the whole file; an object's definition
//! may stand in another thread's stream than its use, and holds the version from which its events count. A definition that
//! nothing uses is the trace of a lost race between two threads for the same object, and is dropped.
//!
//! A **stack**, a **time** or a **site** may stand before an event and belongs to it. Addresses in stacks are those of the
//! call, relative to where the module is loaded.
//!
//! # Order
//!
//! In payload *merged* the records are in observed order, and `SWITCH` says whose they are. Every chunk ends with
//! a checksum, the file with `END`: a writer that has the time can promise more than a recorder.
//!
//! In payload *streams* the reader merges. Each object counts its events: the count is 1 + the base version once it is
//! defined, and grows with every event on it that is not a `block`, a `try_failed`, or an acquire or release for reading. An
//! event is ready when its object's count has reached its `after`; without `after`, at once, since its predecessor
//! is the same thread's or the object's state did not change since the same thread saw it. Recorders write `after` = the
//! count before the event; for acquires for reading, `block` and `try_failed` = the count that was seen. An acquire for
//! writing of a read/write lock may also ask for a number of releases for reading. A wait or wake asks for two objects at
//! once and counts for both. `start` with subject 1 comes after its spawn, and so does a `SWITCH` to a thread; `join` after its
//! child's `exit`.
//!
//! What is left when no event is ready shows that the recording has gaps. The reader then takes the least that any event
//! asks for as reached, and goes on; if bytes are known to be missing or damaged, it stops there with that error instead.
//!
//! # Damage
//!
//! The reader takes any bytes without a panic, in time and memory linear in their number, and tells what it dropped by an error
//! behind the last event or by `EventSource::gaps`. In a merged file all damage is told that changes what is read. In a recording these are told: a header
//! that is not what was written, missing chunks and chunks out of their sequence, zeros where a record should be, records that
//! do not decode or name what was not defined, versions that never come. Not told are bits of a record that make another
//! record (a site, a mode, an object: about one in fifteen damaged bytes, of which the validator still notices some), and a
//! thread's last chunks if they are missing as a whole or their committed length is smaller: a killed process leaves the same.
//! Recorders write no checksum of their records: one a chunk would cost a percent of a lock and unlock, and leave the chunks
//! unprotected that a killed process was at.

pub mod encode;
pub mod format;

#[cfg(feature = "read")]
mod decode;
#[cfg(feature = "read")]
mod directory;
#[cfg(feature = "read")]
mod merging;
#[cfg(feature = "read")]
mod reader;
#[cfg(feature = "read")]
mod scan;
#[cfg(feature = "read")]
mod step;
#[cfg(feature = "read")]
mod stream;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(feature = "read")]
mod time;
#[cfg(feature = "read")]
mod writer;

#[cfg(feature = "read")]
pub use reader::Reader;
#[cfg(feature = "read")]
pub use writer::BinaryWriter;

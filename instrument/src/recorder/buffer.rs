//! Where a thread's records go: its current chunk of the file.

use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering, compiler_fence};

use lockhound_trace::binary::encode::Head;

use super::file::{self, Chunk};

/// Room that [`Buffer::reserve`] guarantees: the longest event, and the bytes that its last store writes beyond it. They
/// stay zero at a chunk's end, where a reader takes them for the end of the records.
const SLACK: usize = 64;
const FIRST: usize = 4 << 10;
/// A chunk of this size becomes a window: a fresh page of a mapped file costs its thread several times as much as a page
/// written by a system call, and the window's own pages stay mapped and cached.
const WINDOW: usize = 512 << 10;

/// A place in a thread's stream. No two of a stream are equal, though chunks may come to lie where others lay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Position {
    address: usize,
    sequence: u32,
}

impl Position {
    /// In no stream.
    pub(super) const NOWHERE: Self = Self { address: 0, sequence: 0 };
}

/// Where a byte was put that may still be amended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    byte: *mut u8,
    sequence: u32,
}

/// A place for an event in the present chunk, until anything else is appended.
pub(super) struct Room(*mut u8);

/// Appends to the thread's chunk.
///
/// A record is part of the trace as soon as its first byte, which is never zero, is there: so that byte is stored last.
/// A record of up to eight bytes is one store. Longer ones, and definitions together with the event that needs them, are
/// appended with their first byte withheld until [`Buffer::commit`].
#[derive(Debug)]
#[repr(C)]
pub(super) struct Buffer {
    cursor: *mut u8,
    /// `SLACK` bytes before the chunk's end; null once nothing may be appended any more.
    limit: *mut u8,
    /// Where the oldest record begins that is not committed, if there is one.
    open: *mut u8,
    /// Its first byte, or 0 if there is none.
    withheld: u8,
    chunk: Chunk,
    thread: u32,
    sequence: u32,
}

impl Buffer {
    /// A buffer for a new thread's records.
    pub(super) fn open(thread: u32) -> Option<Self> {
        let chunk = file::take(thread, 0, FIRST)?;
        let nowhere = ptr::null_mut();
        let mut buffer =
            Self { cursor: nowhere, limit: nowhere, open: nowhere, withheld: 0, chunk, thread, sequence: 0 };
        buffer.enter(chunk);
        Some(buffer)
    }

    fn enter(&mut self, chunk: Chunk) {
        self.chunk = chunk;
        self.cursor = chunk.records();
        self.limit = chunk.end().wrapping_sub(SLACK);
    }

    /// Whether an event can be appended at once.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.cursor <= self.limit
    }

    /// Makes room for an event; none if recording has stopped.
    #[inline]
    pub(super) fn reserve(&mut self) -> Option<()> {
        if self.has_room() { Some(()) } else { self.next_chunk() }
    }

    #[cold]
    #[inline(never)]
    fn next_chunk(&mut self) -> Option<()> {
        if self.limit.is_null() {
            return None;
        }
        self.seal();
        let entered = self.enter_next();
        if entered.is_none() {
            self.limit = ptr::null_mut();
        }
        entered
    }

    fn enter_next(&mut self) -> Option<()> {
        let sequence = self.sequence + 1;
        if self.chunk.size() == WINDOW {
            file::append_copy(self.chunk)?;
            self.chunk.reopen(sequence);
            self.enter(self.chunk);
        } else {
            let chunk = file::take(self.thread, sequence, (self.chunk.size() * 4).min(WINDOW))?;
            self.chunk.unmap();
            self.enter(chunk);
        }
        self.sequence = sequence;
        Some(())
    }

    /// Where an event can be appended at once.
    #[inline(always)]
    pub(super) fn room(&self) -> Option<Room> {
        self.has_room().then_some(Room(self.cursor))
    }

    /// Appends and commits a record of up to 8 bytes.
    #[inline(always)]
    pub(super) fn put_whole(&mut self, Room(cursor): Room, record: u64, length: usize) {
        // SAFETY: `room` was given for the present cursor, and then there are `SLACK` bytes before the chunk's end.
        unsafe {
            cursor.cast::<u64>().write_unaligned(record.to_le());
            self.cursor = cursor.add(length);
        }
    }

    /// Appends and commits an acquisition in its wide form.
    #[inline(never)]
    pub(super) fn put_wide(&mut self, Room(cursor): Room, code: u8, site: u32, lock: u32) {
        let head = Head::wide(code, site, lock, 0);
        // SAFETY: as for `put_whole`. The half with the first byte comes last.
        unsafe {
            cursor.add(8).cast::<u64>().write_unaligned(((head.word >> 64) as u64).to_le());
            compiler_fence(Ordering::Release);
            cursor.cast::<u64>().write_unaligned((head.word as u64).to_le());
            self.cursor = cursor.add(head.length);
        }
    }

    /// Appends up to 16 bytes after [`Buffer::reserve`].
    #[inline]
    pub(super) fn put(&mut self, word: u128, length: usize) {
        let word = if self.withheld == 0 { self.withhold(word as u8, word) } else { word };
        // SAFETY: `reserve` left `SLACK` bytes; an event makes at most two puts, and each stores at most 16 bytes.
        unsafe {
            self.cursor.cast::<u128>().write_unaligned(word.to_le());
            self.cursor = self.cursor.add(length);
        }
    }

    /// Begins what the next commit is about; gives the word without its first byte.
    #[inline]
    fn withhold(&mut self, first: u8, word: u128) -> u128 {
        self.open = self.cursor;
        self.withheld = first;
        word & !0xff
    }

    /// Appends a record of any length and leaves it uncommitted. An empty one is one that did not fit its scratch: none.
    pub(super) fn put_record(&mut self, record: &[u8]) -> Option<()> {
        let (&first, rest) = record.split_first()?;
        if (self.limit as usize).saturating_sub(self.cursor as usize) < record.len() {
            self.next_chunk()?;
        }
        let begins = self.withheld == 0;
        if begins {
            self.withhold(first, 0);
        }
        // SAFETY: there are at least `record.len()` bytes before the limit, since even the first chunk holds the longest
        // record, and nobody else writes to this chunk.
        unsafe {
            if !begins {
                self.cursor.write(first);
            }
            ptr::copy_nonoverlapping(rest.as_ptr(), self.cursor.add(1), rest.len());
            self.cursor = self.cursor.add(record.len());
        }
        Some(())
    }

    /// Makes everything appended so far part of the trace, whatever becomes of the process.
    #[inline]
    pub(super) fn commit(&mut self) {
        if self.withheld != 0 {
            // SAFETY: the byte lies in the chunk, which is mapped as long as the buffer has it; only this thread writes it.
            unsafe { AtomicU8::from_ptr(self.open) }.store(self.withheld, Ordering::Release);
            self.withheld = 0;
        }
    }

    /// Commits, and says how much there is.
    fn seal(&mut self) {
        self.commit();
        self.chunk.close(self.cursor as usize - self.chunk.records() as usize);
    }

    /// Where the stream stands.
    #[inline]
    pub(super) fn position(&self) -> Position {
        Position { address: self.cursor as usize, sequence: self.sequence }
    }

    /// Where the byte lies that was put last but `back`, to be called before anything else is reserved.
    #[inline]
    pub(super) fn mark(&self, back: usize) -> Mark {
        Mark { byte: self.cursor.wrapping_sub(back), sequence: self.sequence }
    }

    /// Replaces a byte of this stream, unless its chunk has been given back.
    pub(super) fn amend(&mut self, mark: Mark, byte: u8) {
        if mark.sequence == self.sequence {
            // SAFETY: a sequence number stands for one chunk of this buffer, which is the one still mapped, and the byte
            // was put there.
            unsafe { mark.byte.write(byte) };
        }
    }

    /// Gives the chunk back.
    pub(super) fn close(mut self) {
        if !self.limit.is_null() {
            self.seal();
        }
        self.chunk.unmap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockhound_trace::binary::format::CHUNK_HEADER;

    #[test]
    fn the_first_chunk_holds_the_longest_record() {
        // Scratches of records are at most 2 KiB.
        const { assert!(FIRST >= CHUNK_HEADER + 2048 + 2 * SLACK) };
    }
}

//! Where a thread's records go: its current chunk of the file.

use std::sync::atomic::Ordering;

use super::file::{self, Chunk};

/// Room that [`Buffer::reserve`] guarantees: the longest event, and the bytes that its last store writes beyond it.
const SLACK: usize = 64;
const FIRST: usize = 4 << 10;
const LARGEST: usize = 1 << 20;

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

/// Appends to the thread's chunk. What is appended is not part of the trace until it is committed.
#[derive(Debug)]
pub(super) struct Buffer {
    cursor: *mut u8,
    /// `SLACK` bytes before the chunk's end.
    limit: *mut u8,
    chunk: Chunk,
    thread: u32,
    sequence: u32,
    next_size: usize,
}

impl Buffer {
    /// A buffer for a new thread's records.
    pub(super) fn open(thread: u32) -> Option<Self> {
        let chunk = file::take(thread, 0, FIRST)?;
        let mut buffer =
            Self { cursor: chunk.records(), limit: chunk.end(), chunk, thread, sequence: 0, next_size: FIRST };
        buffer.enter(chunk);
        Some(buffer)
    }

    fn enter(&mut self, chunk: Chunk) {
        self.chunk = chunk;
        self.cursor = chunk.records();
        self.limit = chunk.end().wrapping_sub(SLACK);
        self.next_size = (self.next_size * 4).min(LARGEST);
    }

    /// Makes room for an event; none if recording has stopped.
    #[inline]
    pub(super) fn reserve(&mut self) -> Option<()> {
        if self.cursor <= self.limit { Some(()) } else { self.next_chunk(0) }
    }

    /// On failure the old chunk stays, full: nothing more fits.
    #[cold]
    #[inline(never)]
    fn next_chunk(&mut self, room: usize) -> Option<()> {
        self.commit();
        let size = self.next_size.max(room + 2 * SLACK);
        let chunk = file::take(self.thread, self.sequence + 1, size)?;
        self.sequence += 1;
        self.chunk.unmap();
        self.enter(chunk);
        Some(())
    }

    /// Appends up to 16 bytes after [`Buffer::reserve`], as one store.
    #[inline]
    pub(super) fn put(&mut self, word: u128, length: usize) {
        // SAFETY: `reserve` left `SLACK` bytes; an event makes at most two puts, and each stores at most 16 bytes.
        unsafe {
            self.cursor.cast::<u128>().write_unaligned(word.to_le());
            self.cursor = self.cursor.add(length);
        }
    }

    /// Appends up to 8 bytes after [`Buffer::reserve`], as one store.
    #[inline]
    pub(super) fn put_short(&mut self, word: u64, length: usize) {
        // SAFETY: as for `put`.
        unsafe {
            self.cursor.cast::<u64>().write_unaligned(word.to_le());
            self.cursor = self.cursor.add(length);
        }
    }

    /// Appends a record of any length and leaves it uncommitted. An empty one is one that did not fit its scratch: none.
    pub(super) fn put_record(&mut self, record: &[u8]) -> Option<()> {
        if record.is_empty() {
            return None;
        }
        let left = (self.limit as usize).saturating_sub(self.cursor as usize);
        if left < record.len() {
            self.next_chunk(record.len())?;
        }
        // SAFETY: there are at least `record.len()` bytes before the limit, and nobody else writes to this chunk.
        unsafe {
            std::ptr::copy_nonoverlapping(record.as_ptr(), self.cursor, record.len());
            self.cursor = self.cursor.add(record.len());
        }
        Some(())
    }

    /// Makes everything appended so far part of the trace, whatever becomes of the process.
    #[inline]
    pub(super) fn commit(&self) {
        let length = (self.cursor as usize).wrapping_sub(self.chunk.records() as usize);
        // SAFETY: the chunk is mapped as long as the buffer has it.
        unsafe { &*self.chunk.committed() }.store(length as u32, Ordering::Release);
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
    pub(super) fn close(self) {
        self.commit();
        self.chunk.unmap();
    }
}

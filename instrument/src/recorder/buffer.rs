//! Where a thread's records go: its current chunk of the file.

use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering, compiler_fence};

use lockhound_trace::binary::encode::Head;

use super::file::{self, Chunk};
use super::local::Busy;

/// Room that [`Buffer::reserve`] guarantees: the longest event, the bytes that its last store writes beyond it, and a
/// release of every lock that a thread can hold. Some of it stays zero at a chunk's end, where a reader takes that for the
/// end of the records.
const SLACK: usize = 256;
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

/// Chunks that a thread fills before it has a window: each is four times as large as the one before.
const BEFORE_WINDOW: usize = 4;

/// Appends to the thread's chunk.
///
/// A record is part of the trace as soon as its first byte, which is never zero, is there: so that byte is stored last.
/// A record of up to eight bytes is one store, a head is two. What consists of several pieces is appended with its first byte
/// withheld until [`Buffer::commit`].
///
/// A signal handler may append while its thread is about to. It can spoil the recording, not the program: chunks stay
/// mapped until the thread ends, in case the thread goes on with the place that it had looked up; and a cursor that is not
/// in the present chunk counts as one without room.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Buffer {
    cursor: *mut u8,
    /// `SLACK` bytes before the chunk's end; null once nothing may be appended any more.
    limit: *mut u8,
    /// How far the limit is from where the chunk's records begin.
    span: usize,
    /// Where the record begins that is not committed, if there is one.
    open: *mut u8,
    /// Its first byte, or 0 if there is none.
    withheld: u8,
    chunk: Chunk,
    thread: u32,
    sequence: u32,
    filled: [Option<Chunk>; BEFORE_WINDOW],
}

impl Buffer {
    /// A buffer for a new thread's records.
    pub(super) fn open(thread: u32) -> Option<Self> {
        file::take(thread, 0, FIRST).map(|chunk| Self::over(thread, chunk))
    }

    fn over(thread: u32, chunk: Chunk) -> Self {
        let nowhere = ptr::null_mut();
        let mut buffer = Self {
            cursor: nowhere,
            limit: nowhere,
            span: 0,
            open: nowhere,
            withheld: 0,
            chunk,
            thread,
            sequence: 0,
            filled: [None; BEFORE_WINDOW],
        };
        buffer.enter(chunk);
        buffer
    }

    fn enter(&mut self, chunk: Chunk) {
        self.chunk = chunk;
        self.cursor = chunk.records();
        self.limit = chunk.end().wrapping_sub(SLACK);
        self.span = self.limit as usize - self.cursor as usize;
    }

    /// Whether an event can be appended at once.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.room().is_some()
    }

    /// Makes room for an event; none if recording has stopped.
    #[inline]
    pub(super) fn reserve(&mut self) -> Option<()> {
        if self.has_room() { Some(()) } else { self.next_chunk(0) }
    }

    /// Makes room for an event that is one record.
    #[inline]
    pub(super) fn reserve_alone(&mut self) -> Option<Room> {
        self.reserve()?;
        self.room()
    }

    /// Changes the chunk for a record of so many bytes. None if recording has stopped.
    #[cold]
    #[inline(never)]
    fn next_chunk(&mut self, length: usize) -> Option<()> {
        // A signal handler that changed the chunk meanwhile would have it given back twice.
        let _busy = Busy::enter();
        if self.limit.is_null() {
            return None;
        }
        if self.room_for(length).is_some() {
            // One has just done so.
            return Some(());
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
            if let Some(slot) = self.filled.iter_mut().find(|slot| slot.is_none()) {
                *slot = Some(self.chunk);
            }
            self.enter(chunk);
        }
        self.sequence = sequence;
        Some(())
    }

    /// Where an event can be appended at once.
    #[inline(always)]
    pub(super) fn room(&self) -> Option<Room> {
        self.room_for(0)
    }

    /// The same for a record that may need more than `SLACK`. Looks the cursor up once, since a signal handler may move it:
    /// what is appended there ends in the chunk in any case.
    #[inline(always)]
    fn room_for(&self, length: usize) -> Option<Room> {
        let cursor = self.cursor;
        let left = (self.limit as usize).wrapping_sub(cursor as usize);
        (length <= left && left <= self.span).then_some(Room(cursor))
    }

    /// The same for a release. It leaves out whether the cursor is astray, of which the next acquisition takes note: no
    /// more releases than locks can be held come before, and `SLACK` has room for these.
    #[inline(always)]
    pub(super) fn room_to_release(&self) -> Option<Room> {
        (self.cursor <= self.limit).then_some(Room(self.cursor))
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
    pub(super) fn put_wide(&mut self, room: Room, code: u8, site: u32, lock: u32) {
        self.put_head(room, Head::wide(code, site, lock, 0));
    }

    /// Appends and commits a record that is nothing but a head.
    #[inline]
    pub(super) fn put_head(&mut self, Room(cursor): Room, head: Head) {
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
        let word = if self.withheld == 0 { self.withhold(word) } else { word };
        // SAFETY: `reserve` left `SLACK` bytes; an event makes at most two puts, and each stores at most 16 bytes.
        unsafe {
            self.cursor.cast::<u128>().write_unaligned(word.to_le());
            self.cursor = self.cursor.add(length);
        }
    }

    /// Begins what the next commit is about; gives the word without its first byte.
    #[inline]
    fn withhold(&mut self, word: u128) -> u128 {
        self.open = self.cursor;
        self.withheld = word as u8;
        word & !0xff
    }

    /// Appends and commits a record of any length. An empty one is one that did not fit its scratch: none.
    pub(super) fn put_record(&mut self, record: &[u8]) -> Option<()> {
        self.commit();
        let (&first, rest) = record.split_first()?;
        if self.room_for(record.len()).is_none() {
            // Even the first chunk holds the longest record.
            self.next_chunk(record.len())?;
        }
        let Room(cursor) = self.room_for(record.len())?;
        // SAFETY: there are at least `record.len()` bytes before the limit, and nobody else writes to this chunk.
        unsafe {
            ptr::copy_nonoverlapping(rest.as_ptr(), cursor.add(1), rest.len());
            AtomicU8::from_ptr(cursor).store(first, Ordering::Release);
            self.cursor = cursor.add(record.len());
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
        let length = (self.cursor as usize).wrapping_sub(self.chunk.records() as usize);
        // Otherwise the cursor is astray, and the chunk ends where its zeros begin.
        if length < self.chunk.size() {
            self.chunk.close(length);
        }
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
        for chunk in self.filled.into_iter().flatten() {
            chunk.unmap();
        }
        self.chunk.unmap();
    }
}

#[cfg(test)]
impl Buffer {
    /// As if there had been events until the chunk was full.
    pub(super) fn fill(&mut self) {
        self.cursor = self.limit.wrapping_add(1);
    }

    /// Where the chunks begin that it will unmap.
    pub(super) fn mapped(&self) -> Vec<usize> {
        self.filled.iter().flatten().chain([&self.chunk]).map(|chunk| chunk.records() as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockhound_trace::binary::format::{CHUNK_HEADER, OPEN, PAGE, SEQUENCE_AT, code};

    #[test]
    fn the_first_chunk_holds_the_longest_record() {
        // Scratches of records are at most 2 KiB.
        const { assert!(FIRST >= CHUNK_HEADER + 2048 + 2 * SLACK) };
    }

    #[test]
    fn every_chunk_before_the_window_is_remembered() {
        let sizes = std::iter::successors(Some(FIRST), |size| Some(size * 4)).take_while(|&size| size < WINDOW);
        assert_eq!(sizes.count(), BEFORE_WINDOW);
    }

    /// In memory of no file. Its chunk is its only one: further ones are for recorders that are on.
    fn in_scratch() -> Buffer {
        Buffer::over(1, file::scratch(PAGE).expect("memory"))
    }

    /// What a reader of the trace would find at the beginning.
    fn written<const N: usize>(buffer: &Buffer) -> [u8; N] {
        // SAFETY: the chunk is mapped, and longer than the tests' records; only this thread writes to it.
        unsafe { buffer.chunk.records().cast::<[u8; N]>().read() }
    }

    fn put(buffer: &mut Buffer, bytes: [u8; 16], length: usize) {
        buffer.reserve().expect("room");
        buffer.put(u128::from_le_bytes(bytes), length);
    }

    #[test]
    fn the_first_byte_comes_last() {
        let mut buffer = in_scratch();
        put(&mut buffer, [7; 16], 11);
        put(&mut buffer, [8; 16], 2);
        assert_eq!(written(&buffer), [0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8]);
        buffer.commit();
        assert_eq!(written(&buffer), [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8]);
        put(&mut buffer, [9; 16], 3);
        assert_eq!(written(&buffer), [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 0, 9, 9]);
        buffer.commit();
        assert_eq!(written(&buffer), [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 9, 9, 9]);
        buffer.close();
    }

    #[test]
    fn a_record_is_whole_at_once_and_an_event_in_pieces_when_it_is_committed() {
        let mut buffer = in_scratch();
        buffer.put_record(&[1, 2, 3]).expect("room");
        assert_eq!(written(&buffer), [1, 2, 3, 0]);
        put(&mut buffer, [4; 16], 2);
        put(&mut buffer, [5; 16], 1);
        assert_eq!(written(&buffer), [1, 2, 3, 0, 4, 5]);
        buffer.commit();
        assert_eq!(written(&buffer), [1, 2, 3, 4, 4, 5]);
        buffer.close();
    }

    #[test]
    fn a_wide_head_is_whole_at_once() {
        let mut buffer = in_scratch();
        let room = buffer.room().expect("room");
        buffer.put_wide(room, 1, 2, 3);
        assert_eq!(written(&buffer), [1 | code::WIDE, 2, 0, 0, 0, 3, 0, 0, 0, 0]);
        buffer.close();
    }

    #[test]
    fn short_records_are_whole_at_once() {
        let mut buffer = in_scratch();
        let room = buffer.room().expect("room");
        buffer.put_whole(room, u64::from_le_bytes([1, 2, 3, 0, 0, 0, 0, 0]), 3);
        let room = buffer.room().expect("room");
        buffer.put_whole(room, u64::from_le_bytes([4, 5, 0, 0, 0, 0, 0, 0]), 2);
        assert_eq!(written(&buffer), [1, 2, 3, 4, 5, 0]);
        buffer.close();
    }

    #[test]
    fn room_ends_before_the_chunk_does() {
        let mut buffer = in_scratch();
        let mut records = 0;
        while let Some(room) = buffer.room() {
            buffer.put_whole(room, 1, 8);
            records += 1;
        }
        assert_eq!(records, (PAGE - CHUNK_HEADER - SLACK) / 8 + 1, "the last one may begin at the limit");
        buffer.close();
    }

    #[test]
    fn a_chunk_that_is_used_again_is_empty() {
        let chunk = file::scratch(PAGE).expect("memory");
        let mut buffer = Buffer::over(1, chunk);
        buffer.put_record(&[1; 100]).expect("room");
        buffer.commit();
        chunk.close(100);
        chunk.reopen(5);
        assert_eq!(written(&buffer), [0; 100]);
        // SAFETY: a mapped page, aligned, whose header this is within.
        let both = unsafe { chunk.records().sub(CHUNK_HEADER).add(SEQUENCE_AT).cast::<[u32; 2]>().read() };
        assert_eq!(both.map(u32::from_le), [5, OPEN]);
        buffer.close();
    }
}

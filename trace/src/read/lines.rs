//! Lines of a text, without a copy of each.

use std::io::{self, Read};

/// Bytes asked of the input at once.
const CHUNK: usize = 256 * 1024;

/// Longest line that is kept in memory; no trace has one, a file that is no trace may.
const LONGEST: usize = 64 * 1024 * 1024;

/// One line without its line feed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// Counted from 1.
    pub(crate) number: u64,
    /// Whether a line feed ended it; the last line of a file may have none.
    pub(crate) terminated: bool,
}

/// Splits an input into lines; memory: the longest line and one chunk.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Where the next line starts in `buffer`.
    start: usize,
    /// Where the bytes read so far end in `buffer`.
    end: usize,
    number: u64,
    consumed: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), start: 0, end: 0, number: 0, consumed: 0 }
    }

    /// Bytes of the lines returned so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Number of the line returned last.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; none at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = self.start;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[searched..self.end]) {
                return Ok(Some(self.take(searched + found, true)));
            }
            let pending = self.end - self.start;
            if pending > LONGEST {
                self.number += 1;
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line longer than 64 MiB"));
            }
            if self.fill()? == 0 {
                return Ok((pending > 0).then(|| self.take(self.end, false)));
            }
            searched = self.start + pending;
        }
    }

    fn take(&mut self, end: usize, terminated: bool) -> Line<'_> {
        let start = self.start;
        self.start = end + usize::from(terminated);
        self.number += 1;
        self.consumed += (self.start - start) as u64;
        Line { bytes: &self.buffer[start..end], number: self.number, terminated }
    }

    /// Moves what is left to the front and reads more behind it; returns how much.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < CHUNK / 2 {
            let grown = (self.buffer.len() * 2).max(CHUNK);
            self.buffer.resize(grown, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
            }
        }
    }
}

/// The column, counted in characters from 1, of the byte at `offset` of a line.
pub(crate) fn column(line: &[u8], offset: usize) -> u64 {
    let before = &line[..offset.min(line.len())];
    1 + before.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((&first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn all(input: impl Read) -> Vec<(String, u64, bool)> {
        let mut lines = Lines::new(input);
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().expect("readable") {
            found.push((String::from_utf8_lossy(line.bytes).into_owned(), line.number, line.terminated));
        }
        found
    }

    #[test]
    fn splits_at_line_feeds_and_keeps_an_unterminated_end() {
        let expected = vec![("a".into(), 1, true), (String::new(), 2, true), ("bc".into(), 3, false)];
        assert_eq!(all(&b"a\n\nbc"[..]), expected);
        assert_eq!(all(Drip(b"a\n\nbc")), expected);
        assert_eq!(all(&b""[..]), Vec::new());
    }

    #[test]
    fn keeps_lines_longer_than_a_chunk_whole() {
        let long = "x".repeat(3 * CHUNK + 7);
        let text = format!("{long}\n{long}\ny");
        let found = all(text.as_bytes());
        assert_eq!(found.len(), 3);
        assert_eq!((found[1].0.len(), found[2].0.as_str()), (long.len(), "y"));
    }

    #[test]
    fn counts_columns_in_characters() {
        let line = "ä甲b".as_bytes();
        assert_eq!(column(line, line.len() - 1), 3);
        assert_eq!(column(line, 0), 1);
    }
}

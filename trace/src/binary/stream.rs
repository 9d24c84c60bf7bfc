//! One stream of records: its chunks, and what it has defined so far.

use std::io::{Read, Seek};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::decode::{Malformed, Operands, PADDING};
use super::encode::{self, ClassDefinition, ObjectDefinition};
use super::format::{MAX_RECORDED_TEXT, SUM_RECORD, TEXT_FRAME, define};
use super::scan::{ChunkPlace, Damage, read_at};
use crate::ids::{SiteId, StackId, TextId, ThreadId};
use crate::read::{Frame, Tables};

/// Bytes that no record of a recorder exceeds: not the longest text, not the deepest stack.
const LONGEST_RECORD: usize = 2 * MAX_RECORDED_TEXT;

/// Bytes of a frame: its module and its offset.
const FRAME: usize = 10;

/// What goes before an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ahead {
    pub(super) site: Option<SiteId>,
    pub(super) stack: Option<StackId>,
    pub(super) time: Option<u64>,
}

/// A stream being read.
#[derive(Debug)]
pub(super) struct Stream {
    /// Index of the thread whose records it is at: that of its chunks, until it switches.
    pub(super) thread: u32,
    /// The id of that thread, once it has an event.
    pub(super) thread_id: Option<ThreadId>,
    /// Index of the thread that its chunks are of.
    own: u32,
    chunks: std::vec::IntoIter<ChunkPlace>,
    chunk: ChunkPlace,
    /// The records of the current chunk and [`PADDING`].
    pub(super) bytes: Vec<u8>,
    /// Where the records end.
    pub(super) end: usize,
    /// Where the next record begins.
    pub(super) at: usize,
    sites: Vec<SiteId>,
    texts: Vec<Arc<str>>,
    modules: Vec<Arc<str>>,
    classes: Vec<ClassDefinition>,
    /// Stacks by their records: the same wait comes often, and its frames' texts are long.
    stacks: FxHashMap<Box<[u8]>, StackId>,
    /// What was said of the next event.
    pub(super) ahead: Option<Ahead>,
    /// The join at the head can never become ready.
    pub(super) drop_join: bool,
}

impl Stream {
    pub(super) fn new(thread: u32, chunks: Vec<ChunkPlace>) -> Self {
        Self {
            thread,
            thread_id: None,
            own: thread,
            chunks: chunks.into_iter(),
            chunk: ChunkPlace { offset: 0, length: 0, open: false, clipped: false },
            bytes: vec![0; PADDING],
            end: 0,
            at: 0,
            sites: Vec::new(),
            texts: Vec::new(),
            modules: Vec::new(),
            classes: Vec::new(),
            stacks: FxHashMap::default(),
            ahead: None,
            drop_join: false,
        }
    }

    /// The records that follow are of this thread; none stands for the one that the chunks are of.
    pub(super) fn switch(&mut self, thread: Option<u32>) {
        self.thread = thread.unwrap_or(self.own);
        self.thread_id = None;
    }

    /// Whether the current chunk goes on beyond the end of the file.
    pub(super) const fn is_clipped(&self) -> bool {
        self.chunk.clipped
    }

    /// At a zero byte where a record could begin: ends the current chunk there, if that is how its records end. One record may
    /// have been on its way behind the zero; what stands farther shows that the zero is a hole.
    pub(super) fn end_open_chunk(&mut self) -> Result<(), Malformed> {
        if !self.chunk.open || self.bytes.get(self.at) != Some(&0) {
            return Err(Malformed("a record that was never written"));
        }
        let beyond = self.bytes.get(self.at + LONGEST_RECORD..self.end).unwrap_or_default();
        // In blocks, which are compared many bytes at once: this can be most of a chunk.
        if beyond.chunks(256).any(|block| block.iter().fold(0, |all, byte| all | byte) != 0) {
            return Err(Malformed("zeros among the records"));
        }
        self.end = self.at;
        Ok(())
    }

    /// Where in the file the next record begins.
    pub(super) const fn offset(&self) -> u64 {
        self.offset_of(self.at)
    }

    /// Where in the file the byte at `at` of the current chunk is.
    pub(super) const fn offset_of(&self, at: usize) -> u64 {
        self.chunk.offset + at as u64
    }

    /// Brings in the next chunk that has records; gives how many bytes, none at the stream's end. `summed`: every chunk ends
    /// with a checksum. One that does not, since its end is missing, may not be what was, so nothing of it is taken.
    pub(super) fn load(&mut self, input: &mut (impl Read + Seek), summed: bool) -> Result<Option<usize>, Damage> {
        for chunk in self.chunks.by_ref() {
            if chunk.length == 0 && !summed {
                continue;
            }
            self.chunk = chunk;
            self.at = 0;
            self.end = chunk.length as usize;
            self.bytes.clear();
            self.bytes.resize(self.end + PADDING, 0);
            read_at(input, chunk.offset, &mut self.bytes[..self.end])
                .map_err(|error| Damage::io(chunk.offset, error))?;
            let length = self.end;
            if summed {
                self.end = length.saturating_sub(SUM_RECORD);
                if self.bytes[self.end..length] != encode::sum(&self.bytes[..self.end]) {
                    return Err(Damage::corrupt(chunk.offset, "the checksum of a chunk does not match"));
                }
            }
            return Ok(Some(length));
        }
        self.bytes = Vec::new();
        Ok(None)
    }

    /// Operands from `at` on.
    pub(super) fn operands(&self, at: usize) -> Operands<'_> {
        Operands::new(&self.bytes[..self.end], at)
    }

    /// The site that the stream numbers so; 0 = none.
    #[inline]
    pub(super) fn site(&self, number: u32) -> Result<Option<SiteId>, Malformed> {
        match number {
            0 => Ok(None),
            _ => self.sites.get(number as usize - 1).copied().map(Some).ok_or(Malformed("a site that was not defined")),
        }
    }

    /// The text that the stream numbers so; 0 = none.
    pub(super) fn text(&self, number: u32) -> Result<Option<&str>, Malformed> {
        match number {
            0 => Ok(None),
            _ => self
                .texts
                .get(number as usize - 1)
                .map(|text| Some(&**text))
                .ok_or(Malformed("a text that was not defined")),
        }
    }

    /// An object of the class that the stream numbers so.
    pub(super) fn object(&self, class: u32, number: u32, base: u64) -> Result<ObjectDefinition, Malformed> {
        let class = (class as usize).checked_sub(1).and_then(|at| self.classes.get(at));
        class.map(|class| class.object(number, base)).ok_or(Malformed("a class that was not defined"))
    }

    /// The same, as the trace numbers it.
    pub(super) fn text_id(&self, number: u32, tables: &mut Tables) -> Result<Option<TextId>, Malformed> {
        Ok(self.text(number)?.map(|text| tables.intern_text(text)))
    }

    /// Takes up the definition of a site, place, text, module or class at `at`; gives where it ends.
    pub(super) fn define(&mut self, what: u8, at: usize, tables: &mut Tables) -> Result<usize, Malformed> {
        let mut operands = Operands::new(&self.bytes[..self.end], at);
        match what {
            define::SITE => {
                let (line, column) = (operands.u32()?, operands.u32()?);
                let site = format!("{}:{line}:{column}", operands.text()?);
                self.sites.push(tables.intern_site(&site));
            }
            define::PLACE => self.sites.push(tables.intern_site(operands.text()?)),
            define::TEXT => self.texts.push(operands.text()?.into()),
            define::CLASS => self.classes.push(operands.class()?),
            define::MODULE => self.modules.push(operands.text()?.into()),
            _ => return Err(Malformed("an unknown definition")),
        }
        Ok(operands.at())
    }

    /// Takes up the stack of the next event; gives where it ends.
    pub(super) fn read_stack(&mut self, at: usize, tables: &mut Tables) -> Result<usize, Malformed> {
        let mut operands = Operands::new(&self.bytes[..self.end], at);
        let count = usize::from(operands.u16()?);
        let record = operands.take(count * FRAME)?;
        let stack = match self.stacks.get(record) {
            Some(&known) => known,
            None => {
                let mut frames = Vec::with_capacity(count);
                let mut each = Operands::new(record, 0);
                for _ in 0..count {
                    frames.push(self.frame(each.u16()?, each.u64()?)?);
                }
                let new = tables.intern_stack(&frames);
                self.stacks.insert(record.into(), new);
                new
            }
        };
        self.ahead.get_or_insert_default().stack = Some(stack);
        Ok(operands.at())
    }

    fn frame(&self, module: u16, offset: u64) -> Result<Frame, Malformed> {
        let known = |texts: &[Arc<str>], number: u64, missing| match number {
            0 => Ok("".into()),
            _ => usize::try_from(number - 1).ok().and_then(|index| texts.get(index)).cloned().ok_or(Malformed(missing)),
        };
        if module == TEXT_FRAME {
            return known(&self.texts, offset, "a text that was not defined").map(Frame::Text);
        }
        let module = known(&self.modules, module.into(), "a module that was not defined")?;
        Ok(Frame::Address { module, offset })
    }
}

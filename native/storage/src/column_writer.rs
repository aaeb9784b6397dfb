//! One column on its way into a segment: rows gather into blocks, blocks are encoded and wait for the file.

use crate::bloom::{Bloom, hashes};
use crate::bytes::checksum;
use crate::encode::pages::Codec;
use crate::encode::{column, heap, id};
use crate::footer::{BLOCK_ROWS, BlockMeta, ColumnMeta, DictMeta, Extent, IndexBlocks};
use crate::spec::{ColumnSpec, WriteOptions};
use crate::stats::BlockStats;
use crate::under_nulls::settled;
use crate::words::{Ordered, WORDS_MAX, Words};
use crate::write::Sink;
use parking_lot::Mutex;
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::{Bitmap, Column, ColumnBuilder, Data, Error, Result, Scalar, StrData, Type};

/// Rows after which a column of mostly distinct strings is given up as a dictionary.
const TRIAL_ROWS: usize = 2 * BLOCK_ROWS;
/// Columns with this many distinct values per block get a bloom filter by themselves, if asked for.
const AUTO_BLOOM_DISTINCT: usize = BLOCK_ROWS / 64;

enum Mode {
    /// blocks are encoded as they fill
    Direct,
    /// strings that may get a dictionary: everything is kept until the end
    Words(Box<Words>),
    /// codes of a dictionary that a merge has already made
    Codes(Arc<StrData>, usize),
}

/// One column on its way into the file.
pub(crate) struct ColumnWriter {
    spec: ColumnSpec,
    codec: Codec,
    /// rows of a block
    block_rows: usize,
    /// LowCardinality: a dictionary whatever the number of distinct values
    forced: bool,
    auto_bloom: bool,
    mode: Mode,
    waiting: Vec<Column>,
    waiting_rows: usize,
    rows: usize,
    raw_bytes: u64,
    /// encoded, not yet in the file
    ready: Vec<u8>,
    /// `at.offset` of the blocks from here on counts from the start of `ready`
    settled: usize,
    blocks: Vec<BlockMeta>,
    dict: Option<DictMeta>,
    /// the dictionary as it will lie in the file
    heap: Vec<u8>,
    blooms: Vec<Option<Vec<u8>>>,
}

/// Whether a column of this type may have a dictionary of the segment.
fn is_text(ty: &Type) -> bool {
    matches!(ty.base(), Type::String)
}

impl ColumnWriter {
    pub fn new(spec: &ColumnSpec, options: &WriteOptions) -> Self {
        let mode = if is_text(&spec.ty) { Mode::Words(Box::default()) } else { Mode::Direct };
        Self::with_mode(spec, options, mode)
    }
    /// Rows come as codes (UInt32) of this dictionary; every entry must be used by some row.
    pub fn with_dictionary(
        spec: &ColumnSpec,
        options: &WriteOptions,
        words: Arc<StrData>,
        distinct: usize,
    ) -> Self {
        Self::with_mode(spec, options, Mode::Codes(words, distinct))
    }
    /// Strings without dictionary.
    pub fn plain(spec: &ColumnSpec, options: &WriteOptions) -> Self {
        Self::with_mode(spec, options, Mode::Direct)
    }
    fn with_mode(spec: &ColumnSpec, options: &WriteOptions, mode: Mode) -> Self {
        ColumnWriter {
            codec: Codec::of(spec.codec.as_deref()),
            block_rows: options.block_rows,
            forced: matches!(spec.ty, Type::LowCardinality(_)),
            spec: spec.clone(),
            auto_bloom: options.auto_bloom,
            mode,
            waiting: Vec::new(),
            waiting_rows: 0,
            rows: 0,
            raw_bytes: 0,
            ready: Vec::new(),
            settled: 0,
            blocks: Vec::new(),
            dict: None,
            heap: Vec::new(),
            blooms: Vec::new(),
        }
    }

    /// Takes more rows. Full blocks are encoded at once, or kept if a dictionary is being collected.
    pub fn push(&mut self, c: &Column) -> Result<()> {
        self.rows += c.len();
        self.raw_bytes += match &c.data {
            Data::Codes(..) | Data::Const(..) => c.len() as u64 * 4,
            _ => c.bytes() as u64,
        };
        let Mode::Words(words) = &mut self.mode else { return self.wait(c) };
        if !words.has_room(c) {
            self.give_up_words()?;
            return self.wait(c);
        }
        words.push(c)?;
        let distinct = words.len();
        let hopeless = !self.forced && self.rows >= TRIAL_ROWS && distinct * 4 > self.rows * 3;
        if words.full() || hopeless {
            self.give_up_words()?;
        }
        Ok(())
    }
    /// All rows of the column at once: those of `parts`, one after another, or of them the rows `order`
    /// in that order. Only for a writer that has no rows yet.
    pub fn push_all(&mut self, parts: &[&Column], order: Option<&[u32]>) -> Result<()> {
        let Some(order) = order else { return parts.iter().try_for_each(|c| self.push(c)) };
        if let Mode::Words(words) = &mut self.mode {
            let mut rows = 0;
            let mut fits = true;
            for c in parts {
                fits = words.has_room(c);
                if !fits {
                    break;
                }
                words.push(c)?;
                rows += c.len();
                let hopeless = !self.forced && rows >= TRIAL_ROWS && words.len() * 4 > rows * 3;
                if words.full() || hopeless {
                    fits = false;
                    break;
                }
            }
            if fits {
                words.permute(order);
                self.rows = order.len();
                self.raw_bytes = 4 * order.len() as u64;
                return Ok(());
            }
            self.mode = Mode::Direct;
        }
        self.rows = order.len();
        let bytes: u64 = parts.iter().map(|c| c.bytes() as u64).sum();
        let text = matches!(self.spec.ty.base(), Type::String);
        let total: usize = parts.iter().map(|c| c.len()).sum();
        self.raw_bytes = bytes * order.len() as u64 / total.max(1) as u64;
        if let Err(e) = check_text_bytes(parts) {
            return if text { self.push_scattered(parts, order) } else { Err(e) };
        }
        let all = Column::concat(&self.spec.ty, parts);
        order.chunks(self.block_rows).try_for_each(|rows| self.wait(&all.gather(rows)))
    }
    /// As `push_all` for strings that do not fit one column.
    fn push_scattered(&mut self, parts: &[&Column], order: &[u32]) -> Result<()> {
        let mut starts = vec![0u32];
        parts.iter().for_each(|c| starts.push(starts[starts.len() - 1] + c.len() as u32));
        for rows in order.chunks(self.block_rows) {
            let mut block = ColumnBuilder::with_capacity(&self.spec.ty, rows.len());
            let mut bytes = 0;
            for &row in rows {
                let part = starts.partition_point(|s| *s <= row) - 1;
                let at = (row - starts[part]) as usize;
                bytes += parts[part].bytes_at(at).map_or(0, <[u8]>::len);
                if bytes > u32::MAX as usize {
                    return Err(too_long());
                }
                block.push_row(parts[part], at);
            }
            self.wait(&block.finish())?;
        }
        Ok(())
    }
    fn wait(&mut self, c: &Column) -> Result<()> {
        let mut from = 0;
        while from < c.len() {
            let n = (c.len() - from).min(self.block_rows - self.waiting_rows);
            self.waiting.push(if n == c.len() { c.clone() } else { c.slice(from, n) });
            self.waiting_rows += n;
            from += n;
            if self.waiting_rows == self.block_rows {
                self.encode_waiting()?;
            }
        }
        Ok(())
    }
    fn encode_waiting(&mut self) -> Result<()> {
        if self.waiting_rows == 0 {
            return Ok(());
        }
        let parts = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        let refs: Vec<&Column> = parts.iter().collect();
        let ty = match self.mode {
            Mode::Codes(..) => Type::nullable(Type::UInt32),
            _ => self.spec.ty.clone(),
        };
        check_text_bytes(&refs)?;
        let c = Column::concat(&ty, &refs).flat();
        match (&self.mode, &c.data) {
            (Mode::Codes(words, _), Data::U32(codes)) => {
                let words = words.clone();
                self.encode_codes(codes, c.nulls.as_deref(), &words)
            }
            (Mode::Codes(..), _) => Err(Error::internal("codes of a dictionary are UInt32")),
            _ => self.encode_block(&c),
        }
    }
    fn encode_block(&mut self, c: &Column) -> Result<()> {
        let made = settled(c);
        let c = made.as_ref().unwrap_or(c);
        let stats = BlockStats::of(c);
        let at = self.ready.len();
        column::encode(&self.spec.ty, c, self.codec, &mut self.ready)?;
        let bloom = self.bloom(|out| hashes(c, out));
        self.note(at, stats, bloom);
        Ok(())
    }
    fn encode_codes(&mut self, codes: &[u32], nulls: Option<&Bitmap>, words: &StrData) -> Result<()> {
        let stats = code_stats(codes, nulls, words);
        let at = self.ready.len();
        column::encode_codes(codes, nulls, &mut self.ready);
        let bloom = self.bloom(|out| {
            let mut seen = codes.to_vec();
            seen.sort_unstable();
            seen.dedup();
            out.extend(seen.iter().map(|c| checksum(words.get(*c as usize))));
        });
        self.note(at, stats, bloom);
        Ok(())
    }
    fn bloom(&self, fill: impl Fn(&mut Vec<u64>)) -> Option<Vec<u8>> {
        let wanted = match self.spec.ty.base() {
            Type::String => true,
            t => t.fixed_width().is_some_and(|w| (4..=16).contains(&w)) && !t.is_float(),
        };
        if !self.auto_bloom || !wanted {
            return None;
        }
        let mut found = Vec::new();
        fill(&mut found);
        found.sort_unstable();
        found.dedup();
        (found.len() >= AUTO_BLOOM_DISTINCT).then(|| Bloom::build(&mut found, 10).write())
    }
    fn note(&mut self, at: usize, stats: BlockStats, bloom: Option<Vec<u8>>) {
        let bytes = &self.ready[at..];
        let mut encoding = bytes[0];
        if encoding == id::NULLABLE {
            // The mask's length and node stand between: show what the values are.
            let mask = u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]) as usize;
            encoding = bytes.get(9 + mask).copied().unwrap_or(encoding);
        }
        let at = Extent { offset: at as u64, len: bytes.len() as u64, checksum: checksum(bytes) };
        self.blocks.push(BlockMeta { at, encoding, stats });
        self.blooms.push(bloom);
    }
    /// Too many distinct strings: what was kept goes out as plain blocks, and so does what follows.
    fn give_up_words(&mut self) -> Result<()> {
        let Mode::Words(words) = std::mem::replace(&mut self.mode, Mode::Direct) else { return Ok(()) };
        let mut from = 0;
        while from < words.codes.len() {
            let n = (words.codes.len() - from).min(self.block_rows);
            let bytes: u64 =
                words.codes[from..from + n].iter().map(|c| words.word(*c as usize).len() as u64).sum();
            if bytes > u64::from(u32::MAX) {
                return Err(too_long());
            }
            self.wait(&words.rows(from, n))?;
            from += n;
        }
        Ok(())
    }
    fn settle_words(&mut self) -> Result<()> {
        let Mode::Words(words) = &self.mode else { return Ok(()) };
        let fits = words.len() <= WORDS_MAX && words.heap_bytes() <= heap::HEAP_MAX;
        if !fits || !(self.forced || words.len() * 2 <= self.rows) || self.rows == 0 {
            return self.give_up_words();
        }
        let Mode::Words(words) = std::mem::replace(&mut self.mode, Mode::Direct) else { return Ok(()) };
        let Ordered { words: ordered, rank, distinct } = words.order();
        let mut block = Vec::with_capacity(self.block_rows);
        let size = self.block_rows;
        for (b, codes) in words.codes.chunks(size).enumerate() {
            block.clear();
            block.extend(codes.iter().map(|c| rank[*c as usize]));
            let nulls = words.has_nulls.then(|| words.nulls.slice(b * size, codes.len()));
            self.encode_codes(&block, nulls.as_ref(), &ordered)?;
        }
        self.mode = Mode::Codes(Arc::new(ordered), distinct);
        Ok(())
    }
    /// Encodes what is left. Nothing may be pushed afterwards.
    pub fn finish(&mut self) -> Result<()> {
        self.settle_words()?;
        self.encode_waiting()?;
        if let Mode::Codes(words, _) = &self.mode {
            heap::write(words.iter(), self.codec, &mut self.heap);
        }
        Ok(())
    }
    pub fn ty(&self) -> &Type {
        &self.spec.ty
    }
    pub fn ready_bytes(&self) -> usize {
        self.ready.len()
    }
    /// Moves encoded blocks to the file.
    pub fn drain(&mut self, sink: &Mutex<Sink>) -> Result<()> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let base = sink.lock().append(&self.ready)?;
        for b in &mut self.blocks[self.settled..] {
            b.at.offset += base;
        }
        self.settled = self.blocks.len();
        self.ready.clear();
        Ok(())
    }
    /// The column's part of the footer, after `finish`.
    pub fn close(mut self, sink: &Mutex<Sink>) -> Result<(ColumnMeta, Option<IndexBlocks>)> {
        self.drain(sink)?;
        if let Mode::Codes(words, distinct) = &self.mode {
            let total = words.offsets[words.len()] - words.offsets[0];
            self.dict = Some(DictMeta {
                at: sink.lock().extent(&self.heap)?,
                count: words.len() as u64,
                bytes: total.into(),
                distinct: *distinct as u64,
            });
            self.raw_bytes += u64::from(total);
        }
        let index = if self.blooms.iter().any(Option::is_some) {
            let mut extents = Vec::with_capacity(self.blooms.len());
            for b in &self.blooms {
                extents.push(sink.lock().extent(b.as_deref().unwrap_or_default())?);
            }
            Some(IndexBlocks::Bloom(extents))
        } else {
            None
        };
        let meta = ColumnMeta {
            name: self.spec.name,
            ty: self.spec.ty,
            codec: self.spec.codec,
            raw_bytes: self.raw_bytes,
            dict: self.dict,
            blocks: self.blocks,
        };
        Ok((meta, index))
    }
}

fn too_long() -> Error {
    Error::new(TOO_LARGE_STRING_SIZE, "The strings of one block exceed 4 GiB; store shorter values")
}

/// Columns hold at most 4 GiB of string bytes: refuse before offsets overflow.
pub(crate) fn check_text_bytes(parts: &[&Column]) -> Result<()> {
    let total: u64 = parts.iter().map(|c| flat_bytes(c)).sum();
    if total > u64::from(u32::MAX) { Err(too_long()) } else { Ok(()) }
}

/// Bytes of a column once it is flat.
fn flat_bytes(c: &Column) -> u64 {
    match &c.data {
        Data::Const(one, n) => flat_bytes(one).saturating_mul(*n as u64),
        Data::Codes(codes, d) => match &d.values.data {
            Data::Str(s) => codes.iter().map(|c| s.get(*c as usize).len() as u64).sum(),
            _ => 0,
        },
        Data::Str(_) | Data::Fixed(_) | Data::Array(_) | Data::Tuple(..) => c.bytes() as u64,
        _ => 0,
    }
}

/// Statistics of a block of codes: the words give the bounds.
fn code_stats(codes: &[u32], nulls: Option<&Bitmap>, words: &StrData) -> BlockStats {
    let null_count = nulls.map_or(0, Bitmap::count_ones) as u32;
    let mut s = BlockStats {
        min: Scalar::Null,
        max: Scalar::Null,
        exact: true,
        nulls: null_count,
        defaults: 0,
        nans: 0,
        sum: None,
        codes: None,
        constant: null_count as usize == codes.len(),
    };
    let (mut lo, mut hi) = (u32::MAX, 0);
    if null_count == 0 {
        for &c in codes {
            lo = lo.min(c);
            hi = hi.max(c);
        }
    } else if let Some(n) = nulls {
        for (_, &c) in codes.iter().enumerate().filter(|(i, _)| !n.get(*i)) {
            lo = lo.min(c);
            hi = hi.max(c);
        }
    }
    if lo <= hi {
        let (a, b) = (words.get(lo as usize), words.get(hi as usize));
        s.set_text_bounds(a, b);
        s.codes = Some((lo, hi));
        s.constant |= null_count == 0 && lo == hi;
        if words.get(0).is_empty() {
            s.defaults = (codes.iter().filter(|c| **c == 0).count() as u32).saturating_sub(null_count);
        }
    }
    s
}

//! Writes segments: one column writer per column gathers rows into blocks, encodes them and hands them to
//! the file; the footer comes last. Used by flushes and direct loads, and column by column by merges.

use crate::bloom::{Bloom, hashes};
use crate::bytes::checksum;
use crate::encode::pages::Codec;
use crate::encode::{column, heap, id};
use crate::fault::file_error;
use crate::footer::{
    BLOCK_ROWS, BlockMeta, ColumnMeta, DictMeta, Extent, Footer, IndexBlocks, IndexMeta, MAGIC, VERSION,
};
use crate::spec::{ColumnInfo, ColumnSpec, SegmentInfo, SkipIndex, SkipKind, WriteOptions};
use crate::stats::{BlockStats, SegmentStats};
use crate::words::{Ordered, WORDS_MAX, Words};
use files::{Files, WriteFile};
use parking_lot::Mutex;
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::{Batch, Bitmap, Column, Data, Error, Result, Scalar, StrData, Type};

/// Encoded blocks of a column wait until this many bytes are together, so that they lie together.
const RUN_BYTES: usize = 1 << 20;
/// Rows after which a column of mostly distinct strings is given up as a dictionary.
const TRIAL_ROWS: usize = 2 * BLOCK_ROWS;
/// Columns with this many distinct values per block get a bloom filter by themselves, if asked for.
const AUTO_BLOOM_DISTINCT: usize = BLOCK_ROWS / 64;

/// The file that is being written.
pub(crate) struct Sink {
    file: Arc<dyn WriteFile>,
    len: u64,
}

impl Sink {
    pub fn create(files: &Arc<dyn Files>, path: &str) -> Result<Sink> {
        let file = files.create(path).map_err(|e| file_error(&e))?;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        let mut sink = Sink { file, len: 0 };
        sink.append(&header)?;
        Ok(sink)
    }
    fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.file.append(bytes).map_err(|e| file_error(&e))?;
        self.len = at + bytes.len() as u64;
        Ok(at)
    }
    fn extent(&mut self, bytes: &[u8]) -> Result<Extent> {
        Ok(Extent { offset: self.append(bytes)?, len: bytes.len() as u64, checksum: checksum(bytes) })
    }
}

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
    pub fn new(spec: &ColumnSpec, auto_bloom: bool) -> Self {
        let mode = if is_text(&spec.ty) { Mode::Words(Box::default()) } else { Mode::Direct };
        Self::with_mode(spec, auto_bloom, mode)
    }
    /// Rows come as codes (UInt32) of this dictionary; every entry must be used by some row.
    pub fn with_dictionary(
        spec: &ColumnSpec,
        auto_bloom: bool,
        words: Arc<StrData>,
        distinct: usize,
    ) -> Self {
        Self::with_mode(spec, auto_bloom, Mode::Codes(words, distinct))
    }
    /// Strings without dictionary.
    pub fn plain(spec: &ColumnSpec, auto_bloom: bool) -> Self {
        Self::with_mode(spec, auto_bloom, Mode::Direct)
    }
    fn with_mode(spec: &ColumnSpec, auto_bloom: bool, mode: Mode) -> Self {
        ColumnWriter {
            codec: Codec::of(spec.codec.as_deref()),
            forced: matches!(spec.ty, Type::LowCardinality(_)),
            spec: spec.clone(),
            auto_bloom,
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
        words.push(c)?;
        let distinct = words.len();
        let hopeless = !self.forced && self.rows >= TRIAL_ROWS && distinct * 4 > self.rows * 3;
        if words.full() || hopeless {
            self.give_up_words()?;
        }
        Ok(())
    }
    fn wait(&mut self, c: &Column) -> Result<()> {
        let mut from = 0;
        while from < c.len() {
            let n = (c.len() - from).min(BLOCK_ROWS - self.waiting_rows);
            self.waiting.push(if n == c.len() { c.clone() } else { c.slice(from, n) });
            self.waiting_rows += n;
            from += n;
            if self.waiting_rows == BLOCK_ROWS {
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
            let n = (words.codes.len() - from).min(BLOCK_ROWS);
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
        let mut block = Vec::with_capacity(BLOCK_ROWS);
        for (b, codes) in words.codes.chunks(BLOCK_ROWS).enumerate() {
            block.clear();
            block.extend(codes.iter().map(|c| rank[*c as usize]));
            let nulls = words.has_nulls.then(|| words.nulls.slice(b * BLOCK_ROWS, codes.len()));
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
    Error::new(
        TOO_LARGE_STRING_SIZE,
        format!("The strings of {BLOCK_ROWS} rows exceed 4 GiB; store shorter values"),
    )
}

/// Columns hold at most 4 GiB of string bytes: refuse before offsets overflow.
fn check_text_bytes(parts: &[&Column]) -> Result<()> {
    let total: u64 =
        parts.iter().map(|c| if matches!(c.data, Data::Str(_)) { c.bytes() as u64 } else { 0 }).sum();
    if total > u64::from(u32::MAX) { Err(too_long()) } else { Ok(()) }
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

/// Blocks of a declared skip index as rows come in.
pub(crate) struct IndexWriter {
    index: SkipIndex,
    waiting: Vec<Column>,
    waiting_rows: usize,
    minmax: Vec<BlockStats>,
    blooms: Vec<Vec<u8>>,
}

impl IndexWriter {
    pub fn new(index: &SkipIndex) -> Self {
        IndexWriter {
            index: index.clone(),
            waiting: Vec::new(),
            waiting_rows: 0,
            minmax: Vec::new(),
            blooms: Vec::new(),
        }
    }
    pub fn inputs(&self) -> &[usize] {
        &self.index.inputs
    }
    /// `inputs`: the columns of `SkipIndex::inputs`.
    pub fn push(&mut self, inputs: Vec<Column>, rows: usize) -> Result<()> {
        let values = match (&self.index.expr, inputs.first()) {
            (Some(f), _) => f(&Batch::new(inputs, rows))?,
            (None, Some(c)) => c.clone(),
            (None, None) => return Err(Error::internal("a skip index without columns")),
        };
        let mut from = 0;
        while from < rows {
            let n = (rows - from).min(BLOCK_ROWS - self.waiting_rows);
            self.waiting.push(values.slice(from, n));
            self.waiting_rows += n;
            from += n;
            if self.waiting_rows == BLOCK_ROWS {
                self.finish_block()?;
            }
        }
        Ok(())
    }
    fn finish_block(&mut self) -> Result<()> {
        if self.waiting_rows == 0 {
            return Ok(());
        }
        let parts = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        match self.index.kind {
            SkipKind::MinMax => {
                let c = Column::concat(&self.index.ty, &parts.iter().collect::<Vec<_>>()).flat();
                self.minmax.push(BlockStats::of(&c));
            }
            SkipKind::Bloom { bits_per_value } => {
                let mut found = Vec::new();
                parts.iter().for_each(|c| hashes(c, &mut found));
                self.blooms.push(Bloom::build(&mut found, bits_per_value.clamp(4, 64)).write());
            }
        }
        Ok(())
    }
    pub fn close(mut self, sink: &Mutex<Sink>) -> Result<IndexMeta> {
        self.finish_block()?;
        let blocks = match self.index.kind {
            SkipKind::MinMax => IndexBlocks::MinMax(self.minmax),
            SkipKind::Bloom { .. } => {
                let extents: Result<Vec<Extent>> =
                    self.blooms.iter().map(|b| sink.lock().extent(b)).collect();
                IndexBlocks::Bloom(extents?)
            }
        };
        let column = if self.index.expr.is_none() { self.index.inputs.first().copied() } else { None };
        Ok(IndexMeta { name: self.index.name, ty: self.index.ty, column, blocks })
    }
}

/// Sort keys of the rows that start blocks, and of the last row.
pub(crate) struct Keys {
    sort: Vec<usize>,
    rows: usize,
    keys: Vec<Vec<Scalar>>,
    last: Vec<Scalar>,
}

impl Keys {
    pub fn new(sort: &[usize]) -> Self {
        Keys { sort: sort.to_vec(), rows: 0, keys: Vec::new(), last: Vec::new() }
    }
    /// `column(k)`: the k-th column of the sort key, `rows` long.
    pub fn push<'a>(&mut self, rows: usize, column: impl Fn(usize) -> &'a Column) {
        if rows == 0 {
            return;
        }
        let key = |i: usize| (0..self.sort.len()).map(|k| column(k).scalar(i)).collect::<Vec<_>>();
        let mut at = self.rows.next_multiple_of(BLOCK_ROWS) - self.rows;
        while at < rows {
            self.keys.push(key(at));
            at += BLOCK_ROWS;
        }
        self.last = key(rows - 1);
        self.rows += rows;
    }
}

/// Writes footer and trailer, syncs, and tells what was written.
pub(crate) fn seal(
    files: &Arc<dyn Files>,
    path: &str,
    sink: Mutex<Sink>,
    keys: Keys,
    columns: Vec<(ColumnMeta, Option<IndexBlocks>)>,
    mut indexes: Vec<IndexMeta>,
    sync: bool,
) -> Result<SegmentInfo> {
    let mut metas = Vec::with_capacity(columns.len());
    for (i, (meta, bloom)) in columns.into_iter().enumerate() {
        if let Some(blocks) = bloom {
            indexes.push(IndexMeta { name: String::new(), ty: meta.ty.clone(), column: Some(i), blocks });
        }
        metas.push(meta);
    }
    let mut all = keys.keys;
    if keys.rows > 0 {
        all.push(keys.last);
    }
    let footer = Footer { rows: keys.rows as u64, sort: keys.sort, columns: metas, keys: all, indexes };
    let bytes = footer.write();
    let mut sink = sink.into_inner();
    let at = sink.extent(&bytes)?;
    let mut trailer = at.offset.to_le_bytes().to_vec();
    trailer.extend_from_slice(&at.len.to_le_bytes());
    trailer.extend_from_slice(&at.checksum.to_le_bytes());
    trailer.extend_from_slice(MAGIC);
    sink.append(&trailer)?;
    if sync {
        sink.file.sync().map_err(|e| file_error(&e))?;
        files.sync_dir(files::parent(path)).map_err(|e| file_error(&e))?;
    }
    let columns = footer.columns.iter().map(column_info).collect();
    Ok(SegmentInfo {
        path: path.to_string(),
        rows: footer.rows,
        bytes: sink.len,
        checksum: at.checksum,
        blocks: (footer.rows as usize).div_ceil(BLOCK_ROWS),
        columns,
        key_min: footer.keys.first().cloned().unwrap_or_default(),
        key_max: footer.keys.last().cloned().unwrap_or_default(),
    })
}

pub(crate) fn column_info(c: &ColumnMeta) -> ColumnInfo {
    let mut counts = [0u32; 256];
    c.blocks.iter().for_each(|b| counts[b.encoding as usize] += 1);
    let most = (0..256).max_by_key(|i| counts[*i]).unwrap_or(0);
    ColumnInfo {
        name: c.name.clone(),
        ty: c.ty.clone(),
        stored_bytes: c.blocks.iter().map(|b| b.at.len).sum::<u64>()
            + c.dict.as_ref().map_or(0, |d| d.at.len),
        raw_bytes: c.raw_bytes,
        stats: SegmentStats::of(c.blocks.iter().map(|b| &b.stats), c.dict.as_ref().map(|d| d.distinct)),
        encoding: id::name(most as u8),
    }
}

/// Writes a segment from batches that come in the order of the sort key.
pub struct SegmentWriter {
    files: Arc<dyn Files>,
    path: String,
    options: WriteOptions,
    sink: Mutex<Sink>,
    columns: Vec<ColumnWriter>,
    indexes: Vec<IndexWriter>,
    keys: Keys,
}

impl SegmentWriter {
    /// Creates the file. Memory while writing: up to a block of each column, encoded runs of 1 MiB, and for
    /// strings their distinct values and a code for each row.
    pub fn create(
        files: &Arc<dyn Files>,
        path: &str,
        specs: &[ColumnSpec],
        options: &WriteOptions,
    ) -> Result<Self> {
        let out_of_range = |c: &usize| *c >= specs.len();
        if options.sort.iter().any(out_of_range)
            || options.skip_indexes.iter().any(|i| i.inputs.iter().any(out_of_range))
        {
            return Err(Error::internal("sort key or index on a column that is not written"));
        }
        Ok(SegmentWriter {
            files: files.clone(),
            path: path.to_string(),
            options: options.clone(),
            sink: Mutex::new(Sink::create(files, path)?),
            columns: specs.iter().map(|s| ColumnWriter::new(s, options.auto_bloom)).collect(),
            indexes: options.skip_indexes.iter().map(IndexWriter::new).collect(),
            keys: Keys::new(&options.sort),
        })
    }
    pub fn push(&mut self, batch: &Batch) -> Result<()> {
        if batch.columns.len() != self.columns.len() {
            return Err(Error::internal(format!(
                "a batch of {} columns for a segment of {}",
                batch.columns.len(),
                self.columns.len()
            )));
        }
        let sort = self.keys.sort.clone();
        self.keys.push(batch.rows, |k| &batch.columns[sort[k]]);
        for index in &mut self.indexes {
            let inputs = index.inputs().iter().map(|c| batch.columns[*c].clone()).collect();
            index.push(inputs, batch.rows)?;
        }
        let sink = &self.sink;
        let threads = if batch.rows < 4096 { 1 } else { self.options.threads };
        let work: Vec<_> = self.columns.iter_mut().zip(&batch.columns).collect();
        in_parallel(threads, work, |(writer, column)| {
            writer.push(column)?;
            if writer.ready_bytes() >= RUN_BYTES { writer.drain(sink) } else { Ok(()) }
        })
    }
    pub fn rows(&self) -> usize {
        self.keys.rows
    }
    pub fn finish(mut self) -> Result<SegmentInfo> {
        let work: Vec<_> = self.columns.iter_mut().collect();
        let sink = &self.sink;
        in_parallel(self.options.threads, work, |writer| {
            writer.finish()?;
            if writer.ready_bytes() >= RUN_BYTES { writer.drain(sink) } else { Ok(()) }
        })?;
        let mut columns = Vec::with_capacity(self.columns.len());
        for writer in self.columns {
            columns.push(writer.close(&self.sink)?);
        }
        let mut indexes = Vec::with_capacity(self.indexes.len());
        for index in self.indexes {
            indexes.push(index.close(&self.sink)?);
        }
        seal(&self.files, &self.path, self.sink, self.keys, columns, indexes, self.options.sync)
    }
}

/// Runs `f` on each item, on up to `threads` threads. The first error wins.
pub(crate) fn in_parallel<T: Send>(
    threads: usize,
    work: Vec<T>,
    f: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    if threads <= 1 || work.len() <= 1 {
        return work.into_iter().try_for_each(f);
    }
    let threads = threads.min(work.len());
    let queue = Mutex::new(work.into_iter());
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().next();
                    let Some(item) = next else { return };
                    if failure.lock().is_some() {
                        return;
                    }
                    if let Err(e) = f(item) {
                        failure.lock().get_or_insert(e);
                    }
                }
            });
        }
    });
    failure.into_inner().map_or(Ok(()), Err)
}

/// Writes a whole segment. On an error the file is removed again.
pub fn write_segment(
    files: &Arc<dyn Files>,
    path: &str,
    specs: &[ColumnSpec],
    batches: &mut dyn Iterator<Item = Result<Batch>>,
    options: &WriteOptions,
) -> Result<SegmentInfo> {
    let mut writer = SegmentWriter::create(files, path, specs, options)?;
    let mut result = Ok(());
    for batch in batches {
        result = batch.and_then(|b| writer.push(&b));
        if result.is_err() {
            break;
        }
    }
    let result = result.and_then(|()| writer.finish());
    if result.is_err() {
        // What is left is named by no commit; the collector takes it if this fails too.
        let _ = files.remove(path);
    }
    result
}

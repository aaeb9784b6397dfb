//! A segment file that is open: answers from statistics, reads and filters blocks through the cache. Readers
//! see it through `segment.rs`, which lays new values of an UPDATE over it.

use crate::bloom::{self, Bloom};
use crate::bytes::{Reader, checksum, corrupt};
use crate::cache::{Cache, Class, Key, Value};
use crate::encode::column::{Shape, decode, gather};
use crate::encode::filter::{decided, filter, filter_text};
use crate::encode::{heap, id, test::Test};
use crate::fault::{damaged, read_error};
use crate::footer::{
    ColumnMeta, Extent, Footer, HEADER_BYTES, IndexBlocks, MAGIC, TRAILER_BYTES, VERSION, VERSION_SHORT,
};
use crate::known::by_stats;
use crate::pred::{Pred, widen};
use crate::spec::ColumnInfo;
use crate::stats::{BlockStats, SegmentStats};
use crate::text::{TextIndex, Tokenizer};
use crate::write::column_info;
use files::{Files, ReadFile};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use types::{Bitmap, Column, Data, Dict, Error, Result, Scalar, Type};

/// Blocks of a column that lie next to each other are read together up to this many bytes.
const READ_AHEAD: u64 = 256 << 10;
/// Bytes of a footer that a reader accepts.
const FOOTER_MAX: u64 = 1 << 30;

static NEXT_SEGMENT: AtomicU64 = AtomicU64::new(1);

/// Cheap to share; every method may be called from several threads.
pub struct Stored {
    id: u64,
    path: String,
    file: Arc<dyn ReadFile>,
    cache: Arc<Cache>,
    footer: Footer,
    bytes: u64,
    checksum: u64,
    dicts: Vec<DictSlot>,
}

/// The dictionary of a column keeps its id while the segment is open, however often it is loaded.
struct DictSlot {
    id: u64,
    loaded: Mutex<Weak<Dict>>,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.cache.forget(self.id);
    }
}

impl Stored {
    /// Reads and checks the footer. Errors: `CORRUPTED_DATA` naming file and offset, `FILE_DOESNT_EXIST`.
    pub fn open(files: &Arc<dyn Files>, path: &str, cache: &Arc<Cache>) -> Result<Stored> {
        let file = files.open_read(path).map_err(|e| read_error(&e))?;
        let len = file.len();
        let fail = |offset: u64, what: &str| damaged(corrupt(what), path, offset, "segment");
        if len < HEADER_BYTES + TRAILER_BYTES {
            return Err(fail(0, "the file is too short for a segment"));
        }
        let header = read_at(&file, 0, HEADER_BYTES)?;
        let trailer = read_at(&file, len - TRAILER_BYTES, TRAILER_BYTES)?;
        if header[..8] != MAGIC[..] || trailer[24..] != MAGIC[..] {
            return Err(fail(0, "this is not a segment"));
        }
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        if ![VERSION, VERSION_SHORT].contains(&version) || header[12..] != [0; 4] {
            return Err(fail(
                8,
                &format!("format version {version}; this program reads {VERSION} and {VERSION_SHORT}"),
            ));
        }
        let mut r = Reader::new(&trailer);
        let at = Extent { offset: r.u64()?, len: r.u64()?, checksum: r.u64()? };
        if at.len > FOOTER_MAX
            || at.offset < HEADER_BYTES
            || at.offset.checked_add(at.len) != Some(len - TRAILER_BYTES)
        {
            return Err(fail(len - TRAILER_BYTES, "the footer does not lie before the end"));
        }
        let bytes = read_at(&file, at.offset, at.len)?;
        if checksum(&bytes) != at.checksum {
            return Err(fail(at.offset, "the checksum of the footer does not match"));
        }
        let footer =
            Footer::read(&bytes, at.offset, version).map_err(|e| damaged(e, path, at.offset, "footer"))?;
        let dicts = footer.columns.iter().map(|_| DictSlot::new()).collect();
        Ok(Stored {
            id: NEXT_SEGMENT.fetch_add(1, Ordering::Relaxed),
            path: path.to_string(),
            file,
            cache: cache.clone(),
            footer,
            bytes: len,
            checksum: at.checksum,
            dicts,
        })
    }
    /// Never used twice in this process.
    pub fn id(&self) -> u64 {
        self.id
    }
    pub fn path(&self) -> &str {
        &self.path
    }
    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// As `SegmentInfo::checksum`.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }
    pub fn rows(&self) -> usize {
        self.footer.rows as usize
    }
    pub fn block_count(&self) -> usize {
        self.rows().div_ceil(self.footer.block_rows)
    }
    pub fn block_rows(&self, block: usize) -> usize {
        let most = self.footer.block_rows;
        self.rows().saturating_sub(block * most).min(most)
    }
    /// Number of the block's first row.
    pub fn block_start(&self, block: usize) -> usize {
        block * self.footer.block_rows
    }
    /// The block of a row.
    pub fn block_of(&self, row: u32) -> usize {
        row as usize / self.footer.block_rows
    }
    /// Bytes of all values in memory, when they were written.
    pub fn raw_bytes(&self) -> u64 {
        self.footer.columns.iter().map(|c| c.raw_bytes).sum()
    }
    pub fn column_count(&self) -> usize {
        self.footer.columns.len()
    }
    pub fn column(&self, name: &str) -> Option<usize> {
        self.footer.columns.iter().position(|c| c.name == name)
    }
    pub fn column_name(&self, c: usize) -> &str {
        &self.footer.columns[c].name
    }
    pub fn column_type(&self, c: usize) -> &Type {
        &self.footer.columns[c].ty
    }
    pub fn column_info(&self, c: usize) -> ColumnInfo {
        column_info(&self.footer.columns[c])
    }
    /// Name of a block's encoding, for EXPLAIN and system tables.
    pub fn encoding(&self, c: usize, block: usize) -> &'static str {
        self.footer.columns[c].blocks.get(block).map_or("none", |b| id::name(b.encoding))
    }
    /// Bytes that reading this block takes from the disk.
    pub fn stored_bytes(&self, c: usize, block: usize) -> u64 {
        self.footer.columns[c].blocks.get(block).map_or(0, |b| b.at.len)
    }
    pub fn stats(&self, c: usize, block: usize) -> Option<&BlockStats> {
        self.footer.columns.get(c)?.blocks.get(block).map(|b| &b.stats)
    }
    pub fn segment_stats(&self, c: usize) -> SegmentStats {
        let c = &self.footer.columns[c];
        SegmentStats::of(c.blocks.iter().map(|b| &b.stats), c.dict.as_ref().map(|d| d.distinct))
    }
    /// Columns of the sort key, in its order.
    pub fn sort_columns(&self) -> &[usize] {
        &self.footer.sort
    }
    /// Sort key of the block's first row; for `block_count()`, of the segment's last row.
    pub fn block_key(&self, block: usize) -> Option<&[Scalar]> {
        self.footer.keys.get(block).map(Vec::as_slice)
    }

    pub(crate) fn meta(&self, c: usize, block: usize) -> Result<(&ColumnMeta, &Extent)> {
        let column = self.footer.columns.get(c).ok_or_else(|| Error::internal(format!("no column {c}")))?;
        let b = column.blocks.get(block).ok_or_else(|| Error::internal(format!("no block {block}")))?;
        crate::states::readable(&column.name, &column.ty, self.footer.states)?;
        Ok((column, &b.at))
    }
    fn extent(&self, at: &Extent, what: &str) -> Result<Vec<u8>> {
        let bytes = read_at(&self.file, at.offset, at.len)?;
        self.verify(&bytes, at, what)?;
        Ok(bytes)
    }
    fn verify(&self, bytes: &[u8], at: &Extent, what: &str) -> Result<()> {
        if checksum(bytes) == at.checksum {
            return Ok(());
        }
        Err(damaged(corrupt("the checksum does not match"), &self.path, at.offset, what))
    }
    /// The block as stored. A miss reads its neighbours too, as far as they adjoin.
    pub(crate) fn stored(&self, c: usize, block: usize) -> Result<Arc<Vec<u8>>> {
        let key: Key = (self.id, c as u32, block as u32, Class::Stored);
        if let Some(Value::Bytes(b)) = self.cache.get(&key) {
            return Ok(b);
        }
        let (column, first) = self.meta(c, block)?;
        let mut end = block + 1;
        let mut len = first.len;
        while let Some(next) = column.blocks.get(end)
            && next.at.offset == first.offset + len
            && len + next.at.len <= READ_AHEAD
            && !self.cache.contains(&(self.id, c as u32, end as u32, Class::Stored))
        {
            len += next.at.len;
            end += 1;
        }
        let bytes = read_at(&self.file, first.offset, len)?;
        let mut wanted = None;
        for b in block..end {
            let at = &column.blocks[b].at;
            let from = (at.offset - first.offset) as usize;
            let part = &bytes[from..from + at.len as usize];
            let checked = self.verify(part, at, &format!("column {}, block {b}", column.name));
            if b == block {
                checked?;
            } else if checked.is_err() {
                // Whoever asks for that block will be told.
                break;
            }
            let part = Arc::new(part.to_vec());
            self.cache.put(
                (self.id, c as u32, b as u32, Class::Stored),
                Value::Bytes(part.clone()),
                part.len(),
            );
            wanted.get_or_insert(part);
        }
        wanted.ok_or_else(|| Error::internal("a block was read and lost"))
    }
    pub(crate) fn explain(&self, e: Error, c: usize, block: usize) -> Error {
        let Ok((column, at)) = self.meta(c, block) else { return e };
        damaged(e, &self.path, at.offset, &format!("column {}, block {block}", column.name))
    }

    /// For `fuzz`: a block as stored.
    pub(crate) fn stored_block(&self, c: usize, block: usize) -> Result<Arc<Vec<u8>>> {
        self.stored(c, block)
    }
    /// For `fuzz`: a dictionary as stored, its entries and bytes.
    pub(crate) fn stored_dict(&self, c: usize) -> Result<Option<(Vec<u8>, usize, usize)>> {
        let Some(d) = &self.footer.columns[c].dict else { return Ok(None) };
        Ok(Some((self.extent(&d.at, "dictionary")?, d.count as usize, d.bytes as usize)))
    }

    /// The ordered dictionary of a String column, shared by all its blocks; `None` if it has none.
    pub fn dict(&self, c: usize) -> Result<Option<Arc<Dict>>> {
        let Some(column) = self.footer.columns.get(c) else { return Ok(None) };
        let Some(d) = &column.dict else { return Ok(None) };
        let slot = &self.dicts[c];
        let key: Key = (self.id, c as u32, 0, Class::Dict);
        if let Some(Value::Dict(d)) = self.cache.get(&key) {
            return Ok(Some(d));
        }
        let mut loaded = slot.loaded.lock();
        if let Some(d) = loaded.upgrade() {
            let bytes = d.values.bytes();
            self.cache.put(key, Value::Dict(d.clone()), bytes);
            return Ok(Some(d));
        }
        let what = format!("dictionary of column {}", column.name);
        let bytes = self.extent(&d.at, &what)?;
        let words = heap::read(
            &bytes,
            usize::try_from(d.count).unwrap_or(usize::MAX),
            usize::try_from(d.bytes).unwrap_or(usize::MAX),
        )
        .map_err(|e| damaged(e, &self.path, d.at.offset, &what))?;
        let dict = Arc::new(Dict { values: Data::Str(words).into(), ordered: true, id: slot.id });
        *loaded = Arc::downgrade(&dict);
        self.cache.put(key, Value::Dict(dict.clone()), dict.values.bytes());
        Ok(Some(dict))
    }

    /// A whole block: codes where the column has a dictionary, else flat or constant.
    pub fn read(&self, c: usize, block: usize) -> Result<Column> {
        let rows = self.block_rows(block);
        let (column, _) = self.meta(c, block)?;
        let text = matches!(Shape::of(&column.ty), Shape::Str) && column.dict.is_none();
        let key: Key = (self.id, c as u32, block as u32, Class::Decoded);
        if text && let Some(Value::Column(c)) = self.cache.get(&key) {
            return Ok(c);
        }
        let dict = self.dict(c)?;
        let bytes = self.stored(c, block)?;
        let value = decode(&mut Reader::new(&bytes), &column.ty, rows, dict.as_ref())
            .map_err(|e| self.explain(e, c, block))?;
        if text {
            self.cache.put(key, Value::Column(value.clone()), value.bytes());
        }
        Ok(value)
    }
    /// Rows of a block by position within it, in the order asked.
    pub fn read_rows(&self, c: usize, block: usize, rows: &[u32]) -> Result<Column> {
        let n = self.block_rows(block);
        if rows.iter().copied().max().is_some_and(|r| r as usize >= n) {
            return Err(Error::internal(format!("a row past the {n} rows of block {block}")));
        }
        let (column, _) = self.meta(c, block)?;
        if matches!(Shape::of(&column.ty), Shape::Str)
            && column.dict.is_none()
            && let Some(Value::Column(c)) = self.cache.get(&(self.id, c as u32, block as u32, Class::Decoded))
        {
            return Ok(c.gather(rows));
        }
        if rows.len() * 2 >= n {
            return Ok(self.read(c, block)?.gather(rows));
        }
        let dict = self.dict(c)?;
        let bytes = self.stored(c, block)?;
        gather(&bytes, &column.ty, n, dict.as_ref(), rows).map_err(|e| self.explain(e, c, block))
    }

    /// Keeps the rows of `sel` (one bit a row of the block) that pass; NULL rows pass `IsNull` only.
    /// Works on encoded lanes, codes and runs; only floats, plain strings and nested values are decoded.
    pub fn filter(&self, c: usize, block: usize, pred: &Pred, sel: &mut Bitmap) -> Result<()> {
        let (column, _) = self.meta(c, block)?;
        if sel.len() != self.block_rows(block) {
            return Err(Error::internal("a selection of another length than the block"));
        }
        if !sel.any() {
            return Ok(());
        }
        match self.known(c, block, pred)? {
            Some(true) => return Ok(()),
            Some(false) => {
                *sel = Bitmap::new(sel.len(), false);
                return Ok(());
            }
            None => {}
        }
        let by_mask = matches!(pred, Pred::IsNull | Pred::NotNull | Pred::Never);
        if !by_mask && column.dict.is_none() && matches!(Shape::of(&column.ty), Shape::Str) {
            let all = self.read(c, block)?;
            if let Some(nulls) = &all.nulls {
                sel.and_not_with(nulls);
            }
            let Data::Str(s) = &all.data else { return Err(Error::internal("strings expected")) };
            return filter_text(s, pred, sel);
        }
        let dict = if by_mask { None } else { self.dict(c)? };
        let bytes = self.stored(c, block)?;
        filter(&bytes, &column.ty, pred, dict.as_ref(), sel).map_err(|e| self.explain(e, c, block))
    }

    /// What statistics say of all rows of a block: all pass, none passes, or unknown.
    fn known(&self, c: usize, block: usize, pred: &Pred) -> Result<Option<bool>> {
        let Some(s) = self.stats(c, block) else { return Ok(None) };
        let ty = &self.footer.columns[c].ty;
        if let (Pred::Codes(bits), Some((lo, hi))) = (pred, s.codes) {
            let known = decided(&Test::Bits(0, bits), lo.into(), hi.into());
            return Ok(if known == Some(true) && s.nulls > 0 { None } else { known });
        }
        by_stats(s, ty, self.block_rows(block), pred)
    }

    /// False only if no row of the block passes, by statistics.
    pub fn may_match(&self, c: usize, block: usize, pred: &Pred) -> Result<bool> {
        Ok(self.known(c, block, pred)? != Some(false))
    }

    /// Skip indexes in file order: name ('' for automatic ones), kind, the column it is on if any.
    pub fn indexes(&self) -> impl Iterator<Item = (&str, &'static str, Option<usize>)> {
        self.footer.indexes.iter().map(|i| {
            let kind = match i.blocks {
                IndexBlocks::Bloom(_) => "bloom_filter",
                IndexBlocks::MinMax(_) => "minmax",
                IndexBlocks::Tokens { tokenizer: Tokenizer::Grams(_), .. } => "ngrambf_v1",
                IndexBlocks::Tokens { .. } => "tokenbf_v1",
                IndexBlocks::Postings { .. } => "text",
            };
            (i.name.as_str(), kind, i.column)
        })
    }
    /// The type of an index's values.
    pub fn index_type(&self, index: usize) -> Option<&Type> {
        self.footer.indexes.get(index).map(|i| &i.ty)
    }
    /// False only if no value that the index covers in this block passes. On arrays a bloom filter covers
    /// the elements.
    pub fn index_may_match(&self, index: usize, block: usize, pred: &Pred) -> Result<bool> {
        let Some(meta) = self.footer.indexes.get(index) else { return Ok(true) };
        let blocks = match &meta.blocks {
            IndexBlocks::MinMax(blocks) => {
                let Some(s) = blocks.get(block) else { return Ok(true) };
                return Ok(by_stats(s, &meta.ty, self.block_rows(block), pred)? != Some(false));
            }
            IndexBlocks::Bloom(blocks) => blocks,
            IndexBlocks::Tokens { .. } | IndexBlocks::Postings { .. } => return Ok(true),
        };
        let Some(at) = blocks.get(block).filter(|at| at.len > 0) else { return Ok(true) };
        let pred = widen(pred, &meta.ty);
        let asked: Vec<u64> = match &pred {
            Pred::Eq(s) => bloom_hash(s, &meta.ty).into_iter().collect(),
            Pred::In(list) => {
                let hashes: Vec<u64> = list.iter().filter_map(|s| bloom_hash(s, &meta.ty)).collect();
                if hashes.len() < list.iter().filter(|s| !s.is_null()).count() {
                    return Ok(true);
                }
                hashes
            }
            _ => return Ok(true),
        };
        if asked.is_empty() {
            return Ok(true);
        }
        let bytes = self.index_bytes(index, block, at, "bloom filter")?;
        let bloom = Bloom::read(&bytes).map_err(|e| damaged(e, &self.path, at.offset, "bloom filter"))?;
        Ok(asked.iter().any(|h| bloom.may_contain(*h)))
    }

    /// A piece of an index, cached.
    pub(crate) fn index_bytes(
        &self,
        index: usize,
        piece: usize,
        at: &Extent,
        what: &str,
    ) -> Result<Arc<Vec<u8>>> {
        let key: Key = (self.id, index as u32, piece as u32, Class::Index);
        if let Some(Value::Bytes(b)) = self.cache.get(&key) {
            return Ok(b);
        }
        let b = Arc::new(self.extent(at, what)?);
        self.cache.put(key, Value::Bytes(b.clone()), b.len());
        Ok(b)
    }
    pub(crate) fn damaged(&self, e: Error, at: &Extent, what: &str) -> Error {
        damaged(e, &self.path, at.offset, what)
    }
    /// An index of tokens.
    pub fn text_index(&self, index: usize) -> Option<TextIndex<'_>> {
        TextIndex::of(self, index, self.footer.indexes.get(index)?)
    }

    /// Reads everything: all checksums, all blocks decoded, all index pages. Errors: `CORRUPTED_DATA`.
    pub fn check(&self) -> Result<()> {
        for c in 0..self.footer.columns.len() {
            self.dict(c)?;
            for b in 0..self.block_count() {
                let rows = self.read(c, b)?.len();
                if rows != self.block_rows(b) {
                    return Err(self.explain(corrupt(format!("{rows} rows in a block")), c, b));
                }
            }
        }
        for (number, index) in self.footer.indexes.iter().enumerate() {
            if let Some(text) = self.text_index(number) {
                text.check()?;
            }
            let IndexBlocks::Bloom(blocks) = &index.blocks else { continue };
            for at in blocks.iter().filter(|at| at.len > 0) {
                let bytes = self.extent(at, "bloom filter")?;
                Bloom::read(&bytes).map_err(|e| damaged(e, &self.path, at.offset, "bloom filter"))?;
            }
        }
        Ok(())
    }
}

impl DictSlot {
    fn new() -> Self {
        // Takes a number from the same sequence as all other dictionaries.
        let id = Dict::new(Data::Nothing(0).into(), true).id;
        DictSlot { id, loaded: Mutex::new(Weak::new()) }
    }
}

fn read_at(file: &Arc<dyn ReadFile>, offset: u64, len: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len as usize];
    file.read_at(offset, &mut bytes).map_err(|e| read_error(&e))?;
    Ok(bytes)
}

/// The hash under which a constant would be in a filter on values of `ty`, if it can be there at all.
fn bloom_hash(s: &Scalar, ty: &Type) -> Option<u64> {
    let element = match Shape::of(ty) {
        Shape::Array(t) => t,
        _ => ty.clone(),
    };
    let shape = Shape::of(&element);
    match (s, &shape) {
        (Scalar::Float(_), Shape::F32 | Shape::F64) => bloom::hash(s),
        (Scalar::Int(v), Shape::F32 | Shape::F64) => bloom::hash(&Scalar::Float(*v as f64)),
        (Scalar::Bytes(_), Shape::Str | Shape::Fixed(_)) => bloom::hash(s),
        (Scalar::I256(_), Shape::I256) | (Scalar::U256(_), Shape::U256) => bloom::hash(s),
        (Scalar::Int(_), Shape::U128 | Shape::I128) | (Scalar::UInt(_), Shape::U128) => bloom::hash(s),
        (Scalar::Int(_), shape) if shape.integer().is_some() => bloom::hash(s),
        _ => None,
    }
}

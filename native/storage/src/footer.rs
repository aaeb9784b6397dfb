//! The footer of a segment: where everything lies and what is known of it. Bytes: FORMAT.md.

use crate::bytes::{Reader, corrupt, put_blob, put_scalar, put_var};
use crate::states;
use crate::stats::BlockStats;
use crate::text::{Chunk, Tokenizer};
use types::parse::parse_type;
use types::{Result, Scalar, Type};

pub(crate) const MAGIC: &[u8; 8] = b"COLNNDSG";
/// Of segments with blocks of the usual size; `VERSION_SHORT`: the footer says how many rows a block has.
pub(crate) const VERSION: u32 = 1;
pub(crate) const VERSION_SHORT: u32 = 2;
/// magic, version, four zero bytes
pub(crate) const HEADER_BYTES: u64 = 16;
/// footer offset, length, checksum, magic
pub(crate) const TRAILER_BYTES: u64 = 32;

/// Rows of a block; only the last block of a segment may have fewer. Segments of large rows have shorter
/// blocks (`spec::block_rows_for`).
pub const BLOCK_ROWS: usize = 65_536;
pub(crate) const BLOCK_ROWS_MIN: usize = 64;

/// A checked piece of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extent {
    pub offset: u64,
    pub len: u64,
    pub checksum: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct BlockMeta {
    pub at: Extent,
    pub encoding: u8,
    pub stats: BlockStats,
}

#[derive(Clone, Debug)]
pub(crate) struct DictMeta {
    pub at: Extent,
    pub count: u64,
    /// bytes of all strings together
    pub bytes: u64,
    /// distinct values; one less than `count` if '' is only there for NULL rows
    pub distinct: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct ColumnMeta {
    pub name: String,
    pub ty: Type,
    pub codec: Option<String>,
    /// bytes of the values in memory when written
    pub raw_bytes: u64,
    pub dict: Option<DictMeta>,
    pub blocks: Vec<BlockMeta>,
}

#[derive(Clone, Debug)]
pub(crate) enum IndexBlocks {
    Bloom(Vec<Extent>),
    MinMax(Vec<BlockStats>),
    /// a filter of tokens for each block
    Tokens {
        tokenizer: Tokenizer,
        filters: Vec<Extent>,
    },
    /// all tokens with their rows; None: they would have been too many
    Postings {
        tokenizer: Tokenizer,
        chunks: Option<Vec<Chunk>>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct IndexMeta {
    pub name: String,
    pub ty: Type,
    /// the column it is on, `None` for an expression
    pub column: Option<usize>,
    pub blocks: IndexBlocks,
}

#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub rows: u64,
    /// rows of each block but the last
    pub block_rows: usize,
    /// columns of the sort key, in its order
    pub sort: Vec<usize>,
    pub columns: Vec<ColumnMeta>,
    /// sort key of each block's first row, then that of the segment's last row
    pub keys: Vec<Vec<Scalar>>,
    pub indexes: Vec<IndexMeta>,
    /// the form of the states in the columns, if there are any
    pub states: u64,
}

impl Extent {
    fn write(&self, out: &mut Vec<u8>) {
        put_var(out, self.offset);
        put_var(out, self.len);
        out.extend_from_slice(&self.checksum.to_le_bytes());
    }
    fn read(r: &mut Reader, end: u64) -> Result<Extent> {
        let e = Extent { offset: r.var()?, len: r.var()?, checksum: r.u64()? };
        let fits = e.offset >= HEADER_BYTES && e.offset.checked_add(e.len).is_some_and(|to| to <= end);
        if fits { Ok(e) } else { Err(corrupt("a block lies outside of the file")) }
    }
}

impl Footer {
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_var(&mut out, self.rows);
        if self.block_rows != BLOCK_ROWS {
            put_var(&mut out, self.block_rows as u64);
        }
        put_var(&mut out, self.sort.len() as u64);
        self.sort.iter().for_each(|c| put_var(&mut out, *c as u64));
        put_var(&mut out, self.columns.len() as u64);
        for c in &self.columns {
            put_blob(&mut out, c.name.as_bytes());
            put_blob(&mut out, c.ty.to_string().as_bytes());
            put_blob(&mut out, c.codec.as_deref().unwrap_or_default().as_bytes());
            put_var(&mut out, c.raw_bytes);
            out.push(c.dict.is_some().into());
            if let Some(d) = &c.dict {
                d.at.write(&mut out);
                put_var(&mut out, d.count);
                put_var(&mut out, d.bytes);
                put_var(&mut out, d.distinct);
            }
            for b in &c.blocks {
                b.at.write(&mut out);
                out.push(b.encoding);
                b.stats.write(&mut out);
            }
        }
        for key in &self.keys {
            key.iter().for_each(|s| put_scalar(&mut out, s));
        }
        put_var(&mut out, self.indexes.len() as u64);
        for i in &self.indexes {
            put_blob(&mut out, i.name.as_bytes());
            put_blob(&mut out, i.ty.to_string().as_bytes());
            put_var(&mut out, i.column.map_or(0, |c| c as u64 + 1));
            match &i.blocks {
                IndexBlocks::Bloom(blocks) => {
                    out.push(1);
                    blocks.iter().for_each(|b| b.write(&mut out));
                }
                IndexBlocks::MinMax(blocks) => {
                    out.push(2);
                    blocks.iter().for_each(|b| b.write(&mut out));
                }
                IndexBlocks::Tokens { tokenizer, filters } => {
                    out.push(3);
                    put_blob(&mut out, tokenizer.written().as_bytes());
                    filters.iter().for_each(|b| b.write(&mut out));
                }
                IndexBlocks::Postings { tokenizer, chunks } => {
                    out.push(4);
                    put_blob(&mut out, tokenizer.written().as_bytes());
                    out.push(chunks.is_some().into());
                    put_var(&mut out, chunks.as_ref().map_or(0, Vec::len) as u64);
                    for c in chunks.iter().flatten() {
                        put_blob(&mut out, &c.first);
                        c.at.write(&mut out);
                    }
                }
            }
        }
        if self.columns.iter().any(|c| states::any(&c.ty)) {
            put_var(&mut out, self.states);
        }
        out
    }

    /// `end`: where the footer begins; every block must lie before it.
    pub fn read(bytes: &[u8], end: u64, version: u32) -> Result<Footer> {
        let mut r = Reader::new(bytes);
        let rows = r.var()?;
        if rows > u64::from(u32::MAX) {
            return Err(corrupt(format!("{rows} rows in one segment")));
        }
        let block_rows = if version == VERSION { BLOCK_ROWS } else { r.var()? as usize };
        if !block_rows.is_power_of_two() || !(BLOCK_ROWS_MIN..=BLOCK_ROWS).contains(&block_rows) {
            return Err(corrupt(format!("blocks of {block_rows} rows")));
        }
        let blocks = (rows as usize).div_ceil(block_rows);
        let keys = r.count(1)?;
        let sort = (0..keys).map(|_| Ok(r.var()? as usize)).collect::<Result<Vec<_>>>()?;
        let n = r.count(5)?;
        if sort.iter().any(|c| *c >= n) {
            return Err(corrupt("a sort key of a column that is not there"));
        }
        let mut columns = Vec::with_capacity(n);
        for _ in 0..n {
            columns.push(read_column(&mut r, blocks, end)?);
        }
        let mut key_rows = Vec::new();
        if blocks > 0 {
            for _ in 0..=blocks {
                key_rows.push(sort.iter().map(|_| r.scalar()).collect::<Result<Vec<_>>>()?);
            }
        }
        let mut indexes = Vec::new();
        for _ in 0..r.count(4)? {
            let (name, ty) = (r.text()?, parse_type(&r.text()?)?);
            let column = match r.var()? as usize {
                0 => None,
                c if c <= n => Some(c - 1),
                _ => return Err(corrupt("an index on a column that is not there")),
            };
            let kind = r.u8()?;
            let blocks = match kind {
                1 => IndexBlocks::Bloom(read_extents(&mut r, blocks, end)?),
                2 => {
                    check_room(&r, blocks)?;
                    IndexBlocks::MinMax((0..blocks).map(|_| BlockStats::read(&mut r)).collect::<Result<_>>()?)
                }
                3 => {
                    let tokenizer = read_tokenizer(&mut r)?;
                    IndexBlocks::Tokens { tokenizer, filters: read_extents(&mut r, blocks, end)? }
                }
                4 => {
                    let tokenizer = read_tokenizer(&mut r)?;
                    let is_there = r.u8()? == 1;
                    let list = (0..r.count(12)?)
                        .map(|_| Ok(Chunk { first: r.blob()?.to_vec(), at: Extent::read(&mut r, end)? }))
                        .collect::<Result<Vec<_>>>()?;
                    IndexBlocks::Postings { tokenizer, chunks: is_there.then_some(list) }
                }
                k => return Err(corrupt(format!("an index of kind {k}"))),
            };
            indexes.push(IndexMeta { name, ty, column, blocks });
        }
        let stateful = r.left() > 0 && columns.iter().any(|c| states::any(&c.ty));
        let states = if stateful { r.var()? } else { states::FIRST_FORM };
        if r.left() > 0 {
            return Err(corrupt("bytes behind the footer's end"));
        }
        Ok(Footer { rows, block_rows, sort, columns, keys: key_rows, indexes, states })
    }
}

fn read_extents(r: &mut Reader, blocks: usize, end: u64) -> Result<Vec<Extent>> {
    check_room(r, blocks)?;
    (0..blocks).map(|_| Extent::read(r, end)).collect()
}

fn read_tokenizer(r: &mut Reader) -> Result<Tokenizer> {
    let text = r.text()?;
    Tokenizer::parse(&text).ok_or_else(|| corrupt(format!("an unknown tokenizer '{text}'")))
}

fn check_room(r: &Reader, blocks: usize) -> Result<()> {
    // The shortest description of a block is statistics without bounds: flags, a NULL and two counts.
    if blocks > r.left() / 4 { Err(corrupt("more blocks than the footer has room for")) } else { Ok(()) }
}

fn read_column(r: &mut Reader, blocks: usize, end: u64) -> Result<ColumnMeta> {
    let name = r.text()?;
    let ty = parse_type(&r.text()?).map_err(|e| corrupt(format!("column {name}: {}", e.message())))?;
    let codec = Some(r.text()?).filter(|t| !t.is_empty());
    let raw_bytes = r.var()?;
    let dict = match r.u8()? {
        0 => None,
        1 => {
            Some(DictMeta { at: Extent::read(r, end)?, count: r.var()?, bytes: r.var()?, distinct: r.var()? })
        }
        _ => return Err(corrupt("a dictionary flag that is neither 0 nor 1")),
    };
    check_room(r, blocks)?;
    let mut metas = Vec::with_capacity(blocks);
    for _ in 0..blocks {
        metas.push(BlockMeta { at: Extent::read(r, end)?, encoding: r.u8()?, stats: BlockStats::read(r)? });
    }
    Ok(ColumnMeta { name, ty, codec, raw_bytes, dict, blocks: metas })
}

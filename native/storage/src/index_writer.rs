//! A declared skip index on its way into a segment.

use crate::bloom::{Bloom, hashes};
use crate::footer::{Extent, IndexBlocks, IndexMeta};
use crate::spec::{SkipIndex, SkipKind};
use crate::stats::BlockStats;
use crate::text::{Chunk, PostingsWriter, token_hashes};
use crate::write::Sink;
use parking_lot::Mutex;
use types::{Batch, Column, Error, Result};

/// Blocks of a declared skip index as rows come in.
pub(crate) struct IndexWriter {
    index: SkipIndex,
    block_rows: usize,
    waiting: Vec<Column>,
    waiting_rows: usize,
    minmax: Vec<BlockStats>,
    blooms: Vec<Vec<u8>>,
    postings: Option<PostingsWriter>,
    /// rows of finished blocks
    rows: usize,
}

/// Bits that stand for one token of a block.
const TOKEN_BITS: usize = 10;

impl IndexWriter {
    pub fn new(index: &SkipIndex, block_rows: usize) -> Self {
        IndexWriter {
            index: index.clone(),
            block_rows,
            waiting: Vec::new(),
            waiting_rows: 0,
            minmax: Vec::new(),
            blooms: Vec::new(),
            postings: match &index.kind {
                SkipKind::Postings(t) => Some(PostingsWriter::new(t.clone())),
                _ => None,
            },
            rows: 0,
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
            let n = (rows - from).min(self.block_rows - self.waiting_rows);
            self.waiting.push(values.slice(from, n));
            self.waiting_rows += n;
            from += n;
            if self.waiting_rows == self.block_rows {
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
        let mut first = self.rows;
        self.rows += std::mem::take(&mut self.waiting_rows);
        match &self.index.kind {
            SkipKind::MinMax => {
                let c = Column::concat(&self.index.ty, &parts.iter().collect::<Vec<_>>()).flat();
                self.minmax.push(BlockStats::of(&c));
            }
            SkipKind::Bloom { bits_per_value } => {
                let mut found = Vec::new();
                parts.iter().for_each(|c| hashes(c, &mut found));
                self.blooms.push(Bloom::build(&mut found, (*bits_per_value).clamp(4, 64)).write());
            }
            SkipKind::Tokens(tokenizer) => {
                let mut found = Vec::new();
                parts.iter().for_each(|c| token_hashes(tokenizer, c, &mut found));
                self.blooms.push(Bloom::build(&mut found, TOKEN_BITS).write());
            }
            SkipKind::Postings(_) => {
                for c in &parts {
                    if let Some(writer) = &mut self.postings {
                        writer.add(c, first as u32);
                    }
                    first += c.len();
                }
            }
        }
        Ok(())
    }
    pub fn close(mut self, sink: &Mutex<Sink>) -> Result<IndexMeta> {
        self.finish_block()?;
        let filters = |blooms: &[Vec<u8>]| -> Result<Vec<Extent>> {
            blooms.iter().map(|b| sink.lock().extent(b)).collect()
        };
        let blocks = match self.index.kind {
            SkipKind::MinMax => IndexBlocks::MinMax(self.minmax),
            SkipKind::Bloom { .. } => IndexBlocks::Bloom(filters(&self.blooms)?),
            SkipKind::Tokens(tokenizer) => IndexBlocks::Tokens { tokenizer, filters: filters(&self.blooms)? },
            SkipKind::Postings(tokenizer) => {
                let made = self.postings.map(PostingsWriter::finish).transpose()?.flatten();
                let written = |list: Vec<(Vec<u8>, Vec<u8>)>| -> Result<Vec<Chunk>> {
                    let chunk = |(first, bytes): (Vec<u8>, Vec<u8>)| {
                        Ok(Chunk { first, at: sink.lock().extent(&bytes)? })
                    };
                    list.into_iter().map(chunk).collect()
                };
                IndexBlocks::Postings { tokenizer, chunks: made.map(written).transpose()? }
            }
        };
        let column = if self.index.expr.is_none() { self.index.inputs.first().copied() } else { None };
        Ok(IndexMeta { name: self.index.name, ty: self.index.ty, column, blocks })
    }
}

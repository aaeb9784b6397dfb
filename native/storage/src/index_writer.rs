//! A declared skip index on its way into a segment.

use crate::bloom::{Bloom, hashes};
use crate::footer::{Extent, IndexBlocks, IndexMeta};
use crate::spec::{SkipIndex, SkipKind};
use crate::stats::BlockStats;
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
}

impl IndexWriter {
    pub fn new(index: &SkipIndex, block_rows: usize) -> Self {
        IndexWriter {
            index: index.clone(),
            block_rows,
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

//! The working half of a streamed ingest: decodes the bytes it is given on all workers and hands the rows
//! to the segments. Runs on a thread of its own, so that bytes come in meanwhile.

use crate::ingest::{IngestSpec, Shaper};
use crate::pieces::{Pieces, Taker};
use crate::pool::{Flow, run_phase, threads};
use crate::query::Query;
use crate::row_hash::RowHash;
use crate::write::SegmentSink;
use formats::decode::{Block, InputField, InputOptions, ParquetBlocks, ParquetSource, Report};
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Batch, Error, Result};

pub struct Load {
    spec: IngestSpec,
    query: Arc<Query>,
    shaper: Shaper,
    options: InputOptions,
    pieces: Pieces,
    /// rows of a file that is read in place; the pieces then see nothing
    in_place: Option<u64>,
    pub sink: SegmentSink,
    hash: RowHash,
}

impl Load {
    pub fn new(
        spec: IngestSpec,
        query: Arc<Query>,
        shaper: Shaper,
        options: InputOptions,
        sink: SegmentSink,
    ) -> Result<Load> {
        let pieces = Pieces::new(&spec.format, &shaper.fields, &options)?;
        Ok(Load { spec, query, shaper, options, pieces, in_place: None, sink, hash: RowHash::default() })
    }

    pub fn splits(&self) -> bool {
        self.pieces.splits()
    }

    /// The next bytes. `whole`: they end where a row does.
    pub fn take(&mut self, bytes: &[u8], whole: bool) -> Result<()> {
        self.with_pieces(|pieces, query, to| pieces.take(bytes, whole, query, to).map(|_| ()))
    }

    fn with_pieces(
        &mut self,
        work: impl FnOnce(&mut Pieces, &Arc<Query>, &mut Taker<'_, (Batch, RowHash)>) -> Result<()>,
    ) -> Result<()> {
        let Load { pieces, shaper, spec, query, hash, sink, .. } = self;
        let mut taker = Taker {
            shape: &|b| shaper.shape(b, spec.hash, query),
            out: &mut |(batch, part)| {
                hash.join(&part);
                sink.add(batch, query)?;
                Ok(Flow::More)
            },
        };
        work(pieces, query, &mut taker)
    }

    fn keep(&mut self, block: Block) -> Result<()> {
        let (batch, hash) = self.shaper.shape(block, self.spec.hash, &self.query)?;
        self.hash.join(&hash);
        self.sink.add(batch, &self.query)
    }

    /// A whole Parquet file; nothing else may follow. Each worker reads some of the columns.
    pub fn take_parquet(&mut self, source: &ParquetSource) -> Result<()> {
        let mut rows = 0;
        let lots = source.lots(&self.shaper.fields, &self.options, 4 * threads())?;
        let lenient = InputOptions { skip_unknown: true, ..self.options.clone() };
        for group in 0..source.row_groups() {
            let readers = lots
                .iter()
                .map(|lot| {
                    let fields: Vec<InputField> =
                        lot.iter().map(|i| self.shaper.fields[*i].clone()).collect();
                    Ok(Mutex::new((source.read(vec![group], &fields, &lenient)?, None)))
                })
                .collect::<Result<Vec<Mutex<(ParquetBlocks, Option<Block>)>>>>()?;
            while let Some(block) = self.next_of(&lots, &readers)? {
                rows += block.batch.rows as u64;
                self.keep(block)?;
            }
        }
        self.in_place = Some(rows);
        Ok(())
    }

    /// The next block of all lots of columns, put together.
    fn next_of(
        &self,
        lots: &[Vec<usize>],
        readers: &[Mutex<(ParquetBlocks, Option<Block>)>],
    ) -> Result<Option<Block>> {
        run_phase(&self.query, readers.len(), &|i| {
            let mut reader = readers[i].lock();
            reader.1 = reader.0.next().transpose()?;
            Ok(Flow::More)
        })?;
        let mut columns = vec![None; self.shaper.fields.len()];
        let mut missing = vec![None; columns.len()];
        let mut rows = None;
        for (lot, reader) in lots.iter().zip(readers) {
            let Some(block) = reader.lock().1.take() else {
                return match rows {
                    None => Ok(None),
                    Some(_) => Err(uneven()),
                };
            };
            if rows.is_some_and(|n| n != block.batch.rows) {
                return Err(uneven());
            }
            rows = Some(block.batch.rows);
            for ((i, column), gap) in lot.iter().zip(block.batch.columns).zip(block.missing) {
                columns[*i] = Some(column);
                missing[*i] = gap;
            }
        }
        let columns: Option<Vec<_>> = columns.into_iter().collect();
        match (columns, rows) {
            (Some(columns), Some(rows)) => Ok(Some(Block { batch: Batch::new(columns, rows), missing })),
            _ => Err(Error::internal("a lot of columns was not read")),
        }
    }

    /// No more bytes come: what is left is decoded.
    pub fn end(&mut self) -> Result<Report> {
        if let Some(rows) = self.in_place {
            return Ok(Report { rows, ..Report::default() });
        }
        self.with_pieces(|pieces, _, to| pieces.end(to))?;
        Ok(self.pieces.report())
    }

    pub fn hash(&mut self) -> String {
        if self.spec.hash { std::mem::take(&mut self.hash).finish() } else { String::new() }
    }
}

fn uneven() -> Error {
    Error::new(types::codes::INCORRECT_DATA, "Cannot read Parquet: its columns differ in their rows")
}

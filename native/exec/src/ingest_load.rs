//! The working half of a streamed ingest: decodes the bytes it is given on all workers and hands the rows
//! to the segments. Runs on a thread of its own, so that bytes come in meanwhile.

use crate::ingest::{IngestSpec, Shaper};
use crate::pool::{Flow, run_phase, threads};
use crate::query::Query;
use crate::row_hash::RowHash;
use crate::write::SegmentSink;
use formats::decode::{
    Block, Decoder, InputField, InputOptions, OnError, ParquetBlocks, ParquetSource, Report, can_split,
    next_boundary, split_rows,
};
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Batch, Error, Result};

/// bytes at the start that are read in one go: headers, and what the rows are like
const HEAD_BYTES: usize = 64 << 10;
/// a piece of rows for one worker
const PIECE_BYTES: usize = 1 << 20;
const PIECE_BYTES_MAX: usize = 4 << 20;

pub struct Load {
    spec: IngestSpec,
    query: Arc<Query>,
    shaper: Shaper,
    options: InputOptions,
    decoder: Decoder,
    /// pieces may be read apart
    splits: bool,
    /// the input is a file that the decoder never sees
    in_place: bool,
    /// rows that were read beside the decoder
    rows_apart: u64,
    pub sink: SegmentSink,
    hash: RowHash,
}

type Rows = Vec<(Batch, RowHash)>;

impl Load {
    pub fn new(
        spec: IngestSpec,
        query: Arc<Query>,
        shaper: Shaper,
        options: InputOptions,
        sink: SegmentSink,
    ) -> Result<Load> {
        let decoder = Decoder::new(&spec.format, &shaper.fields, &options)?;
        let splits = can_split(&spec.format) && options.on_error == OnError::Fail;
        Ok(Load {
            spec,
            query,
            shaper,
            options,
            decoder,
            splits,
            in_place: false,
            rows_apart: 0,
            sink,
            hash: RowHash::default(),
        })
    }

    pub fn splits(&self) -> bool {
        self.splits
    }

    /// The next bytes. `whole`: they end where a row does.
    pub fn take(&mut self, bytes: &[u8], whole: bool) -> Result<()> {
        self.query.cancel.check()?;
        self.splits &= whole;
        let mut from = 0;
        if self.splits && self.rows_apart == 0 && self.decoder.fork().is_none() {
            from = next_boundary(&self.spec.format, bytes, HEAD_BYTES).unwrap_or(bytes.len());
            self.read_on(&bytes[..from])?;
            if let Some(block) = self.decoder.take_rows() {
                self.keep(vec![block])?;
            }
            self.splits = self.decoder.fork().is_some();
        }
        if self.splits && from < bytes.len() {
            from += self.read_pieces(&bytes[from..])?;
        }
        self.read_on(&bytes[from..])
    }

    /// Bytes in one go.
    fn read_on(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.decoder.set_rows_elsewhere(self.rows_apart);
        let blocks = self.decoder.push(bytes)?;
        self.keep(blocks)
    }

    fn keep(&mut self, blocks: Vec<Block>) -> Result<()> {
        for b in blocks {
            let (batch, hash) = self.shaper.shape(b, self.spec.hash, &self.query)?;
            self.hash.join(&hash);
            self.sink.add(batch, &self.query)?;
        }
        Ok(())
    }

    /// Reads pieces on all workers; gives the bytes before the first piece that failed: from there on
    /// everything is read in one go, which finds out whether it is bad or was only cut badly.
    fn read_pieces(&mut self, bytes: &[u8]) -> Result<usize> {
        let size = (bytes.len() / (2 * threads())).clamp(PIECE_BYTES, PIECE_BYTES_MAX);
        let ranges = split_rows(&self.spec.format, bytes, bytes.len().div_ceil(size));
        type Piece = Result<(Rows, u64)>;
        let slots: Vec<Mutex<Option<Piece>>> = ranges.iter().map(|_| Mutex::new(None)).collect();
        let forks: Vec<Mutex<Option<Decoder>>> =
            ranges.iter().map(|_| Mutex::new(self.decoder.fork())).collect();
        let (shaper, spec, query) = (&self.shaper, &self.spec, &self.query);
        run_phase(query, ranges.len(), &|i| {
            let one = || -> Piece {
                let fork = forks[i].lock().take();
                let fork = fork.ok_or_else(|| Error::internal("these rows cannot be cut"))?;
                let (blocks, rows) = fork.decode_piece(&bytes[ranges[i].clone()])?;
                let batches =
                    blocks.into_iter().map(|b| shaper.shape(b, spec.hash, query)).collect::<Result<_>>()?;
                Ok((batches, rows))
            };
            let done = one();
            let flow = if done.is_err() { Flow::Stop } else { Flow::More };
            *slots[i].lock() = Some(done);
            Ok(flow)
        })?;
        for (range, slot) in ranges.into_iter().zip(slots) {
            let Some(Ok((batches, rows))) = slot.into_inner() else {
                self.splits = false;
                return Ok(range.start);
            };
            self.rows_apart += rows;
            for (batch, hash) in batches {
                self.hash.join(&hash);
                self.sink.add(batch, &self.query)?;
            }
        }
        Ok(bytes.len())
    }

    /// A whole Parquet file; nothing else may follow. Each worker reads some of the columns.
    pub fn take_parquet(&mut self, source: &ParquetSource) -> Result<()> {
        self.in_place = true;
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
                self.rows_apart += block.batch.rows as u64;
                self.keep(vec![block])?;
            }
        }
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
        if self.in_place {
            return Ok(Report { rows: self.rows_apart, ..Report::default() });
        }
        let Load { decoder, shaper, spec, query, hash, sink, .. } = self;
        decoder.finish_with(&mut |block| {
            let (batch, rows_hash) = shaper.shape(block, spec.hash, query)?;
            hash.join(&rows_hash);
            sink.add(batch, query)
        })?;
        let mut report = decoder.report().clone();
        report.rows += self.rows_apart;
        Ok(report)
    }

    pub fn hash(&mut self) -> String {
        if self.spec.hash { std::mem::take(&mut self.hash).finish() } else { String::new() }
    }
}

fn uneven() -> Error {
    Error::new(types::codes::INCORRECT_DATA, "Cannot read Parquet: its columns differ in their rows")
}

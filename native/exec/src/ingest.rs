//! Input bytes to rows of a table: decompress, decode (on all workers where the format allows),
//! fill in defaults, then a batch in memory or segments on disk.

use crate::expr::{Bound, Scope};
use crate::plan::{Expr, SessionInfo, TableColumn, TableShape, WriteTarget};
use crate::pool::{Flow, run_phase};
use crate::query::Query;
use crate::row_hash::RowHash;
use crate::write::SegmentSink;
use formats::decode::{
    Block, Decoder, InputField, InputOptions, OnError, Report, RowError, can_split, split_rows,
};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use types::parse::parse_type;
use types::{Batch, Column, Error, Result, Type};

/// What the rows are and where they go.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct IngestSpec {
    pub format: String,
    /// `gzip`, `zstd`, `lz4`, `deflate`
    #[serde(default)]
    pub encoding: Option<String>,
    /// columns of the input; `default` is over these columns, for rows without a value
    pub columns: Vec<TableColumn>,
    /// one expression per table column over the input columns; absent = the input's columns are the table's
    #[serde(default)]
    pub project: Option<Vec<Expr>>,
    #[serde(default)]
    pub settings: HashMap<String, String>,
    /// values must fit, unknown fields and broken escapes are errors
    #[serde(default)]
    pub strict: bool,
    #[serde(default)]
    pub skip_errors: bool,
    #[serde(default)]
    pub session: SessionInfo,
    /// the hash of the rows is wanted (there is a token)
    #[serde(default = "yes")]
    pub hash: bool,
    #[serde(default)]
    pub store: Option<u32>,
    #[serde(default)]
    pub prefix: Option<String>,
    #[serde(default)]
    pub table: Option<TableShape>,
    #[serde(default)]
    pub partitions_max: u64,
    /// decoded bytes at most; 0 = no limit
    #[serde(default)]
    pub body_bytes_max: u64,
}

fn yes() -> bool {
    true
}

/// Fewer rows than this stay in memory (log and memtable) instead of making a segment.
pub const MEMORY_ROWS_MAX: u64 = 65_536;
const MEMORY_BYTES_MAX: u64 = 16 << 20;
/// bytes that are split among the workers at once
const PIECES_BYTES: usize = 16 << 20;
const PIECE_BYTES: usize = 1 << 20;

/// Turns blocks as decoded into rows of the table.
pub struct Shaper {
    fields: Vec<InputField>,
    defaults: Vec<Option<Bound>>,
    project: Option<Vec<Bound>>,
    pub types: Vec<Type>,
}

impl Shaper {
    fn new(spec: &IngestSpec, query: &Query) -> Result<Shaper> {
        let fields: Vec<InputField> = spec
            .columns
            .iter()
            .map(|c| Ok(InputField::new(c.name.clone(), parse_type(&c.ty)?)))
            .collect::<Result<_>>()?;
        let input: Vec<Type> = fields.iter().map(|f| f.ty.clone()).collect();
        let scope = Scope { columns: &input, query, scalars: &[], sets: &[] };
        let defaults = spec
            .columns
            .iter()
            .map(|c| c.default.as_ref().map(|e| Bound::bind(e, &scope)).transpose())
            .collect::<Result<_>>()?;
        let project = spec
            .project
            .as_ref()
            .map(|es| es.iter().map(|e| Bound::bind(e, &scope)).collect::<Result<Vec<_>>>())
            .transpose()?;
        let types = match &project {
            Some(p) => p.iter().map(|b| b.ty().clone()).collect(),
            None => input,
        };
        Ok(Shaper { fields, defaults, project, types })
    }

    /// The rows of the table, and the hash of the rows as they came if it is wanted.
    fn shape(&self, block: Block, hashed: bool, query: &Query) -> Result<(Batch, RowHash)> {
        let mut hash = RowHash::default();
        if hashed {
            hash.add_block(&block, &self.fields);
        }
        Ok((self.fill(block, query)?, hash))
    }

    fn fill(&self, block: Block, query: &Query) -> Result<Batch> {
        let mut batch = block.batch;
        for (i, missing) in block.missing.iter().enumerate() {
            let (Some(missing), Some(default)) = (missing, &self.defaults[i]) else { continue };
            let value = default.eval(&batch, query)?;
            let ty = &self.fields[i].ty;
            let value =
                functions::cast(&value, default.ty(), ty, functions::CastMode::Sql, &query.session)?.flat();
            batch.columns[i] = if missing.all() {
                value
            } else {
                let both = Column::concat(ty, &[&batch.columns[i].flat(), &value]);
                let n = batch.rows as u32;
                let rows: Vec<u32> =
                    (0..n).map(|r| if missing.get(r as usize) { n + r } else { r }).collect();
                both.gather(&rows)
            };
        }
        match &self.project {
            None => Ok(batch),
            Some(p) => {
                let columns =
                    p.iter().map(|e| Ok(e.eval(&batch, query)?.flat_deep())).collect::<Result<_>>()?;
                Ok(Batch { columns, rows: batch.rows })
            }
        }
    }
}

fn options(spec: &IngestSpec, query: &Query) -> Result<InputOptions> {
    let mut o = InputOptions::from_settings(&spec.settings, query.session.timezone.clone(), spec.strict)?;
    if spec.skip_errors {
        o.on_error = OnError::Skip(u64::MAX);
    }
    Ok(o)
}

/// What an ingest became.
pub struct Outcome {
    /// rows in memory, when there are few
    pub batch: Option<(Batch, Vec<Type>)>,
    pub segments: Vec<Value>,
    pub rows: u64,
    pub bytes: u64,
    pub hash: String,
    pub report: Report,
}

impl Outcome {
    /// Everything but the batch, as JSON fields.
    pub fn json(&self) -> Value {
        let errors: Vec<Value> = self.report.errors.iter().map(error_json).collect();
        let mut v = json!({
            "rows": self.rows,
            "bytes": self.bytes,
            "hash": self.hash,
            "rejected": self.report.rejected,
            "errors": errors,
        });
        if self.batch.is_none() {
            v["segments"] = Value::Array(self.segments.clone());
        }
        v
    }
}

fn error_json(e: &RowError) -> Value {
    let mut v = json!({"row": e.row, "code": e.code.name, "message": e.message});
    if let Some(c) = &e.column {
        v["column"] = json!(c);
    }
    if !e.raw.is_empty() {
        v["raw"] = json!(String::from_utf8_lossy(&e.raw));
    }
    v
}

/// A whole body at once, for small ones.
pub fn decode(spec: &IngestSpec, body: &[u8], query: &Arc<Query>) -> Result<Outcome> {
    let shaper = Shaper::new(spec, query)?;
    let opts = options(spec, query)?;
    let plain;
    let body = match &spec.encoding {
        None => body,
        Some(e) => {
            plain = decompress_all(e, body, spec.body_bytes_max)?;
            &plain
        }
    };
    let mut decoder = Decoder::new(&spec.format, &shaper.fields, &opts)?;
    let mut blocks = decoder.push(body)?;
    blocks.extend(decoder.finish()?);
    let report = decoder.into_report();
    let mut hash = RowHash::default();
    let mut batches = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (batch, part) = shaper.shape(block, spec.hash, query)?;
        hash.join(&part);
        batches.push(batch);
    }
    let batch = Batch::concat(&shaper.types, &batches);
    Ok(Outcome {
        rows: batch.rows as u64,
        bytes: batch.bytes() as u64,
        hash: if spec.hash { hash.finish() } else { String::new() },
        batch: Some((batch, shaper.types)),
        segments: Vec::new(),
        report,
    })
}

/// Small compressed bodies; `max` 0 = 1 GiB.
pub fn decompress_all(encoding: &str, body: &[u8], max: u64) -> Result<Vec<u8>> {
    let mut d = formats::Decompress::new(encoding, limits(max))?;
    let mut out = Vec::new();
    let mut keep = |b: &[u8]| {
        out.extend_from_slice(b);
        Ok(())
    };
    d.push(body, &mut keep)?;
    d.finish(&mut keep)?;
    Ok(out)
}

/// The plain start of a compressed sample that may be cut anywhere.
pub fn decompress_sample(encoding: &str, sample: &[u8]) -> Result<Vec<u8>> {
    let mut d = formats::Decompress::new(encoding, limits(0))?;
    let mut out = Vec::new();
    d.push(sample, &mut |b: &[u8]| {
        out.extend_from_slice(b);
        Ok(())
    })?;
    Ok(out)
}

fn limits(max: u64) -> formats::DecompressLimits {
    formats::DecompressLimits {
        bytes_max: if max == 0 { 1 << 40 } else { max },
        ..formats::DecompressLimits::default()
    }
}

/// A body in pieces: rows leave as segments while it still comes in.
pub struct Ingest {
    spec: IngestSpec,
    query: Arc<Query>,
    shaper: Shaper,
    options: InputOptions,
    decompress: Option<formats::Decompress>,
    /// bytes (decompressed) that wait to be split among the workers; None = the format cannot be split
    pieces: Option<Vec<u8>>,
    /// do not look for row ends before this many bytes wait
    retry_at: usize,
    decoder: Decoder,
    sink: SegmentSink,
    hash: RowHash,
    report: Report,
}

impl Ingest {
    pub fn open(spec: IngestSpec, query: Arc<Query>) -> Result<Ingest> {
        let shaper = Shaper::new(&spec, &query)?;
        let options = options(&spec, &query)?;
        let decoder = Decoder::new(&spec.format, &shaper.fields, &options)?;
        let (Some(store), Some(prefix), Some(table)) = (spec.store, spec.prefix.clone(), spec.table.clone())
        else {
            return Err(Error::internal("ingestOpen needs store, prefix and table"));
        };
        let target = WriteTarget {
            store,
            table,
            prefix,
            segment_rows: 1 << 20,
            partitions_max: spec.partitions_max,
            level: 0,
        };
        let sink = SegmentSink::new(target, &query)?;
        let decompress = spec
            .encoding
            .as_ref()
            .map(|e| formats::Decompress::new(e, limits(spec.body_bytes_max)))
            .transpose()?;
        let splits = can_split(&spec.format, &options) && !spec.skip_errors;
        Ok(Ingest {
            spec,
            query,
            shaper,
            options,
            decompress,
            pieces: splits.then(Vec::new),
            retry_at: 0,
            decoder,
            sink,
            hash: RowHash::default(),
            report: Report::default(),
        })
    }

    pub fn spec(&self) -> &IngestSpec {
        &self.spec
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.query.cancel.check()?;
        let Some(mut d) = self.decompress.take() else { return self.push_plain(bytes) };
        d.push(bytes, &mut |plain: &[u8]| self.push_plain(plain))?;
        self.decompress = Some(d);
        Ok(())
    }

    fn push_plain(&mut self, bytes: &[u8]) -> Result<()> {
        self.query.cancel.check()?;
        match &mut self.pieces {
            Some(p) => {
                p.extend_from_slice(bytes);
                if p.len() >= PIECES_BYTES.max(self.retry_at) { self.decode_pieces(false) } else { Ok(()) }
            }
            None => {
                let blocks = self.decoder.push(bytes)?;
                self.take(blocks)
            }
        }
    }

    fn take(&mut self, blocks: Vec<Block>) -> Result<()> {
        for b in blocks {
            let (batch, hash) = self.shaper.shape(b, self.spec.hash, &self.query)?;
            self.keep(batch, &hash)?;
        }
        Ok(())
    }

    fn keep(&mut self, batch: Batch, hash: &RowHash) -> Result<()> {
        self.hash.join(hash);
        self.sink.add(batch, &self.query)
    }

    /// Splits the waiting bytes at row ends and decodes the pieces on all workers.
    fn decode_pieces(&mut self, last: bool) -> Result<()> {
        let Some(waiting) = self.pieces.take() else { return Ok(()) };
        let mut ranges =
            split_rows(&self.spec.format, &waiting, &self.options, waiting.len() / PIECE_BYTES + 1);
        // the last piece may end within a row: it waits for more
        let rest = if last { waiting.len() } else { ranges.pop().map_or(0, |r| r.start) };
        let n = ranges.len();
        if n == 0 && !last {
            // one row, or blanks, so far: its end is looked for again when the bytes have doubled
            if waiting.len() > self.options.row_bytes_max {
                let row = self.report.rows + 1;
                let what = format!(
                    "Row {row} is larger than {} bytes, or its end is missing",
                    self.options.row_bytes_max
                );
                return Err(Error::new(types::codes::TOO_LARGE_STRING_SIZE, what));
            }
            self.retry_at = waiting.len() * 2;
            self.pieces = Some(waiting);
            return Ok(());
        }
        self.retry_at = 0;
        type Piece = Result<(Vec<(Batch, RowHash)>, Report)>;
        let slots: Vec<Mutex<Option<Piece>>> = (0..n).map(|_| Mutex::new(None)).collect();
        let (shaper, options, spec, query) = (&self.shaper, &self.options, &self.spec, &self.query);
        run_phase(query, n, &|i| {
            let bytes = &waiting[ranges[i].clone()];
            let one = || -> Piece {
                let (blocks, report) =
                    formats::decode::decode_all(&spec.format, &shaper.fields, options, bytes)?;
                let batches =
                    blocks.into_iter().map(|b| shaper.shape(b, spec.hash, query)).collect::<Result<_>>()?;
                Ok((batches, report))
            };
            let done = one();
            let failed = done.is_err();
            *slots[i].lock() = Some(done);
            Ok(if failed { Flow::Stop } else { Flow::More })
        })?;
        for (i, s) in slots.into_iter().enumerate() {
            match s.into_inner() {
                Some(Ok((batches, report))) => {
                    self.report.rows += report.rows;
                    for (batch, hash) in batches {
                        self.keep(batch, &hash)?;
                    }
                }
                Some(Err(e)) => {
                    // the row's number counts from the start of the piece: say it as of the whole
                    return Err(self.with_row_number(&waiting[ranges[i].clone()], e));
                }
                None => {
                    let (blocks, report) = formats::decode::decode_all(
                        &self.spec.format,
                        &self.shaper.fields,
                        &self.options,
                        &waiting[ranges[i].clone()],
                    )
                    .map_err(|e| self.with_row_number(&waiting[ranges[i].clone()], e))?;
                    self.report.rows += report.rows;
                    self.take(blocks)?;
                }
            }
        }
        self.pieces = Some(waiting[rest..].to_vec());
        Ok(())
    }

    fn with_row_number(&self, piece: &[u8], e: Error) -> Error {
        if self.report.rows == 0 {
            return e;
        }
        let mut options = self.options.clone();
        options.first_row = self.report.rows;
        match formats::decode::decode_all(&self.spec.format, &self.shaper.fields, &options, piece) {
            Err(numbered) => numbered,
            Ok(_) => e,
        }
    }

    pub fn finish(mut self) -> Result<Outcome> {
        if let Some(mut d) = self.decompress.take() {
            d.finish(&mut |plain: &[u8]| self.push_plain(plain))?;
        }
        if self.pieces.is_some() {
            self.decode_pieces(true)?;
            let rest = self.pieces.take().unwrap_or_default();
            if !rest.is_empty() {
                let mut options = self.options.clone();
                options.first_row = self.report.rows;
                let (blocks, report) =
                    formats::decode::decode_all(&self.spec.format, &self.shaper.fields, &options, &rest)?;
                self.report.rows += report.rows;
                self.take(blocks)?;
            }
        } else {
            let Ingest { decoder, shaper, spec, query, hash, sink, .. } = &mut self;
            decoder.finish_with(&mut |block| {
                let (batch, rows_hash) = shaper.shape(block, spec.hash, query)?;
                hash.join(&rows_hash);
                sink.add(batch, query)
            })?;
            self.report = self.decoder.report().clone();
        }
        let query = self.query.clone();
        let few = !self.sink.has_written()
            && self.sink.pending_rows() < MEMORY_ROWS_MAX
            && self.sink.total_bytes < MEMORY_BYTES_MAX;
        let types = self.shaper.types.clone();
        let (batch, segments) = if few {
            (Some((self.sink.take_pending(), types)), Vec::new())
        } else {
            (None, self.sink.finish(&query)?)
        };
        Ok(Outcome {
            rows: self.sink.total_rows,
            bytes: self.sink.total_bytes,
            hash: if self.spec.hash { self.hash.finish() } else { String::new() },
            batch,
            segments,
            report: self.report,
        })
    }
}

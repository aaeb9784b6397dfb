//! Input bytes to rows of a table: what an ingest is told, how decoded blocks become rows of the table, and
//! small bodies as a whole. Large ones: `ingest_stream.rs`.

use crate::expr::{Bound, Scope};
use crate::plan::{Expr, SessionInfo, TableColumn, TableShape};
use crate::query::Query;
use crate::row_hash::RowHash;
use formats::decode::{Block, Decoder, InputField, InputOptions, OnError, Report, RowError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use types::parse::parse_type;
use types::{Batch, Column, Result, Type};

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
    /// rows with equal keys stay, whatever the engine says
    #[serde(default)]
    pub as_is: bool,
    /// decoded bytes at most; 0 = no limit
    #[serde(default)]
    pub body_bytes_max: u64,
    /// a body that is needed as a whole lies in a temporary file beyond this; 0 = 64 MiB
    #[serde(default)]
    pub spool_memory: u64,
}

fn yes() -> bool {
    true
}

/// Fewer rows than this stay in memory (log and memtable) instead of making a segment.
pub const MEMORY_ROWS_MAX: u64 = 65_536;
pub const MEMORY_BYTES_MAX: u64 = 16 << 20;

/// Turns blocks as decoded into rows of the table.
pub struct Shaper {
    pub fields: Vec<InputField>,
    defaults: Vec<Option<Bound>>,
    project: Option<Vec<Bound>>,
    pub types: Vec<Type>,
}

impl Shaper {
    pub fn new(spec: &IngestSpec, query: &Query) -> Result<Shaper> {
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
    pub fn shape(&self, block: Block, hashed: bool, query: &Query) -> Result<(Batch, RowHash)> {
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

pub fn options(spec: &IngestSpec, query: &Query) -> Result<InputOptions> {
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

pub fn limits(max: u64) -> formats::DecompressLimits {
    formats::DecompressLimits {
        bytes_max: if max == 0 { 1 << 40 } else { max },
        ..formats::DecompressLimits::default()
    }
}

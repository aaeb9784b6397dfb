//! Binary formats out: RowBinary, Native, Arrow, Parquet.

use super::{Encoder, OutputOptions, Tail};
use crate::arrow_types::{array_of, schema_of};
use crate::binary::{write_column, write_prefix, write_string, write_value, write_varuint};
use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::{Arc, Mutex};
use types::{Batch, Error, Field, Result, Type};

pub(super) struct RowBinary {
    fields: Vec<Field>,
    header: usize,
}

impl RowBinary {
    pub fn new(fields: &[Field], header: usize) -> Self {
        RowBinary { fields: fields.to_vec(), header }
    }
}

impl Encoder for RowBinary {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.header > 0 {
            write_varuint(self.fields.len() as u64, out);
            self.fields.iter().for_each(|f| write_string(f.name.as_bytes(), out));
        }
        if self.header > 1 {
            self.fields.iter().for_each(|f| write_string(f.ty.to_string().as_bytes(), out));
        }
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        for row in 0..batch.rows {
            for (f, col) in self.fields.iter().zip(&batch.columns) {
                write_value(&f.ty, col, row, out);
            }
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

/// Blocks of columns. What old clients do not know is left out by the revision they name.
pub(super) struct Native {
    fields: Vec<Field>,
    revision: u64,
    any: bool,
}

const LOW_CARDINALITY_SINCE: u64 = 54_405;
const CUSTOM_SERIALIZATION_SINCE: u64 = 54_454;
const ZONES_SINCE: u64 = 54_337;
/// The newest revision whose blocks are written.
const REVISION_MAX: u64 = 54_460;

impl Native {
    pub fn new(fields: &[Field], revision: u64) -> Self {
        let revision = revision.min(REVISION_MAX);
        let fields = fields
            .iter()
            .map(|f| {
                let mut ty = f.ty.clone();
                if revision > 0 && revision < LOW_CARDINALITY_SINCE {
                    ty = ty.without_low_cardinality_deep();
                }
                if revision < ZONES_SINCE && matches!(ty, Type::DateTime(Some(_))) {
                    ty = Type::DateTime(None);
                }
                Field { name: f.name.clone(), ty }
            })
            .collect();
        Native { fields, revision, any: false }
    }
    fn block(&self, batch: &Batch, out: &mut Vec<u8>) {
        if self.revision > 0 {
            out.extend_from_slice(&[1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
        }
        write_varuint(self.fields.len() as u64, out);
        write_varuint(batch.rows as u64, out);
        for (i, f) in self.fields.iter().enumerate() {
            write_string(f.name.as_bytes(), out);
            write_string(f.ty.to_string().as_bytes(), out);
            if self.revision >= CUSTOM_SERIALIZATION_SINCE {
                out.push(0);
            }
            if batch.rows > 0 {
                write_prefix(&f.ty, out);
                write_column(&f.ty, &batch.columns[i], out);
            }
        }
    }
}

impl Encoder for Native {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        if batch.rows > 0 {
            self.any = true;
            self.block(batch, out);
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        if !self.any {
            // The names and types of a result without rows.
            self.block(&Batch::default(), out);
        }
        if let Some(t) = &tail.totals {
            self.block(t, out);
        }
        Ok(())
    }
}

/// A writer whose bytes are taken out now and then.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(data);
        Ok(data.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
impl Shared {
    fn drain(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::internal(format!("Cannot write the format: {e}"))
}

/// Most rows of one record batch.
const BATCH_ROWS: usize = 65_536;

struct Arrays {
    fields: Vec<Field>,
    schema: SchemaRef,
}

impl Arrays {
    fn new(fields: &[Field]) -> Result<Self> {
        for (i, f) in fields.iter().enumerate() {
            if fields[..i].iter().any(|g| g.name == f.name) {
                return Err(Error::new(
                    types::codes::DUPLICATE_COLUMN,
                    format!("Column '{}' stands twice; give one of them another name (AS)", f.name),
                ));
            }
        }
        Ok(Arrays { fields: fields.to_vec(), schema: Arc::new(schema_of(fields)?) })
    }
    fn record(&self, batch: &Batch) -> Result<RecordBatch> {
        let columns = self
            .fields
            .iter()
            .zip(&batch.columns)
            .map(|(f, c)| array_of(&f.ty, c))
            .collect::<Result<Vec<_>>>()?;
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(failed)
    }
    fn records(&self, batch: &Batch, mut each: impl FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        let mut from = 0;
        while from < batch.rows {
            let n = (batch.rows - from).min(BATCH_ROWS);
            each(&self.record(&batch.slice(from, n))?)?;
            from += n;
        }
        Ok(())
    }
}

pub(super) struct ArrowStream {
    arrays: Arrays,
    bytes: Shared,
    writer: StreamWriter<Shared>,
}

impl ArrowStream {
    pub fn new(fields: &[Field]) -> Result<Self> {
        let (arrays, bytes) = (Arrays::new(fields)?, Shared::default());
        let writer = StreamWriter::try_new(bytes.clone(), &arrays.schema).map_err(failed)?;
        Ok(ArrowStream { arrays, bytes, writer })
    }
}

impl Encoder for ArrowStream {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.bytes.drain(out);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let (arrays, writer) = (&self.arrays, &mut self.writer);
        arrays.records(batch, |r| writer.write(r).map_err(failed))?;
        self.bytes.drain(out);
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        self.writer.finish().map_err(failed)?;
        self.bytes.drain(out);
        Ok(())
    }
}

pub(super) struct ArrowFile {
    arrays: Arrays,
    bytes: Shared,
    writer: FileWriter<Shared>,
}

impl ArrowFile {
    pub fn new(fields: &[Field]) -> Result<Self> {
        let (arrays, bytes) = (Arrays::new(fields)?, Shared::default());
        let writer = FileWriter::try_new(bytes.clone(), &arrays.schema).map_err(failed)?;
        Ok(ArrowFile { arrays, bytes, writer })
    }
}

impl Encoder for ArrowFile {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.bytes.drain(out);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let (arrays, writer) = (&self.arrays, &mut self.writer);
        arrays.records(batch, |r| writer.write(r).map_err(failed))?;
        self.bytes.drain(out);
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        self.writer.finish().map_err(failed)?;
        self.bytes.drain(out);
        Ok(())
    }
}

pub(super) struct Parquet {
    arrays: Arrays,
    bytes: Shared,
    writer: Option<ArrowWriter<Shared>>,
}

impl Parquet {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let (arrays, bytes) = (Arrays::new(fields)?, Shared::default());
        let compression = match o.string("output_format_parquet_compression_method", "zstd").as_str() {
            "none" => Compression::UNCOMPRESSED,
            "snappy" => Compression::SNAPPY,
            "lz4" => Compression::LZ4_RAW,
            "gzip" => Compression::GZIP(parquet::basic::GzipLevel::default()),
            "zstd" => Compression::ZSTD(ZstdLevel::try_new(3).map_err(failed)?),
            other => {
                return Err(Error::bad_arguments(format!(
                    "Unknown output_format_parquet_compression_method '{other}'; none, snappy, lz4, gzip and zstd are known"
                )));
            }
        };
        let rows = usize::try_from(o.number("output_format_parquet_row_group_size", 1_000_000)?)
            .unwrap_or(1_000_000)
            .max(1);
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(rows))
            .build();
        let writer =
            ArrowWriter::try_new(bytes.clone(), arrays.schema.clone(), Some(properties)).map_err(failed)?;
        Ok(Parquet { arrays, bytes, writer: Some(writer) })
    }
}

impl Encoder for Parquet {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.bytes.drain(out);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Err(Error::internal("a finished Parquet file")) };
        self.arrays.records(batch, |r| writer.write(r).map_err(failed))?;
        // Bytes of a row group only come when it is full; memory is bounded by flushing large ones.
        if writer.in_progress_size() > 128 << 20 {
            writer.flush().map_err(failed)?;
        }
        self.bytes.drain(out);
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(failed)?;
        }
        self.bytes.drain(out);
        Ok(())
    }
}

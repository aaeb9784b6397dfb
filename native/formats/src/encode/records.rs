//! What formats made of Arrow's record batches share.

use super::{Encoder, Tail};
use crate::arrow_types::{array_of, schema_of};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::io::Write;
use std::sync::{Arc, Mutex};
use types::{Batch, Error, Field, Result};

/// A writer whose bytes are taken out now and then.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Vec<u8>>>);

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

pub(super) fn failed(e: impl std::fmt::Display) -> Error {
    Error::internal(format!("Cannot write the format: {e}"))
}

/// Most rows of one record batch.
const BATCH_ROWS: usize = 65_536;

/// A writer of another crate, over `Shared`.
pub(super) trait RecordSink: Send {
    fn write(&mut self, record: &RecordBatch) -> Result<()>;
    /// Nothing is written after it.
    fn end(&mut self) -> Result<()>;
}

/// Columns as Arrow arrays.
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
}

/// The encoder over such a writer.
pub(super) struct Records<S> {
    arrays: Arrays,
    bytes: Shared,
    sink: S,
}

impl<S: RecordSink> Records<S> {
    /// `make` gets what the writer writes into, and the schema. Errors: `DUPLICATE_COLUMN`.
    pub fn new(fields: &[Field], make: impl FnOnce(Shared, &SchemaRef) -> Result<S>) -> Result<Self> {
        let (arrays, bytes) = (Arrays::new(fields)?, Shared::default());
        let sink = make(bytes.clone(), &arrays.schema)?;
        Ok(Records { arrays, bytes, sink })
    }
}

impl<S: RecordSink> Encoder for Records<S> {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.bytes.drain(out);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let mut from = 0;
        while from < batch.rows {
            let n = (batch.rows - from).min(BATCH_ROWS);
            self.sink.write(&self.arrays.record(&batch.slice(from, n))?)?;
            from += n;
        }
        self.bytes.drain(out);
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        self.sink.end()?;
        self.bytes.drain(out);
        Ok(())
    }
}

//! Arrow files and Arrow streams to blocks; Parquet (`parquet.rs`) comes through here as well.
//!
//! The crates that read these formats may panic on hostile bytes: every call into them is caught and
//! becomes an error.

use super::fit::fit_values;
use super::whole_file::WholeFile;
use super::{Block, InputField, InputOptions, Reader, Rows, Step};
use crate::arrow_types::{column_of, schema_of, type_of};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::{FileReader, StreamDecoder};
use arrow_schema::{Schema, SchemaRef};
use std::io::Cursor as IoCursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use types::codes::INCORRECT_DATA;
use types::text::Cursor;
use types::{Batch, Bitmap, Column, Error, Result};

/// Calls into the format crates, panics caught.
pub(super) fn guarded<T, E: std::fmt::Display>(
    what: &str,
    f: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(v)) => Ok(v),
        Ok(Err(e)) => Err(Error::new(INCORRECT_DATA, format!("Cannot read {what}: {e}"))),
        Err(_) => Err(Error::new(INCORRECT_DATA, format!("Cannot read {what}: the data is damaged"))),
    }
}

/// The columns asked for.
#[derive(Clone)]
pub(super) struct Wanted {
    pub names: Vec<String>,
    pub types: Vec<types::Type>,
    /// columns that nobody asked for are no error
    pub skip_unknown: bool,
}

impl Wanted {
    pub fn new(fields: &[InputField], o: &InputOptions) -> Wanted {
        Wanted {
            names: fields.iter().map(|f| f.name.clone()).collect(),
            types: fields.iter().map(|f| f.ty.clone()).collect(),
            skip_unknown: o.skip_unknown,
        }
    }
    /// Brings a record batch into the columns asked for.
    pub fn block_of(&self, batch: &RecordBatch) -> Result<Block> {
        let rows = batch.num_rows();
        let schema = batch.schema();
        if !self.skip_unknown
            && let Some(f) = schema.fields().iter().find(|f| !self.names.contains(f.name()))
        {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Unknown column '{}' in the input; the table has no such column", f.name()),
            ));
        }
        let mut columns = Vec::with_capacity(self.names.len());
        let mut missing = Vec::with_capacity(self.names.len());
        for (name, ty) in self.names.iter().zip(&self.types) {
            let found = schema
                .fields()
                .iter()
                .position(|f| f.name() == name)
                .or_else(|| schema.fields().iter().position(|f| f.name().eq_ignore_ascii_case(name)));
            let Some(i) = found else {
                columns.push(Column::default_of(ty, rows).flat());
                missing.push(Some(Bitmap::new(rows, true)));
                continue;
            };
            let array = batch.column(i);
            let from = type_of(array.data_type(), true)?;
            let column = guarded("a column", || column_of(array.as_ref()))?;
            let nulls = column.null_mask();
            let plain = match (&nulls, ty.is_nullable()) {
                // NULL where there is none becomes the default, and the caller may know a better one.
                (Some(_), false) => Column { nulls: None, ..column.flat() },
                _ => column,
            };
            let from = if ty.is_nullable() { from } else { strip_nullable(&from) };
            let plain = match plain.data {
                types::Data::Nothing(_) => Column::default_of(ty, rows).flat(),
                _ => fit_values(name, plain, &from, ty)?,
            };
            missing.push(nulls.filter(|_| !ty.is_nullable()).map(|m| m.as_ref().clone()));
            columns.push(plain);
        }
        Ok(Block { batch: Batch::new(columns, rows), missing })
    }
}

fn strip_nullable(ty: &types::Type) -> types::Type {
    match ty {
        types::Type::Nullable(t) => t.as_ref().clone(),
        types::Type::LowCardinality(t) => types::Type::low_cardinality(strip_nullable(t)),
        t => t.clone(),
    }
}

/// An Arrow IPC file whose whole body was pushed.
pub(crate) fn arrow_file(fields: &[InputField], o: &InputOptions) -> WholeFile {
    let wanted = Wanted::new(fields, o);
    WholeFile::new(move |data| {
        let wanted = wanted.clone();
        let mut reader = guarded("Arrow", || FileReader::try_new(IoCursor::new(data), None))?;
        let next = move || guarded("Arrow", || reader.next().transpose()).transpose();
        Ok(Box::new(std::iter::from_fn(next).map(move |batch| wanted.block_of(&batch?))))
    })
}

/// An Arrow IPC stream, in pieces.
pub(crate) struct ArrowStream {
    wanted: Wanted,
    decoder: StreamDecoder,
    pending: Buffer,
}

impl ArrowStream {
    pub fn new(fields: &[InputField], o: &InputOptions) -> Self {
        ArrowStream {
            wanted: Wanted::new(fields, o),
            decoder: StreamDecoder::new(),
            pending: Buffer::from(Vec::<u8>::new()),
        }
    }
}

impl Reader for ArrowStream {
    fn is_text(&self) -> bool {
        false
    }
    fn step(&mut self, c: &mut Cursor<'_>, _rows: &mut Rows, eof: bool) -> Result<Step> {
        if self.pending.is_empty() && !c.at_end() {
            self.pending = Buffer::from(c.rest().to_vec());
            c.pos = c.data.len();
        }
        let (decoder, pending) = (&mut self.decoder, &mut self.pending);
        while !pending.is_empty() {
            if let Some(b) = guarded("Arrow", || decoder.decode(pending))? {
                return Ok(Step::Block(Box::new(self.wanted.block_of(&b)?)));
            }
        }
        if !eof {
            return Ok(Step::Held);
        }
        guarded("Arrow", || decoder.finish())?;
        if decoder.schema().is_none() {
            return Err(Error::new(INCORRECT_DATA, "Cannot read Arrow: the stream has no schema"));
        }
        Ok(Step::End)
    }
}

/// The Arrow schema of a result: for clients that want it beside the rows.
pub fn arrow_schema_of(fields: &[types::Field]) -> Result<Schema> {
    schema_of(fields)
}

/// Columns of an Arrow stream or file whose beginning is given.
pub(crate) fn infer_arrow(data: &[u8]) -> Result<Vec<types::Field>> {
    let schema = if data.starts_with(b"ARROW1") {
        // Behind the magic and its padding lies a stream.
        stream_schema(&data[8.min(data.len())..])?
    } else {
        stream_schema(data)?
    };
    schema
        .fields()
        .iter()
        .map(|f| Ok(types::Field { name: f.name().clone(), ty: type_of(f.data_type(), f.is_nullable())? }))
        .collect()
}

fn stream_schema(data: &[u8]) -> Result<SchemaRef> {
    let mut decoder = StreamDecoder::new();
    let mut buffer = Buffer::from(data.to_vec());
    while decoder.schema().is_none() && !buffer.is_empty() {
        guarded("Arrow", || decoder.decode(&mut buffer))?;
    }
    decoder
        .schema()
        .ok_or_else(|| Error::new(INCORRECT_DATA, "Cannot read Arrow: no schema at the beginning"))
}

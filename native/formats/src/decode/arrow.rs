//! Arrow files and Arrow streams to blocks; Parquet (`parquet.rs`) comes through here as well.
//!
//! The crates that read these formats may panic on hostile bytes: every call into them is caught and
//! becomes an error.

use super::native::fit;
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

/// Brings a record batch into the columns asked for.
pub(super) fn block_of(
    batch: &RecordBatch,
    names: &[String],
    types: &[types::Type],
    skip_unknown: bool,
) -> Result<Block> {
    let rows = batch.num_rows();
    let schema = batch.schema();
    if !skip_unknown && let Some(f) = schema.fields().iter().find(|f| !names.contains(f.name())) {
        return Err(Error::new(
            INCORRECT_DATA,
            format!("Unknown column '{}' in the input; the table has no such column", f.name()),
        ));
    }
    let mut columns = Vec::with_capacity(names.len());
    let mut missing = Vec::with_capacity(names.len());
    for (name, ty) in names.iter().zip(types) {
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
            _ => convert(name, plain, &from, ty)?,
        };
        missing.push(nulls.filter(|_| !ty.is_nullable()).map(|m| m.as_ref().clone()));
        columns.push(plain);
    }
    Ok(Block { batch: Batch::new(columns, rows), missing })
}

fn strip_nullable(ty: &types::Type) -> types::Type {
    match ty {
        types::Type::Nullable(t) => t.as_ref().clone(),
        types::Type::LowCardinality(t) => types::Type::low_cardinality(strip_nullable(t)),
        t => t.clone(),
    }
}

/// As `fit`, with direct ways for the common pairs of numbers and times.
fn convert(name: &str, column: Column, from: &types::Type, to: &types::Type) -> Result<Column> {
    use types::{Data, Type};
    let (f, t) = (from.base(), to.base());
    if super::native::same_form(f, t) && !matches!(f, Type::Array(_) | Type::Tuple(_) | Type::Map(_)) {
        return Ok(column);
    }
    let out_of_range = |v: String| {
        Error::new(
            types::codes::VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
            format!("Column '{name}': value {v} does not fit {to}"),
        )
    };
    let nulls = column.nulls.clone();
    let flat = column.flat();
    // Integers above 64 bits travel as bytes, the low one first.
    if let Data::Fixed(b) = &flat.data {
        macro_rules! from_bytes {
            ($wrap:ident, $t:ty, $n:literal) => {{
                let values = b.bytes.chunks_exact($n).map(|c| {
                    let mut x = [0u8; $n];
                    x.copy_from_slice(c);
                    <$t>::from_le_bytes(x)
                });
                Ok(Column { data: Data::$wrap(values.collect::<Vec<_>>().into()), nulls })
            }};
        }
        return match (b.width, t) {
            (16, Type::Int128) => from_bytes!(I128, i128, 16),
            (16, Type::UInt128) => from_bytes!(U128, u128, 16),
            (32, Type::Int256) => from_bytes!(I256, types::I256, 32),
            (32, Type::UInt256) => from_bytes!(U256, types::U256, 32),
            (16, Type::Uuid | Type::Ipv6) => {
                let values = b.bytes.chunks_exact(16).map(|c| {
                    let mut x = [0u8; 16];
                    x.copy_from_slice(c);
                    let v = u128::from_be_bytes(x);
                    if *t == Type::Uuid { types::text::net::uuid_halves(v) } else { v }
                });
                Ok(Column { data: Data::U128(values.collect::<Vec<_>>().into()), nulls })
            }
            _ => fit(name, flat, from, to),
        };
    }
    let wide = |i: usize| -> Option<i64> {
        Some(match &flat.data {
            Data::U8(v) => v[i].into(),
            Data::U16(v) => v[i].into(),
            Data::U32(v) => v[i].into(),
            Data::I8(v) => v[i].into(),
            Data::I16(v) => v[i].into(),
            Data::I32(v) => v[i].into(),
            Data::I64(v) => v[i],
            Data::U64(v) => i64::try_from(v[i]).ok()?,
            _ => return None,
        })
    };
    let whole = matches!(
        flat.data,
        Data::U8(_)
            | Data::U16(_)
            | Data::U32(_)
            | Data::I8(_)
            | Data::I16(_)
            | Data::I32(_)
            | Data::I64(_)
            | Data::U64(_)
    );
    if f.is_decimal() || !whole {
        return fit(name, flat, from, to);
    }
    let n = flat.len();
    macro_rules! all {
        ($wrap:ident, $ty:ty, $map:expr) => {{
            let mut out: Vec<$ty> = Vec::with_capacity(n);
            for i in 0..n {
                let v = wide(i).ok_or_else(|| out_of_range("above 2^63".into()))?;
                let v: i64 = $map(v);
                out.push(<$ty>::try_from(v).map_err(|_| out_of_range(v.to_string()))?);
            }
            Ok(Column { data: Data::$wrap(out.into()), nulls })
        }};
    }
    let same = |v: i64| v;
    match (f, t) {
        (Type::Date32, Type::Date) => all!(U16, u16, same),
        (Type::Date32, Type::DateTime(_)) => all!(U32, u32, |v: i64| v.saturating_mul(86400)),
        (Type::DateTime64(s, _), Type::DateTime(_)) => {
            let per = 10i64.pow((*s).into());
            all!(U32, u32, |v: i64| v.div_euclid(per))
        }
        (Type::DateTime64(s, _), Type::Date) => {
            let per = 10i64.pow((*s).into()) * 86400;
            all!(U16, u16, |v: i64| v.div_euclid(per))
        }
        (Type::DateTime64(s, _), Type::Date32) => {
            let per = 10i64.pow((*s).into()).saturating_mul(86400);
            all!(I32, i32, |v: i64| v.div_euclid(per))
        }
        (Type::DateTime64(a, _), Type::DateTime64(b, _)) => {
            let (up, down) =
                (10i64.pow(u32::from(b.saturating_sub(*a))), 10i64.pow(u32::from(a.saturating_sub(*b))));
            let mut out = Vec::with_capacity(n);
            for i in 0..n {
                let v = wide(i).unwrap_or_default().div_euclid(down);
                out.push(v.checked_mul(up).ok_or_else(|| out_of_range(v.to_string()))?);
            }
            Ok(Column { data: Data::I64(out.into()), nulls })
        }
        (f, Type::Bool) if f.is_integer() => all!(U8, u8, |v: i64| i64::from(v != 0)),
        (f, Type::DateTime(_)) if f.is_integer() => all!(U32, u32, same),
        (f, Type::Date) if f.is_integer() => all!(U16, u16, same),
        (f, Type::Float32 | Type::BFloat16) if f.is_integer() => Ok(Column {
            data: Data::F32((0..n).map(|i| wide(i).unwrap_or_default() as f32).collect::<Vec<_>>().into()),
            nulls,
        }),
        (f, Type::Float64) if f.is_integer() => Ok(Column {
            data: Data::F64((0..n).map(|i| wide(i).unwrap_or_default() as f64).collect::<Vec<_>>().into()),
            nulls,
        }),
        (f, t) if f.is_integer() && !matches!(f, Type::UInt64) => match t {
            Type::UInt8 => all!(U8, u8, same),
            Type::UInt16 => all!(U16, u16, same),
            Type::UInt32 => all!(U32, u32, same),
            Type::UInt64 => all!(U64, u64, same),
            Type::Int8 => all!(I8, i8, same),
            Type::Int16 => all!(I16, i16, same),
            Type::Int32 => all!(I32, i32, same),
            Type::Int64 => all!(I64, i64, same),
            _ => fit(name, flat, from, to),
        },
        _ => fit(name, flat, from, to),
    }
}

/// An Arrow IPC file whose whole body was pushed.
pub(crate) struct ArrowFile {
    names: Vec<String>,
    types: Vec<types::Type>,
    skip_unknown: bool,
    data: Vec<u8>,
    reader: Option<FileReader<IoCursor<Vec<u8>>>>,
}

impl ArrowFile {
    pub fn new(fields: &[InputField], o: &InputOptions) -> Self {
        ArrowFile {
            names: fields.iter().map(|f| f.name.clone()).collect(),
            types: fields.iter().map(|f| f.ty.clone()).collect(),
            skip_unknown: o.skip_unknown,
            data: Vec::new(),
            reader: None,
        }
    }
}

impl Reader for ArrowFile {
    fn whole(&self) -> bool {
        true
    }
    fn own(&mut self, data: Vec<u8>) -> Option<Vec<u8>> {
        self.data = data;
        None
    }
    fn can_skip(&self) -> bool {
        false
    }
    fn row_end(&self, data: &[u8], _from: usize) -> Option<usize> {
        Some(data.len())
    }
    fn value_end(&self, _data: &[u8], from: usize) -> usize {
        from
    }
    fn step(&mut self, c: &mut Cursor<'_>, _rows: &mut Rows, _eof: bool) -> Result<Step> {
        if self.reader.is_none() {
            let data = std::mem::take(&mut self.data);
            self.reader = Some(guarded("Arrow", || FileReader::try_new(IoCursor::new(data), None))?);
        }
        let Some(reader) = self.reader.as_mut() else { return Ok(Step::End) };
        match guarded("Arrow", || reader.next().transpose())? {
            Some(b) => Ok(Step::Block(Box::new(block_of(&b, &self.names, &self.types, self.skip_unknown)?))),
            None => {
                c.pos = c.data.len();
                Ok(Step::End)
            }
        }
    }
}

/// An Arrow IPC stream, in pieces.
pub(crate) struct ArrowStream {
    names: Vec<String>,
    types: Vec<types::Type>,
    skip_unknown: bool,
    decoder: StreamDecoder,
    pending: Buffer,
}

impl ArrowStream {
    pub fn new(fields: &[InputField], o: &InputOptions) -> Self {
        ArrowStream {
            names: fields.iter().map(|f| f.name.clone()).collect(),
            types: fields.iter().map(|f| f.ty.clone()).collect(),
            skip_unknown: o.skip_unknown,
            decoder: StreamDecoder::new(),
            pending: Buffer::from(Vec::<u8>::new()),
        }
    }
}

impl Reader for ArrowStream {
    fn can_skip(&self) -> bool {
        false
    }
    fn row_end(&self, data: &[u8], _from: usize) -> Option<usize> {
        Some(data.len())
    }
    fn value_end(&self, _data: &[u8], from: usize) -> usize {
        from
    }
    fn step(&mut self, c: &mut Cursor<'_>, _rows: &mut Rows, eof: bool) -> Result<Step> {
        if self.pending.is_empty() && !c.at_end() {
            self.pending = Buffer::from(c.rest().to_vec());
            c.pos = c.data.len();
        }
        let (decoder, pending) = (&mut self.decoder, &mut self.pending);
        while !pending.is_empty() {
            if let Some(b) = guarded("Arrow", || decoder.decode(pending))? {
                return Ok(Step::Block(Box::new(block_of(&b, &self.names, &self.types, self.skip_unknown)?)));
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

//! Builds a column row by row, or from runs of other columns. The physical shape follows the type.

use crate::{
    ArrayData, Bitmap, Column, Data, FixedData, I256, Scalar, StrData, Type, U256, ty::decimal_width,
};
use std::sync::Arc;

/// Grows a column of one type. Pushing a NULL into a type that has none pushes its default.
pub struct ColumnBuilder {
    pub values: Values,
    /// one bit a row, only kept when the type is Nullable
    nulls: Option<Bitmap>,
    rows: usize,
    /// default of an enum: its lowest value
    lowest: Option<i16>,
    /// what is pushed is cut to BFloat16
    short: bool,
}

/// The growing data. Public so that parsers can push into the right vector without a detour;
/// whoever does must call `ColumnBuilder::pushed` afterwards.
pub enum Values {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    U128(Vec<u128>),
    U256(Vec<U256>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    I128(Vec<i128>),
    I256(Vec<I256>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Str { offsets: Vec<u32>, bytes: Vec<u8> },
    Fixed { width: usize, bytes: Vec<u8> },
    Array { offsets: Vec<u32>, values: Box<ColumnBuilder> },
    Tuple(Vec<ColumnBuilder>),
    Nothing,
}

macro_rules! match_values {
    ($values:expr, $v:ident => $body:expr, $other:expr) => {
        match $values {
            Values::U8($v) => $body,
            Values::U16($v) => $body,
            Values::U32($v) => $body,
            Values::U64($v) => $body,
            Values::U128($v) => $body,
            Values::U256($v) => $body,
            Values::I8($v) => $body,
            Values::I16($v) => $body,
            Values::I32($v) => $body,
            Values::I64($v) => $body,
            Values::I128($v) => $body,
            Values::I256($v) => $body,
            Values::F32($v) => $body,
            Values::F64($v) => $body,
            _ => $other,
        }
    };
}

impl Values {
    fn of(ty: &Type, n: usize) -> Values {
        match ty {
            Type::Bool | Type::UInt8 => Values::U8(Vec::with_capacity(n)),
            Type::UInt16 | Type::Date => Values::U16(Vec::with_capacity(n)),
            Type::UInt32 | Type::DateTime(_) | Type::Ipv4 => Values::U32(Vec::with_capacity(n)),
            Type::UInt64 => Values::U64(Vec::with_capacity(n)),
            Type::UInt128 | Type::Uuid | Type::Ipv6 => Values::U128(Vec::with_capacity(n)),
            Type::UInt256 => Values::U256(Vec::with_capacity(n)),
            Type::Int8 | Type::Enum8(_) => Values::I8(Vec::with_capacity(n)),
            Type::Int16 | Type::Enum16(_) => Values::I16(Vec::with_capacity(n)),
            Type::Int32 | Type::Date32 => Values::I32(Vec::with_capacity(n)),
            Type::Int64 | Type::DateTime64(..) | Type::Interval(_) => Values::I64(Vec::with_capacity(n)),
            Type::Int128 => Values::I128(Vec::with_capacity(n)),
            Type::Int256 => Values::I256(Vec::with_capacity(n)),
            Type::BFloat16 | Type::Float32 => Values::F32(Vec::with_capacity(n)),
            Type::Float64 => Values::F64(Vec::with_capacity(n)),
            Type::Decimal(p, _) => match decimal_width(*p) {
                4 => Values::I32(Vec::with_capacity(n)),
                8 => Values::I64(Vec::with_capacity(n)),
                16 => Values::I128(Vec::with_capacity(n)),
                _ => Values::I256(Vec::with_capacity(n)),
            },
            Type::String | Type::AggregateFunction(_) => {
                let mut offsets = Vec::with_capacity(n + 1);
                offsets.push(0);
                Values::Str { offsets, bytes: Vec::new() }
            }
            Type::FixedString(w) => {
                Values::Fixed { width: *w as usize, bytes: Vec::with_capacity(n * *w as usize) }
            }
            Type::Nullable(t) | Type::LowCardinality(t) => Values::of(t, n),
            Type::SimpleAggregateFunction(a) => Values::of(a.args.first().unwrap_or(&Type::Nothing), n),
            Type::Array(t) => Values::array(ColumnBuilder::new(t), n),
            Type::Map(kv) => Values::array(ColumnBuilder::new(&Type::map_entry(kv)), n),
            Type::Tuple(es) => {
                Values::Tuple(es.iter().map(|(_, t)| ColumnBuilder::with_capacity(t, n)).collect())
            }
            Type::Nothing | Type::Function => Values::Nothing,
        }
    }
    fn array(values: ColumnBuilder, n: usize) -> Values {
        let mut offsets = Vec::with_capacity(n + 1);
        offsets.push(0);
        Values::Array { offsets, values: Box::new(values) }
    }
}

impl ColumnBuilder {
    pub fn new(ty: &Type) -> Self {
        Self::with_capacity(ty, 0)
    }
    pub fn with_capacity(ty: &Type, rows: usize) -> Self {
        let nullable = match ty {
            Type::SimpleAggregateFunction(a) => a.args.first().is_some_and(Type::is_nullable),
            t => t.is_nullable(),
        };
        let lowest = match ty.base() {
            Type::Enum8(e) | Type::Enum16(e) => e.entries.first().map(|e| e.1),
            _ => None,
        };
        let short = *ty.base() == Type::BFloat16;
        ColumnBuilder {
            values: Values::of(ty, rows),
            nulls: nullable.then(Bitmap::default),
            rows: 0,
            lowest,
            short,
        }
    }
    pub fn len(&self) -> usize {
        self.rows
    }
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
    pub fn is_nullable(&self) -> bool {
        self.nulls.is_some()
    }
    /// To be called once after one value was pushed into `values` by hand.
    pub fn pushed(&mut self) {
        self.rows += 1;
        if let Some(n) = &mut self.nulls {
            n.push(false);
        }
    }
    pub fn push_null(&mut self) {
        self.push_default_value();
        self.rows += 1;
        if let Some(n) = &mut self.nulls {
            n.push(true);
        }
    }
    /// NULL for Nullable, else 0, '', [], …, the lowest element of an enum.
    pub fn push_default(&mut self, rows: usize) {
        for _ in 0..rows {
            if self.nulls.is_some() {
                self.push_null();
            } else {
                match (self.lowest, &mut self.values) {
                    (Some(v), Values::I8(x)) => x.push(v as i8),
                    (Some(v), Values::I16(x)) => x.push(v),
                    _ => self.push_default_value(),
                }
                self.rows += 1;
            }
        }
    }
    fn push_default_value(&mut self) {
        match_values!(&mut self.values, v => v.push(Default::default()), match &mut self.values {
            Values::Str { offsets, bytes } => offsets.push(bytes.len() as u32),
            Values::Fixed { width, bytes } => bytes.resize(bytes.len() + *width, 0),
            Values::Array { offsets, values } => offsets.push(values.len() as u32),
            Values::Tuple(cs) => cs.iter_mut().for_each(|c| c.push_default(1)),
            _ => {}
        });
    }
    /// A String row, or a FixedString row (cut or zero-filled to its width: check the length before).
    pub fn push_bytes(&mut self, value: &[u8]) {
        match &mut self.values {
            Values::Str { offsets, bytes } => {
                bytes.extend_from_slice(value);
                offsets.push(bytes.len() as u32);
            }
            Values::Fixed { width, bytes } => {
                let end = bytes.len() + *width;
                bytes.extend_from_slice(&value[..value.len().min(*width)]);
                bytes.resize(end, 0);
            }
            _ => return self.push_default(1),
        }
        self.pushed();
    }
    /// The value must fit the type; integers wrap, others become the default.
    pub fn push_scalar(&mut self, s: &Scalar) {
        if s.is_null() {
            return self.push_null();
        }
        let int = || match s {
            Scalar::Int(v) => *v,
            Scalar::UInt(v) => *v as i128,
            Scalar::I256(v) => v.as_i128(),
            Scalar::U256(v) => v.as_i128(),
            Scalar::Float(v) => *v as i128,
            _ => 0,
        };
        match &mut self.values {
            Values::U8(v) => v.push(int() as u8),
            Values::U16(v) => v.push(int() as u16),
            Values::U32(v) => v.push(int() as u32),
            Values::U64(v) => v.push(int() as u64),
            Values::U128(v) => v.push(int() as u128),
            Values::U256(v) => v.push(match s {
                Scalar::U256(x) => *x,
                Scalar::UInt(x) => U256::from(*x),
                Scalar::I256(x) => x.as_u256(),
                _ => I256::from(int()).as_u256(),
            }),
            Values::I8(v) => v.push(int() as i8),
            Values::I16(v) => v.push(int() as i16),
            Values::I32(v) => v.push(int() as i32),
            Values::I64(v) => v.push(int() as i64),
            Values::I128(v) => v.push(int()),
            Values::I256(v) => v.push(match s {
                Scalar::I256(x) => *x,
                Scalar::U256(x) => x.as_i256(),
                Scalar::UInt(x) => U256::from(*x).as_i256(),
                _ => I256::from(int()),
            }),
            Values::F32(v) => v.push(s.as_f64().unwrap_or_default() as f32),
            Values::F64(v) => v.push(s.as_f64().unwrap_or_default()),
            Values::Str { .. } | Values::Fixed { .. } => {
                return self.push_bytes(s.as_bytes().unwrap_or_default());
            }
            Values::Array { offsets, values } => {
                if let Scalar::Array(xs) = s {
                    xs.iter().for_each(|x| values.push_scalar(x));
                }
                offsets.push(values.len() as u32);
            }
            Values::Tuple(cs) => {
                let Scalar::Tuple(xs) = s else { return self.push_default(1) };
                for (c, x) in cs.iter_mut().zip(xs) {
                    c.push_scalar(x);
                }
            }
            Values::Nothing => {}
        }
        self.pushed();
    }
    /// All rows of a column of the same physical type.
    pub fn append_column(&mut self, c: &Column) {
        let c = c.flat();
        let n = c.len();
        if matches!(c.data, Data::Nothing(_)) && !matches!(self.values, Values::Nothing) {
            for _ in 0..n {
                self.push_null();
            }
            return;
        }
        match (&mut self.values, &c.data) {
            (Values::U8(a), Data::U8(b)) => a.extend_from_slice(b),
            (Values::U16(a), Data::U16(b)) => a.extend_from_slice(b),
            (Values::U32(a), Data::U32(b)) => a.extend_from_slice(b),
            (Values::U64(a), Data::U64(b)) => a.extend_from_slice(b),
            (Values::U128(a), Data::U128(b)) => a.extend_from_slice(b),
            (Values::U256(a), Data::U256(b)) => a.extend_from_slice(b),
            (Values::I8(a), Data::I8(b)) => a.extend_from_slice(b),
            (Values::I16(a), Data::I16(b)) => a.extend_from_slice(b),
            (Values::I32(a), Data::I32(b)) => a.extend_from_slice(b),
            (Values::I64(a), Data::I64(b)) => a.extend_from_slice(b),
            (Values::I128(a), Data::I128(b)) => a.extend_from_slice(b),
            (Values::I256(a), Data::I256(b)) => a.extend_from_slice(b),
            (Values::F32(a), Data::F32(b)) => a.extend_from_slice(b),
            (Values::F64(a), Data::F64(b)) => a.extend_from_slice(b),
            (Values::Str { offsets, bytes }, Data::Str(s)) => {
                let from = s.offsets[0] as usize;
                let base = bytes.len();
                bytes.extend_from_slice(&s.bytes[from..s.offsets[n] as usize]);
                offsets.extend(s.offsets[1..].iter().map(|&o| (o as usize - from + base) as u32));
            }
            (Values::Fixed { width, bytes }, Data::Fixed(f)) if *width == f.width => {
                bytes.extend_from_slice(&f.bytes)
            }
            (Values::Array { offsets, values }, Data::Array(a)) => {
                let from = a.offsets[0] as usize;
                let base = values.len();
                values.append_column(&a.values.slice(from, a.offsets[n] as usize - from));
                offsets.extend(a.offsets[1..].iter().map(|&o| (o as usize - from + base) as u32));
            }
            (Values::Tuple(cs), Data::Tuple(ds, _)) if cs.len() == ds.len() => {
                for (b, d) in cs.iter_mut().zip(ds.iter()) {
                    b.append_column(d);
                }
            }
            (Values::Nothing, _) => {}
            _ => unreachable!("append_column: physical types differ"),
        }
        self.rows += n;
        if let Some(mask) = &mut self.nulls {
            match &c.nulls {
                Some(m) => mask.extend(m),
                None => mask.extend_value(false, n),
            }
        }
    }
    /// One row of a column of the same physical type.
    pub fn push_row(&mut self, c: &Column, row: usize) {
        match &c.data {
            Data::Const(one, _) => return self.push_row(one, 0),
            _ if c.is_null(row) => return self.push_null(),
            Data::Codes(codes, d) => return self.push_row(&d.values, codes[row] as usize),
            _ => {}
        }
        match (&mut self.values, &c.data) {
            (Values::U8(a), Data::U8(b)) => a.push(b[row]),
            (Values::U16(a), Data::U16(b)) => a.push(b[row]),
            (Values::U32(a), Data::U32(b)) => a.push(b[row]),
            (Values::U64(a), Data::U64(b)) => a.push(b[row]),
            (Values::I8(a), Data::I8(b)) => a.push(b[row]),
            (Values::I16(a), Data::I16(b)) => a.push(b[row]),
            (Values::I32(a), Data::I32(b)) => a.push(b[row]),
            (Values::I64(a), Data::I64(b)) => a.push(b[row]),
            (Values::F32(a), Data::F32(b)) => a.push(b[row]),
            (Values::F64(a), Data::F64(b)) => a.push(b[row]),
            (Values::Str { offsets, bytes }, Data::Str(s)) => {
                bytes.extend_from_slice(s.get(row));
                offsets.push(bytes.len() as u32);
            }
            _ => return self.append_column(&c.slice(row, 1)),
        }
        self.pushed();
    }
    /// Takes the last rows back, so that `rows` remain (a bad row of input is undone, also one whose
    /// parts were pushed but not the whole).
    pub fn truncate(&mut self, rows: usize) {
        if rows > self.rows {
            return;
        }
        match_values!(&mut self.values, v => v.truncate(rows), match &mut self.values {
            Values::Str { offsets, bytes } => {
                offsets.truncate(rows + 1);
                bytes.truncate(offsets[rows] as usize);
            }
            Values::Fixed { width, bytes } => bytes.truncate(rows * *width),
            Values::Array { offsets, values } => {
                offsets.truncate(rows + 1);
                values.truncate(offsets[rows] as usize);
            }
            Values::Tuple(cs) => cs.iter_mut().for_each(|c| c.truncate(rows)),
            _ => {}
        });
        if let Some(n) = &mut self.nulls
            && n.len() > rows
        {
            *n = n.slice(0, rows);
        }
        self.rows = rows;
    }
    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        match_values!(&self.values, v => std::mem::size_of_val(v.as_slice()), match &self.values {
            Values::Str { offsets, bytes } => offsets.len() * 4 + bytes.len(),
            Values::Fixed { bytes, .. } => bytes.len(),
            Values::Array { offsets, values } => offsets.len() * 4 + values.bytes(),
            Values::Tuple(cs) => cs.iter().map(ColumnBuilder::bytes).sum(),
            _ => 0,
        })
    }
    pub fn finish(self) -> Column {
        let rows = self.rows;
        let data = match self.values {
            Values::U8(v) => Data::U8(v.into()),
            Values::U16(v) => Data::U16(v.into()),
            Values::U32(v) => Data::U32(v.into()),
            Values::U64(v) => Data::U64(v.into()),
            Values::U128(v) => Data::U128(v.into()),
            Values::U256(v) => Data::U256(v.into()),
            Values::I8(v) => Data::I8(v.into()),
            Values::I16(v) => Data::I16(v.into()),
            Values::I32(v) => Data::I32(v.into()),
            Values::I64(v) => Data::I64(v.into()),
            Values::I128(v) => Data::I128(v.into()),
            Values::I256(v) => Data::I256(v.into()),
            Values::F32(v) if self.short => {
                Data::F32(v.into_iter().map(crate::bfloat::cut).collect::<Vec<_>>().into())
            }
            Values::F32(v) => Data::F32(v.into()),
            Values::F64(v) => Data::F64(v.into()),
            Values::Str { offsets, bytes } => {
                Data::Str(StrData { offsets: offsets.into(), bytes: bytes.into() })
            }
            Values::Fixed { width, bytes } => Data::Fixed(FixedData { width, bytes: bytes.into() }),
            Values::Array { offsets, values } => {
                Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(values.finish()) })
            }
            Values::Tuple(cs) => Data::Tuple(cs.into_iter().map(ColumnBuilder::finish).collect(), rows),
            Values::Nothing => Data::Nothing(rows),
        };
        Column::new(data, self.nulls)
    }
}

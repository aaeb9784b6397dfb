//! A column of values: physical data, NULL mask, and the few operations that every part needs.
//!
//! | type | `Data` |
//! |---|---|
//! | Bool, UInt8 / Date, UInt16 / DateTime, IPv4, UInt32 / UInt64 | `U8` `U16` `U32` `U64` |
//! | Int8, Enum8 / Int16, Enum16 / Int32, Date32, Decimal ≤ 9 / Int64, DateTime64, Interval, Decimal ≤ 18 | `I8` … `I64` |
//! | BFloat16, Float32 / Float64 | `F32` `F64` |
//! | UInt128, UUID, IPv6 (as big-endian numbers) / Int128, Decimal ≤ 38 / 256 bits | `U128` `I128` `U256` `I256` |
//! | String / FixedString / AggregateFunction (serialised states) | `Str` / `Fixed` / `Str` |
//! | Array / Tuple / Map | `Array` / `Tuple` / `Array` of a two-column `Tuple` |
//! | Nullable(T), LowCardinality(T) | as T; NULLs in `nulls` |
//!
//! Any of them may instead be `Const` (one row repeated) or `Codes` (numbers into a dictionary).

use crate::{Bitmap, Buf, ColumnBuilder, I256, Scalar, Type, U256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Debug)]
pub struct Column {
    pub data: Data,
    /// bit set = NULL; `None` = no NULLs. What `data` holds under a NULL is a default value
    pub nulls: Option<Arc<Bitmap>>,
}

#[derive(Clone, Debug)]
pub enum Data {
    U8(Buf<u8>),
    U16(Buf<u16>),
    U32(Buf<u32>),
    U64(Buf<u64>),
    U128(Buf<u128>),
    U256(Buf<U256>),
    I8(Buf<i8>),
    I16(Buf<i16>),
    I32(Buf<i32>),
    I64(Buf<i64>),
    I128(Buf<i128>),
    I256(Buf<I256>),
    F32(Buf<f32>),
    F64(Buf<f64>),
    Str(StrData),
    Fixed(FixedData),
    Array(ArrayData),
    Tuple(Arc<[Column]>, usize),
    /// values of type Nothing: only their number
    Nothing(usize),
    /// one row (NULL possible inside), repeated `.1` times; the outer `nulls` is then `None`
    Const(Arc<Column>, usize),
    Codes(Buf<u32>, Arc<Dict>),
}

/// Row i is `bytes[offsets[i]..offsets[i + 1]]`; offsets need not start at 0.
#[derive(Clone, Debug)]
pub struct StrData {
    pub offsets: Buf<u32>,
    pub bytes: Buf<u8>,
}

#[derive(Clone, Debug)]
pub struct FixedData {
    pub width: usize,
    pub bytes: Buf<u8>,
}

/// Row i is `values[offsets[i]..offsets[i + 1]]`; offsets need not start at 0.
#[derive(Clone, Debug)]
pub struct ArrayData {
    pub offsets: Buf<u32>,
    pub values: Arc<Column>,
}

/// Distinct-ish values that `Codes` point into. `values` is flat, without NULLs.
#[derive(Debug)]
pub struct Dict {
    pub values: Column,
    /// codes are in order of their values and no value occurs twice
    pub ordered: bool,
    /// never reused in this process: key for what is memoised per dictionary
    pub id: u64,
}

static NEXT_DICT: AtomicU64 = AtomicU64::new(1);

impl Dict {
    pub fn new(values: Column, ordered: bool) -> Self {
        Dict { values, ordered, id: NEXT_DICT.fetch_add(1, Ordering::Relaxed) }
    }
    pub fn len(&self) -> usize {
        self.values.len()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl StrData {
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, i: usize) -> &[u8] {
        &self.bytes[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.bytes.as_slice();
        self.offsets.windows(2).map(move |w| &bytes[w[0] as usize..w[1] as usize])
    }
    #[allow(clippy::should_implement_trait)]
    pub fn from_iter<'a>(rows: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut offsets = vec![0u32];
        let mut bytes = Vec::new();
        for r in rows {
            bytes.extend_from_slice(r);
            offsets.push(bytes.len() as u32);
        }
        StrData { offsets: offsets.into(), bytes: bytes.into() }
    }
}

/// Runs `$body` with `$v` bound to the numeric buffer of a flat column and `$wrap` to its `Data` variant;
/// `$other` for everything else.
#[macro_export]
macro_rules! match_numeric {
    ($data:expr, $v:ident, $wrap:ident => $body:expr, $other:expr) => {
        $crate::match_numeric!(@ $data, $v, $wrap, $body, $other;
            U8 U16 U32 U64 U128 U256 I8 I16 I32 I64 I128 I256 F32 F64)
    };
    (@ $data:expr, $v:ident, $wrap:ident, $body:expr, $other:expr; $($held:ident)*) => {
        match $data {
            $($crate::Data::$held($v) => {
                #[allow(unused)]
                use $crate::Data::$held as $wrap;
                $body
            })*
            _ => $other,
        }
    };
}

impl From<Data> for Column {
    fn from(data: Data) -> Self {
        Column { data, nulls: None }
    }
}

/// 1900-01-01, the first day of Date32.
pub const DATE32_FIRST: i32 = -25_567;

impl Column {
    pub fn new(data: Data, nulls: Option<Bitmap>) -> Self {
        Column { data, nulls: nulls.filter(Bitmap::any).map(Arc::new) }
    }
    pub fn len(&self) -> usize {
        match_numeric!(&self.data, v, W => v.len(), match &self.data {
            Data::Str(s) => s.len(),
            Data::Fixed(f) => f.bytes.len() / f.width.max(1),
            Data::Array(a) => a.offsets.len() - 1,
            Data::Tuple(_, n) | Data::Nothing(n) | Data::Const(_, n) => *n,
            Data::Codes(c, _) => c.len(),
            _ => 0,
        })
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn is_const(&self) -> bool {
        matches!(self.data, Data::Const(..))
    }
    /// The one row that a `Const` repeats.
    pub fn as_const(&self) -> Option<&Column> {
        match &self.data {
            Data::Const(c, _) => Some(c),
            _ => None,
        }
    }
    pub fn is_null(&self, row: usize) -> bool {
        match &self.data {
            Data::Const(c, _) => c.is_null(0),
            _ => self.nulls.as_ref().is_some_and(|n| n.get(row)),
        }
    }
    pub fn has_nulls(&self) -> bool {
        match &self.data {
            Data::Const(c, _) => c.has_nulls(),
            _ => self.nulls.as_ref().is_some_and(|n| n.any()),
        }
    }
    /// NULL mask of all rows (of a `Const` too), `None` = none.
    pub fn null_mask(&self) -> Option<Arc<Bitmap>> {
        match &self.data {
            Data::Const(c, n) => c.is_null(0).then(|| Arc::new(Bitmap::new(*n, true))),
            _ => self.nulls.clone(),
        }
    }
    #[must_use]
    pub fn with_nulls(mut self, nulls: Option<Arc<Bitmap>>) -> Column {
        if let (Some(_), Data::Const(..)) = (&nulls, &self.data) {
            self = self.flat();
        }
        self.nulls = nulls.filter(|n| n.any());
        self
    }
    /// `rows` times the first row of `one`.
    pub fn constant(one: Column, rows: usize) -> Column {
        debug_assert!(one.len() == 1);
        if let Data::Const(inner, _) = &one.data {
            return Data::Const(inner.clone(), rows).into();
        }
        Data::Const(Arc::new(one.flat()), rows).into()
    }
    /// `rows` default values (0, '', [], an enum's first, …) of a type; NULL for Nullable.
    pub fn default_of(ty: &Type, rows: usize) -> Column {
        let mut b = ColumnBuilder::new(ty);
        match ty {
            Type::Enum8(d) | Type::Enum16(d) => {
                b.push_scalar(&crate::Scalar::Int(d.entries.first().map_or(0, |e| i128::from(e.1))));
            }
            _ => b.push_default(1),
        }
        Column::constant(b.finish(), rows)
    }
    /// What a column has where an insert names none for it: as `default_of`, but of Date32 the first day.
    pub fn initial_of(ty: &Type, rows: usize) -> Column {
        let Type::Date32 = ty else { return Self::default_of(ty, rows) };
        Column::constant(Data::I32(vec![DATE32_FIRST].into()).into(), rows)
    }
    pub fn null_of(ty: &Type, rows: usize) -> Column {
        let mut b = ColumnBuilder::new(&Type::nullable(ty.clone()));
        b.push_null();
        Column::constant(b.finish(), rows)
    }

    /// The same values without `Const` or `Codes` at the top.
    #[must_use]
    pub fn flat(&self) -> Column {
        match &self.data {
            Data::Const(c, n) => c.gather(&vec![0u32; *n]),
            Data::Codes(codes, dict) => {
                let mut c = dict.values.gather(codes);
                c.nulls.clone_from(&self.nulls);
                c
            }
            _ => self.clone(),
        }
    }
    /// As `flat`, at every depth of arrays and tuples.
    #[must_use]
    pub fn flat_deep(&self) -> Column {
        let c = self.flat();
        let data = match &c.data {
            Data::Array(a) => {
                Data::Array(ArrayData { offsets: a.offsets.clone(), values: Arc::new(a.values.flat_deep()) })
            }
            Data::Tuple(cs, n) => Data::Tuple(cs.iter().map(Column::flat_deep).collect(), *n),
            _ => return c,
        };
        Column { data, nulls: c.nulls }
    }

    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Column {
        let data = match_numeric!(&self.data, v, W => W(v.slice(start, len)), match &self.data {
            Data::Str(s) => Data::Str(StrData { offsets: s.offsets.slice(start, len + 1), bytes: s.bytes.clone() }),
            Data::Fixed(f) => Data::Fixed(FixedData { width: f.width, bytes: f.bytes.slice(start * f.width, len * f.width) }),
            Data::Array(a) => Data::Array(ArrayData { offsets: a.offsets.slice(start, len + 1), values: a.values.clone() }),
            Data::Tuple(cs, _) => Data::Tuple(cs.iter().map(|c| c.slice(start, len)).collect(), len),
            Data::Nothing(_) => Data::Nothing(len),
            Data::Const(c, _) => Data::Const(c.clone(), len),
            Data::Codes(c, d) => Data::Codes(c.slice(start, len), d.clone()),
            _ => unreachable!("numeric variants are handled above"),
        });
        let nulls = self.nulls.as_ref().map(|n| n.slice(start, len));
        Column::new(data, nulls)
    }

    /// Rows by position; positions may repeat and need no order. Cost: one pass, random reads.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Column {
        let data = match_numeric!(&self.data, v, W => {
            let v = v.as_slice();
            W(rows.iter().map(|&r| v[r as usize]).collect::<Vec<_>>().into())
        }, match &self.data {
            Data::Str(s) => Data::Str(gather_str(s, rows)),
            Data::Fixed(f) => {
                let mut out = Vec::with_capacity(rows.len() * f.width);
                for &r in rows {
                    out.extend_from_slice(&f.bytes[r as usize * f.width..(r as usize + 1) * f.width]);
                }
                Data::Fixed(FixedData { width: f.width, bytes: out.into() })
            }
            Data::Array(a) => {
                let mut offsets = Vec::with_capacity(rows.len() + 1);
                let mut inner = Vec::new();
                offsets.push(0u32);
                for &r in rows {
                    inner.extend(a.offsets[r as usize]..a.offsets[r as usize + 1]);
                    offsets.push(inner.len() as u32);
                }
                Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(a.values.gather(&inner)) })
            }
            Data::Tuple(cs, _) => Data::Tuple(cs.iter().map(|c| c.gather(rows)).collect(), rows.len()),
            Data::Nothing(_) => Data::Nothing(rows.len()),
            Data::Const(c, _) => Data::Const(c.clone(), rows.len()),
            Data::Codes(c, d) => {
                let c = c.as_slice();
                Data::Codes(rows.iter().map(|&r| c[r as usize]).collect::<Vec<_>>().into(), d.clone())
            }
            _ => unreachable!("numeric variants are handled above"),
        });
        Column::new(data, self.nulls.as_ref().map(|n| n.gather(rows)))
    }
    #[must_use]
    pub fn filter(&self, keep: &Bitmap) -> Column {
        self.gather(&keep.ones())
    }

    /// One under another. Columns that share a dictionary stay codes, all else becomes flat.
    pub fn concat(ty: &Type, columns: &[&Column]) -> Column {
        if let [one] = columns {
            return (*one).clone();
        }
        if let Some(c) = concat_codes(columns) {
            return c;
        }
        let mut b = ColumnBuilder::with_capacity(ty, columns.iter().map(|c| c.len()).sum());
        for c in columns {
            b.append_column(c);
        }
        b.finish()
    }

    /// The value of a row. Slow: for statistics, constants and tests.
    pub fn scalar(&self, row: usize) -> Scalar {
        match &self.data {
            Data::Const(c, _) => return c.scalar(0),
            _ if self.is_null(row) => return Scalar::Null,
            _ => {}
        }
        match &self.data {
            Data::U8(v) => Scalar::Int(v[row].into()),
            Data::U16(v) => Scalar::Int(v[row].into()),
            Data::U32(v) => Scalar::Int(v[row].into()),
            Data::U64(v) => Scalar::Int(v[row].into()),
            Data::U128(v) => Scalar::from_u128(v[row]),
            Data::U256(v) => Scalar::U256(v[row]),
            Data::I8(v) => Scalar::Int(v[row].into()),
            Data::I16(v) => Scalar::Int(v[row].into()),
            Data::I32(v) => Scalar::Int(v[row].into()),
            Data::I64(v) => Scalar::Int(v[row].into()),
            Data::I128(v) => Scalar::Int(v[row]),
            Data::I256(v) => Scalar::I256(v[row]),
            Data::F32(v) => Scalar::Float(v[row].into()),
            Data::F64(v) => Scalar::Float(v[row]),
            Data::Str(s) => Scalar::Bytes(s.get(row).to_vec()),
            Data::Fixed(f) => Scalar::Bytes(f.bytes[row * f.width..(row + 1) * f.width].to_vec()),
            Data::Array(a) => Scalar::Array(
                (a.offsets[row]..a.offsets[row + 1]).map(|i| a.values.scalar(i as usize)).collect(),
            ),
            Data::Tuple(cs, _) => Scalar::Tuple(cs.iter().map(|c| c.scalar(row)).collect()),
            Data::Nothing(_) | Data::Const(..) => Scalar::Null,
            Data::Codes(c, d) => d.values.scalar(c[row] as usize),
        }
    }
    /// Bytes of a String or FixedString row (through codes and constants), `None` for NULL or other data.
    pub fn bytes_at(&self, row: usize) -> Option<&[u8]> {
        if self.is_null(row) {
            return None;
        }
        match &self.data {
            Data::Str(s) => Some(s.get(row)),
            Data::Fixed(f) => Some(&f.bytes[row * f.width..(row + 1) * f.width]),
            Data::Const(c, _) => c.bytes_at(0),
            Data::Codes(c, d) => d.values.bytes_at(c[row] as usize),
            _ => None,
        }
    }

    /// Bytes held, shared parts counted in full (dictionaries are not counted).
    pub fn bytes(&self) -> usize {
        let own = match_numeric!(&self.data, v, W => std::mem::size_of_val(v.as_slice()), match &self.data {
            Data::Str(s) => {
                let n = s.offsets.len();
                (s.offsets[n - 1] - s.offsets[0]) as usize + n * 4
            }
            Data::Fixed(f) => f.bytes.len(),
            Data::Array(a) => {
                // a slice has its share of the elements
                let n = a.offsets.len();
                let used = (a.offsets[n - 1] - a.offsets[0]) as usize;
                n * 4 + (a.values.bytes() as u128 * used as u128 / a.values.len().max(1) as u128) as usize
            }
            Data::Tuple(cs, _) => cs.iter().map(Column::bytes).sum(),
            Data::Const(c, _) => c.bytes(),
            Data::Codes(c, _) => c.len() * 4,
            _ => 0,
        });
        own + self.nulls.as_ref().map_or(0, |n| n.words().len() * 8)
    }

    // Short ways to make columns.
    pub fn strings<'a>(rows: impl IntoIterator<Item = &'a [u8]>) -> Column {
        Data::Str(StrData::from_iter(rows)).into()
    }
    pub fn bools(mask: &Bitmap) -> Column {
        Data::U8((0..mask.len()).map(|i| u8::from(mask.get(i))).collect::<Vec<_>>().into()).into()
    }
}

fn gather_str(s: &StrData, rows: &[u32]) -> StrData {
    let offsets = s.offsets.as_slice();
    let total: usize = rows.iter().map(|&r| (offsets[r as usize + 1] - offsets[r as usize]) as usize).sum();
    let mut out = Vec::with_capacity(total);
    let mut new_offsets = Vec::with_capacity(rows.len() + 1);
    new_offsets.push(0u32);
    let bytes = s.bytes.as_slice();
    for &r in rows {
        out.extend_from_slice(&bytes[offsets[r as usize] as usize..offsets[r as usize + 1] as usize]);
        new_offsets.push(out.len() as u32);
    }
    StrData { offsets: new_offsets.into(), bytes: out.into() }
}

fn concat_codes(columns: &[&Column]) -> Option<Column> {
    let Data::Codes(_, first) = &columns.first()?.data else { return None };
    let mut codes = Vec::new();
    let mut nulls = Bitmap::default();
    for c in columns {
        let Data::Codes(v, d) = &c.data else { return None };
        if d.id != first.id {
            return None;
        }
        codes.extend_from_slice(v);
        match &c.nulls {
            Some(n) => nulls.extend(n),
            None => nulls.extend(&Bitmap::new(v.len(), false)),
        }
    }
    Some(Column::new(Data::Codes(codes.into(), first.clone()), Some(nulls)))
}

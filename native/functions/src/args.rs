//! Reading arguments and writing results: constant or per-row strings and numbers behind one `at(i)`.

use types::codes::{MEMORY_LIMIT_EXCEEDED, TOO_LARGE_STRING_SIZE};
use types::{ArrayData, Bitmap, Column, Data, Error, I256, Result, StrData, Type, match_numeric};

/// No result column of one call may be larger than this.
pub const BYTES_MAX: usize = 1 << 30;
/// Nor may an array column of one call hold more elements.
pub const ELEMENTS_MAX: usize = 1 << 28;

pub fn too_large(function: &str, bytes: usize) -> Error {
    Error::new(
        MEMORY_LIMIT_EXCEEDED,
        format!("Result of function {function} would take {bytes} bytes in one block, more than {BYTES_MAX}"),
    )
}

/// Less than this is not worth asking the query's budget.
const ROOM_BYTES: usize = 4 << 20;

/// Checks the size of a result before it is made. `bytes` may be an estimate from above.
pub fn check_bytes(function: &str, bytes: usize) -> Result<()> {
    if bytes > BYTES_MAX { Err(too_large(function, bytes)) } else { need_room(bytes) }
}

/// Checks that the query may take so many bytes more.
pub fn need_room(bytes: usize) -> Result<()> {
    if bytes > ROOM_BYTES { types::check_room(bytes) } else { Ok(()) }
}

/// The rows at `at`, which may be far more than there are: as large as they are on average.
pub fn gathered(values: &Column, at: &[u32]) -> Result<Column> {
    let each = if values.is_empty() { 0 } else { values.bytes().div_ceil(values.len()) };
    need_room(each.saturating_mul(at.len()))?;
    Ok(values.gather(at))
}

/// String or FixedString argument.
pub enum Strs<'a> {
    Const(&'a [u8]),
    Str(&'a [u32], &'a [u8]),
    Fixed(usize, &'a [u8]),
    Empty,
}

impl<'a> Strs<'a> {
    #[inline]
    pub fn at(&self, i: usize) -> &'a [u8] {
        match self {
            Strs::Const(b) => b,
            Strs::Str(o, b) => &b[o[i] as usize..o[i + 1] as usize],
            Strs::Fixed(w, b) => &b[i * w..(i + 1) * w],
            Strs::Empty => &[],
        }
    }
    pub fn as_const(&self) -> Option<&'a [u8]> {
        if let Strs::Const(b) = self { Some(b) } else { None }
    }
    /// All bytes of `rows` rows.
    pub fn total(&self, rows: usize) -> usize {
        match self {
            Strs::Const(b) => b.len().saturating_mul(rows),
            Strs::Str(o, _) => (o[o.len() - 1] - o[0]) as usize,
            Strs::Fixed(w, _) => w * rows,
            Strs::Empty => 0,
        }
    }
}

pub fn strs(c: &Column) -> Strs<'_> {
    match &c.data {
        Data::Str(s) => Strs::Str(&s.offsets, &s.bytes),
        Data::Fixed(f) => Strs::Fixed(f.width, &f.bytes),
        Data::Const(one, _) => one.bytes_at(0).map_or(Strs::Empty, Strs::Const),
        _ => Strs::Empty,
    }
}

/// Numbers read as one Rust type.
pub enum Nums<'a, T> {
    Const(T),
    Slice(&'a [T]),
    Vec(Vec<T>),
}

impl<T: Copy> Nums<'_, T> {
    #[inline]
    pub fn at(&self, i: usize) -> T {
        match self {
            Nums::Const(v) => *v,
            Nums::Slice(s) => s[i],
            Nums::Vec(v) => v[i],
        }
    }
    pub fn as_const(&self) -> Option<T> {
        if let Nums::Const(v) = self { Some(*v) } else { None }
    }
}

/// Values that `as` converts from: what every integer and float can become.
pub trait Number: Copy + Send + Sync + PartialEq + PartialOrd + Default + std::fmt::Debug + 'static {
    fn to_i64(self) -> i64;
    fn to_u64(self) -> u64;
    fn to_i128(self) -> i128;
    fn to_i256(self) -> I256;
    fn to_f64(self) -> f64;
    /// As ClickHouse's processor converts to 8, 16 and 32 bits: a float out of range is the smallest number.
    #[inline]
    fn wrap_i32(self) -> i32 {
        self.to_i64() as i32
    }
    /// …to 64 bits.
    #[inline]
    fn wrap_i64(self) -> i64 {
        self.to_i64()
    }
    #[inline]
    fn wrap_u64(self) -> u64 {
        self.to_u64()
    }
    /// …to 128 and 256 bits.
    #[inline]
    fn wrap_i128(self) -> i128 {
        self.to_i128()
    }
    fn wrap_i256(self) -> I256 {
        self.to_i256()
    }
    /// Not zero (NaN counts as not zero).
    fn truth(self) -> bool;
}
macro_rules! number { ($($t:ty),*) => { $(impl Number for $t {
    #[inline] fn to_i64(self) -> i64 { self as i64 }
    #[inline] fn to_u64(self) -> u64 { self as u64 }
    #[inline] fn to_i128(self) -> i128 { self as i128 }
    #[inline] fn to_i256(self) -> I256 { I256::from(self as i128) }
    #[inline] fn to_f64(self) -> f64 { self as f64 }
    #[inline] fn truth(self) -> bool { self != 0 as $t }
})* } }
number!(u8, u16, u32, u64, i8, i16, i32, i64, i128);
macro_rules! float_number { ($($t:ty),*) => { $(impl Number for $t {
    #[inline] fn to_i64(self) -> i64 { self as i64 }
    #[inline] fn to_u64(self) -> u64 { if self < 0.0 { self as i64 as u64 } else { self as u64 } }
    #[inline] fn to_i128(self) -> i128 { self as i128 }
    fn to_i256(self) -> I256 { ethnum::AsI256::as_i256(f64::from(self)) }
    #[inline] fn to_f64(self) -> f64 { f64::from(self) }
    #[inline] fn truth(self) -> bool { self != 0.0 }
    #[inline] fn wrap_i32(self) -> i32 { processor_i32(f64::from(self)) }
    #[inline] fn wrap_i64(self) -> i64 { processor_i64(f64::from(self)) }
    fn wrap_i256(self) -> I256 { crate::wide_float::to_i256(f64::from(self)) }
    fn wrap_i128(self) -> i128 { self.wrap_i256().as_i128() }
    #[inline] fn wrap_u64(self) -> u64 {
        let low = processor_i64(f64::from(self));
        let high = processor_i64(f64::from(self) - 9_223_372_036_854_775_808.0);
        (low | (high & (low >> 63))) as u64
    }
})* } }
float_number!(f32, f64);

/// A truncated float; the smallest number where it does not fit, NaN too.
#[inline]
fn processor_i32(x: f64) -> i32 {
    if x > -2_147_483_649.0 && x < 2_147_483_648.0 { x as i32 } else { i32::MIN }
}
#[inline]
fn processor_i64(x: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) { x as i64 } else { i64::MIN }
}
impl Number for u128 {
    fn to_i64(self) -> i64 {
        self as i64
    }
    fn to_u64(self) -> u64 {
        self as u64
    }
    fn to_i128(self) -> i128 {
        self as i128
    }
    fn to_i256(self) -> I256 {
        types::U256::from(self).as_i256()
    }
    fn to_f64(self) -> f64 {
        self as f64
    }
    fn truth(self) -> bool {
        self != 0
    }
}
impl Number for I256 {
    fn to_i64(self) -> i64 {
        self.as_i64()
    }
    fn to_u64(self) -> u64 {
        self.as_u64()
    }
    fn to_i128(self) -> i128 {
        self.as_i128()
    }
    fn to_i256(self) -> I256 {
        self
    }
    fn to_f64(self) -> f64 {
        types::float::of_i256(self)
    }
    fn truth(self) -> bool {
        self != Self::ZERO
    }
}
impl Number for types::U256 {
    fn to_i64(self) -> i64 {
        self.as_i64()
    }
    fn to_u64(self) -> u64 {
        self.as_u64()
    }
    fn to_i128(self) -> i128 {
        self.as_i128()
    }
    fn to_i256(self) -> I256 {
        self.as_i256()
    }
    fn to_f64(self) -> f64 {
        types::float::of_u256(self)
    }
    fn truth(self) -> bool {
        self != Self::ZERO
    }
}

macro_rules! reader { ($name:ident, $t:ty, $own:ident, $conv:ident, $doc:literal) => {
    #[doc = $doc]
    pub fn $name(c: &Column) -> Nums<'_, $t> {
        match &c.data {
            Data::Const(one, _) => {
                let v = $name(one);
                Nums::Const(if one.len() > 0 { v.at(0) } else { Default::default() })
            }
            Data::$own(v) => Nums::Slice(v.as_slice()),
            data => match_numeric!(data, v, W => Nums::Vec(v.iter().map(|x| Number::$conv(*x)).collect()), Nums::Const(Default::default())),
        }
    }
} }
reader!(i64s, i64, I64, to_i64, "Integers (wrapping above 64 bits; floats are cut).");
reader!(u64s, u64, U64, to_u64, "Integers as unsigned 64 bits, wrapping.");
reader!(i128s, i128, I128, to_i128, "Integers as 128 bits, wrapping.");
reader!(i256s, I256, I256, to_i256, "Integers as 256 bits.");

/// Any number as a double; decimals are divided by their scale.
pub fn f64s<'a>(c: &'a Column, ty: &Type) -> Nums<'a, f64> {
    if let Type::Decimal(_, s) = ty.base() {
        let scale = types::float::pow10(*s);
        return match raw_f64s(c) {
            Nums::Const(v) => Nums::Const(v / scale),
            Nums::Slice(v) => Nums::Vec(v.iter().map(|x| x / scale).collect()),
            Nums::Vec(v) => Nums::Vec(v.into_iter().map(|x| x / scale).collect()),
        };
    }
    raw_f64s(c)
}
reader!(raw_f64s, f64, F64, to_f64, "Stored numbers as doubles.");

/// Builds a String column row by row.
pub struct StrOut {
    offsets: Vec<u32>,
    pub bytes: Vec<u8>,
}

impl StrOut {
    pub fn new(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        StrOut { offsets, bytes: Vec::with_capacity(bytes.min(BYTES_MAX)) }
    }
    #[inline]
    pub fn push(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.end_row();
    }
    /// The row is what was appended to `bytes` since the last row.
    #[inline]
    pub fn end_row(&mut self) {
        self.offsets.push(self.bytes.len().min(u32::MAX as usize) as u32);
    }
    /// Errors when the column has grown past the limit: to be called between rows where rows can be large.
    pub fn check(&self, function: &str) -> Result<()> {
        check_bytes(function, self.bytes.len())
    }
    pub fn finish(self, function: &str) -> Result<Column> {
        self.check(function)?;
        Ok(self.column())
    }
    pub fn column(self) -> Column {
        Data::Str(StrData { offsets: self.offsets.into(), bytes: self.bytes.into() }).into()
    }
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }
}

/// One string result per row.
pub fn map_str(
    rows: usize,
    function: &str,
    mut each: impl FnMut(usize, &mut Vec<u8>) -> Result<()>,
) -> Result<Column> {
    let mut out = StrOut::new(rows, rows * 8);
    for i in 0..rows {
        each(i, &mut out.bytes)?;
        out.end_row();
        check_bytes(function, out.bytes.len())?;
    }
    Ok(out.column())
}

macro_rules! column_of { ($($name:ident $t:ty, $v:ident);* $(;)?) => { $(
    pub fn $name(v: Vec<$t>) -> Column {
        Data::$v(v.into()).into()
    }
)* } }
column_of! {
    u8_col u8, U8; u16_col u16, U16; u32_col u32, U32; u64_col u64, U64; u128_col u128, U128;
    i8_col i8, I8; i32_col i32, I32; i64_col i64, I64; i128_col i128, I128;
    f32_col f32, F32; f64_col f64, F64;
}

/// A UInt8 column of 0 and 1.
pub fn bools(rows: usize, mut each: impl FnMut(usize) -> bool) -> Column {
    u8_col((0..rows).map(|i| u8::from(each(i))).collect())
}

/// Truth of each row of a number column (NULL = false); floats: not zero.
pub fn truths(c: &Column) -> Bitmap {
    let n = c.len();
    if let Data::Const(one, _) = &c.data {
        return Bitmap::new(n, truths(&one.slice(0, 1)).get(0));
    }
    let mut b = match_numeric!(&c.data, v, W => {
        let v = v.as_slice();
        Bitmap::from_fn(n, |i| v[i].truth())
    }, match &c.data {
        Data::Codes(..) => return truths(&c.flat()),
        _ => Bitmap::new(n, false),
    });
    if let Some(nulls) = &c.nulls {
        b.and_not_with(nulls);
    }
    b
}

/// The array of each row, in a flat or constant column.
pub struct Arrays<'a> {
    offsets: &'a [u32],
    pub values: &'a Column,
    constant: bool,
}

impl Arrays<'_> {
    /// Half-open range of positions in `values`.
    #[inline]
    pub fn at(&self, i: usize) -> std::ops::Range<usize> {
        let i = if self.constant { 0 } else { i };
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }
}

static NO_ARRAY: [u32; 2] = [0, 0];

/// Errors: `LOGICAL_ERROR` if the column holds no arrays.
pub fn arrays(c: &Column) -> Result<Arrays<'_>> {
    match &c.data {
        Data::Array(a) => Ok(Arrays { offsets: &a.offsets, values: &a.values, constant: false }),
        Data::Const(one, _) => match &one.data {
            Data::Array(a) => Ok(Arrays { offsets: &a.offsets, values: &a.values, constant: true }),
            _ => Err(Error::internal("array column expected")),
        },
        Data::Nothing(_) => Ok(Arrays { offsets: &NO_ARRAY, values: c, constant: true }),
        _ => Err(Error::internal("array column expected")),
    }
}

/// The columns of a tuple, each of the tuple's rows (constants stay constant).
pub fn tuple_columns(c: &Column) -> Result<Vec<Column>> {
    match &c.data {
        Data::Tuple(cs, _) => Ok(cs.to_vec()),
        Data::Const(one, n) => match &one.data {
            Data::Tuple(cs, _) => Ok(cs.iter().map(|x| Column::constant(x.clone(), *n)).collect()),
            _ => Err(Error::internal("tuple column expected")),
        },
        Data::Codes(..) => tuple_columns(&c.flat()),
        _ => Err(Error::internal("tuple column expected")),
    }
}

/// An array column from offsets (rows + 1 entries, starting at 0) and elements.
pub fn array_column(offsets: Vec<u32>, values: Column) -> Column {
    Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(values) }).into()
}
use std::sync::Arc;

pub fn string_too_large(function: &str, limit: usize) -> Error {
    Error::new(
        TOO_LARGE_STRING_SIZE,
        format!("Too large string size in function {function}: the maximum is {limit} bytes"),
    )
}

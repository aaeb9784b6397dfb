//! Tight loops over pairs of number columns. Operands of another type than the lane are converted in
//! chunks that stay in the first-level cache, so that one loop per result type is enough.

use crate::args::Number;
use types::{Column, Data, I256, U256, match_numeric};

pub const CHUNK: usize = 512;

/// A number type that kernels compute in.
pub trait Lane: Number {
    fn from_num<N: Number>(n: N) -> Self;
    fn slice(d: &Data) -> Option<&[Self]>;
    fn column(v: Vec<Self>) -> Column;
}
macro_rules! lane { ($($t:ty, $v:ident, $conv:ident);* $(;)?) => { $(impl Lane for $t {
    #[inline] fn from_num<N: Number>(n: N) -> Self { n.$conv() as $t }
    fn slice(d: &Data) -> Option<&[Self]> { if let Data::$v(b) = d { Some(b.as_slice()) } else { None } }
    fn column(v: Vec<Self>) -> Column { Data::$v(v.into()).into() }
})* } }
lane! { u8, U8, wrap_i32; u16, U16, wrap_i32; u32, U32, wrap_i64; u64, U64, wrap_u64; u128, U128, wrap_i128;
i8, I8, wrap_i32; i16, I16, wrap_i32; i32, I32, wrap_i32; i64, I64, wrap_i64; i128, I128, wrap_i128;
f32, F32, to_f64; f64, F64, to_f64 }
impl Lane for I256 {
    fn from_num<N: Number>(n: N) -> Self {
        n.wrap_i256()
    }
    fn slice(d: &Data) -> Option<&[Self]> {
        if let Data::I256(b) = d { Some(b.as_slice()) } else { None }
    }
    fn column(v: Vec<Self>) -> Column {
        Data::I256(v.into()).into()
    }
}
impl Lane for U256 {
    fn from_num<N: Number>(n: N) -> Self {
        n.wrap_i256().as_u256()
    }
    fn slice(d: &Data) -> Option<&[Self]> {
        if let Data::U256(b) = d { Some(b.as_slice()) } else { None }
    }
    fn column(v: Vec<Self>) -> Column {
        Data::U256(v.into()).into()
    }
}

/// An operand: constant, of the lane's type, or to be converted.
pub enum Source<'a, R> {
    Const(R),
    Slice(&'a [R]),
    Convert(&'a Data),
}

pub enum Chunk<'a, R> {
    Const(R),
    Slice(&'a [R]),
}

impl<'a, R: Lane> Source<'a, R> {
    pub fn of(c: &'a Column) -> Self {
        if let Data::Const(one, _) = &c.data {
            let mut v = [R::default()];
            convert(&one.data, 0, &mut v);
            return Source::Const(v[0]);
        }
        R::slice(&c.data).map_or(Source::Convert(&c.data), Source::Slice)
    }
    /// `n` ≤ CHUNK values from `start`.
    #[inline]
    pub fn chunk<'b>(&'b self, start: usize, n: usize, scratch: &'b mut [R; CHUNK]) -> Chunk<'b, R> {
        match self {
            Source::Const(v) => Chunk::Const(*v),
            Source::Slice(s) => Chunk::Slice(&s[start..start + n]),
            Source::Convert(d) => {
                convert(d, start, &mut scratch[..n]);
                Chunk::Slice(&scratch[..n])
            }
        }
    }
}

fn convert<R: Lane>(d: &Data, start: usize, out: &mut [R]) {
    match_numeric!(d, v, W => {
        if let Some(part) = v.as_slice().get(start..start + out.len()) {
            for (o, x) in out.iter_mut().zip(part) {
                *o = R::from_num(*x);
            }
        }
    }, {});
}

/// `f(a[i], b[i])` for all rows, computed in `R`.
pub fn zip<R: Lane, O: Copy>(a: &Column, b: &Column, rows: usize, f: impl Fn(R, R) -> O) -> Vec<O> {
    let (a, b) = (Source::<R>::of(a), Source::<R>::of(b));
    let mut out = Vec::with_capacity(rows);
    let (mut sa, mut sb) = ([R::default(); CHUNK], [R::default(); CHUNK]);
    let mut start = 0;
    while start < rows {
        let n = CHUNK.min(rows - start);
        match (a.chunk(start, n, &mut sa), b.chunk(start, n, &mut sb)) {
            (Chunk::Slice(x), Chunk::Slice(y)) => out.extend(x.iter().zip(y).map(|(x, y)| f(*x, *y))),
            (Chunk::Slice(x), Chunk::Const(y)) => out.extend(x.iter().map(|x| f(*x, y))),
            (Chunk::Const(x), Chunk::Slice(y)) => out.extend(y.iter().map(|y| f(x, *y))),
            (Chunk::Const(x), Chunk::Const(y)) => out.extend(std::iter::repeat_n(f(x, y), n)),
        }
        start += n;
    }
    out
}

/// As `zip`, for operations that can fail; stops at the first error.
pub fn try_zip<R: Lane, O: Copy>(
    a: &Column,
    b: &Column,
    rows: usize,
    f: impl Fn(R, R) -> types::Result<O>,
) -> types::Result<Vec<O>> {
    let (a, b) = (Source::<R>::of(a), Source::<R>::of(b));
    let mut out = Vec::with_capacity(rows);
    let (mut sa, mut sb) = ([R::default(); CHUNK], [R::default(); CHUNK]);
    let mut start = 0;
    while start < rows {
        let n = CHUNK.min(rows - start);
        let (x, y) = (a.chunk(start, n, &mut sa), b.chunk(start, n, &mut sb));
        let get = |c: &Chunk<'_, R>, i: usize| match c {
            Chunk::Const(v) => *v,
            Chunk::Slice(s) => s[i],
        };
        for i in 0..n {
            out.push(f(get(&x, i), get(&y, i))?);
        }
        start += n;
    }
    Ok(out)
}

/// `f(a[i])` for all rows, computed in `R`.
pub fn map<R: Lane, O: Copy>(a: &Column, rows: usize, f: impl Fn(R) -> O) -> Vec<O> {
    let a = Source::<R>::of(a);
    let mut out = Vec::with_capacity(rows);
    let mut scratch = [R::default(); CHUNK];
    let mut start = 0;
    while start < rows {
        let n = CHUNK.min(rows - start);
        match a.chunk(start, n, &mut scratch) {
            Chunk::Slice(x) => out.extend(x.iter().map(|x| f(*x))),
            Chunk::Const(x) => out.extend(std::iter::repeat_n(f(x), n)),
        }
        start += n;
    }
    out
}

/// Runs `$body` with `$R` naming the Rust type that values of an SQL type are stored in; `$other` for
/// types that are no numbers.
#[macro_export]
macro_rules! with_lane {
    ($ty:expr, $R:ident => $body:expr, $other:expr) => {
        match $ty {
            types::Type::Bool | types::Type::UInt8 => {
                type $R = u8;
                $body
            }
            types::Type::UInt16 | types::Type::Date => {
                type $R = u16;
                $body
            }
            types::Type::UInt32 | types::Type::DateTime(_) | types::Type::Ipv4 => {
                type $R = u32;
                $body
            }
            types::Type::UInt64 => {
                type $R = u64;
                $body
            }
            types::Type::UInt128 | types::Type::Uuid | types::Type::Ipv6 => {
                type $R = u128;
                $body
            }
            types::Type::UInt256 => {
                type $R = types::U256;
                $body
            }
            types::Type::Int8 | types::Type::Enum8(_) => {
                type $R = i8;
                $body
            }
            types::Type::Int16 | types::Type::Enum16(_) => {
                type $R = i16;
                $body
            }
            types::Type::Int32 | types::Type::Date32 => {
                type $R = i32;
                $body
            }
            types::Type::Int64 | types::Type::DateTime64(..) | types::Type::Interval(_) => {
                type $R = i64;
                $body
            }
            types::Type::Int128 => {
                type $R = i128;
                $body
            }
            types::Type::Int256 => {
                type $R = types::I256;
                $body
            }
            types::Type::BFloat16 | types::Type::Float32 => {
                type $R = f32;
                $body
            }
            types::Type::Float64 => {
                type $R = f64;
                $body
            }
            types::Type::Decimal(p, _) => match types::ty::decimal_width(*p) {
                4 => {
                    type $R = i32;
                    $body
                }
                8 => {
                    type $R = i64;
                    $body
                }
                16 => {
                    type $R = i128;
                    $body
                }
                _ => {
                    type $R = types::I256;
                    $body
                }
            },
            _ => $other,
        }
    };
}

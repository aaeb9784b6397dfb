//! Arguments as plain vectors of one number type.

use types::{Column, Data, Type};

/// Runs `$body` where `$T` stands for the numbers that a column of a type holds; f64 where it holds none.
macro_rules! by_number {
    ($ty:expr, $T:ident => $body:expr) => {
        by_number!(@ $ty, $T, $body; U8 u8, U16 u16, U32 u32, U64 u64, U128 u128, U256 types::U256,
            I8 i8, I16 i16, I32 i32, I64 i64, I128 i128, I256 types::I256, F32 f32)
    };
    (@ $ty:expr, $T:ident, $body:expr; $($held:ident $number:ty),*) => {
        match types::ColumnBuilder::new($ty).values {
            $(types::builder::Values::$held(_) => { type $T = $number; $body })*
            _ => { type $T = f64; $body }
        }
    };
}
pub(crate) use by_number;

/// Digits after the point of a type's numbers (0 unless Decimal).
pub fn scale_of(ty: &Type) -> u8 {
    match ty.base() {
        Type::Decimal(_, s) => *s,
        _ => 0,
    }
}

/// All rows as Float64; decimals are divided by their scale. Rows of other types become 0.
pub fn floats(c: &Column, ty: &Type) -> Vec<f64> {
    if let Some(one) = c.as_const() {
        let v = floats(one, ty).first().copied().unwrap_or_default();
        return vec![v; c.len()];
    }
    let c = c.flat();
    macro_rules! cast {
        ($v:expr) => {
            $v.iter().map(|x| *x as f64).collect::<Vec<f64>>()
        };
    }
    let mut out: Vec<f64> = match &c.data {
        Data::F64(v) => return v.to_vec(),
        Data::F32(v) => return v.iter().map(|x| f64::from(*x)).collect(),
        Data::U8(v) => cast!(v),
        Data::U16(v) => cast!(v),
        Data::U32(v) => cast!(v),
        Data::U64(v) => cast!(v),
        Data::U128(v) => cast!(v),
        Data::I8(v) => cast!(v),
        Data::I16(v) => cast!(v),
        Data::I32(v) => cast!(v),
        Data::I64(v) => cast!(v),
        Data::I128(v) => cast!(v),
        Data::U256(v) => v.iter().map(|x| types::float::of_u256(*x)).collect(),
        Data::I256(v) => v.iter().map(|x| types::float::of_i256(*x)).collect(),
        _ => vec![0.0; c.len()],
    };
    let scale = scale_of(ty);
    if scale > 0 {
        let by = types::float::pow10(scale);
        out.iter_mut().for_each(|x| *x /= by);
    }
    out
}

/// All rows as Int64 (wrapping); floats are cut.
pub fn ints(c: &Column) -> Vec<i64> {
    let c = c.flat();
    macro_rules! cast {
        ($v:expr) => {
            $v.iter().map(|x| *x as i64).collect()
        };
    }
    match &c.data {
        Data::U8(v) => cast!(v),
        Data::U16(v) => cast!(v),
        Data::U32(v) => cast!(v),
        Data::U64(v) => cast!(v),
        Data::U128(v) => cast!(v),
        Data::I8(v) => cast!(v),
        Data::I16(v) => cast!(v),
        Data::I32(v) => cast!(v),
        Data::I64(v) => v.to_vec(),
        Data::I128(v) => cast!(v),
        Data::F32(v) => cast!(v),
        Data::F64(v) => cast!(v),
        Data::U256(v) => v.iter().map(|x| x.as_i64()).collect(),
        Data::I256(v) => v.iter().map(|x| x.as_i64()).collect(),
        _ => vec![0; c.len()],
    }
}

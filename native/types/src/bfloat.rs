//! BFloat16: the upper half of a Float32. In columns and files a value is the Float32 it stands for
//! (the lower 16 bits are zero), so that whatever takes floats takes it; only where bytes are seen from
//! outside is it two bytes wide.

use crate::{Column, Data};

/// The nearest BFloat16 towards zero, as ClickHouse converts. NaN stays NaN.
#[inline]
pub fn cut(x: f32) -> f32 {
    if x.is_nan() { f32::NAN } else { f32::from_bits(x.to_bits() & 0xffff_0000) }
}

/// The two bytes of a value that is `cut`.
#[inline]
pub fn bits(x: f32) -> u16 {
    (x.to_bits() >> 16) as u16
}

#[inline]
pub fn from_bits(x: u16) -> f32 {
    cut(f32::from_bits(u32::from(x) << 16))
}

/// A column of Float32 cut to BFloat16; others as they are.
pub fn cut_column(c: Column) -> Column {
    match &c.data {
        Data::F32(v) => {
            Column { data: Data::F32(v.iter().map(|x| cut(*x)).collect::<Vec<_>>().into()), nulls: c.nulls }
        }
        _ => c,
    }
}

/// A flat column of BFloat16 as its two bytes a value: for hashes, `hex`, `reinterpret`.
pub fn bits_column(c: &Column) -> Column {
    match &c.data {
        Data::F32(v) => Column {
            data: Data::U16(v.iter().map(|x| bits(*x)).collect::<Vec<_>>().into()),
            nulls: c.nulls.clone(),
        },
        _ => c.clone(),
    }
}

//! What all quantiles share: levels from parameters, one value or an array of them.

use crate::registry::{Call, Flags};
use types::codes::{NUMBER_OF_ARGUMENTS_DOESNT_MATCH, PARAMETER_OUT_OF_BOUND};
use types::{ColumnBuilder, Error, Result, Type, builder::Values};

#[derive(Clone)]
pub struct Levels {
    pub levels: Vec<f64>,
    /// `quantiles…`: the result is an array
    pub plural: bool,
}

/// What functions of this name say of themselves: arrays of quantiles are never NULL.
pub const fn flags(name: &str) -> Flags {
    if name.len() > 8 && name.as_bytes()[8] == b's' { Flags::DEFAULT_ON_NULLS } else { Flags::NONE }
}

impl Levels {
    /// Levels in the parameters after the first `skip`; 0.5 where the singular form has none.
    /// Errors: `PARAMETER_OUT_OF_BOUND` outside [0, 1].
    pub fn of(call: &Call<'_>, skip: usize) -> Result<Levels> {
        let plural = call.name.starts_with("quantiles");
        let mut levels = Vec::new();
        for i in skip..call.params.len() {
            let level = call.float_param(i)?;
            if !(0.0..=1.0).contains(&level) {
                return Err(Error::new(
                    PARAMETER_OUT_OF_BOUND,
                    format!("Quantile level {level} of {} is out of range [0, 1]", call.name),
                ));
            }
            levels.push(level);
        }
        if plural && levels.is_empty() {
            return Err(Error::new(
                NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
                format!("Aggregate function {} takes at least one level as a parameter", call.name),
            ));
        }
        if !plural {
            if levels.len() > 1 {
                return Err(Error::new(
                    NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
                    format!("Aggregate function {} takes one level", call.name),
                ));
            }
            if levels.is_empty() {
                levels.push(0.5);
            }
        }
        Ok(Levels { levels, plural })
    }
    pub fn ty(&self, one: Type) -> Type {
        if self.plural { Type::array(one) } else { one }
    }
    /// Pushes one result a level: `push` gets the builder of single values.
    pub fn push(&self, out: &mut ColumnBuilder, mut push: impl FnMut(&mut ColumnBuilder, f64)) {
        if !self.plural {
            return push(out, self.levels[0]);
        }
        let Values::Array { offsets, values } = &mut out.values else { return };
        self.levels.iter().for_each(|l| push(values, *l));
        offsets.push(values.len() as u32);
        out.pushed();
    }
}

/// Quantiles can be taken of numbers, dates and times.
pub fn measurable(ty: &Type) -> bool {
    ty.is_number() || matches!(ty, Type::Date | Type::DateTime(_) | Type::DateTime64(..))
}

/// Sketches of Float32, and those that interpolate between exact values, take numbers of up to 64 bits and days and seconds.
pub fn measurable_as_float(ty: &Type) -> bool {
    matches!(ty.int_bits(), Some((..=64, _))) || ty.is_float() || matches!(ty, Type::Date | Type::DateTime(_))
}

/// Type of an interpolated quantile: Float64 for integers and floats, else the argument's.
pub fn interpolated_type(ty: &Type) -> Type {
    if ty.is_integer() || ty.is_float() { Type::Float64 } else { ty.clone() }
}

/// Pushes a number of raw units (seconds, days, unscaled decimals) into a column of any numeric type, cut towards zero.
pub fn push_raw(out: &mut ColumnBuilder, v: f64) {
    match &mut out.values {
        Values::F64(x) => x.push(v),
        Values::F32(x) => x.push(v as f32),
        Values::U8(x) => x.push(v as u8),
        Values::U16(x) => x.push(v as u16),
        Values::U32(x) => x.push(v as u32),
        Values::U64(x) => x.push(v as u64),
        Values::U128(x) => x.push(v as u128),
        Values::I8(x) => x.push(v as i8),
        Values::I16(x) => x.push(v as i16),
        Values::I32(x) => x.push(v as i32),
        Values::I64(x) => x.push(v as i64),
        Values::I128(x) => x.push(v as i128),
        Values::I256(x) => x.push(types::I256::from(v as i128)),
        Values::U256(x) => x.push(types::U256::from(v as u128)),
        _ => return out.push_default(1),
    }
    out.pushed();
}

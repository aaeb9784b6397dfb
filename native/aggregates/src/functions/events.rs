//! What functions over streams of events share: timestamps and conditions of rows.

use crate::registry::Call;
use crate::state::numbers::ints;
use types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH;
use types::{Column, Data, Error, Result, Type};

pub const CONDITIONS_MAX: usize = 32;

/// Timestamps (as ordered integers) and a bit set of conditions for each row.
pub struct Events {
    pub times: Vec<i64>,
    pub conditions: Vec<u32>,
}

/// The bit set of UInt8 columns that are not 0; bit i = column i.
pub fn conditions(columns: &[Column], rows: usize) -> Vec<u32> {
    let mut out = vec![0u32; rows];
    for (i, c) in columns.iter().enumerate() {
        let c = c.flat();
        if let Data::U8(v) = &c.data {
            out.iter_mut().zip(v.iter()).for_each(|(bits, x)| *bits |= u32::from(*x != 0) << i);
        }
    }
    out
}

pub fn events(args: &[Column], rows: usize) -> Events {
    Events { times: ints(&args[0]), conditions: conditions(&args[1..], rows) }
}

pub fn is_condition(ty: &Type) -> bool {
    matches!(ty, Type::UInt8 | Type::Bool)
}

/// Checks a time and `min..=32` conditions after it, starting at argument `first`.
pub fn check(call: &Call<'_>, first: usize, min: usize) -> Result<()> {
    let n = call.args.len();
    if n < first + min || n > first + CONDITIONS_MAX {
        return Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {} takes a time and {min} to {CONDITIONS_MAX} conditions", call.name),
        ));
    }
    call.check(0, |t| {
        matches!(t, Type::Date | Type::Date32 | Type::DateTime(_) | Type::DateTime64(..))
            || matches!(t.int_bits(), Some((..=64, false)))
    })?;
    (first..n).try_for_each(|i| call.check(i, is_condition))
}

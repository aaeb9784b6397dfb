//! What the build side knows of its keys, as conditions for the scans of the probe side: bounds prune
//! blocks, a bit for each possible key tells rows without a partner before their other columns are read.

use super::build::{Build, offsets};
use crate::expr::{Bound, call};
use crate::plan::JoinKind;
use crate::query::Query;
use crate::row_set::RowSet;
use functions::{Call, Session, Value};
use std::sync::Arc;
use types::{Bitmap, Column, Data, Error, Result, Type};

/// Up to so many build rows are handed over as a set, which indexes and dictionaries can answer.
const SET_ROWS: usize = 2_000;
/// Keys that lie further apart than this get bounds only: 16 MB of bits.
const BITS_MAX: u128 = 1 << 27;

/// Smallest and largest of the integers of a column; None for other types and when there are none.
pub fn int_range(column: &Column) -> Option<(i128, i128)> {
    let flat = column.flat();
    let nulls = flat.null_mask();
    macro_rules! range {
        ($v:expr) => {{
            let (mut low, mut high) = (None, None);
            for (i, &x) in $v.iter().enumerate() {
                if nulls.as_ref().is_some_and(|n| n.get(i)) {
                    continue;
                }
                low = Some(low.map_or(x, |l| if x < l { x } else { l }));
                high = Some(high.map_or(x, |h| if x > h { x } else { h }));
            }
            Some((low? as i128, high? as i128))
        }};
    }
    match &flat.data {
        Data::U8(v) => range!(v),
        Data::U16(v) => range!(v),
        Data::U32(v) => range!(v),
        Data::U64(v) => range!(v),
        Data::I8(v) => range!(v),
        Data::I16(v) => range!(v),
        Data::I32(v) => range!(v),
        Data::I64(v) => range!(v),
        _ => None,
    }
}

/// Conditions over left columns, each with the column it is about. Only kinds of joins that drop left
/// rows without a partner have any.
pub fn conditions(build: &Build, query: &Query) -> Result<Vec<(usize, Bound)>> {
    let spec = &build.spec;
    let drops = matches!(
        spec.kind,
        JoinKind::Inner
            | JoinKind::Semi
            | JoinKind::Right
            | JoinKind::RightSemi
            | JoinKind::RightAnti
            | JoinKind::Asof
    );
    let mut out = Vec::new();
    if !drops || spec.plain {
        return Ok(out);
    }
    for (left, values) in spec.left_keys.iter().zip(&build.keys) {
        let Bound::Column(i, ty) = left else { continue };
        let column = Bound::Column(*i, ty.clone());
        if build.rows <= SET_ROWS && settable(ty) {
            let set = RowSet::of_column(values, ty, ty, query)?;
            out.push((*i, Bound::In(Arc::new(column), Arc::new(set), false)));
            continue;
        }
        let Some((low, high)) = int_range(values) else { continue };
        let base = ty.base();
        if base.is_integer() || matches!(base, Type::Date | Type::Date32 | Type::DateTime(_)) {
            for (op, bound) in [("greaterOrEquals", low), ("lessOrEquals", high)] {
                let one = first_of(values, bound);
                let constant = Bound::Const(one, base.clone());
                out.push((*i, call(op, vec![column.clone(), constant], query)?));
            }
        }
        let span = (high - low) as u128;
        if span < BITS_MAX {
            let (base, len) = (low as u64, span as u64 + 1);
            let mut bits = Bitmap::new(len as usize, false);
            for at in offsets(values, base, len) {
                if at != super::NONE {
                    bits.set(at as usize, true);
                }
            }
            // bits that are nearly all set would only cost
            if bits.count_ones() as u64 * 5 < len * 4 {
                let known = KnownKeys { base, len, bits };
                out.push((*i, Bound::of_call("isJoinKey", Arc::new(known), vec![column])));
            }
        }
    }
    Ok(out)
}

fn settable(ty: &Type) -> bool {
    let base = ty.base();
    base.is_integer() || matches!(base, Type::String | Type::Date | Type::Date32 | Type::DateTime(_))
}

/// The value `wanted` as a column of one row of the same representation.
fn first_of(values: &Column, wanted: i128) -> Column {
    match &values.flat().data {
        Data::U8(_) => Data::U8(vec![wanted as u8].into()),
        Data::U16(_) => Data::U16(vec![wanted as u16].into()),
        Data::U32(_) => Data::U32(vec![wanted as u32].into()),
        Data::U64(_) => Data::U64(vec![wanted as u64].into()),
        Data::I8(_) => Data::I8(vec![wanted as i8].into()),
        Data::I16(_) => Data::I16(vec![wanted as i16].into()),
        Data::I32(_) => Data::I32(vec![wanted as i32].into()),
        _ => Data::I64(vec![wanted as i64].into()),
    }
    .into()
}

/// Whether an integer is a key of the build side.
struct KnownKeys {
    base: u64,
    len: u64,
    bits: Bitmap,
}

impl Call for KnownKeys {
    fn ty(&self) -> &Type {
        &Type::UInt8
    }
    fn deterministic(&self) -> bool {
        true
    }
    fn stateful(&self) -> bool {
        false
    }
    fn foldable(&self) -> bool {
        false
    }
    fn eval(&self, args: &[Value<'_>], _: usize, _: &Session) -> Result<Column> {
        let [Value::Column(c)] = args else { return Err(Error::internal("isJoinKey takes one column")) };
        let known: Vec<u8> = offsets(c, self.base, self.len)
            .into_iter()
            .map(|at| u8::from(at != super::NONE && self.bits.get(at as usize)))
            .collect();
        Ok(Data::U8(known.into()).into())
    }
}

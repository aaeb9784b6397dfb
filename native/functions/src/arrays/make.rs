//! Arrays of what is no array: ranges, repetitions, bits, nothing.

use super::{check_elements, elements};
use super::basic::need_array;
use crate::args::{array_column, gathered, i64s, i128s, need_room, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::lanes::{Lane, map};
use crate::supertype::common_type;
use crate::with_lane;
use std::sync::Arc;
use types::codes::{ARGUMENT_OUT_OF_BOUND, TOO_LARGE_ARRAY_SIZE};
use types::{ArrayData, ColumnBuilder, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("range", "range([start, ]end[, step])", "Numbers from start (0) up to end.", &[("range(3)", "[0,1,2]"), ("range(1, 7, 2)", "[1,3,5]")], range),
    f("arrayWithConstant", "arrayWithConstant(n, x)", "n times x.", &[("arrayWithConstant(2, 'a')", "['a','a']")], with_constant).own_nulls(),
    f("replicate", "replicate(x, array, …)", "x as often as the array has elements.", &[("replicate(1, ['a', 'b'])", "[1,1]")], replicate).own_nulls(),
    f("bitmaskToArray", "bitmaskToArray(n)", "The powers of two that make up a number.", &[("bitmaskToArray(10)", "[2,8]")], |b| bits(b, true)),
    f("bitPositionsToArray", "bitPositionsToArray(n)", "The places of the bits that are set.", &[("bitPositionsToArray(10)", "[1,3]")], |b| bits(b, false)),
    f("emptyArrayUInt8", "emptyArrayUInt8()", "An empty array.", &[("emptyArrayUInt8()", "[]")], |b| empty(b, Type::UInt8)),
    f("emptyArrayUInt16", "emptyArrayUInt16()", "An empty array.", &[], |b| empty(b, Type::UInt16)),
    f("emptyArrayUInt32", "emptyArrayUInt32()", "An empty array.", &[], |b| empty(b, Type::UInt32)),
    f("emptyArrayUInt64", "emptyArrayUInt64()", "An empty array.", &[], |b| empty(b, Type::UInt64)),
    f("emptyArrayInt8", "emptyArrayInt8()", "An empty array.", &[], |b| empty(b, Type::Int8)),
    f("emptyArrayInt16", "emptyArrayInt16()", "An empty array.", &[], |b| empty(b, Type::Int16)),
    f("emptyArrayInt32", "emptyArrayInt32()", "An empty array.", &[], |b| empty(b, Type::Int32)),
    f("emptyArrayInt64", "emptyArrayInt64()", "An empty array.", &[], |b| empty(b, Type::Int64)),
    f("emptyArrayFloat32", "emptyArrayFloat32()", "An empty array.", &[], |b| empty(b, Type::Float32)),
    f("emptyArrayFloat64", "emptyArrayFloat64()", "An empty array.", &[], |b| empty(b, Type::Float64)),
    f("emptyArrayDate", "emptyArrayDate()", "An empty array.", &[], |b| empty(b, Type::Date)),
    f("emptyArrayDateTime", "emptyArrayDateTime()", "An empty array.", &[], |b| empty(b, Type::DateTime(None))),
    f("emptyArrayString", "emptyArrayString()", "An empty array.", &[], |b| empty(b, Type::String)),
];

fn range(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 3)?;
    for i in 0..b.len() {
        b.integer(i)?;
    }
    if b.args.iter().any(|a| a.ty.int_bits().is_some_and(|(bits, _)| bits > 64)) {
        return Err(Error::new(types::codes::ILLEGAL_COLUMN, "Function range takes integers of at most 64 bits"));
    }
    let out = common_type(&b.types()).unwrap_or(Type::Int64);
    let kernel = out.clone();
    let n = b.len();
    let max = b.session.number("function_range_max_elements_in_block", 500_000_000) as usize;
    bound(Type::array(out), move |c| {
        let zero = i128s(c.col(0));
        let end = if n > 1 { i128s(c.col(1)) } else { i128s(c.col(0)) };
        let step = (n > 2).then(|| i128s(c.col(2)));
        let mut offsets = vec![0u32];
        let mut total = 0usize;
        let bounds: Vec<(i128, usize, i128)> = (0..c.rows)
            .map(|i| {
                let (s, e) = (if n > 1 { zero.at(i) } else { 0 }, end.at(i));
                if n == 1 && e < 0 {
                    return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "A call of function range with the end only takes no negative number"));
                }
                let k = step.as_ref().map_or(1, |v| v.at(i));
                if k == 0 {
                    return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "The third argument of function range must not be zero"));
                }
                let count = if k > 0 { (e - s + k - 1).max(0) / k } else { (s - e - k - 1).max(0) / -k };
                total = total.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
                if total > max.min(crate::args::ELEMENTS_MAX) {
                    return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("A call of function range would produce {total} array elements, which is greater than the allowed maximum of {}", max.min(crate::args::ELEMENTS_MAX))));
                }
                Ok((s, count as usize, k))
            })
            .collect::<Result<_>>()?;
        // the numbers, and what is made of them
        need_room(total.saturating_mul(2 * size_of::<i64>()))?;
        let mut v: Vec<i64> = Vec::with_capacity(total);
        for (s, count, k) in bounds {
            v.extend((0..count as i128).map(|j| (s + j * k) as i64));
            offsets.push(v.len() as u32);
        }
        let wide = i64::column(v);
        let values = with_lane!(&kernel, R => R::column(map::<R, R>(&wide, total, |x| x)), wide);
        Ok(array_column(offsets, values))
    })
}

fn with_constant(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    if !b.ty(0).base().is_number() {
        return Err(b.illegal(0, "a number"));
    }
    bound(Type::array(b.ty(1).clone()), |c| {
        let n = i64s(c.col(0));
        let mut offsets = vec![0u32];
        let mut at = Vec::new();
        for i in 0..c.rows {
            let k = n.at(i);
            if !(0..=1 << 30).contains(&k) {
                return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("Array size {k} must be non-negative and not too large: because of bugs or attacks")));
            }
            check_elements(at.len() + k as usize)?;
            at.resize(at.len() + k as usize, i as u32);
            offsets.push(at.len() as u32);
        }
        Ok(array_column(offsets, gathered(&c.col(1).flat(), &at)?))
    })
}

fn replicate(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    need_array(b, 1)?;
    bound(Type::array(b.ty(0).clone()), |c| {
        let e = elements(c.col(1), c.rows)?;
        Ok(array_column(e.offsets, gathered(&c.col(0).flat(), &e.origin)?))
    })
}

fn bits(b: &Bind<'_>, masks: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.integer(0)?;
    let ty = b.ty(0).clone();
    let Some((width, _)) = ty.int_bits() else { return Err(b.illegal(0, "an integer")) };
    if masks && width > 64 {
        return Err(Error::new(types::codes::ILLEGAL_COLUMN, format!("Function {} takes integers of at most 64 bits", b.name)));
    }
    let kernel = ty.clone();
    bound(Type::array(if masks { ty } else { Type::UInt64 }), move |c| {
        let v = crate::args::i256s(c.col(0));
        let (mut offsets, mut out) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            out.extend((0..u64::from(width)).filter(|k| v.at(i) >> (*k as u32) & types::I256::ONE != types::I256::ZERO).map(|k| if masks { 1u64 << k } else { k }));
            offsets.push(out.len() as u32);
        }
        let n = out.len();
        let wide = u64_col(out);
        let values = if masks { with_lane!(&kernel, R => R::column(map::<R, R>(&wide, n, |x| x)), wide) } else { wide };
        Ok(array_column(offsets, values))
    })
}

fn empty(b: &Bind<'_>, ty: Type) -> Result<Bound> {
    b.arity(0, 0)?;
    let none = ColumnBuilder::new(&ty).finish();
    bound(Type::array(ty), move |c| Ok(Data::Array(ArrayData { offsets: vec![0; c.rows + 1].into(), values: Arc::new(none.clone()) }).into()))
}

//! Functions on bitmaps: states of groupBitmap, a count and the ascending values as LEB128 differences.

use crate::args::{array_column, arrays, bools, i64s, strs, u64_col, u64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::lanes::{Lane, map};
use types::codes::INCORRECT_DATA;
use types::ty::AggregateType;
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("bitmapBuild", "bitmapBuild(array)", "A bitmap of the integers of an array.", &[("bitmapCardinality(bitmapBuild([1, 2, 2]))", "2")], build),
    f("bitmapToArray", "bitmapToArray(bitmap)", "The values in ascending order.", &[("bitmapToArray(bitmapBuild([3, 1]))", "[1,3]")], to_array),
    f("bitmapCardinality", "bitmapCardinality(bitmap)", "Number of values.", &[("bitmapCardinality(bitmapBuild([3, 1]))", "2")], |b| one(b, |v| v.len() as u64)),
    f("bitmapMin", "bitmapMin(bitmap)", "The smallest value.", &[("bitmapMin(bitmapBuild([3, 1]))", "1")], |b| one(b, |v| v.first().copied().unwrap_or(u64::from(u32::MAX)))),
    f("bitmapMax", "bitmapMax(bitmap)", "The largest value.", &[("bitmapMax(bitmapBuild([3, 1]))", "3")], |b| one(b, |v| v.last().copied().unwrap_or(0))),
    f("bitmapContains", "bitmapContains(bitmap, value)", "1 if the bitmap has the value.", &[("bitmapContains(bitmapBuild([3, 1]), 3)", "1")], contains),
    f("bitmapHasAny", "bitmapHasAny(a, b)", "1 if the bitmaps have a value in common.", &[("bitmapHasAny(bitmapBuild([1]), bitmapBuild([1, 2]))", "1")], |b| test(b, |x, y| x.iter().any(|v| y.binary_search(v).is_ok()))),
    f("bitmapHasAll", "bitmapHasAll(a, b)", "1 if the first bitmap has all values of the second.", &[("bitmapHasAll(bitmapBuild([1]), bitmapBuild([1, 2]))", "0")], |b| test(b, |x, y| y.iter().all(|v| x.binary_search(v).is_ok()))),
    f("bitmapAnd", "bitmapAnd(a, b)", "The values of both.", &[("bitmapToArray(bitmapAnd(bitmapBuild([1, 2]), bitmapBuild([2, 3])))", "[2]")], |b| two(b, and)),
    f("bitmapOr", "bitmapOr(a, b)", "The values of either.", &[("bitmapToArray(bitmapOr(bitmapBuild([1]), bitmapBuild([2])))", "[1,2]")], |b| two(b, or)),
    f("bitmapXor", "bitmapXor(a, b)", "The values of one only.", &[("bitmapToArray(bitmapXor(bitmapBuild([1, 2]), bitmapBuild([2, 3])))", "[1,3]")], |b| two(b, xor)),
    f("bitmapAndnot", "bitmapAndnot(a, b)", "The values of the first that are not in the second.", &[("bitmapToArray(bitmapAndnot(bitmapBuild([1, 2]), bitmapBuild([2, 3])))", "[1]")], |b| two(b, and_not)),
    f("bitmapAndCardinality", "bitmapAndCardinality(a, b)", "Number of values of both.", &[("bitmapAndCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "1")], |b| size(b, and)),
    f("bitmapOrCardinality", "bitmapOrCardinality(a, b)", "Number of values of either.", &[("bitmapOrCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "3")], |b| size(b, or)),
    f("bitmapXorCardinality", "bitmapXorCardinality(a, b)", "Number of values of one only.", &[("bitmapXorCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "2")], |b| size(b, xor)),
    f("bitmapAndnotCardinality", "bitmapAndnotCardinality(a, b)", "Number of values of the first that are not in the second.", &[("bitmapAndnotCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "1")], |b| size(b, and_not)),
    f("bitmapSubsetInRange", "bitmapSubsetInRange(bitmap, from, to)", "The values from `from` up to but not including `to`.", &[("bitmapToArray(bitmapSubsetInRange(bitmapBuild([1, 2, 3]), 2, 3))", "[2]")], |b| cut(b, |v, x, y| v.into_iter().filter(|k| (x..y).contains(k)).collect())),
    f("bitmapSubsetLimit", "bitmapSubsetLimit(bitmap, from, count)", "The first `count` values from `from` on.", &[("bitmapToArray(bitmapSubsetLimit(bitmapBuild([1, 2, 3]), 2, 1))", "[2]")], |b| cut(b, |v, x, n| v.into_iter().filter(|k| *k >= x).take(n as usize).collect())),
    f("subBitmap", "subBitmap(bitmap, offset, count)", "`count` values after the first `offset` ones.", &[("bitmapToArray(subBitmap(bitmapBuild([1, 2, 3]), 1, 1))", "[2]")], |b| cut(b, |v, x, n| v.into_iter().skip(x as usize).take(n as usize).collect())),
    f("bitmapTransform", "bitmapTransform(bitmap, from, to)", "Values of the array `from` replaced by those of `to` at the same place.", &[("bitmapToArray(bitmapTransform(bitmapBuild([1, 2]), [1], [9]))", "[2,9]")], transform),
];

fn read(s: &[u8]) -> Result<Vec<u64>> {
    let bad = || Error::new(INCORRECT_DATA, "A bitmap state is damaged");
    if s.is_empty() {
        return Ok(Vec::new());
    }
    let mut at = 1;
    let mut next = || -> Result<u64> {
        let (mut v, mut shift) = (0u64, 0);
        loop {
            let x = *s.get(at).ok_or_else(bad)?;
            at += 1;
            v |= u64::from(x & 127).checked_shl(shift).ok_or_else(bad)?;
            if x < 128 {
                return Ok(v);
            }
            shift += 7;
        }
    };
    let n = next()?;
    if s[0] != 0 || n > s.len() as u64 {
        return Err(bad());
    }
    let mut out = Vec::with_capacity(n as usize);
    let mut last = 0u64;
    for _ in 0..n {
        last = last.wrapping_add(next()?);
        out.push(last);
    }
    Ok(out)
}

fn write(v: &[u64], out: &mut Vec<u8>) {
    fn put(mut x: u64, out: &mut Vec<u8>) {
        while x >= 128 {
            out.push(x as u8 | 128);
            x >>= 7;
        }
        out.push(x as u8);
    }
    if v.is_empty() {
        return;
    }
    out.push(0);
    put(v.len() as u64, out);
    let mut last = 0;
    for x in v {
        put(x - last, out);
        last = *x;
    }
}

/// The integer type of the values.
fn value_type(b: &Bind<'_>, i: usize) -> Result<Type> {
    match b.ty(i) {
        Type::AggregateFunction(a) if a.name == "groupBitmap" => Ok(a.args.first().cloned().unwrap_or(Type::UInt64)),
        _ => Err(b.illegal(i, "a bitmap (a state of groupBitmap)")),
    }
}

fn bitmap_type(value: Type) -> Type {
    Type::AggregateFunction(std::sync::Arc::new(AggregateType { name: "groupBitmap".into(), params: Vec::new(), args: vec![value] }))
}

fn build(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let element = b.array(0)?.clone();
    let value = if element == Type::Nothing { Type::UInt8 } else { element.clone() };
    let Some((bits, _)) = value.int_bits().filter(|x| x.0 <= 64) else { return Err(b.illegal(0, "Array of integers of at most 64 bits")) };
    let mask = if bits == 64 { u64::MAX } else { (1u64 << bits) - 1 };
    bound(bitmap_type(value), move |c| {
        let a = arrays(c.col(0))?;
        let v = i64s(a.values);
        crate::args::map_str(c.rows, "bitmapBuild", |i, out| {
            let mut all: Vec<u64> = a.at(i).map(|k| v.at(k) as u64 & mask).collect();
            all.sort_unstable();
            all.dedup();
            write(&all, out);
            Ok(())
        })
    })
}

fn to_array(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let value = value_type(b, 0)?;
    let kernel = value.clone();
    bound(Type::array(value), move |c| {
        let s = strs(c.col(0));
        let (mut offsets, mut v) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            v.extend(read(s.at(i))?);
            crate::arrays::check_elements(v.len())?;
            offsets.push(v.len() as u32);
        }
        let n = v.len();
        let wide = u64_col(v);
        Ok(array_column(offsets, crate::with_lane!(&kernel, R => R::column(map::<R, R>(&wide, n, |x| x)), wide)))
    })
}

fn one(b: &Bind<'_>, of: fn(&[u64]) -> u64) -> Result<Bound> {
    b.arity(1, 1)?;
    value_type(b, 0)?;
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        Ok(u64_col((0..c.rows).map(|i| Ok(of(&read(s.at(i))?))).collect::<Result<Vec<_>>>()?))
    })
}

fn contains(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    value_type(b, 0)?;
    b.integer(1)?;
    bound(Type::UInt8, |c| {
        let (s, v) = (strs(c.col(0)), u64s(c.col(1)));
        let hits = (0..c.rows).map(|i| Ok(read(s.at(i))?.binary_search(&v.at(i)).is_ok())).collect::<Result<Vec<_>>>()?;
        Ok(bools(c.rows, |i| hits[i]))
    })
}

fn pair(b: &Bind<'_>) -> Result<Type> {
    b.arity(2, 2)?;
    let (x, y) = (value_type(b, 0)?, value_type(b, 1)?);
    if x.int_bits() != y.int_bits() {
        return Err(b.illegal(1, &format!("a bitmap of {x}, as the first argument")));
    }
    Ok(x)
}

fn test(b: &Bind<'_>, of: fn(&[u64], &[u64]) -> bool) -> Result<Bound> {
    pair(b)?;
    bound(Type::UInt8, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        let hits = (0..c.rows).map(|i| Ok(of(&read(x.at(i))?, &read(y.at(i))?))).collect::<Result<Vec<_>>>()?;
        Ok(bools(c.rows, |i| hits[i]))
    })
}

fn two(b: &Bind<'_>, of: fn(&[u64], &[u64]) -> Vec<u64>) -> Result<Bound> {
    let value = pair(b)?;
    bound(bitmap_type(value), move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        crate::args::map_str(c.rows, "bitmapAnd", |i, out| {
            write(&of(&read(x.at(i))?, &read(y.at(i))?), out);
            Ok(())
        })
    })
}

fn size(b: &Bind<'_>, of: fn(&[u64], &[u64]) -> Vec<u64>) -> Result<Bound> {
    pair(b)?;
    bound(Type::UInt64, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        Ok(u64_col((0..c.rows).map(|i| Ok(of(&read(x.at(i))?, &read(y.at(i))?).len() as u64)).collect::<Result<Vec<_>>>()?))
    })
}

fn and(x: &[u64], y: &[u64]) -> Vec<u64> {
    x.iter().copied().filter(|v| y.binary_search(v).is_ok()).collect()
}
fn and_not(x: &[u64], y: &[u64]) -> Vec<u64> {
    x.iter().copied().filter(|v| y.binary_search(v).is_err()).collect()
}
fn or(x: &[u64], y: &[u64]) -> Vec<u64> {
    let mut out = [x, y].concat();
    out.sort_unstable();
    out.dedup();
    out
}
fn xor(x: &[u64], y: &[u64]) -> Vec<u64> {
    or(&and_not(x, y), &and_not(y, x))
}

fn cut(b: &Bind<'_>, of: fn(Vec<u64>, u64, u64) -> Vec<u64>) -> Result<Bound> {
    b.arity(3, 3)?;
    value_type(b, 0)?;
    b.integer(1)?;
    b.integer(2)?;
    bound(b.ty(0).clone(), move |c| {
        let (s, x, y) = (strs(c.col(0)), u64s(c.col(1)), u64s(c.col(2)));
        crate::args::map_str(c.rows, "bitmapSubset", |i, out| {
            write(&of(read(s.at(i))?, x.at(i), y.at(i)), out);
            Ok(())
        })
    })
}

fn transform(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    value_type(b, 0)?;
    b.array(1)?;
    b.array(2)?;
    bound(b.ty(0).clone(), |c| {
        let s = strs(c.col(0));
        let (from, to) = (arrays(c.col(1))?, arrays(c.col(2))?);
        let (x, y): (_, _) = (u64s(from.values), u64s(to.values));
        crate::args::map_str(c.rows, "bitmapTransform", |i, out| {
            let (p, q) = (from.at(i), to.at(i));
            if p.len() != q.len() {
                return Err(Error::new(types::codes::SIZES_OF_ARRAYS_DONT_MATCH, "Arrays of function bitmapTransform must have equal sizes"));
            }
            let mut v = read(s.at(i))?;
            for (a, b) in p.zip(q) {
                if let Ok(k) = v.binary_search(&x.at(a)) {
                    v.remove(k);
                    v = or(&v, &[y.at(b)]);
                }
            }
            write(&v, out);
            Ok(())
        })
    })
}

//! Functions on bitmaps, which are states of groupBitmap.

use crate::args::{array_column, arrays, bools, i64s, strs, u64_col, u64s};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::def::{FunctionDef, f};
use crate::lanes::{Lane, map};
use bitmaps::Bitmap;
use types::codes::INCORRECT_DATA;
use types::ty::AggregateType;
use types::{Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("bitmapBuild", "bitmapBuild(array)", "A bitmap of the integers of an array.", &[("bitmapCardinality(bitmapBuild([1, 2, 2]))", "2")], build),
    f("bitmapToArray", "bitmapToArray(bitmap)", "The values: up to 32 in the order they came in, more of them ascending.", &[("bitmapToArray(bitmapBuild([3, 1]))", "[3,1]")], to_array),
    f("bitmapCardinality", "bitmapCardinality(bitmap)", "Number of values.", &[("bitmapCardinality(bitmapBuild([3, 1]))", "2")], |b| one(b, |v, _| v.len())),
    f("bitmapMin", "bitmapMin(bitmap)", "The smallest value; the largest number of its width if there is none.", &[("bitmapMin(bitmapBuild([3, 1]))", "1")], |b| one(b, |v, width| v.min().unwrap_or(if width == 8 { u64::MAX } else { u64::from(u32::MAX) }))),
    f("bitmapMax", "bitmapMax(bitmap)", "The largest value.", &[("bitmapMax(bitmapBuild([3, 1]))", "3")], |b| one(b, |v, _| v.max().unwrap_or(0))),
    f("bitmapContains", "bitmapContains(bitmap, value)", "1 if the bitmap has the value.", &[("bitmapContains(bitmapBuild([3, 1]), 3)", "1")], contains),
    f("bitmapHasAny", "bitmapHasAny(a, b)", "1 if the bitmaps have a value in common.", &[("bitmapHasAny(bitmapBuild([1]), bitmapBuild([1, 2]))", "1")], |b| test(b, Bitmap::has_any)),
    f("bitmapHasAll", "bitmapHasAll(a, b)", "1 if the first bitmap has all values of the second.", &[("bitmapHasAll(bitmapBuild([1]), bitmapBuild([1, 2]))", "0")], |b| test(b, Bitmap::has_all)),
    f("bitmapAnd", "bitmapAnd(a, b)", "The values of both.", &[("bitmapToArray(bitmapAnd(bitmapBuild([1, 2]), bitmapBuild([2, 3])))", "[2]")], |b| two(b, Bitmap::intersect)),
    f("bitmapOr", "bitmapOr(a, b)", "The values of either.", &[("bitmapToArray(bitmapOr(bitmapBuild([1]), bitmapBuild([2])))", "[1,2]")], |b| two(b, Bitmap::union)),
    f("bitmapXor", "bitmapXor(a, b)", "The values of one only.", &[("bitmapToArray(bitmapXor(bitmapBuild([1, 2]), bitmapBuild([2, 3])))", "[1,3]")], |b| two(b, Bitmap::symmetric)),
    f("bitmapAndnot", "bitmapAndnot(a, b)", "The values of the first that are not in the second.", &[("bitmapToArray(bitmapAndnot(bitmapBuild([1, 2]), bitmapBuild([2, 3])))", "[1]")], |b| two(b, Bitmap::subtract)),
    f("bitmapAndCardinality", "bitmapAndCardinality(a, b)", "Number of values of both.", &[("bitmapAndCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "1")], |b| size(b, |_, _, both| both)),
    f("bitmapOrCardinality", "bitmapOrCardinality(a, b)", "Number of values of either.", &[("bitmapOrCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "3")], |b| size(b, |x, y, both| x + y - both)),
    f("bitmapXorCardinality", "bitmapXorCardinality(a, b)", "Number of values of one only.", &[("bitmapXorCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "2")], |b| size(b, |x, y, both| x + y - 2 * both)),
    f("bitmapAndnotCardinality", "bitmapAndnotCardinality(a, b)", "Number of values of the first that are not in the second.", &[("bitmapAndnotCardinality(bitmapBuild([1, 2]), bitmapBuild([2, 3]))", "1")], |b| size(b, |x, _, both| x - both)),
    f("bitmapSubsetInRange", "bitmapSubsetInRange(bitmap, from, to)", "The values from `from` up to but not including `to`.", &[("bitmapToArray(bitmapSubsetInRange(bitmapBuild([1, 2, 3]), 2, 3))", "[2]")], |b| cut(b, |v, x, y| v.in_range(x..y))),
    f("bitmapSubsetLimit", "bitmapSubsetLimit(bitmap, from, count)", "The first `count` values from `from` on.", &[("bitmapToArray(bitmapSubsetLimit(bitmapBuild([1, 2, 3]), 2, 1))", "[2]")], |b| cut(b, Bitmap::from_value)),
    f("subBitmap", "subBitmap(bitmap, offset, count)", "`count` values after the first `offset` ones.", &[("bitmapToArray(subBitmap(bitmapBuild([1, 2, 3]), 1, 1))", "[2]")], |b| cut(b, Bitmap::part)),
    f("bitmapTransform", "bitmapTransform(bitmap, from, to)", "Values of the array `from` replaced by those of `to` at the same place.", &[("bitmapToArray(bitmapTransform(bitmapBuild([1, 2]), [1], [9]))", "[2,9]")], transform),
];

/// Bitmaps of an argument, row by row.
struct Maps<'a> {
    bytes: crate::args::Strs<'a>,
    width: usize,
    /// read once
    constant: Option<Bitmap>,
}

impl<'a> Maps<'a> {
    fn new(c: &'a Column, width: usize) -> Result<Self> {
        let bytes = strs(c);
        let constant = bytes.as_const().map(|s| read(s, width)).transpose()?;
        Ok(Maps { bytes, width, constant })
    }
    fn at(&self, row: usize) -> Result<std::borrow::Cow<'_, Bitmap>> {
        match &self.constant {
            Some(map) => Ok(std::borrow::Cow::Borrowed(map)),
            None => Ok(std::borrow::Cow::Owned(read(self.bytes.at(row), self.width)?)),
        }
    }
}

fn read(bytes: &[u8], width: usize) -> Result<Bitmap> {
    Bitmap::read(bytes, width).map_err(|_| Error::new(INCORRECT_DATA, "A bitmap state is damaged"))
}

/// The integer type of the values of argument `i`.
fn value_type(b: &Bind<'_>, i: usize) -> Result<Type> {
    match b.ty(i) {
        Type::AggregateFunction(a) if a.name == "groupBitmap" => Ok(a.args.first().cloned().unwrap_or(Type::UInt64)),
        _ => Err(b.illegal(i, "a bitmap (a state of groupBitmap)")),
    }
}

/// Bytes of a value.
fn width_of(value: &Type) -> usize {
    value.int_bits().map_or(8, |(bits, _)| (bits as usize / 8).min(8))
}

fn bitmap_type(value: Type) -> Type {
    Type::AggregateFunction(std::sync::Arc::new(AggregateType { name: "groupBitmap".into(), params: Vec::new(), args: vec![value] }))
}

fn build(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let element = b.array(0)?.clone();
    let value = if element == Type::Nothing { Type::UInt8 } else { element.clone() };
    if value.int_bits().is_none_or(|x| x.0 > 64) {
        return Err(b.illegal(0, "Array of integers of at most 64 bits"));
    }
    let width = width_of(&value);
    let mask = u64::MAX >> (64 - 8 * width);
    bound(bitmap_type(value), move |c| {
        let a = arrays(c.col(0))?;
        let v = i64s(a.values);
        crate::args::map_str(c.rows, "bitmapBuild", |i, out| {
            a.at(i).map(|k| v.at(k) as u64 & mask).collect::<Bitmap>().put(width, out);
            Ok(())
        })
    })
}

fn to_array(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let value = value_type(b, 0)?;
    let kernel = value.clone();
    bound(Type::array(value), move |c| {
        let maps = Maps::new(c.col(0), width_of(&kernel))?;
        let (mut offsets, mut v) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            let map = maps.at(i)?;
            crate::arrays::check_elements(v.len().saturating_add(map.len() as usize))?;
            v.extend(map.iter());
            offsets.push(v.len() as u32);
        }
        let n = v.len();
        let wide = u64_col(v);
        Ok(array_column(offsets, crate::with_lane!(&kernel, R => R::column(map::<R, R>(&wide, n, |x| x)), wide)))
    })
}

/// A number of each bitmap.
fn one(b: &Bind<'_>, of: fn(&Bitmap, usize) -> u64) -> Result<Bound> {
    b.arity(1, 1)?;
    let width = width_of(&value_type(b, 0)?);
    bound(Type::UInt64, move |c| {
        let maps = Maps::new(c.col(0), width)?;
        Ok(u64_col((0..c.rows).map(|i| Ok(of(&*maps.at(i)?, width))).collect::<Result<Vec<_>>>()?))
    })
}

fn contains(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let width = width_of(&value_type(b, 0)?);
    b.integer(1)?;
    bound(Type::UInt8, move |c| {
        let (maps, v) = (Maps::new(c.col(0), width)?, u64s(c.col(1)));
        let hits = (0..c.rows).map(|i| Ok(maps.at(i)?.contains(v.at(i)))).collect::<Result<Vec<_>>>()?;
        Ok(bools(c.rows, |i| hits[i]))
    })
}

/// Two bitmaps of values of one width.
fn pair(b: &Bind<'_>) -> Result<usize> {
    b.arity(2, 2)?;
    let (x, y) = (value_type(b, 0)?, value_type(b, 1)?);
    if x.int_bits() != y.int_bits() {
        return Err(b.illegal(1, &format!("a bitmap of {x}, as the first argument")));
    }
    Ok(width_of(&x))
}

fn both<'a>(c: &Ctx<'a>, width: usize) -> Result<(Maps<'a>, Maps<'a>)> {
    Ok((Maps::new(c.col(0), width)?, Maps::new(c.col(1), width)?))
}

fn test(b: &Bind<'_>, of: fn(&Bitmap, &Bitmap) -> bool) -> Result<Bound> {
    let width = pair(b)?;
    bound(Type::UInt8, move |c| {
        let (x, y) = both(c, width)?;
        let hits = (0..c.rows).map(|i| Ok(of(&*x.at(i)?, &*y.at(i)?))).collect::<Result<Vec<_>>>()?;
        Ok(bools(c.rows, |i| hits[i]))
    })
}

fn two(b: &Bind<'_>, change: fn(&mut Bitmap, &Bitmap)) -> Result<Bound> {
    let width = pair(b)?;
    bound(b.ty(0).clone(), move |c| {
        let (x, y) = both(c, width)?;
        crate::args::map_str(c.rows, "bitmapAnd", |i, out| {
            let mut map = x.at(i)?.into_owned();
            change(&mut map, &*y.at(i)?);
            map.put(width, out);
            Ok(())
        })
    })
}

/// A number from both sizes and how many values they share.
fn size(b: &Bind<'_>, of: fn(u64, u64, u64) -> u64) -> Result<Bound> {
    let width = pair(b)?;
    bound(Type::UInt64, move |c| {
        let (x, y) = both(c, width)?;
        let sizes = (0..c.rows).map(|i| {
            let (x, y) = (x.at(i)?, y.at(i)?);
            Ok(of(x.len(), y.len(), x.common(&y)))
        });
        Ok(u64_col(sizes.collect::<Result<Vec<_>>>()?))
    })
}

fn cut(b: &Bind<'_>, of: fn(&Bitmap, u64, u64) -> Bitmap) -> Result<Bound> {
    b.arity(3, 3)?;
    let width = width_of(&value_type(b, 0)?);
    b.integer(1)?;
    b.integer(2)?;
    bound(b.ty(0).clone(), move |c| {
        let (maps, x, y) = (Maps::new(c.col(0), width)?, u64s(c.col(1)), u64s(c.col(2)));
        crate::args::map_str(c.rows, "bitmapSubset", |i, out| {
            of(&*maps.at(i)?, x.at(i), y.at(i)).put(width, out);
            Ok(())
        })
    })
}

fn transform(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    let width = width_of(&value_type(b, 0)?);
    b.array(1)?;
    b.array(2)?;
    bound(b.ty(0).clone(), move |c| {
        let maps = Maps::new(c.col(0), width)?;
        let (from, to) = (arrays(c.col(1))?, arrays(c.col(2))?);
        let (x, y) = (u64s(from.values), u64s(to.values));
        crate::args::map_str(c.rows, "bitmapTransform", |i, out| {
            let (p, q) = (from.at(i), to.at(i));
            if p.len() != q.len() {
                return Err(Error::bad_arguments("Arrays of function bitmapTransform must have equal sizes"));
            }
            let mut map = maps.at(i)?.into_owned();
            map.make_large();
            for (a, b) in p.zip(q) {
                map.replace(x.at(a), y.at(b));
            }
            map.put(width, out);
            Ok(())
        })
    })
}

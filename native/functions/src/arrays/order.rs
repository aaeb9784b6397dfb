//! The first elements in order, elements in random order, and numbers of kinds over nested arrays.

use super::basic::need_array;
use super::{check_elements, elements, pick};
use crate::args::u64s;
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::random::Random;
use std::collections::HashMap;
use types::codes::{ARGUMENT_OUT_OF_BOUND, BAD_ARGUMENTS, SIZES_OF_ARRAYS_DONT_MATCH};
use types::compare::compare_rows;
use types::{Column, ColumnBuilder, Error, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("arrayShuffle", "arrayShuffle(array[, seed])", "The elements in random order.", &[("arraySort(arrayShuffle([3, 1, 2]))", "[1,2,3]")], |b| shuffle(b, false)).own_nulls().random(),
    f("arrayPartialShuffle", "arrayPartialShuffle(array[, limit[, seed]])", "The array with its first `limit` places filled from all at random.", &[("arraySort(arrayPartialShuffle([3, 1, 2], 1))", "[1,2,3]")], |b| shuffle(b, true)).own_nulls().random(),
    f("arrayRandomSample", "arrayRandomSample(array, n)", "n of the elements at random, each at most once.", &[("length(arrayRandomSample([1, 2, 3, 4], 2))", "2")], sample).own_nulls().random(),
    f("arrayTopK", "arrayTopK(k, array)", "The k largest elements, falling, without NULLs.", &[("arrayTopK(2, [1, 5, 3])", "[5,3]")], |b| top(b, true)).own_nulls(),
    f("arrayBottomK", "arrayBottomK(k, array)", "The k smallest elements, rising, without NULLs.", &[("arrayBottomK(2, [4, 2, 9])", "[2,4]")], |b| top(b, false)).own_nulls(),
    f("arrayEnumerateUniqRanked", "arrayEnumerateUniqRanked([clear_depth, ]array[, depth], …)", "How many-th of its kind each element of nested arrays is.", &[("arrayEnumerateUniqRanked([[1, 2, 1], [2, 2]])", "[[1,1,2],[2,3]]")], |b| ranked(b, true)).own_nulls(),
    f("arrayEnumerateDenseRanked", "arrayEnumerateDenseRanked([clear_depth, ]array[, depth], …)", "Number of the kind of each element of nested arrays.", &[("arrayEnumerateDenseRanked([[1, 2, 1], [2, 3]])", "[[1,2,1],[2,3]]")], |b| ranked(b, false)).own_nulls(),
];

fn shuffle(b: &Bind<'_>, partial: bool) -> Result<Bound> {
    b.arity(1, if partial { 3 } else { 2 })?;
    need_array(b, 0)?;
    for i in 1..b.len() {
        b.integer(i)?;
    }
    let limit = if partial && b.len() > 1 { usize::try_from(b.const_int(1)?).unwrap_or(0) } else { 0 };
    let at = if partial { 2 } else { 1 };
    let seed = if b.len() > at { Some(b.const_int(at)? as u64) } else { None };
    bound(b.ty(0).clone(), move |c| {
        let mut random = seed.map_or_else(Random::new, Random::seeded);
        pick(c.col(0), c.rows, |_, r, out| {
            let start = out.len();
            out.extend(r.map(|k| k as u32));
            let n = out.len() - start;
            let until = if limit == 0 || limit > n { n } else { limit };
            for i in 0..until {
                let other = i + (random.next() % (n - i) as u64) as usize;
                out.swap(start + i, start + other);
            }
        })
    })
}

fn sample(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    need_array(b, 0)?;
    if !matches!(b.ty(1).int_bits(), Some((_, false))) {
        return Err(b.illegal(1, "an unsigned integer"));
    }
    bound(b.ty(0).clone(), |c| {
        let n = u64s(c.col(1));
        let mut random = Random::new();
        pick(c.col(0), c.rows, |i, r, out| {
            let mut all: Vec<u32> = r.map(|k| k as u32).collect();
            let take = (n.at(i) as usize).min(all.len());
            for k in 0..take {
                let other = k + (random.next() % (all.len() - k) as u64) as usize;
                all.swap(k, other);
            }
            out.extend(&all[..take]);
        })
    })
}

/// The `k` largest (or smallest) elements that are not NULL, in order.
fn top(b: &Bind<'_>, largest: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.integer(0)?;
    let inner = need_array(b, 1)?;
    let plain = match &inner {
        Type::Nullable(t) => t.as_ref().clone(),
        t => t.clone(),
    };
    bound(Type::array(plain), move |c| {
        let k = crate::args::i64s(c.col(0));
        if (0..c.rows).any(|i| k.at(i) < 0) {
            return Err(Error::new(BAD_ARGUMENTS, "The number of elements of functions arrayTopK and arrayBottomK must not be negative"));
        }
        let e = elements(c.col(1), c.rows)?;
        let values = e.values.flat();
        let mut offsets = vec![0u32];
        let mut at: Vec<u32> = Vec::new();
        for i in 0..c.rows {
            let mut row: Vec<u32> = (e.offsets[i]..e.offsets[i + 1]).filter(|p| !values.is_null(*p as usize)).collect();
            row.sort_by(|x, y| {
                let o = compare_rows(&values, *x as usize, &values, *y as usize);
                if largest { o.reverse() } else { o }
            });
            row.truncate(k.at(i) as usize);
            at.extend(row);
            offsets.push(at.len() as u32);
        }
        Ok(crate::args::array_column(offsets, crate::call::without_nulls(&values.gather(&at))))
    })
}

/// An array argument and how deep its elements are looked at.
struct Ranked {
    argument: usize,
    depth: usize,
}

fn dimensions(t: &Type) -> usize {
    if let Type::Array(i) = t { 1 + dimensions(i) } else { 0 }
}

fn ranked(b: &Bind<'_>, uniq: bool) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let depth_error = |what: &str| Error::new(BAD_ARGUMENTS, format!("{what} of function {} must be a constant between 1 and the number of dimensions", b.name));
    let mut clear = 1;
    let mut list: Vec<Ranked> = Vec::new();
    let mut was_depth = false;
    for i in 0..b.len() {
        let dims = dimensions(b.ty(i));
        if dims > 0 {
            list.push(Ranked { argument: i, depth: dims });
            was_depth = false;
            continue;
        }
        let n = b.const_int(i)?;
        if i == 0 {
            clear = usize::try_from(n).ok().filter(|n| *n >= 1).ok_or_else(|| depth_error("The clear depth"))?;
            continue;
        }
        let last = list.last_mut().filter(|_| !was_depth).ok_or_else(|| Error::new(BAD_ARGUMENTS, format!("Function {} takes arrays, each with a depth behind it if need be", b.name)))?;
        last.depth = usize::try_from(n).ok().filter(|n| *n >= 1 && *n <= last.depth).ok_or_else(|| depth_error("A depth"))?;
        was_depth = true;
    }
    let depth = list.iter().map(|r| r.depth).max().ok_or_else(|| b.illegal(0, "Array"))?;
    if clear > depth {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("The clear depth of function {} must not exceed the largest depth, {depth}", b.name)));
    }
    let mut ty = Type::UInt32;
    for _ in 0..depth {
        ty = Type::array(ty);
    }
    let out = ty.clone();
    bound(ty, move |c| {
        let flat: Vec<(Column, usize)> = list.iter().map(|r| (c.col(r.argument).flat_deep(), r.depth)).collect();
        let mut build = ColumnBuilder::new(&out);
        let mut total = 0;
        for i in 0..c.rows {
            let values: Vec<(Scalar, usize)> = flat.iter().map(|(col, d)| (col.scalar(i), *d)).collect();
            let refs: Vec<(&Scalar, usize)> = values.iter().map(|(s, d)| (s, *d)).collect();
            let mut walk = Walk { seen: HashMap::new(), clear, uniq, count: 0 };
            let row = walk.level(&refs, 1, depth)?;
            total += walk.count;
            check_elements(total)?;
            build.push_scalar(&row);
        }
        Ok(build.finish())
    })
}

struct Walk {
    seen: HashMap<String, u32>,
    clear: usize,
    uniq: bool,
    count: usize,
}

impl Walk {
    /// Numbers of the elements of arrays that lie at `level`; those that end above it stay as they are.
    fn level(&mut self, arrays: &[(&Scalar, usize)], level: usize, depth: usize) -> Result<Scalar> {
        if level == self.clear {
            self.seen.clear();
        }
        let mut n = None;
        for (s, d) in arrays {
            if let (Scalar::Array(xs), true) = (s, *d >= level) {
                if n.is_some_and(|n| n != xs.len()) {
                    return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Lengths and effective depths of all arrays passed to arrayEnumerate…Ranked must be equal"));
                }
                n = Some(xs.len());
            }
        }
        let mut out = Vec::new();
        for k in 0..n.unwrap_or(0) {
            let inner: Vec<(&Scalar, usize)> = arrays
                .iter()
                .map(|(s, d)| match s {
                    Scalar::Array(xs) if *d >= level => (&xs[k], *d),
                    _ => (*s, *d),
                })
                .collect();
            self.count += 1;
            if level < depth {
                out.push(self.level(&inner, level + 1, depth)?);
                continue;
            }
            let key = format!("{inner:?}");
            let next = self.seen.len() as u32 + 1;
            let number = if self.uniq {
                let n = self.seen.entry(key).or_insert(0);
                *n += 1;
                *n
            } else {
                *self.seen.entry(key).or_insert(next)
            };
            out.push(Scalar::Int(number.into()));
        }
        Ok(Scalar::Array(out))
    }
}

//! Joining, cutting and rearranging arrays.

use super::{cast_elements, check_elements, common_element, elements, pick, stack};
use crate::args::{array_column, arrays, bools, gathered, i64s, u32_col};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use crate::supertype::common_type;
use std::collections::HashMap;
use types::codes::{BAD_ARGUMENTS, SIZES_OF_ARRAYS_DONT_MATCH, TOO_LARGE_ARRAY_SIZE};
use types::compare::compare_rows;
use types::{ArrayData, Column, ColumnBuilder, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("arrayConcat", "arrayConcat(a, b, …)", "Arrays one behind another.", &[("arrayConcat([1], [2, 3])", "[1,2,3]")], concat).own_nulls(),
    f("arrayReverse", "arrayReverse(array)", "The elements in reverse order.", &[("arrayReverse([1, 2])", "[2,1]")], reverse).own_nulls(),
    f("arrayPushBack", "arrayPushBack(array, x)", "The array with an element behind.", &[("arrayPushBack([1], 2)", "[1,2]")], |b| push(b, true)).own_nulls(),
    f("arrayPushFront", "arrayPushFront(array, x)", "The array with an element before.", &[("arrayPushFront([1], 2)", "[2,1]")], |b| push(b, false)).own_nulls(),
    f("arrayPopBack", "arrayPopBack(array)", "The array without its last element.", &[("arrayPopBack([1, 2])", "[1]")], |b| pop(b, true)).own_nulls(),
    f("arrayPopFront", "arrayPopFront(array)", "The array without its first element.", &[("arrayPopFront([1, 2])", "[2]")], |b| pop(b, false)).own_nulls(),
    f("arraySlice", "arraySlice(array, offset[, length])", "Elements from a place (1 is the first, negative from the end).", &[("arraySlice([1, 2, 3], 2)", "[2,3]")], slice).own_nulls(),
    f("arrayResize", "arrayResize(array, size[, extender])", "The array cut or filled up to a size (negative: at its start).", &[("arrayResize([1], 3)", "[1,0,0]")], resize).own_nulls(),
    f("arrayFlatten", "arrayFlatten(array)", "Arrays in arrays made one.", &[("arrayFlatten([[1], [2, 3]])", "[1,2,3]")], flatten).own_nulls().alias(&["flatten"]),
    f("arrayZip", "arrayZip(a, b, …)", "An array of tuples of the elements at the same places.", &[("arrayZip([1, 2], ['a', 'b'])", "[(1,'a'),(2,'b')]")], |b| zip(b, false)).own_nulls(),
    f("arrayZipUnaligned", "arrayZipUnaligned(a, b, …)", "As arrayZip, NULLs where an array is shorter.", &[("arrayZipUnaligned([1], [2, 3])", "[(1,2),(NULL,3)]")], |b| zip(b, true)).own_nulls(),
    f("arrayEnumerate", "arrayEnumerate(array)", "1, 2, … as many as there are elements.", &[("arrayEnumerate(['a', 'b'])", "[1,2]")], enumerate).own_nulls(),
    f("arrayEnumerateUniq", "arrayEnumerateUniq(array, …)", "How many-th of its kind each element is.", &[("arrayEnumerateUniq([1, 1, 2])", "[1,2,1]")], |b| numbering(b, true)).own_nulls(),
    f("arrayEnumerateDense", "arrayEnumerateDense(array, …)", "Number of each element's kind, in order of appearance.", &[("arrayEnumerateDense([10, 20, 10])", "[1,2,1]")], |b| numbering(b, false)).own_nulls(),
    f("arrayRotateLeft", "arrayRotateLeft(array, n)", "Elements moved n places to the left, around the end.", &[("arrayRotateLeft([1, 2, 3], 1)", "[2,3,1]")], |b| rotate(b, true)).own_nulls(),
    f("arrayRotateRight", "arrayRotateRight(array, n)", "Elements moved n places to the right, around the end.", &[("arrayRotateRight([1, 2, 3], 1)", "[3,1,2]")], |b| rotate(b, false)).own_nulls(),
    f("arrayShiftLeft", "arrayShiftLeft(array, n[, fill])", "Elements moved n places to the left; the default or `fill` comes in.", &[("arrayShiftLeft([1, 2, 3], 1)", "[2,3,0]")], |b| shift(b, true)).own_nulls(),
    f("arrayShiftRight", "arrayShiftRight(array, n[, fill])", "Elements moved n places to the right; the default or `fill` comes in.", &[("arrayShiftRight([1, 2, 3], 1)", "[0,1,2]")], |b| shift(b, false)).own_nulls(),
    f("arrayShingles", "arrayShingles(array, n)", "All runs of n elements.", &[("arrayShingles([1, 2, 3], 2)", "[[1,2],[2,3]]")], shingles).own_nulls(),
    f("arrayTranspose", "arrayTranspose(array)", "Rows and columns of an array of arrays exchanged.", &[("arrayTranspose([[1, 2], [3, 4]])", "[[1,3],[2,4]]")], transpose).own_nulls(),
    f("emptyArrayToSingle", "emptyArrayToSingle(array)", "An empty array becomes one default element.", &[("emptyArrayToSingle([])", "[NULL]")], to_single).own_nulls(),
    f("arrayRemove", "arrayRemove(array, x)", "The array without elements equal to x.", &[("arrayRemove([1, 2, 1], 1)", "[2]")], remove).own_nulls().alias_ci(&["array_remove"]),
];

pub fn need_array(b: &Bind<'_>, i: usize) -> Result<Type> {
    match b.ty(i) {
        Type::Array(t) => Ok(t.as_ref().clone()),
        _ => Err(b.illegal(i, "Array")),
    }
}

pub fn concat(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    for i in 0..b.len() {
        need_array(b, i)?;
    }
    let types = b.types();
    let element = common_element(&types.iter().collect::<Vec<_>>())?;
    let kernel = element.clone();
    bound(Type::array(element), move |c| {
        let columns = (0..types.len()).map(|i| cast(c.col(i), &types[i], &Type::array(kernel.clone()), CastMode::Sql, c.session)).collect::<Result<Vec<_>>>()?;
        let parts = columns.iter().map(arrays).collect::<Result<Vec<_>>>()?;
        let total: usize = (0..c.rows).map(|i| parts.iter().map(|p| p.at(i).len()).sum::<usize>()).sum();
        check_elements(total)?;
        let mut base = Vec::new();
        let mut at_base = 0u32;
        for p in &parts {
            base.push(at_base);
            at_base += p.values.len() as u32;
        }
        let all = stack(&kernel, &parts.iter().map(|p| p.values).collect::<Vec<_>>());
        let mut offsets = vec![0u32];
        let mut at = Vec::with_capacity(total);
        for i in 0..c.rows {
            for (p, b) in parts.iter().zip(&base) {
                at.extend(p.at(i).map(|k| b + k as u32));
            }
            offsets.push(at.len() as u32);
        }
        let out = all.gather(&at);
        crate::args::check_bytes("arrayConcat", out.bytes())?;
        Ok(array_column(offsets, out))
    })
}

pub fn reverse(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    need_array(b, 0)?;
    bound(b.ty(0).clone(), |c| pick(c.col(0), c.rows, |_, r, at| at.extend(r.rev().map(|k| k as u32))))
}

/// startsWith and endsWith of arrays.
pub fn edge(b: &Bind<'_>, start: bool) -> Result<Bound> {
    let types = b.types();
    let element = common_element(&[&types[0], &types[1]])?;
    bound(Type::UInt8, move |c| {
        let to = Type::array(element.clone());
        let (x, y) = (cast(c.col(0), &types[0], &to, CastMode::Sql, c.session)?, cast(c.col(1), &types[1], &to, CastMode::Sql, c.session)?);
        let (p, q) = (arrays(&x)?, arrays(&y)?);
        Ok(bools(c.rows, |i| {
            let (r, s) = (p.at(i), q.at(i));
            if s.len() > r.len() {
                return false;
            }
            let from = if start { r.start } else { r.end - s.len() };
            s.clone().enumerate().all(|(k, j)| compare_rows(p.values, from + k, q.values, j).is_eq())
        }))
    })
}

fn push(b: &Bind<'_>, back: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    let from = need_array(b, 0)?;
    let other = b.ty(1).clone();
    let element = common_type(&[from.clone(), other.clone()])?;
    let kernel = element.clone();
    bound(Type::array(element), move |c| {
        let list = cast_elements(c.col(0), &from, &kernel, c.session)?;
        let one = cast(c.col(1), &other, &kernel, CastMode::Sql, c.session)?;
        let a = arrays(&list)?;
        let n = a.values.len() as u32;
        let all = stack(&kernel, &[a.values, &one]);
        let mut offsets = vec![0u32];
        let mut at = Vec::new();
        for i in 0..c.rows {
            if !back {
                at.push(n + i as u32);
            }
            at.extend(a.at(i).map(|k| k as u32));
            if back {
                at.push(n + i as u32);
            }
            offsets.push(at.len() as u32);
        }
        check_elements(at.len())?;
        Ok(array_column(offsets, all.gather(&at)))
    })
}

fn pop(b: &Bind<'_>, back: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    need_array(b, 0)?;
    bound(b.ty(0).clone(), move |c| {
        pick(c.col(0), c.rows, |_, r, at| {
            let r = if r.is_empty() { r } else if back { r.start..r.end - 1 } else { r.start + 1..r.end };
            at.extend(r.map(|k| k as u32));
        })
    })
}

fn slice(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    need_array(b, 0)?;
    for i in 1..b.len() {
        let base = b.ty(i).base();
        if !(base.is_integer() || *base == Type::Nothing) {
            return Err(b.illegal(i, "an integer"));
        }
    }
    let has_length = b.len() == 3;
    bound(b.ty(0).clone(), move |c| {
        let o = i64s(c.col(1));
        let l = has_length.then(|| i64s(c.col(2)));
        let (on, ln) = (c.col(1).null_mask(), if has_length { c.col(2).null_mask() } else { None });
        pick(c.col(0), c.rows, |i, r, at| {
            let n = r.len() as i64;
            let offset = if on.as_ref().is_some_and(|m| m.get(i)) { 1 } else { o.at(i) };
            let length = l.as_ref().filter(|_| !ln.as_ref().is_some_and(|m| m.get(i))).map(|l| l.at(i));
            let start = if offset > 0 { offset - 1 } else if offset < 0 { n.saturating_add(offset) } else { return };
            let end = match length {
                None => n,
                Some(l) if l < 0 => n.saturating_add(l),
                Some(l) => start.saturating_add(l),
            };
            let (start, end) = (start.clamp(0, n), end.clamp(0, n));
            if start < end {
                at.extend((r.start + start as usize..r.start + end as usize).map(|k| k as u32));
            }
        })
    })
}

fn resize(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    let from = need_array(b, 0)?;
    b.integer(1)?;
    let element = if b.len() == 3 { common_type(&[from.clone(), b.ty(2).clone()])? } else { from.clone() };
    let filler = (b.len() == 3).then(|| b.ty(2).clone());
    let kernel = element.clone();
    bound(Type::array(element), move |c| {
        let list = cast_elements(c.col(0), &from, &kernel, c.session)?;
        let fill = match &filler {
            Some(t) => cast(c.col(2), t, &kernel, CastMode::Sql, c.session)?,
            None => Column::default_of(&kernel, c.rows),
        };
        let a = arrays(&list)?;
        let base = a.values.len() as u32;
        let all = stack(&kernel, &[a.values, &fill]);
        let n = i64s(c.col(1));
        let mut offsets = vec![0u32];
        let mut at: Vec<u32> = Vec::new();
        for i in 0..c.rows {
            let want = n.at(i).unsigned_abs() as usize;
            if want > 1 << 30 {
                return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("Too large array size: {want}")));
            }
            check_elements(at.len() + want)?;
            let r = a.at(i);
            let have = r.len().min(want);
            if n.at(i) >= 0 {
                at.extend((r.start..r.start + have).map(|k| k as u32));
                at.resize(at.len() + want - have, base + i as u32);
            } else {
                at.resize(at.len() + want - have, base + i as u32);
                at.extend((r.end - have..r.end).map(|k| k as u32));
            }
            offsets.push(at.len() as u32);
        }
        Ok(array_column(offsets, gathered(&all, &at)?))
    })
}

fn flatten(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let mut element = need_array(b, 0)?;
    let mut depth = 0;
    while let Type::Array(i) = element {
        element = i.as_ref().clone();
        depth += 1;
    }
    bound(Type::array(element), move |c| {
        let mut col = c.col(0).flat();
        for _ in 0..depth {
            let Data::Array(outer) = &col.data else { return Err(Error::internal("array expected")) };
            let Data::Array(inner) = &outer.values.data else {
                // Only empty arrays inside.
                break;
            };
            let offsets: Vec<u32> = outer.offsets.iter().map(|o| inner.offsets[*o as usize]).collect();
            col = Data::Array(ArrayData { offsets: offsets.into(), values: inner.values.clone() }).into();
        }
        Ok(col)
    })
}

fn zip(b: &Bind<'_>, unaligned: bool) -> Result<Bound> {
    let mut inner = Vec::new();
    for i in 0..b.len() {
        inner.push(need_array(b, i)?);
    }
    let name = b.name.to_string();
    let wrapped: Vec<Type> = if unaligned { inner.iter().map(|t| Type::nullable(t.clone())).collect() } else { inner.clone() };
    if b.is_empty() {
        return bound(Type::array(Type::tuple(vec![])), |c| Ok(array_column(vec![0; c.rows + 1], Data::Tuple(Vec::new().into(), 0).into())));
    }
    bound(Type::array(Type::tuple(wrapped.clone())), move |c| {
        let parts = (0..inner.len()).map(|i| arrays(c.col(i))).collect::<Result<Vec<_>>>()?;
        let mut offsets = vec![0u32];
        let mut at: Vec<Vec<u32>> = vec![Vec::new(); parts.len()];
        let mut total = 0;
        for i in 0..c.rows {
            let n = parts.iter().map(|p| p.at(i).len()).max().unwrap_or(0);
            for (p, a) in parts.iter().zip(&mut at) {
                let r = p.at(i);
                if r.len() != n && !unaligned {
                    return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, format!("Arrays of function {name} must have equal sizes")));
                }
                let missing = n - r.len();
                a.extend(r.map(|k| k as u32));
                a.resize(a.len() + missing, p.values.len() as u32);
            }
            total += n;
            check_elements(total)?;
            offsets.push(total as u32);
        }
        let columns = parts
            .iter()
            .zip(&at)
            .zip(&wrapped)
            .map(|((p, a), t)| {
                if !unaligned {
                    return p.values.gather(a);
                }
                let mut s = ColumnBuilder::new(t);
                s.append_column(p.values);
                s.push_default(1);
                s.finish().gather(a)
            })
            .collect::<Vec<_>>();
        Ok(array_column(offsets, Data::Tuple(columns.into(), total).into()))
    })
}

fn enumerate(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    need_array(b, 0)?;
    bound(Type::array(Type::UInt32), |c| {
        let a = arrays(c.col(0))?;
        let mut offsets = vec![0u32];
        let mut v = Vec::new();
        for i in 0..c.rows {
            v.extend(1..=a.at(i).len() as u32);
            offsets.push(v.len() as u32);
        }
        Ok(array_column(offsets, u32_col(v)))
    })
}

/// Hash of every element of several arrays at the same place.
pub fn element_hashes(values: &[&Column]) -> Vec<u64> {
    let mut hashes = vec![0u64; values.first().map_or(0, |v| v.len())];
    values.iter().for_each(|v| types::compare::hash_column(v, &mut hashes));
    hashes
}

fn numbering(b: &Bind<'_>, uniq: bool) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    for i in 0..b.len() {
        need_array(b, i)?;
    }
    bound(Type::array(Type::UInt32), move |c| {
        let parts = (0..c.len()).map(|i| elements(c.col(i), c.rows)).collect::<Result<Vec<_>>>()?;
        if parts.iter().any(|p| p.offsets != parts[0].offsets) {
            return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Lengths of all arrays must be equal"));
        }
        let values: Vec<&Column> = parts.iter().map(|p| &p.values).collect();
        let hashes = element_hashes(&values);
        let mut v = Vec::with_capacity(hashes.len());
        for w in parts[0].offsets.windows(2) {
            let mut seen: HashMap<u64, u32> = HashMap::new();
            for k in w[0] as usize..w[1] as usize {
                let next = seen.len() as u32 + 1;
                if uniq {
                    let n = seen.entry(hashes[k]).or_insert(0);
                    *n += 1;
                    v.push(*n);
                } else {
                    v.push(*seen.entry(hashes[k]).or_insert(next));
                }
            }
        }
        Ok(array_column(parts[0].offsets.clone(), u32_col(v)))
    })
}

fn rotate(b: &Bind<'_>, left: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    need_array(b, 0)?;
    b.integer(1)?;
    bound(b.ty(0).clone(), move |c| {
        let n = i64s(c.col(1));
        pick(c.col(0), c.rows, |i, r, at| {
            if r.is_empty() {
                return;
            }
            let k = if left { n.at(i) } else { n.at(i).wrapping_neg() }.rem_euclid(r.len() as i64) as usize;
            at.extend((r.start + k..r.end).chain(r.start..r.start + k).map(|x| x as u32));
        })
    })
}

fn shift(b: &Bind<'_>, left: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    let from = need_array(b, 0)?;
    b.integer(1)?;
    let element = if b.len() == 3 { common_type(&[from.clone(), b.ty(2).clone()])? } else { from.clone() };
    let filler = (b.len() == 3).then(|| b.ty(2).clone());
    let kernel = element.clone();
    bound(Type::array(element), move |c| {
        let list = cast_elements(c.col(0), &from, &kernel, c.session)?;
        let fill = match &filler {
            Some(t) => cast(c.col(2), t, &kernel, CastMode::Sql, c.session)?,
            None => Column::default_of(&kernel, c.rows),
        };
        let a = arrays(&list)?;
        let base = a.values.len() as u32;
        let all = stack(&kernel, &[a.values, &fill]);
        let n = i64s(c.col(1));
        let mut offsets = vec![0u32];
        let mut at: Vec<u32> = Vec::new();
        for i in 0..c.rows {
            let r = a.at(i);
            let k = if left { n.at(i) } else { n.at(i).saturating_neg() };
            for p in 0..r.len() as i64 {
                let q = p.saturating_add(k);
                at.push(if q >= 0 && q < r.len() as i64 { (r.start as i64 + q) as u32 } else { base + i as u32 });
            }
            offsets.push(at.len() as u32);
        }
        Ok(array_column(offsets, all.gather(&at)))
    })
}

fn shingles(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    need_array(b, 0)?;
    b.integer(1)?;
    bound(Type::array(b.ty(0).clone()), |c| {
        let a = arrays(c.col(0))?;
        let n = i64s(c.col(1));
        let (mut offsets, mut inner, mut at) = (vec![0u32], vec![0u32], Vec::new());
        for i in 0..c.rows {
            let (r, k) = (a.at(i), n.at(i));
            if k < 1 || k > r.len() as i64 {
                return Err(Error::new(BAD_ARGUMENTS, "Shingle argument of function arrayShingles must be a positive integer and not larger than the array"));
            }
            for s in r.start..=r.end - k as usize {
                at.extend((s..s + k as usize).map(|x| x as u32));
                inner.push(at.len() as u32);
            }
            check_elements(at.len())?;
            offsets.push(inner.len() as u32 - 1);
        }
        Ok(array_column(offsets, array_column(inner, a.values.gather(&at))))
    })
}

fn transpose(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if !matches!(need_array(b, 0)?, Type::Array(_)) {
        return Err(b.illegal(0, "Array of arrays"));
    }
    bound(b.ty(0).clone(), |c| {
        let flat = c.col(0).flat();
        let a = arrays(&flat)?;
        let inside = a.values.flat();
        let inner = arrays(&inside)?;
        let (mut offsets, mut sizes, mut at) = (vec![0u32], vec![0u32], Vec::new());
        for i in 0..c.rows {
            let rows = a.at(i);
            let width = rows.clone().next().map_or(0, |r| inner.at(r).len());
            if rows.clone().any(|r| inner.at(r).len() != width) {
                return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Arrays in function arrayTranspose must have equal sizes"));
            }
            for k in 0..width {
                at.extend(rows.clone().map(|r| (inner.at(r).start + k) as u32));
                sizes.push(at.len() as u32);
            }
            offsets.push(sizes.len() as u32 - 1);
        }
        Ok(array_column(offsets, array_column(sizes, inner.values.gather(&at))))
    })
}

fn to_single(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let element = need_array(b, 0)?;
    bound(b.ty(0).clone(), move |c| {
        let a = arrays(c.col(0))?;
        let one = Column::default_of(&element, 1).flat();
        let base = a.values.len() as u32;
        let all = stack(&element, &[a.values, &one]);
        let (mut offsets, mut at) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            let r = a.at(i);
            if r.is_empty() {
                at.push(base);
            }
            at.extend(r.map(|k| k as u32));
            offsets.push(at.len() as u32);
        }
        Ok(array_column(offsets, all.gather(&at)))
    })
}

fn remove(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let from = need_array(b, 0)?;
    let other = b.ty(1).clone();
    let common = common_type(&[from.clone(), other.clone()])?;
    bound(b.ty(0).clone(), move |c| {
        let list = cast_elements(c.col(0), &from, &common, c.session)?;
        let one = cast(c.col(1), &other, &common, CastMode::Sql, c.session)?;
        let a = arrays(&list)?;
        let values = a.values;
        pick(c.col(0), c.rows, |i, r, at| at.extend(r.filter(|&k| compare_rows(values, k, &one, i).is_ne()).map(|k| k as u32)))
    })
}

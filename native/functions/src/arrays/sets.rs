//! Arrays as sets: membership, distinct elements, intersections.

use super::basic::element_hashes;
use super::{cast_elements, common_element, elements, pick};
use crate::args::{array_column, arrays, bools, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::call::without_nulls;
use crate::cast::{CastMode, cast, strip_nullable};
use crate::def::{FunctionDef, f};
use crate::supertype::{common_type, least_type};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use types::codes::{CANNOT_CONVERT_TYPE, ILLEGAL_TYPE_OF_ARGUMENT, NO_COMMON_TYPE, SIZES_OF_ARRAYS_DONT_MATCH};
use types::compare::compare_rows;
use types::{Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("has", "has(array, x)", "1 if an element (or a map's key) equals x.", &[("has([1, 2], 2)", "1")], |b| find(b, Find::Has)).own_nulls().plain(),
    f("indexOf", "indexOf(array, x)", "Place of the first element that equals x (1 = first), 0 if none does.", &[("indexOf([10, 20], 20)", "2")], |b| find(b, Find::Index)).own_nulls().plain(),
    f("indexOfAssumeSorted", "indexOfAssumeSorted(array, x)", "As indexOf for a sorted array.", &[("indexOfAssumeSorted([10, 20], 20)", "2")], |b| find(b, Find::Index)).own_nulls().plain(),
    f("countEqual", "countEqual(array, x)", "Number of elements that equal x.", &[("countEqual([1, 2, 1], 1)", "2")], |b| find(b, Find::Count)).own_nulls().plain(),
    f("hasAll", "hasAll(set, subset)", "1 if every element of the second array is in the first.", &[("hasAll([1, 2, 3], [3, 1])", "1")], |b| compare(b, Compare::All)).own_nulls(),
    f("hasAny", "hasAny(a, b)", "1 if the arrays have an element in common.", &[("hasAny([1], [2, 1])", "1")], |b| compare(b, Compare::Any)).own_nulls(),
    f("hasSubstr", "hasSubstr(array, part)", "1 if the second array's elements stand one after another in the first.", &[("hasSubstr([1, 2, 3], [2, 3])", "1")], |b| compare(b, Compare::Run)).own_nulls(),
    f("arrayDistinct", "arrayDistinct(array)", "The distinct elements that are not NULL, in order of appearance.", &[("arrayDistinct([1, 2, 1])", "[1,2]")], distinct).own_nulls(),
    f("arrayUniq", "arrayUniq(array, …)", "Number of distinct elements (tuples of elements at the same place).", &[("arrayUniq([1, 2, 1])", "2")], uniq).own_nulls(),
    f("arrayIntersect", "arrayIntersect(a, b, …)", "Distinct elements that all arrays have.", &[("arrayIntersect([1, 2], [2, 3])", "[2]")], |b| combine(b, Set::Intersect)).own_nulls(),
    f("arrayUnion", "arrayUnion(a, b, …)", "Distinct elements that any array has.", &[("arraySort(arrayUnion([1], [2]))", "[1,2]")], |b| combine(b, Set::Union)).own_nulls(),
    f("arraySymmetricDifference", "arraySymmetricDifference(a, b, …)", "Distinct elements that not all arrays have.", &[("arraySort(arraySymmetricDifference([1, 2], [2, 3]))", "[1,3]")], |b| combine(b, Set::Symmetric)).own_nulls(),
    f("arrayExcept", "arrayExcept(a, b)", "Elements of the first array that are not in the second.", &[("arrayExcept([1, 2, 3], [2])", "[1,3]")], except).own_nulls(),
    f("arrayJaccardIndex", "arrayJaccardIndex(a, b)", "Size of the intersection over the size of the union.", &[("arrayJaccardIndex([1, 2], [2, 3])", "0.3333333333333333")], jaccard).own_nulls(),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Find {
    Has,
    Index,
    Count,
}

fn find(b: &Bind<'_>, what: Find) -> Result<Bound> {
    b.arity(2, 2)?;
    let ty = if what == Find::Has { Type::UInt8 } else { Type::UInt64 };
    let (from, is_map) = match b.ty(0) {
        Type::Array(t) => (t.as_ref().clone(), false),
        Type::Map(kv) if what == Find::Has => (kv.0.clone(), true),
        _ => return Err(b.illegal(0, "Array")),
    };
    let other = b.ty(1).clone();
    // Enums meet numbers as the numbers they are.
    let number = |t: &Type, beside: &Type| if matches!(t.base(), Type::Enum8(_) | Type::Enum16(_)) && beside.base().is_number() { Type::nullable(Type::Int16) } else { t.clone() };
    let beside = [number(&from, &other), number(&other, &from)];
    // An element that cannot be compared is an error, as in equals.
    let common = common_type(&beside).or_else(|e| {
        let both = from.base().is_number() && other.base().is_number();
        let text = other.base().is_string() && !from.base().is_number();
        if both { Ok(Type::nullable(Type::Float64)) } else if text && from.base().is_date_or_time() { Ok(from.clone()) } else { Err(e) }
    })?;
    let nullable = Type::nullable(common.clone());
    bound(ty, move |c| {
        let list = if is_map {
            let flat = c.col(0).flat();
            let Data::Array(a) = &flat.data else { return Err(Error::internal("map expected")) };
            let keys = crate::args::tuple_columns(&a.values)?[0].flat();
            Data::Array(types::ArrayData { offsets: a.offsets.clone(), values: std::sync::Arc::new(keys) }).into()
        } else {
            c.col(0).clone()
        };
        let list = cast_elements(&list, &from, &common, c.session)?;
        let x = cast(c.col(1), &other, &nullable, CastMode::Sql, c.session)?;
        let a = arrays(&list)?;
        let same = |k: usize, i: usize| compare_rows(a.values, k, &x, i).is_eq();
        Ok(match what {
            Find::Has => bools(c.rows, |i| a.at(i).any(|k| same(k, i))),
            Find::Index => u64_col((0..c.rows).map(|i| a.at(i).position(|k| same(k, i)).map_or(0, |p| p as u64 + 1)).collect()),
            Find::Count => u64_col((0..c.rows).map(|i| a.at(i).filter(|&k| same(k, i)).count() as u64).collect()),
        })
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    All,
    Any,
    Run,
}

fn compare(b: &Bind<'_>, what: Compare) -> Result<Bound> {
    b.arity(2, 2)?;
    b.array(0)?;
    b.array(1)?;
    let types = b.types();
    let common = Type::array(common_element(&[&types[0], &types[1]])?);
    bound(Type::UInt8, move |c| {
        let x = cast(c.col(0), &types[0], &common, CastMode::Sql, c.session)?.flat();
        let y = cast(c.col(1), &types[1], &common, CastMode::Sql, c.session)?.flat();
        let (a, b) = (arrays(&x)?, arrays(&y)?);
        let (ha, hb) = (element_hashes(&[a.values]), element_hashes(&[b.values]));
        let same = |p: usize, q: usize| ha[p] == hb[q] && compare_rows(a.values, p, b.values, q).is_eq();
        Ok(bools(c.rows, |i| {
            let (r, s) = (a.at(i), b.at(i));
            match what {
                Compare::Run => s.len() <= r.len() && (r.start..=r.end - s.len()).any(|from| s.clone().enumerate().all(|(k, q)| same(from + k, q))),
                _ => {
                    let set: HashSet<u64> = r.map(|p| ha[p]).collect();
                    let mut other = s.map(|q| hb[q]);
                    if what == Compare::All { other.all(|h| set.contains(&h)) } else { other.any(|h| set.contains(&h)) }
                }
            }
        }))
    })
}

fn distinct(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let element = strip_nullable(b.array(0)?).clone();
    bound(Type::array(element), |c| {
        let a = arrays(c.col(0))?;
        let hashes = element_hashes(&[a.values]);
        let values = a.values;
        let kept = pick(c.col(0), c.rows, |_, r, at| {
            let mut seen = HashSet::new();
            at.extend(r.filter(|&k| !values.is_null(k) && seen.insert(hashes[k])).map(|k| k as u32));
        })?;
        // No NULL is left.
        Ok(match kept.data {
            Data::Array(a) => Data::Array(types::ArrayData { offsets: a.offsets, values: Arc::new(without_nulls(&a.values)) }).into(),
            data => data.into(),
        })
    })
}

fn uniq(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    for i in 0..b.len() {
        b.array(i)?;
    }
    bound(Type::UInt32, |c| {
        let parts = (0..c.len()).map(|i| elements(c.col(i), c.rows)).collect::<Result<Vec<_>>>()?;
        if parts.iter().any(|p| p.offsets != parts[0].offsets) {
            return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Lengths of all arrays must be equal"));
        }
        let hashes = element_hashes(&parts.iter().map(|p| &p.values).collect::<Vec<_>>());
        Ok(crate::args::u32_col(parts[0].offsets.windows(2).map(|w| hashes[w[0] as usize..w[1] as usize].iter().collect::<HashSet<_>>().len() as u32).collect()))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Intersect,
    Union,
    Symmetric,
}

fn combine(b: &Bind<'_>, set: Set) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    for i in 0..b.len() {
        b.array(i)?;
    }
    let types = b.types();
    let all: Vec<Type> = types.iter().map(|t| if let Type::Array(i) = t { i.as_ref().clone() } else { t.clone() }).collect();
    if set == Set::Intersect {
        if all.contains(&Type::Nothing) {
            return bound(Type::array(Type::Nothing), |c| Ok(array_column(vec![0; c.rows + 1], Data::Nothing(0).into())));
        }
        nothing_but_nulls(&all)?;
    }
    let kernel = match set {
        Set::Intersect => comparable_element(&all)?,
        _ => common_type(&all)?,
    };
    // what all arrays have fits the narrowest of them
    let element = if set == Set::Intersect { least_type(&all).unwrap_or_else(|| kernel.clone()) } else { kernel.clone() };
    let ty = Type::array(element);
    let answer = ty.clone();
    bound(ty, move |c| {
        let to = Type::array(kernel.clone());
        let columns = (0..types.len()).map(|i| Ok(cast(c.col(i), &types[i], &to, CastMode::Sql, c.session)?.flat())).collect::<Result<Vec<_>>>()?;
        let parts = columns.iter().map(arrays).collect::<Result<Vec<_>>>()?;
        let hashes: Vec<Vec<u64>> = parts.iter().map(|p| element_hashes(&[p.values])).collect();
        let mut base = vec![0u32];
        for p in &parts {
            base.push(base.last().copied().unwrap_or(0) + p.values.len() as u32);
        }
        let all = super::stack(&kernel, &parts.iter().map(|p| p.values).collect::<Vec<_>>());
        let (mut offsets, mut at) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            // hash → (first place, number of arrays that have it)
            let mut seen: HashMap<u64, (u32, usize, usize)> = HashMap::new();
            let mut order = Vec::new();
            for (k, p) in parts.iter().enumerate() {
                for e in p.at(i) {
                    let h = hashes[k][e];
                    match seen.get_mut(&h) {
                        Some(s) if s.2 != k => {
                            s.1 += 1;
                            s.2 = k;
                        }
                        Some(_) => {}
                        None => {
                            seen.insert(h, (base[k] + e as u32, 1, k));
                            order.push(h);
                        }
                    }
                }
            }
            for h in order {
                let (place, n, _) = seen[&h];
                let keep = match set {
                    Set::Intersect => n == parts.len(),
                    Set::Union => true,
                    Set::Symmetric => n < parts.len(),
                };
                if keep {
                    at.push(place);
                }
            }
            offsets.push(at.len() as u32);
        }
        cast(&array_column(offsets, all.gather(&at)), &to, &answer, CastMode::Sql, c.session)
    })
}

/// Refuses `[NULL, NULL]` beside an array of another type, as ClickHouse does: its elements are those of no type.
fn nothing_but_nulls(types: &[Type]) -> Result<()> {
    let null = Type::nullable(Type::Nothing);
    let Some(other) = types.iter().find(|t| **t != null).filter(|_| types.contains(&null)) else { return Ok(()) };
    let code = if other.is_nullable() { CANNOT_CONVERT_TYPE } else { NO_COMMON_TYPE };
    let text = format!("There is no intersection of an array of nothing but NULLs with one of {other}: give the NULLs a type, as in [NULL::Nullable({})]", other.base());
    Err(Error::new(code, text))
}

/// A type in which elements of all the arrays can be compared, also where none holds all their values.
fn comparable_element(types: &[Type]) -> Result<Type> {
    common_type(types).or_else(|e| {
        let base: Vec<&Type> = types.iter().map(Type::base).collect();
        let wide = if base.iter().all(|t| t.is_integer()) {
            Type::Int256
        } else if base.iter().all(|t| t.is_integer() || t.is_float()) {
            Type::Float64
        } else {
            return Err(e);
        };
        Ok(if types.iter().any(Type::is_nullable) { Type::nullable(wide) } else { wide })
    })
}

fn except(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.array(0)?;
    b.array(1)?;
    let types = b.types();
    let element = |t: &Type| if let Type::Array(e) = t { e.without_low_cardinality().base().clone() } else { t.clone() };
    let (x, y) = (element(&types[0]), element(&types[1]));
    if x != y && x != Type::Nothing && y != Type::Nothing {
        let text = format!("Function arrayExcept requires both arrays to have exactly the same element type, got {x} and {y}: cast one of them");
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, text));
    }
    let common = Type::array(common_element(&[&types[0], &types[1]])?);
    bound(types[0].clone(), move |c| {
        let x = cast(c.col(0), &types[0], &common, CastMode::Sql, c.session)?.flat();
        let y = cast(c.col(1), &types[1], &common, CastMode::Sql, c.session)?.flat();
        let (a, b) = (arrays(&x)?, arrays(&y)?);
        let (ha, hb) = (element_hashes(&[a.values]), element_hashes(&[b.values]));
        let flat = c.col(0).flat();
        pick(&flat, c.rows, |i, r, at| {
            let set: HashSet<u64> = b.at(i).map(|q| hb[q]).collect();
            let shift = a.at(i).start;
            let start = r.start;
            at.extend(r.filter(|k| !set.contains(&ha[shift + k - start])).map(|k| k as u32));
        })
    })
}

fn jaccard(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.array(0)?;
    b.array(1)?;
    let types = b.types();
    let common = Type::array(common_element(&[&types[0], &types[1]])?);
    bound(Type::Float64, move |c| {
        let x = cast(c.col(0), &types[0], &common, CastMode::Sql, c.session)?.flat();
        let y = cast(c.col(1), &types[1], &common, CastMode::Sql, c.session)?.flat();
        let (a, b) = (arrays(&x)?, arrays(&y)?);
        let (ha, hb) = (element_hashes(&[a.values]), element_hashes(&[b.values]));
        Ok(crate::args::f64_col(
            (0..c.rows)
                .map(|i| {
                    let p: HashSet<u64> = a.at(i).map(|k| ha[k]).collect();
                    let q: HashSet<u64> = b.at(i).map(|k| hb[k]).collect();
                    let both = p.intersection(&q).count() as f64;
                    both / (p.len() as f64 + q.len() as f64 - both)
                })
                .collect(),
        ))
    })
}

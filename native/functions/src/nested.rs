//! Making and taking apart tuples, arrays and maps.

use crate::args::{array_column, arrays, tuple_columns};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::call::{flatten, resolve};
use crate::def::{FunctionDef, f};
use crate::cast::strip_nullable;
use crate::supertype::common_type;
use std::sync::Arc;
use types::codes::{ARGUMENT_OUT_OF_BOUND, BAD_ARGUMENTS, ILLEGAL_COLUMN, NOT_FOUND_COLUMN_IN_BLOCK, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{Bitmap, Column, ColumnBuilder, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("tuple", "tuple(a, b, …)", "A tuple of the arguments.", &[("(1, 'a')", "(1,'a')")], tuple).own_nulls().own_lc(),
    f("tupleElement", "tupleElement(tuple, place_or_name[, default])", "Element of a tuple by its place (from 1, negative from the end) or name.", &[("tupleElement((1, 'a'), 2)", "a")], tuple_element).own_nulls().own_lc(),
    f("getSubcolumn", "getSubcolumn(x, name)", "A part of a value that is stored by itself: an element of a named tuple, size0, null, keys, values.", &[("getSubcolumn([1, 2], 'size0')", "2")], subcolumn).own_nulls(),
    f("array", "array(a, b, …)", "An array of the arguments, in their least common type.", &[("[1, 300]", "[1,300]")], array).own_nulls().own_lc(),
    f("arrayElement", "arrayElement(array, index)", "Element of an array (from 1, negative from the end; the default outside), or value of a map's key.", &[("[10, 20][2]", "20")], |b| element(b, false)).own_nulls(),
    f("arrayElementOrNull", "arrayElementOrNull(array, index)", "Element of an array, NULL outside; or value of a map's key, NULL without.", &[("arrayElementOrNull([1], 5)", "NULL")], |b| element(b, true)).own_nulls(),
    f("map", "map(key, value, …)", "A map of pairs.", &[("map('a', 1, 'b', 2)", "{'a':1,'b':2}")], map).own_nulls().own_lc(),
];

fn tuple(b: &Bind<'_>) -> Result<Bound> {
    bound(Type::tuple(b.types()), |c| Ok(Data::Tuple(c.cols().into_iter().map(Column::flat).collect(), c.rows).into()))
}

fn tuple_element(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    // Arrays of tuples give arrays of the element.
    let mut ty = strip_nullable(b.ty(0));
    let mut nullable = b.ty(0).is_nullable();
    let mut depth = 0;
    while let Type::Array(i) = ty {
        (ty, nullable) = (strip_nullable(i), i.is_nullable());
        depth += 1;
    }
    let Type::Tuple(es) = ty else {
        if let Type::Map(kv) = ty {
            // m.keys and m.values
            let at = match b.const_str(1)? {
                "keys" => 0,
                "values" => 1,
                other => return Err(Error::new(NOT_FOUND_COLUMN_IN_BLOCK, format!("Map has no subcolumn '{other}'"))),
            };
            let element = if at == 0 { kv.0.clone() } else { kv.1.clone() };
            return bound(Type::array(element), move |c| take(&c.col(0).flat(), 1, at, false));
        }
        return Err(b.illegal(0, "Tuple"));
    };
    let index = b.constant(1).ok_or_else(|| b.illegal(1, "a constant place or name"))?;
    let found = if b.ty(1).is_string() {
        let name = b.const_str(1)?;
        es.iter().position(|e| *e.0 == *name).or_else(|| name.parse::<usize>().ok().filter(|n| *n >= 1 && *n <= es.len() && es.iter().all(|e| e.0.is_empty())).map(|n| n - 1)).ok_or_else(|| {
            let code = if es.iter().all(|e| e.0.is_empty()) { BAD_ARGUMENTS } else { NOT_FOUND_COLUMN_IN_BLOCK };
            Error::new(code, format!("Tuple doesn't contain element with name '{name}'"))
        })
    } else {
        b.integer(1)?;
        let n = index.scalar(0).as_i64().unwrap_or(0);
        let at = if n < 0 { n + es.len() as i64 } else { n - 1 };
        usize::try_from(at).ok().filter(|k| n != 0 && *k < es.len()).ok_or_else(|| {
            Error::new(ARGUMENT_OUT_OF_BOUND, format!("Index {n} is out of bounds of a tuple of {} elements (the first is 1)", es.len()))
        })
    };
    let at = match found {
        Ok(k) => k,
        Err(_) if b.len() == 3 => return bound(b.ty(2).clone(), |c| Ok(c.col(2).clone())),
        Err(e) => return Err(e),
    };
    let element = &es[at].1;
    // An element of a tuple that may be NULL may be NULL too, where its type has a NULL.
    let mut out = match element {
        t if !nullable => t.clone(),
        Type::LowCardinality(t) => Type::low_cardinality(Type::nullable(t.as_ref().clone())),
        t => Type::nullable(t.clone()),
    };
    let masked = nullable && out.is_nullable();
    for _ in 0..depth {
        out = Type::array(out);
    }
    bound(out, move |c| if depth == 0 && !masked { Ok(tuple_columns(c.col(0))?[at].clone()) } else { take(&c.col(0).flat(), depth, at, masked) })
}

/// An element of the tuples at this depth of arrays, `masked` by what of them is NULL.
fn take(c: &Column, depth: usize, at: usize, masked: bool) -> Result<Column> {
    if depth == 0 {
        let element = tuple_columns(c)?[at].flat();
        let Some(mut nulls) = c.null_mask().filter(|_| masked).map(|n| n.as_ref().clone()) else { return Ok(element) };
        if let Some(own) = element.null_mask() {
            nulls.or_with(&own);
        }
        return Ok(element.with_nulls(Some(Arc::new(nulls))));
    }
    match &c.data {
        Data::Array(a) => {
            let values = take(&a.values, depth - 1, at, masked)?;
            Ok(Column { data: Data::Array(types::ArrayData { offsets: a.offsets.clone(), values: Arc::new(values) }), nulls: c.nulls.clone() })
        }
        _ => Err(Error::internal("array expected")),
    }
}

fn subcolumn(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let name = b.const_str(1)?;
    let missing = || Error::new(ILLEGAL_COLUMN, format!("There is no subcolumn {name} in type {}", b.ty(0)));
    let function = match (b.ty(0), name) {
        (Type::Nullable(t), n) if n != "null" && matches!(t.as_ref(), Type::Tuple(es) if es.iter().any(|e| &*e.0 == n)) => "tupleElement",
        (Type::Array(_) | Type::Map(_), "size0") => "length",
        (Type::Nullable(_), "null") => "isNull",
        (Type::Map(_), "keys") => "mapKeys",
        (Type::Map(_), "values") => "mapValues",
        (Type::Tuple(es), n) if es.iter().any(|e| &*e.0 == n) => "tupleElement",
        _ => return Err(missing()),
    };
    let both = function == "tupleElement";
    let call = resolve(function, &b.args[..if both { 2 } else { 1 }], b.session)?;
    bound(call.ty().clone(), move |c| call.eval(&c.args[..if both { 2 } else { 1 }], c.rows, c.session))
}

/// What is stored: LowCardinality is a property of the result's type only.
fn plain(types: &[Type]) -> Vec<Type> {
    types.iter().map(Type::without_low_cardinality_deep).collect()
}

fn array(b: &Bind<'_>) -> Result<Bound> {
    let element = common_type(&b.types())?;
    let types = plain(&b.types());
    let kernel = element.without_low_cardinality_deep();
    bound(Type::array(element), move |c| {
        let n = types.len();
        let columns = (0..n).map(|i| cast(&flatten(c.col(i)), &types[i], &kernel, CastMode::Sql, c.session)).collect::<Result<Vec<_>>>()?;
        crate::args::check_bytes("array", c.rows.saturating_mul(n))?;
        let mut stack = ColumnBuilder::with_capacity(&kernel, c.rows * n);
        if c.rows == 1 || n == 1 {
            columns.iter().for_each(|x| stack.append_column(x));
            let offsets = if n == 1 { (0..=c.rows as u32).collect() } else { vec![0, n as u32] };
            return Ok(array_column(offsets, stack.finish()));
        }
        columns.iter().for_each(|x| stack.append_column(x));
        let at: Vec<u32> = (0..c.rows * n).map(|k| ((k % n.max(1)) * c.rows + k / n.max(1)) as u32).collect();
        Ok(array_column((0..=c.rows).map(|i| (i * n) as u32).collect(), stack.finish().gather(&at)))
    })
}

fn element(b: &Bind<'_>, or_null: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    let container = crate::cast::strip_nullable(b.ty(0)).clone();
    if matches!(container, Type::Map(_) | Type::Array(_)) && *b.ty(1) == Type::nullable(Type::Nothing) {
        return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    if let Type::Map(kv) = &container {
        return map_value(b, kv, or_null);
    }
    let Type::Array(inner) = &container else {
        if *b.ty(0) == Type::nullable(Type::Nothing) {
            return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
        }
        return Err(b.illegal(0, "Array or Map"));
    };
    if !b.ty(1).base().is_integer() {
        return Err(b.illegal(1, "an integer"));
    }
    let nullable_index = b.ty(1).is_nullable();
    let out = if or_null || nullable_index { Type::nullable(inner.as_ref().clone()) } else { inner.as_ref().clone() };
    let kernel = out.clone();
    bound(out, move |c| {
        let index_nulls = c.col(1).null_mask();
        let index = crate::args::i128s(c.col(1));
        let a = arrays(c.col(0))?;
        let outside = a.values.len() as u32;
        let mut missing = Bitmap::new(c.rows, false);
        let at: Vec<u32> = (0..c.rows)
            .map(|i| {
                let r = a.at(i);
                let (n, k) = (r.len() as i128, index.at(i));
                let k = if k < 0 { n + k } else { k - 1 }; // 0 is outside
                if k >= 0 && k < n && !index_nulls.as_ref().is_some_and(|m| m.get(i)) {
                    r.start as u32 + k as u32
                } else {
                    missing.set(i, true);
                    outside
                }
            })
            .collect();
        let mut stack = ColumnBuilder::with_capacity(&kernel, a.values.len() + 1);
        if missing.any() {
            stack.append_column(a.values);
            stack.push_default(1);
            return Ok(stack.finish().gather(&at));
        }
        Ok(a.values.gather(&at))
    })
}

fn map_value(b: &Bind<'_>, kv: &(Type, Type), or_null: bool) -> Result<Bound> {
    let key_type = b.ty(1).clone();
    let to = kv.0.clone();
    // NULL is no key: there is NULL behind it, and else the default
    let out = if or_null || key_type.is_nullable() { Type::nullable(kv.1.clone()) } else { kv.1.clone() };
    let kernel = out.clone();
    let element = kv.1.clone();
    let plain = crate::cast::strip_nullable(&key_type).clone();
    let same = match common_type(&[plain.clone(), to.clone()]) {
        Ok(t) => t,
        Err(_) if plain.is_integer() && to.is_integer() => Type::Int256,
        Err(_) => return Err(b.illegal(1, &format!("{to}, the type of the map's keys"))),
    };
    bound(out, move |c| {
        let a = arrays(c.col(0))?;
        let parts = tuple_columns(a.values)?;
        let keys = cast(&parts[0], &to, &same, CastMode::Sql, c.session)?.flat();
        let wanted = cast(c.col(1), &key_type, &Type::nullable(same.clone()), CastMode::Sql, c.session)?;
        let outside = parts[1].len() as u32;
        let no_key = outside + u32::from(!or_null);
        let at: Vec<u32> = (0..c.rows)
            .map(|i| match a.at(i).find(|&k| types::compare::compare_rows(&keys, k, &wanted, i).is_eq()) {
                Some(k) => k as u32,
                None if wanted.is_null(i) => no_key,
                None => outside,
            })
            .collect();
        let mut stack = ColumnBuilder::with_capacity(&kernel, parts[1].len() + 2);
        stack.append_column(&parts[1]);
        if !or_null {
            stack.append_column(&Column::default_of(&element, 1).flat());
        }
        stack.push_default(1);
        Ok(stack.finish().gather(&at))
    })
}

fn map(b: &Bind<'_>) -> Result<Bound> {
    if b.len() % 2 != 0 {
        return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Function map takes pairs of keys and values, so an even number of arguments, not {}", b.len())));
    }
    let types = b.types();
    let keys: Vec<Type> = types.iter().step_by(2).cloned().collect();
    let values: Vec<Type> = types.iter().skip(1).step_by(2).cloned().collect();
    let (k, v) = (common_type(&keys)?, common_type(&values)?);
    if k.is_nullable() {
        return Err(Error::new(BAD_ARGUMENTS, "Keys of a map cannot be Nullable"));
    }
    let n = keys.len();
    let types = plain(&types);
    let out = Type::map(k.clone(), v.clone());
    let (k, v) = (k.without_low_cardinality_deep(), v.without_low_cardinality_deep());
    bound(out, move |c| {
        let stack = |first: usize, ty: &Type| -> Result<Column> {
            let mut s = ColumnBuilder::with_capacity(ty, c.rows * n);
            for i in (first..2 * n).step_by(2) {
                s.append_column(&cast(&flatten(c.col(i)), &types[i], ty, CastMode::Sql, c.session)?);
            }
            let at: Vec<u32> = (0..c.rows * n).map(|j| ((j % n.max(1)) * c.rows + j / n.max(1)) as u32).collect();
            Ok(s.finish().gather(&at))
        };
        let entries = Data::Tuple(vec![stack(0, &k)?, stack(1, &v)?].into(), c.rows * n);
        Ok(array_column((0..=c.rows).map(|i| (i * n) as u32).collect(), entries.into()))
    })
}

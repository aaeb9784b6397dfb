//! Functions on maps.

use crate::args::{array_column, bools, truths, tuple_columns};
use crate::arrays::lambda::order_of_keys;
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::call::{Arg, Value, resolve};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use crate::lanes::Lane;
use crate::strings::like::Matcher;
use crate::supertype::common_type;
use crate::with_lane;
use std::sync::Arc;
use types::codes::{NUMBER_OF_ARGUMENTS_DOESNT_MATCH, SIZES_OF_ARRAYS_DONT_MATCH};
use types::compare::compare_rows;
use types::{ArrayData, Column, ColumnBuilder, Data, Error, I256, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("mapKeys", "mapKeys(map)", "The keys.", &[("mapKeys(map('a', 1))", "['a']")], |b| part(b, 0)).own_nulls(),
    f("mapValues", "mapValues(map)", "The values.", &[("mapValues(map('a', 1))", "[1]")], |b| part(b, 1)).own_nulls(),
    f("mapContainsKey", "mapContainsKey(map, key)", "1 if the map has the key.", &[("mapContainsKey(map('a', 1), 'a')", "1")], |b| contains(b, 0)).own_nulls().plain().alias(&["mapContains"]),
    f("mapContainsValue", "mapContainsValue(map, value)", "1 if the map has the value.", &[("mapContainsValue(map('a', 1), 1)", "1")], |b| contains(b, 1)).own_nulls(),
    f("mapContainsKeyLike", "mapContainsKeyLike(map, pattern)", "1 if a key is LIKE the pattern.", &[("mapContainsKeyLike(map('abc', 1), 'a%')", "1")], |b| like(b, 0, false)),
    f("mapContainsValueLike", "mapContainsValueLike(map, pattern)", "1 if a value is LIKE the pattern.", &[("mapContainsValueLike(map(1, 'abc'), 'a%')", "1")], |b| like(b, 1, false)),
    f("mapExtractKeyLike", "mapExtractKeyLike(map, pattern)", "The entries whose keys are LIKE the pattern.", &[("mapExtractKeyLike(map('abc', 1, 'x', 2), 'a%')", "{'abc':1}")], |b| like(b, 0, true)),
    f("mapExtractValueLike", "mapExtractValueLike(map, pattern)", "The entries whose values are LIKE the pattern.", &[("mapExtractValueLike(map(1, 'abc', 2, 'x'), 'a%')", "{1:'abc'}")], |b| like(b, 1, true)),
    f("mapFromArrays", "mapFromArrays(keys, values)", "A map of keys and values at the same places.", &[("mapFromArrays(['a'], [1])", "{'a':1}")], from_arrays).own_nulls().alias_ci(&["MAP_FROM_ARRAYS"]),
    f("mapConcat", "mapConcat(a, b, …)", "The entries of maps one behind another.", &[("mapConcat(map('a', 1), map('b', 2))", "{'a':1,'b':2}")], concat).own_nulls(),
    f("mapUpdate", "mapUpdate(a, b)", "The entries of a whose keys b does not have, then those of b.", &[("mapUpdate(map('a', 1), map('a', 2))", "{'a':2}")], update).own_nulls(),
    f("mapFilter", "mapFilter(f, map)", "The entries for which f(key, value) is true.", &[("mapFilter((k, v) -> v > 1, map('a', 1, 'b', 2))", "{'b':2}")], filter).lambda(params),
    f("mapApply", "mapApply(f, map)", "A map of what f(key, value) gives, a tuple of key and value.", &[("mapApply((k, v) -> (k, v * 2), map('a', 1))", "{'a':2}")], apply).lambda(params),
    f("mapExists", "mapExists(f, map)", "1 if f(key, value) is true for any entry.", &[("mapExists((k, v) -> v > 1, map('a', 1))", "0")], |b| test(b, false)).lambda(params),
    f("mapAll", "mapAll(f, map)", "1 if f(key, value) is true for all entries.", &[("mapAll((k, v) -> v > 0, map('a', 1))", "1")], |b| test(b, true)).lambda(params),
    f("mapSort", "mapSort([f, ]map)", "The entries in ascending order of keys or of f(key, value).", &[("mapSort(map('b', 1, 'a', 2))", "{'a':2,'b':1}")], |b| sort(b, false, false)).lambda(params),
    f("mapReverseSort", "mapReverseSort([f, ]map)", "The entries in descending order.", &[("mapReverseSort(map('a', 1, 'b', 2))", "{'b':2,'a':1}")], |b| sort(b, true, false)).lambda(params),
    f("mapPartialSort", "mapPartialSort([f, ]limit, map)", "As mapSort; only the first `limit` entries are in order.", &[], |b| sort(b, false, true)).lambda(params),
    f("mapPartialReverseSort", "mapPartialReverseSort([f, ]limit, map)", "As mapReverseSort; only the first `limit` entries are in order.", &[], |b| sort(b, true, true)).lambda(params),
    f("mapAdd", "mapAdd(a, b, …)", "Values of equal keys added up, keys in order.", &[("mapAdd(map('a', 1), map('a', 2))", "{'a':3}")], |b| add(b, "plus")).own_nulls(),
    f("mapPopulateSeries", "mapPopulateSeries(map | keys, values[, max])", "The entries with all integer keys between the least and the largest (or max), those that lack with the default.", &[("mapPopulateSeries(map(1, 10, 3, 30))", "{1:10,2:0,3:30}")], populate).own_nulls(),
    f("mapSubtract", "mapSubtract(a, b, …)", "Values of equal keys subtracted, keys in order.", &[("mapSubtract(map('a', 3), map('a', 2))", "{'a':1}")], |b| add(b, "minus")).own_nulls(),
];

fn params(args: &[Arg]) -> Result<Vec<Option<Vec<Type>>>> {
    let kv = args.iter().find_map(|a| if let Type::Map(kv) = a.ty.without_low_cardinality_deep() { Some(vec![kv.0.clone(), kv.1.clone()]) } else { None });
    Ok(args.iter().map(|a| if a.lambda { kv.clone() } else { None }).collect())
}

/// Keys and values of all entries, with offsets from 0.
struct Entries {
    offsets: Vec<u32>,
    keys: Column,
    values: Column,
    origin: Vec<u32>,
}

fn entries(col: &Column, rows: usize) -> Result<Entries> {
    let e = crate::arrays::elements(col, rows)?;
    let parts = tuple_columns(&e.values)?;
    Ok(Entries { offsets: e.offsets, keys: parts[0].flat(), values: parts[1].flat(), origin: e.origin })
}

fn build(offsets: Vec<u32>, keys: Column, values: Column) -> Column {
    let n = keys.len();
    array_column(offsets, Data::Tuple(vec![keys, values].into(), n).into())
}

fn part(b: &Bind<'_>, at: usize) -> Result<Bound> {
    b.arity(1, 1)?;
    let kv = b.map(0)?;
    bound(Type::array(if at == 0 { kv.0.clone() } else { kv.1.clone() }), move |c| {
        let flat = c.col(0).flat();
        let Data::Array(a) = &flat.data else { return Err(Error::internal("map expected")) };
        let inner = tuple_columns(&a.values)?[at].flat();
        Ok(Data::Array(ArrayData { offsets: a.offsets.clone(), values: Arc::new(inner) }).into())
    })
}

fn contains(b: &Bind<'_>, at: usize) -> Result<Bound> {
    b.arity(2, 2)?;
    let kv = b.map(0)?;
    let inner = if at == 0 { kv.0.clone() } else { kv.1.clone() };
    let has = resolve("has", &[Arg::new(Type::array(inner)), b.args[1].clone()], b.session)?;
    bound(Type::UInt8, move |c| {
        let e = entries(c.col(0), c.rows)?;
        let list = array_column(e.offsets, if at == 0 { e.keys } else { e.values });
        has.eval(&[Value::Column(&list), Value::Column(c.col(1))], c.rows, c.session)
    })
}

fn like(b: &Bind<'_>, at: usize, extract: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    let kv = b.map(0)?;
    let inner = if at == 0 { &kv.0 } else { &kv.1 };
    if !inner.base().is_string() {
        return Err(b.illegal(0, "Map with text keys or values"));
    }
    let m = Matcher::new(b.const_bytes(1)?, false)?;
    bound(if extract { b.ty(0).clone() } else { Type::UInt8 }, move |c| {
        let e = entries(c.col(0), c.rows)?;
        let texts = if at == 0 { &e.keys } else { &e.values };
        let hit = |k: usize| texts.bytes_at(k).is_some_and(|s| m.matches(s));
        if !extract {
            return Ok(bools(c.rows, |i| (e.offsets[i] as usize..e.offsets[i + 1] as usize).any(hit)));
        }
        let (mut offsets, mut keep) = (vec![0u32], Vec::new());
        for w in e.offsets.windows(2) {
            keep.extend((w[0]..w[1]).filter(|k| hit(*k as usize)));
            offsets.push(keep.len() as u32);
        }
        Ok(build(offsets, e.keys.gather(&keep), e.values.gather(&keep)))
    })
}

fn from_arrays(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let element = |i: usize| match b.ty(i) {
        Type::Array(t) => Ok(t.as_ref().clone()),
        Type::Map(kv) => Ok(Type::map_entry(kv)),
        _ => Err(b.illegal(i, "Array or Map")),
    };
    let (k, v) = (element(0)?, element(1)?);
    let k = if let Type::Nullable(i) = &k { i.as_ref().clone() } else { k };
    bound(Type::map(k, v), |c| {
        let (x, y) = (crate::arrays::elements(c.col(0), c.rows)?, crate::arrays::elements(c.col(1), c.rows)?);
        if x.offsets != y.offsets {
            return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Key and value arrays of function mapFromArrays must have equal sizes"));
        }
        if x.values.has_nulls() {
            return Err(Error::new(types::codes::BAD_ARGUMENTS, "Keys of a map cannot be NULL"));
        }
        Ok(build(x.offsets, x.values, y.values))
    })
}

/// The type that holds the entries of all map arguments.
fn common_map(b: &Bind<'_>) -> Result<(Type, Type)> {
    let mut ks = Vec::new();
    let mut vs = Vec::new();
    for i in 0..b.len() {
        let kv = b.map(i)?;
        ks.push(kv.0.clone());
        vs.push(kv.1.clone());
    }
    Ok((common_type(&ks)?, common_type(&vs)?))
}

/// Keys of one type, and values of types that sums of one type are made of.
fn same_map(b: &Bind<'_>) -> Result<(Type, Type)> {
    let promoted = |t: &Type| match t {
        t if t.is_float() => Type::Float64,
        Type::Decimal(p, s) => Type::Decimal(crate::supertype::class_precision(*p), *s),
        t => t.int_bits().map_or_else(|| t.clone(), |(bits, signed)| Type::int_of(bits.max(64), signed)),
    };
    let first = b.map(0)?;
    for i in 1..b.len() {
        let kv = b.map(i)?;
        if kv.0 != first.0 {
            return Err(Error::illegal_type(format!("Expected same {} type for all keys in {}", first.0, b.name)));
        }
        if promoted(&kv.1) != promoted(&first.1) {
            return Err(Error::illegal_type(format!("Expected same {} promoted type for all values in {}", promoted(&first.1), b.name)));
        }
    }
    common_map(b)
}

fn cast_entries(c: &Ctx<'_>, types: &[Type], k: &Type, v: &Type) -> Result<Vec<Entries>> {
    let to = Type::map(k.clone(), v.clone());
    types.iter().enumerate().map(|(i, t)| entries(&cast(c.col(i), t, &to, CastMode::Sql, c.session)?, c.rows)).collect()
}

pub fn concat(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let (k, v) = common_map(b)?;
    let types = b.types();
    bound(Type::map(k.clone(), v.clone()), move |c| {
        let all = cast_entries(c, &types, &k, &v)?;
        merge(&all, c.rows, &k, &v, |_, _| true)
    })
}

/// Entries of several maps by row, those that `keep(map, entry)` lets through.
fn merge(all: &[Entries], rows: usize, k: &Type, v: &Type, keep: impl Fn(usize, usize) -> bool) -> Result<Column> {
    let (mut ks, mut vs) = (ColumnBuilder::new(k), ColumnBuilder::new(v));
    let mut base = Vec::new();
    let mut n = 0;
    for e in all {
        ks.append_column(&e.keys);
        vs.append_column(&e.values);
        base.push(n);
        n += e.keys.len() as u32;
    }
    let (mut offsets, mut at) = (vec![0u32], Vec::new());
    for i in 0..rows {
        for (m, e) in all.iter().enumerate() {
            at.extend((e.offsets[i]..e.offsets[i + 1]).filter(|x| keep(m, *x as usize)).map(|x| base[m] + x));
        }
        offsets.push(at.len() as u32);
    }
    Ok(build(offsets, ks.finish().gather(&at), vs.finish().gather(&at)))
}

fn update(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let (k, v) = common_map(b)?;
    let types = b.types();
    if types[0].without_low_cardinality_deep() != types[1].without_low_cardinality_deep() {
        let text = format!("The keys and values of both maps of mapUpdate must have the same types, not {} and {}: cast one of them", types[0], types[1]);
        return Err(Error::illegal_type(text));
    }
    bound(Type::map(k.clone(), v.clone()), move |c| {
        let all = cast_entries(c, &types, &k, &v)?;
        let (x, y) = (&all[0], &all[1]);
        let shift = x.keys.len() as u32;
        let (mut ks, mut vs) = (ColumnBuilder::new(&k), ColumnBuilder::new(&v));
        for e in [x, y] {
            ks.append_column(&e.keys);
            vs.append_column(&e.values);
        }
        let (mut offsets, mut at) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            let (r, s) = (x.offsets[i] as usize..x.offsets[i + 1] as usize, y.offsets[i] as usize..y.offsets[i + 1] as usize);
            at.extend(r.filter(|&p| !s.clone().any(|q| compare_rows(&x.keys, p, &y.keys, q).is_eq())).map(|p| p as u32));
            at.extend(s.map(|q| shift + q as u32));
            offsets.push(at.len() as u32);
        }
        Ok(build(offsets, ks.finish().gather(&at), vs.finish().gather(&at)))
    })
}

fn lambda_values(c: &Ctx<'_>, e: &Entries, ty: &Type) -> Result<Column> {
    let Some(l) = c.lambda(0) else { return Err(Error::internal("lambda expected")) };
    let n = e.keys.len();
    if n == 0 {
        return Ok(ColumnBuilder::new(ty).finish());
    }
    Ok(l.call(&[e.keys.clone(), e.values.clone()], n, &e.origin)?.flat_deep())
}

fn need_lambda(b: &Bind<'_>) -> Result<()> {
    if b.len() == 1 && !b.args[0].lambda && !matches!(b.ty(0), Type::Map(_)) {
        return Err(b.illegal(0, "Map"));
    }
    b.arity(2, 2)?;
    if !b.args[0].lambda {
        return Err(b.illegal(0, "a lambda, such as (k, v) -> v > 0"));
    }
    b.map(1).map(|_| ())
}

fn filter(b: &Bind<'_>) -> Result<Bound> {
    need_lambda(b)?;
    let ty = b.ty(0).clone();
    if !crate::cast::strip_nullable(&ty).is_number() && *ty.base() != Type::Nothing {
        return Err(b.illegal(0, "a lambda that gives UInt8"));
    }
    bound(b.ty(1).clone(), move |c| {
        let e = entries(c.col(1), c.rows)?;
        let t = truths(&lambda_values(c, &e, &ty)?);
        let (mut offsets, mut keep) = (vec![0u32], Vec::new());
        for w in e.offsets.windows(2) {
            keep.extend((w[0]..w[1]).filter(|k| t.get(*k as usize)));
            offsets.push(keep.len() as u32);
        }
        Ok(build(offsets, e.keys.gather(&keep), e.values.gather(&keep)))
    })
}

fn apply(b: &Bind<'_>) -> Result<Bound> {
    need_lambda(b)?;
    let ty = b.ty(0).clone();
    let bad = || Error::bad_arguments(format!("The lambda of function {} must give a tuple of key and value, not {ty}", b.name));
    let Type::Tuple(es) = &ty else { return Err(bad()) };
    let [k, v] = es.as_ref() else { return Err(bad()) };
    bound(Type::map(k.1.clone(), v.1.clone()), move |c| {
        let e = entries(c.col(1), c.rows)?;
        let out = lambda_values(c, &e, &ty)?;
        let parts = tuple_columns(&out)?;
        Ok(build(e.offsets, parts[0].flat(), parts[1].flat()))
    })
}

fn test(b: &Bind<'_>, all: bool) -> Result<Bound> {
    need_lambda(b)?;
    let ty = b.ty(0).clone();
    bound(Type::UInt8, move |c| {
        let e = entries(c.col(1), c.rows)?;
        let t = truths(&lambda_values(c, &e, &ty)?);
        Ok(bools(c.rows, |i| {
            let mut r = (e.offsets[i] as usize..e.offsets[i + 1] as usize).map(|k| t.get(k));
            if all { r.all(|x| x) } else { r.any(|x| x) }
        }))
    })
}

fn sort(b: &Bind<'_>, descending: bool, partial: bool) -> Result<Bound> {
    b.arity(1, 3)?;
    let lambda = b.args[0].lambda.then(|| b.ty(0).clone());
    let at = b.len() - 1;
    b.map(at)?;
    bound(b.ty(at).clone(), move |c| {
        let e = entries(c.col(at), c.rows)?;
        let keys = match &lambda {
            Some(t) => lambda_values(c, &e, t)?.flat(),
            None => e.keys.flat(),
        };
        let limit = partial.then(|| crate::args::i64s(c.col(at - 1)));
        let mut order: Vec<u32> = (0..e.keys.len() as u32).collect();
        for (i, w) in e.offsets.windows(2).enumerate() {
            let part = &mut order[w[0] as usize..w[1] as usize];
            let original = part.to_vec();
            part.sort_by(|x, y| order_of_keys(&keys, descending, *x as usize, *y as usize));
            if let Some(l) = &limit {
                let n = (l.at(i).max(0) as usize).min(part.len());
                if n < part.len() {
                    let head = part[..n].to_vec();
                    let rest: Vec<u32> = original.into_iter().filter(|k| !head.contains(k)).collect();
                    part[n..].copy_from_slice(&rest);
                }
            }
        }
        Ok(build(e.offsets, e.keys.gather(&order), e.values.gather(&order)))
    })
}

/// Pairs of arrays (keys, values) are taken as maps and given back as pairs.
fn add_pairs(b: &Bind<'_>, op: &'static str) -> Result<Bound> {
    let mut maps = Vec::new();
    for i in 0..b.len() {
        match b.ty(i) {
            Type::Tuple(es) if es.len() == 2 => match (&es[0].1, &es[1].1) {
                (Type::Array(k), _) if k.is_float() => return Err(b.illegal(i, "keys that are no floats")),
                (Type::Array(k), Type::Array(v)) => maps.push(Arg::new(Type::map(k.as_ref().clone(), v.as_ref().clone()))),
                _ => return Err(b.illegal(i, "a map or a tuple of two arrays")),
            },
            _ => return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Function {} accepts at least two tuples of arrays, and no map beside them", b.name))),
        }
    }
    let inner = add(&Bind { name: b.name, args: &maps, raw: &maps, session: b.session }, op)?;
    let Type::Map(kv) = &inner.ty else { return Err(Error::internal("map expected")) };
    let ty = Type::tuple(vec![Type::array(kv.0.clone()), Type::array(kv.1.clone())]);
    bound(ty, move |c| {
        let mut columns = Vec::with_capacity(c.len());
        for i in 0..c.len() {
            let parts = tuple_columns(c.col(i))?;
            let (k, v) = (crate::arrays::elements(&parts[0], c.rows)?, crate::arrays::elements(&parts[1], c.rows)?);
            if k.offsets != v.offsets {
                return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, "Key and value arrays should have same amount of elements"));
            }
            columns.push(build(k.offsets, k.values, v.values));
        }
        let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
        let out = (inner.run)(&Ctx { args: &values, rows: c.rows, session: c.session })?;
        pair_of(&out, c.rows)
    })
}

/// A map column as a tuple of its keys and its values.
fn pair_of(map: &Column, rows: usize) -> Result<Column> {
    let e = entries(map, rows)?;
    let (k, v) = (array_column(e.offsets.clone(), e.keys), array_column(e.offsets, e.values));
    Ok(Data::Tuple(vec![k, v].into(), rows).into())
}

fn populate(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 3)?;
    let as_map = matches!(b.ty(0), Type::Map(_));
    let (k, v) = match (b.ty(0), b.args.get(1).map(|a| &a.ty)) {
        (Type::Map(kv), _) => kv.as_ref().clone(),
        (Type::Array(k), Some(Type::Array(v))) => (k.as_ref().clone(), v.as_ref().clone()),
        _ => return Err(b.illegal(0, "a map, or an array of keys and one of values")),
    };
    let fixed = if as_map { 1 } else { 2 };
    b.arity(fixed, fixed + 1)?;
    if k.int_bits().is_none() {
        return Err(b.illegal(0, "integer keys"));
    }
    if b.len() > fixed {
        b.integer(fixed)?;
    }
    let ty = if as_map { Type::map(k.clone(), v.clone()) } else { Type::tuple(vec![Type::array(k.clone()), Type::array(v.clone())]) };
    bound(ty, move |c| {
        let e = if as_map {
            entries(c.col(0), c.rows)?
        } else {
            let (x, y) = (crate::arrays::elements(c.col(0), c.rows)?, crate::arrays::elements(c.col(1), c.rows)?);
            if x.offsets != y.offsets {
                return Err(Error::bad_arguments("Key and value arrays of function mapPopulateSeries should have same amount of elements"));
            }
            Entries { offsets: x.offsets, keys: x.values, values: y.values, origin: x.origin }
        };
        // The highest keys of UInt256 would be negative: with the sign turned they keep their order.
        let turn = if k == Type::UInt256 { I256::MIN } else { I256::ZERO };
        let keys = crate::args::i256s(&e.keys);
        let most = (c.len() > fixed).then(|| crate::args::i256s(c.col(fixed)));
        let (mut ks, mut vs) = (Vec::new(), ColumnBuilder::new(&v));
        let mut offsets = vec![0u32];
        for i in 0..c.rows {
            // the first of equal keys counts
            let mut known = std::collections::HashMap::new();
            let range = e.offsets[i] as usize..e.offsets[i + 1] as usize;
            for p in range {
                known.entry(keys.at(p) ^ turn).or_insert(p);
            }
            if let (Some(low), Some(high)) = (known.keys().min().copied(), known.keys().max().copied()) {
                let high = most.as_ref().map_or(high, |m| m.at(i) ^ turn);
                let more = usize::try_from(high.saturating_sub(low)).unwrap_or(if high < low { 0 } else { usize::MAX });
                crate::arrays::check_elements(ks.len().saturating_add(more))?;
                let mut key = low;
                while key <= high {
                    ks.push(key ^ turn);
                    match known.get(&key) {
                        Some(p) => vs.push_row(&e.values, *p),
                        None => vs.push_default(1),
                    }
                    if key == high {
                        break;
                    }
                    key += I256::ONE;
                }
            }
            offsets.push(ks.len() as u32);
        }
        let rows = ks.len();
        let wide: Column = types::Data::I256(ks.into()).into();
        let ks = with_lane!(&k, R => R::column(crate::lanes::map::<R, R>(&wide, rows, |x| x)), wide);
        let map = build(offsets, ks, vs.finish());
        if as_map { Ok(map) } else { pair_of(&map, c.rows) }
    })
}

fn add(b: &Bind<'_>, op: &'static str) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    if matches!(b.ty(0), Type::Tuple(_)) {
        return add_pairs(b, op);
    }
    let (k, v) = same_map(b)?;
    let types = b.types();
    let sum = resolve(op, &[Arg::new(v.clone()), Arg::new(v.clone())], b.session)?;
    let wide = match &v {
        t if t.is_float() => Type::Float64,
        t => match t.int_bits() {
            Some((bits, signed)) => Type::int_of(bits.max(64), signed),
            None => sum.ty().clone(),
        },
    };
    let again = resolve(op, &[Arg::new(wide.clone()), Arg::new(wide.clone())], b.session)?;
    bound(Type::map(k.clone(), wide.clone()), move |c| {
        let all = cast_entries(c, &types, &k, &wide)?;
        let (mut ks, mut vs) = (ColumnBuilder::new(&k), ColumnBuilder::new(&wide));
        let mut offsets = vec![0u32];
        for i in 0..c.rows {
            let mut found: Vec<(usize, usize, Column)> = Vec::new();
            for (m, e) in all.iter().enumerate() {
                for p in e.offsets[i] as usize..e.offsets[i + 1] as usize {
                    let one = e.values.slice(p, 1);
                    let hit = found.iter_mut().find(|f| compare_rows(&all[f.0].keys, f.1, &e.keys, p).is_eq());
                    let start = if op == "minus" && m > 0 && hit.is_none() { Some(Column::default_of(&wide, 1).flat()) } else { None };
                    match (hit, start) {
                        (Some(f), _) => f.2 = cast(&again.eval(&[Value::Column(&f.2), Value::Column(&one)], 1, c.session)?, again.ty(), &wide, CastMode::Sql, c.session)?.flat(),
                        (None, Some(zero)) => {
                            let d = again.eval(&[Value::Column(&zero), Value::Column(&one)], 1, c.session)?;
                            found.push((m, p, cast(&d, again.ty(), &wide, CastMode::Sql, c.session)?.flat()));
                        }
                        (None, None) => found.push((m, p, one)),
                    }
                }
            }
            found.sort_by(|x, y| compare_rows(&all[x.0].keys, x.1, &all[y.0].keys, y.1));
            for (m, p, value) in &found {
                ks.push_row(&all[*m].keys, *p);
                vs.push_row(value, 0);
            }
            offsets.push(ks.len() as u32);
        }
        Ok(build(offsets, ks.finish(), vs.finish()))
    })
}

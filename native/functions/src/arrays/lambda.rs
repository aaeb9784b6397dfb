//! Higher-order functions: a lambda (or, where it may be left out, the elements themselves) per element.

use super::{Elements, check_elements, elements};
use crate::args::{array_column, bools, i64s, truths, u32_col};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::call::Arg;
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use crate::supertype::common_type;
use std::cmp::Ordering;
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, SIZES_OF_ARRAYS_DONT_MATCH};
use types::compare::compare_rows;
use types::{Column, ColumnBuilder, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("arrayMap", "arrayMap(f, array, …)", "f of each element.", &[("arrayMap(x -> x * 2, [1, 2])", "[2,4]")], map).lambda(params),
    f("arrayFilter", "arrayFilter(f, array, …)", "Elements for which f is true.", &[("arrayFilter(x -> x > 1, [1, 2])", "[2]")], filter).lambda(params),
    f("arrayExists", "arrayExists([f, ]array, …)", "1 if f is true for any element.", &[("arrayExists(x -> x > 1, [1, 2])", "1")], |b| test(b, Test::Exists)).lambda(params),
    f("arrayAll", "arrayAll([f, ]array, …)", "1 if f is true for all elements.", &[("arrayAll(x -> x > 1, [1, 2])", "0")], |b| test(b, Test::All)).lambda(params),
    f("arrayCount", "arrayCount([f, ]array, …)", "Number of elements for which f is true.", &[("arrayCount(x -> x > 1, [1, 2])", "1")], |b| test(b, Test::Count)).lambda(params),
    f("arraySort", "arraySort([f, ]array, …)", "Elements in ascending order (of f); NaN and NULL last.", &[("arraySort([3, 1, 2])", "[1,2,3]")], |b| sort(b, false, false)).lambda(params),
    f("arrayReverseSort", "arrayReverseSort([f, ]array, …)", "Elements in descending order (of f); NaN and NULL last.", &[("arrayReverseSort([3, 1, 2])", "[3,2,1]")], |b| sort(b, true, false)).lambda(params),
    f("arrayPartialSort", "arrayPartialSort([f, ]limit, array, …)", "As arraySort; only the first `limit` elements are in order.", &[("arrayResize(arrayPartialSort(1, [3, 1, 2]), 1)", "[1]")], |b| sort(b, false, true)).lambda(params),
    f("arrayPartialReverseSort", "arrayPartialReverseSort([f, ]limit, array, …)", "As arrayReverseSort; only the first `limit` elements are in order.", &[("arrayResize(arrayPartialReverseSort(1, [3, 1, 2]), 1)", "[3]")], |b| sort(b, true, true)).lambda(params),
    f("arrayFirst", "arrayFirst(f, array, …)", "The first element for which f is true, else the default.", &[("arrayFirst(x -> x > 1, [1, 2, 3])", "2")], |b| first(b, false, First::Value)).lambda(params),
    f("arrayFirstOrNull", "arrayFirstOrNull(f, array, …)", "The first element for which f is true, else NULL.", &[("arrayFirstOrNull(x -> x > 9, [1])", "NULL")], |b| first(b, false, First::OrNull)).lambda(params),
    f("arrayFirstIndex", "arrayFirstIndex(f, array, …)", "Place of the first element for which f is true, else 0.", &[("arrayFirstIndex(x -> x > 1, [1, 2])", "2")], |b| first(b, false, First::Index)).lambda(params),
    f("arrayLast", "arrayLast(f, array, …)", "The last element for which f is true, else the default.", &[("arrayLast(x -> x > 1, [1, 2, 3])", "3")], |b| first(b, true, First::Value)).lambda(params),
    f("arrayLastOrNull", "arrayLastOrNull(f, array, …)", "The last element for which f is true, else NULL.", &[("arrayLastOrNull(x -> x > 9, [1])", "NULL")], |b| first(b, true, First::OrNull)).lambda(params),
    f("arrayLastIndex", "arrayLastIndex(f, array, …)", "Place of the last element for which f is true, else 0.", &[("arrayLastIndex(x -> x > 1, [1, 2])", "2")], |b| first(b, true, First::Index)).lambda(params),
    f("arrayFill", "arrayFill(f, array, …)", "Elements for which f is false replaced by the one before.", &[("arrayFill(x -> x > 0, [1, 0, 2])", "[1,1,2]")], |b| fill(b, false)).lambda(params),
    f("arrayReverseFill", "arrayReverseFill(f, array, …)", "Elements for which f is false replaced by the one behind.", &[("arrayReverseFill(x -> x > 0, [1, 0, 2])", "[1,2,2]")], |b| fill(b, true)).lambda(params),
    f("arraySplit", "arraySplit(f, array, …)", "Cut before elements for which f is true.", &[("arraySplit(x -> x = 3, [1, 2, 3, 4])", "[[1,2],[3,4]]")], |b| split(b, false)).lambda(params),
    f("arrayReverseSplit", "arrayReverseSplit(f, array, …)", "Cut behind elements for which f is true.", &[("arrayReverseSplit(x -> x = 3, [1, 2, 3, 4])", "[[1,2,3],[4]]")], |b| split(b, true)).lambda(params),
    f("arrayCompact", "arrayCompact([f, ]array, …)", "Runs of elements that are equal (for which f is equal) made one.", &[("arrayCompact([1, 1, 2])", "[1,2]")], compact).lambda(params),
    f("arrayFold", "arrayFold(f, array, …, start)", "f(accumulator, element, …) applied from the first element to the last.", &[("arrayFold((acc, x) -> acc + x, [1, 2], 0::Int64)", "3")], fold).lambda(fold_params),
];

/// Elements of the arrays behind the lambda.
pub(super) fn params(args: &[Arg]) -> Result<Vec<Option<Vec<Type>>>> {
    let of: Vec<Type> = args
        .iter()
        .filter(|a| !a.lambda)
        .filter_map(|a| match a.ty.without_low_cardinality_deep() {
            Type::Array(t) => Some(t.as_ref().clone()),
            Type::Map(kv) => Some(Type::map_entry(&kv)),
            _ => None,
        })
        .collect();
    Ok(args.iter().enumerate().map(|(i, a)| (a.lambda && i == 0).then(|| of.clone())).collect())
}

fn fold_params(args: &[Arg]) -> Result<Vec<Option<Vec<Type>>>> {
    let mut of = params(args)?;
    if let (Some(Some(p)), Some(last)) = (of.first_mut(), args.last()) {
        if matches!(last.ty, Type::Array(_)) && p.len() == args.len() - 1 {
            p.pop();
        }
        p.insert(0, last.ty.without_low_cardinality_deep());
    }
    Ok(of)
}

/// What a function was given: whether a lambda, where its arrays begin, and the element types.
pub(super) struct Shape {
    lambda: Option<Type>,
    first: usize,
    inner: Vec<Type>,
}

pub(super) fn shape(b: &Bind<'_>, need_lambda: bool, skip: usize) -> Result<Shape> {
    b.arity(1 + skip, usize::MAX)?;
    let lambda = b.args[0].lambda.then(|| b.ty(0).clone());
    if need_lambda && lambda.is_none() {
        b.arity(2, usize::MAX)?;
        return Err(b.illegal(0, "a lambda, such as x -> x + 1"));
    }
    let first = usize::from(lambda.is_some()) + skip;
    let mut inner = Vec::new();
    for i in first..b.len() {
        inner.push(match b.ty(i) {
            Type::Array(t) => t.as_ref().clone(),
            _ => return Err(b.illegal(i, "Array")),
        });
    }
    if inner.is_empty() {
        b.arity(first + 1, usize::MAX)?;
    }
    if lambda.is_none() && inner.len() > 1 {
        return Err(Error::new(types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Function {} needs one array argument when there is no lambda", b.name)));
    }
    Ok(Shape { lambda, first, inner })
}

impl Shape {
    /// The type of what is computed per element.
    pub fn value(&self) -> Type {
        self.lambda.clone().unwrap_or_else(|| self.inner[0].clone())
    }
    pub fn run(&self, c: &Ctx<'_>, name: &str) -> Result<(Elements, Column)> {
        let first = elements(c.col(self.first), c.rows)?;
        let mut columns = vec![first.values.clone()];
        for i in self.first + 1..c.len() {
            let next = elements(c.col(i), c.rows)?;
            if next.offsets != first.offsets {
                return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, format!("Arrays passed to function {name} must have equal sizes")));
            }
            columns.push(next.values);
        }
        let values = match c.lambda(0) {
            Some(l) => {
                let n = first.values.len();
                if n == 0 {
                    ColumnBuilder::new(&self.value()).finish()
                } else {
                    l.call(&columns, n, &first.origin)?.flat_deep()
                }
            }
            None => columns.swap_remove(0),
        };
        Ok((first, values))
    }
    fn condition(&self, name: &str) -> Result<()> {
        let t = self.value();
        let fits = match (self.lambda.is_some(), t.without_low_cardinality()) {
            (true, t) => matches!(t.base(), Type::UInt8 | Type::Bool | Type::Nothing),
            (false, t) => matches!(t, Type::UInt8 | Type::Bool),
        };
        if fits {
            return Ok(());
        }
        let hint = "compare with something, as in x -> x != 0";
        Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Function {name} needs a condition of type UInt8, not {t}: {hint}")))
    }
}

fn map(b: &Bind<'_>) -> Result<Bound> {
    let s = shape(b, true, 0)?;
    bound(Type::array(s.value()), move |c| {
        let (e, v) = s.run(c, "arrayMap")?;
        Ok(array_column(e.offsets, v))
    })
}

fn filter(b: &Bind<'_>) -> Result<Bound> {
    let s = shape(b, true, 0)?;
    s.condition(b.name)?;
    bound(b.ty(1).clone(), move |c| {
        let (e, v) = s.run(c, "arrayFilter")?;
        let keep = truths(&v);
        let mut offsets = vec![0u32];
        let mut at = Vec::new();
        for w in e.offsets.windows(2) {
            at.extend((w[0]..w[1]).filter(|k| keep.get(*k as usize)));
            offsets.push(at.len() as u32);
        }
        Ok(array_column(offsets, e.values.gather(&at)))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    Exists,
    All,
    Count,
}

fn test(b: &Bind<'_>, what: Test) -> Result<Bound> {
    let s = shape(b, false, 0)?;
    s.condition(b.name)?;
    bound(if what == Test::Count { Type::UInt32 } else { Type::UInt8 }, move |c| {
        let (e, v) = s.run(c, "arrayExists")?;
        let t = truths(&v);
        let of = |i: usize| (e.offsets[i] as usize..e.offsets[i + 1] as usize).map(|k| t.get(k));
        Ok(match what {
            Test::Exists => bools(c.rows, |i| of(i).any(|x| x)),
            Test::All => bools(c.rows, |i| of(i).all(|x| x)),
            Test::Count => u32_col((0..c.rows).map(|i| of(i).filter(|x| *x).count() as u32).collect()),
        })
    })
}

/// Which of two keys is sorted before the other: NaN, then NULL are last in both directions.
pub fn order_of_keys(keys: &Column, descending: bool, a: usize, b: usize) -> Ordering {
    let last = |k: usize| -> u8 {
        if keys.is_null(k) {
            return 2;
        }
        u8::from(match &keys.data {
            Data::F64(x) => x[k].is_nan(),
            Data::F32(x) => x[k].is_nan(),
            _ => false,
        })
    };
    let order = compare_rows(keys, a, keys, b);
    if descending { last(a).cmp(&last(b)).then(order.reverse()) } else { order }
}

fn sort(b: &Bind<'_>, descending: bool, partial: bool) -> Result<Bound> {
    let s = shape(b, false, usize::from(partial))?;
    if partial {
        let i = s.first - 1;
        b.integer(i)?;
    }
    bound(b.ty(s.first).clone(), move |c| {
        let (e, keys) = s.run(c, "arraySort")?;
        let limits = partial.then(|| i64s(c.col(s.first - 1)));
        let order = |a: &u32, b: &u32| order_of_keys(&keys, descending, *a as usize, *b as usize);
        let mut at: Vec<u32> = (0..keys.len() as u32).collect();
        for (i, w) in e.offsets.windows(2).enumerate() {
            let part = &mut at[w[0] as usize..w[1] as usize];
            match &limits {
                Some(l) if l.at(i) > 0 && (l.at(i) as usize) < part.len() => {
                    // The rest keeps its order.
                    let n = l.at(i) as usize;
                    let mut sorted = part.to_vec();
                    sorted.sort_by(order);
                    let chosen: std::collections::HashSet<u32> = sorted[..n].iter().copied().collect();
                    let rest: Vec<u32> = part.iter().copied().filter(|k| !chosen.contains(k)).collect();
                    part[..n].copy_from_slice(&sorted[..n]);
                    part[n..].copy_from_slice(&rest);
                }
                _ => part.sort_by(order),
            }
        }
        Ok(array_column(e.offsets, e.values.gather(&at)))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Value,
    OrNull,
    Index,
}

fn first(b: &Bind<'_>, from_end: bool, what: First) -> Result<Bound> {
    let s = shape(b, true, 0)?;
    s.condition(b.name)?;
    let element = s.inner[0].clone();
    let ty = match what {
        First::Value => element.clone(),
        First::OrNull => Type::nullable(element.clone()),
        First::Index => Type::UInt32,
    };
    let kernel = ty.clone();
    bound(ty, move |c| {
        let (e, v) = s.run(c, "arrayFirst")?;
        let t = truths(&v);
        let find = |i: usize| {
            let mut r = e.offsets[i]..e.offsets[i + 1];
            if from_end { r.rev().find(|k| t.get(*k as usize)) } else { r.find(|k| t.get(*k as usize)) }
        };
        if what == First::Index {
            return Ok(u32_col((0..c.rows).map(|i| find(i).map_or(0, |k| k - e.offsets[i] + 1)).collect()));
        }
        let none = e.values.len() as u32;
        let at: Vec<u32> = (0..c.rows).map(|i| find(i).unwrap_or(none)).collect();
        let mut stack = ColumnBuilder::new(&kernel);
        stack.append_column(&e.values);
        stack.push_default(1);
        Ok(stack.finish().gather(&at))
    })
}

fn fill(b: &Bind<'_>, backwards: bool) -> Result<Bound> {
    let s = shape(b, true, 0)?;
    s.condition(b.name)?;
    bound(b.ty(1).clone(), move |c| {
        let (e, v) = s.run(c, "arrayFill")?;
        let t = truths(&v);
        let mut at: Vec<u32> = (0..e.values.len() as u32).collect();
        for w in e.offsets.windows(2) {
            let (x, y) = (w[0] as usize, w[1] as usize);
            if backwards {
                for k in (x..y.saturating_sub(1).max(x)).rev() {
                    if !t.get(k) {
                        at[k] = at[k + 1];
                    }
                }
            } else {
                for k in x + 1..y {
                    if !t.get(k) {
                        at[k] = at[k - 1];
                    }
                }
            }
        }
        Ok(array_column(e.offsets, e.values.gather(&at)))
    })
}

fn split(b: &Bind<'_>, behind: bool) -> Result<Bound> {
    let s = shape(b, true, 0)?;
    s.condition(b.name)?;
    bound(Type::array(b.ty(1).clone()), move |c| {
        let (e, v) = s.run(c, "arraySplit")?;
        let t = truths(&v);
        let (mut outer, mut inner) = (vec![0u32], vec![0u32]);
        for w in e.offsets.windows(2) {
            for k in w[0]..w[1] {
                let cut = if behind { k > w[0] && t.get(k as usize - 1) } else { k > w[0] && t.get(k as usize) };
                if cut {
                    inner.push(k);
                }
            }
            if w[1] > w[0] {
                inner.push(w[1]);
            }
            outer.push(inner.len() as u32 - 1);
        }
        Ok(array_column(outer, array_column(inner, e.values)))
    })
}

fn fold(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, usize::MAX)?;
    let Some(last) = b.args.last() else { return Err(b.illegal(0, "a lambda")) };
    if !b.args[0].lambda {
        return Err(b.illegal(0, "a lambda, such as (acc, x) -> acc + x"));
    }
    let state = last.ty.clone();
    let result = b.ty(0).clone();
    let coded = |at: usize| matches!(b.raw.get(at).map(|a| &a.ty), Some(Type::LowCardinality(_)));
    if coded(b.len() - 1) != coded(0) {
        return Err(Error::new(types::codes::TYPE_MISMATCH, format!("Return type of the lambda of function arrayFold must be that of the accumulator: one of {state} and {result} is LowCardinality, the other is not")));
    }
    if result != state {
        let fits = common_type(&[result.clone(), state.clone()]).is_ok_and(|t| t == state);
        if !fits {
            return Err(Error::new(types::codes::TYPE_MISMATCH, format!("Return type of the lambda of function arrayFold must be that of the accumulator: {state}, not {result}; cast one of them")));
        }
    }
    let n = b.len();
    for i in 1..n - 1 {
        if !matches!(b.ty(i), Type::Array(_)) {
            return Err(b.illegal(i, "Array"));
        }
    }
    bound(state.clone(), move |c| {
        let lists = (1..n - 1).map(|i| elements(c.col(i), c.rows)).collect::<Result<Vec<_>>>()?;
        if lists.iter().any(|l| l.offsets != lists[0].offsets) {
            return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Arrays passed to function arrayFold must have equal sizes"));
        }
        let Some(l) = c.lambda(0) else { return Err(Error::internal("lambda expected")) };
        let offsets = &lists[0].offsets;
        check_elements(lists[0].values.len())?;
        let mut acc = c.col(n - 1).flat();
        let longest = offsets.windows(2).map(|w| w[1] - w[0]).max().unwrap_or(0);
        // Step k takes the k-th elements of all arrays that are that long.
        for k in 0..longest {
            let active: Vec<u32> = (0..c.rows as u32).filter(|&i| offsets[i as usize] + k < offsets[i as usize + 1]).collect();
            let at: Vec<u32> = active.iter().map(|&i| offsets[i as usize] + k).collect();
            let mut args = vec![acc.gather(&active)];
            args.extend(lists.iter().map(|x| x.values.gather(&at)));
            let next = l.call(&args, active.len(), &active)?;
            let next = cast(&next, &result, &state, CastMode::Sql, c.session)?.flat_deep();
            let mut place: Vec<u32> = (0..c.rows as u32).collect();
            for (j, &i) in active.iter().enumerate() {
                place[i as usize] = (c.rows + j) as u32;
            }
            let mut stack = ColumnBuilder::new(&state);
            stack.append_column(&acc);
            stack.append_column(&next);
            acc = stack.finish().gather(&place);
        }
        Ok(acc)
    })
}

fn compact(b: &Bind<'_>) -> Result<Bound> {
    let s = shape(b, false, 0)?;
    bound(Type::array(s.inner[0].clone()), move |c| {
        let (e, keys) = s.run(c, "arrayCompact")?;
        let (mut offsets, mut at) = (vec![0u32], Vec::new());
        for w in e.offsets.windows(2) {
            at.extend((w[0]..w[1]).filter(|&k| {
                k == w[0] || compare_rows(&keys, k as usize - 1, &keys, k as usize).is_ne()
            }));
            offsets.push(at.len() as u32);
        }
        Ok(array_column(offsets, e.values.gather(&at)))
    })
}

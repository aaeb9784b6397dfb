//! if, multiIf, CASE, and the functions that test and replace NULL.

pub mod extremes;
mod transform;

use transform::transform;
use crate::args::{truths, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::call::{Value, resolve, without_nulls};
use crate::cast::{CastMode, cast, strip_nullable};
use crate::def::{FunctionDef, f};
use crate::session::Session;
use crate::supertype::common_type;
use std::sync::Arc;
use types::codes::{ILLEGAL_COLUMN, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{Bitmap, Column, ColumnBuilder, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("if", "if(condition, then, else)", "`then` where the condition is true, else (and for NULL) `else`.", &[("if(1 > 2, 'a', 'b')", "b")], |b| branches(b, true)).ci().own_nulls().plain(),
    f("multiIf", "multiIf(condition, then, [condition, then, …] else)", "The first `then` whose condition is true. What CASE WHEN becomes.", &[("multiIf(0, 'a', 1, 'b', 'c')", "b")], |b| branches(b, false)).own_nulls().plain().alias(&["caseWithoutExpr", "caseWithoutExpression"]),
    f("caseWithExpression", "caseWithExpression(x, value, then, [value, then, …] else)", "The first `then` whose value equals x. What CASE x WHEN becomes.", &[("caseWithExpression(3, 1, 'one', 3, 'three', 'more')", "three")], case).own_nulls().alias(&["caseWithExpr"]),
    f("isNull", "isNull(x)", "1 if NULL.", &[("isNull(NULL)", "1")], |b| null_test(b, true)).ci().own_nulls().plain(),
    f("isNotNull", "isNotNull(x)", "1 if not NULL.", &[("isNotNull(NULL)", "0")], |b| null_test(b, false)).own_nulls().plain(),
    f("isNullable", "isNullable(x)", "1 if the type is Nullable.", &[("isNullable(toNullable(1))", "1")], |b| { b.arity(1, 1)?; let n = b.ty(0).is_nullable(); bound(Type::UInt8, move |c| Ok(Column::constant(u8_col(vec![u8::from(n)]), c.rows))) }).own_nulls().plain(),
    f("isZeroOrNull", "isZeroOrNull(x)", "1 if the number is 0 or NULL.", &[("isZeroOrNull(NULL)", "1")], zero_or_null).own_nulls(),
    f("ifNull", "ifNull(x, other)", "x, or other where x is NULL.", &[("ifNull(NULL, 5)", "5")], |b| { b.arity(2, 2)?; coalesce(b) }).ci().own_nulls(),
    f("coalesce", "coalesce(x, …)", "The first argument that is not NULL.", &[("coalesce(NULL, 7)", "7")], coalesce).ci().own_nulls(),
    f("nullIf", "nullIf(x, y)", "NULL where x = y, else x.", &[("nullIf(1, 1)", "NULL")], null_if).ci().own_nulls(),
    f("assumeNotNull", "assumeNotNull(x)", "The type without Nullable; some value of it where x is NULL.", &[("assumeNotNull(toNullable(5))", "5")], assume_not_null).own_nulls(),
    f("toNullable", "toNullable(x)", "The type made Nullable.", &[("toTypeName(toNullable(1))", "Nullable(UInt8)")], |b| { b.arity(1, 1)?; bound(nullable_any(b.ty(0)), |c| Ok(c.col(0).clone())) }).own_nulls().own_lc(),
    f("firstNonDefault", "firstNonDefault(a, b, …)", "The first argument that is not 0, '', [] or NULL.", &[("firstNonDefault(0, 3, 4)", "3")], first_non_default).own_nulls(),
    f("transform", "transform(x, from, to[, default])", "The element of array `to` at the place where `from` holds x; else the default, or x.", &[("transform(2, [1, 2], ['one', 'two'], 'many')", "two")], transform).own_nulls(),
];

fn nullable_any(t: &Type) -> Type {
    match t {
        Type::LowCardinality(i) => Type::low_cardinality(nullable_any(i)),
        t => Type::nullable(t.clone()),
    }
}

/// Whether a type can be a condition.
fn condition(b: &Bind<'_>, i: usize) -> Result<()> {
    if matches!(b.ty(i).base(), Type::UInt8 | Type::Bool | Type::Nothing) { Ok(()) } else { Err(b.illegal(i, "UInt8 or Bool, as a condition")) }
}

fn branches(b: &Bind<'_>, single: bool) -> Result<Bound> {
    if single {
        b.arity(3, 3)?;
    }
    if b.len() < 3 || b.len() % 2 == 0 {
        return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Number of arguments for function {} must be odd and at least 3, not {}", b.name, b.len())));
    }
    let mut results = Vec::new();
    for i in (0..b.len() - 1).step_by(2) {
        condition(b, i)?;
        results.push(i + 1);
    }
    results.push(b.len() - 1);
    let types: Vec<Type> = results.iter().map(|&i| b.ty(i).clone()).collect();
    let scale = |t: &Type| if let Type::Decimal(_, s) = strip_nullable(t) { Some(*s) } else { None };
    let scales_differ = matches!(types.as_slice(), [x, y] if scale(x).zip(scale(y)).is_some_and(|(s, t)| s != t));
    let out = common_type(&types)?;
    let kernel = out.clone();
    bound(out, move |c| {
        if scales_differ && !c.col(0).is_const() {
            return Err(Error::not_implemented("Conditional functions with different Decimal scales: cast one of them"));
        }
        // choice[i] = which branch row i takes
        let rows = c.rows;
        let last = results.len() - 1;
        let mut choice = vec![last as u32; rows];
        let mut open = Bitmap::new(rows, true);
        for (k, i) in (0..c.len() - 1).step_by(2).enumerate() {
            let mut t = truths(c.col(i));
            t.and_with(&open);
            if !t.any() {
                continue;
            }
            for r in t.ones() {
                choice[r as usize] = k as u32;
            }
            open.and_not_with(&t);
        }
        let columns = results
            .iter()
            .zip(&types)
            .map(|(&i, t)| as_branch(c.col(i), t, &kernel, results.len(), c.session))
            .collect::<Result<Vec<_>>>()?;
        Ok(select(&kernel, &columns, &choice))
    })
}

/// A branch as the result's type. Of two, a FixedString keeps its zeros when it becomes a String.
pub fn as_branch(c: &Column, from: &Type, to: &Type, branches: usize, session: &Session) -> Result<Column> {
    match (from, to) {
        (Type::FixedString(_), Type::String) if branches == 2 && !matches!(c.data, Data::Codes(..)) => Ok(whole_bytes(c)),
        _ => cast(c, from, to, CastMode::Sql, session),
    }
}

fn whole_bytes(c: &Column) -> Column {
    let rows = if c.is_const() { 1 } else { c.len() };
    let s = crate::args::strs(c);
    let mut out = crate::args::StrOut::new(rows, s.total(rows));
    (0..rows).for_each(|i| out.push(s.at(i)));
    if c.is_const() { Column::constant(out.column(), c.len()) } else { out.column() }
}

/// Row i of `columns[choice[i]]`, all of type `ty`.
pub fn select(ty: &Type, columns: &[Column], choice: &[u32]) -> Column {
    let rows = choice.len();
    if let Some(first) = choice.first()
        && choice.iter().all(|c| c == first)
    {
        return columns[*first as usize].clone();
    }
    if columns.len() == 2
        && let Some(fast) = select_numbers(&columns[0], &columns[1], choice)
    {
        return fast;
    }
    // Constants take one row of the stack, others all of theirs.
    let mut stack = ColumnBuilder::new(ty);
    let mut starts = Vec::with_capacity(columns.len());
    for c in columns {
        starts.push((stack.len() as u32, u32::from(!c.is_const())));
        match c.as_const() {
            Some(one) => stack.append_column(one),
            None => stack.append_column(c),
        }
    }
    let at: Vec<u32> = choice.iter().enumerate().map(|(i, &k)| starts[k as usize].0 + starts[k as usize].1 * i as u32).collect();
    let out = stack.finish().gather(&at);
    debug_assert!(out.len() == rows);
    out
}

/// Two flat or constant number columns without NULLs: a branch-free blend.
fn select_numbers(a: &Column, b: &Column, choice: &[u32]) -> Option<Column> {
    use crate::lanes::{Lane, Source};
    if a.has_nulls() || b.has_nulls() {
        return None;
    }
    fn blend<R: Lane>(a: &Column, b: &Column, choice: &[u32]) -> Option<Column> {
        let get = |c: &Column| -> Option<(Vec<R>, bool)> {
            match Source::<R>::of(c) {
                Source::Const(v) => Some((vec![v], true)),
                Source::Slice(s) => Some((s.to_vec(), false)),
                Source::Convert(_) => None,
            }
        };
        let ((x, cx), (y, cy)) = (get(a)?, get(b)?);
        let pick = |v: &[R], c: bool, i: usize| if c { v[0] } else { v[i] };
        Some(R::column(choice.iter().enumerate().map(|(i, &k)| if k == 0 { pick(&x, cx, i) } else { pick(&y, cy, i) }).collect()))
    }
    let data = |c: &Column| c.as_const().map_or_else(|| c.data.clone(), |o| o.data.clone());
    match (data(a), data(b)) {
        (Data::U8(_), Data::U8(_)) => blend::<u8>(a, b, choice),
        (Data::I32(_), Data::I32(_)) => blend::<i32>(a, b, choice),
        (Data::U32(_), Data::U32(_)) => blend::<u32>(a, b, choice),
        (Data::I64(_), Data::I64(_)) => blend::<i64>(a, b, choice),
        (Data::U64(_), Data::U64(_)) => blend::<u64>(a, b, choice),
        (Data::F64(_), Data::F64(_)) => blend::<f64>(a, b, choice),
        _ => None,
    }
}

fn case(b: &Bind<'_>) -> Result<Bound> {
    if b.len() < 4 || b.len() % 2 != 0 {
        return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Number of arguments for function {} must be even and at least 4, not {}", b.name, b.len())));
    }
    let mut calls = Vec::new();
    let mut results = Vec::new();
    for i in (1..b.len() - 1).step_by(2) {
        let null = *b.ty(i).base() == Type::Nothing || *b.ty(0).base() == Type::Nothing;
        // NULL matches NULL here.
        let call = if null { resolve("isNotDistinctFrom", &[b.args[0].clone(), b.args[i].clone()], b.session)? } else { resolve("equals", &[b.args[0].clone(), b.args[i].clone()], b.session)? };
        calls.push(call);
        results.push(i + 1);
    }
    results.push(b.len() - 1);
    let types: Vec<Type> = results.iter().map(|&i| b.ty(i).clone()).collect();
    let out = common_type(&types)?;
    let kernel = out.clone();
    bound(out, move |c| {
        let mut choice = vec![calls.len() as u32; c.rows];
        let mut open = Bitmap::new(c.rows, true);
        for (k, call) in calls.iter().enumerate() {
            let mut t = truths(&call.eval(&[Value::Column(c.col(0)), Value::Column(c.col(1 + 2 * k))], c.rows, c.session)?);
            t.and_with(&open);
            for r in t.ones() {
                choice[r as usize] = k as u32;
            }
            open.and_not_with(&t);
        }
        let columns = results.iter().zip(&types).map(|(&i, t)| cast(c.col(i), t, &kernel, CastMode::Sql, c.session)).collect::<Result<Vec<_>>>()?;
        Ok(select(&kernel, &columns, &choice))
    })
}

fn null_test(b: &Bind<'_>, want: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    bound(Type::UInt8, move |c| {
        Ok(match c.col(0).null_mask() {
            None => Column::constant(u8_col(vec![u8::from(!want)]), c.rows),
            Some(m) => Column::bools(&if want { m.as_ref().clone() } else { m.not() }),
        })
    })
}

fn zero_or_null(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if *b.ty(0).base() != Type::Nothing {
        if !b.ty(0).base().is_number() {
            return Err(Error::bad_arguments("The argument of function isZeroOrNull must be a number"));
        }
        b.no_decimal(0)?;
    }
    bound(Type::UInt8, |c| Ok(Column::bools(&truths(c.col(0)).not())))
}

fn coalesce(b: &Bind<'_>) -> Result<Bound> {
    if b.is_empty() {
        return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    // Arguments after one that is never NULL do not count; nor do NULL literals.
    let mut used: Vec<usize> = Vec::new();
    for i in 0..b.len() {
        if *b.ty(i) == Type::nullable(Type::Nothing) && i + 1 < b.len() {
            continue;
        }
        used.push(i);
        if !b.ty(i).is_nullable() {
            break;
        }
    }
    let sure = used.last().is_some_and(|&i| !b.ty(i).is_nullable());
    let last = used.len() - 1;
    let types: Vec<Type> = used
        .iter()
        .enumerate()
        .filter(|(_, i)| *b.ty(**i) != Type::nullable(Type::Nothing))
        .map(|(k, &i)| if sure && k < last { strip_nullable(b.ty(i)).clone() } else { b.ty(i).clone() })
        .collect();
    let out = if types.is_empty() { Type::nullable(Type::Nothing) } else { common_type(&types)? };
    let full: Vec<Type> = used.iter().map(|&i| b.ty(i).clone()).collect();
    let wide = nullable_any(&out);
    let kernel = out.clone();
    bound(out, move |c| {
        if used.len() == 1 {
            return cast(c.col(used[0]), &full[0], &kernel, CastMode::Sql, c.session);
        }
        let mut choice = vec![last as u32; c.rows];
        let mut open = Bitmap::new(c.rows, true);
        for (k, &i) in used.iter().enumerate().take(last) {
            let mut has = match c.col(i).null_mask() {
                Some(m) => m.not(),
                None => Bitmap::new(c.rows, true),
            };
            has.and_with(&open);
            for r in has.ones() {
                choice[r as usize] = k as u32;
            }
            open.and_not_with(&has);
        }
        let columns = used
            .iter()
            .zip(&full)
            .map(|(&i, t)| cast(c.col(i), t, if t.is_nullable() { &wide } else { &kernel }, CastMode::Sql, c.session))
            .collect::<Result<Vec<_>>>()?;
        let picked = select(&wide, &columns, &choice);
        Ok(if kernel.is_nullable() { picked } else { without_nulls(&picked) })
    })
}

fn null_if(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    // A text is not read as the other's type here.
    if let [x, y] = [b.ty(0).base(), b.ty(1).base()]
        && x.is_string() != y.is_string()
        && ![x, y].iter().any(|t| matches!(t, Type::Nothing | Type::Enum8(_) | Type::Enum16(_)))
    {
        common_type(&[x.clone(), y.clone()])?;
    }
    let call = resolve("equals", b.args, b.session)?;
    bound(nullable_any(b.ty(0)), move |c| {
        let same = truths(&call.eval(&[Value::Column(c.col(0)), Value::Column(c.col(1))], c.rows, c.session)?);
        let mut mask = same;
        if let Some(n) = c.col(0).null_mask() {
            mask.or_with(&n);
        }
        Ok(c.col(0).flat().with_nulls(Some(Arc::new(mask))))
    })
}

fn assume_not_null(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let ty = strip_nullable(b.ty(0)).clone();
    if ty == Type::Nothing && b.constant(0).is_some() {
        return Err(Error::new(ILLEGAL_COLUMN, "assumeNotNull has no value to give for NULL"));
    }
    if ty == Type::Nothing {
        return bound(ty, |c| Err(Error::new(ILLEGAL_COLUMN, format!("assumeNotNull has no value to give for the NULL of {} row(s)", c.rows))));
    }
    bound(ty, |c| Ok(without_nulls(c.col(0))))
}

fn first_non_default(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let types = b.types();
    let out = common_type(&types)?;
    let kernel = out.clone();
    let inner = strip_nullable(&out).clone();
    // The default of a Nullable type is NULL, so that a 0 in it counts as a value.
    let nullable: Vec<bool> = types.iter().map(Type::is_nullable).collect();
    bound(out, move |c| {
        let cols = (0..c.len()).map(|i| cast(c.col(i), &types[i], &kernel, CastMode::Sql, c.session)).collect::<Result<Vec<_>>>()?;
        let zero = Column::default_of(&inner, 1).flat();
        // What is left when all are defaults: NULL for a Nullable type, else the default.
        let rest = Column::default_of(&kernel, c.rows);
        let counts = |k: usize, i: usize| !cols[k].is_null(i) && (nullable[k] || types::compare::compare_rows(&cols[k], i, &zero, 0).is_ne());
        let choice: Vec<u32> = (0..c.rows).map(|i| (0..cols.len()).find(|&k| counts(k, i)).unwrap_or(cols.len()) as u32).collect();
        let mut all = cols;
        all.push(rest);
        Ok(select(&kernel, &all, &choice))
    })
}

//! Functions that compute their later arguments only for the rows that reach them.

use super::eval::{Input, eval};
use super::{Bound, BoundCall, mask_of};
use crate::query::Query;
use types::{Column, Data, Result, Type};

/// Functions that must not evaluate all arguments for all rows (`if(x = 0, 0, intDiv(1, x))`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lazy {
    No,
    If,
    MultiIf,
    And,
    Or,
}

/// Whether a call of this function has to be lazy.
pub fn of(name: &str, args: &[Bound]) -> Lazy {
    let lazy = match name {
        "if" if args.len() == 3 => Lazy::If,
        "multiIf" if args.len() % 2 == 1 => Lazy::MultiIf,
        "and" => Lazy::And,
        "or" => Lazy::Or,
        _ => Lazy::No,
    };
    // laziness costs a gather: only where a later argument may fail
    if lazy != Lazy::No && args[1..].iter().any(may_fail) { lazy } else { Lazy::No }
}

/// Functions that throw on some values; only they make lazy evaluation necessary.
fn may_fail(b: &Bound) -> bool {
    match b {
        Bound::Call(c) => {
            let n = c.name.as_str();
            n == "throwIf"
                || n == "intDiv"
                || n == "modulo"
                || n == "positiveModulo"
                || n == "CAST"
                || n == "sleep"
                || n == "sleepEachRow"
                || n == "accurateCast"
                || n == "reinterpret"
                || (n.starts_with("to")
                    && !n.starts_with("toStartOf")
                    && c.args.first().is_some_and(|a| a.ty().base().is_string()))
                || n.starts_with("parse")
                || n.starts_with("JSON")
                || n.contains("egexp")
                || n == "match"
                || n.starts_with("arrayReduce")
                || c.args.iter().any(may_fail)
        }
        Bound::Lambda(body, _) => may_fail(body),
        Bound::In(v, ..) => may_fail(v),
        _ => false,
    }
}

/// The rows `keep` of everything an expression reads.
fn narrowed(b: &Bound, input: &Input<'_>, keep: &[u32], query: &Query) -> Result<Column> {
    let mut used = Vec::new();
    b.columns(&mut used);
    let mut columns = vec![Column::from(Data::Nothing(keep.len())); input.columns.len()];
    for i in used {
        columns[i] = input.columns[i].gather(keep);
    }
    let params: Vec<Column> = input.params.iter().map(|p| p.gather(keep)).collect();
    eval(b, &Input { columns: &columns, rows: keep.len(), params: &params }, query)
}

/// `and`/`or` from left to right: later arguments only see rows that are not decided yet.
pub fn lazy_logic(c: &BoundCall, input: &Input<'_>, query: &Query) -> Result<Column> {
    let n = input.rows;
    let is_and = c.lazy == Lazy::And;
    // undecided rows go on; a decided row's later arguments are given as the deciding value
    let mut undecided: Vec<u32> = (0..n as u32).collect();
    let mut evaluated: Vec<Column> = Vec::with_capacity(c.args.len());
    for a in &c.args {
        let part = narrowed(a, input, &undecided, query)?;
        let truth = mask_of(&part, undecided.len())?;
        let nulls = part.null_mask();
        // spread back over all rows; rows not evaluated get the neutral value
        let neutral = types::Scalar::Int(i128::from(is_and));
        let mut b = types::ColumnBuilder::with_capacity(&Type::nullable(Type::UInt8), n);
        let mut k = 0;
        for row in 0..n as u32 {
            if undecided.get(k) == Some(&row) {
                if nulls.as_ref().is_some_and(|m| m.get(k)) {
                    b.push_null();
                } else {
                    b.push_scalar(&types::Scalar::Int(i128::from(truth.get(k))));
                }
                k += 1;
            } else {
                b.push_scalar(&neutral);
            }
        }
        evaluated.push(b.finish());
        let mut next = Vec::with_capacity(undecided.len());
        for (k, &row) in undecided.iter().enumerate() {
            let null = nulls.as_ref().is_some_and(|m| m.get(k));
            if null || truth.get(k) == is_and {
                next.push(row);
            }
        }
        undecided = next;
        if undecided.is_empty() {
            break;
        }
    }
    // Kleene logic over what was evaluated
    let mut out = types::ColumnBuilder::with_capacity(c.call.ty(), n);
    for row in 0..n {
        let mut null = false;
        let mut decided = false;
        for e in &evaluated {
            if e.is_null(row) {
                null = true;
            } else if (e.scalar(row).as_i64() == Some(1)) != is_and {
                decided = true;
            }
        }
        if decided {
            out.push_scalar(&types::Scalar::Int(i128::from(!is_and)));
        } else if null {
            out.push_null();
        } else {
            out.push_scalar(&types::Scalar::Int(i128::from(is_and)));
        }
    }
    Ok(out.finish())
}

/// `if`/`multiIf`: each branch only sees its rows.
pub fn lazy_branches(c: &BoundCall, input: &Input<'_>, query: &Query) -> Result<Column> {
    let n = input.rows;
    let ty = c.call.ty().clone();
    let mut left: Vec<u32> = (0..n as u32).collect();
    let mut pieces: Vec<(Vec<u32>, Column)> = Vec::new();
    let mut i = 0;
    while i < c.args.len() && !left.is_empty() {
        let (rows, value) = if i + 1 < c.args.len() {
            let condition = mask_of(&narrowed(&c.args[i], input, &left, query)?, left.len())?;
            let (mut hit, mut rest) = (Vec::new(), Vec::new());
            for (k, &row) in left.iter().enumerate() {
                if condition.get(k) { hit.push(row) } else { rest.push(row) }
            }
            left = rest;
            i += 2;
            (hit, &c.args[i - 1])
        } else {
            i += 1;
            (std::mem::take(&mut left), &c.args[i - 1])
        };
        if rows.is_empty() {
            continue;
        }
        let v = narrowed(value, input, &rows, query)?;
        let v = functions::as_branch(&v, value.ty(), &ty, c.args.len().div_ceil(2), &query.session)?;
        pieces.push((rows, v));
    }
    let columns: Vec<&Column> = pieces.iter().map(|p| &p.1).collect();
    if columns.is_empty() {
        return Ok(Column::default_of(&ty, n));
    }
    let flats: Vec<Column> = columns.iter().map(|c| c.flat()).collect();
    let all = Column::concat(&ty, &flats.iter().collect::<Vec<_>>());
    let mut position = vec![0u32; n];
    let mut at = 0u32;
    for (rows, _) in &pieces {
        for &r in rows {
            position[r as usize] = at;
            at += 1;
        }
    }
    Ok(all.gather(&position))
}

//! From conditions to what storage can prune and filter by: conjuncts over one column become
//! `Pred`s, directly or by being evaluated once per dictionary entry.

use crate::expr::{Bound, Results, mask_of};
use crate::paths::Path;
use crate::pool::{Flow, run_phase};
use crate::query::Query;
use crate::scan::Scan;
use functions::CastMode;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use storage::Pred;
use types::{Batch, Bitmap, Column, Data, Dict, Result, Scalar, Type};

/// The conjuncts of a condition.
pub fn conjuncts(b: &Bound, out: &mut Vec<Bound>) {
    match b {
        Bound::Call(c) if c.name == "and" => c.args.iter().for_each(|a| conjuncts(a, out)),
        other => out.push(other.clone()),
    }
}

/// `column op constant` and its like as a predicate on the column's stored values.
/// None: not of that form, or the comparison's meaning does not map exactly.
pub fn direct(b: &Bound, query: &Query) -> Option<(usize, Pred)> {
    match on_value(b, query) {
        Some((Bound::Column(i, _), pred)) => Some((*i, pred)),
        _ => None,
    }
}

/// `value op constant` and its like as a predicate on the value, whatever computes it.
pub fn on_value<'b>(b: &'b Bound, query: &Query) -> Option<(&'b Bound, Pred)> {
    match b {
        Bound::In(v, set, negated) => {
            if *negated || v.is_const() || !comparable(v.ty()) || set.len() > 10_000 {
                return None;
            }
            let values = set.scalars();
            Some((v, if values.is_empty() { Pred::Never } else { Pred::In(values) }))
        }
        Bound::Call(c) => {
            let name = c.name.as_str();
            if let ([v], "isNull" | "isNotNull") = (c.args.as_slice(), name) {
                if !v.ty().is_nullable() {
                    return None;
                }
                return Some((v, if name == "isNull" { Pred::IsNull } else { Pred::NotNull }));
            }
            let (value, constant, name) = match c.args.as_slice() {
                [Bound::Const(..), Bound::Const(..)] => return None,
                [value, Bound::Const(v, vt)] => (value, (v, vt), name),
                [Bound::Const(v, vt), value] => (value, (v, vt), mirrored(name)?),
                _ => return None,
            };
            mirrored(name)?;
            let Some(v) = constant_as(constant.0, constant.1, value.ty(), query)? else {
                return Some((value, Pred::Never));
            };
            let pred = match name {
                "equals" => Pred::Eq(v),
                "notEquals" => Pred::Ne(v),
                "less" => Pred::Range { lo: None, hi: Some((v, false)) },
                "lessOrEquals" => Pred::Range { lo: None, hi: Some((v, true)) },
                "greater" => Pred::Range { lo: Some((v, false)), hi: None },
                _ => Pred::Range { lo: Some((v, true)), hi: None },
            };
            Some((value, pred))
        }
        _ => None,
    }
}

fn mirrored(name: &str) -> Option<&str> {
    Some(match name {
        "equals" | "notEquals" => name,
        "less" => "greater",
        "lessOrEquals" => "greaterOrEquals",
        "greater" => "less",
        "greaterOrEquals" => "lessOrEquals",
        _ => return None,
    })
}

/// Types whose stored values compare as the values do.
pub fn comparable(t: &Type) -> bool {
    let t = t.base();
    t.is_integer()
        || matches!(t, Type::String | Type::Date | Type::Date32 | Type::DateTime(_) | Type::DateTime64(..))
        || matches!(t, Type::Enum8(_) | Type::Enum16(_) | Type::Ipv4 | Type::Ipv6 | Type::Uuid)
}

/// The constant as a stored value of the column's type. `Some(None)`: the comparison is NULL for every row.
fn constant_as(c: &Column, ty: &Type, column: &Type, query: &Query) -> Option<Option<Scalar>> {
    if c.is_null(0) {
        return Some(None);
    }
    let (from, to) = (ty.base(), column.base());
    let value = c.flat().scalar(0);
    if from.is_integer() && to.is_integer() {
        let wide = |t: &Type| matches!(t, Type::UInt256 | Type::Int256);
        return (!wide(from) && !wide(to)).then_some(Some(value));
    }
    if matches!(value, Scalar::Float(v) if v.is_nan()) {
        return None;
    }
    if from.is_float() && *to == Type::Float64 {
        return Some(Some(value));
    }
    if from.is_integer() && *to == Type::Float64 {
        let exact = value.as_i128().is_some_and(|v| v.unsigned_abs() <= 1 << 53);
        return if exact { Some(Some(Scalar::Float(value.as_f64()?))) } else { None };
    }
    if matches!((from, to), (Type::String, Type::String))
        || (from == to && comparable(to))
        || matches!((from, to), (Type::DateTime(_), Type::DateTime(_)))
    {
        return Some(Some(value));
    }
    if *from == Type::String && comparable(to) && !to.is_integer() {
        let cast = functions::cast(c, ty, to, CastMode::Sql, &query.session).ok()?;
        return Some(Some(cast.flat().scalar(0)));
    }
    None
}

/// Calls over one string column of a scan are computed for every entry of the segments'
/// dictionaries, on all workers, where that is less work than once per row.
pub fn memoise(exprs: &[Bound], scan: &Scan, query: &Arc<Query>) -> Result<()> {
    if !query.fast(Path::DictionaryResults) {
        return Ok(());
    }
    for e in exprs {
        memoise_one(e, scan, query)?;
    }
    Ok(())
}

fn memoise_one(e: &Bound, scan: &Scan, query: &Arc<Query>) -> Result<()> {
    let Bound::Call(c) = e else { return Ok(()) };
    let mut used = Vec::new();
    e.columns(&mut used);
    let [column] = used.as_slice() else {
        return c.args.iter().try_for_each(|a| memoise_one(a, scan, query));
    };
    if !e.deterministic()
        || has_params(e)
        || scan.types[*column].base() != &Type::String
        || scan.types[*column].is_nullable()
    {
        return c.args.iter().try_for_each(|a| memoise_one(a, scan, query));
    }
    let mut results = HashMap::new();
    for (dict, rows) in scan.dictionaries(*column)? {
        if dict.len() as u64 <= rows {
            // an entry that no selected row has may fail: rows are then evaluated one by one
            match over_entries(e, &dict, *column, scan.types.len(), query) {
                Ok(values) => {
                    results.insert(dict.id, Results::new(*column, values));
                }
                Err(_) => query.cancel.check()?,
            }
        }
    }
    c.memo.set(results);
    Ok(())
}

fn has_params(e: &Bound) -> bool {
    match e {
        Bound::Param(..) | Bound::Lambda(..) => true,
        Bound::Call(c) => c.args.iter().any(has_params),
        Bound::In(v, ..) => has_params(v),
        _ => false,
    }
}

fn over_entries(
    e: &Bound,
    dict: &Arc<Dict>,
    column: usize,
    width: usize,
    query: &Arc<Query>,
) -> Result<Column> {
    const CHUNK: usize = 16_384;
    let chunks = dict.len().div_ceil(CHUNK);
    let parts: Vec<Mutex<Column>> = (0..chunks).map(|_| Mutex::new(Data::Nothing(0).into())).collect();
    run_phase(query, chunks, &|i| {
        query.cancel.check()?;
        let start = i * CHUNK;
        let n = CHUNK.min(dict.len() - start);
        let mut columns = vec![Column::from(Data::Nothing(n)); width];
        columns[column] = dict.values.slice(start, n);
        *parts[i].lock() = e.eval(&Batch { columns, rows: n }, query)?.flat();
        Ok(Flow::More)
    })?;
    let parts: Vec<Column> = parts.into_iter().map(Mutex::into_inner).collect();
    if parts.is_empty() {
        return Ok(Column::default_of(e.ty(), 0).flat());
    }
    Ok(Column::concat(e.ty(), &parts.iter().collect::<Vec<_>>()))
}

/// Evaluates a condition over one column for every entry of its dictionary, on all workers.
/// None: the condition also holds for NULL, so that codes alone do not decide.
pub fn by_dictionary(
    b: &Bound,
    dict: &Arc<Dict>,
    column: usize,
    width: usize,
    query: &Arc<Query>,
) -> Result<Option<Bitmap>> {
    const CHUNK: usize = 32_768;
    let at = |values: Column, rows: usize| {
        let mut columns = vec![Column::from(Data::Nothing(rows)); width];
        columns[column] = values;
        Batch { columns, rows }
    };
    let null = Column::null_of(&Type::String, 1);
    let holds_for_null = b.eval(&at(null, 1), query).and_then(|c| mask_of(&c, 1));
    if !matches!(holds_for_null, Ok(m) if !m.get(0)) {
        return Ok(None);
    }
    let chunks = dict.len().div_ceil(CHUNK);
    let parts: Vec<Mutex<Bitmap>> = (0..chunks).map(|_| Mutex::new(Bitmap::default())).collect();
    run_phase(query, chunks, &|i| {
        query.cancel.check()?;
        let start = i * CHUNK;
        let n = CHUNK.min(dict.len() - start);
        *parts[i].lock() = b.eval_mask(&at(dict.values.slice(start, n), n), query)?;
        Ok(Flow::More)
    })?;
    let mut all = Bitmap::default();
    for p in parts {
        all.extend(&p.into_inner());
    }
    Ok(Some(all))
}

//! `count`, `min`, `max`, `sum`, `avg` and `count(DISTINCT)` of whole columns without GROUP BY: answered from the
//! statistics and dictionaries of segments. Memtable rows are scanned and added.

use super::distinct_words::{MORSELS_MAX, Words};
use crate::paths::Path;
use crate::plan::{AggregateCall, Expr};
use crate::query::Query;
use crate::rows::Source;
use crate::scan::Scan;
use storage::Segment;
use types::compare::min_max;
use types::{Column, ColumnBuilder, Data, I256, Result, Scalar, Type, match_numeric};

/// Running answer over segments and batches.
#[derive(Default)]
struct Sum {
    rows: u64,
    /// not NULL
    values: u64,
    total: Option<I256>,
    min: Option<Scalar>,
    max: Option<Scalar>,
}

enum Found {
    Sum(Sum),
    Words(Words),
}

/// The one output row, or None where statistics do not suffice (then nothing was read).
pub fn answer(scan: &Scan, calls: &[AggregateCall], query: &Query) -> Result<Option<Vec<Column>>> {
    let Some((segments, memory)) = scan.unfiltered() else { return Ok(None) };
    let mut out = Vec::new();
    for c in calls {
        let column = match c.args.as_slice() {
            [] => None,
            [Expr::Column { col }] => Some(*col),
            _ => return Ok(None),
        };
        if !c.params.is_empty() {
            return Ok(None);
        }
        let found = match (c.name.to_ascii_lowercase().as_str(), column) {
            ("count" | "min" | "max" | "sum" | "avg", _) => {
                over_segments(scan, &segments, column, &c.name)?.map(Found::Sum)
            }
            ("uniqexact", Some(i)) if query.fast(Path::DistinctWords) && memory.len() <= MORSELS_MAX => {
                Words::of(scan, &segments, i, !memory.is_empty())?.map(Found::Words)
            }
            _ => None,
        };
        let Some(found) = found else { return Ok(None) };
        out.push((c, column, found));
    }
    let keeps = out.iter().any(|(_, _, found)| matches!(found, Found::Words(_)));
    let mut kept = Vec::new();
    for m in memory {
        for batch in scan.read(m, query)? {
            for (_, column, found) in &mut out {
                match (found, column) {
                    (Found::Sum(sum), None) => sum.rows += batch.rows as u64,
                    (Found::Sum(sum), Some(i)) => add_batch(sum, &batch.columns[*i]),
                    (Found::Words(_), _) => {}
                }
            }
            if keeps {
                kept.push(batch);
            }
        }
    }
    let rows: u64 = segments.iter().map(|s| s.0.rows() as u64).sum();
    query.read(rows, 0)?;
    let mut columns = Vec::new();
    for (c, column, found) in out {
        let arg = column.map(|i| scan.types[i].clone());
        columns.push(match found {
            Found::Sum(sum) => finish(&c.name.to_ascii_lowercase(), arg.as_ref(), sum, c)?,
            Found::Words(words) => {
                Data::U64(vec![words.count(&kept, column.unwrap_or_default())].into()).into()
            }
        });
    }
    Ok(Some(columns))
}

fn over_segments(
    scan: &Scan,
    segments: &[(&std::sync::Arc<Segment>, &[Option<usize>])],
    column: Option<usize>,
    name: &str,
) -> Result<Option<Sum>> {
    let mut sum = Sum { total: Some(I256::ZERO), ..Sum::default() };
    let Some(i) = column else {
        sum.rows = segments.iter().map(|s| s.0.rows() as u64).sum();
        return Ok(Some(sum));
    };
    let ty = &scan.types[i];
    let base = ty.base();
    let ordered = base.is_integer() || base.is_decimal() || base.is_date_or_time();
    let name = name.to_ascii_lowercase();
    if !ordered && name != "count" {
        return Ok(None);
    }
    if matches!(name.as_str(), "sum" | "avg") && !(base.is_integer() || base.is_decimal()) {
        return Ok(None);
    }
    for (segment, columns) in segments {
        let Some(c) = columns[i] else { return Ok(None) };
        if segment.column_type(c) != ty {
            return Ok(None);
        }
        for b in 0..segment.block_count() {
            let Some(s) = segment.stats(c, b) else { return Ok(None) };
            let n = segment.block_rows(b) as u64;
            sum.rows += n;
            sum.values += n - u64::from(s.nulls);
            if n > u64::from(s.nulls) && name != "count" {
                if s.min.is_null() || s.max.is_null() {
                    return Ok(None);
                }
                keep_min_max(&mut sum, &s.min, &s.max);
                match &s.sum {
                    Some(v) => add_total(&mut sum, v),
                    None if matches!(name.as_str(), "sum" | "avg") => return Ok(None),
                    None => {}
                }
            }
        }
    }
    Ok(Some(sum))
}

fn add_total(sum: &mut Sum, v: &Scalar) {
    let v = match v {
        Scalar::Int(x) => I256::from(*x),
        Scalar::UInt(x) => types::U256::from(*x).as_i256(),
        Scalar::I256(x) => *x,
        Scalar::U256(x) => x.as_i256(),
        _ => {
            sum.total = None;
            return;
        }
    };
    sum.total = sum.total.map(|t| t.wrapping_add(v));
}

fn keep_min_max(sum: &mut Sum, lo: &Scalar, hi: &Scalar) {
    if sum.min.as_ref().is_none_or(|m| lo.compare(m).is_lt()) {
        sum.min = Some(lo.clone());
    }
    if sum.max.as_ref().is_none_or(|m| hi.compare(m).is_gt()) {
        sum.max = Some(hi.clone());
    }
}

fn add_batch(sum: &mut Sum, c: &Column) {
    let c = c.flat();
    let nulls = c.nulls.as_ref().map_or(0, |n| n.count_ones());
    sum.rows += c.len() as u64;
    sum.values += (c.len() - nulls) as u64;
    if let Some((lo, hi)) = min_max(&c) {
        let (lo, hi) = (c.scalar(lo), c.scalar(hi));
        keep_min_max(sum, &lo, &hi);
    }
    for i in 0..c.len() {
        if !c.is_null(i) {
            let v = match_numeric!(&c.data, _v, W => c.scalar(i), Scalar::Null);
            if !v.is_null() {
                add_total(sum, &v);
            }
        }
    }
}

fn finish(name: &str, arg: Option<&Type>, sum: Sum, call: &AggregateCall) -> Result<Column> {
    let types: Vec<Type> = arg.cloned().into_iter().collect();
    let ty = super::resolve(call, &types)?.ty().clone();
    if name == "count" {
        let n = if arg.is_some() { sum.values } else { sum.rows };
        return Ok(Data::U64(vec![n].into()).into());
    }
    let mut b = ColumnBuilder::new(&ty);
    if sum.values == 0 {
        if name == "avg" && !ty.is_nullable() {
            b.push_scalar(&Scalar::Float(f64::NAN));
        } else {
            b.push_default(1);
        }
        return Ok(b.finish());
    }
    let total = sum.total.unwrap_or(I256::ZERO);
    let value = match name {
        "min" => sum.min.unwrap_or(Scalar::Null),
        "max" => sum.max.unwrap_or(Scalar::Null),
        "avg" => {
            let scale = if let Some(Type::Decimal(_, s)) = arg.map(Type::base) {
                types::float::pow10(*s)
            } else {
                1.0
            };
            Scalar::Float(types::float::of_i256(total) / sum.values as f64 / scale)
        }
        _ if ty.base().is_float() => Scalar::Float(types::float::of_i256(total)),
        _ => Scalar::I256(total),
    };
    // 64-bit sums wrap as adding one by one would
    b.push_scalar(&match value {
        Scalar::I256(v) if ty.base().fixed_width().is_some_and(|w| w <= 8) => {
            Scalar::Int(i128::from(v.as_i64()))
        }
        Scalar::I256(v) if ty.base().fixed_width() == Some(16) => Scalar::Int(v.as_i128()),
        v => v,
    });
    Ok(b.finish())
}

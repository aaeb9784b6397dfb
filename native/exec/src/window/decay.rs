//! Time series: exponentially decayed sums over frames, derivatives of counters.

use super::Rowset;
use super::frames::Frames;
use super::resolve::Decay;
use super::sliding::floats;
use crate::expr::Bound;
use types::ty::IntervalKind;
use types::{Column, Data, Error, Result, Type};

/// Numbers of a column: decimals and times in their units (seconds, days).
fn measured(c: &Column, ty: &Type) -> Vec<f64> {
    let raw = floats(c, None);
    match ty.base() {
        Type::Decimal(_, s) | Type::DateTime64(s, _) => {
            let unit = types::float::pow10(*s);
            raw.into_iter().map(|x| x / unit).collect()
        }
        _ => raw,
    }
}

/// A value counts as value × exp((its time − time of the frame's last row) ÷ `length`).
pub fn decayed(
    kind: Decay,
    length: f64,
    args: &[Column],
    bound: &[Bound],
    frames: &Frames,
    rows: &Rowset<'_>,
) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 24)?;
    let last = args.len() - 1;
    let times = measured(&args[last], bound[last].ty());
    let values = if kind == Decay::Count { vec![1.0; n] } else { measured(&args[0], bound[0].ty()) };
    let mut out = Vec::with_capacity(n);
    let mut work = 0usize;
    // what the last frame gave: its bounds, sum or maximum, count
    let mut known = (0u32, 0u32, 0.0f64, 0.0f64);
    for i in 0..n {
        let (s, e) = (frames.start[i], frames.end[i]);
        if s >= e {
            out.push(if kind == Decay::Avg { f64::NAN } else { 0.0 });
            continue;
        }
        let back = times[e as usize - 1];
        let (mut at, mut total, mut count) = (s, f64::NAN, 0.0);
        // only longer at its end: what was there decays further
        if known.0 == s && known.1 > s && known.1 <= e {
            let fade = ((times[known.1 as usize - 1] - back) / length).exp();
            (at, total, count) = (known.1, known.2 * fade, known.3 * fade);
        }
        while at < e {
            let weight = ((times[at as usize] - back) / length).exp();
            let x = values[at as usize] * weight;
            total = match kind {
                _ if total.is_nan() => x,
                Decay::Max => total.max(x),
                _ => total + x,
            };
            count += weight;
            at += 1;
            work += 1;
            if work % 65_536 == 0 {
                rows.query.cancel.check()?;
            }
        }
        known = (s, e, total, count);
        out.push(if kind == Decay::Avg { total / count } else { total });
    }
    Ok(Data::F64(out.into()).into())
}

/// Growth of a counter per interval since the row before; 0 where it fell, and for the first row.
pub fn derivative(args: &[Column], bound: &[Bound], rows: &Rowset<'_>) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 24)?;
    let interval = match (args.get(2), bound.get(2).map(Bound::ty)) {
        (Some(c), Some(Type::Interval(kind))) => {
            let seconds = match kind {
                IntervalKind::Nanosecond => 1e-9,
                IntervalKind::Microsecond => 1e-6,
                IntervalKind::Millisecond => 1e-3,
                IntervalKind::Second => 1.0,
                IntervalKind::Minute => 60.0,
                IntervalKind::Hour => 3600.0,
                IntervalKind::Day => 86_400.0,
                IntervalKind::Week => 604_800.0,
                IntervalKind::Month | IntervalKind::Quarter | IntervalKind::Year => {
                    return Err(Error::bad_arguments(
                        "The interval of nonNegativeDerivative must be a week or shorter",
                    ));
                }
            };
            if n == 0 { seconds } else { c.scalar(0).as_f64().unwrap_or(1.0) * seconds }
        }
        _ => 1.0,
    };
    if interval <= 0.0 {
        return Err(Error::bad_arguments("The interval of nonNegativeDerivative must be positive"));
    }
    let metric = measured(&args[0], bound[0].ty());
    let times = measured(&args[1], bound[1].ty());
    let mut out = Vec::with_capacity(n);
    for &(s, e) in &rows.partitions {
        for i in s as usize..e as usize {
            if i == s as usize {
                out.push(0.0);
                continue;
            }
            let elapsed = times[i] - times[i - 1];
            let rate = if elapsed == 0.0 { 0.0 } else { (metric[i] - metric[i - 1]) / elapsed * interval };
            out.push(if rate > 0.0 { rate } else { 0.0 });
        }
    }
    Ok(Data::F64(out.into()).into())
}

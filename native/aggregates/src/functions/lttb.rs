//! largestTriangleThreeBuckets: few points that look like many. Source: Steinarsson, "Downsampling time series".

use super::levels::push_raw;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "largestTriangleThreeBuckets",
    aliases: &["lttb"],
    case_insensitive: false,
    signature: "largestTriangleThreeBuckets(n)(x, y)",
    description: "At most n points (x, y), in order of x, that keep the look of the line through all points.",
    examples: &[("SELECT lttb(3)(number, number % 3) FROM numbers(6)", "[(0,0),(2,2),(5,2)]")],
    flags: Flags::DEFAULT_ON_NULLS,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(2..=2)?;
    call.param_count(1..=1)?;
    let fits = |t: &Type| t.is_integer() || t.is_float() || t.is_date_or_time();
    call.check(0, fits)?;
    call.check(1, fits)?;
    let n = call.uint_param(0)? as usize;
    let result = |t: &Type| if t.is_date_or_time() { t.clone() } else { Type::Float64 };
    let ty = Type::array(Type::tuple(call.args.iter().map(result).collect()));
    let config = Arc::new(n);
    Ok(Bound::new(call, ty.clone(), move || Cells::<Points>::boxed(&config, &ty)))
}

#[derive(Default)]
struct Points {
    points: Vec<(f64, f64)>,
}

/// The first and last point, and from each bucket between the one that makes the largest
/// triangle with the point chosen before and the mean of the next bucket.
fn choose(points: &[(f64, f64)], n: usize) -> Vec<(f64, f64)> {
    let total = points.len();
    if n >= total {
        return points.to_vec();
    }
    match n {
        0 => return Vec::new(),
        1 => return points[..1].to_vec(),
        2 => return vec![points[0], points[total - 1]],
        _ => {}
    }
    let every = (total - 2) as f64 / (n - 2) as f64;
    let bound = |i: usize| ((i as f64 * every) as usize + 1).min(total - 1);
    let mut out = vec![points[0]];
    let mut before = points[0];
    for i in 0..n - 2 {
        let (start, end) = (bound(i), bound(i + 1));
        let next = &points[end..if i + 3 == n { total } else { bound(i + 2).max(end + 1) }];
        let len = next.len() as f64;
        let mean = next.iter().fold((0.0, 0.0), |a, p| (a.0 + p.0 / len, a.1 + p.1 / len));
        let area = |p: &(f64, f64)| ((before.0 - mean.0) * (p.1 - before.1) - (before.0 - p.0) * (mean.1 - before.1)).abs() * 0.5;
        let mut best = points[start.min(total - 1)];
        let mut largest = -1.0;
        for p in &points[start..end] {
            if area(p) > largest {
                largest = area(p);
                best = *p;
            }
        }
        out.push(best);
        before = best;
    }
    out.push(points[total - 1]);
    out
}

impl Cell for Points {
    type Config = usize;
    type Input = (Vec<f64>, Vec<f64>);
    fn prepare(_: &usize, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((floats(&args[0], &Type::Int64), floats(&args[1], &Type::Int64)))
    }
    fn add(&mut self, _: &usize, input: &Self::Input, row: usize) -> Result<()> {
        self.points.push((input.0[row], input.1[row]));
        Ok(())
    }
    fn merge(&mut self, _: &usize, other: &Self) -> Result<()> {
        self.points.extend_from_slice(&other.points);
        Ok(())
    }
    fn finish(&self, n: &usize, out: &mut ColumnBuilder) -> Result<()> {
        let mut sorted = self.points.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for (x, y) in choose(&sorted, *n) {
            if let Values::Tuple(parts) = &mut values.values {
                push_raw(&mut parts[0], x);
                push_raw(&mut parts[1], y);
            }
            values.pushed();
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &usize, out: &mut Vec<u8>) {
        put_var(out, self.points.len() as u64);
        for (x, y) in &self.points {
            put_f64(out, *x);
            put_f64(out, *y);
        }
    }
    fn read(_: &usize, r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(16)?;
        let points = (0..n).map(|_| Ok((r.f64()?, r.f64()?))).collect::<Result<_>>()?;
        Ok(Points { points })
    }
    fn heap_bytes(&self) -> usize {
        self.points.capacity() * 16
    }
}

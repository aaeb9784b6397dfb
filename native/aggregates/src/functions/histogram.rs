//! histogram: adaptive bins. Source: Ben-Haim, Tom-Tov, "A streaming parallel decision tree algorithm".

use super::moments::push_float;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::codes::PARAMETER_OUT_OF_BOUND;
use types::{Column, ColumnBuilder, Error, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "histogram",
    aliases: &[],
    case_insensitive: false,
    signature: "histogram(bins)(x)",
    description: "Array of (lower, upper, height) of an adaptive histogram of at most the given number of bins.",
    examples: &[("SELECT histogram(2)(x) FROM values('x UInt8', 1, 1, 9)", "[(1,5,1.875),(5,9,1.125)]")],
    flags: Flags::NONE,
    build,
}];

const BINS_MAX: u64 = 250;

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(1..=1)?;
    call.check(0, |t| t.is_integer() || t.is_float() || matches!(t, Type::Enum8(_) | Type::Enum16(_)))?;
    let bins = call.uint_param(0)?;
    if bins == 0 || bins > BINS_MAX {
        return Err(Error::new(PARAMETER_OUT_OF_BOUND, format!("The number of bins of histogram must be from 1 to {BINS_MAX}")));
    }
    let ty = Type::array(Type::tuple(vec![Type::Float64, Type::Float64, Type::Float64]));
    let config = Arc::new((bins as usize, call.args[0].clone()));
    Ok(Bound::new(call, ty.clone(), move || Cells::<Bins>::boxed(&config, &ty)))
}

#[derive(Default)]
struct Bins {
    /// (mean, weight), unsorted until compressed
    points: Vec<(f64, f64)>,
    low: f64,
    high: f64,
}

fn join(a: &mut (f64, f64), b: (f64, f64)) {
    let weight = a.1 + b.1;
    *a = (a.0 + b.1 * (b.0 - a.0) / weight, weight);
}

/// Sorts, then joins the closest neighbours until `max` remain.
fn compress(points: &mut Vec<(f64, f64)>, max: usize) {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    while points.len() > max {
        let gap = |i: usize| points[i].0 - points[i - 1].0;
        let Some(i) = (1..points.len()).min_by(|i, j| gap(*i).total_cmp(&gap(*j))) else { return };
        let b = points.remove(i);
        join(&mut points[i - 1], b);
    }
}

/// Joins neighbours that differ in their last digits only.
fn unique(points: &mut Vec<(f64, f64)>) {
    points.dedup_by(|b, a| {
        let close = a.0 + (10.0 * (a.0 + b.0) * f64::EPSILON).abs() >= b.0;
        if close {
            join(a, *b);
        }
        close
    });
}

/// Height of a bin: its weight, levelled with its neighbours'.
fn height(points: &[(f64, f64)], i: usize) -> f64 {
    let own = points[i].1;
    let toward = |j: Option<usize>| j.and_then(|j| points.get(j)).map_or(own, |p| (p.1 + own * 3.0) / 4.0);
    (toward(i.checked_sub(1)) + toward(Some(i + 1))) / 2.0
}

impl Bins {
    fn push(&mut self, bins: usize, v: f64, weight: f64) {
        self.points.push((v, weight));
        if self.points.len() >= bins * 2 {
            compress(&mut self.points, bins);
        }
    }
    fn widen(&mut self, low: f64, high: f64) {
        let empty = self.points.is_empty();
        self.low = if empty { low } else { self.low.min(low) };
        self.high = if empty { high } else { self.high.max(high) };
    }
}

impl Cell for Bins {
    type Config = (usize, Type);
    type Input = Vec<f64>;
    fn prepare(config: &Self::Config, args: &[Column], _rows: usize) -> Result<Vec<f64>> {
        Ok(floats(&args[0], &config.1))
    }
    fn add(&mut self, config: &Self::Config, input: &Vec<f64>, row: usize) -> Result<()> {
        let v = input[row];
        if !v.is_finite() {
            return Err(Error::new(types::codes::INCORRECT_DATA, "Invalid value (inf or nan) for histogram: it takes finite numbers"));
        }
        self.widen(v, v);
        self.push(config.0, v, 1.0);
        Ok(())
    }
    fn merge(&mut self, config: &Self::Config, other: &Self) -> Result<()> {
        if !other.points.is_empty() {
            self.widen(other.low, other.high);
            other.points.iter().for_each(|(v, w)| self.push(config.0, *v, *w));
        }
        Ok(())
    }
    fn finish(&self, config: &Self::Config, out: &mut ColumnBuilder) -> Result<()> {
        let mut points = self.points.clone();
        compress(&mut points, config.0);
        unique(&mut points);
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        let mut lower = self.low;
        for (i, (mean, _)) in points.iter().enumerate() {
            let upper = points.get(i + 1).map_or(self.high, |next| (mean + next.0) / 2.0);
            if let Values::Tuple(parts) = &mut values.values {
                parts.iter_mut().zip([lower, upper, height(&points, i)]).for_each(|(p, v)| push_float(p, v));
            }
            values.pushed();
            lower = upper;
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Self::Config, out: &mut Vec<u8>) {
        let (low, high) = if self.points.is_empty() { (f64::MAX, f64::MIN) } else { (self.low, self.high) };
        put_f64(out, low);
        put_f64(out, high);
        put_var(out, self.points.len() as u64);
        for (v, w) in &self.points {
            put_f64(out, *v);
            put_f64(out, *w);
        }
    }
    fn read(_: &Self::Config, r: &mut Reader<'_>) -> Result<Self> {
        let (low, high) = (r.f64()?, r.f64()?);
        let n = r.count(16)?;
        let points = (0..n).map(|_| Ok((r.f64()?, r.f64()?))).collect::<Result<_>>()?;
        Ok(Bins { points, low, high })
    }
    fn heap_bytes(&self) -> usize {
        self.points.capacity() * 16
    }
}

//! Exact quantiles of weighted values: every value and its weight are kept.

use super::levels::{self, Levels, measurable, push_raw};
use super::moments::push_float;
use super::quantile_exact::Measure;
use super::sum::Into2;
use crate::registry::{AggregateDef, Bound, Call};
use crate::state::cells::{same, serial};
use crate::state::log::GroupLog;
use crate::state::numbers::{by_number, ints, scale_of};
use crate::state::wire::{Reader, put_u64, put_var};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Column, ColumnBuilder, Error, Result, StrData, Type};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exact,
    Interpolated,
    Percentile,
}

macro_rules! def {
    ($name:literal, $aliases:expr, $kind:ident, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: false,
            signature: concat!($name, "(level, …)(x, weight)"),
            description: $text,
            examples: $example,
            flags: levels::flags($name),
            build: |call| build(call, Kind::$kind),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("quantileExactWeighted", &["medianExactWeighted"], Exact, "Exact quantile; weight is how often a value occurs.", &[("SELECT quantileExactWeighted(0.5)(number, 1) FROM numbers(11)", "5")]),
    def!("quantilesExactWeighted", &[], Exact, "As quantileExactWeighted for several levels.", &[("SELECT quantilesExactWeighted(0, 1)(number, 1) FROM numbers(11)", "[0,10]")]),
    def!("quantileInterpolatedWeighted", &["medianInterpolatedWeighted"], Interpolated, "Quantile with linear interpolation between the middles of weights.", &[("SELECT quantileInterpolatedWeighted(0.5)(number, 1) FROM numbers(11)", "5")]),
    def!("quantilesInterpolatedWeighted", &[], Interpolated, "As quantileInterpolatedWeighted for several levels.", &[("SELECT quantilesInterpolatedWeighted(0.25, 0.75)(number, 1) FROM numbers(9)", "[1,6]")]),
    def!("quantileExactWeightedInterpolated", &["medianExactWeightedInterpolated"], Percentile, "Exact weighted quantile with linear interpolation between neighbours.", &[("SELECT quantileExactWeightedInterpolated(0.5)(number, 1) FROM numbers(4)", "1.5")]),
    def!("quantilesExactWeightedInterpolated", &[], Percentile, "As quantileExactWeightedInterpolated for several levels.", &[("SELECT quantilesExactWeightedInterpolated(0.25, 0.5)(number, 1) FROM numbers(5)", "[1,2]")]),
];

fn build(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.arity(2..=2)?;
    let levels = Levels::of(call, 0)?;
    call.check(0, measurable)?;
    call.check(1, |t| matches!(t.int_bits(), Some((..=64, false))))?;
    let arg = call.args[0].clone();
    let one = if kind == Kind::Percentile { Type::Float64 } else { arg.clone() };
    let ty = levels.ty(one);
    let config = Config { kind, levels, ty: ty.clone(), scale: scale_of(&arg) };
    Ok(Bound::new(call, ty, move || by_number!(&arg, T => Weighted::<T>::boxed(&config))))
}

#[derive(Clone)]
struct Config {
    kind: Kind,
    levels: Levels,
    ty: Type,
    scale: u8,
}

struct Weighted<T> {
    log: GroupLog<(T, u64)>,
    groups: usize,
    config: Config,
}

impl<T: Measure> Weighted<T> {
    fn boxed(config: &Config) -> Box<dyn States> {
        Box::new(Weighted::<T> { log: GroupLog::default(), groups: 0, config: config.clone() })
    }
    /// Distinct values in order with their weights.
    fn merged(&self, group: usize) -> Vec<(T, u64)> {
        let mut all = self.log.copied(group, self.groups);
        all.sort_unstable_by(|a, b| a.0.order(b.0));
        all.dedup_by(|b, a| {
            let equal = a.0 == b.0;
            if equal {
                a.1 = a.1.saturating_add(b.1);
            }
            equal
        });
        all
    }
}

/// The value at which the running weight reaches a level of the whole.
fn exact<T: Copy>(all: &[(T, u64)], level: f64) -> Option<T> {
    let total: u128 = all.iter().map(|x| u128::from(x.1)).sum();
    let threshold = (total as f64 * level).ceil() as u128;
    let mut sum = 0u128;
    for (v, w) in all {
        sum += u128::from(*w);
        if sum >= threshold {
            return Some(*v);
        }
    }
    all.last().map(|x| x.0)
}

/// Linear between the middles of the weights.
fn interpolated(all: &[(f64, u64)], level: f64) -> f64 {
    let total: f64 = all.iter().map(|x| x.1 as f64).sum();
    let mut sum = 0.0;
    let middles: Vec<f64> = all
        .iter()
        .map(|x| {
            sum += x.1 as f64;
            (sum - 0.5 * x.1 as f64) / total
        })
        .collect();
    // NaN where nothing has a weight: then the last value
    let at = if total == 0.0 { all.len() } else { middles.partition_point(|m| *m < level) };
    if at == 0 || at == all.len() {
        return all[at.min(all.len() - 1)].0;
    }
    let (xl, xr, yl, yr) = (middles[at - 1], middles[at], all[at - 1].0, all[at].0);
    yl + (yr - yl) * (level - xl) / (xr - xl)
}

/// Linear between the neighbours of position level * (total - 1).
fn percentile(all: &[(f64, u64)], level: f64) -> f64 {
    let total: u64 = all.iter().fold(0, |a, x| a.saturating_add(x.1));
    let position = (total - 1) as f64 * level;
    let value_at = |rank: u64| {
        let mut sum = 0u64;
        for (v, w) in all {
            sum = sum.saturating_add(*w);
            if sum > rank {
                return *v;
            }
        }
        all[all.len() - 1].0
    };
    let (low, high) = (value_at(position.floor() as u64), value_at(position.ceil() as u64));
    if low == high { low } else { (position.ceil() - position) * low + (position - position.floor()) * high }
}

impl<T: Measure> States for Weighted<T> {
    fn resize(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }
    fn len(&self) -> usize {
        self.groups
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], _rows: usize) -> Result<()> {
        let c = args[0].flat();
        let values = T::values(&c).ok_or_else(|| Error::internal("Quantile over another type"))?;
        for (row, w) in ints(&args[1]).into_iter().enumerate() {
            // a value without weight can still be the first of all
            if (w != 0 || self.config.kind != Kind::Percentile) && !values[row].skip() {
                self.log.push(groups.of(row), (values[row], w as u64));
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        self.log.merge(&other.log, other.groups, src, dst);
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut out = ColumnBuilder::with_capacity(&self.config.ty, groups.len());
        let levels = &self.config.levels;
        for g in groups {
            let all = self.merged(g);
            if all.is_empty() {
                let none = if self.config.kind == Kind::Percentile || !levels.plural { f64::NAN } else { 0.0 };
                levels.push(&mut out, |out, _| push_raw(out, none));
                continue;
            }
            if self.config.kind == Kind::Exact {
                levels.push(&mut out, |out, level| match exact(&all, level) {
                    Some(v) => v.push(out),
                    None => out.push_default(1),
                });
                continue;
            }
            let floats: Vec<(f64, u64)> = all.iter().map(|x| (Into2::<f64>::to(x.0), x.1)).collect();
            if self.config.kind == Kind::Interpolated {
                levels.push(&mut out, |out, level| push_raw(out, interpolated(&floats, level)));
            } else {
                levels.push(&mut out, |out, level| push_float(out, percentile(&floats, level) / types::float::pow10(self.config.scale)));
            }
        }
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            let all = self.merged(g as usize);
            put_var(out, all.len() as u64);
            for (v, w) in all {
                v.put(out);
                put_u64(out, w);
            }
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(size_of::<T>() + 8)? {
            let v = T::read(r)?;
            self.log.push(g, (v, r.u64()?));
        }
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.log.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.bytes() + self.log.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

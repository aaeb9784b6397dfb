//! Approximate quantiles: one sketch per group, chosen by name.

use super::levels::{self, Levels, interpolated_type, measurable, push_raw};
use super::sketch::bfloat16::BFloat16;
use super::sketch::dd::DdSketch;
use super::sketch::deterministic::Deterministic;
use super::sketch::gk::GreenwaldKhanna;
use super::sketch::prometheus::Prometheus;
use super::sketch::reservoir::Reservoir;
use super::sketch::tdigest::TDigest;
use super::sketch::timing::Timing;
use crate::registry::{AggregateDef, Bound, Call};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::Reader;
use std::sync::Arc;
use types::{Column, ColumnBuilder, Error, Result, Type};

/// A summary of numbers from which quantiles are read.
pub trait Sketch: Default + Send + 'static {
    /// `weight`: the second argument, 1 without one. `accuracy`: the leading parameter, if any.
    fn add(&mut self, value: f64, weight: f64, accuracy: f64);
    fn merge(&mut self, other: &Self, accuracy: f64);
    /// One value a level; NaN when empty.
    fn quantiles(&self, levels: &[f64], accuracy: f64) -> Vec<f64>;
    fn put(&self, values: &Type, out: &mut Vec<u8>);
    fn read(values: &Type, r: &mut Reader<'_>) -> Result<Self>;
    fn heap_bytes(&self) -> usize;
}

macro_rules! def {
    ($name:literal, $aliases:expr, $sketch:ty, $shape:ident, $args:literal, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: false,
            signature: concat!($name, "(level, …)", $args),
            description: $text,
            examples: $example,
            flags: levels::flags($name),
            build: |call| build::<$sketch>(call, Shape::$shape),
        }
    };
}

/// Arguments and result of a family.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// (x) → interpolated type
    Plain,
    /// (x) → Float64
    Float,
    /// (x) → Float32 unless a date or time
    Single,
    /// (x, weight) → as `Single`
    SingleWeighted,
    /// (x, weight) → Float64
    FloatWeighted,
    /// (x) / (x, weight) → Float32, x an integer
    Timing,
    TimingWeighted,
    /// (x, determinator) → interpolated type
    Determined,
    /// (accuracy, level)(x) → Float64
    Relative,
    /// (accuracy, level)(x) → type of x
    Ranked,
    /// (bound, cumulative count) → Float64
    Histogram,
}

pub const DEFS: &[AggregateDef] = &[
    def!("quantile", &["median"], Reservoir, Plain, "(x)", "Quantile by reservoir sampling: with interpolation, exact up to 8192 values.", &[("SELECT quantile(0.3)(x) FROM values('x UInt8', 10, 20)", "13")]),
    def!("quantiles", &[], Reservoir, Plain, "(x)", "Quantiles of several levels by reservoir sampling.", &[("SELECT quantiles(0.25, 0.75)(number) FROM numbers(101)", "[25,75]")]),
    def!("quantileDeterministic", &["medianDeterministic"], Deterministic, Determined, "(x, determinator)", "Quantile by sampling that the hash of the second argument decides.", &[("SELECT quantileDeterministic(0.5)(number, number) FROM numbers(101)", "50")]),
    def!("quantilesDeterministic", &[], Deterministic, Determined, "(x, determinator)", "As quantileDeterministic for several levels.", &[("SELECT quantilesDeterministic(0.5)(number, number) FROM numbers(101)", "[50]")]),
    def!("quantileTDigest", &["medianTDigest"], TDigest, Single, "(x)", "Quantile by t-digest.", &[("SELECT quantileTDigest(0.5)(number) FROM numbers(11)", "5")]),
    def!("quantilesTDigest", &[], TDigest, Single, "(x)", "Quantiles of several levels by t-digest.", &[("SELECT quantilesTDigest(0, 1)(number) FROM numbers(11)", "[0,10]")]),
    def!("quantileTDigestWeighted", &["medianTDigestWeighted"], TDigest, SingleWeighted, "(x, weight)", "Quantile by t-digest of weighted values.", &[("SELECT quantileTDigestWeighted(0.5)(7, number + 1) FROM numbers(3)", "7")]),
    def!("quantilesTDigestWeighted", &[], TDigest, SingleWeighted, "(x, weight)", "Quantiles of several levels by t-digest of weighted values.", &[("SELECT quantilesTDigestWeighted(0, 1)(number, 1) FROM numbers(11)", "[0,10]")]),
    def!("quantileTiming", &["medianTiming"], Timing, Timing, "(x)", "Quantile of milliseconds of 0 to 30000: exact below 1024, in steps of 16 above for many values.", &[("SELECT quantileTiming(0.5)(number) FROM numbers(101)", "50")]),
    def!("quantilesTiming", &[], Timing, Timing, "(x)", "As quantileTiming for several levels.", &[("SELECT quantilesTiming(0.1, 0.9)(number) FROM numbers(1001)", "[100,900]")]),
    def!("quantileTimingWeighted", &["medianTimingWeighted"], Timing, TimingWeighted, "(x, weight)", "As quantileTiming of weighted values.", &[("SELECT quantileTimingWeighted(0.5)(number, 1) FROM numbers(101)", "50")]),
    def!("quantilesTimingWeighted", &[], Timing, TimingWeighted, "(x, weight)", "As quantileTimingWeighted for several levels.", &[("SELECT quantilesTimingWeighted(0.5, 0.9)(number, 1) FROM numbers(101)", "[50,90]")]),
    def!("quantileBFloat16", &["medianBFloat16"], BFloat16, Float, "(x)", "Quantile of values cut to bfloat16 (relative error 1/256).", &[("SELECT quantileBFloat16(0.5)(number) FROM numbers(9)", "4")]),
    def!("quantilesBFloat16", &[], BFloat16, Float, "(x)", "As quantileBFloat16 for several levels.", &[("SELECT quantilesBFloat16(0.1, 0.9)(number) FROM numbers(11)", "[1,9]")]),
    def!("quantileBFloat16Weighted", &["medianBFloat16Weighted"], BFloat16, FloatWeighted, "(x, weight)", "As quantileBFloat16 of weighted values.", &[("SELECT quantileBFloat16Weighted(0.5)(8, 3)", "8")]),
    def!("quantilesBFloat16Weighted", &[], BFloat16, FloatWeighted, "(x, weight)", "As quantileBFloat16Weighted for several levels.", &[("SELECT quantilesBFloat16Weighted(0.5, 1)(16, 2)", "[16,16]")]),
    def!("quantileDD", &["medianDD"], DdSketch, Relative, "(x)", "Quantile with a relative error of at most the first parameter (DDSketch).", &[("SELECT round(quantileDD(0.01, 0.5)(number)) FROM numbers(1, 21)", "11")]),
    def!("quantilesDD", &[], DdSketch, Relative, "(x)", "As quantileDD for several levels.", &[("SELECT arrayMap(x -> round(x), quantilesDD(0.01, 0.25, 0.75)(number)) FROM numbers(1, 21)", "[6,16]")]),
    def!("quantileGK", &["medianGK"], GreenwaldKhanna, Ranked, "(x)", "Quantile with a rank error of 1/accuracy (first parameter), by Greenwald and Khanna.", &[("SELECT quantileGK(100, 0.5)(number) FROM numbers(21)", "10")]),
    def!("quantilesGK", &[], GreenwaldKhanna, Ranked, "(x)", "As quantileGK for several levels.", &[("SELECT quantilesGK(1000, 0.25, 0.5, 0.75)(number) FROM numbers(101)", "[25,50,75]")]),
    def!("quantilePrometheusHistogram", &[], Prometheus, Histogram, "(bound, count)", "Quantile of a cumulative histogram, by Prometheus' interpolation.", &[("SELECT quantilePrometheusHistogram(0.5)(b, c) FROM values('b Float64, c Float64', (0.5, 10), (1, 20), (inf, 40))", "1")]),
    def!("quantilesPrometheusHistogram", &[], Prometheus, Histogram, "(bound, count)", "As quantilePrometheusHistogram for several levels.", &[("SELECT quantilesPrometheusHistogram(0.5)(b, c) FROM values('b Float64, c Float64', (0.5, 10), (1, 20), (inf, 40))", "[1]")]),
];

pub struct Config {
    levels: Levels,
    accuracy: f64,
    /// type of the values, which some serial forms hold as they are
    values: Type,
    /// values are fed without the decimal scale, as they are pushed
    weight: Weight,
}

#[derive(Clone, Copy, PartialEq)]
enum Weight {
    One,
    /// (unsigned) integers, exact up to 2^53
    Number,
    /// 64 bits of any integer, smuggled through a float's bits
    Hash,
}

fn build<S: Sketch>(call: &Call<'_>, shape: Shape) -> Result<Bound> {
    let with_accuracy = matches!(shape, Shape::Relative | Shape::Ranked);
    let weight = match shape {
        Shape::SingleWeighted | Shape::FloatWeighted | Shape::TimingWeighted | Shape::Histogram => Weight::Number,
        Shape::Determined => Weight::Hash,
        _ => Weight::One,
    };
    let n = if weight == Weight::One { 1 } else { 2 };
    call.arity(n..=n)?;
    let mut accuracy = if shape == Shape::TimingWeighted { 1.0 } else { 0.0 };
    if with_accuracy {
        accuracy = call.float_param(0)?;
        let fits = if shape == Shape::Ranked { accuracy >= 1.0 && accuracy.fract() == 0.0 } else { accuracy > 0.0 && accuracy < 1.0 };
        if !fits {
            return Err(Error::bad_arguments(format!(
                "The accuracy of {} must be {}",
                call.name,
                if shape == Shape::Ranked { "a whole number above 0" } else { "between 0 and 1" }
            )));
        }
    }
    let levels = Levels::of(call, usize::from(with_accuracy))?;
    let arg = &call.args[0];
    match shape {
        Shape::Timing | Shape::TimingWeighted => call.check(0, |t| t.is_integer() || t.is_float() || t.is_date_or_time())?,
        Shape::Histogram => call.check(0, |t| t.is_integer() || t.is_float())?,
        _ => call.check(0, measurable)?,
    }
    match shape {
        Shape::Histogram => call.check(1, |t| t.is_integer() || t.is_float())?,
        _ if weight == Weight::Number => call.check(1, |t| matches!(t.int_bits(), Some((..=64, false))))?,
        Shape::Determined => call.check(1, |t| t.is_integer() || t.is_date_or_time())?,
        _ => {}
    }
    let one = match shape {
        Shape::Plain | Shape::Determined => interpolated_type(arg),
        Shape::Single | Shape::SingleWeighted if !arg.is_number() => arg.clone(),
        Shape::Single | Shape::SingleWeighted | Shape::Timing | Shape::TimingWeighted => Type::Float32,
        Shape::Ranked => arg.clone(),
        Shape::Float | Shape::FloatWeighted if !arg.is_number() => arg.clone(),
        _ => Type::Float64,
    };
    let ty = levels.ty(one);
    let config = Arc::new(Config { levels, accuracy, values: arg.clone(), weight });
    Ok(Bound::new(call, ty.clone(), move || Cells::<Sketched<S>>::boxed(&config, &ty)))
}

#[derive(Default)]
struct Sketched<S> {
    sketch: S,
}

impl<S: Sketch> Cell for Sketched<S> {
    type Config = Config;
    type Input = (Vec<f64>, Vec<f64>);
    fn prepare(config: &Config, args: &[Column], rows: usize) -> Result<Self::Input> {
        let values = floats(&args[0], &Type::Int64);
        let weights = match config.weight {
            Weight::One => vec![1.0; rows],
            Weight::Number => floats(&args[1], &Type::Int64),
            Weight::Hash => ints(&args[1]).into_iter().map(|v| f64::from_bits(v as u64)).collect(),
        };
        Ok((values, weights))
    }
    fn add(&mut self, config: &Config, input: &Self::Input, row: usize) -> Result<()> {
        let v = input.0[row];
        if !v.is_nan() {
            self.sketch.add(v, input.1[row], config.accuracy);
        }
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        self.sketch.merge(&other.sketch, config.accuracy);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let mut values = self.sketch.quantiles(&config.levels.levels, config.accuracy).into_iter();
        config.levels.push(out, |out, _| push_raw(out, values.next().unwrap_or(f64::NAN)));
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        self.sketch.put(&config.values, out);
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Sketched { sketch: S::read(&config.values, r)? })
    }
    fn heap_bytes(&self) -> usize {
        self.sketch.heap_bytes()
    }
}

//! Tests of hypotheses over two samples: t, z, rank and distribution tests, and analysis of variance.

use super::distributions::{f_upper, normal_critical, normal_upper, student_critical, student_two_sided};
use super::moments::push_float;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::{Reader, put_f64, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Error, Result, Type};

#[derive(Clone, Copy, PartialEq)]
enum Test {
    Student,
    Welch,
    OneSample,
    MeanZ,
    MannWhitney,
    KolmogorovSmirnov,
    Variance,
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Two,
    Less,
    Greater,
}

macro_rules! def {
    ($name:literal, $signature:literal, $test:ident, $text:literal, $example:expr) => {
        def!($name, &[], false, $signature, $test, $text, $example)
    };
    ($name:literal, $aliases:expr, $any_case:literal, $signature:literal, $test:ident, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: $any_case,
            signature: $signature,
            description: $text,
            examples: $example,
            flags: Flags::NONE,
            build: |call| build(call, Test::$test),
        }
    };
}


pub const DEFS: &[AggregateDef] = &[
    def!("studentTTest", "studentTTest(confidence)(x, group)", Student, "Student's t-test of two samples (group 0 and 1): statistic and p-value, and the confidence interval of the difference of means if a level is given.", &[("SELECT round(studentTTest(v, g).1, 3) FROM values('v Float64, g UInt8', (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1))", "-3.674")]),
    def!("welchTTest", "welchTTest(confidence)(x, group)", Welch, "As studentTTest, for samples of unequal variances.", &[("SELECT round(welchTTest(v, g).1, 3) FROM values('v Float64, g UInt8', (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1))", "-3.674")]),
    def!("studentTTestOneSample", "studentTTestOneSample(confidence)(x, mean)", OneSample, "Student's t-test of a sample against a mean.", &[("SELECT studentTTestOneSample(number, 1).1 FROM numbers(3)", "0")]),
    def!("meanZTest", "meanZTest(variance0, variance1, confidence)(x, group)", MeanZ, "z-test of two samples whose populations' variances are known.", &[("SELECT round(meanZTest(1., 1., 0.95)(v, g).1, 3) FROM values('v Float64, g UInt8', (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1))", "-3.674")]),
    def!("mannWhitneyUTest", "mannWhitneyUTest(alternative, continuity_correction)(x, group)", MannWhitney, "Rank test of two samples: U of group 0 and p-value. Alternative: two-sided, less, greater.", &[("SELECT mannWhitneyUTest(number, number % 2).1 FROM numbers(10)", "10")]),
    def!("kolmogorovSmirnovTest", &[], true, "kolmogorovSmirnovTest(alternative, method)(x, group)", KolmogorovSmirnov, "Test whether two samples come from one distribution: largest distance and p-value. Method: auto, exact, asymp.", &[("SELECT kolmogorovSmirnovTest(v, g).1 FROM values('v Float64, g UInt8', (1, 0), (2, 0), (3, 1), (4, 1))", "1")]),
    def!("analysisOfVariance", &["anova"], true, "analysisOfVariance(x, group)", Variance, "One-way analysis of variance: F statistic and p-value.", &[("SELECT round(analysisOfVariance(v, g).1, 1) FROM values('v Float64, g UInt8', (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1))", "13.5")]),
];

struct Config {
    test: Test,
    types: Vec<Type>,
    side: Side,
    exact: Option<bool>,
    continuity: bool,
    confidence: Option<f64>,
    variances: [f64; 2],
}

const GROUPS_MAX: i64 = 1 << 20;

fn build(call: &Call<'_>, test: Test) -> Result<Bound> {
    call.arity(2..=2)?;
    call.check(0, Type::is_number)?;
    call.check(1, |t| if test == Test::OneSample { t.is_number() } else { t.is_integer() })?;
    let mut config = Config { test, types: call.args.to_vec(), side: Side::Two, exact: None, continuity: true, confidence: None, variances: [1.0; 2] };
    let level = |i: usize| {
        let v = call.float_param(i)?;
        if v > 0.0 && v < 1.0 { Ok(v) } else { Err(Error::bad_arguments(format!("The confidence level of {} must be between 0 and 1", call.name))) }
    };
    let mut names = vec!["t_statistic", "p_value"];
    match test {
        Test::Student | Test::Welch | Test::OneSample => {
            call.param_count(0..=1)?;
            if !call.params.is_empty() {
                config.confidence = Some(level(0)?);
            }
        }
        Test::MeanZ => {
            call.param_count(3..=3)?;
            config.variances = [call.float_param(0)?, call.float_param(1)?];
            config.confidence = Some(level(2)?);
            names[0] = "z_statistic";
        }
        Test::Variance => {
            call.param_count(0..=0)?;
            names[0] = "f_statistic";
        }
        Test::MannWhitney | Test::KolmogorovSmirnov => {
            call.param_count(0..=2)?;
            names[0] = if test == Test::MannWhitney { "u_statistic" } else { "d_statistic" };
            if !call.params.is_empty() {
                config.side = match call.text_param(0)? {
                    "two-sided" => Side::Two,
                    "less" => Side::Less,
                    "greater" => Side::Greater,
                    other => return Err(Error::bad_arguments(format!("Unknown alternative {other} of {}: use two-sided, less or greater", call.name))),
                };
            }
            if call.params.len() == 2 && test == Test::MannWhitney {
                config.continuity = call.uint_param(1)? != 0;
            } else if call.params.len() == 2 {
                config.exact = match call.text_param(1)? {
                    "auto" => None,
                    "exact" => Some(true),
                    "asymp" | "asymptotic" => Some(false),
                    other => return Err(Error::bad_arguments(format!("Unknown method {other} of {}: use auto, exact or asymp", call.name))),
                };
            }
        }
    }
    if config.confidence.is_some() {
        names.extend(["confidence_interval_low", "confidence_interval_high"]);
    }
    let ty = Type::named_tuple(names.into_iter().map(|n| (n, Type::Float64)).collect());
    let config = Arc::new(config);
    Ok(Bound::new(call, ty.clone(), move || Cells::<Samples>::boxed(&config, &ty)))
}

/// Values of each group; for one sample, group 0 and the mean as the only value of group 1.
#[derive(Default)]
struct Samples {
    groups: Vec<Vec<f64>>,
}

impl Samples {
    fn group(&mut self, g: usize) -> &mut Vec<f64> {
        if self.groups.len() <= g {
            self.groups.resize(g + 1, Vec::new());
        }
        &mut self.groups[g]
    }
    fn of(&self, g: usize) -> &[f64] {
        self.groups.get(g).map_or(&[], Vec::as_slice)
    }
}

impl Cell for Samples {
    type Config = Config;
    type Input = (Vec<f64>, Vec<i64>, Vec<f64>);
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        let values = floats(&args[0], &config.types[0]);
        if config.test == Test::OneSample {
            return Ok((values, Vec::new(), floats(&args[1], &config.types[1])));
        }
        Ok((values, ints(&args[1]), Vec::new()))
    }
    fn add(&mut self, config: &Config, input: &Self::Input, row: usize) -> Result<()> {
        let v = input.0[row];
        if config.test == Test::OneSample {
            self.group(0).push(v);
            if self.of(1).is_empty() {
                self.group(1).push(input.2[row]);
            }
            return Ok(());
        }
        let g = input.1[row];
        let g = if config.test == Test::Variance { g } else { i64::from(g != 0) };
        if !(0..GROUPS_MAX).contains(&g) {
            return Err(Error::bad_arguments(format!("Group {g} of analysisOfVariance must be from 0 to {GROUPS_MAX}")));
        }
        self.group(g as usize).push(v);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        for (g, values) in other.groups.iter().enumerate() {
            if config.test != Test::OneSample || g == 0 || self.of(1).is_empty() {
                self.group(g).extend_from_slice(values);
            }
        }
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let (x, y) = (self.of(0), self.of(1));
        let ranked = match config.test {
            Test::MannWhitney => Some("mannWhitneyUTest"),
            Test::KolmogorovSmirnov => Some("kolmogorovSmirnovTest"),
            _ => None,
        };
        if let Some(name) = ranked.filter(|_| x.is_empty() || y.is_empty()) {
            return Err(Error::bad_arguments(format!("Aggregate function {name} needs rows of both samples (group 0 and group 1)")));
        }
        let results = match config.test {
            Test::Student | Test::Welch | Test::OneSample | Test::MeanZ => means(config, x, y).to_vec(),
            Test::MannWhitney => mann_whitney(config, x, y).to_vec(),
            Test::KolmogorovSmirnov => kolmogorov_smirnov(config, x, y).to_vec(),
            Test::Variance => match self.groups.iter().position(Vec::is_empty) {
                Some(g) => return Err(Error::bad_arguments(format!("Aggregate function analysisOfVariance has no rows of group {g}: groups are numbered from 0 without gaps"))),
                None if self.groups.len() < 2 || self.groups.iter().all(|g| g.len() < 2) => {
                    return Err(Error::bad_arguments("Aggregate function analysisOfVariance needs two groups, and two rows in one of them"));
                }
                None => variance(&self.groups).to_vec(),
            },
        };
        if let Values::Tuple(parts) = &mut out.values {
            parts.iter_mut().zip(results).for_each(|(p, v)| push_float(p, v));
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, self.groups.len() as u64);
        for g in &self.groups {
            put_var(out, g.len() as u64);
            g.iter().for_each(|v| put_f64(out, *v));
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut s = Samples::default();
        for g in 0..r.count(1)? {
            for _ in 0..r.count(8)? {
                let v = r.f64()?;
                s.group(g).push(v);
            }
        }
        Ok(s)
    }
    fn heap_bytes(&self) -> usize {
        self.groups.iter().map(|g| g.capacity() * 8 + 24).sum()
    }
}

/// Mean and sum of squared distances from it.
fn mean_and_spread(x: &[f64]) -> (f64, f64) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (mean, x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>())
}

/// Statistic, p-value and confidence interval of a difference of means.
fn means(config: &Config, x: &[f64], y: &[f64]) -> [f64; 4] {
    let (nx, ny) = (x.len() as f64, y.len() as f64);
    let ((mx, sx), (my, sy)) = (mean_and_spread(x), mean_and_spread(y));
    let (vx, vy) = (sx / (nx - 1.0), sy / (ny - 1.0));
    let (error, df) = match config.test {
        Test::OneSample => ((vx / nx).sqrt(), nx - 1.0),
        Test::Student => {
            let df = nx + ny - 2.0;
            let pooled = (sx + sy) / df;
            ((pooled * (1.0 / nx + 1.0 / ny)).sqrt(), df)
        }
        Test::MeanZ => ((config.variances[0] / nx + config.variances[1] / ny).sqrt(), f64::INFINITY),
        _ => {
            let (a, b) = (vx / nx, vy / ny);
            ((a + b).sqrt(), (a + b) * (a + b) / (a * a / (nx - 1.0) + b * b / (ny - 1.0)))
        }
    };
    let difference = mx - my;
    let statistic = difference / error;
    if !statistic.is_finite() || df <= 0.0 {
        let p = if config.test == Test::MeanZ { 0.0 } else { f64::NAN };
        return [f64::NAN, p, f64::NAN, f64::NAN];
    }
    let alpha = 1.0 - config.confidence.unwrap_or(0.95);
    let (p, critical) = if config.test == Test::MeanZ {
        (2.0 * normal_upper(statistic.abs()), normal_critical(alpha))
    } else {
        (student_two_sided(statistic, df), student_critical(alpha, df))
    };
    // as ClickHouse: the interval does not assume equal variances, also where the statistic does
    let margin = critical * if config.test == Test::Student { (vx / nx + vy / ny).sqrt() } else { error };
    [statistic, p, difference - margin, difference + margin]
}

/// Values with their sample, in order.
fn pooled(x: &[f64], y: &[f64]) -> Vec<(f64, bool)> {
    let mut all: Vec<(f64, bool)> = x.iter().map(|v| (*v, true)).chain(y.iter().map(|v| (*v, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// Runs of equal values: half-open ranges of positions.
fn ties<T>(all: &[T], equal: impl Fn(&T, &T) -> bool) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = 0;
    for i in 1..=all.len() {
        if i == all.len() || !equal(&all[i], &all[start]) {
            out.push((start, i));
            start = i;
        }
    }
    out
}

/// Ranks from 1, ties sharing their mean rank, in order of the input.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut out = vec![0.0; values.len()];
    for (s, e) in ties(&order, |a, b| values[*a] == values[*b]) {
        order[s..e].iter().for_each(|i| out[*i] = (s + e + 1) as f64 / 2.0);
    }
    out
}

fn mann_whitney(config: &Config, x: &[f64], y: &[f64]) -> [f64; 2] {
    let (n1, n2) = (x.len() as f64, y.len() as f64);
    let all = pooled(x, y);
    let (mut rank_sum, mut correction) = (0.0, 0.0);
    for (s, e) in ties(&all, |a, b| a.0 == b.0) {
        let len = (e - s) as f64;
        rank_sum += (s + e + 1) as f64 / 2.0 * all[s..e].iter().filter(|v| v.1).count() as f64;
        correction += len * len * len - len;
    }
    let n = n1 + n2;
    let u = rank_sum - n1 * (n1 + 1.0) / 2.0;
    let other = n1 * n2 - u;
    let tested = match config.side {
        Side::Greater => u,
        Side::Less => other,
        Side::Two => u.max(other),
    };
    let sd = (n1 * n2 / 12.0 * (n + 1.0 - correction / (n * (n - 1.0)))).sqrt();
    let z = (tested - n1 * n2 / 2.0 - if config.continuity { 0.5 } else { 0.0 }) / sd;
    let p = normal_upper(z);
    [u, if config.side == Side::Two { (2.0 * p).min(1.0) } else { p }]
}

fn kolmogorov_smirnov(config: &Config, x: &[f64], y: &[f64]) -> [f64; 2] {
    let (n, m) = (x.len(), y.len());
    let (mut a, mut b, mut above, mut below) = (0usize, 0usize, 0.0f64, 0.0f64);
    let all = pooled(x, y);
    for (s, e) in ties(&all, |a, b| a.0 == b.0) {
        a += all[s..e].iter().filter(|v| v.1).count();
        b += all[s..e].iter().filter(|v| !v.1).count();
        let d = a as f64 / n as f64 - b as f64 / m as f64;
        above = above.max(d);
        below = below.max(-d);
    }
    let d = match config.side {
        Side::Greater => above,
        Side::Less => below,
        Side::Two => above.max(below),
    };
    let exact = config.exact.unwrap_or(n.max(m) <= 10_000) && n as u64 * m as u64 <= 100_000_000;
    let p = if exact { exact_p(n, m, d, config.side) } else { asymptotic_p(n as f64, m as f64, d, config.side) };
    [d, p.clamp(0.0, 1.0)]
}

/// 1 - P(all lattice points of a random path from (0, 0) to (n, m) stay within distance d).
fn exact_p(n: usize, m: usize, d: f64, side: Side) -> f64 {
    let limit = d * n as f64 * m as f64 - 0.5;
    let inside = |i: usize, j: usize| {
        let gap = i as f64 * m as f64 - j as f64 * n as f64;
        match side {
            Side::Two => gap.abs() < limit,
            Side::Greater => gap < limit,
            Side::Less => -gap < limit,
        }
    };
    // row[j] = share of the paths to (i, j) that stayed inside, weighted so that it ends as a probability
    let mut row = vec![0.0; m + 1];
    for i in 0..=n {
        for j in 0..=m {
            if !inside(i, j) {
                row[j] = 0.0;
                continue;
            }
            let steps = (i + j) as f64;
            row[j] = match (i, j) {
                (0, 0) => 1.0,
                (0, _) => row[j - 1],
                (_, 0) => row[0],
                _ => row[j] * i as f64 / steps + row[j - 1] * j as f64 / steps,
            };
        }
    }
    1.0 - row[m]
}

fn asymptotic_p(n: f64, m: f64, d: f64, side: Side) -> f64 {
    let z = (n * m / (n + m)).sqrt() * d;
    if side == Side::Two {
        let sum: f64 = (1..=100).map(|k| f64::from(if k % 2 == 1 { 1 } else { -1 }) * (-2.0 * f64::from(k * k) * z * z).exp()).sum();
        return 2.0 * sum;
    }
    let (large, small) = (n.max(m), n.min(m));
    (-2.0 * z * z - 2.0 * z * (large + 2.0 * small) / (large * small * (large + small)).sqrt() / 3.0).exp()
}

fn variance(groups: &[Vec<f64>]) -> [f64; 2] {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|g| !g.is_empty()).collect();
    let n: f64 = groups.iter().map(|g| g.len() as f64).sum();
    let k = groups.len() as f64;
    let total = groups.iter().flat_map(|g| g.iter()).sum::<f64>() / n;
    let (mut between, mut within) = (0.0, 0.0);
    for g in &groups {
        let mean = g.iter().sum::<f64>() / g.len() as f64;
        between += g.len() as f64 * (mean - total) * (mean - total);
        within += g.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    }
    let f = (between / (k - 1.0)) / (within / (n - k));
    if f.is_nan() {
        return [f64::NAN; 2];
    }
    [f, f_upper(f, k - 1.0, n - k)]
}

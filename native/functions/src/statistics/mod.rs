//! Sizes of samples and tests of proportions.

pub mod finance;

use crate::args::{f64_col, f64s, u64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::BAD_ARGUMENTS;
use types::{Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("minSampleSizeConversion", "minSampleSizeConversion(baseline, mde, power, alpha)", "Rows per variant that a test of two conversion rates needs.", &[("round(minSampleSizeConversion(0.25, 0.03, 0.8, 0.05).1, 3)", "3396.078")], |b| sample_size(b, 4, conversion)),
    f("minSampleSizeContinuous", "minSampleSizeContinuous(baseline, sigma, mde, power, alpha)", "Rows per variant that a test of two means needs.", &[("round(minSampleSizeContinuous(10, 3, 0.05, 0.8, 0.05).1, 3)", "565.119")], |b| sample_size(b, 5, continuous)).alias(&["minSampleSizeContinous"]),
    f("proportionsZTest", "proportionsZTest(successes_x, successes_y, trials_x, trials_y, confidence, 'pooled' | 'unpooled')", "Test whether two proportions are equal: statistic, p-value, confidence interval.", &[("round(proportionsZTest(10, 11, 100, 101, 0.95, 'unpooled').1, 5)", "-0.20657")], z_test),
];

/// Quantile of the standard normal distribution: a rational start, made exact by Halley's steps.
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let tail = p.min(1.0 - p);
    let t = (-2.0 * tail.ln()).sqrt();
    let top = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let bottom = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = -(t - top / bottom);
    for _ in 0..4 {
        let error = below(x) - tail;
        let u = error * (2.0 * std::f64::consts::PI).sqrt() * (x * x / 2.0).exp();
        x -= u / (1.0 + x * u / 2.0);
    }
    if p < 0.5 { x } else { -x }
}

/// Probability of a standard normal value below `x`.
fn below(x: f64) -> f64 {
    crate::math::erfc(-x / std::f64::consts::SQRT_2) / 2.0
}

fn sample_size(b: &Bind<'_>, n: usize, of: fn(&[f64]) -> [f64; 3]) -> Result<Bound> {
    b.arity(n, n)?;
    for i in 0..n {
        b.number(i)?;
    }
    let types = b.types();
    let names = ["minimum_sample_size", "detect_range_lower", "detect_range_upper"];
    bound(Type::named_tuple(names.map(|n| (n, Type::Float64)).to_vec()), move |c| {
        let columns: Vec<_> = types.iter().enumerate().map(|(i, t)| f64s(c.col(i), t)).collect();
        let mut out = [Vec::new(), Vec::new(), Vec::new()];
        for i in 0..c.rows {
            let row: Vec<f64> = columns.iter().map(|v| v.at(i)).collect();
            out.iter_mut().zip(of(&row)).for_each(|(o, x)| o.push(x));
        }
        Ok(Data::Tuple(out.map(f64_col).to_vec().into(), c.rows).into())
    })
}

fn continuous(v: &[f64]) -> [f64; 3] {
    let [baseline, sigma, mde, power, alpha] = v else { return [f64::NAN; 3] };
    if !baseline.is_finite() || !sigma.is_finite() || !mde.is_finite() {
        return [f64::NAN; 3];
    }
    let z = quantile(1.0 - alpha / 2.0) + quantile(*power);
    let difference = baseline * mde;
    let n = 2.0 * (sigma * z / difference).powi(2);
    [n, baseline - difference, baseline + difference]
}

fn conversion(v: &[f64]) -> [f64; 3] {
    let [p, mde, power, alpha] = v else { return [f64::NAN; 3] };
    if !p.is_finite() || !mde.is_finite() {
        return [f64::NAN; 3];
    }
    let (q, mean) = (p + mde, p + mde / 2.0);
    let under_null = quantile(1.0 - alpha / 2.0) * (2.0 * mean * (1.0 - mean)).sqrt();
    let otherwise = quantile(*power) * (p * (1.0 - p) + q * (1.0 - q)).sqrt();
    [((under_null + otherwise) / mde).powi(2), p - mde, q]
}

fn z_test(b: &Bind<'_>) -> Result<Bound> {
    b.arity(6, 6)?;
    for i in 0..4 {
        b.unsigned(i)?;
    }
    b.number(4)?;
    let confidence = b.ty(4).clone();
    let pooled = match b.const_str(5)? {
        "pooled" => true,
        "unpooled" => false,
        _ => return Err(Error::new(BAD_ARGUMENTS, "The last argument of function proportionsZTest must be 'pooled' or 'unpooled'")),
    };
    let names = ["z_statistic", "p_value", "confidence_interval_low", "confidence_interval_high"];
    bound(Type::named_tuple(names.map(|n| (n, Type::Float64)).to_vec()), move |c| {
        let counts: Vec<_> = (0..4).map(|i| u64s(c.col(i))).collect();
        let level = f64s(c.col(4), &confidence);
        let mut out = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for i in 0..c.rows {
            let [sx, sy, nx, ny] = [0, 1, 2, 3].map(|k| counts[k].at(i) as f64);
            let (px, py) = (sx / nx, sy / ny);
            let apart = (px * (1.0 - px) / nx + py * (1.0 - py) / ny).sqrt();
            let together = (sx + sy) / (nx + ny);
            let error = if pooled { (together * (1.0 - together) * (1.0 / nx + 1.0 / ny)).sqrt() } else { apart };
            let z = (px - py) / error;
            let row = if z.is_finite() {
                let half = quantile(1.0 - (1.0 - level.at(i)) / 2.0) * apart;
                [z, 2.0 * below(-z.abs()), px - py - half, px - py + half]
            } else {
                [f64::NAN; 4]
            };
            out.iter_mut().zip(row).for_each(|(o, x)| o.push(x));
        }
        Ok(Data::Tuple(out.map(f64_col).to_vec().into(), c.rows).into())
    })
}

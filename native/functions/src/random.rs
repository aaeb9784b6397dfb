//! Random numbers and strings, UUIDs, and functions that depend on the rows before.

use crate::args::{StrOut, f64_col, i64s, strs, u32_col, u64_col, u128_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::lanes::Lane;
use std::sync::atomic::{AtomicU64, Ordering};
use types::text::net::uuid_halves;
use types::codes::{BAD_ARGUMENTS, TOO_LARGE_STRING_SIZE};
use types::{Column, Data, Error, FixedData, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("rand", "rand([tag])", "A random UInt32.", &[], |b| { b.arity(0, 1)?; bound(Type::UInt32, |c| { let mut r = Random::new(); Ok(u32_col((0..c.rows).map(|_| r.next() as u32).collect())) }) }).random().ci().alias_ci(&["rand32"]).own_nulls(),
    f("rand64", "rand64([tag])", "A random UInt64.", &[], |b| { b.arity(0, 1)?; bound(Type::UInt64, |c| { let mut r = Random::new(); Ok(u64_col((0..c.rows).map(|_| r.next()).collect())) }) }).random().ci().own_nulls(),
    f("randConstant", "randConstant([tag])", "A random UInt32, the same in all rows of a block.", &[], |b| { b.arity(0, 1)?; let v = Random::new().next() as u32; bound(Type::UInt32, move |c| Ok(Column::constant(u32_col(vec![v]), c.rows))) }).random().own_nulls(),
    f("randCanonical", "randCanonical([tag])", "A random Float64 from 0 up to 1.", &[], |b| { b.arity(0, 1)?; bound(Type::Float64, |c| { let mut r = Random::new(); Ok(f64_col((0..c.rows).map(|_| r.unit()).collect())) }) }).random().ci().own_nulls(),
    f("randUniform", "randUniform(min, max[, tag])", "Uniformly distributed.", &[], |b| distribution(b, 2, |r, p| p[0] + (p[1] - p[0]) * r.unit())).random(),
    f("randNormal", "randNormal(mean, deviation[, tag])", "Normally distributed.", &[], |b| distribution(b, 2, |r, p| p[0] + p[1] * r.normal())).random(),
    f("randLogNormal", "randLogNormal(mean, deviation[, tag])", "Log-normally distributed.", &[], |b| distribution(b, 2, |r, p| (p[0] + p[1] * r.normal()).exp())).random(),
    f("randExponential", "randExponential(rate[, tag])", "Exponentially distributed.", &[], |b| distribution(b, 1, |r, p| -(1.0 - r.unit()).ln() / p[0])).random(),
    f("randChiSquared", "randChiSquared(degrees[, tag])", "Chi-squared distributed.", &[], |b| distribution(b, 1, |r, p| 2.0 * r.gamma(p[0] / 2.0))).random(),
    f("randStudentT", "randStudentT(degrees[, tag])", "Student's t distributed.", &[], |b| distribution(b, 1, |r, p| r.normal() / (2.0 * r.gamma(p[0] / 2.0) / p[0]).sqrt())).random(),
    f("randFisherF", "randFisherF(d1, d2[, tag])", "F distributed.", &[], |b| distribution(b, 2, |r, p| (r.gamma(p[0] / 2.0) / p[0]) / (r.gamma(p[1] / 2.0) / p[1]))).random(),
    f("randBernoulli", "randBernoulli(p[, tag])", "1 with probability p, else 0.", &[], |b| counts(b, 1, |r, p| u64::from(r.unit() < p[0]))).random(),
    f("randBinomial", "randBinomial(n, p[, tag])", "Binomially distributed.", &[], |b| counts(b, 2, |r, p| (0..(p[0].min(1e7) as u64)).filter(|_| r.unit() < p[1]).count() as u64)).random(),
    f("randNegativeBinomial", "randNegativeBinomial(n, p[, tag])", "Negative-binomially distributed.", &[], |b| counts(b, 2, |r, p| { let rate = r.gamma(p[0]) * (1.0 - p[1]) / p[1]; r.poisson(rate) })).random(),
    f("randPoisson", "randPoisson(mean[, tag])", "Poisson distributed.", &[], |b| counts(b, 1, |r, p| r.poisson(p[0]))).random(),
    f("randomString", "randomString(length[, tag])", "Random bytes.", &[], |b| text(b, |r, n, out| (0..n).for_each(|_| out.push(r.next() as u8)))).random(),
    f("randomPrintableASCII", "randomPrintableASCII(length[, tag])", "Random printable characters.", &[], |b| text(b, |r, n, out| (0..n).for_each(|_| out.push(32 + (r.next() % 95) as u8)))).random(),
    f("randomStringUTF8", "randomStringUTF8(length[, tag])", "Random characters.", &[], |b| text(b, |r, n, out| { let mut buffer = [0u8; 4]; for _ in 0..n { let c = loop { if let Some(c) = char::from_u32((r.next() % 0x11_0000) as u32) { break c; } }; out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()); } })).random(),
    f("randomFixedString", "randomFixedString(length)", "Random bytes as FixedString.", &[], fixed).random(),
    f("fuzzBits", "fuzzBits(s, probability)", "The string with each bit turned with a probability.", &[], fuzz).random(),
    f("generateUUIDv4", "generateUUIDv4([tag])", "A random UUID.", &[], |b| { b.arity(0, 1)?; bound(Type::Uuid, |c| { let mut r = Random::new(); Ok(u128_col((0..c.rows).map(|_| uuid_halves(stamp(u128::from(r.next()) << 64 | u128::from(r.next()), 4))).collect())) }) }).random().own_nulls(),
    f("generateUUIDv7", "generateUUIDv7([tag])", "A UUID that grows with time.", &[], uuid7).random().own_nulls(),
    f("generateSnowflakeID", "generateSnowflakeID([tag[, machine]])", "A Snowflake id that grows with time.", &[], snowflake).random().own_nulls(),
    f("runningDifference", "runningDifference(x)", "Difference to the row before in the block; 0 first.", &[], |b| running(b, false)).stateful().own_nulls(),
    f("runningDifferenceStartingWithFirstValue", "runningDifferenceStartingWithFirstValue(x)", "Difference to the row before in the block; the value itself first.", &[], |b| running(b, true)).stateful().own_nulls(),
    f("rowNumberInAllBlocks", "rowNumberInAllBlocks()", "Number of the row in the order of processing.", &[], row_number).stateful(),
    f("blockNumber", "blockNumber()", "Number of the block in the order of processing.", &[], block_number).stateful(),
    f("neighbor", "neighbor(x, offset[, default])", "The value so many rows away in the block.", &[], neighbor).stateful().own_nulls(),
];

/// A fast generator (splitmix), seeded from the system once per call and thread.
pub struct Random(u64);

static SEED: AtomicU64 = AtomicU64::new(0);

impl Random {
    pub fn new() -> Self {
        use std::hash::{BuildHasher, Hasher};
        let mut h = std::collections::hash_map::RandomState::new().build_hasher();
        h.write_u64(SEED.fetch_add(1, Ordering::Relaxed));
        Random(h.finish())
    }
    pub fn seeded(seed: u64) -> Self {
        Random(seed)
    }
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// From 0 up to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }
    /// Marsaglia and Tsang's method, scale 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let u = 1.0 - self.unit();
            return self.gamma(shape + 1.0) * u.powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
    fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 500.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let limit = (-mean).exp();
        let (mut k, mut p) = (0, 1.0);
        loop {
            p *= self.unit();
            if p <= limit {
                return k;
            }
            k += 1;
        }
    }
}

fn parameters(b: &Bind<'_>, n: usize) -> Result<Vec<f64>> {
    b.arity(n, n + 1)?;
    (0..n).map(|i| b.const_f64(i)).collect()
}

fn distribution(b: &Bind<'_>, n: usize, of: fn(&mut Random, &[f64]) -> f64) -> Result<Bound> {
    let p = parameters(b, n)?;
    let name = b.name;
    let bad = match name {
        "randUniform" => false,
        "randNormal" | "randLogNormal" => p[1] < 0.0,
        _ => p.iter().any(|x| *x <= 0.0),
    };
    if bad || p.iter().any(|x| !x.is_finite()) {
        return Err(Error::new(BAD_ARGUMENTS, format!("Parameters of function {name} are out of range")));
    }
    bound(Type::Float64, move |c| {
        let mut r = Random::new();
        Ok(f64_col((0..c.rows).map(|_| of(&mut r, &p)).collect()))
    })
}

fn counts(b: &Bind<'_>, n: usize, of: fn(&mut Random, &[f64]) -> u64) -> Result<Bound> {
    let p = parameters(b, n)?;
    let probability = p[n - 1];
    let poisson = b.name == "randPoisson";
    if p.iter().any(|x| !x.is_finite() || *x < 0.0) || (!poisson && !(0.0..=1.0).contains(&probability)) {
        return Err(Error::new(BAD_ARGUMENTS, format!("Parameters of function {} are out of range", b.name)));
    }
    bound(Type::UInt64, move |c| {
        let mut r = Random::new();
        Ok(u64_col((0..c.rows).map(|_| of(&mut r, &p)).collect()))
    })
}

const TEXT_MAX: i64 = 1 << 24;

fn text(b: &Bind<'_>, of: fn(&mut Random, usize, &mut Vec<u8>)) -> Result<Bound> {
    b.arity(1, 2)?;
    b.integer(0)?;
    bound(Type::String, move |c| {
        let n = i64s(c.col(0));
        let mut total = 0usize;
        for i in 0..c.rows {
            if !(0..=TEXT_MAX).contains(&n.at(i)) {
                return Err(Error::new(TOO_LARGE_STRING_SIZE, format!("Too large string size {} in function randomString, maximum is {TEXT_MAX}", n.at(i))));
            }
            total += n.at(i) as usize * 4;
        }
        crate::args::check_bytes("randomString", total)?;
        let mut r = Random::new();
        let mut out = StrOut::new(c.rows, 0);
        for i in 0..c.rows {
            of(&mut r, n.at(i) as usize, &mut out.bytes);
            out.end_row();
        }
        out.finish("randomString")
    })
}

fn fixed(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let n = b.const_int(0)?;
    if !(1..=0xff_ffff).contains(&n) {
        return Err(Error::new(types::codes::ARGUMENT_OUT_OF_BOUND, format!("Width {n} of FixedString is out of bounds")));
    }
    bound(Type::FixedString(n as u32), move |c| {
        crate::args::check_bytes("randomFixedString", c.rows.saturating_mul(n as usize))?;
        let mut r = Random::new();
        let bytes: Vec<u8> = (0..c.rows * n as usize).map(|_| r.next() as u8).collect();
        Ok(Data::Fixed(FixedData { width: n as usize, bytes: bytes.into() }).into())
    })
}

fn fuzz(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    if !b.ty(1).is_float() {
        return Err(b.illegal(1, "a constant float"));
    }
    let p = b.const_f64(1)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::new(types::codes::ARGUMENT_OUT_OF_BOUND, "Probability of function fuzzBits must be between 0 and 1"));
    }
    let fixed = b.ty(0).base().clone();
    let out = if matches!(fixed, Type::FixedString(_)) { fixed.clone() } else { Type::String };
    bound(out, move |c| {
        let s = strs(c.col(0));
        let mut r = Random::new();
        let fuzzed = crate::args::map_str(c.rows, "fuzzBits", |i, out| {
            out.extend(s.at(i).iter().map(|x| (0..8).fold(*x, |x, k| if r.unit() < p { x ^ 1 << k } else { x })));
            Ok(())
        })?;
        if fixed == Type::String { Ok(fuzzed) } else { crate::cast::cast(&fuzzed, &Type::String, &fixed, crate::cast::CastMode::Sql, c.session) }
    })
}

/// Sets version and variant of a UUID.
pub fn stamp(v: u128, version: u8) -> u128 {
    v & !(0xf << 76) & !(0x3 << 62) | u128::from(version) << 76 | 0x2 << 62
}

fn millis() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

fn uuid7(b: &Bind<'_>) -> Result<Bound> {
    b.arity(0, 1)?;
    bound(Type::Uuid, |c| {
        let mut r = Random::new();
        let now = u128::from(millis());
        let base = u128::from(r.next() >> 23);
        Ok(u128_col(
            (0..c.rows)
                .map(|i| {
                    // 42 bits of counter keep the rows of a block in order.
                    let counter = (base + i as u128) & ((1 << 42) - 1);
                    let (high, low) = (counter >> 30, counter & ((1 << 30) - 1));
                    uuid_halves(stamp(now << 80 | high << 64 | low << 32 | u128::from(r.next() as u32), 7))
                })
                .collect(),
        ))
    })
}

static LAST: AtomicU64 = AtomicU64::new(0);

fn snowflake(b: &Bind<'_>) -> Result<Bound> {
    b.arity(0, 2)?;
    let machine = if b.len() == 2 { b.const_int(1)? as u64 & 1023 } else { 1 };
    bound(Type::UInt64, move |c| {
        // Time and counter in one number that only grows.
        let n = c.rows as u64;
        let now = millis() << 12;
        let mut first = now;
        let _ = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            first = now.max(last + 1);
            Some(first + n)
        });
        Ok(u64_col((first..first + n).map(|t| (t >> 12) << 22 | machine << 12 | (t & 4095)).collect()))
    })
}

/// Errors unless the session allows functions whose result depends on how rows fall into blocks.
fn deprecated(b: &Bind<'_>) -> Result<()> {
    if b.session.flag("allow_deprecated_error_prone_window_functions", false) {
        return Ok(());
    }
    Err(Error::new(types::codes::DEPRECATED_FUNCTION, format!("Function {} depends on how rows fall into blocks: use a window function, or set allow_deprecated_error_prone_window_functions = 1", b.name)))
}

fn running(b: &Bind<'_>, first: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    deprecated(b)?;
    let inner = b.ty(0).base().clone();
    let out = match &inner {
        t if t.is_float() => Type::Float64,
        Type::Date => Type::Int32,
        t if t.is_decimal() => return Err(b.illegal(0, "a number, Date or DateTime")),
        t if t.is_number() || t.is_date_or_time() => crate::arithmetic::number_result(crate::arithmetic::Op::Minus, &number_of(t), &number_of(t)).unwrap_or(Type::Int64),
        _ => return Err(b.illegal(0, "a number, Date or DateTime")),
    };
    let ty = if b.ty(0).is_nullable() { Type::nullable(out.clone()) } else { out.clone() };
    bound(ty, move |c| {
        let col = c.col(0).flat();
        let null = |i: usize| col.is_null(i);
        let mask = types::Bitmap::from_fn(c.rows, |i| null(i) || (i > 0 && null(i - 1)));
        let data = if out.is_float() {
            let v = crate::args::raw_f64s(&col);
            f64_col((0..c.rows).map(|i| if i == 0 { if first { v.at(0) } else { 0.0 } } else { v.at(i) - v.at(i - 1) }).collect())
        } else {
            let v = crate::args::i128s(&col);
            let wide: Column = Data::I128((0..c.rows).map(|i| if i == 0 { if first { v.at(0) } else { 0 } } else { v.at(i).wrapping_sub(v.at(i - 1)) }).collect::<Vec<_>>().into()).into();
            crate::with_lane!(&out, R => R::column(crate::lanes::map::<R, R>(&wide, c.rows, |x| x)), wide)
        };
        Ok(Column::new(data.data, Some(mask)))
    })
}

fn number_of(t: &Type) -> Type {
    match t {
        Type::Date32 => Type::Int32,
        Type::DateTime(_) => Type::UInt32,
        Type::DateTime64(..) => Type::Int64,
        t => t.clone(),
    }
}

fn row_number(b: &Bind<'_>) -> Result<Bound> {
    b.arity(0, 0)?;
    let next = AtomicU64::new(0);
    bound(Type::UInt64, move |c| {
        let from = next.fetch_add(c.rows as u64, Ordering::Relaxed);
        Ok(u64_col((from..from + c.rows as u64).collect()))
    })
}

fn block_number(b: &Bind<'_>) -> Result<Bound> {
    b.arity(0, 0)?;
    let next = AtomicU64::new(0);
    bound(Type::UInt64, move |c| {
        let n = next.fetch_add(1, Ordering::Relaxed);
        Ok(u64_col(vec![n; c.rows]))
    })
}

fn neighbor(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    deprecated(b)?;
    b.integer(1)?;
    let types = b.types();
    let out = if b.len() == 3 { crate::supertype::common_type(&[types[0].clone(), types[2].clone()])? } else { types[0].clone() };
    let kernel = out.clone();
    bound(out, move |c| {
        let x = crate::cast::cast(c.col(0), &types[0], &kernel, crate::cast::CastMode::Sql, c.session)?.flat();
        let default = match types.get(2) {
            Some(t) => crate::cast::cast(c.col(2), t, &kernel, crate::cast::CastMode::Sql, c.session)?.flat(),
            None => Column::default_of(&kernel, c.rows).flat(),
        };
        let o = i64s(c.col(1));
        let all = crate::arrays::stack(&kernel, &[&x, &default]);
        let rows = c.rows as i64;
        Ok(all.gather(
            &(0..rows)
                .map(|i| {
                    let at = i.saturating_add(o.at(i as usize));
                    (if (0..rows).contains(&at) { at } else { rows + i }) as u32
                })
                .collect::<Vec<_>>(),
        ))
    })
}

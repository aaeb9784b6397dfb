//! Variance, standard deviation, skewness and kurtosis, from sums of powers; the -Stable forms
//! from running means (Welford's method).

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_var};
use std::sync::Arc;
use types::{Column, ColumnBuilder, Result, Type, builder::Values};

/// What is made of the moments.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    VarPop,
    VarSamp,
    StddevPop,
    StddevSamp,
    SkewPop,
    SkewSamp,
    KurtPop,
    KurtSamp,
}

macro_rules! def {
    ($name:literal, $aliases:expr, $kind:ident, $state:ty, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: false,
            signature: concat!($name, "(x)"),
            description: $text,
            examples: $example,
            flags: Flags::NONE,
            build: |call| build::<$state>(call, Kind::$kind),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("varPop", &["VAR_POP"], VarPop, Powers, "Population variance.", &[("SELECT varPop(number) FROM numbers(4)", "1.25")]),
    def!("varSamp", &["VAR_SAMP", "VARIANCE"], VarSamp, Powers, "Sample variance; nan for fewer than two rows.", &[("SELECT varSamp(number) FROM numbers(3)", "1")]),
    def!("stddevPop", &["STDDEV_POP", "STD"], StddevPop, Powers, "Population standard deviation.", &[("SELECT stddevPop(x) FROM values('x Int8', 1, 3)", "1")]),
    def!("stddevSamp", &["STDDEV_SAMP", "STDDEV"], StddevSamp, Powers, "Sample standard deviation; nan for fewer than two rows.", &[("SELECT stddevSamp(number) FROM numbers(3)", "1")]),
    def!("varPopStable", &[], VarPop, Welford, "Population variance by a numerically stable method.", &[("SELECT varPopStable(number) FROM numbers(4)", "1.25")]),
    def!("varSampStable", &[], VarSamp, Welford, "Sample variance by a numerically stable method.", &[("SELECT varSampStable(number) FROM numbers(3)", "1")]),
    def!("stddevPopStable", &[], StddevPop, Welford, "Population standard deviation by a numerically stable method.", &[("SELECT stddevPopStable(x) FROM values('x Int8', 1, 3)", "1")]),
    def!("stddevSampStable", &[], StddevSamp, Welford, "Sample standard deviation by a numerically stable method.", &[("SELECT stddevSampStable(number) FROM numbers(3)", "1")]),
    def!("skewPop", &[], SkewPop, Powers, "Population skewness.", &[("SELECT skewPop(number) FROM numbers(3)", "0")]),
    def!("skewSamp", &[], SkewSamp, Powers, "Sample skewness.", &[("SELECT skewSamp(number) FROM numbers(3)", "0")]),
    def!("kurtPop", &[], KurtPop, Powers, "Population kurtosis.", &[("SELECT kurtPop(x) FROM values('x Int8', 1, 3)", "1")]),
    def!("kurtSamp", &[], KurtSamp, Powers, "Sample kurtosis.", &[("SELECT kurtSamp(x) FROM values('x Int8', 1, 3)", "0.25")]),
];

pub struct Config {
    kind: Kind,
    ty: Type,
}

fn build<C: Cell<Config = Config>>(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let stable = call.name.ends_with("Stable");
    let fits = |t: &Type| t.is_number() || matches!(t, Type::Enum8(_) | Type::Enum16(_)) || stable && (t.is_date_or_time() || matches!(t, Type::Interval(_)));
    call.check(0, fits)?;
    let config = Arc::new(Config { kind, ty: call.args[0].clone() });
    let ty = if stable { Type::Float64 } else { float_of(call.args) };
    Ok(Bound::new(call, ty.clone(), move || Cells::<C>::boxed(&config, &ty)))
}

/// Float32 if all arguments are, else Float64.
pub fn float_of(args: &[Type]) -> Type {
    if args.iter().all(|t| *t == Type::Float32) { Type::Float32 } else { Type::Float64 }
}

/// Pushes a float into a Float32 or Float64 column.
pub fn push_float(out: &mut ColumnBuilder, v: f64) {
    match &mut out.values {
        Values::F64(x) => x.push(v),
        Values::F32(x) => x.push(v as f32),
        _ => return out.push_default(1),
    }
    out.pushed();
}

/// Moments of Float32 values are kept as such.
pub fn put_float(out: &mut Vec<u8>, v: f64, single: bool) {
    if single { out.extend_from_slice(&(v as f32).to_le_bytes()) } else { put_f64(out, v) }
}

pub fn read_float(r: &mut Reader<'_>, single: bool) -> Result<f64> {
    if single { Ok(f32::from_le_bytes(r.array()?).into()) } else { r.f64() }
}

impl Kind {
    /// How many sums of powers it takes.
    fn moments(self) -> usize {
        match self {
            Kind::VarPop | Kind::VarSamp | Kind::StddevPop | Kind::StddevSamp => 3,
            Kind::SkewPop | Kind::SkewSamp => 4,
            Kind::KurtPop | Kind::KurtSamp => 5,
        }
    }
    fn of(self, n: f64, pop: f64, m3: f64, m4: f64) -> f64 {
        let samp = if n > 1.0 { pop * n / (n - 1.0) } else { f64::NAN };
        let ratio = |moment: f64, var: f64, power: f64| if var > 0.0 { moment / var.powf(power) } else { f64::NAN };
        match self {
            Kind::VarPop => pop,
            Kind::VarSamp => samp,
            Kind::StddevPop => pop.sqrt(),
            Kind::StddevSamp => samp.sqrt(),
            Kind::SkewPop => ratio(m3, pop, 1.5),
            Kind::SkewSamp => ratio(m3, samp, 1.5),
            Kind::KurtPop => ratio(m4, pop, 2.0),
            Kind::KurtSamp => ratio(m4, samp, 2.0),
        }
    }
}

/// Number of rows and sums of x, x², x³, x⁴.
#[derive(Default)]
struct Powers {
    m: [f64; 5],
}

impl Cell for Powers {
    type Config = Config;
    type Input = Vec<f64>;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Vec<f64>> {
        Ok(floats(&args[0], &config.ty))
    }
    #[inline]
    fn add(&mut self, _: &Config, input: &Vec<f64>, row: usize) -> Result<()> {
        let x = input[row];
        let x2 = x * x;
        self.m[0] += 1.0;
        self.m[1] += x;
        self.m[2] += x2;
        self.m[3] += x2 * x;
        self.m[4] += x2 * x * x;
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.m.iter_mut().zip(other.m).for_each(|(a, b)| *a += b);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let [n, m1, m2, m3, m4] = self.m;
        if n == 0.0 {
            push_float(out, f64::NAN);
            return Ok(());
        }
        let clip = |v: f64| if v < 0.0 { 0.0 } else { v };
        let v = match config.kind {
            Kind::VarSamp | Kind::StddevSamp => {
                let var = if n > 1.0 { clip((m2 - m1 * m1 / n) / (n - 1.0)) } else { f64::NAN };
                if config.kind == Kind::VarSamp { var } else { var.sqrt() }
            }
            kind => {
                let pop = clip((m2 - m1 * m1 / n) / n);
                let third = if n == 1.0 { 0.0 } else { (m3 - (3.0 * m2 - 2.0 * m1 * m1 / n) * m1 / n) / n };
                let fourth = if n == 1.0 { 0.0 } else { (m4 - (4.0 * m3 - (6.0 * m2 - 3.0 * m1 * m1 / n) * m1 / n) * m1 / n) / n };
                kind.of(n, pop, third, fourth)
            }
        };
        push_float(out, v);
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        let single = config.ty == Type::Float32;
        self.m[..config.kind.moments()].iter().for_each(|v| put_float(out, *v, single));
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut m = [0.0; 5];
        for v in &mut m[..config.kind.moments()] {
            *v = read_float(r, config.ty == Type::Float32)?;
        }
        Ok(Powers { m })
    }
}

#[derive(Default)]
struct Welford {
    n: f64,
    mean: f64,
    m2: f64,
}

impl Cell for Welford {
    type Config = Config;
    type Input = Vec<f64>;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Vec<f64>> {
        Ok(floats(&args[0], &config.ty))
    }
    fn add(&mut self, _: &Config, input: &Vec<f64>, row: usize) -> Result<()> {
        self.n += 1.0;
        let delta = input[row] - self.mean;
        self.mean += delta / self.n;
        self.m2 += delta * (input[row] - self.mean);
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        if other.n > 0.0 {
            let n = self.n + other.n;
            let delta = other.mean - self.mean;
            self.m2 += other.m2 + delta * delta * self.n * other.n / n;
            self.mean += delta * other.n / n;
            self.n = n;
        }
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let least = if matches!(config.kind, Kind::VarSamp | Kind::StddevSamp) { 2.0 } else { 1.0 };
        let v = if self.n < least { f64::INFINITY } else { config.kind.of(self.n, self.m2 / self.n, 0.0, 0.0) };
        push_float(out, v);
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, self.n as u64);
        put_f64(out, self.mean);
        put_f64(out, self.m2);
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Welford { n: r.var()? as f64, mean: r.f64()?, m2: r.f64()? })
    }
}

//! Covariance and correlation of two arguments, and their matrices over several.

use super::moments::{float_of, push_float, put_float, read_float};
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_var};
use std::sync::Arc;
use types::{Column, ColumnBuilder, Result, Type, builder::Values};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Pop,
    Samp,
    Corr,
}

pub struct Config {
    kind: Kind,
    types: Vec<Type>,
}

macro_rules! def {
    ($name:literal, $aliases:expr, $kind:ident, $build:ident, $state:ty, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: false,
            signature: concat!($name, "(x, y)"),
            description: $text,
            examples: $example,
            flags: Flags::NONE,
            build: |call| $build::<$state>(call, Kind::$kind),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("covarPop", &["COVAR_POP"], Pop, build, Pair, "Population covariance.", &[("SELECT covarPop(number, number) FROM numbers(4)", "1.25")]),
    def!("covarSamp", &["COVAR_SAMP"], Samp, build, Pair, "Sample covariance.", &[("SELECT covarSamp(number, number) FROM numbers(3)", "1")]),
    def!("corr", &["CORR"], Corr, build, Pair, "Pearson's correlation.", &[("SELECT corr(number, 3 * number) FROM numbers(4)", "1")]),
    def!("covarPopStable", &[], Pop, build, StablePair, "Population covariance by a numerically stable method.", &[("SELECT covarPopStable(number, number) FROM numbers(4)", "1.25")]),
    def!("covarSampStable", &[], Samp, build, StablePair, "Sample covariance by a numerically stable method.", &[("SELECT covarSampStable(number, number) FROM numbers(3)", "1")]),
    def!("corrStable", &[], Corr, build, StablePair, "Pearson's correlation by a numerically stable method.", &[("SELECT corrStable(number, number) FROM numbers(3)", "1")]),
    def!("covarPopMatrix", &[], Pop, build_matrix, Matrix, "Matrix of population covariances of all arguments.", &[("SELECT covarPopMatrix(number, number) FROM numbers(4)", "[[1.25,1.25],[1.25,1.25]]")]),
    def!("covarSampMatrix", &[], Samp, build_matrix, Matrix, "Matrix of sample covariances of all arguments.", &[("SELECT covarSampMatrix(number, number) FROM numbers(3)", "[[1,1],[1,1]]")]),
    def!("corrMatrix", &[], Corr, build_matrix, Matrix, "Matrix of correlations of all arguments.", &[("SELECT corrMatrix(number, number) FROM numbers(3)", "[[1,1],[1,1]]")]),
];

fn build<C: Cell<Config = Config>>(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.arity(2..=2)?;
    call.param_count(0..=0)?;
    let fits = |t: &Type| t.is_integer() || t.is_float();
    call.check(0, fits)?;
    call.check(1, fits)?;
    let config = Arc::new(Config { kind, types: call.args.to_vec() });
    let ty = if call.name.ends_with("Stable") { Type::Float64 } else { float_of(call.args) };
    Ok(Bound::new(call, ty.clone(), move || Cells::<C>::boxed(&config, &ty)))
}

fn build_matrix<C: Cell<Config = Config>>(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.arity(1..=256)?;
    call.param_count(0..=0)?;
    (0..call.args.len()).try_for_each(|i| call.check_native(i))?;
    let config = Arc::new(Config { kind, types: call.args.to_vec() });
    let ty = Type::array(Type::array(Type::Float64));
    Ok(Bound::new(call, ty.clone(), move || Cells::<C>::boxed(&config, &ty)))
}

impl Config {
    /// How many sums it takes.
    fn moments(&self) -> usize {
        if self.kind == Kind::Corr { 6 } else { 4 }
    }
    fn single(&self) -> bool {
        self.types.len() == 2 && self.types.iter().all(|t| *t == Type::Float32)
    }
}

fn inputs(config: &Config, args: &[Column]) -> Vec<Vec<f64>> {
    args.iter().zip(&config.types).map(|(c, t)| floats(c, t)).collect()
}

/// n, Σx, Σy, Σxy, Σx², Σy².
#[derive(Default, Clone, Copy)]
struct Pair {
    m: [f64; 6],
}

impl Pair {
    #[inline]
    fn plus(&mut self, x: f64, y: f64) {
        let add = [1.0, x, y, x * y, x * x, y * y];
        self.m.iter_mut().zip(add).for_each(|(a, b)| *a += b);
    }
    fn result(&self, kind: Kind) -> f64 {
        let [n, x1, y1, xy, x2, y2] = self.m;
        match kind {
            _ if n == 0.0 => f64::NAN,
            Kind::Pop => (xy - x1 * y1 / n) / n,
            Kind::Samp => (xy - x1 * y1 / n) / (n - 1.0),
            Kind::Corr => (n * xy - x1 * y1) / ((n * x2 - x1 * x1) * (n * y2 - y1 * y1)).sqrt(),
        }
    }
}

impl Cell for Pair {
    type Config = Config;
    type Input = Vec<Vec<f64>>;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok(inputs(config, args))
    }
    fn add(&mut self, _: &Config, input: &Self::Input, row: usize) -> Result<()> {
        self.plus(input[0][row], input[1][row]);
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.m.iter_mut().zip(other.m).for_each(|(a, b)| *a += b);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        push_float(out, self.result(config.kind));
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        self.m[..config.moments()].iter().for_each(|v| put_float(out, *v, config.single()));
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut m = [0.0; 6];
        for v in &mut m[..config.moments()] {
            *v = read_float(r, config.single())?;
        }
        Ok(Pair { m })
    }
}

/// n, means of x and y, and the centred sums of xy, x², y².
#[derive(Default)]
struct StablePair {
    n: f64,
    mean: [f64; 2],
    sums: [f64; 3],
}

impl Cell for StablePair {
    type Config = Config;
    type Input = Vec<Vec<f64>>;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok(inputs(config, args))
    }
    fn add(&mut self, _: &Config, input: &Self::Input, row: usize) -> Result<()> {
        let (x, y) = (input[0][row], input[1][row]);
        self.n += 1.0;
        let (dx, dy) = (x - self.mean[0], y - self.mean[1]);
        self.mean[0] += dx / self.n;
        self.mean[1] += dy / self.n;
        self.sums[0] += dx * (y - self.mean[1]);
        self.sums[1] += dx * (x - self.mean[0]);
        self.sums[2] += dy * (y - self.mean[1]);
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        if other.n > 0.0 {
            let n = self.n + other.n;
            let (dx, dy) = (other.mean[0] - self.mean[0], other.mean[1] - self.mean[1]);
            let weight = self.n * other.n / n;
            for (i, d) in [dx * dy, dx * dx, dy * dy].into_iter().enumerate() {
                self.sums[i] += other.sums[i] + d * weight;
            }
            self.mean[0] += dx * other.n / n;
            self.mean[1] += dy * other.n / n;
            self.n = n;
        }
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let v = match config.kind {
            Kind::Pop if self.n < 1.0 => f64::INFINITY,
            Kind::Samp | Kind::Corr if self.n < 2.0 => f64::INFINITY,
            Kind::Pop => self.sums[0] / self.n,
            Kind::Samp => self.sums[0] / (self.n - 1.0),
            Kind::Corr => self.sums[0] / (self.sums[1] * self.sums[2]).sqrt(),
        };
        push_float(out, v);
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        put_var(out, self.n as u64);
        let sums = if config.kind == Kind::Corr { self.sums.to_vec() } else { vec![self.sums[0]] };
        self.mean.iter().chain(&sums).for_each(|v| put_f64(out, *v));
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let (n, mean) = (r.var()? as f64, [r.f64()?, r.f64()?]);
        let mut sums = [0.0; 3];
        for i in if config.kind == Kind::Corr { [0, 1, 2].as_slice() } else { &[0] } {
            sums[*i] = r.f64()?;
        }
        Ok(StablePair { n, mean, sums })
    }
}

/// Pairs (i, j) with j ≤ i, row by row.
#[derive(Default)]
struct Matrix {
    pairs: Vec<Pair>,
}

impl Matrix {
    fn size(&mut self, config: &Config) {
        let n = config.types.len();
        self.pairs.resize(n * (n + 1) / 2, Pair::default());
    }
}

impl Cell for Matrix {
    type Config = Config;
    type Input = Vec<Vec<f64>>;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok(inputs(config, args))
    }
    fn add(&mut self, config: &Config, input: &Self::Input, row: usize) -> Result<()> {
        self.size(config);
        let mut at = 0;
        for i in 0..input.len() {
            for j in 0..=i {
                self.pairs[at].plus(input[i][row], input[j][row]);
                at += 1;
            }
        }
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        self.size(config);
        self.pairs.iter_mut().zip(&other.pairs).try_for_each(|(a, b)| a.merge(config, b))
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let n = config.types.len();
        let Values::Array { offsets, values: rows } = &mut out.values else { return Ok(()) };
        for i in 0..n {
            let Values::Array { offsets, values } = &mut rows.values else { return Ok(()) };
            for j in 0..n {
                let (a, b) = (i.max(j), i.min(j));
                let v = self.pairs.get(a * (a + 1) / 2 + b).map_or(f64::NAN, |p| p.result(config.kind));
                push_float(values, v);
            }
            offsets.push(values.len() as u32);
            rows.pushed();
        }
        offsets.push(rows.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        let mut all = Matrix { pairs: self.pairs.clone() };
        all.size(config);
        all.pairs.iter().for_each(|p| p.put(config, out));
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut m = Matrix::default();
        m.size(config);
        for p in &mut m.pairs {
            *p = Pair::read(config, r)?;
        }
        Ok(m)
    }
    fn heap_bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<Pair>()
    }
}

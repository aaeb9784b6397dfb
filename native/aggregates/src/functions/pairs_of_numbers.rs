//! Small states over two numbers: boundingRatio, exponentialMovingAverage, simpleLinearRegression.

use super::moments::push_float;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_u64};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "boundingRatio",
        aliases: &[],
        case_insensitive: false,
        signature: "boundingRatio(x, y)",
        description: "Slope between the points of smallest and largest x.",
        examples: &[("SELECT boundingRatio(number, number * 1.5) FROM numbers(10)", "1.5")],
        flags: Flags::NONE,
        build: |call| bind::<Bounds>(call, 0.0, Type::Float64),
    },
    AggregateDef {
        name: "exponentialMovingAverage",
        aliases: &[],
        case_insensitive: false,
        signature: "exponentialMovingAverage(half_decay)(value, time)",
        description: "Exponentially smoothed average at the last time; a value's weight halves in every half_decay.",
        examples: &[("SELECT round(exponentialMovingAverage(1)(1, number), 3) FROM numbers(20)", "1")],
        flags: Flags::NONE,
        build: |call| {
            call.param_count(1..=1)?;
            let half = call.float_param(0)?;
            bind::<Smoothed>(call, half, Type::Float64)
        },
    },
    AggregateDef {
        name: "simpleLinearRegression",
        aliases: &[],
        case_insensitive: false,
        signature: "simpleLinearRegression(x, y)",
        description: "Tuple (k, b) of the line y = k * x + b with the smallest sum of squared errors.",
        examples: &[("SELECT simpleLinearRegression(number, 3 * number + 4) FROM numbers(5)", "(3,4)")],
        flags: Flags::NONE,
        build: |call| bind::<Line>(call, 0.0, Type::named_tuple(vec![("k", Type::Float64), ("b", Type::Float64)])),
    },
];

pub struct Config {
    half: f64,
    types: Vec<Type>,
}

fn bind<C: Cell<Config = Config>>(call: &Call<'_>, half: f64, ty: Type) -> Result<Bound> {
    call.arity(2..=2)?;
    let fits = |t: &Type| t.is_number() || t.is_date_or_time();
    call.check(0, fits)?;
    call.check(1, fits)?;
    let config = Arc::new(Config { half, types: call.args.to_vec() });
    Ok(Bound::new(call, ty.clone(), move || Cells::<C>::boxed(&config, &ty)))
}

type Pair = (Vec<f64>, Vec<f64>);

fn pair(config: &Config, args: &[Column]) -> Pair {
    (floats(&args[0], &config.types[0]), floats(&args[1], &config.types[1]))
}

/// The points of smallest and largest x.
#[derive(Default)]
struct Bounds {
    ends: Option<[(f64, f64); 2]>,
}

impl Bounds {
    fn point(&mut self, x: f64, y: f64) {
        let ends = self.ends.get_or_insert([(x, y), (x, y)]);
        if x < ends[0].0 {
            ends[0] = (x, y);
        } else if x > ends[1].0 {
            ends[1] = (x, y);
        }
    }
}

impl Cell for Bounds {
    type Config = Config;
    type Input = Pair;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Pair> {
        Ok(pair(config, args))
    }
    fn add(&mut self, _: &Config, input: &Pair, row: usize) -> Result<()> {
        self.point(input.0[row], input.1[row]);
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        other.ends.into_iter().flatten().for_each(|(x, y)| self.point(x, y));
        Ok(())
    }
    fn finish(&self, _: &Config, out: &mut ColumnBuilder) -> Result<()> {
        push_float(out, self.ends.map_or(f64::NAN, |[a, b]| (b.1 - a.1) / (b.0 - a.0)));
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        out.push(u8::from(self.ends.is_none()));
        for (x, y) in self.ends.into_iter().flatten() {
            put_f64(out, x);
            put_f64(out, y);
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        if r.byte()? != 0 {
            return Ok(Bounds::default());
        }
        Ok(Bounds { ends: Some([(r.f64()?, r.f64()?), (r.f64()?, r.f64()?)]) })
    }
}

#[derive(Default)]
struct Smoothed {
    value: f64,
    time: f64,
}

impl Smoothed {
    fn join(&mut self, value: f64, time: f64, half: f64) {
        let decay = |passed: f64| (-passed / half).exp2();
        if time > self.time {
            self.value = value + self.value * decay(time - self.time);
            self.time = time;
        } else {
            self.value += value * decay(self.time - time);
        }
    }
}

impl Cell for Smoothed {
    type Config = Config;
    type Input = Pair;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Pair> {
        Ok(pair(config, args))
    }
    fn add(&mut self, config: &Config, input: &Pair, row: usize) -> Result<()> {
        self.join(input.0[row], input.1[row], config.half);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        self.join(other.value, other.time, config.half);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let weights = 1.0 / (1.0 - (-1.0 / config.half).exp2());
        push_float(out, self.value / weights);
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_f64(out, self.value);
        put_f64(out, self.time);
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Smoothed { value: r.f64()?, time: r.f64()? })
    }
}

/// n, Σx, Σy, Σx², Σxy.
#[derive(Default)]
struct Line {
    m: [f64; 5],
}

impl Cell for Line {
    type Config = Config;
    type Input = Pair;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Pair> {
        Ok(pair(config, args))
    }
    fn add(&mut self, _: &Config, input: &Pair, row: usize) -> Result<()> {
        let (x, y) = (input.0[row], input.1[row]);
        self.m.iter_mut().zip([1.0, x, y, x * x, x * y]).for_each(|(a, b)| *a += b);
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.m.iter_mut().zip(other.m).for_each(|(a, b)| *a += b);
        Ok(())
    }
    fn finish(&self, _: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let [n, x, y, xx, xy] = self.m;
        let divisor = xx * n - x * x;
        let k = if n == 0.0 || divisor == 0.0 { f64::NAN } else { (xy * n - x * y) / divisor };
        let b = (y - k * x) / n;
        if let Values::Tuple(parts) = &mut out.values {
            parts.iter_mut().zip([k, b]).for_each(|(part, v)| push_float(part, v));
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_u64(out, self.m[0] as u64);
        self.m[1..].iter().for_each(|v| put_f64(out, *v));
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut m = [r.u64()? as f64, 0.0, 0.0, 0.0, 0.0];
        for v in &mut m[1..] {
            *v = r.f64()?;
        }
        Ok(Line { m })
    }
}

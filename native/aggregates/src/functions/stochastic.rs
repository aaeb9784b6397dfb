//! stochasticLinearRegression and stochasticLogisticRegression: weights by gradient descent in small batches.

use super::moments::push_float;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Error, Result, Type};

macro_rules! def {
    ($name:literal, $logistic:literal, $text:literal) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: concat!($name, "(learning_rate, l2, batch_size, method)(target, x1, …)"),
            description: $text,
            examples: &[(concat!("SELECT length(", $name, "(0.01, 0, 1, 'SGD')(number, number)) FROM numbers(4)"), "2")],
            flags: Flags::ORDER,
            build: |call| build(call, $logistic),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("stochasticLinearRegression", false, "Weights of a linear model (one for each x, then the bias) by stochastic gradient descent."),
    def!("stochasticLogisticRegression", true, "Weights of a logistic model (target -1 or 1) by stochastic gradient descent."),
];

#[derive(Clone, Copy, PartialEq)]
enum Method {
    Plain,
    Momentum,
    Nesterov,
    Adam,
}

struct Config {
    rate: f64,
    l2: f64,
    batch: u64,
    method: Method,
    logistic: bool,
    types: Vec<Type>,
}

fn build(call: &Call<'_>, logistic: bool) -> Result<Bound> {
    call.arity(2..=1024)?;
    call.param_count(0..=4)?;
    (0..call.args.len()).try_for_each(|i| call.check(i, Type::is_number))?;
    let float = |i: usize, default: f64| if call.params.len() > i { call.float_param(i) } else { Ok(default) };
    let batch = if call.params.len() > 2 { call.uint_param(2)? } else { 15 };
    if batch == 0 {
        return Err(Error::bad_arguments(format!("The batch size of {} must be above 0", call.name)));
    }
    let method = match if call.params.len() > 3 { call.text_param(3)? } else { "Adam" } {
        "SGD" => Method::Plain,
        "Momentum" => Method::Momentum,
        "Nesterov" => Method::Nesterov,
        "Adam" => Method::Adam,
        other => return Err(Error::bad_arguments(format!("Unknown method {other} of {}: use SGD, Momentum, Nesterov or Adam", call.name))),
    };
    let config = Arc::new(Config { rate: float(0, 0.000_01)?, l2: float(1, 0.1)?, batch, method, logistic, types: call.args.to_vec() });
    let ty = Type::array(Type::Float64);
    Ok(Bound::new(call, ty.clone(), move || Cells::<Model>::boxed(&config, &ty)))
}

/// Weights, then the bias last; the same order in gradients and moments.
#[derive(Default)]
struct Model {
    weights: Vec<f64>,
    gradient: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    in_batch: u64,
    steps: u64,
    rows: u64,
}

impl Model {
    fn size(&mut self, config: &Config) {
        let n = config.types.len();
        for v in [&mut self.weights, &mut self.gradient, &mut self.first, &mut self.second] {
            v.resize(n, 0.0);
        }
    }
    fn step(&mut self, config: &Config) {
        self.steps += 1;
        let n = self.in_batch.max(1) as f64;
        let last = self.weights.len() - 1;
        for i in 0..=last {
            let mut g = self.gradient[i] / n;
            if i != last {
                g -= 2.0 * config.l2 * self.weights[i];
            }
            self.weights[i] += match config.method {
                Method::Plain => config.rate * g,
                Method::Momentum | Method::Nesterov => {
                    self.first[i] = 0.9 * self.first[i] + config.rate * g;
                    if config.method == Method::Momentum { self.first[i] } else { 0.9 * self.first[i] + config.rate * g }
                }
                Method::Adam => {
                    self.first[i] = 0.9 * self.first[i] + 0.1 * g;
                    self.second[i] = 0.999 * self.second[i] + 0.001 * g * g;
                    let t = self.steps.min(1 << 20) as i32;
                    let (m, v) = (self.first[i] / (1.0 - 0.9f64.powi(t)), self.second[i] / (1.0 - 0.999f64.powi(t)));
                    config.rate * m / (v.sqrt() + 1e-8)
                }
            };
            self.gradient[i] = 0.0;
        }
        self.in_batch = 0;
    }
}

impl Cell for Model {
    type Config = Config;
    type Input = Vec<Vec<f64>>;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok(args.iter().zip(&config.types).map(|(c, t)| floats(c, t)).collect())
    }
    fn add(&mut self, config: &Config, input: &Self::Input, row: usize) -> Result<()> {
        self.size(config);
        let last = self.weights.len() - 1;
        let (target, xs) = (input[0][row], &input[1..]);
        let predicted = self.weights[last] + xs.iter().zip(&self.weights).map(|(x, w)| x[row] * w).sum::<f64>();
        let error = if config.logistic { target / (1.0 + (target * predicted).exp()) } else { 2.0 * (target - predicted) };
        for (x, g) in xs.iter().zip(&mut self.gradient) {
            *g += error * x[row];
        }
        self.gradient[last] += error;
        self.rows += 1;
        self.in_batch += 1;
        if self.in_batch >= config.batch {
            self.step(config);
        }
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        if other.rows == 0 {
            return Ok(());
        }
        self.size(config);
        // models are averaged by the rows they have seen
        let total = (self.rows + other.rows) as f64;
        let (mine, theirs) = (self.rows as f64 / total, other.rows as f64 / total);
        for (own, others) in [(&mut self.weights, &other.weights), (&mut self.first, &other.first), (&mut self.second, &other.second)] {
            own.iter_mut().zip(others).for_each(|(a, b)| *a = *a * mine + b * theirs);
        }
        self.gradient.iter_mut().zip(&other.gradient).for_each(|(a, b)| *a += b);
        self.rows += other.rows;
        self.in_batch += other.in_batch;
        self.steps = self.steps.max(other.steps);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for i in 0..config.types.len() {
            push_float(values, self.weights.get(i).copied().unwrap_or(0.0));
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        [self.in_batch, self.steps, self.rows].iter().for_each(|v| put_var(out, *v));
        if self.rows > 0 {
            [&self.weights, &self.gradient, &self.first, &self.second].into_iter().flatten().for_each(|v| put_f64(out, *v));
        }
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mask = u64::MAX >> 8;
        let mut m = Model { in_batch: r.var()? & mask, steps: r.var()? & mask, rows: r.var()? & mask, ..Default::default() };
        if m.rows > 0 {
            m.size(config);
            for v in [&mut m.weights, &mut m.gradient, &mut m.first, &mut m.second].into_iter().flatten() {
                *v = r.f64()?;
            }
        }
        Ok(m)
    }
    fn heap_bytes(&self) -> usize {
        self.weights.capacity() * 32
    }
}

//! Sketches of Apache DataSketches: functions that build and merge them, and answers with bounds.
//!
//! Results and states are the binary form that Spark, Druid and the libraries read and write.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::{Reader, damaged};
use sketches::{Counts, Cpc, Digest, Frequent, Hll, Item, Kll, Quantiles, Sketch, Theta};
use std::marker::PhantomData;
use std::sync::Arc;
use types::codes::{INCORRECT_DATA, PARAMETER_OUT_OF_BOUND};
use types::{Column, ColumnBuilder, Error, Result, Scalar, Type};

macro_rules! def {
    ($name:literal, $aliases:expr, $args:literal, $text:literal, $example:expr, $build:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: true,
            signature: concat!($name, $args),
            description: $text,
            examples: $example,
            flags: Flags::DEFAULT_ON_NULLS,
            build: $build,
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("hll_sketch_agg", &["ds_hll"], "(lg_k)(x)", "HyperLogLog sketch of the distinct values, 2^lg_k registers (12 unless given).", &[("SELECT hll_sketch_estimate(hll_sketch_agg(number % 5)) > 4.9 FROM numbers(20)", "1")], build::<Hll, Values>),
    def!("hll_union_agg", &[], "(lg_k)(sketch)", "Union of HyperLogLog sketches.", &[("SELECT round(hll_sketch_estimate(hll_union_agg(s))) FROM (SELECT hll_sketch_agg(number) AS s FROM numbers(9) GROUP BY number)", "9")], build::<Hll, Sketches>),
    def!("theta_sketch_agg", &["ds_theta"], "(lg_k)(x)", "Theta sketch of the distinct values; such sketches can be intersected and subtracted.", &[("SELECT theta_sketch_estimate(theta_sketch_agg(number % 5)) FROM numbers(20)", "5")], build::<Theta, Values>),
    def!("theta_union_agg", &[], "(lg_k)(sketch)", "Union of theta sketches.", &[("SELECT theta_sketch_estimate(theta_union_agg(s)) FROM (SELECT theta_sketch_agg(number) AS s FROM numbers(9) GROUP BY number)", "9")], build::<Theta, Sketches>),
    def!("theta_intersection_agg", &[], "(sketch)", "Intersection of theta sketches.", &[("SELECT theta_sketch_estimate(theta_intersection_agg(s)) FROM (SELECT theta_sketch_agg(number) AS s FROM numbers(9) GROUP BY number)", "0")], |call| {
        call.arity(1..=1)?;
        call.param_count(0..=0)?;
        call.check(0, Type::is_string)?;
        let config = Arc::new(Config { size: Theta::SIZES.1, ty: Type::String, answer: Answer::Bytes });
        Ok(Bound::new(call, Type::String, move || Cells::<Common>::boxed(&config, &Type::String)))
    }),
    def!("cpc_sketch_agg", &["ds_cpc"], "(lg_k)(x)", "CPC sketch of the distinct values: the smallest when stored.", &[("SELECT round(cpc_sketch_estimate(cpc_sketch_agg(number % 5))) FROM numbers(20)", "5")], build::<Cpc, Values>),
    def!("cpc_union_agg", &[], "(lg_k)(sketch)", "Union of CPC sketches.", &[("SELECT round(cpc_sketch_estimate(cpc_union_agg(s))) FROM (SELECT cpc_sketch_agg(number) AS s FROM numbers(9) GROUP BY number)", "9")], build::<Cpc, Sketches>),
    def!("kll_sketch_agg", &["kll_sketch_agg_double"], "(k)(x)", "KLL sketch of the distribution of numbers (k is 200 unless given).", &[("SELECT kll_sketch_quantile(kll_sketch_agg(number), 0.5) FROM numbers(101)", "50")], build::<Kll, Numbers>),
    def!("kll_merge_agg", &["kll_merge_agg_double"], "(k)(sketch)", "KLL sketches merged.", &[("SELECT kll_sketch_quantile(kll_merge_agg(s), 1) FROM (SELECT kll_sketch_agg(number) AS s FROM numbers(9) GROUP BY number)", "8")], build::<Kll, Sketches>),
    def!("tdigest_sketch_agg", &["tdigest_generate_sketch"], "(k)(x)", "t-digest of the distribution of numbers (k is 200 unless given).", &[("SELECT tdigest_sketch_quantile(tdigest_sketch_agg(number), 0.5) FROM numbers(101)", "50")], build::<Digest, Numbers>),
    def!("tdigest_union_agg", &[], "(k)(sketch)", "t-digests merged.", &[("SELECT tdigest_sketch_quantile(tdigest_union_agg(s), 1) FROM (SELECT tdigest_sketch_agg(number) AS s FROM numbers(9) GROUP BY number)", "8")], build::<Digest, Sketches>),
    def!("frequent_items_agg", &[], "(lg_size)(x)", "Sketch of the most frequent texts, with at most 2^lg_size counters (10 unless given).", &[("SELECT frequent_items_estimate(frequent_items_agg(toString(number % 2))) FROM numbers(5)", "[('0',3,3,3),('1',2,2,2)]")], build::<Frequent, Texts>),
    def!("frequent_items_union_agg", &[], "(lg_size)(sketch)", "Sketches of frequent texts merged.", &[("SELECT frequent_items_estimate(frequent_items_union_agg(s)) FROM (SELECT frequent_items_agg('a') AS s FROM numbers(3) GROUP BY number)", "[('a',3,3,3)]")], build::<Frequent, Sketches>),
    def!("approx_count_distinct_ds_hll", &[], "(lg_k)(x)", "Number of distinct values by a HyperLogLog sketch.", &[("SELECT approx_count_distinct_ds_hll(number % 5) FROM numbers(20)", "5")], number::<Hll>),
    def!("approx_count_distinct_ds_theta", &[], "(lg_k)(x)", "Number of distinct values by a theta sketch.", &[("SELECT approx_count_distinct_ds_theta(number % 5) FROM numbers(20)", "5")], number::<Theta>),
    def!("uniqWithBounds", &[], "(confidence)(x)", "Approximate number of distinct values with bounds that hold with a confidence of up to 0.997 (0.95 unless given): (estimate, lower, upper).", &[("SELECT uniqWithBounds(0.95)(number % 5) FROM numbers(20)", "(5,5,5)")], |call| {
        call.arity(1..=1)?;
        call.param_count(0..=1)?;
        let answer = Answer::Count(deviations(call)?);
        let names = ["estimate", "lower", "upper"];
        of_values::<Theta, Values>(call, BOUNDED_SIZE, answer, bounds_type(names))
    }),
    def!("quantileWithBounds", &[], "(level)(x)", "Approximate quantile with bounds that hold with 99 % confidence: (quantile, lower, upper).", &[("SELECT quantileWithBounds(0.5)(number) FROM numbers(101)", "(50,50,50)")], |call| {
        call.arity(1..=1)?;
        call.param_count(0..=1)?;
        let level = if call.params.is_empty() { 0.5 } else { call.float_param(0)? };
        if !(0.0..=1.0).contains(&level) {
            return Err(Error::new(PARAMETER_OUT_OF_BOUND, format!("Quantile level {level} of {} is out of range [0, 1]", call.name)));
        }
        let names = ["quantile", "lower", "upper"];
        of_values::<Kll, Numbers>(call, Kll::SIZES.1, Answer::Quantile(level), bounds_type(names))
    }),
];

/// 2^14 hashes: a standard error of 0.8 %, exact up to some 30,000 values.
const BOUNDED_SIZE: u64 = 14;

fn bounds_type(names: [&str; 3]) -> Type {
    Type::Tuple(names.iter().map(|n| ((*n).into(), Type::Float64)).collect())
}

/// Standard deviations that a confidence asks for.
fn deviations(call: &Call<'_>) -> Result<u8> {
    if call.params.is_empty() {
        return Ok(2);
    }
    match call.float_param(0)? {
        c if c > 0.0 && c <= 0.6827 => Ok(1),
        c if c > 0.0 && c <= 0.9545 => Ok(2),
        c if c > 0.0 && c <= 0.9973 => Ok(3),
        _ => Err(Error::new(PARAMETER_OUT_OF_BOUND, format!("The confidence of {} must lie between 0 and 0.9973", call.name))),
    }
}

/// What a state comes to.
#[derive(Clone, Copy)]
enum Answer {
    /// the sketch
    Bytes,
    /// the estimate as a whole number
    Whole,
    /// estimate and bounds at so many standard deviations
    Count(u8),
    /// a quantile and its bounds
    Quantile(f64),
}

struct Config {
    size: u64,
    /// of the argument
    ty: Type,
    answer: Answer,
}

/// The arguments of a batch, ready to be added row by row.
trait Source: Send + 'static {
    fn takes(ty: &Type) -> bool;
    fn read(column: &Column, ty: &Type) -> Self;
    fn add<S: Sketch>(&self, row: usize, sketch: &mut S) -> Result<()>;
}

/// Values to be counted.
enum Values {
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bytes(Column),
}

impl Source for Values {
    fn takes(ty: &Type) -> bool {
        let whole = ty.int_bits().is_some_and(|(bits, _)| bits <= 64);
        let stored = matches!(ty, Type::Enum8(_) | Type::Enum16(_) | Type::Ipv4);
        whole || stored || ty.is_float() || ty.is_string() || ty.is_date_or_time()
    }
    fn read(column: &Column, ty: &Type) -> Self {
        if ty.is_string() {
            Values::Bytes(column.flat())
        } else if ty.is_float() {
            Values::Floats(floats(column, ty))
        } else {
            Values::Ints(ints(column))
        }
    }
    fn add<S: Sketch>(&self, row: usize, sketch: &mut S) -> Result<()> {
        sketch.update(match self {
            Values::Ints(v) => Item::Int(v[row]),
            Values::Floats(v) => Item::Float(v[row]),
            Values::Bytes(c) => Item::Bytes(c.bytes_at(row).unwrap_or_default()),
        });
        Ok(())
    }
}

/// Numbers whose distribution counts.
struct Numbers(Vec<f64>);

impl Source for Numbers {
    fn takes(ty: &Type) -> bool {
        ty.is_number()
    }
    fn read(column: &Column, ty: &Type) -> Self {
        Numbers(floats(column, ty))
    }
    fn add<S: Sketch>(&self, row: usize, sketch: &mut S) -> Result<()> {
        sketch.update(Item::Float(self.0[row]));
        Ok(())
    }
}

struct Texts(Column);

impl Source for Texts {
    fn takes(ty: &Type) -> bool {
        ty.is_string()
    }
    fn read(column: &Column, _: &Type) -> Self {
        Texts(column.flat())
    }
    fn add<S: Sketch>(&self, row: usize, sketch: &mut S) -> Result<()> {
        sketch.update(Item::Bytes(self.0.bytes_at(row).unwrap_or_default()));
        Ok(())
    }
}

/// Sketches to be merged; empty texts are empty sketches.
struct Sketches(Column);

fn parsed<S: Sketch>(bytes: &[u8]) -> Result<Option<S>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let sketch = S::read(bytes).map_err(|_| Error::new(INCORRECT_DATA, "The bytes are not a sketch of this kind"))?;
    Ok(Some(sketch))
}

impl Source for Sketches {
    fn takes(ty: &Type) -> bool {
        ty.is_string()
    }
    fn read(column: &Column, _: &Type) -> Self {
        Sketches(column.flat())
    }
    fn add<S: Sketch>(&self, row: usize, sketch: &mut S) -> Result<()> {
        match parsed::<S>(self.0.bytes_at(row).unwrap_or_default())? {
            Some(other) => sketch.merge(&other).map_err(|_| damaged()),
            None => Ok(()),
        }
    }
}

/// A function that gives a sketch of all its arguments.
fn build<S: Answers, I: Source>(call: &Call<'_>) -> Result<Bound> {
    of_values::<S, I>(call, size::<S>(call)?, Answer::Bytes, Type::String)
}

fn number<S: Answers>(call: &Call<'_>) -> Result<Bound> {
    of_values::<S, Values>(call, size::<S>(call)?, Answer::Whole, Type::UInt64)
}

/// The size parameter.
fn size<S: Sketch>(call: &Call<'_>) -> Result<u64> {
    call.param_count(0..=1)?;
    let (min, usual, max) = S::SIZES;
    match call.params.len() {
        0 => Ok(usual),
        _ => Some(call.uint_param(0)?).filter(|s| (min..=max).contains(s)).ok_or_else(|| {
            Error::new(PARAMETER_OUT_OF_BOUND, format!("The size of {} must lie between {min} and {max}", call.name))
        }),
    }
}

fn of_values<S: Answers, I: Source>(call: &Call<'_>, size: u64, answer: Answer, ty: Type) -> Result<Bound> {
    call.arity(1..=1)?;
    call.check(0, I::takes)?;
    let config = Arc::new(Config { size, ty: call.args[0].clone(), answer });
    Ok(Bound::new(call, ty.clone(), move || Cells::<State<S, I>>::boxed(&config, &ty)))
}

/// What results a kind of sketch can give beside itself.
trait Answers: Sketch + 'static {
    fn push(&self, answer: Answer, out: &mut ColumnBuilder);
}

fn push_bounds(out: &mut ColumnBuilder, values: [f64; 3]) {
    out.push_scalar(&Scalar::Tuple(values.iter().map(|v| Scalar::Float(*v)).collect()));
}

fn push_count<S: Counts>(s: &S, answer: Answer, out: &mut ColumnBuilder) {
    match answer {
        Answer::Whole => out.push_scalar(&Scalar::Int(s.estimate().round() as i128)),
        Answer::Count(n) => {
            let (lower, upper) = s.bounds(n);
            push_bounds(out, [s.estimate(), lower, upper]);
        }
        _ => out.push_scalar(&Scalar::Bytes(s.write())),
    }
}

macro_rules! counts {
    ($($t:ty),*) => { $(impl Answers for $t {
        fn push(&self, answer: Answer, out: &mut ColumnBuilder) {
            push_count(self, answer, out);
        }
    })* };
}
counts!(Hll, Theta, Cpc);

impl Answers for Kll {
    fn push(&self, answer: Answer, out: &mut ColumnBuilder) {
        match answer {
            Answer::Quantile(level) => {
                let at = |rank: f64| self.quantile(rank.clamp(0.0, 1.0)).unwrap_or(f64::NAN);
                let error = self.rank_error().unwrap_or(0.0);
                push_bounds(out, [at(level), at(level - error), at(level + error)]);
            }
            _ => out.push_scalar(&Scalar::Bytes(self.write())),
        }
    }
}

impl Answers for Digest {
    fn push(&self, _: Answer, out: &mut ColumnBuilder) {
        out.push_scalar(&Scalar::Bytes(self.write()));
    }
}

impl Answers for Frequent {
    fn push(&self, _: Answer, out: &mut ColumnBuilder) {
        out.push_scalar(&Scalar::Bytes(self.write()));
    }
}

/// A sketch once there is something in it.
struct State<S, I> {
    sketch: Option<S>,
    source: PhantomData<fn() -> I>,
}

impl<S, I> Default for State<S, I> {
    fn default() -> Self {
        State { sketch: None, source: PhantomData }
    }
}

impl<S: Answers, I: Source> Cell for State<S, I> {
    type Config = Config;
    type Input = I;
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<I> {
        Ok(I::read(&args[0], &config.ty))
    }
    fn add(&mut self, config: &Config, input: &I, row: usize) -> Result<()> {
        input.add(row, self.sketch.get_or_insert_with(|| S::new(config.size)))
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        let Some(other) = &other.sketch else { return Ok(()) };
        self.sketch.get_or_insert_with(|| S::new(config.size)).merge(other).map_err(|_| damaged())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        match &self.sketch {
            Some(s) => s.push(config.answer, out),
            None => S::new(config.size).push(config.answer, out),
        }
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        match &self.sketch {
            Some(s) => out.extend_from_slice(&s.write()),
            None => out.extend_from_slice(&S::new(config.size).write()),
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(State { sketch: parsed(r.rest())?, source: PhantomData })
    }
    fn heap_bytes(&self) -> usize {
        self.sketch.as_ref().map_or(0, Sketch::bytes)
    }
}

/// An intersection; none before the first sketch.
#[derive(Default)]
struct Common(Option<Theta>);

impl Common {
    fn apply(&mut self, other: Theta) -> Result<()> {
        self.0 = Some(match &self.0 {
            None => other,
            Some(own) => own.intersect(&other).map_err(|_| damaged())?,
        });
        Ok(())
    }
}

impl Cell for Common {
    type Config = Config;
    type Input = Column;
    fn prepare(_: &Config, args: &[Column], _rows: usize) -> Result<Column> {
        Ok(args[0].flat())
    }
    fn add(&mut self, config: &Config, input: &Column, row: usize) -> Result<()> {
        let sketch = parsed(input.bytes_at(row).unwrap_or_default())?;
        self.apply(sketch.unwrap_or_else(|| Theta::new(config.size)))
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        other.0.as_ref().map_or(Ok(()), |o| self.apply(o.clone()))
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let bytes = self.0.as_ref().map_or_else(|| Theta::new(config.size).write(), Sketch::write);
        out.push_scalar(&Scalar::Bytes(bytes));
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        if let Some(s) = &self.0 {
            out.extend_from_slice(&s.write());
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Common(parsed(r.rest())?))
    }
    fn heap_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, Sketch::bytes)
    }
}

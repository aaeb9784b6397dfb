//! sparkbar: a bar chart in one line of text.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::{Fixed, Reader, put_u64, put_var};
use std::collections::BTreeMap;
use std::sync::Arc;
use types::{Column, ColumnBuilder, Error, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "sparkbar",
    aliases: &["sparkBar"],
    case_insensitive: false,
    signature: "sparkbar(width, min_x, max_x)(x, y)",
    description: "Bars of y over x (of all rows, or from min_x to max_x) in at most `width` characters.",
    examples: &[("SELECT sparkbar(8)(number, number + 1) FROM numbers(8)", "▁▂▃▄▅▆▇█")],
    flags: Flags::DEFAULT_ON_NULLS,
    build,
}];

pub struct Config {
    width: usize,
    range: Option<(u64, u64)>,
    /// largest value of x's type
    x_max: u64,
    y: Type,
    /// largest value of y's type
    y_max: i128,
}

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(2..=2)?;
    if call.params.len() != 1 && call.params.len() != 3 {
        return Err(Error::new(types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH, "sparkbar takes one parameter (width) or three (width, min_x, max_x)"));
    }
    call.check(0, |t| matches!(t.int_bits(), Some((..=64, false))) || matches!(t, Type::Date | Type::DateTime(_)))?;
    call.check(1, |t| matches!(t.int_bits(), Some((..=64, _))) || t.is_float())?;
    let width = call.uint_param(0)? as usize;
    if !(2..=1024).contains(&width) {
        return Err(Error::bad_arguments("The width of sparkbar must be from 2 to 1024"));
    }
    let range = if call.params.len() == 3 { Some((call.uint_param(1)?, call.uint_param(2)?)) } else { None };
    if range.is_some_and(|(low, high)| low >= high) {
        return Err(Error::bad_arguments("min_x of sparkbar must be less than max_x"));
    }
    let x_bits = 8 * call.args[0].fixed_width().unwrap_or(8).min(8);
    let y = call.args[1].clone();
    let y_max = y.int_bits().map_or(0, |(bits, signed)| (1i128 << (bits - u16::from(signed))) - 1);
    let config = Arc::new(Config { width, range, x_max: u64::MAX >> (64 - x_bits), y, y_max });
    if call.args[1].is_float() {
        return Ok(Bound::new(call, Type::String, move || Cells::<Bars<f64>>::boxed(&config, &Type::String)));
    }
    Ok(Bound::new(call, Type::String, move || Cells::<Bars<i128>>::boxed(&config, &Type::String)))
}

/// Heights: floats, or integers that stop at the largest value of their type.
trait Height: Fixed + PartialOrd {
    fn values(c: &Column, ty: &Type) -> Vec<Self>;
    fn plus(self, other: Self, max: i128) -> Option<Self>;
    fn top(max: i128) -> Self;
    fn over(self, n: u64) -> Self;
    /// 1 to 8, compared with the highest.
    fn level(self, highest: Self, max: i128) -> usize;
}

impl Height for f64 {
    fn values(c: &Column, ty: &Type) -> Vec<f64> {
        floats(c, ty)
    }
    fn plus(self, other: f64, _: i128) -> Option<f64> {
        Some(self + other)
    }
    fn top(_: i128) -> f64 {
        f64::MAX
    }
    fn over(self, n: u64) -> f64 {
        self / n as f64
    }
    fn level(self, highest: f64, _: i128) -> usize {
        (self / (highest / 7.0) + 1.0) as usize
    }
}

impl Height for i128 {
    fn values(c: &Column, ty: &Type) -> Vec<i128> {
        let unsigned = matches!(ty.int_bits(), Some((_, false)));
        ints(c).into_iter().map(|v| if unsigned { i128::from(v as u64) } else { i128::from(v) }).collect()
    }
    fn plus(self, other: i128, max: i128) -> Option<i128> {
        Some(self + other).filter(|v| *v <= max)
    }
    fn top(max: i128) -> i128 {
        max
    }
    fn over(self, n: u64) -> i128 {
        self / i128::from(n)
    }
    fn level(self, highest: i128, max: i128) -> usize {
        // as far as the type of y goes, the height is scaled before it is divided
        let level = if self * 7 <= max { self * 7 / highest } else { self / (highest / 7) };
        level as usize + 1
    }
}

/// Sums of y above 0 by x, and the range of all x.
struct Bars<Y> {
    sums: BTreeMap<u64, Y>,
    low: u64,
    high: u64,
}

impl<Y> Default for Bars<Y> {
    fn default() -> Self {
        Bars { sums: BTreeMap::new(), low: u64::MAX, high: 0 }
    }
}

const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

impl<Y: Height> Bars<Y> {
    fn insert(&mut self, config: &Config, x: u64, y: Y) {
        if y > Y::default() {
            let sum = self.sums.entry(x).or_default();
            *sum = sum.plus(y, config.y_max).unwrap_or(Y::top(config.y_max));
        }
    }
    fn render(&self, config: &Config) -> String {
        let (low, high) = config.range.unwrap_or((self.low, self.high));
        if self.sums.is_empty() {
            return String::new();
        }
        if low >= high {
            return LEVELS[8].to_string();
        }
        let span = high - low;
        let span = if span < config.x_max { span + 1 } else { span };
        let mut bars = vec![(Y::default(), 0u64); config.width];
        for (x, y) in self.sums.range(low..=high) {
            let at = (config.width as f64 / span as f64 * (x - low) as f64) as usize;
            let bar = &mut bars[at.min(config.width - 1)];
            match bar.0.plus(*y, config.y_max) {
                Some(sum) => *bar = (sum, bar.1 + 1),
                None => bar.0 = Y::top(config.y_max),
            }
        }
        let heights: Vec<Y> = bars.into_iter().map(|(y, n)| if n > 0 { y.over(n) } else { y }).collect();
        let highest = heights.iter().fold(Y::default(), |a, y| if *y > a { *y } else { a });
        if highest <= Y::default() {
            return String::new();
        }
        let level = |y: Y| if y > Y::default() { y.level(highest, config.y_max) } else { 0 };
        heights.into_iter().map(|y| LEVELS.get(level(y)).copied().unwrap_or(LEVELS[0])).collect()
    }
}

impl<Y: Height> Cell for Bars<Y> {
    type Config = Config;
    type Input = (Vec<i64>, Vec<Y>);
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((ints(&args[0]), Y::values(&args[1], &config.y)))
    }
    fn add(&mut self, config: &Config, input: &Self::Input, row: usize) -> Result<()> {
        let x = input.0[row] as u64 & config.x_max;
        if config.range.is_none_or(|(low, high)| x >= low && x <= high) {
            self.insert(config, x, input.1[row]);
            self.low = self.low.min(x);
            self.high = self.high.max(x);
        }
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        other.sums.iter().for_each(|(x, y)| self.insert(config, *x, *y));
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        out.push_bytes(self.render(config).as_bytes());
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_u64(out, self.low);
        put_u64(out, self.high);
        put_var(out, self.sums.len() as u64);
        for (x, y) in &self.sums {
            put_u64(out, *x);
            y.put(out);
        }
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut bars = Bars { sums: BTreeMap::new(), low: r.u64()?, high: r.u64()? };
        for _ in 0..r.count(8 + size_of::<Y>())? {
            let (x, y) = (r.u64()?, Y::read(r)?);
            if y > Y::top(config.y_max) {
                return Err(crate::state::wire::damaged());
            }
            bars.insert(config, x, y);
        }
        Ok(bars)
    }
    fn heap_bytes(&self) -> usize {
        self.sums.len() * (8 + size_of::<Y>())
    }
}

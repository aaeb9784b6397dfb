//! sparkbar: a bar chart in one line of text.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::{Reader, put_f64, put_u64, put_var};
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

struct Config {
    width: usize,
    range: Option<(i64, i64)>,
    y: Type,
}

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(2..=2)?;
    if call.params.len() != 1 && call.params.len() != 3 {
        return Err(Error::new(types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH, "sparkbar takes one parameter (width) or three (width, min_x, max_x)"));
    }
    call.check(0, |t| matches!(t.int_bits(), Some((..=64, false))) || matches!(t, Type::Date | Type::DateTime(_)))?;
    call.check(1, |t| t.is_integer() || t.is_float())?;
    let width = call.uint_param(0)? as usize;
    if !(2..=1024).contains(&width) {
        return Err(Error::bad_arguments("The width of sparkbar must be from 2 to 1024"));
    }
    let range = if call.params.len() == 3 { Some((call.uint_param(1)? as i64, call.uint_param(2)? as i64)) } else { None };
    let config = Arc::new(Config { width, range, y: call.args[1].clone() });
    Ok(Bound::new(call, Type::String, move || Cells::<Bars>::boxed(&config, &Type::String)))
}

/// Sums of y by x.
#[derive(Default)]
struct Bars {
    sums: BTreeMap<i64, f64>,
}

const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

impl Cell for Bars {
    type Config = Config;
    type Input = (Vec<i64>, Vec<f64>);
    fn prepare(config: &Config, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((ints(&args[0]), floats(&args[1], &config.y)))
    }
    fn add(&mut self, config: &Config, input: &Self::Input, row: usize) -> Result<()> {
        let x = input.0[row];
        if config.range.is_none_or(|(low, high)| x >= low && x <= high) {
            *self.sums.entry(x).or_default() += input.1[row];
        }
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        other.sums.iter().for_each(|(x, y)| *self.sums.entry(*x).or_default() += y);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let mut text = String::new();
        if let (Some((first, _)), Some((last, _))) = (self.sums.first_key_value(), self.sums.last_key_value()) {
            let (low, high) = config.range.unwrap_or((*first, *last));
            let span = high.wrapping_sub(low) as u64 as f64 + 1.0;
            let bars = if span <= config.width as f64 { span as usize } else { config.width };
            let mut sums = vec![(0.0, 0u32); bars];
            for (x, y) in &self.sums {
                let offset = x.wrapping_sub(low) as u64 as f64;
                let at = ((offset * bars as f64 / span) as usize).min(bars - 1);
                sums[at].0 += y;
                sums[at].1 += 1;
            }
            let heights: Vec<f64> = sums.into_iter().map(|(y, n)| if n > 0 { y / f64::from(n) } else { 0.0 }).collect();
            let top = heights.iter().copied().filter(|y| y.is_finite()).fold(0.0, f64::max);
            if top > 0.0 {
                for y in heights {
                    let level = y * 7.0 / top + 1.0;
                    text.push_str(if y > 0.0 && level < 9.0 { LEVELS[level as usize - 1] } else { " " });
                }
            }
        }
        out.push_bytes(text.as_bytes());
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, self.sums.len() as u64);
        for (x, y) in &self.sums {
            put_u64(out, *x as u64);
            put_f64(out, *y);
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut b = Bars::default();
        for _ in 0..r.count(16)? {
            let x = r.u64()? as i64;
            *b.sums.entry(x).or_default() += r.f64()?;
        }
        Ok(b)
    }
    fn heap_bytes(&self) -> usize {
        self.sums.len() * 24
    }
}

//! Approximate numbers of distinct values: uniq, uniqTheta (adaptive sampling of hashes), uniqUpTo.

use super::sketch::uniques::Uniques;
use super::sketch::words::Words;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::arena::is_number;
use crate::state::int_hash::int_hash64;
use crate::state::wire::Reader;
use std::sync::Arc;
use types::builder::Values;
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::{Column, ColumnBuilder, Error, Result, Type};

macro_rules! def {
    ($name:literal, $flags:ident, $signature:literal, $state:ty, $size:expr, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: $signature,
            description: $text,
            examples: $example,
            flags: Flags::$flags,
            build: |call| {
                call.arity(1..=usize::MAX)?;
                let config = Arc::new($size(call)?);
                Ok(Bound::new(call, Type::UInt64, move || Cells::<$state>::boxed(&config, &Type::UInt64)))
            },
        }
    };
}

/// How many hashes uniq keeps.
fn all(call: &Call<'_>) -> Result<u64> {
    call.param_count(0..=0)?;
    Ok(65_536)
}

/// How many hashes uniqTheta keeps.
fn few(call: &Call<'_>) -> Result<u64> {
    call.param_count(0..=0)?;
    Ok(4_096)
}

pub const DEFS: &[AggregateDef] = &[
    def!("uniq", DISTINCT, "uniq(x, …)", Sample, all, "Approximate number of distinct values; exact up to 65536, else within about 0.5 %.", &[("SELECT uniq(number % 10) FROM numbers(100)", "10")]),
    def!("uniqTheta", DISTINCT, "uniqTheta(x, …)", Sample, few, "Approximate number of distinct values from a sample of at most 4096 hashes.", &[("SELECT uniqTheta(number % 10) FROM numbers(100)", "10")]),
    def!("uniqUpTo", DISTINCT, "uniqUpTo(n)(x, …)", UpTo, Bounded::of, "Exact number of distinct values up to n, n + 1 if there are more.", &[("SELECT uniqUpTo(3)(number % 2), uniqUpTo(3)(number) FROM numbers(100)", "2\t4")]),
];

fn push(out: &mut ColumnBuilder, v: u64) {
    if let Values::U64(x) = &mut out.values {
        x.push(v);
    }
    out.pushed();
}

#[derive(Default)]
struct Sample(Uniques);

impl Cell for Sample {
    type Config = u64;
    type Input = Vec<u64>;
    fn prepare(_: &u64, args: &[Column], rows: usize) -> Result<Vec<u64>> {
        Ok(match Words::of(args, rows) {
            Words::Numbers(v) | Words::Texts(v) => v.into_iter().map(int_hash64).collect(),
            Words::Hashes(v) => v,
        })
    }
    fn add(&mut self, max: &u64, input: &Vec<u64>, row: usize) -> Result<()> {
        self.0.add(input[row], *max);
        Ok(())
    }
    fn merge(&mut self, max: &u64, other: &Self) -> Result<()> {
        self.0.merge(&other.0, *max);
        Ok(())
    }
    fn finish(&self, _: &u64, out: &mut ColumnBuilder) -> Result<()> {
        push(out, self.0.estimate());
        Ok(())
    }
    fn put(&self, _: &u64, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn read(max: &u64, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Sample(Uniques::read(r, *max)?))
    }
    fn absorb(&mut self, max: &u64, r: &mut Reader<'_>) -> Result<()> {
        self.0.absorb(r, *max)
    }
    fn heap_bytes(&self) -> usize {
        self.0.bytes()
    }
}

#[derive(Default)]
struct UpTo {
    keys: Vec<u64>,
}

/// The bound, and the bytes of a key in a serial form: numbers are kept as they are, all else as its hash.
struct Bounded {
    max: u64,
    width: usize,
}

impl Bounded {
    fn of(call: &Call<'_>) -> Result<Bounded> {
        call.param_count(1..=1)?;
        let max = call.uint_param(0)?;
        if max > 100 {
            return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "uniqUpTo takes a number up to 100"));
        }
        let number = call.args.len() == 1 && is_number(&call.args[0]);
        let width = call.args[0].fixed_width().filter(|w| number && *w <= 8).unwrap_or(8);
        Ok(Bounded { max, width })
    }
    fn cut(&self, key: u64) -> u64 {
        if self.width == 8 { key } else { key & ((1 << (self.width * 8)) - 1) }
    }
}

impl UpTo {
    fn insert(&mut self, key: u64, max: u64) {
        if self.keys.len() as u64 <= max && !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }
}

impl Cell for UpTo {
    type Config = Bounded;
    type Input = Vec<u64>;
    fn prepare(_: &Bounded, args: &[Column], rows: usize) -> Result<Vec<u64>> {
        Ok(match Words::of(args, rows) {
            Words::Numbers(v) | Words::Texts(v) | Words::Hashes(v) => v,
        })
    }
    fn add(&mut self, config: &Bounded, input: &Vec<u64>, row: usize) -> Result<()> {
        self.insert(config.cut(input[row]), config.max);
        Ok(())
    }
    fn merge(&mut self, config: &Bounded, other: &Self) -> Result<()> {
        other.keys.iter().for_each(|key| self.insert(*key, config.max));
        Ok(())
    }
    fn finish(&self, _: &Bounded, out: &mut ColumnBuilder) -> Result<()> {
        push(out, self.keys.len() as u64);
        Ok(())
    }
    /// One that has more than it may has no keys, only their number.
    fn put(&self, config: &Bounded, out: &mut Vec<u8>) {
        out.push(self.keys.len() as u8);
        if self.keys.len() as u64 <= config.max {
            self.keys.iter().for_each(|key| out.extend_from_slice(&key.to_le_bytes()[..config.width]));
        }
    }
    fn read(config: &Bounded, r: &mut Reader<'_>) -> Result<Self> {
        let n = r.byte()?;
        if u64::from(n) > config.max {
            return Ok(UpTo { keys: (0..=config.max).collect() });
        }
        let mut u = UpTo::default();
        for _ in 0..n {
            let mut key = [0; 8];
            key[..config.width].copy_from_slice(r.take(config.width)?);
            u.insert(u64::from_le_bytes(key), config.max);
        }
        Ok(u)
    }
    fn absorb(&mut self, config: &Bounded, r: &mut Reader<'_>) -> Result<()> {
        let other = Self::read(config, r)?;
        if other.keys.len() as u64 > config.max {
            *self = other;
            return Ok(());
        }
        self.merge(config, &other)
    }
    fn heap_bytes(&self) -> usize {
        self.keys.capacity() * 8
    }
}

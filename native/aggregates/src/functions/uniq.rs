//! Approximate numbers of distinct values: uniq, uniqTheta (adaptive sampling of hashes), uniqUpTo.

use super::sketch::uniques::Uniques;
use super::sketch::int_hash64;
use super::sketch::words::Words;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Reader, put_u64, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::compare::hash_column;
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
                let size: fn(&Call<'_>) -> Result<u64> = $size;
                let config = Arc::new(size(call)?);
                Ok(Bound::new(call, Type::UInt64, move || Cells::<$state>::boxed(&config, &Type::UInt64)))
            },
        }
    };
}

fn none(call: &Call<'_>, value: u64) -> Result<u64> {
    call.param_count(0..=0)?;
    Ok(value)
}

pub const DEFS: &[AggregateDef] = &[
    def!("uniq", DISTINCT, "uniq(x, …)", Sample, |c| none(c, 65_536), "Approximate number of distinct values; exact up to 65536, else within about 0.5 %.", &[("SELECT uniq(number % 10) FROM numbers(100)", "10")]),
    def!("uniqTheta", DISTINCT, "uniqTheta(x, …)", Sample, |c| none(c, 4_096), "Approximate number of distinct values from a sample of at most 4096 hashes.", &[("SELECT uniqTheta(number % 10) FROM numbers(100)", "10")]),
    def!("uniqUpTo", DISTINCT, "uniqUpTo(n)(x, …)", UpTo, |c| {
        c.param_count(1..=1)?;
        let n = c.uint_param(0)?;
        if n > 100 {
            return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "uniqUpTo takes a number up to 100"));
        }
        Ok(n)
    }, "Exact number of distinct values up to n, n + 1 if there are more.", &[("SELECT uniqUpTo(3)(number % 2), uniqUpTo(3)(number) FROM numbers(100)", "2\t4")]),
];

fn hashes(args: &[Column], rows: usize) -> Vec<u64> {
    let mut out = vec![0u64; rows];
    args.iter().for_each(|c| hash_column(c, &mut out));
    out
}

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
    hashes: Vec<u64>,
}

impl UpTo {
    fn insert(&mut self, hash: u64, max: u64) {
        if self.hashes.len() as u64 <= max && !self.hashes.contains(&hash) {
            self.hashes.push(hash);
        }
    }
}

impl Cell for UpTo {
    type Config = u64;
    type Input = Vec<u64>;
    fn prepare(_: &u64, args: &[Column], rows: usize) -> Result<Vec<u64>> {
        Ok(hashes(args, rows))
    }
    fn add(&mut self, max: &u64, input: &Vec<u64>, row: usize) -> Result<()> {
        self.insert(input[row], *max);
        Ok(())
    }
    fn merge(&mut self, max: &u64, other: &Self) -> Result<()> {
        other.hashes.iter().for_each(|h| self.insert(*h, *max));
        Ok(())
    }
    fn finish(&self, _: &u64, out: &mut ColumnBuilder) -> Result<()> {
        push(out, self.hashes.len() as u64);
        Ok(())
    }
    fn put(&self, _: &u64, out: &mut Vec<u8>) {
        put_var(out, self.hashes.len() as u64);
        self.hashes.iter().for_each(|h| put_u64(out, *h));
    }
    fn read(max: &u64, r: &mut Reader<'_>) -> Result<Self> {
        let mut u = UpTo::default();
        for _ in 0..r.count(8)? {
            u.insert(r.u64()?, *max);
        }
        Ok(u)
    }
    fn heap_bytes(&self) -> usize {
        self.hashes.capacity() * 8
    }
}

//! entropy of the distribution of values.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Reader, put_u64, put_var};
use std::collections::HashMap;
use std::sync::Arc;
use types::compare::hash_column;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "entropy",
    aliases: &[],
    case_insensitive: false,
    signature: "entropy(x, …)",
    description: "Shannon's entropy, in bits, of the values (or of the tuples of several arguments).",
    examples: &[("SELECT entropy(number % 4) FROM numbers(16)", "2")],
    flags: Flags::NONE,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=usize::MAX)?;
    call.param_count(0..=0)?;
    Ok(Bound::new(call, Type::Float64, || Cells::<Counts>::boxed(&Arc::new(()), &Type::Float64)))
}

/// Counts by hash of the value.
#[derive(Default)]
struct Counts {
    counts: HashMap<u64, u64>,
}

impl Cell for Counts {
    type Config = ();
    type Input = Vec<u64>;
    fn prepare(_: &(), args: &[Column], rows: usize) -> Result<Vec<u64>> {
        let mut out = vec![0u64; rows];
        args.iter().for_each(|c| hash_column(c, &mut out));
        Ok(out)
    }
    fn add(&mut self, _: &(), input: &Vec<u64>, row: usize) -> Result<()> {
        *self.counts.entry(input[row]).or_default() += 1;
        Ok(())
    }
    fn merge(&mut self, _: &(), other: &Self) -> Result<()> {
        other.counts.iter().for_each(|(h, n)| *self.counts.entry(*h).or_default() += n);
        Ok(())
    }
    fn finish(&self, _: &(), out: &mut ColumnBuilder) -> Result<()> {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        // the same order of additions in every run
        counts.sort_unstable();
        let total: u64 = counts.iter().sum();
        let sum: f64 = counts
            .iter()
            .map(|n| {
                let p = *n as f64 / total as f64;
                p * p.log2()
            })
            .sum();
        super::moments::push_float(out, if sum == 0.0 { 0.0 } else { -sum });
        Ok(())
    }
    fn put(&self, _: &(), out: &mut Vec<u8>) {
        put_var(out, self.counts.len() as u64);
        for (h, n) in &self.counts {
            put_u64(out, *h);
            put_var(out, *n);
        }
    }
    fn read(_: &(), r: &mut Reader<'_>) -> Result<Self> {
        let mut c = Counts::default();
        for _ in 0..r.count(9)? {
            let h = r.u64()?;
            *c.counts.entry(h).or_default() += r.var()? & (u64::MAX >> 8);
        }
        Ok(c)
    }
    fn heap_bytes(&self) -> usize {
        self.counts.capacity() * 20
    }
}

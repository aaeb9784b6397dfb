//! Approximate numbers of distinct values: uniq, uniqTheta (adaptive sampling of hashes), uniqCombined,
//! uniqCombined64, uniqHLL12 (HyperLogLog after a small exact set), uniqUpTo.

use super::sketch::uniques::{self, Uniques};
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

fn precision(call: &Call<'_>) -> Result<u64> {
    call.param_count(0..=1)?;
    if call.params.is_empty() {
        return Ok(17);
    }
    let p = call.uint_param(0)?;
    if !(12..=20).contains(&p) {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("The precision of {} must be from 12 to 20", call.name)));
    }
    Ok(p)
}

fn none(call: &Call<'_>, value: u64) -> Result<u64> {
    call.param_count(0..=0)?;
    Ok(value)
}

pub const DEFS: &[AggregateDef] = &[
    def!("uniq", DISTINCT, "uniq(x, …)", Sample, |c| none(c, 65_536), "Approximate number of distinct values; exact up to 65536, else within about 0.5 %.", &[("SELECT uniq(number % 10) FROM numbers(100)", "10")]),
    def!("uniqTheta", DISTINCT, "uniqTheta(x, …)", Sample, |c| none(c, 4_096), "Approximate number of distinct values from a sample of at most 4096 hashes.", &[("SELECT uniqTheta(number % 10) FROM numbers(100)", "10")]),
    def!("uniqCombined", IDEMPOTENT, "uniqCombined(precision)(x, …)", HyperLogLog, precision, "Approximate number of distinct values by HyperLogLog of 2^precision cells (12 to 20, 17 if not given) after a small exact set.", &[("SELECT uniqCombined(number % 10) FROM numbers(100)", "10")]),
    def!("uniqCombined64", IDEMPOTENT, "uniqCombined64(precision)(x, …)", HyperLogLog, precision, "As uniqCombined, with 64-bit hashes for all types.", &[("SELECT uniqCombined64(number % 10) FROM numbers(100)", "10")]),
    def!("uniqHLL12", DISTINCT, "uniqHLL12(x, …)", HyperLogLog, |c| none(c, 12), "Approximate number of distinct values by HyperLogLog of 4096 cells.", &[("SELECT uniqHLL12(number % 10) FROM numbers(100)", "10")]),
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

/// An open-addressing set of hashes; 0 marks empty slots, a hash of 0 counts as 1.
#[derive(Default, Clone)]
struct HashSet64 {
    slots: Vec<u64>,
    len: usize,
}

impl HashSet64 {
    fn insert(&mut self, hash: u64) -> bool {
        let hash = hash.max(1);
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let size = (self.slots.len() * 2).max(8);
            let old = std::mem::replace(&mut self.slots, vec![0; size]);
            self.len = 0;
            old.into_iter().filter(|h| *h != 0).for_each(|h| {
                self.insert(h);
            });
        }
        let mask = self.slots.len() - 1;
        let mut i = (hash >> 32) as usize & mask;
        while self.slots[i] != 0 {
            if self.slots[i] == hash {
                return false;
            }
            i = (i + 1) & mask;
        }
        self.slots[i] = hash;
        self.len += 1;
        true
    }
    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.slots.iter().copied().filter(|h| *h != 0)
    }
    fn put(&self, out: &mut Vec<u8>) {
        let mut all: Vec<u64> = self.iter().collect();
        all.sort_unstable();
        put_var(out, all.len() as u64);
        all.into_iter().for_each(|h| put_u64(out, h));
    }
}

#[derive(Default)]
struct Sample(Uniques);

impl Cell for Sample {
    type Config = u64;
    type Input = Vec<u64>;
    fn prepare(_: &u64, args: &[Column], rows: usize) -> Result<Vec<u64>> {
        Ok(uniques::keys(args, rows))
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

/// Exact while small, then 2^precision cells with the longest run of zero bits seen.
#[derive(Default)]
struct HyperLogLog {
    set: HashSet64,
    cells: Vec<u8>,
}

impl HyperLogLog {
    fn insert(&mut self, hash: u64, precision: u64) {
        if !self.cells.is_empty() {
            return self.mark(hash, precision);
        }
        // the set costs eight times a cell
        if self.set.insert(hash) && self.set.len > 1 << (precision - 4) {
            self.spread(precision);
        }
    }
    fn spread(&mut self, precision: u64) {
        let set = std::mem::take(&mut self.set);
        if self.cells.is_empty() {
            self.cells = vec![0; 1 << precision];
        }
        set.iter().for_each(|h| self.mark(h, precision));
    }
    fn raise(&mut self, cells: &[u8], precision: u64) {
        if self.cells.is_empty() {
            self.spread(precision);
        }
        self.cells.iter_mut().zip(cells).for_each(|(a, b)| *a = (*a).max(*b));
    }
    fn mark(&mut self, hash: u64, precision: u64) {
        let at = (hash >> (64 - precision)) as usize;
        let run = ((hash << precision) | 1 << (precision - 1)).leading_zeros() as u8 + 1;
        self.cells[at] = self.cells[at].max(run);
    }
    /// Ertl's improved estimator: no thresholds between ranges, no bias tables.
    fn estimate(&self, precision: u64) -> u64 {
        let m = self.cells.len() as f64;
        let q = 64 - precision as usize;
        let mut histogram = vec![0u32; q + 2];
        self.cells.iter().for_each(|c| histogram[usize::from(*c).min(q + 1)] += 1);
        let mut z = m * tau(1.0 - f64::from(histogram[q + 1]) / m);
        for k in (1..=q).rev() {
            z = 0.5 * (z + f64::from(histogram[k]));
        }
        z += m * sigma(f64::from(histogram[0]) / m);
        let alpha = 0.5 / std::f64::consts::LN_2;
        (alpha * m * m / z).round() as u64
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

impl Cell for HyperLogLog {
    type Config = u64;
    type Input = Vec<u64>;
    fn prepare(_: &u64, args: &[Column], rows: usize) -> Result<Vec<u64>> {
        Ok(hashes(args, rows))
    }
    fn add(&mut self, precision: &u64, input: &Vec<u64>, row: usize) -> Result<()> {
        self.insert(input[row], *precision);
        Ok(())
    }
    fn merge(&mut self, precision: &u64, other: &Self) -> Result<()> {
        if !other.cells.is_empty() {
            self.raise(&other.cells, *precision);
        }
        other.set.iter().for_each(|h| self.insert(h, *precision));
        Ok(())
    }
    fn finish(&self, precision: &u64, out: &mut ColumnBuilder) -> Result<()> {
        push(out, if self.cells.is_empty() { self.set.len as u64 } else { self.estimate(*precision) });
        Ok(())
    }
    fn put(&self, _: &u64, out: &mut Vec<u8>) {
        out.push(u8::from(!self.cells.is_empty()));
        if self.cells.is_empty() {
            self.set.put(out);
        } else {
            out.extend_from_slice(&self.cells);
        }
    }
    fn read(precision: &u64, r: &mut Reader<'_>) -> Result<Self> {
        let mut h = HyperLogLog::default();
        h.absorb(precision, r)?;
        Ok(h)
    }
    fn absorb(&mut self, precision: &u64, r: &mut Reader<'_>) -> Result<()> {
        if r.byte()? == 1 {
            self.raise(r.take(1 << precision)?, *precision);
        } else {
            for _ in 0..r.count(8)? {
                self.insert(r.u64()?, *precision);
            }
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.set.slots.len() * 8 + self.cells.capacity()
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

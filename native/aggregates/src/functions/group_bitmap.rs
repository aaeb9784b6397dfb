//! groupBitmap and groupBitmapAnd/Or/Xor: sets of integers, whose states are what bitmap functions take.
//!
//! Serial form: a byte 0, varint n, then n ascending values as u64: the first, then differences, all varints.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::ints;
use crate::state::wire::{Reader, damaged, put_var};
use std::collections::BTreeSet;
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, Error, Result, Type};

#[derive(Clone, Copy, PartialEq)]
enum Op {
    Or,
    And,
    Xor,
}

macro_rules! def {
    ($name:literal, $op:ident, $text:literal) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: concat!($name, "(bitmap)"),
            description: $text,
            examples: &[(concat!("SELECT ", $name, "(s) FROM (SELECT groupBitmapState(number) AS s FROM numbers(3))"), "3")],
            flags: Flags::NONE,
            build: |call| {
                call.arity(1..=1)?;
                call.check(0, |t| matches!(t, Type::AggregateFunction(a) if a.name == "groupBitmap"))?;
                let config = Arc::new(Config { op: Op::$op, mask: 0 });
                // the state is a bitmap as well: groupBitmapAndState gives one
                Ok(Bound::new(call, Type::UInt64, move || Cells::<Combined>::boxed(&config, &Type::UInt64)).with_state_type(call.args[0].clone()))
            },
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "groupBitmap",
        aliases: &[],
        case_insensitive: false,
        signature: "groupBitmap(x)",
        description: "Number of distinct integers; its state is a bitmap.",
        examples: &[("SELECT groupBitmap(number % 5) FROM numbers(20)", "5")],
        flags: Flags::DISTINCT,
        build,
    },
    def!("groupBitmapAnd", And, "Number of integers that all bitmaps have."),
    def!("groupBitmapOr", Or, "Number of integers that any bitmap has."),
    def!("groupBitmapXor", Xor, "Number of integers that an odd number of bitmaps have."),
];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let bits = call.args[0].int_bits().filter(|(b, _)| *b <= 64).ok_or_else(|| call.illegal(0))?.0;
    let config = Arc::new(Config { op: Op::Or, mask: u64::MAX >> (64 - bits) });
    Ok(Bound::new(call, Type::UInt64, move || Cells::<Bits>::boxed(&config, &Type::UInt64)))
}

pub struct Config {
    op: Op,
    /// bits of the argument's type
    mask: u64,
}

/// Values in order; new ones wait unsorted until there are enough of them.
#[derive(Default, Clone)]
struct Bits {
    sorted: Vec<u64>,
    recent: BTreeSet<u64>,
}

impl Bits {
    fn insert(&mut self, v: u64) {
        if self.recent.len() > 64 + self.sorted.len() / 8 {
            self.settle();
        }
        if self.sorted.binary_search(&v).is_err() {
            self.recent.insert(v);
        }
    }
    fn settle(&mut self) {
        if !self.recent.is_empty() {
            let recent = std::mem::take(&mut self.recent);
            self.sorted.extend(recent);
            // two sorted runs
            self.sorted.sort();
        }
    }
    fn len(&self) -> u64 {
        (self.sorted.len() + self.recent.len()) as u64
    }
    fn all(&self) -> Vec<u64> {
        let mut copy = self.clone();
        copy.settle();
        copy.sorted
    }
}

fn put_bitmap(all: &[u64], out: &mut Vec<u8>) {
    out.push(0);
    put_var(out, all.len() as u64);
    let mut last = 0;
    for v in all {
        put_var(out, v - last);
        last = *v;
    }
}

fn read_bitmap(r: &mut Reader<'_>) -> Result<Vec<u64>> {
    if r.byte()? != 0 {
        return Err(damaged());
    }
    let mut out: Vec<u64> = Vec::new();
    for i in 0..r.count(1)? {
        let step = r.var()?;
        let v = match out.last() {
            None => step,
            Some(last) => last.checked_add(step).filter(|v| i > 0 && v > last).ok_or_else(damaged)?,
        };
        out.push(v);
    }
    Ok(out)
}

fn push(out: &mut ColumnBuilder, v: u64) {
    if let Values::U64(x) = &mut out.values {
        x.push(v);
    }
    out.pushed();
}

impl Cell for Bits {
    type Config = Config;
    type Input = Vec<i64>;
    fn prepare(_: &Config, args: &[Column], _rows: usize) -> Result<Vec<i64>> {
        Ok(ints(&args[0]))
    }
    fn add(&mut self, config: &Config, input: &Vec<i64>, row: usize) -> Result<()> {
        self.insert(input[row] as u64 & config.mask);
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.settle();
        self.sorted.extend(other.all());
        self.sorted.sort();
        self.sorted.dedup();
        Ok(())
    }
    fn finish(&self, _: &Config, out: &mut ColumnBuilder) -> Result<()> {
        push(out, self.len());
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_bitmap(&self.all(), out);
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Bits { sorted: read_bitmap(r)?, recent: BTreeSet::new() })
    }
    fn heap_bytes(&self) -> usize {
        self.sorted.capacity() * 8 + self.recent.len() * 16
    }
}

/// Bitmaps combined; none before the first.
#[derive(Default)]
struct Combined {
    set: Option<Vec<u64>>,
}

impl Combined {
    fn apply(&mut self, op: Op, other: Vec<u64>) {
        let Some(own) = self.set.take() else {
            self.set = Some(other);
            return;
        };
        let (mut i, mut j) = (0, 0);
        let mut out = Vec::new();
        while i < own.len() || j < other.len() {
            let (a, b) = (own.get(i).copied(), other.get(j).copied());
            let v = a.into_iter().chain(b).min().unwrap_or_default();
            let (left, right) = (a == Some(v), b == Some(v));
            let keep = match op {
                Op::Or => true,
                Op::And => left && right,
                Op::Xor => left != right,
            };
            if keep {
                out.push(v);
            }
            i += usize::from(left);
            j += usize::from(right);
        }
        self.set = Some(out);
    }
}

impl Cell for Combined {
    type Config = Config;
    type Input = Column;
    fn prepare(_: &Config, args: &[Column], _rows: usize) -> Result<Column> {
        Ok(args[0].flat())
    }
    fn add(&mut self, config: &Config, input: &Column, row: usize) -> Result<()> {
        let Data::Str(states) = &input.data else { return Err(Error::internal("A column of bitmaps is not a string column")) };
        let bytes = states.get(row);
        let set = if bytes.is_empty() { Vec::new() } else { read_bitmap(&mut Reader::new(bytes))? };
        self.apply(config.op, set);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        if let Some(set) = &other.set {
            self.apply(config.op, set.clone());
        }
        Ok(())
    }
    fn finish(&self, _: &Config, out: &mut ColumnBuilder) -> Result<()> {
        push(out, self.set.as_ref().map_or(0, |s| s.len() as u64));
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        if let Some(set) = &self.set {
            put_bitmap(set, out);
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Combined { set: Some(read_bitmap(r)?) })
    }
    fn heap_bytes(&self) -> usize {
        self.set.as_ref().map_or(0, |s| s.capacity() * 8)
    }
}

//! groupBitmap and groupBitmapAnd/Or/Xor: sets of integers, whose states are what bitmap functions take.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::ints;
use crate::state::wire::{Reader, damaged};
use bitmaps::Bitmap;
use std::sync::Arc;
use types::{Column, ColumnBuilder, Data, Error, Result, Scalar, Type};

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
                let value = match &call.args[0] {
                    Type::AggregateFunction(a) if a.name == "groupBitmap" => a.args.first().cloned(),
                    _ => None,
                };
                let value = value.ok_or_else(|| call.illegal(0))?;
                let config = Arc::new(Config::new(Op::$op, &value).ok_or_else(|| call.illegal(0))?);
                // the state is a bitmap as well: groupBitmapAndState gives one
                Ok(Bound::new(call, value.clone(), move || Cells::<Combined>::boxed(&config, &value)).with_state_type(call.args[0].clone()))
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
        description: "Number of distinct integers, in the type of the argument; its state is a bitmap.",
        examples: &[("SELECT groupBitmap(number % 5) FROM numbers(20)", "5")],
        flags: Flags::IDEMPOTENT,
        build,
    },
    def!("groupBitmapAnd", And, "Number of integers that all bitmaps have."),
    def!("groupBitmapOr", Or, "Number of integers that any bitmap has."),
    def!("groupBitmapXor", Xor, "Number of integers that an odd number of bitmaps have."),
];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let value = if call.args[0] == Type::Bool { Type::UInt8 } else { call.args[0].clone() };
    let config = Arc::new(Config::new(Op::Or, &value).ok_or_else(|| call.illegal(0))?);
    Ok(Bound::new(call, value.clone(), move || Cells::<Bits>::boxed(&config, &value)))
}

pub struct Config {
    op: Op,
    /// bytes of a value
    width: usize,
    signed: bool,
}

impl Config {
    fn new(op: Op, value: &Type) -> Option<Config> {
        let (bits, signed) = value.int_bits().filter(|(b, _)| *b <= 64)?;
        Some(Config { op, width: bits as usize / 8, signed })
    }
    fn mask(&self) -> u64 {
        u64::MAX >> (64 - 8 * self.width)
    }
    /// The number of values in the type of the values, which may wrap.
    fn push(&self, n: u64, out: &mut ColumnBuilder) {
        let n = n & self.mask();
        let spare = 64 - 8 * self.width;
        let signed = ((n << spare) as i64) >> spare;
        out.push_scalar(&Scalar::Int(if self.signed { i128::from(signed) } else { i128::from(n) }));
    }
    fn read(&self, bytes: &[u8]) -> Result<Bitmap> {
        Bitmap::read(bytes, self.width).map_err(|_| damaged())
    }
}

#[derive(Default)]
struct Bits {
    map: Bitmap,
    /// values in it, kept because counting them takes time
    count: usize,
}

impl Bits {
    fn of(map: Bitmap) -> Bits {
        Bits { count: map.len() as usize, map }
    }
}

impl Cell for Bits {
    type Config = Config;
    type Input = Vec<i64>;
    fn prepare(_: &Config, args: &[Column], _rows: usize) -> Result<Vec<i64>> {
        Ok(ints(&args[0]))
    }
    fn add(&mut self, config: &Config, input: &Vec<i64>, row: usize) -> Result<()> {
        self.count += usize::from(self.map.insert(input[row] as u64 & config.mask()));
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.map.union(&other.map);
        self.count = self.map.len() as usize;
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        config.push(self.map.len(), out);
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        self.map.put(config.width, out);
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Bits::of(config.read(r.rest())?))
    }
    fn heap_bytes(&self) -> usize {
        heap(self.count)
    }
}

/// Bytes of a set from above: scattered values cost most.
fn heap(count: usize) -> usize {
    256 + count * 8
}

/// Bitmaps combined; none before the first.
#[derive(Default)]
struct Combined(Option<Bitmap>);

impl Combined {
    fn apply(&mut self, op: Op, other: &Bitmap) {
        match (&mut self.0, op) {
            (None, _) => self.0 = Some(other.clone()),
            (Some(own), Op::Or) => own.union(other),
            (Some(own), Op::And) => own.intersect(other),
            (Some(own), Op::Xor) => own.symmetric(other),
        }
    }
}

impl Cell for Combined {
    type Config = Config;
    type Input = Column;
    fn prepare(_: &Config, args: &[Column], _rows: usize) -> Result<Column> {
        Ok(args[0].flat())
    }
    fn add(&mut self, config: &Config, input: &Column, row: usize) -> Result<()> {
        let Data::Str(states) = &input.data else {
            return Err(Error::internal("A column of bitmaps is not a string column"));
        };
        self.apply(config.op, &config.read(states.get(row))?);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        if let Some(set) = &other.0 {
            self.apply(config.op, set);
        }
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        config.push(self.0.as_ref().map_or(0, Bitmap::len), out);
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        if let Some(set) = &self.0 {
            set.put(config.width, out);
        }
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Combined(Some(config.read(r.rest())?)))
    }
    fn heap_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |s| heap(s.len() as usize))
    }
}

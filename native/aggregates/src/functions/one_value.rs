//! anyHeavy, singleValueOrNull and nothing: states of one remembered value.

use crate::registry::{AggregateDef, Bound, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::slots::Slots;
use crate::state::wire::{Reader, put_bytes, put_u64, put_value, read_value};
use std::sync::Arc;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "anyHeavy",
        aliases: &[],
        case_insensitive: false,
        signature: "anyHeavy(x)",
        description: "A value that makes up more than half of the rows, if there is one; else any (Boyer and Moore's majority vote).",
        examples: &[("SELECT anyHeavy(number % 3 = 0 ? number : 777) FROM numbers(300)", "777")],
        flags: Flags::NONE,
        build: |call| {
            call.arity(1..=1)?;
            let ty = call.args[0].clone();
            let config = Arc::new(ty.clone());
            Ok(Bound::new(call, ty.clone(), move || Cells::<Heavy>::boxed(&config, &ty)))
        },
    },
    AggregateDef {
        name: "singleValueOrNull",
        aliases: &[],
        case_insensitive: false,
        signature: "singleValueOrNull(x)",
        description: "The value if all rows have the same one, else NULL.",
        examples: &[("SELECT singleValueOrNull(5) FROM numbers(3)", "5")],
        flags: Flags::NONE,
        build: |call| {
            call.arity(1..=1)?;
            let ty = Type::nullable(call.args[0].clone());
            let config = Arc::new(call.args[0].clone());
            Ok(Bound::new(call, ty.clone(), move || Cells::<Single>::boxed(&config, &ty)))
        },
    },
    AggregateDef {
        name: "nothing",
        aliases: &[],
        case_insensitive: false,
        signature: "nothing(…)",
        description: "Reads nothing and gives 0.",
        examples: &[("SELECT nothing(1)", "0")],
        flags: Flags { respects_nulls: true, ..Flags::NONE },
        build: |call| {
            let ty = Type::UInt64;
            Ok(Bound::new(call, ty.clone(), move || Cells::<Empty>::boxed(&Arc::new(()), &ty)))
        },
    },
];

/// Serial forms of a batch's values.
fn serial_rows(args: &[Column], rows: usize) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut ends) = (Vec::new(), vec![0]);
    for row in 0..rows {
        put_value(&args[0], row, &mut bytes);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// A value in ClickHouse's form, which says also that there is none.
fn put_one(ty: &Type, value: &[u8], out: &mut Vec<u8>) {
    let mut slot = Slots::new(ty);
    slot.resize(1);
    let mut one = ColumnBuilder::new(ty);
    let some = !value.is_empty() && read_value(&mut Reader::new(value), &mut one).is_ok();
    if some {
        slot.set(0, &one.finish(), 0);
    }
    slot.put(ty, 0, some, out);
}

fn read_one(ty: &Type, r: &mut Reader<'_>) -> Result<Vec<u8>> {
    let mut value = Vec::new();
    if let Some(one) = Slots::new(ty).read(ty, r)? {
        put_value(&one, 0, &mut value);
    }
    Ok(value)
}

#[derive(Default)]
struct Heavy {
    value: Vec<u8>,
    votes: u64,
}

impl Heavy {
    fn vote(&mut self, value: &[u8], votes: u64) {
        if self.value == value {
            self.votes += votes;
        } else if self.votes >= votes && !self.value.is_empty() && self.votes > 0 {
            self.votes -= votes;
        } else {
            self.votes = votes - self.votes;
            self.value = value.to_vec();
        }
    }
}

impl Cell for Heavy {
    type Config = Type;
    type Input = (Vec<u8>, Vec<usize>);
    fn prepare(_: &Type, args: &[Column], rows: usize) -> Result<Self::Input> {
        Ok(serial_rows(args, rows))
    }
    fn add(&mut self, _: &Type, input: &Self::Input, row: usize) -> Result<()> {
        self.vote(&input.0[input.1[row]..input.1[row + 1]], 1);
        Ok(())
    }
    fn merge(&mut self, _: &Type, other: &Self) -> Result<()> {
        if !other.value.is_empty() {
            self.vote(&other.value, other.votes);
        }
        Ok(())
    }
    fn finish(&self, _: &Type, out: &mut ColumnBuilder) -> Result<()> {
        if self.value.is_empty() {
            out.push_default(1);
            return Ok(());
        }
        read_value(&mut Reader::new(&self.value), out)
    }
    fn put(&self, ty: &Type, out: &mut Vec<u8>) {
        put_one(ty, &self.value, out);
        put_u64(out, self.votes);
    }
    fn read(ty: &Type, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Heavy { value: read_one(ty, r)?, votes: r.u64()? })
    }
    fn heap_bytes(&self) -> usize {
        self.value.capacity()
    }
}

#[derive(Default)]
struct Single {
    value: Vec<u8>,
    several: bool,
}

impl Single {
    fn meet(&mut self, value: &[u8]) {
        if self.value.is_empty() {
            self.value = value.to_vec();
        } else if self.value != value {
            self.several = true;
        }
    }
}

impl Cell for Single {
    type Config = Type;
    type Input = (Vec<u8>, Vec<usize>);
    fn prepare(_: &Type, args: &[Column], rows: usize) -> Result<Self::Input> {
        Ok(serial_rows(args, rows))
    }
    fn add(&mut self, _: &Type, input: &Self::Input, row: usize) -> Result<()> {
        self.meet(&input.0[input.1[row]..input.1[row + 1]]);
        Ok(())
    }
    fn merge(&mut self, _: &Type, other: &Self) -> Result<()> {
        if !other.value.is_empty() {
            self.meet(&other.value);
        }
        self.several |= other.several;
        Ok(())
    }
    fn finish(&self, _: &Type, out: &mut ColumnBuilder) -> Result<()> {
        if self.several || self.value.is_empty() {
            out.push_default(1);
            return Ok(());
        }
        read_value(&mut Reader::new(&self.value), out)
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        out.push(u8::from(self.several));
        put_bytes(out, &self.value);
    }
    fn read(ty: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let several = r.byte()? != 0;
        let value = r.bytes()?.to_vec();
        if !value.is_empty() {
            read_value(&mut Reader::new(&value), &mut ColumnBuilder::new(ty))?;
        }
        Ok(Single { value, several })
    }
    fn heap_bytes(&self) -> usize {
        self.value.capacity()
    }
}

#[derive(Default)]
struct Empty;

impl Cell for Empty {
    type Config = ();
    type Input = ();
    fn prepare(_: &(), _: &[Column], _: usize) -> Result<()> {
        Ok(())
    }
    fn add(&mut self, _: &(), _: &(), _: usize) -> Result<()> {
        Ok(())
    }
    fn merge(&mut self, _: &(), _: &Self) -> Result<()> {
        Ok(())
    }
    fn finish(&self, _: &(), out: &mut ColumnBuilder) -> Result<()> {
        out.push_default(1);
        Ok(())
    }
    fn put(&self, _: &(), _: &mut Vec<u8>) {}
    fn read(_: &(), _: &mut Reader<'_>) -> Result<Self> {
        Ok(Empty)
    }
}

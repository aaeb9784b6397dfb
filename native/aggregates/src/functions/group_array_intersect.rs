//! groupArrayIntersect: the elements that all arrays of a group have.

use crate::combinators::array::element_types;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Reader, put_bytes, put_value, put_var, read_value};
use std::collections::BTreeSet;
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, Error, Result};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "groupArrayIntersect",
    aliases: &[],
    case_insensitive: false,
    signature: "groupArrayIntersect(array)",
    description: "Distinct elements that every array has.",
    examples: &[("SELECT groupArrayIntersect(a) FROM values('a Array(UInt8)', [1, 2], [2, 3])", "[2]")],
    flags: Flags::DISTINCT,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    element_types(call.name, call.args)?;
    let ty = call.args[0].clone();
    Ok(Bound::new(call, ty.clone(), move || Cells::<Common>::boxed(&Arc::new(()), &ty)))
}

/// Serial forms of the elements; none before the first array.
#[derive(Default)]
struct Common {
    set: Option<BTreeSet<Vec<u8>>>,
    bytes: usize,
}

impl Common {
    fn meet(&mut self, other: BTreeSet<Vec<u8>>) {
        match &mut self.set {
            None => self.set = Some(other),
            Some(own) => own.retain(|x| other.contains(x)),
        }
        self.bytes = self.set.iter().flatten().map(|x| x.len() + 48).sum();
    }
}

impl Cell for Common {
    type Config = ();
    type Input = Column;
    fn prepare(_: &(), args: &[Column], _rows: usize) -> Result<Column> {
        Ok(args[0].flat_deep())
    }
    fn add(&mut self, _: &(), input: &Column, row: usize) -> Result<()> {
        let Data::Array(a) = &input.data else { return Err(Error::internal("An array argument is not an array")) };
        let elements = (a.offsets[row]..a.offsets[row + 1]).map(|i| {
            let mut bytes = Vec::new();
            put_value(&a.values, i as usize, &mut bytes);
            bytes
        });
        self.meet(elements.collect());
        Ok(())
    }
    fn merge(&mut self, _: &(), other: &Self) -> Result<()> {
        if let Some(set) = &other.set {
            self.meet(set.clone());
        }
        Ok(())
    }
    fn finish(&self, _: &(), out: &mut ColumnBuilder) -> Result<()> {
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for x in self.set.iter().flatten() {
            read_value(&mut Reader::new(x), values)?;
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &(), out: &mut Vec<u8>) {
        if let Some(set) = &self.set {
            put_var(out, set.len() as u64);
            set.iter().for_each(|x| put_bytes(out, x));
        }
    }
    fn read(_: &(), r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(1)?;
        let set = (0..n).map(|_| Ok(r.bytes()?.to_vec())).collect::<Result<BTreeSet<_>>>()?;
        let mut c = Common::default();
        c.meet(set);
        Ok(c)
    }
    fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

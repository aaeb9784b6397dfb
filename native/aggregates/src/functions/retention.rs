//! retention: which of several conditions hold in a group whose first condition holds.

use super::events::{conditions, is_condition};
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Fixed, Reader};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "retention",
    aliases: &[],
    case_insensitive: false,
    signature: "retention(condition1, condition2, …)",
    description: "Array of 0 and 1: whether the first condition was met, and for each other one whether both were.",
    examples: &[("SELECT retention(number = 0, number = 5, number = 9) FROM numbers(6)", "[1,1,0]")],
    flags: Flags::IDEMPOTENT,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(2..=32)?;
    (0..call.args.len()).try_for_each(|i| call.check(i, is_condition))?;
    let config = Arc::new(call.args.len());
    let ty = Type::array(Type::UInt8);
    Ok(Bound::new(call, ty.clone(), move || Cells::<Met>::boxed(&config, &ty)))
}

#[derive(Default)]
struct Met {
    bits: u32,
}

impl Cell for Met {
    type Config = usize;
    type Input = Vec<u32>;
    fn prepare(_: &usize, args: &[Column], rows: usize) -> Result<Vec<u32>> {
        Ok(conditions(args, rows))
    }
    fn add(&mut self, _: &usize, input: &Vec<u32>, row: usize) -> Result<()> {
        self.bits |= input[row];
        Ok(())
    }
    fn merge(&mut self, _: &usize, other: &Self) -> Result<()> {
        self.bits |= other.bits;
        Ok(())
    }
    fn finish(&self, n: &usize, out: &mut ColumnBuilder) -> Result<()> {
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for i in 0..*n {
            if let Values::U8(v) = &mut values.values {
                v.push(u8::from(self.bits & 1 != 0 && self.bits >> i & 1 != 0));
            }
            values.pushed();
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &usize, out: &mut Vec<u8>) {
        self.bits.put(out);
    }
    fn read(_: &usize, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Met { bits: r.u32()? })
    }
}

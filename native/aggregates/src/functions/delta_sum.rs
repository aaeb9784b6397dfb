//! deltaSum and deltaSumTimestamp: the sum of increases between consecutive values.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::{Fixed, Reader};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "deltaSum",
        aliases: &[],
        case_insensitive: false,
        signature: "deltaSum(x)",
        description: "Sum of the differences between consecutive rows, negative ones left out.",
        examples: &[("SELECT deltaSum(x) FROM values('x UInt8', 1, 2, 3, 1, 4)", "5")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| {
            call.arity(1..=1)?;
            call.check(0, |t| matches!(t.int_bits(), Some((..=64, _))) || t.is_float())?;
            bind(call)
        },
    },
    AggregateDef {
        name: "deltaSumTimestamp",
        aliases: &[],
        case_insensitive: false,
        signature: "deltaSumTimestamp(x, time)",
        description: "As deltaSum; states are merged in order of their times.",
        examples: &[("SELECT deltaSumTimestamp(number, number) FROM numbers(5)", "4")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| {
            call.arity(2..=2)?;
            call.check(0, |t| matches!(t.int_bits(), Some((..=64, _))) || t.is_float() || t.is_date_or_time())?;
            call.check(1, |t| matches!(t.int_bits(), Some((..=64, _))) || t.is_float() || t.is_date_or_time())?;
            bind(call)
        },
    },
];

fn bind(call: &Call<'_>) -> Result<Bound> {
    let ty = if call.args[0] == Type::Bool { Type::UInt8 } else { call.args[0].clone() };
    let config = Arc::new(());
    let float = ty.is_float();
    Ok(Bound::new(call, ty.clone(), move || if float { Cells::<Delta<f64>>::boxed(&config, &ty) } else { Cells::<Delta<i64>>::boxed(&config, &ty) }))
}

trait Number: Fixed + PartialOrd {
    fn values(c: &Column) -> Vec<Self>;
    fn minus(self, other: Self) -> Self;
    fn plus(self, other: Self) -> Self;
    fn push(self, out: &mut ColumnBuilder);
}
impl Number for f64 {
    fn values(c: &Column) -> Vec<f64> {
        floats(c, &Type::Float64)
    }
    fn minus(self, other: f64) -> f64 {
        self - other
    }
    fn plus(self, other: f64) -> f64 {
        self + other
    }
    fn push(self, out: &mut ColumnBuilder) {
        super::moments::push_float(out, self);
    }
}
impl Number for i64 {
    fn values(c: &Column) -> Vec<i64> {
        ints(c)
    }
    fn minus(self, other: i64) -> i64 {
        self.wrapping_sub(other)
    }
    fn plus(self, other: i64) -> i64 {
        self.wrapping_add(other)
    }
    fn push(self, out: &mut ColumnBuilder) {
        match &mut out.values {
            Values::U8(v) => v.push(self as u8),
            Values::U16(v) => v.push(self as u16),
            Values::U32(v) => v.push(self as u32),
            Values::U64(v) => v.push(self as u64),
            Values::I8(v) => v.push(self as i8),
            Values::I16(v) => v.push(self as i16),
            Values::I32(v) => v.push(self as i32),
            Values::I64(v) => v.push(self),
            _ => return out.push_default(1),
        }
        out.pushed();
    }
}

#[derive(Default, Clone)]
struct Delta<T> {
    sum: T,
    first: T,
    last: T,
    first_time: f64,
    last_time: f64,
    seen: bool,
}

impl<T: Number> Cell for Delta<T> {
    type Config = ();
    type Input = (Vec<T>, Option<Vec<f64>>);
    fn prepare(_: &(), args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((T::values(&args[0]), args.get(1).map(|c| floats(c, &Type::Int64))))
    }
    fn add(&mut self, _: &(), input: &Self::Input, row: usize) -> Result<()> {
        let v = input.0[row];
        let time = input.1.as_ref().map_or(0.0, |t| t[row]);
        if self.seen && self.last < v {
            self.sum = self.sum.plus(v.minus(self.last));
        }
        self.last = v;
        self.last_time = time;
        if !self.seen {
            self.first = v;
            self.first_time = time;
            self.seen = true;
        }
        Ok(())
    }
    fn merge(&mut self, _: &(), other: &Self) -> Result<()> {
        if !other.seen {
            return Ok(());
        }
        if !self.seen {
            *self = other.clone();
            return Ok(());
        }
        // without times all are 0: the other state comes after
        let (before, after) = if other.first_time < self.last_time && other.last_time <= self.first_time { (other, &*self) } else { (&*self, other) };
        let mut sum = before.sum.plus(after.sum);
        if before.last < after.first {
            sum = sum.plus(after.first.minus(before.last));
        }
        *self = Delta { sum, first: before.first, last: after.last, first_time: before.first_time, last_time: after.last_time, seen: true };
        Ok(())
    }
    fn finish(&self, _: &(), out: &mut ColumnBuilder) -> Result<()> {
        self.sum.push(out);
        Ok(())
    }
    fn put(&self, _: &(), out: &mut Vec<u8>) {
        if self.seen {
            [self.sum, self.first, self.last].iter().for_each(|v| v.put(out));
            [self.first_time, self.last_time].iter().for_each(|v| v.put(out));
        }
    }
    fn read(_: &(), r: &mut Reader<'_>) -> Result<Self> {
        Ok(Delta { sum: T::read(r)?, first: T::read(r)?, last: T::read(r)?, first_time: r.f64()?, last_time: r.f64()?, seen: true })
    }
}

//! deltaSum and deltaSumTimestamp: the sum of increases between consecutive values.

use super::quantile_exact::Measure;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::ints;
use crate::state::wire::{Fixed, Reader};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, Error, I256, Result, Type, U256};

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
            call.check(0, |t| t.is_integer() || t.is_float())?;
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
            call.check(0, |t| matches!(t.int_bits(), Some((..=64, _))) || t.is_float())?;
            // as in ClickHouse: integers of 8 and 16 bits are no times
            call.check(1, |t| {
                matches!(t.int_bits(), Some((32..=64, _))) || t.is_float() || matches!(t, Type::Date | Type::DateTime(_))
            })?;
            bind(call)
        },
    },
];

fn bind(call: &Call<'_>) -> Result<Bound> {
    let ty = if call.args[0] == Type::Bool { Type::UInt8 } else { call.args[0].clone() };
    let config = Arc::new(call.args.get(1).cloned());
    macro_rules! by_width { ($($v:ident: $t:ty),*) => {
        Ok(Bound::new(call, ty.clone(), move || match ColumnBuilder::new(&ty).values {
            $(Values::$v(_) => Cells::<Delta<$t>>::boxed(&config, &ty),)*
            _ => Cells::<Delta<f64>>::boxed(&config, &ty),
        }))
    } }
    by_width!(U8: u8, U16: u16, U32: u32, U64: u64, U128: u128, U256: U256, I8: i8, I16: i16, I32: i32, I64: i64, I128: i128, I256: I256, F32: f32)
}

trait Number: Measure {
    fn minus(self, other: Self) -> Self;
}
macro_rules! number { ($($t:ty: $minus:expr),*) => { $(impl Number for $t {
    fn minus(self, other: Self) -> Self { $minus(self, other) }
})* } }
number!(u8: u8::wrapping_sub, u16: u16::wrapping_sub, u32: u32::wrapping_sub, u64: u64::wrapping_sub, u128: u128::wrapping_sub, U256: U256::wrapping_sub,
    i8: i8::wrapping_sub, i16: i16::wrapping_sub, i32: i32::wrapping_sub, i64: i64::wrapping_sub, i128: i128::wrapping_sub, I256: I256::wrapping_sub,
    f32: |a, b| a - b, f64: |a, b| a - b);

#[derive(Default, Clone)]
struct Delta<T> {
    sum: T,
    first: T,
    last: T,
    first_time: i128,
    last_time: i128,
    seen: bool,
}

/// A float as a number of the same order.
fn ordered(v: f64) -> i128 {
    if v.is_sign_negative() { !i128::from(v.to_bits()) } else { i128::from(v.to_bits()) }
}

/// Times in an order-preserving form: integers as they are, floats by their bits.
fn times(c: &Column) -> Vec<i128> {
    let c = c.flat();
    match &c.data {
        Data::U64(v) => v.iter().map(|x| i128::from(*x)).collect(),
        Data::F64(v) => v.iter().map(|x| ordered(*x)).collect(),
        Data::F32(v) => v.iter().map(|x| ordered(f64::from(*x))).collect(),
        _ => ints(&c).into_iter().map(i128::from).collect(),
    }
}

fn put_time(ty: &Type, time: i128, out: &mut Vec<u8>) {
    let float = || f64::from_bits(if time < 0 { !time as u64 } else { time as u64 });
    match ty {
        Type::Float64 => float().put(out),
        Type::Float32 => (float() as f32).put(out),
        ty => out.extend_from_slice(&time.to_le_bytes()[..ty.fixed_width().unwrap_or(8).min(16)]),
    }
}

fn read_time(ty: &Type, r: &mut Reader<'_>) -> Result<i128> {
    let width = ty.fixed_width().unwrap_or(8).min(16);
    let signed = matches!(ty.int_bits(), Some((_, true))) || matches!(ty, Type::Date32 | Type::DateTime64(..));
    Ok(match ty {
        Type::Float64 => ordered(r.f64()?),
        Type::Float32 => ordered(f32::read(r)?.into()),
        _ => {
            let bytes = r.take(width)?;
            let fill = if signed && bytes[width - 1] >> 7 == 1 { 0xff } else { 0 };
            let mut whole = [fill; 16];
            whole[..width].copy_from_slice(bytes);
            i128::from_le_bytes(whole)
        }
    })
}

impl<T: Number> Cell for Delta<T> {
    /// the type of the times
    type Config = Option<Type>;
    type Input = (Vec<T>, Option<Vec<i128>>);
    fn prepare(_: &Option<Type>, args: &[Column], _rows: usize) -> Result<Self::Input> {
        let values = T::values(&args[0].flat()).ok_or_else(|| Error::internal("deltaSum over another type"))?.to_vec();
        Ok((values, args.get(1).map(times)))
    }
    fn add(&mut self, _: &Option<Type>, input: &Self::Input, row: usize) -> Result<()> {
        let v = input.0[row];
        let time = input.1.as_ref().map_or(0, |t| t[row]);
        // a NaN is larger than nothing
        if self.seen && self.last.order(v).is_lt() && !v.skip() {
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
    fn merge(&mut self, _: &Option<Type>, other: &Self) -> Result<()> {
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
        if before.last.order(after.first).is_lt() && !after.first.skip() {
            sum = sum.plus(after.first.minus(before.last));
        }
        *self = Delta { sum, first: before.first, last: after.last, first_time: before.first_time, last_time: after.last_time, seen: true };
        Ok(())
    }
    fn finish(&self, _: &Option<Type>, out: &mut ColumnBuilder) -> Result<()> {
        self.sum.push(out);
        Ok(())
    }
    fn put(&self, time: &Option<Type>, out: &mut Vec<u8>) {
        self.sum.put(out);
        self.first.put(out);
        if let Some(ty) = time {
            put_time(ty, self.first_time, out);
        }
        self.last.put(out);
        if let Some(ty) = time {
            put_time(ty, self.last_time, out);
        }
        out.push(u8::from(self.seen));
    }
    fn read(time: &Option<Type>, r: &mut Reader<'_>) -> Result<Self> {
        let at = |r: &mut Reader<'_>| time.as_ref().map_or(Ok(0), |ty| read_time(ty, r));
        let (sum, first, first_time) = (T::read(r)?, T::read(r)?, at(r)?);
        Ok(Delta { sum, first, first_time, last: T::read(r)?, last_time: at(r)?, seen: r.byte()? != 0 })
    }
}

//! avg and avgWeighted.
//!
//! Sums of integers are exact (64 bits for arguments of up to 32, else at least 128), so the mean is rounded
//! once. ClickHouse's sums of UInt64 wrap: a mean that is off by everything helps nobody.

use super::levels::push_raw;
use super::sum::{Into2, Total, add_column};
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells, same, serial};
use crate::state::few::count_rows;
use crate::state::numbers::{floats, scale_of};
use crate::state::wire::{Reader, put_f64, put_var};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, I256, Result, StrData, Type, U256};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "avg",
        aliases: &[],
        case_insensitive: true,
        signature: "avg(x)",
        description: "Arithmetic mean, as Float64 of numbers (nan without rows); dates and times give such. Sums of integers are exact.",
        examples: &[("SELECT avg(number) FROM numbers(4)", "1.5")],
        flags: Flags::NONE,
        build,
    },
    AggregateDef {
        name: "avgWeighted",
        aliases: &[],
        case_insensitive: false,
        signature: "avgWeighted(x, weight)",
        description: "Weighted arithmetic mean: sum(x * weight) / sum(weight).",
        examples: &[("SELECT avgWeighted(x, w) FROM values('x Int8, w Int8', (4, 1), (1, 0), (10, 2))", "8")],
        flags: Flags::NONE,
        build: |call| {
            call.arity(2..=2)?;
            call.check(0, Type::is_number)?;
            call.check(1, Type::is_number)?;
            let config = Arc::new(call.args.to_vec());
            Ok(Bound::new(call, Type::Float64, move || Cells::<Weighted>::boxed(&config, &Type::Float64)))
        },
    },
];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let ty = &call.args[0];
    call.check(0, |t| t.is_number() || t.is_date_or_time())?;
    let result = if ty.is_date_or_time() { ty.clone() } else { Type::Float64 };
    let own = result.clone();
    let scale = if result == Type::Float64 { scale_of(ty) } else { 0 };
    let width = ty.fixed_width().unwrap_or(32);
    let unsigned = matches!(ty.int_bits(), Some((_, false))) || matches!(ty, Type::Date | Type::DateTime(_));
    let (float, decimal) = (ty.is_float(), matches!(ty, Type::Decimal(..)));
    Ok(Bound::new(call, result, move || match width {
        _ if float => Box::new(Means::<f64>::new(&own, scale, false, !unsigned)),
        0..=16 if decimal => Box::new(Means::<i128>::new(&own, scale, false, !unsigned)),
        0..=4 if unsigned => Box::new(Means::<u64>::new(&own, scale, false, !unsigned)),
        0..=4 => Box::new(Means::<i64>::new(&own, scale, false, !unsigned)),
        5..=16 if !unsigned => Box::new(Means::<i128>::new(&own, scale, width == 8, !unsigned)),
        5..=16 => Box::new(Means::<u128>::new(&own, scale, width == 8, !unsigned)),
        _ if unsigned => Box::new(Means::<U256>::new(&own, scale, false, !unsigned)),
        _ => Box::new(Means::<I256>::new(&own, scale, false, !unsigned)),
    }))
}

struct Means<A> {
    sums: Vec<A>,
    counts: Vec<u64>,
    scale: u8,
    /// of the result: Float64, or that of the times averaged
    ty: Type,
    /// serial forms hold the lower 8 bytes of the sum, as ClickHouse's do, and the others only where they say more
    short: bool,
    signed: bool,
}

/// Marks a count behind which the upper bytes of the sum stand.
const LONG: u64 = 1 << 63;

impl<A: Total> Means<A> {
    fn new(ty: &Type, scale: u8, short: bool, signed: bool) -> Self {
        Means { sums: Vec::new(), counts: Vec::new(), scale, ty: ty.clone(), short, signed }
    }
    /// What stands above a number's upper byte.
    fn extension(&self, byte: u8) -> u8 {
        if self.signed && byte >> 7 == 1 { 0xff } else { 0 }
    }
    fn put(&self, group: usize, out: &mut Vec<u8>) {
        let (start, count) = (out.len(), self.counts[group]);
        self.sums[group].put(out);
        if !self.short {
            return put_var(out, count);
        }
        let upper = out.split_off(start + 8);
        let fill = self.extension(out[start + 7]);
        let plain = upper.iter().all(|b| *b == fill);
        put_var(out, if plain { count } else { count | LONG });
        if !plain {
            out.extend_from_slice(&upper);
        }
    }
    fn read(&self, r: &mut Reader<'_>) -> Result<(A, u64)> {
        if !self.short {
            return Ok((A::read(r)?, r.var()?));
        }
        let mut bytes = r.take(8)?.to_vec();
        let count = r.var()?;
        let rest = size_of::<A>() - 8;
        if count & LONG != 0 {
            bytes.extend_from_slice(r.take(rest)?);
        } else {
            bytes.resize(8 + rest, self.extension(bytes[7]));
        }
        Ok((A::read(&mut Reader::new(&bytes))?, count & !LONG))
    }
}

impl<A: Total + Into2<f64>> States for Means<A>
where
    u8: Into2<A>, u16: Into2<A>, u32: Into2<A>, u64: Into2<A>, u128: Into2<A>, U256: Into2<A>,
    i8: Into2<A>, i16: Into2<A>, i32: Into2<A>, i64: Into2<A>, i128: Into2<A>, I256: Into2<A>,
    f32: Into2<A>, f64: Into2<A>,
{
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), A::default());
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
    fn len(&self) -> usize {
        self.counts.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        add_column(&mut self.sums, groups, &args[0], rows)?;
        count_rows(&mut self.counts, groups, rows);
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            let (s, d) = (*s as usize, *d as usize);
            self.sums[d] = self.sums[d].plus(other.sums[s]);
            self.counts[d] += other.counts[s];
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let by = types::float::pow10(self.scale);
        let means = groups.map(|g| {
            let sum: f64 = self.sums[g].to();
            let sum = if self.scale > 0 { sum / by } else { sum };
            sum / self.counts[g] as f64
        });
        if self.ty == Type::Float64 {
            return Ok(Data::F64(means.collect::<Vec<f64>>().into()).into());
        }
        let mut out = ColumnBuilder::new(&self.ty);
        means.for_each(|v| push_raw(&mut out, v));
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            self.put(g as usize, out);
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let g = g as usize;
        let (sum, count) = self.read(r)?;
        self.sums[g] = self.sums[g].plus(sum);
        self.counts[g] = self.counts[g].wrapping_add(count);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.sums.capacity() * size_of::<A>() + self.counts.capacity() * 8
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Default)]
struct Weighted {
    sum: f64,
    weight: f64,
}

impl Cell for Weighted {
    type Config = Vec<Type>;
    type Input = (Vec<f64>, Vec<f64>);
    fn prepare(types: &Vec<Type>, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((floats(&args[0], &types[0]), floats(&args[1], &types[1])))
    }
    fn add(&mut self, _: &Vec<Type>, input: &Self::Input, row: usize) -> Result<()> {
        self.sum += input.0[row] * input.1[row];
        self.weight += input.1[row];
        Ok(())
    }
    fn merge(&mut self, _: &Vec<Type>, other: &Self) -> Result<()> {
        self.sum += other.sum;
        self.weight += other.weight;
        Ok(())
    }
    fn finish(&self, _: &Vec<Type>, out: &mut ColumnBuilder) -> Result<()> {
        if let Values::F64(v) = &mut out.values {
            v.push(self.sum / self.weight);
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Vec<Type>, out: &mut Vec<u8>) {
        put_f64(out, self.sum);
        put_f64(out, self.weight);
    }
    fn read(_: &Vec<Type>, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Weighted { sum: r.f64()?, weight: r.f64()? })
    }
}

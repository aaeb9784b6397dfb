//! sum, sumWithOverflow, sumKahan, sumCount.
//!
//! Integers wrap in 64 bits (128, 256 for wider ones), floats add in 16 lanes within one group,
//! decimals add in 128 or 256 bits.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells, same, serial};
use crate::state::few::{count_rows, scatter};
use crate::state::numbers::{by_number, floats};
use crate::state::wire::{Fixed, Reader, put_f64, put_var};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::builder::Values;
use types::{Buf, Column, ColumnBuilder, Data, I256, Result, StrData, Type, U256};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "sum",
        aliases: &[],
        case_insensitive: true,
        signature: "sum(x)",
        description: "Sum of numbers. Integers give UInt64 or Int64 (wider ones keep their type) and wrap on overflow.",
        examples: &[("SELECT sum(number) FROM numbers(5)", "10")],
        flags: Flags::NONE,
        build: |call| build(call, false),
    },
    AggregateDef {
        name: "sumWithOverflow",
        aliases: &[],
        case_insensitive: false,
        signature: "sumWithOverflow(x)",
        description: "Sum in the type of the argument; wraps on overflow.",
        examples: &[("SELECT sumWithOverflow(toUInt8(number)) FROM numbers(25)", "44")],
        flags: Flags::NONE,
        build: |call| build(call, true),
    },
    AggregateDef {
        name: "sumKahan",
        aliases: &[],
        case_insensitive: false,
        signature: "sumKahan(x)",
        description: "Sum of floats with Kahan's compensation for rounding errors.",
        examples: &[("SELECT sumKahan(0.1) FROM numbers(10)", "1")],
        flags: Flags::NONE,
        build: |call| {
            call.arity(1..=1)?;
            if matches!(call.args[0], Type::Decimal(..)) {
                return build(&Call { name: "sum", ..*call }, false);
            }
            call.check(0, |t| t.is_integer() || t.is_float() || matches!(t, Type::Enum8(_) | Type::Enum16(_)))?;
            let config = Arc::new(call.args[0].clone());
            Ok(Bound::new(call, Type::Float64, move || Cells::<Kahan>::boxed(&config, &Type::Float64)))
        },
    },
    AggregateDef {
        name: "sumCount",
        aliases: &[],
        case_insensitive: false,
        signature: "sumCount(x)",
        description: "Tuple of the sum and the number of rows.",
        examples: &[("SELECT sumCount(number) FROM numbers(5)", "(10,5)")],
        flags: Flags::NONE,
        build: |call| {
            call.check(0, Type::is_number)?;
            let sum = build(call, false)?;
            let ty = Type::tuple(vec![crate::Aggregate::ty(&sum).clone(), Type::UInt64]);
            Ok(Bound::new(call, ty, move || Box::new(SumCount { sum: crate::Aggregate::states(&sum), counts: Vec::new() })))
        },
    },
];

/// Result type of `sum` over a type.
pub fn sum_type(ty: &Type) -> Option<Type> {
    Some(match ty {
        Type::UInt128 | Type::UInt256 | Type::Int128 | Type::Int256 => ty.clone(),
        t if t.is_float() => Type::Float64,
        Type::Decimal(p, s) => Type::Decimal(if *p <= 38 { 38 } else { 76 }, *s),
        Type::Enum8(_) | Type::Enum16(_) => Type::Int64,
        t => match t.int_bits()? {
            (_, false) => Type::UInt64,
            (_, true) => Type::Int64,
        },
    })
}

fn build(call: &Call<'_>, same_type: bool) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let arg = &call.args[0];
    let ty = sum_type(arg).ok_or_else(|| call.illegal(0))?;
    let ty = if !same_type {
        ty
    } else {
        match arg {
            Type::Bool => Type::UInt8,
            Type::Enum8(_) => Type::Int8,
            Type::Enum16(_) => Type::Int16,
            t => t.clone(),
        }
    };
    Ok(Bound::new(call, ty.clone(), states_of(&ty)))
}

/// States that sum any numbers into a result type's values.
pub fn states_of(ty: &Type) -> impl Fn() -> Box<dyn States> + Send + Sync + use<> {
    let ty = ty.clone();
    move || by_number!(&ty, T => Sums::<T>::boxed())
}

/// A type that sums are kept in.
pub trait Total: Fixed {
    /// The order of additions makes no difference.
    const EXACT: bool = true;
    fn plus(self, other: Self) -> Self;
    fn times(self, n: usize) -> Self;
    /// Sum of a run of values.
    fn sum(self, values: impl ExactSizeIterator<Item = Self>) -> Self {
        values.fold(self, Self::plus)
    }
    fn wrap(values: Vec<Self>) -> Data;
}
macro_rules! total_int { ($($t:ty, $w:ident);*) => { $(impl Total for $t {
    #[inline]
    fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
    fn times(self, n: usize) -> Self { self.wrapping_mul(n as $t) }
    fn wrap(values: Vec<Self>) -> Data { Data::$w(Buf::from(values)) }
})* } }
total_int!(u8, U8; u16, U16; u32, U32; u64, U64; u128, U128; i8, I8; i16, I16; i32, I32; i64, I64; i128, I128);
impl Total for I256 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn times(self, n: usize) -> Self {
        self.wrapping_mul(I256::from(n as i128))
    }
    fn wrap(values: Vec<Self>) -> Data {
        Data::I256(values.into())
    }
}
impl Total for U256 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn times(self, n: usize) -> Self {
        self.wrapping_mul(U256::from(n as u128))
    }
    fn wrap(values: Vec<Self>) -> Data {
        Data::U256(values.into())
    }
}
macro_rules! total_float { ($($t:ty, $w:ident);*) => { $(impl Total for $t {
    const EXACT: bool = false;
    #[inline]
    fn plus(self, other: Self) -> Self { self + other }
    fn times(self, n: usize) -> Self { self * n as $t }
    /// Sixteen lanes: rounding then does not depend on the machine, and the loop vectorises.
    fn sum(self, mut values: impl ExactSizeIterator<Item = Self>) -> Self {
        let mut total = self;
        let mut lanes = [0.0; 16];
        let runs = values.len() / 16;
        for _ in 0..runs {
            for lane in &mut lanes {
                *lane += values.next().unwrap_or(0.0);
            }
        }
        if runs > 0 {
            lanes.iter().for_each(|l| total += l);
        }
        let mut last = 0.0;
        values.for_each(|v| last += v);
        total + last
    }
    fn wrap(values: Vec<Self>) -> Data { Data::$w(Buf::from(values)) }
})* } }
total_float!(f32, F32; f64, F64);

/// Conversion of an argument to a total: sign-extending, wrapping.
pub trait Into2<A> {
    fn to(self) -> A;
}
macro_rules! into_prim { ($($from:ty),* => $to:tt) => { $(into_prim!(@ $from, $to);)* };
    (@ $from:ty, [$($to:ty),*]) => { $(impl Into2<$to> for $from { #[inline] fn to(self) -> $to { self as $to } })* } }
into_prim!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64 => [u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64]);
macro_rules! into_wide { ($($from:ty),*) => { $(
    impl Into2<I256> for $from { fn to(self) -> I256 { I256::from(self as i128) } }
    impl Into2<U256> for $from { fn to(self) -> U256 { I256::from(self as i128).as_u256() } }
)* } }
into_wide!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64);
macro_rules! from_wide { ($($to:ty: $i:ident $how:expr),*) => { $(
    impl Into2<$to> for I256 { fn to(self) -> $to { let $i = self; $how } }
    impl Into2<$to> for U256 { fn to(self) -> $to { let $i = self; $how } }
)* } }
from_wide!(u8: x x.as_u8(), u16: x x.as_u16(), u32: x x.as_u32(), u64: x x.as_u64(), u128: x x.as_u128(), i8: x x.as_i8(), i16: x x.as_i16(),
    i32: x x.as_i32(), i64: x x.as_i64(), i128: x x.as_i128(), f32: x x.as_f32(), f64: x x.as_f64());
impl Into2<I256> for I256 {
    fn to(self) -> I256 {
        self
    }
}
impl Into2<U256> for I256 {
    fn to(self) -> U256 {
        self.as_u256()
    }
}
impl Into2<I256> for U256 {
    fn to(self) -> I256 {
        self.as_i256()
    }
}
impl Into2<U256> for U256 {
    fn to(self) -> U256 {
        self
    }
}

/// Adds numbers to sums, by group.
#[inline]
fn add<T: Copy + Into2<A>, A: Total>(sums: &mut [A], groups: Groups<'_>, values: &[T]) {
    match groups {
        Groups::One(g) => sums[g as usize] = sums[g as usize].sum(values.iter().map(|v| (*v).to())),
        Groups::Each(gs) if A::EXACT => scatter(sums, gs, values, A::plus, T::to),
        Groups::Each(gs) => {
            for (g, v) in gs.iter().zip(values) {
                let s = &mut sums[*g as usize];
                *s = s.plus((*v).to());
            }
        }
    }
}

/// Adds all rows of a numeric column to sums.
pub fn add_column<A: Total>(sums: &mut [A], groups: Groups<'_>, c: &Column, rows: usize) -> Result<()>
where
    u8: Into2<A>, u16: Into2<A>, u32: Into2<A>, u64: Into2<A>, u128: Into2<A>, U256: Into2<A>,
    i8: Into2<A>, i16: Into2<A>, i32: Into2<A>, i64: Into2<A>, i128: Into2<A>, I256: Into2<A>,
    f32: Into2<A>, f64: Into2<A>,
{
    if let (Some(one), Groups::One(g)) = (c.as_const(), groups) {
        let mut value = [A::default()];
        add_column(&mut value, Groups::One(0), one, 1)?;
        sums[g as usize] = sums[g as usize].plus(value[0].times(rows));
        return Ok(());
    }
    let flat;
    let c = match &c.data {
        Data::Const(..) | Data::Codes(..) => {
            flat = c.flat();
            &flat
        }
        _ => c,
    };
    types::match_numeric!(&c.data, v, W => add(sums, groups, v.as_slice()), return Err(types::Error::internal("sum over something that is not a number")));
    Ok(())
}

pub struct Sums<A> {
    sums: Vec<A>,
}

impl<A: Total> Sums<A>
where
    u8: Into2<A>, u16: Into2<A>, u32: Into2<A>, u64: Into2<A>, u128: Into2<A>, U256: Into2<A>,
    i8: Into2<A>, i16: Into2<A>, i32: Into2<A>, i64: Into2<A>, i128: Into2<A>, I256: Into2<A>,
    f32: Into2<A>, f64: Into2<A>,
{
    fn boxed() -> Box<dyn States> {
        Box::new(Sums::<A> { sums: Vec::new() })
    }
}

impl<A: Total> States for Sums<A>
where
    u8: Into2<A>, u16: Into2<A>, u32: Into2<A>, u64: Into2<A>, u128: Into2<A>, U256: Into2<A>,
    i8: Into2<A>, i16: Into2<A>, i32: Into2<A>, i64: Into2<A>, i128: Into2<A>, I256: Into2<A>,
    f32: Into2<A>, f64: Into2<A>,
{
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), A::default());
    }
    fn len(&self) -> usize {
        self.sums.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        add_column(&mut self.sums, groups, &args[0], rows)
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            let d = &mut self.sums[*d as usize];
            *d = d.plus(other.sums[*s as usize]);
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        Ok(A::wrap(self.sums[groups].to_vec()).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| self.sums[g as usize].put(out)))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let v = A::read(r)?;
        let s = &mut self.sums[g as usize];
        *s = s.plus(v);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.sums.capacity() * size_of::<A>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Default)]
struct Kahan {
    sum: f64,
    compensation: f64,
}

impl Kahan {
    fn plus(&mut self, v: f64) {
        let compensated = v - self.compensation;
        let sum = self.sum + compensated;
        self.compensation = (sum - self.sum) - compensated;
        self.sum = sum;
    }
}

impl Cell for Kahan {
    type Config = Type;
    type Input = Vec<f64>;
    fn prepare(ty: &Type, args: &[Column], _rows: usize) -> Result<Vec<f64>> {
        Ok(floats(&args[0], ty))
    }
    fn add(&mut self, _: &Type, input: &Vec<f64>, row: usize) -> Result<()> {
        self.plus(input[row]);
        Ok(())
    }
    fn merge(&mut self, _: &Type, other: &Self) -> Result<()> {
        let raw = self.sum + other.sum;
        let back = raw - self.sum;
        let compensations = self.compensation + other.compensation;
        let error = ((other.sum - back) + (self.sum - (raw - back))) - compensations;
        self.sum = raw + error;
        self.compensation = -(error - (self.sum - raw));
        Ok(())
    }
    fn finish(&self, _: &Type, out: &mut ColumnBuilder) -> Result<()> {
        if let Values::F64(v) = &mut out.values {
            v.push(self.sum);
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        put_f64(out, self.sum);
        put_f64(out, self.compensation);
    }
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        Ok(Kahan { sum: r.f64()?, compensation: r.f64()? })
    }
}

struct SumCount {
    sum: Box<dyn States>,
    counts: Vec<u64>,
}

impl States for SumCount {
    fn resize(&mut self, groups: usize) {
        self.sum.resize(groups);
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
    fn len(&self) -> usize {
        self.counts.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        self.sum.update(groups, args, rows)?;
        count_rows(&mut self.counts, groups, rows);
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        self.sum.merge(other.sum.as_ref(), src, dst)?;
        for (s, d) in src.iter().zip(dst) {
            self.counts[*d as usize] += other.counts[*s as usize];
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let n = groups.len();
        let counts: Column = Data::U64(self.counts[groups.clone()].to_vec().into()).into();
        Ok(Data::Tuple(Arc::from([self.sum.finish(groups)?, counts]), n).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let sums = self.sum.serialize(groups)?;
        let mut row = 0;
        Ok(serial(groups, |g, out| {
            out.extend_from_slice(sums.get(row));
            put_var(out, self.counts[g as usize]);
            row += 1;
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        self.sum.absorb(g, r)?;
        let n = r.var()?;
        let count = &mut self.counts[g as usize];
        *count = count.wrapping_add(n);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.sum.bytes() + self.counts.capacity() * 8
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

//! groupArrayMovingSum, groupArrayMovingAvg: running sums and means over the rows of a group.

use super::group_array::arrays;
use super::levels::push_raw;
use super::sum::sum_type;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::log::GroupLog;
use crate::state::numbers::floats;
use crate::state::wire::{Fixed, Reader};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, I256, Result, StrData, Type};

macro_rules! def {
    ($name:literal, $avg:literal, $text:literal, $result:literal) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: concat!($name, "(window)(x)"),
            description: $text,
            examples: &[(concat!("SELECT ", $name, "(2)(number) FROM numbers(4)"), $result)],
            flags: Flags::ORDER_DEFAULT,
            build: |call| build(call, $avg),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("groupArrayMovingSum", false, "Array of sums of each row and the ones before it, up to `window` rows.", "[0,1,3,5]"),
    def!("groupArrayMovingAvg", true, "Array of moving sums divided by the window (by the number of rows without one).", "[0,0.5,1.5,2.5]"),
];

fn build(call: &Call<'_>, avg: bool) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=1)?;
    let window = super::group_array::max_size(call)?;
    let arg = call.args[0].clone();
    let sum = sum_type(&arg).filter(|t| !matches!(t, Type::Interval(_))).ok_or_else(|| call.illegal(0))?;
    let float = arg.is_float();
    let one = if avg && !arg.is_decimal() { Type::Float64 } else { sum };
    let ty = Type::array(one.clone());
    Ok(Bound::new(call, ty, move || {
        let shape = Shape { window, avg, ty: one.clone() };
        if float {
            Box::new(Moving::<f64> { log: GroupLog::default(), groups: 0, shape })
        } else {
            Box::new(Moving::<I256> { log: GroupLog::default(), groups: 0, shape })
        }
    }))
}

struct Shape {
    window: usize,
    avg: bool,
    ty: Type,
}

trait Addend: Fixed {
    fn values(c: &Column) -> Vec<Self>;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn push(self, out: &mut ColumnBuilder, divisor: usize);
}
impl Addend for f64 {
    fn values(c: &Column) -> Vec<f64> {
        floats(c, &Type::Float64)
    }
    fn plus(self, other: f64) -> f64 {
        self + other
    }
    fn minus(self, other: f64) -> f64 {
        self - other
    }
    fn push(self, out: &mut ColumnBuilder, divisor: usize) {
        push_raw(out, self / divisor as f64);
    }
}
impl Addend for I256 {
    fn values(c: &Column) -> Vec<I256> {
        let c = c.flat();
        macro_rules! cast { ($v:expr) => { $v.iter().map(|x| I256::from(i128::from(*x))).collect() } }
        match &c.data {
            Data::U8(v) => cast!(v),
            Data::U16(v) => cast!(v),
            Data::U32(v) => cast!(v),
            Data::U64(v) => cast!(v),
            Data::I8(v) => cast!(v),
            Data::I16(v) => cast!(v),
            Data::I32(v) => cast!(v),
            Data::I64(v) => cast!(v),
            Data::I128(v) => cast!(v),
            Data::U128(v) => v.iter().map(|x| types::U256::from(*x).as_i256()).collect(),
            Data::I256(v) => v.to_vec(),
            Data::U256(v) => v.iter().map(|x| x.as_i256()).collect(),
            _ => vec![I256::ZERO; c.len()],
        }
    }
    fn plus(self, other: I256) -> I256 {
        self.wrapping_add(other)
    }
    fn minus(self, other: I256) -> I256 {
        self.wrapping_sub(other)
    }
    fn push(self, out: &mut ColumnBuilder, divisor: usize) {
        let v = if matches!(out.values, Values::F64(_)) { self } else { self / I256::from(divisor as i128) };
        match &mut out.values {
            Values::F64(x) => x.push(v.as_f64() / divisor as f64),
            Values::U64(x) => x.push(v.as_u64()),
            Values::I64(x) => x.push(v.as_i64()),
            Values::U128(x) => x.push(v.as_u128()),
            Values::I128(x) => x.push(v.as_i128()),
            Values::U256(x) => x.push(v.as_u256()),
            Values::I256(x) => x.push(v),
            _ => return out.push_default(1),
        }
        out.pushed();
    }
}

struct Moving<T> {
    log: GroupLog<T>,
    groups: usize,
    shape: Shape,
}

impl<T: Addend> States for Moving<T> {
    fn resize(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }
    fn len(&self) -> usize {
        self.groups
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], _rows: usize) -> Result<()> {
        self.log.extend(groups, T::values(&args[0]));
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        self.log.merge(&other.log, other.groups, src, dst);
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut out = ColumnBuilder::new(&self.shape.ty);
        let mut lengths = Vec::with_capacity(groups.len());
        for g in groups {
            let values = self.log.copied(g, self.groups);
            let window = self.shape.window.min(values.len());
            let divisor = if self.shape.avg { if self.shape.window == usize::MAX { values.len() } else { self.shape.window } } else { 1 };
            // sums from the start, so that a window is a difference of two
            let mut sums: Vec<T> = Vec::with_capacity(values.len());
            for (i, v) in values.iter().enumerate() {
                sums.push(if i == 0 { *v } else { sums[i - 1].plus(*v) });
                let sum = if i >= window { sums[i].minus(sums[i - window]) } else { sums[i] };
                sum.push(&mut out, divisor);
            }
            lengths.push(values.len());
        }
        Ok(arrays(&lengths, out.finish()))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| self.log.put(g as usize, self.groups, out)))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        self.log.read(g, r)
    }
    fn bytes(&self) -> usize {
        self.log.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.bytes() + self.log.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

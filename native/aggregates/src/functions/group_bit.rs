//! groupBitAnd, groupBitOr, groupBitXor over integers.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::wire::{Reader, Fixed};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Buf, Column, Data, I256, Result, StrData, Type, U256};

#[derive(Clone, Copy, PartialEq)]
enum Op {
    And,
    Or,
    Xor,
}

macro_rules! def {
    ($name:literal, $alias:literal, $op:ident, $flags:ident, $text:literal, $result:literal) => {
        AggregateDef {
            name: $name,
            aliases: &[$alias],
            case_insensitive: false,
            signature: concat!($name, "(x)"),
            description: $text,
            examples: &[(concat!("SELECT ", $name, "(x) FROM values('x UInt8', 12, 10, 8)"), $result)],
            flags: Flags::$flags,
            build: |call| build(call, Op::$op),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("groupBitAnd", "BIT_AND", And, IDEMPOTENT, "Bitwise AND of integers; all bits set without rows.", "8"),
    def!("groupBitOr", "BIT_OR", Or, IDEMPOTENT, "Bitwise OR of integers.", "14"),
    def!("groupBitXor", "BIT_XOR", Xor, NONE, "Bitwise XOR of integers.", "14"),
];

trait Bits: Fixed {
    const ONES: Self;
    fn apply(self, other: Self, op: Op) -> Self;
    fn values(c: &Column) -> Option<&[Self]>;
    fn wrap(values: Vec<Self>) -> Data;
}
macro_rules! bits { ($($t:ty, $w:ident, $ones:expr);*) => { $(impl Bits for $t {
    const ONES: Self = $ones;
    #[inline]
    fn apply(self, other: Self, op: Op) -> Self {
        match op { Op::And => self & other, Op::Or => self | other, Op::Xor => self ^ other }
    }
    fn values(c: &Column) -> Option<&[Self]> { match &c.data { Data::$w(v) => Some(v.as_slice()), _ => None } }
    fn wrap(values: Vec<Self>) -> Data { Data::$w(Buf::from(values)) }
})* } }
bits!(u8, U8, u8::MAX; u16, U16, u16::MAX; u32, U32, u32::MAX; u64, U64, u64::MAX; u128, U128, u128::MAX; U256, U256, U256::MAX;
    i8, I8, -1; i16, I16, -1; i32, I32, -1; i64, I64, -1; i128, I128, -1; I256, I256, I256::MINUS_ONE);

fn build(call: &Call<'_>, op: Op) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let ty = call.args[0].clone();
    let plain = if ty == Type::Bool { Type::UInt8 } else { ty.clone() };
    let (bits, signed) = ty.int_bits().ok_or_else(|| call.illegal(0))?;
    Ok(Bound::new(call, plain, move || match (bits, signed) {
        (8, false) => GroupBits::<u8>::boxed(op),
        (16, false) => GroupBits::<u16>::boxed(op),
        (32, false) => GroupBits::<u32>::boxed(op),
        (64, false) => GroupBits::<u64>::boxed(op),
        (128, false) => GroupBits::<u128>::boxed(op),
        (_, false) => GroupBits::<U256>::boxed(op),
        (8, true) => GroupBits::<i8>::boxed(op),
        (16, true) => GroupBits::<i16>::boxed(op),
        (32, true) => GroupBits::<i32>::boxed(op),
        (64, true) => GroupBits::<i64>::boxed(op),
        (128, true) => GroupBits::<i128>::boxed(op),
        (_, true) => GroupBits::<I256>::boxed(op),
    }))
}

struct GroupBits<T> {
    values: Vec<T>,
    op: Op,
}

impl<T: Bits> GroupBits<T> {
    fn boxed(op: Op) -> Box<dyn States> {
        Box::new(GroupBits::<T> { values: Vec::new(), op })
    }
    fn start(&self) -> T {
        if self.op == Op::And { T::ONES } else { T::default() }
    }
}

impl<T: Bits> States for GroupBits<T> {
    fn resize(&mut self, groups: usize) {
        let start = self.start();
        self.values.resize(groups.max(self.values.len()), start);
    }
    fn len(&self) -> usize {
        self.values.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], _rows: usize) -> Result<()> {
        let c = args[0].flat();
        let values = T::values(&c).ok_or_else(|| types::Error::internal("Bit operation over another type"))?;
        match groups {
            Groups::One(g) => {
                let v = &mut self.values[g as usize];
                *v = values.iter().fold(*v, |a, b| a.apply(*b, self.op));
            }
            Groups::Each(gs) => {
                for (g, x) in gs.iter().zip(values) {
                    let v = &mut self.values[*g as usize];
                    *v = v.apply(*x, self.op);
                }
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            let v = &mut self.values[*d as usize];
            *v = v.apply(other.values[*s as usize], self.op);
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        Ok(T::wrap(self.values[groups].to_vec()).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| self.values[g as usize].put(out)))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let x = T::read(r)?;
        let v = &mut self.values[g as usize];
        *v = v.apply(x, self.op);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<T>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

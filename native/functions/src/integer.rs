//! Integer operations that wrap instead of failing, over every width.

use crate::lanes::Lane;
use types::{I256, U256};

/// Lanes that add, subtract and multiply (integers wrap).
pub trait Arith: Lane {
    fn add(self, o: Self) -> Self;
    fn sub(self, o: Self) -> Self;
    fn mul(self, o: Self) -> Self;
    fn neg(self) -> Self;
}
macro_rules! arith_int { ($($t:ty),*) => { $(impl Arith for $t {
    #[inline] fn add(self, o: Self) -> Self { self.wrapping_add(o) }
    #[inline] fn sub(self, o: Self) -> Self { self.wrapping_sub(o) }
    #[inline] fn mul(self, o: Self) -> Self { self.wrapping_mul(o) }
    #[inline] fn neg(self) -> Self { self.wrapping_neg() }
})* } }
arith_int!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, I256, U256);
macro_rules! arith_float { ($($t:ty),*) => { $(impl Arith for $t {
    #[inline] fn add(self, o: Self) -> Self { self + o }
    #[inline] fn sub(self, o: Self) -> Self { self - o }
    #[inline] fn mul(self, o: Self) -> Self { self * o }
    #[inline] fn neg(self) -> Self { -self }
})* } }
arith_float!(f32, f64);

pub trait Integer: Arith + Eq + Ord {
    const ZERO: Self;
    /// `None` for division by zero and for the smallest value by -1.
    fn div(self, o: Self) -> Option<Self>;
    fn rem(self, o: Self) -> Option<Self>;
    fn and(self, o: Self) -> Self;
    fn or(self, o: Self) -> Self;
    fn xor(self, o: Self) -> Self;
    fn not(self) -> Self;
    /// 0 (or the sign) when `n` ≥ bits
    fn shl(self, n: u64) -> Self;
    fn shr(self, n: u64) -> Self;
    fn rotl(self, n: u32) -> Self;
}
macro_rules! integer { ($($t:ty, $zero:expr, $bits:literal, $signed:literal);* $(;)?) => { $(#[allow(unused_comparisons)] // an unsigned integer is never below zero
impl Integer for $t {
    const ZERO: Self = $zero;
    #[inline] fn div(self, o: Self) -> Option<Self> { self.checked_div(o) }
    #[inline] fn rem(self, o: Self) -> Option<Self> { self.checked_rem(o) }
    #[inline] fn and(self, o: Self) -> Self { self & o }
    #[inline] fn or(self, o: Self) -> Self { self | o }
    #[inline] fn xor(self, o: Self) -> Self { self ^ o }
    #[inline] fn not(self) -> Self { !self }
    #[inline] fn shl(self, n: u64) -> Self { if n >= $bits { $zero } else { self.wrapping_shl(n as u32) } }
    #[inline] fn shr(self, n: u64) -> Self {
        if n < $bits { self.wrapping_shr(n as u32) } else if $signed && self < $zero { !$zero } else { $zero }
    }
    #[inline] fn rotl(self, n: u32) -> Self { self.rotate_left(n % $bits) }
})* } }
integer! { u8, 0, 8, false; u16, 0, 16, false; u32, 0, 32, false; u64, 0, 64, false; u128, 0, 128, false;
i8, 0, 8, true; i16, 0, 16, true; i32, 0, 32, true; i64, 0, 64, true; i128, 0, 128, true;
U256, U256::ZERO, 256, false; I256, I256::ZERO, 256, true }

/// Runs `$body` with `$W` an integer type of at least `$bits` bits (32, 64, 128 or 256).
#[macro_export]
macro_rules! with_wide {
    ($bits:expr, $signed:expr, $W:ident => $body:expr) => {
        match ($bits, $signed) {
            (0..=32, false) => {
                type $W = u32;
                $body
            }
            (0..=32, true) => {
                type $W = i32;
                $body
            }
            (33..=64, false) => {
                type $W = u64;
                $body
            }
            (33..=64, true) => {
                type $W = i64;
                $body
            }
            (65..=128, false) => {
                type $W = u128;
                $body
            }
            (65..=128, true) => {
                type $W = i128;
                $body
            }
            (_, false) => {
                type $W = types::U256;
                $body
            }
            (_, true) => {
                type $W = types::I256;
                $body
            }
        }
    };
}

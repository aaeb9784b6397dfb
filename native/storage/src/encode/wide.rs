//! Numbers of 128 and 256 bits.
//!
//! Constant: the value. Range: the smallest value, part: the differences to it as 64-bit numbers.
//! Plain: the values. Dictionary: count (u32), distinct values in order, part: codes.

use super::dictionary::check_codes;
use super::ints::{self, Ints};
use super::{flat_bytes, id};
use crate::bytes::{Reader, corrupt, put_part};
use types::{I256, Result, U256};

pub(crate) trait Wide: Copy + Default + Ord {
    const BYTES: usize;
    fn put(self, out: &mut Vec<u8>);
    fn read(bytes: &[u8]) -> Self;
    /// `self − base` if it fits 64 bits; `base` is not larger.
    fn above(self, base: Self) -> Option<u64>;
    fn plus(self, lane: u64) -> Self;
}

macro_rules! wide {
    ($t:ty, $bytes:literal, $unsigned:ty, $from:expr, $plus:expr) => {
        impl Wide for $t {
            const BYTES: usize = $bytes;
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn read(bytes: &[u8]) -> Self {
                let mut b = [0; $bytes];
                b.copy_from_slice(bytes);
                Self::from_le_bytes(b)
            }
            fn above(self, base: Self) -> Option<u64> {
                let d: $unsigned = $from(self.wrapping_sub(base));
                u64::try_from(d).ok()
            }
            fn plus(self, lane: u64) -> Self {
                self.wrapping_add($plus(lane))
            }
        }
    };
}
wide!(u128, 16, u128, |d| d, u128::from);
wide!(i128, 16, u128, |d| d as u128, i128::from);
wide!(U256, 32, U256, |d| d, U256::from);
wide!(I256, 32, U256, |d: I256| d.as_u256(), I256::from);

pub(crate) fn encode<W: Wide>(values: &[W], out: &mut Vec<u8>) {
    let n = values.len();
    let min = values.iter().min().copied().unwrap_or_default();
    let max = values.iter().max().copied().unwrap_or_default();
    if min == max {
        out.push(id::WIDE_CONSTANT);
        return min.put(out);
    }
    if max.above(min).is_some() {
        let lanes: Vec<u64> = values.iter().map(|v| v.above(min).unwrap_or_default()).collect();
        out.push(id::WIDE_RANGE);
        min.put(out);
        put_part(out, |out| {
            ints::encode(&lanes, 0, out);
        });
        return;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() * 2 < n {
        let codes: Vec<u64> =
            values.iter().map(|v| sorted.binary_search(v).unwrap_or_default() as u64).collect();
        out.push(id::WIDE_DICTIONARY);
        out.extend_from_slice(&(sorted.len() as u32).to_le_bytes());
        sorted.iter().for_each(|v| v.put(out));
        put_part(out, |out| {
            ints::encode(&codes, 0, out);
        });
        return;
    }
    out.push(id::WIDE_PLAIN);
    values.iter().for_each(|v| v.put(out));
}

pub(crate) fn decode<W: Wide>(id: u8, r: &mut Reader, n: usize) -> Result<Vec<W>> {
    match id {
        id::WIDE_CONSTANT => Ok(vec![W::read(r.take(W::BYTES)?); n]),
        id::WIDE_RANGE => {
            let base = W::read(r.take(W::BYTES)?);
            let lanes = Ints::parse(&mut r.part()?, n, 0)?.decode::<u64>()?;
            Ok(lanes.iter().map(|l| base.plus(*l)).collect())
        }
        id::WIDE_PLAIN => Ok(flat_bytes(r, n, W::BYTES)?.chunks_exact(W::BYTES).map(W::read).collect()),
        id::WIDE_DICTIONARY => {
            let count = r.u32()? as usize;
            let values: Vec<W> =
                flat_bytes(r, count, W::BYTES)?.chunks_exact(W::BYTES).map(W::read).collect();
            let codes = Ints::parse(&mut r.part()?, n, 0)?.decode::<u32>()?;
            check_codes(&codes, count)?;
            Ok(codes.iter().map(|c| values[*c as usize]).collect())
        }
        _ => Err(corrupt(format!("encoding {id} is not one for wide numbers"))),
    }
}

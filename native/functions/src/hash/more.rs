//! Further hashes: wyHash, xxHash as Spark computes it, 128-bit XXH3, keyed SipHash of 128 bits, Kostik's
//! consistent hash.

use crate::args::{i64_col, strs, tuple_columns, u64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::hash::kernels::{sip128, sip128_reference};
use types::codes::BAD_ARGUMENTS;
use types::{Data, Error, FixedData, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("xxHash64Spark", "xxHash64Spark(s)", "xxHash of 64 bits with seed 42, signed, as in Spark.", &[("xxHash64Spark('abc')", "1423657621850124518")], spark),
    f("sipHash128Keyed", "sipHash128Keyed((k0, k1), a, …)", "SipHash of 128 bits with a key.", &[("hex(sipHash128Keyed((toUInt64(1), toUInt64(2)), 'abc'))", "FCE9F37AABA9E4FF61D88252F079BE2E")], |b| keyed(b, sip128)),
    f("sipHash128ReferenceKeyed", "sipHash128ReferenceKeyed((k0, k1), a, …)", "SipHash-2-4-128 with a key as its authors define it.", &[], |b| keyed(b, sip128_reference)),
    f("kostikConsistentHash", "kostikConsistentHash(hash, buckets)", "Bucket by Kostik's consistent hashing, up to 32768.", &[("kostikConsistentHash(16045690984833335023, 2)", "1")], kostik).alias(&["yandexConsistentHash"]),
];

fn spark(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::Int64, |c| {
        let s = strs(c.col(0));
        Ok(i64_col((0..c.rows).map(|i| xxhash_rust::xxh64::xxh64(s.at(i), 42) as i64).collect()))
    })
}

fn keyed(b: &Bind<'_>, of: fn(&[u8], u64, u64) -> u128) -> Result<Bound> {
    super::key_argument(b)?;
    let types = b.types();
    bound(Type::FixedString(16), move |c| {
        let keys = tuple_columns(c.col(0))?;
        let (k0, k1) = (u64s(&keys[0]), u64s(&keys[1]));
        let mut bytes = Vec::with_capacity(c.rows * 16);
        for i in 0..c.rows {
            let (a, b) = (k0.at(i), k1.at(i));
            let mut state = Vec::new();
            for (k, t) in types.iter().enumerate().skip(1) {
                super::wide::feed128(&c.col(k).slice(i, 1), t, 1, &mut state, &|s| of(s, a, b));
            }
            bytes.extend(state.first().copied().unwrap_or(super::NO_ARGUMENTS.into()).to_le_bytes());
        }
        Ok(Data::Fixed(FixedData { width: 16, bytes: bytes.into() }).into())
    })
}

fn kostik(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.integer(0)?;
    b.integer(1)?;
    let n = b.const_int(1)?;
    if !(1..=32768).contains(&n) {
        return Err(Error::new(BAD_ARGUMENTS, format!("The second argument of function kostikConsistentHash (number of buckets) must be between 1 and 32768, not {n}")));
    }
    bound(Type::UInt16, move |c| {
        let v = u64s(c.col(0));
        Ok(crate::args::u16_col((0..c.rows).map(|i| bucket(v.at(i), n as u64) as u16).collect()))
    })
}

/// Four words of 16 bits decide: `c` where in a power of two, `a` or `b` the lower digits, all of them how
/// buckets move while the number grows from one power of two to the next.
fn bucket(x: u64, n: u64) -> u64 {
    if n == 1 {
        return 0;
    }
    let word = |i: u32| x >> (16 * i) & 0xffff;
    let (a, b, c, d) = (word(0), word(1), word(2), word(3));
    let in_power = |k: u32| {
        let block = c & ((1 << k) - 1);
        if block < 2 {
            return block;
        }
        let y = 63 - block.leading_zeros();
        let low = if block.count_ones() % 2 == 0 { a } else { b };
        (1 << y) + (low & ((1 << y) - 1))
    };
    let k = 64 - (n - 1).leading_zeros();
    let large = in_power(k);
    if large < n {
        return large;
    }
    let shift = 16 - k;
    let rest = (((d << shift | c >> k) << (shift + 1) | b >> (k - 1)) << (shift + 1)) | a >> (k - 1);
    let moved = rest % (large * (large + 1)) / (1 << k) + (1 << (k - 1));
    if moved < n { moved } else { in_power(k - 1) }
}

const SECRET: [u64; 4] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

fn mum(a: u64, b: u64) -> (u64, u64) {
    let r = u128::from(a) * u128::from(b);
    (r as u64, (r >> 64) as u64)
}
fn mix(a: u64, b: u64) -> u64 {
    let (lo, hi) = mum(a, b);
    lo ^ hi
}
fn read8(s: &[u8], at: usize) -> u64 {
    s[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
}
fn read4(s: &[u8], at: usize) -> u64 {
    s[at..at + 4].try_into().map_or(0, |b| u32::from_le_bytes(b).into())
}

/// wyhash, final version 3, seed 0.
pub fn wy64(s: &[u8]) -> u64 {
    let n = s.len();
    let mut seed = SECRET[0];
    let (a, b) = match n {
        0 => (0, 0),
        1..=3 => (u64::from(s[0]) << 16 | u64::from(s[n >> 1]) << 8 | u64::from(s[n - 1]), 0),
        4..=16 => {
            let q = n >> 3 << 2;
            (read4(s, 0) << 32 | read4(s, q), read4(s, n - 4) << 32 | read4(s, n - 4 - q))
        }
        _ => {
            let (mut at, mut left) = (0, n);
            if left > 48 {
                let (mut one, mut two) = (seed, seed);
                while left > 48 {
                    seed = mix(read8(s, at) ^ SECRET[1], read8(s, at + 8) ^ seed);
                    one = mix(read8(s, at + 16) ^ SECRET[2], read8(s, at + 24) ^ one);
                    two = mix(read8(s, at + 32) ^ SECRET[3], read8(s, at + 40) ^ two);
                    at += 48;
                    left -= 48;
                }
                seed ^= one ^ two;
            }
            while left > 16 {
                seed = mix(read8(s, at) ^ SECRET[1], read8(s, at + 8) ^ seed);
                at += 16;
                left -= 16;
            }
            (read8(s, n - 16), read8(s, n - 8))
        }
    };
    mix(SECRET[1] ^ n as u64, mix(a ^ SECRET[1], b ^ seed))
}

//! Order, equality and hashes of rows. One definition for sorting, keys, statistics and merges.

use crate::{Column, Data, match_numeric};
use std::cmp::Ordering;

/// Order of values: by `<`, floats with NaN last (after all numbers) and -0 equal to 0.
pub trait OrderedValue: Copy {
    fn order(self, other: Self) -> Ordering;
}
macro_rules! ordered { ($($t:ty),*) => { $(impl OrderedValue for $t {
    fn order(self, other: Self) -> Ordering { self.cmp(&other) }
})* } }
ordered!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, crate::I256, crate::U256);
macro_rules! ordered_float { ($($t:ty),*) => { $(impl OrderedValue for $t {
    fn order(self, other: Self) -> Ordering {
        self.partial_cmp(&other).unwrap_or_else(|| self.is_nan().cmp(&other.is_nan()))
    }
})* } }
ordered_float!(f32, f64);

/// Compares row `i` of `a` with row `j` of `b` (same type). NULL comes last.
pub fn compare_rows(a: &Column, i: usize, b: &Column, j: usize) -> Ordering {
    compare_rows_with(a, i, b, j, Ordering::Greater)
}

/// The same; `null` is what a NULL or a NaN, also inside an array or a tuple, is to every value.
pub fn compare_rows_with(a: &Column, i: usize, b: &Column, j: usize, null: Ordering) -> Ordering {
    match (a.is_null(i), b.is_null(j)) {
        (true, true) => return Ordering::Equal,
        (true, false) => return null,
        (false, true) => return null.reverse(),
        _ => {}
    }
    match (&a.data, &b.data) {
        (Data::Const(x, _), _) => compare_rows_with(x, 0, b, j, null),
        (_, Data::Const(y, _)) => compare_rows_with(a, i, y, 0, null),
        (Data::Codes(x, d), Data::Codes(y, e)) if d.id == e.id && d.ordered => x[i].cmp(&y[j]),
        (Data::Codes(x, d), _) => compare_rows_with(&d.values, x[i] as usize, b, j, null),
        (_, Data::Codes(y, e)) => compare_rows_with(a, i, &e.values, y[j] as usize, null),
        (Data::Str(x), Data::Str(y)) => x.get(i).cmp(y.get(j)),
        (Data::Fixed(_), _) | (_, Data::Fixed(_)) => a.bytes_at(i).cmp(&b.bytes_at(j)),
        (Data::Array(x), Data::Array(y)) => {
            let (xs, xe) = (x.offsets[i] as usize, x.offsets[i + 1] as usize);
            let (ys, ye) = (y.offsets[j] as usize, y.offsets[j + 1] as usize);
            for k in 0..(xe - xs).min(ye - ys) {
                let o = compare_rows_with(&x.values, xs + k, &y.values, ys + k, null);
                if o != Ordering::Equal {
                    return o;
                }
            }
            (xe - xs).cmp(&(ye - ys))
        }
        (Data::Tuple(xs, _), Data::Tuple(ys, _)) => {
            for (x, y) in xs.iter().zip(ys.iter()) {
                let o = compare_rows_with(x, i, y, j, null);
                if o != Ordering::Equal {
                    return o;
                }
            }
            Ordering::Equal
        }
        _ => compare_numbers(a, i, b, j, null),
    }
}

fn compare_numbers(a: &Column, i: usize, b: &Column, j: usize, null: Ordering) -> Ordering {
    let nan = |c: &Column, i: usize| match &c.data {
        Data::F32(v) => v[i].is_nan(),
        Data::F64(v) => v[i].is_nan(),
        _ => false,
    };
    match (nan(a, i), nan(b, j)) {
        (true, false) => return null,
        (false, true) => return null.reverse(),
        _ => {}
    }
    macro_rules! pairs { ($($v:ident),*) => {
        match (&a.data, &b.data) {
            $((Data::$v(x), Data::$v(y)) => x[i].order(y[j]),)*
            _ => a.scalar(i).compare(&b.scalar(j)),
        }
    } }
    pairs!(U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256, F32, F64)
}

/// A well-mixed 64-bit hash of 64 bits (multiply and fold; not for hostile keys without `seed`).
#[inline]
pub fn mix(x: u64, seed: u64) -> u64 {
    let m = u128::from(x ^ seed ^ 0x9e37_79b9_7f4a_7c15)
        * u128::from(0xd6e8_feb8_6659_fd93_u64 ^ seed.rotate_left(17));
    (m as u64) ^ ((m >> 64) as u64)
}

/// Hash of bytes with foldhash's quality.
#[inline]
pub fn hash_bytes(bytes: &[u8], seed: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut h = foldhash::quality::FixedState::with_seed(seed).build_hasher();
    h.write(bytes);
    h.finish()
}

/// Combines each row's value into `hashes` (one entry a row). NULLs hash alike; equal values of
/// one type hash alike whatever their representation (flat, codes, constant).
pub fn hash_column(c: &Column, hashes: &mut [u64]) {
    const NULL: u64 = 0x5bd1_e995_9b1c_a3f7;
    let put = |h: &mut u64, v: u64| *h = mix(*h ^ v, 0x2545_f491_4f6c_dd1d);
    match &c.data {
        Data::Const(one, n) => {
            let mut h = [0u64];
            let single = one.slice(0, 1);
            for slot in hashes.iter_mut().take(*n) {
                h[0] = *slot;
                hash_column(&single, &mut h);
                *slot = h[0];
            }
            return;
        }
        Data::Codes(codes, dict) => {
            if dict.len() <= codes.len() {
                let mut of = vec![0u64; dict.len()];
                value_hashes(&dict.values, &mut of);
                for (i, h) in hashes.iter_mut().enumerate() {
                    put(h, if c.is_null(i) { NULL } else { of[codes[i] as usize] });
                }
            } else {
                let flat = c.flat();
                hash_column(&flat, hashes);
            }
            return;
        }
        _ => {}
    }
    let mut of = vec![0u64; hashes.len()];
    value_hashes(c, &mut of);
    for (i, h) in hashes.iter_mut().enumerate() {
        put(h, if c.is_null(i) { NULL } else { of[i] });
    }
}

/// One hash a row of a flat column, NULLs ignored.
fn value_hashes(c: &Column, out: &mut [u64]) {
    match &c.data {
        Data::F32(v) => {
            out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(u64::from((x + 0.0).to_bits()), 1))
        }
        Data::F64(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix((x + 0.0).to_bits(), 1)),
        Data::Str(s) => out.iter_mut().zip(s.iter()).for_each(|(h, x)| *h = hash_bytes(x, 1)),
        Data::Fixed(f) => {
            out.iter_mut().zip(f.bytes.chunks_exact(f.width.max(1))).for_each(|(h, x)| *h = hash_bytes(x, 1));
        }
        Data::Array(a) => {
            let mut inner = vec![0u64; a.values.len()];
            hash_column(&a.values, &mut inner);
            for (i, h) in out.iter_mut().enumerate() {
                let (s, e) = (a.offsets[i] as usize, a.offsets[i + 1] as usize);
                *h = inner[s..e].iter().fold((e - s) as u64, |acc, x| mix(acc ^ x, 7));
            }
        }
        Data::Tuple(cs, _) => cs.iter().for_each(|x| hash_column(x, out)),
        Data::U128(v) => {
            out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(mix(*x as u64, 1) ^ (*x >> 64) as u64, 2))
        }
        Data::I128(v) => {
            out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(mix(*x as u64, 1) ^ (*x >> 64) as u64, 2))
        }
        Data::U256(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = hash_bytes(&x.to_le_bytes(), 1)),
        Data::I256(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = hash_bytes(&x.to_le_bytes(), 1)),
        Data::U8(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(u64::from(*x), 1)),
        Data::U16(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(u64::from(*x), 1)),
        Data::U32(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(u64::from(*x), 1)),
        Data::U64(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(*x, 1)),
        Data::I8(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(*x as u64, 1)),
        Data::I16(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(*x as u64, 1)),
        Data::I32(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(*x as u64, 1)),
        Data::I64(v) => out.iter_mut().zip(v.iter()).for_each(|(h, x)| *h = mix(*x as u64, 1)),
        Data::Nothing(_) => {}
        Data::Const(..) | Data::Codes(..) => {
            let flat = c.flat();
            value_hashes(&flat, out);
        }
    }
}

/// True if every row compares ≤ the next one.
pub fn is_sorted(columns: &[Column], rows: usize) -> bool {
    (1..rows).all(|i| {
        for c in columns {
            match compare_rows(c, i - 1, c, i) {
                Ordering::Less => return true,
                Ordering::Greater => return false,
                Ordering::Equal => {}
            }
        }
        true
    })
}

/// Smallest and largest row of a flat numeric, string or fixed column, NULLs and NaNs left out.
pub fn min_max(c: &Column) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let valid = |i: usize| {
        !c.is_null(i)
            && match &c.data {
                Data::F32(v) => !v[i].is_nan(),
                Data::F64(v) => !v[i].is_nan(),
                _ => true,
            }
    };
    match_numeric!(&c.data, v, W => {
        for i in 0..v.len() {
            if valid(i) {
                best = Some(best.map_or((i, i), |(lo, hi)| (
                    if v[i].order(v[lo]) == Ordering::Less { i } else { lo },
                    if v[i].order(v[hi]) == Ordering::Greater { i } else { hi })));
            }
        }
    }, {
        for i in 0..c.len() {
            if valid(i) {
                best = Some(best.map_or((i, i), |(lo, hi)| (
                    if compare_rows(c, i, c, lo) == Ordering::Less { i } else { lo },
                    if compare_rows(c, i, c, hi) == Ordering::Greater { i } else { hi })));
            }
        }
    });
    best
}

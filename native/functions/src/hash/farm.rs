//! FarmHash's 64-bit functions: the fingerprint, which stays the same for ever, and the hash, which has ways of
//! its own for 33 to 96 bytes and beyond 256.

use types::city::{K0, K1, K2, len16_mul, rot, shift_mix, u32_at, u64_at, weak};

/// Hash64 (farmhashxo, farmhashuo).
pub fn farm64(s: &[u8]) -> u64 {
    let n = s.len();
    let (mul, from_end) = (|short: u64| K2.wrapping_sub(short), 2 * n as u64);
    match n {
        33..=64 => {
            let (first, last) = (mul(30), mul(30).wrapping_add(from_end));
            let (h0, h1) = (block32(s, 0, first, 0, 0), block32(s, n - 32, last, 0, 0));
            h1.wrapping_mul(last).wrapping_add(h0).wrapping_mul(last)
        }
        65..=96 => {
            let (first, last) = (mul(114), mul(114).wrapping_add(from_end));
            let (h0, h1) = (block32(s, 0, first, 0, 0), block32(s, 32, last, 0, 0));
            let h2 = block32(s, n - 32, last, h0, h1);
            h2.wrapping_mul(9).wrapping_add(h0 >> 17).wrapping_add(h1 >> 21).wrapping_mul(last)
        }
        257.. => long(s),
        _ => fingerprint64(s),
    }
}

/// 32 bytes from `at`.
fn block32(s: &[u8], at: usize, mul: u64, seed0: u64, seed1: u64) -> u64 {
    let (a, b) = (u64_at(s, at).wrapping_mul(K1), u64_at(s, at + 8));
    let (c, d) = (u64_at(s, at + 24).wrapping_mul(mul), u64_at(s, at + 16).wrapping_mul(K2));
    let u = rot(a.wrapping_add(b), 43).wrapping_add(rot(c, 30)).wrapping_add(d).wrapping_add(seed0);
    let v = a.wrapping_add(rot(b.wrapping_add(K2), 18)).wrapping_add(c).wrapping_add(seed1);
    let a = shift_mix((u ^ v).wrapping_mul(mul));
    shift_mix((v ^ a).wrapping_mul(mul))
}

/// More than 64 bytes, with the seeds 81 and 0.
fn long(s: &[u8]) -> u64 {
    let (mut x, mut y) = (81u64, 113u64);
    let mut z = shift_mix(y.wrapping_mul(K2)).wrapping_mul(K2);
    let (mut v, mut w) = ((81u64, 0u64), (0u64, 0u64));
    let mut u = x.wrapping_sub(z);
    x = x.wrapping_mul(K2);
    let mul = K2.wrapping_add(u & 0x82);
    let end = (s.len() - 1) / 64 * 64;
    let rest = (s.len() - 1) & 63;
    for at in (0..end).step_by(64) {
        let a: [u64; 8] = std::array::from_fn(|k| u64_at(s, at + 8 * k));
        x = x.wrapping_add(a[0]).wrapping_add(a[1]);
        y = y.wrapping_add(a[2]);
        z = z.wrapping_add(a[3]);
        v.0 = v.0.wrapping_add(a[4]);
        v.1 = v.1.wrapping_add(a[5]).wrapping_add(a[1]);
        w.0 = w.0.wrapping_add(a[6]);
        w.1 = w.1.wrapping_add(a[7]);
        x = rot(x, 26).wrapping_mul(9);
        y = rot(y, 29);
        z = z.wrapping_mul(mul);
        v = (rot(v.0, 33), rot(v.1, 30));
        w.0 = (w.0 ^ x).wrapping_mul(9);
        z = rot(z, 32).wrapping_add(w.1);
        w.1 = w.1.wrapping_add(z);
        z = z.wrapping_mul(9);
        std::mem::swap(&mut u, &mut y);
        z = z.wrapping_add(a[0]).wrapping_add(a[6]);
        v.0 = v.0.wrapping_add(a[2]);
        v.1 = v.1.wrapping_add(a[3]);
        w.0 = w.0.wrapping_add(a[4]);
        w.1 = w.1.wrapping_add(a[5]).wrapping_add(a[6]);
        x = x.wrapping_add(a[1]);
        y = y.wrapping_add(a[7]).wrapping_add(v.0);
        v.0 = v.0.wrapping_add(x.wrapping_sub(y));
        v.1 = v.1.wrapping_add(w.0);
        w.0 = w.0.wrapping_add(v.1);
        w.1 = w.1.wrapping_add(x.wrapping_sub(y));
        x = x.wrapping_add(w.1);
        w.1 = rot(w.1, 34);
        std::mem::swap(&mut u, &mut z);
    }
    // The last 64 bytes, which overlap those before.
    let at = end + rest - 63;
    u = u.wrapping_mul(9);
    v = (rot(v.0, 20), rot(v.1, 28));
    w.0 = w.0.wrapping_add(rest as u64);
    u = u.wrapping_add(y);
    y = y.wrapping_add(u);
    x = rot(y.wrapping_sub(x).wrapping_add(v.0).wrapping_add(u64_at(s, at + 8)), 37).wrapping_mul(mul);
    y = rot(y ^ v.1 ^ u64_at(s, at + 48), 42).wrapping_mul(mul);
    x ^= w.1.wrapping_mul(9);
    y = y.wrapping_add(v.0).wrapping_add(u64_at(s, at + 40));
    z = rot(z.wrapping_add(w.0), 33).wrapping_mul(mul);
    v = weak(s, at, v.1.wrapping_mul(mul), x.wrapping_add(w.0));
    w = weak(s, at + 32, z.wrapping_add(w.1), y.wrapping_add(u64_at(s, at + 16)));
    let left = len16_mul(v.0.wrapping_add(x), w.0 ^ y, mul).wrapping_add(z).wrapping_sub(u);
    let right = turned(v.1.wrapping_add(y), w.1.wrapping_add(z), K2, 30) ^ x;
    turned(left, right, K2, 31)
}

fn turned(x: u64, y: u64, mul: u64, by: u32) -> u64 {
    let a = (x ^ y).wrapping_mul(mul);
    let b = (y ^ a ^ (a >> 47)).wrapping_mul(mul);
    rot(b, by).wrapping_mul(mul)
}

/// FarmHash's 64-bit fingerprint.
pub fn fingerprint64(s: &[u8]) -> u64 {
    let n = s.len();
    let len = n as u64;
    let mul = K2.wrapping_add(len * 2);
    match n {
        0 => return K2,
        1..=3 => {
            let (a, b, c) = (u64::from(s[0]), u64::from(s[n >> 1]), u64::from(s[n - 1]));
            return shift_mix((a + (b << 8)).wrapping_mul(K2) ^ (len + (c << 2)).wrapping_mul(K0)).wrapping_mul(K2);
        }
        4..=7 => return len16_mul(len.wrapping_add(u32_at(s, 0) << 3), u32_at(s, n - 4), mul),
        8..=16 => {
            let (a, b) = (u64_at(s, 0).wrapping_add(K2), u64_at(s, n - 8));
            let c = rot(b, 37).wrapping_mul(mul).wrapping_add(a);
            let d = rot(a, 25).wrapping_add(b).wrapping_mul(mul);
            return len16_mul(c, d, mul);
        }
        17..=32 => {
            let (a, b) = (u64_at(s, 0).wrapping_mul(K1), u64_at(s, 8));
            let (c, d) = (u64_at(s, n - 8).wrapping_mul(mul), u64_at(s, n - 16).wrapping_mul(K2));
            return len16_mul(
                rot(a.wrapping_add(b), 43).wrapping_add(rot(c, 30)).wrapping_add(d),
                a.wrapping_add(rot(b.wrapping_add(K2), 18)).wrapping_add(c),
                mul,
            );
        }
        33..=64 => {
            let (a, b) = (u64_at(s, 0).wrapping_mul(K2), u64_at(s, 8));
            let (c, d) = (u64_at(s, n - 8).wrapping_mul(mul), u64_at(s, n - 16).wrapping_mul(K2));
            let y = rot(a.wrapping_add(b), 43).wrapping_add(rot(c, 30)).wrapping_add(d);
            let z = len16_mul(y, a.wrapping_add(rot(b.wrapping_add(K2), 18)).wrapping_add(c), mul);
            let (e, f) = (u64_at(s, 16).wrapping_mul(mul), u64_at(s, 24));
            let g = y.wrapping_add(u64_at(s, n - 32)).wrapping_mul(mul);
            let h = z.wrapping_add(u64_at(s, n - 24)).wrapping_mul(mul);
            return len16_mul(
                rot(e.wrapping_add(f), 43).wrapping_add(rot(g, 30)).wrapping_add(h),
                e.wrapping_add(rot(f.wrapping_add(a), 18)).wrapping_add(g),
                mul,
            );
        }
        _ => {}
    }
    let mut x: u64 = 81;
    let mut y = 81u64.wrapping_mul(K1).wrapping_add(113);
    let mut z = shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2);
    let (mut v, mut w) = ((0u64, 0u64), (0u64, 0u64));
    x = x.wrapping_mul(K2).wrapping_add(u64_at(s, 0));
    let end = (n - 1) / 64 * 64;
    let last = end + ((n - 1) & 63) - 63;
    let mut i = 0;
    while i != end {
        x = rot(x.wrapping_add(y).wrapping_add(v.0).wrapping_add(u64_at(s, i + 8)), 37).wrapping_mul(K1);
        y = rot(y.wrapping_add(v.1).wrapping_add(u64_at(s, i + 48)), 42).wrapping_mul(K1);
        x ^= w.1;
        y = y.wrapping_add(v.0).wrapping_add(u64_at(s, i + 40));
        z = rot(z.wrapping_add(w.0), 33).wrapping_mul(K1);
        v = weak(s, i, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(s, i + 32, z.wrapping_add(w.1), y.wrapping_add(u64_at(s, i + 16)));
        std::mem::swap(&mut z, &mut x);
        i += 64;
    }
    let mul = K1.wrapping_add((z & 0xff) << 1);
    let i = last;
    w.0 = w.0.wrapping_add((len - 1) & 63);
    v.0 = v.0.wrapping_add(w.0);
    w.0 = w.0.wrapping_add(v.0);
    x = rot(x.wrapping_add(y).wrapping_add(v.0).wrapping_add(u64_at(s, i + 8)), 37).wrapping_mul(mul);
    y = rot(y.wrapping_add(v.1).wrapping_add(u64_at(s, i + 48)), 42).wrapping_mul(mul);
    x ^= w.1.wrapping_mul(9);
    y = y.wrapping_add(v.0.wrapping_mul(9)).wrapping_add(u64_at(s, i + 40));
    z = rot(z.wrapping_add(w.0), 33).wrapping_mul(mul);
    v = weak(s, i, v.1.wrapping_mul(mul), x.wrapping_add(w.0));
    w = weak(s, i + 32, z.wrapping_add(w.1), y.wrapping_add(u64_at(s, i + 16)));
    std::mem::swap(&mut z, &mut x);
    len16_mul(
        len16_mul(v.0, w.0, mul).wrapping_add(shift_mix(y).wrapping_mul(K0)).wrapping_add(z),
        len16_mul(v.1, w.1, mul).wrapping_add(x),
        mul,
    )
}

//! CityHash64 of version 1.0.2, which functions and the states of aggregates share, and what its relatives are made of.

pub fn u64_at(s: &[u8], i: usize) -> u64 {
    s.get(i..i + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}
pub fn u32_at(s: &[u8], i: usize) -> u64 {
    s.get(i..i + 4).and_then(|b| b.try_into().ok()).map_or(0, |b| u64::from(u32::from_le_bytes(b)))
}

pub const K0: u64 = 0xc3a5_c85c_97cb_3127;
pub const K1: u64 = 0xb492_b66f_be98_f273;
pub const K2: u64 = 0x9ae1_6a3b_2f90_404f;
pub const K3: u64 = 0xc949_d7c7_509e_6557;

pub fn rot(x: u64, n: u32) -> u64 {
    x.rotate_right(n)
}
#[inline]
pub fn shift_mix(x: u64) -> u64 {
    x ^ (x >> 47)
}
/// Two words made one.
pub fn len16_mul(u: u64, v: u64, mul: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(mul));
    shift_mix((v ^ a).wrapping_mul(mul)).wrapping_mul(mul)
}
/// CityHash's way to make one 64-bit hash of two.
pub fn hash_128_to_64(u: u64, v: u64) -> u64 {
    len16_mul(u, v, 0x9ddf_ea08_eb38_2d69)
}
/// 32 bytes mixed with two seeds.
pub fn weak(s: &[u8], i: usize, a: u64, b: u64) -> (u64, u64) {
    let (w, x, y, z) = (u64_at(s, i), u64_at(s, i + 8), u64_at(s, i + 16), u64_at(s, i + 24));
    let mut a = a.wrapping_add(w);
    let mut b = rot(b.wrapping_add(a).wrapping_add(z), 21);
    let c = a;
    a = a.wrapping_add(x).wrapping_add(y);
    b = b.wrapping_add(rot(a, 44));
    (a.wrapping_add(z), b.wrapping_add(c))
}

/// CityHash64 of version 1.0.2.
pub fn city64(s: &[u8]) -> u64 {
    let n = s.len();
    let len = n as u64;
    match n {
        0 => return K2,
        1..=3 => {
            let (a, b, c) = (u64::from(s[0]), u64::from(s[n >> 1]), u64::from(s[n - 1]));
            let (y, z) = (a + (b << 8), len + (c << 2));
            return shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2);
        }
        4..=8 => return hash_128_to_64(len.wrapping_add(u32_at(s, 0) << 3), u32_at(s, n - 4)),
        9..=16 => {
            let (a, b) = (u64_at(s, 0), u64_at(s, n - 8));
            return hash_128_to_64(a, rot(b.wrapping_add(len), n as u32)) ^ b;
        }
        17..=32 => {
            let a = u64_at(s, 0).wrapping_mul(K1);
            let b = u64_at(s, 8);
            let c = u64_at(s, n - 8).wrapping_mul(K2);
            let d = u64_at(s, n - 16).wrapping_mul(K0);
            return hash_128_to_64(
                rot(a.wrapping_sub(b), 43).wrapping_add(rot(c, 30)).wrapping_add(d),
                a.wrapping_add(rot(b ^ K3, 20)).wrapping_sub(c).wrapping_add(len),
            );
        }
        33..=64 => return city_33_to_64(s),
        _ => {}
    }
    let mut x = u64_at(s, 0);
    let mut y = u64_at(s, n - 16) ^ K1;
    let mut z = u64_at(s, n - 56) ^ K0;
    let mut v = weak(s, n - 64, len, y);
    let mut w = weak(s, n - 32, len.wrapping_mul(K1), K0);
    z = z.wrapping_add(shift_mix(v.1).wrapping_mul(K1));
    x = rot(z.wrapping_add(x), 39).wrapping_mul(K1);
    y = rot(y, 33).wrapping_mul(K1);
    let mut i = 0;
    let mut left = (n - 1) & !63;
    loop {
        x = rot(x.wrapping_add(y).wrapping_add(v.0).wrapping_add(u64_at(s, i + 16)), 37).wrapping_mul(K1);
        y = rot(y.wrapping_add(v.1).wrapping_add(u64_at(s, i + 48)), 42).wrapping_mul(K1);
        x ^= w.1;
        y ^= v.0;
        z = rot(z ^ w.0, 33);
        v = weak(s, i, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(s, i + 32, z.wrapping_add(w.1), y);
        std::mem::swap(&mut z, &mut x);
        i += 64;
        left -= 64;
        if left == 0 {
            break;
        }
    }
    hash_128_to_64(
        hash_128_to_64(v.0, w.0).wrapping_add(shift_mix(y).wrapping_mul(K1)).wrapping_add(z),
        hash_128_to_64(v.1, w.1).wrapping_add(x),
    )
}

fn city_33_to_64(s: &[u8]) -> u64 {
    let n = s.len();
    let mut z = u64_at(s, 24);
    let mut a = u64_at(s, 0).wrapping_add((n as u64).wrapping_add(u64_at(s, n - 16)).wrapping_mul(K0));
    let mut b = rot(a.wrapping_add(z), 52);
    let mut c = rot(a, 37);
    a = a.wrapping_add(u64_at(s, 8));
    c = c.wrapping_add(rot(a, 7));
    a = a.wrapping_add(u64_at(s, 16));
    let (vf, vs) = (a.wrapping_add(z), b.wrapping_add(rot(a, 31)).wrapping_add(c));
    a = u64_at(s, 16).wrapping_add(u64_at(s, n - 32));
    z = u64_at(s, n - 8);
    b = rot(a.wrapping_add(z), 52);
    c = rot(a, 37);
    a = a.wrapping_add(u64_at(s, n - 24));
    c = c.wrapping_add(rot(a, 7));
    a = a.wrapping_add(u64_at(s, n - 16));
    let (wf, ws) = (a.wrapping_add(z), b.wrapping_add(rot(a, 31)).wrapping_add(c));
    let r =
        shift_mix(vf.wrapping_add(ws).wrapping_mul(K2).wrapping_add(wf.wrapping_add(vs).wrapping_mul(K0)));
    shift_mix(r.wrapping_mul(K0).wrapping_add(vs)).wrapping_mul(K2)
}

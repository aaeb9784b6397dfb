//! The hash algorithms that have no crate or whose variant is ClickHouse's own.

use types::city::{rot, u32_at, u64_at};
pub use types::city::{city64, hash_128_to_64};

pub fn int_hash64(x: u64) -> u64 {
    let mut x = x ^ 0x4CF2_D2BA_AE6D_A887;
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

pub fn int_hash32(x: u64) -> u32 {
    let mut k = x ^ 0x75D9_543D_E018_BF45;
    k = (!k).wrapping_add(k << 18);
    k ^= k.rotate_right(31);
    k = k.wrapping_mul(21);
    k ^= k.rotate_right(11);
    k = k.wrapping_add(k << 6);
    k ^= k.rotate_right(22);
    k as u32
}

/// MetroHash64 with seed 0.
pub fn metro64(s: &[u8]) -> u64 {
    const A: u64 = 0xC83A_91E1;
    const B: u64 = 0x8648_DBDB;
    const C: u64 = 0x7BDE_C03B;
    const D: u64 = 0x2F58_70A5;
    let n = s.len();
    let mut i = 0;
    let mut h = C.wrapping_mul(A).wrapping_add(n as u64);
    if n >= 32 {
        let mut v = [h; 4];
        while i + 32 <= n {
            v[0] = rot(v[0].wrapping_add(u64_at(s, i).wrapping_mul(A)), 29).wrapping_add(v[2]);
            v[1] = rot(v[1].wrapping_add(u64_at(s, i + 8).wrapping_mul(B)), 29).wrapping_add(v[3]);
            v[2] = rot(v[2].wrapping_add(u64_at(s, i + 16).wrapping_mul(C)), 29).wrapping_add(v[0]);
            v[3] = rot(v[3].wrapping_add(u64_at(s, i + 24).wrapping_mul(D)), 29).wrapping_add(v[1]);
            i += 32;
        }
        v[2] ^= rot(v[0].wrapping_add(v[3]).wrapping_mul(A).wrapping_add(v[1]), 33).wrapping_mul(B);
        v[3] ^= rot(v[1].wrapping_add(v[2]).wrapping_mul(B).wrapping_add(v[0]), 33).wrapping_mul(A);
        v[0] ^= rot(v[0].wrapping_add(v[2]).wrapping_mul(A).wrapping_add(v[3]), 33).wrapping_mul(B);
        v[1] ^= rot(v[1].wrapping_add(v[3]).wrapping_mul(B).wrapping_add(v[2]), 33).wrapping_mul(A);
        h = h.wrapping_add(v[0] ^ v[1]);
    }
    if n - i >= 16 {
        let mut x = rot(h.wrapping_add(u64_at(s, i).wrapping_mul(A)), 33).wrapping_mul(B);
        let mut y = rot(h.wrapping_add(u64_at(s, i + 8).wrapping_mul(B)), 33).wrapping_mul(C);
        x ^= rot(x.wrapping_mul(A), 35).wrapping_add(y);
        y ^= rot(y.wrapping_mul(D), 35).wrapping_add(x);
        h = h.wrapping_add(y);
        i += 16;
    }
    let step = |h: u64, v: u64, r: u32| {
        let h = h.wrapping_add(v.wrapping_mul(D));
        h ^ rot(h, r).wrapping_mul(B)
    };
    if n - i >= 8 {
        h = step(h, u64_at(s, i), 33);
        i += 8;
    }
    if n - i >= 4 {
        h = step(h, u32_at(s, i), 15);
        i += 4;
    }
    if n - i >= 2 {
        h = step(h, u64::from(s[i]) | u64::from(s[i + 1]) << 8, 13);
        i += 2;
    }
    if n - i >= 1 {
        h = step(h, u64::from(s[i]), 25);
    }
    h ^= rot(h, 33);
    h = h.wrapping_mul(A);
    h ^ rot(h, 33)
}

/// MurmurHash2, 32 bits.
pub fn murmur2_32(s: &[u8], seed: u32) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut h = seed ^ s.len() as u32;
    let chunks = s.chunks_exact(4);
    let rest = chunks.remainder();
    for c in chunks {
        let mut k = (u32_at(c, 0) as u32).wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (j, x) in rest.iter().enumerate() {
            h ^= u32::from(*x) << (8 * j);
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

/// MurmurHash64A.
pub fn murmur2_64(s: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mut h = seed ^ (s.len() as u64).wrapping_mul(M);
    let chunks = s.chunks_exact(8);
    let rest = chunks.remainder();
    for c in chunks {
        let mut k = u64_at(c, 0).wrapping_mul(M);
        k ^= k >> 47;
        h = (h ^ k.wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (j, x) in rest.iter().enumerate() {
            h ^= u64::from(*x) << (8 * j);
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 47;
    h = h.wrapping_mul(M);
    h ^ (h >> 47)
}

pub fn murmur3_32(s: &[u8]) -> u32 {
    let (c1, c2) = (0xcc9e_2d51u32, 0x1b87_3593u32);
    let mut h = 0u32;
    let chunks = s.chunks_exact(4);
    let rest = chunks.remainder();
    for c in chunks {
        let k = (u32_at(c, 0) as u32).wrapping_mul(c1).rotate_left(15).wrapping_mul(c2);
        h = (h ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    if !rest.is_empty() {
        let k = rest.iter().enumerate().fold(0u32, |k, (j, x)| k | u32::from(*x) << (8 * j));
        h ^= k.wrapping_mul(c1).rotate_left(15).wrapping_mul(c2);
    }
    h ^= s.len() as u32;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

pub fn murmur3_128(s: &[u8]) -> (u64, u64) {
    let (c1, c2) = (0x87c3_7b91_1142_53d5u64, 0x4cf5_ad43_2745_937fu64);
    let (mut a, mut b) = (0u64, 0u64);
    let chunks = s.chunks_exact(16);
    let rest = chunks.remainder();
    for c in chunks {
        a ^= u64_at(c, 0).wrapping_mul(c1).rotate_left(31).wrapping_mul(c2);
        a = a.rotate_left(27).wrapping_add(b).wrapping_mul(5).wrapping_add(0x52dc_e729);
        b ^= u64_at(c, 8).wrapping_mul(c2).rotate_left(33).wrapping_mul(c1);
        b = b.rotate_left(31).wrapping_add(a).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let tail = |from: usize| rest.iter().skip(from).take(8).enumerate().fold(0u64, |k, (j, x)| k | u64::from(*x) << (8 * j));
    if rest.len() > 8 {
        b ^= tail(8).wrapping_mul(c2).rotate_left(33).wrapping_mul(c1);
    }
    if !rest.is_empty() {
        a ^= tail(0).wrapping_mul(c1).rotate_left(31).wrapping_mul(c2);
    }
    let n = s.len() as u64;
    a ^= n;
    b ^= n;
    a = a.wrapping_add(b);
    b = b.wrapping_add(a);
    let mix = |mut k: u64| {
        k ^= k >> 33;
        k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
        k ^= k >> 33;
        k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        k ^ (k >> 33)
    };
    a = mix(a);
    b = mix(b);
    a = a.wrapping_add(b);
    b = b.wrapping_add(a);
    (a, b)
}

/// SipHash-2-4 state after all input.
fn sip(s: &[u8], k0: u64, k1: u64, wide: bool) -> [u64; 4] {
    let mut v = [
        0x736f_6d65_7073_6575 ^ k0,
        0x646f_7261_6e64_6f6d ^ k1 ^ if wide { 0xee } else { 0 },
        0x6c79_6765_6e65_7261 ^ k0,
        0x7465_6462_7974_6573 ^ k1,
    ];
    let chunks = s.chunks_exact(8);
    let rest = chunks.remainder();
    let word = |v: &mut [u64; 4], m: u64| {
        v[3] ^= m;
        sip_round(v);
        sip_round(v);
        v[0] ^= m;
    };
    for c in chunks {
        word(&mut v, u64_at(c, 0));
    }
    let tail = rest.iter().enumerate().fold((s.len() as u64) << 56, |k, (j, x)| k | u64::from(*x) << (8 * j));
    word(&mut v, tail);
    v
}

fn sip_round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

pub fn sip64(s: &[u8], k0: u64, k1: u64) -> u64 {
    let mut v = sip(s, k0, k1, false);
    v[2] ^= 0xff;
    (0..4).for_each(|_| sip_round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// ClickHouse's 128 bits from the 64-bit algorithm.
pub fn sip128(s: &[u8], k0: u64, k1: u64) -> u128 {
    let mut v = sip(s, k0, k1, false);
    v[2] ^= 0xff;
    (0..4).for_each(|_| sip_round(&mut v));
    u128::from(v[0] ^ v[1]) | u128::from(v[2] ^ v[3]) << 64
}

/// SipHash-2-4-128 as its authors define it.
pub fn sip128_reference(s: &[u8], k0: u64, k1: u64) -> u128 {
    let mut v = sip(s, k0, k1, true);
    v[2] ^= 0xee;
    (0..4).for_each(|_| sip_round(&mut v));
    let low = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    (0..4).for_each(|_| sip_round(&mut v));
    u128::from(low) | u128::from(v[0] ^ v[1] ^ v[2] ^ v[3]) << 64
}

/// Reflected CRC without inversions.
pub fn crc_plain<const BITS: u32>(s: &[u8], polynomial: u64) -> u64 {
    s.iter().fold(0u64, |crc, x| {
        let mut c = crc ^ u64::from(*x);
        for _ in 0..8 {
            c = if c & 1 != 0 { c >> 1 ^ polynomial } else { c >> 1 };
        }
        c
    })
}

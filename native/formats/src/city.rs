//! CityHash128 of version 1.0.2: the checksum of ClickHouse's compressed blocks.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;

type Pair = (u64, u64);

/// The eight bytes at `at`; 0 beyond the end, which no caller reads.
fn u64_at(s: &[u8], at: usize) -> u64 {
    s.get(at..).and_then(|t| t.first_chunk::<8>()).map_or(0, |b| u64::from_le_bytes(*b))
}
fn u32_at(s: &[u8], at: usize) -> u64 {
    s.get(at..).and_then(|t| t.first_chunk::<4>()).map_or(0, |b| u32::from_le_bytes(*b).into())
}
fn shift_mix(x: u64) -> u64 {
    x ^ (x >> 47)
}
/// One 64-bit hash of two.
fn of_two(u: u64, v: u64) -> u64 {
    const MUL: u64 = 0x9ddf_ea08_eb38_2d69;
    let a = shift_mix((u ^ v).wrapping_mul(MUL));
    shift_mix((v ^ a).wrapping_mul(MUL)).wrapping_mul(MUL)
}

fn upto_16(s: &[u8]) -> u64 {
    let n = s.len() as u64;
    match s.len() {
        0 => K2,
        1..=3 => {
            let y = u64::from(s[0]) + (u64::from(s[s.len() >> 1]) << 8);
            let z = n + (u64::from(s[s.len() - 1]) << 2);
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2)
        }
        4..=8 => of_two(n + (u32_at(s, 0) << 3), u32_at(s, s.len() - 4)),
        _ => {
            let (a, b) = (u64_at(s, 0), u64_at(s, s.len() - 8));
            of_two(a, b.wrapping_add(n).rotate_right(n as u32)) ^ b
        }
    }
}

/// 32 bytes at `at` mixed with two seeds.
fn weak(s: &[u8], at: usize, a: u64, b: u64) -> Pair {
    let [w, x, y, z] = [0, 8, 16, 24].map(|i| u64_at(s, at + i));
    let a = a.wrapping_add(w);
    let b = b.wrapping_add(a).wrapping_add(z).rotate_right(21);
    let c = a;
    let a = a.wrapping_add(x).wrapping_add(y);
    (a.wrapping_add(z), b.wrapping_add(a.rotate_right(44)).wrapping_add(c))
}

/// Fewer than 128 bytes.
fn short(s: &[u8], (mut a, mut b): Pair) -> Pair {
    let (mut c, mut d);
    if s.len() <= 16 {
        a = shift_mix(a.wrapping_mul(K1)).wrapping_mul(K1);
        c = b.wrapping_mul(K1).wrapping_add(upto_16(s));
        d = shift_mix(a.wrapping_add(if s.len() >= 8 { u64_at(s, 0) } else { c }));
    } else {
        let n = s.len();
        c = of_two(u64_at(s, n - 8).wrapping_add(K1), a);
        d = of_two(b.wrapping_add(n as u64), c.wrapping_add(u64_at(s, n - 16)));
        a = a.wrapping_add(d);
        let mut at = 0;
        while at + 16 < n {
            a = (a ^ shift_mix(u64_at(s, at).wrapping_mul(K1)).wrapping_mul(K1)).wrapping_mul(K1);
            b ^= a;
            c = (c ^ shift_mix(u64_at(s, at + 8).wrapping_mul(K1)).wrapping_mul(K1)).wrapping_mul(K1);
            d ^= c;
            at += 16;
        }
    }
    a = of_two(a, c);
    b = of_two(d, b);
    (a ^ b, of_two(b, a))
}

fn seeded(s: &[u8], seed: Pair) -> Pair {
    if s.len() < 128 {
        return short(s, seed);
    }
    let (mut x, mut y) = seed;
    let mut z = (s.len() as u64).wrapping_mul(K1);
    let mut v = ((y ^ K1).rotate_right(49).wrapping_mul(K1).wrapping_add(u64_at(s, 0)), 0);
    v.1 = v.0.rotate_right(42).wrapping_mul(K1).wrapping_add(u64_at(s, 8));
    let mut w = (
        y.wrapping_add(z).rotate_right(35).wrapping_mul(K1).wrapping_add(x),
        x.wrapping_add(u64_at(s, 88)).rotate_right(53).wrapping_mul(K1),
    );
    let mut at = 0;
    while s.len() - at >= 128 {
        for _ in 0..2 {
            let sum = x.wrapping_add(y).wrapping_add(v.0).wrapping_add(u64_at(s, at + 16));
            x = sum.rotate_right(37).wrapping_mul(K1) ^ w.1;
            let sum = y.wrapping_add(v.1).wrapping_add(u64_at(s, at + 48));
            y = sum.rotate_right(42).wrapping_mul(K1) ^ v.0;
            z = (z ^ w.0).rotate_right(33);
            v = weak(s, at, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
            w = weak(s, at + 32, z.wrapping_add(w.1), y);
            std::mem::swap(&mut z, &mut x);
            at += 64;
        }
    }
    y = y.wrapping_add(w.0.rotate_right(37).wrapping_mul(K0)).wrapping_add(z);
    x = x.wrapping_add(v.0.wrapping_add(z).rotate_right(49).wrapping_mul(K0));
    // What is left is read in steps of 32 bytes from the end; the last step may reach back.
    let (left, mut done) = (s.len() - at, 0);
    while done < left {
        done += 32;
        let from = s.len() - done;
        y = y.wrapping_sub(x).rotate_right(42).wrapping_mul(K0).wrapping_add(v.1);
        w.0 = w.0.wrapping_add(u64_at(s, from + 16));
        x = x.rotate_right(49).wrapping_mul(K0).wrapping_add(w.0);
        w.0 = w.0.wrapping_add(v.0);
        v = weak(s, from, v.0, v.1);
    }
    x = of_two(x, v.0);
    y = of_two(y, w.0);
    (of_two(x.wrapping_add(v.1), w.1).wrapping_add(y), of_two(x.wrapping_add(w.1), y.wrapping_add(v.1)))
}

/// The hash as (low, high).
pub fn city128(s: &[u8]) -> Pair {
    let n = s.len();
    match n {
        16.. => seeded(&s[16..], (u64_at(s, 0) ^ K3, u64_at(s, 8))),
        8..=15 => seeded(&[], (u64_at(s, 0) ^ (n as u64).wrapping_mul(K0), u64_at(s, n - 8) ^ K1)),
        _ => seeded(s, (K0, K1)),
    }
}

#[cfg(test)]
mod tests {
    use super::city128;

    #[test]
    fn known_hashes() {
        let known: [(&[u8], (u64, u64)); 5] = [
            (b"", (0x3df0_9dfc_64c0_9a2b, 0x3cb5_40c3_92e5_1e29)),
            (b"a", (0xd271_39a1_afe0_1ad0, 0xfd7e_8ee2_e4c8_6cf6)),
            (b"Moscow", (0x2edf_17bf_ee3e_df6d, 0x22ae_f305_c640_9d55)),
            (b"0123456789abcdef", (0xc52e_a1ad_b29e_4800, 0x7369_a2fa_b076_de4c)),
            (&[b'x'; 200], (0xae7a_2384_754c_ff10, 0x3a1f_d19b_aefa_c40b)),
        ];
        for (text, hash) in known {
            assert_eq!(city128(text), hash, "{} bytes", text.len());
        }
    }
}

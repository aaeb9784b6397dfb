//! Bit-packing in groups of 256 values.
//!
//! A group of width w is w·32 bytes. Its words (16 bits for w ≤ 16, 32 for w ≤ 32, else 64) lie in rows of
//! `LANES` words; value i belongs to lane `i % LANES`, and each lane is a stream of w-bit values, low bits
//! first, over its words of the successive rows. So one shift serves a whole row of lanes, which is what
//! vector units want, while value i can still be found by arithmetic.

pub(crate) const GROUP: usize = 256;

/// Bytes of `n` values of `width` bits: whole groups.
pub(crate) fn packed_bytes(n: usize, width: u8) -> usize {
    n.div_ceil(GROUP) * 32 * width as usize
}

macro_rules! kernel {
    ($t:ty, $bits:literal, $pack:ident, $unpack:ident, $get:ident) => {
        fn $pack(values: &[u64; GROUP], w: usize, out: &mut Vec<u8>) {
            const LANES: usize = GROUP / $bits;
            let mut words = [0 as $t; GROUP];
            for (i, &v) in values.iter().enumerate() {
                let (row, lane) = (i / LANES, i % LANES);
                let (word, shift) = (row * w / $bits, row * w % $bits);
                words[word * LANES + lane] |= (v as $t) << shift;
                if shift + w > $bits {
                    words[(word + 1) * LANES + lane] |= (v as $t) >> ($bits - shift);
                }
            }
            for x in &words[..w * LANES] {
                out.extend_from_slice(&x.to_le_bytes());
            }
        }
        /// `bytes`: one group. `w`: 1 to the bits of the word.
        #[inline]
        pub(crate) fn $unpack(bytes: &[u8], w: usize, out: &mut [$t; GROUP]) {
            const LANES: usize = GROUP / $bits;
            const SIZE: usize = $bits / 8;
            let mut words = [0 as $t; GROUP];
            for (x, c) in words.iter_mut().zip(bytes[..w * 32].chunks_exact(SIZE)) {
                let mut b = [0u8; SIZE];
                b.copy_from_slice(c);
                *x = <$t>::from_le_bytes(b);
            }
            let mask = <$t>::MAX >> ($bits - w);
            for (row, o) in out.chunks_exact_mut(LANES).enumerate() {
                let (word, shift) = (row * w / $bits, row * w % $bits);
                let a = &words[word * LANES..word * LANES + LANES];
                if shift + w <= $bits {
                    for (o, a) in o.iter_mut().zip(a) {
                        *o = (*a >> shift) & mask;
                    }
                } else {
                    let b = &words[(word + 1) * LANES..(word + 2) * LANES];
                    for ((o, a), b) in o.iter_mut().zip(a).zip(b) {
                        *o = ((*a >> shift) | (*b << ($bits - shift))) & mask;
                    }
                }
            }
        }
        fn $get(group: &[u8], w: usize, i: usize) -> u64 {
            const LANES: usize = GROUP / $bits;
            const SIZE: usize = $bits / 8;
            let at = |word: usize| {
                let p = (word * LANES + i % LANES) * SIZE;
                let mut b = [0u8; SIZE];
                b.copy_from_slice(&group[p..p + SIZE]);
                <$t>::from_le_bytes(b)
            };
            let (word, shift) = (i / LANES * w / $bits, i / LANES * w % $bits);
            let mut v = at(word) >> shift;
            if shift + w > $bits {
                v |= at(word + 1) << ($bits - shift);
            }
            u64::from(v & (<$t>::MAX >> ($bits - w)))
        }
    };
}
kernel!(u16, 16, pack16, unpack16, get16);
kernel!(u32, 32, pack32, unpack32, get32);
kernel!(u64, 64, pack64, unpack64, get64);

/// Packs values that all fit `width` bits (1–64); the last group is filled with zeros.
pub(crate) fn pack(values: impl ExactSizeIterator<Item = u64>, width: u8, out: &mut Vec<u8>) {
    let w = width as usize;
    out.reserve(packed_bytes(values.len(), width));
    let mut group = [0u64; GROUP];
    let mut filled = 0;
    let mut flush = |group: &[u64; GROUP]| match w {
        0..=16 => pack16(group, w, out),
        17..=32 => pack32(group, w, out),
        _ => pack64(group, w, out),
    };
    for v in values {
        group[filled] = v;
        filled += 1;
        if filled == GROUP {
            flush(&group);
            filled = 0;
        }
    }
    if filled > 0 {
        group[filled..].fill(0);
        flush(&group);
    }
}

/// Value `i` of a packed run; `bytes` must hold its group.
pub(crate) fn get(bytes: &[u8], width: u8, i: usize) -> u64 {
    let w = width as usize;
    let group = &bytes[i / GROUP * 32 * w..][..32 * w];
    match w {
        0..=16 => get16(group, w, i % GROUP),
        17..=32 => get32(group, w, i % GROUP),
        _ => get64(group, w, i % GROUP),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_comes_back() {
        for width in 1..=64u8 {
            let values: Vec<u64> =
                (0..600u64).map(|i| types::compare::mix(i, 3) & (u64::MAX >> (64 - width))).collect();
            let mut bytes = Vec::new();
            pack(values.iter().copied(), width, &mut bytes);
            assert_eq!(bytes.len(), packed_bytes(values.len(), width));
            for (i, &v) in values.iter().enumerate() {
                assert_eq!(get(&bytes, width, i), v, "width {width}");
            }
            let w = width as usize;
            for (g, bytes) in bytes.chunks(32 * w).enumerate() {
                let mut out = [0u64; GROUP];
                if w <= 16 {
                    let mut o = [0u16; GROUP];
                    unpack16(bytes, w, &mut o);
                    out.iter_mut().zip(o).for_each(|(a, b)| *a = b.into());
                } else if w <= 32 {
                    let mut o = [0u32; GROUP];
                    unpack32(bytes, w, &mut o);
                    out.iter_mut().zip(o).for_each(|(a, b)| *a = b.into());
                } else {
                    unpack64(bytes, w, &mut out);
                }
                for (i, &v) in values.iter().skip(g * GROUP).take(GROUP).enumerate() {
                    assert_eq!(out[i], v);
                }
            }
        }
    }
}

//! The serial form. Reading trusts nothing.

use crate::{Bitmap, Damaged, LIST_MAX};
use roaring::{RoaringBitmap, RoaringTreemap};

impl Bitmap {
    /// Appends the serial form; values have `width` bytes (1, 2, 4 or 8).
    pub fn put(&self, width: usize, out: &mut Vec<u8>) {
        match self {
            Bitmap::List(l) => {
                out.push(0);
                out.push(l.len() as u8);
                for v in l {
                    out.extend_from_slice(&v.to_le_bytes()[..width]);
                }
            }
            Bitmap::Large(r) => {
                out.push(1);
                if width == 8 {
                    put_size(out, r.serialized_size());
                    // writing to a vector cannot fail
                    let _ = r.serialize_into(&mut *out);
                } else {
                    let narrow = narrow(r);
                    put_size(out, narrow.serialized_size());
                    let _ = narrow.serialize_into(&mut *out);
                }
            }
        }
    }

    /// Reads what `put` wrote; all bytes must be used. No bytes are an empty bitmap.
    pub fn read(bytes: &[u8], width: usize) -> Result<Bitmap, Damaged> {
        let Some((kind, rest)) = bytes.split_first() else { return Ok(Bitmap::default()) };
        let (size, rest) = read_size(rest)?;
        match kind {
            0 => {
                if size > LIST_MAX || rest.len() != size * width {
                    return Err(Damaged);
                }
                let mut list = Vec::with_capacity(size);
                for v in rest.chunks_exact(width) {
                    let mut word = [0u8; 8];
                    word[..width].copy_from_slice(v);
                    let v = u64::from_le_bytes(word);
                    if list.contains(&v) {
                        return Err(Damaged);
                    }
                    list.push(v);
                }
                Ok(Bitmap::List(list))
            }
            1 if rest.len() == size && width == 8 => {
                let mut at = rest;
                let map = RoaringTreemap::deserialize_from(&mut at).map_err(|_| Damaged)?;
                if at.is_empty() { Ok(Bitmap::Large(map)) } else { Err(Damaged) }
            }
            1 if rest.len() == size => {
                let mut at = rest;
                let map = RoaringBitmap::deserialize_from(&mut at).map_err(|_| Damaged)?;
                let fits = width == 4 || map.max().is_none_or(|v| u64::from(v) >> (8 * width) == 0);
                if !at.is_empty() || !fits {
                    return Err(Damaged);
                }
                Ok(Bitmap::Large(RoaringTreemap::from_bitmaps([(0, map)])))
            }
            _ => Err(Damaged),
        }
    }
}

fn narrow(map: &RoaringTreemap) -> RoaringBitmap {
    let mut parts = map.bitmaps().filter(|(high, _)| *high == 0);
    parts.next().map(|(_, low)| low.clone()).unwrap_or_default()
}

fn put_size(out: &mut Vec<u8>, mut v: usize) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn read_size(bytes: &[u8]) -> Result<(usize, &[u8]), Damaged> {
    let (mut v, mut shift) = (0usize, 0u32);
    for (i, b) in bytes.iter().enumerate().take(5) {
        v |= usize::from(b & 0x7f) << shift;
        if *b < 0x80 {
            return Ok((v, &bytes[i + 1..]));
        }
        shift += 7;
    }
    Err(Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(map: &Bitmap, width: usize) -> Vec<u64> {
        let mut bytes = Vec::new();
        map.put(width, &mut bytes);
        Bitmap::read(&bytes, width).expect("reads back").iter().collect()
    }

    #[test]
    fn reads_what_it_wrote() {
        for width in [1usize, 2, 4, 8] {
            for n in [0u64, 1, 32, 33, 200] {
                let map: Bitmap = (0..n).rev().collect();
                assert_eq!(round(&map, width), map.iter().collect::<Vec<_>>());
            }
        }
        let wide: Bitmap = (0..100).map(|i| i << 33).collect();
        assert_eq!(round(&wide, 8), wide.iter().collect::<Vec<_>>());
    }

    #[test]
    fn refuses_damage() {
        let mut bytes = Vec::new();
        (0..100).collect::<Bitmap>().put(4, &mut bytes);
        for cut in 1..bytes.len() {
            assert!(Bitmap::read(&bytes[..cut], 4).is_err());
        }
        for bad in [&[0, 2, 1, 1][..], &[0, 33][..], &[2, 0][..], &[1, 0xff, 0xff, 0xff, 0xff, 0xff][..]] {
            assert!(Bitmap::read(bad, 1).is_err());
        }
        // every damaged byte is refused or is another bitmap
        for i in 0..bytes.len() {
            for flip in [1u8, 0x80, 0xff] {
                let mut b = bytes.clone();
                b[i] ^= flip;
                let _ = Bitmap::read(&b, 4);
            }
        }
    }

    #[test]
    fn reads_the_portable_form_of_clickhouse() {
        // hex(groupBitmapState(toUInt32(number))) of numbers(40)
        let bytes = [1, 0x0F, 0x3B, 0x30, 0, 0, 1, 0, 0, 0x27, 0, 1, 0, 0, 0, 0x27, 0];
        let map = Bitmap::read(&bytes, 4).expect("reads");
        assert_eq!(map.iter().collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    }
}

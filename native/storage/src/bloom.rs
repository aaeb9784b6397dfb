//! A bloom filter of 512-bit blocks: one cache line a look-up, one bit in each of its eight words.
//!
//! A value's hash picks a block by its high half; its low 48 bits are eight positions of six bits. The hash
//! is xxh3 of: whole numbers of up to 128 bits as 16 bytes, wider ones as 32, floats as the 8 bytes of the
//! double (−0 as 0), strings as they are. All little-endian.

use crate::bytes::{Reader, checksum, corrupt};
use types::{Column, Data, Result, Scalar};

pub(crate) struct Bloom {
    words: Vec<u64>,
}

/// The hash that stands for a value, `None` for NULL and nested values.
pub(crate) fn hash(v: &Scalar) -> Option<u64> {
    Some(match v {
        Scalar::Int(x) => checksum(&x.to_le_bytes()),
        Scalar::UInt(x) => checksum(&x.to_le_bytes()),
        Scalar::I256(x) => checksum(&x.to_le_bytes()),
        Scalar::U256(x) => checksum(&x.to_le_bytes()),
        Scalar::Float(x) => checksum(&(x + 0.0).to_bits().to_le_bytes()),
        Scalar::Bytes(x) => checksum(x),
        Scalar::Null | Scalar::Array(_) | Scalar::Tuple(_) => return None,
    })
}

/// Hashes of all rows of a column; of all elements for arrays.
pub(crate) fn hashes(c: &Column, out: &mut Vec<u64>) {
    let int = |x: i128| checksum(&x.to_le_bytes());
    match &c.data {
        Data::Const(one, _) => return hashes(one, out),
        Data::Codes(codes, d) => {
            let mut seen = vec![false; d.len()];
            codes.iter().for_each(|c| seen[*c as usize] = true);
            let rows: Vec<u32> = (0..d.len() as u32).filter(|i| seen[*i as usize]).collect();
            return hashes(&d.values.gather(&rows), out);
        }
        Data::Array(a) => {
            let n = a.offsets.len() - 1;
            let (from, to) = (a.offsets[0] as usize, a.offsets[n] as usize);
            return hashes(&a.values.slice(from, to - from), out);
        }
        _ => {}
    }
    let skip = |i: usize| c.is_null(i);
    macro_rules! ints {
        ($v:expr) => {
            out.extend($v.iter().enumerate().filter(|(i, _)| !skip(*i)).map(|(_, x)| int(i128::from(*x))))
        };
    }
    match &c.data {
        Data::U8(v) => ints!(v),
        Data::U16(v) => ints!(v),
        Data::U32(v) => ints!(v),
        Data::U64(v) => ints!(v),
        Data::I8(v) => ints!(v),
        Data::I16(v) => ints!(v),
        Data::I32(v) => ints!(v),
        Data::I64(v) => ints!(v),
        Data::Str(s) => out.extend(s.iter().enumerate().filter(|(i, _)| !skip(*i)).map(|(_, x)| checksum(x))),
        _ => out.extend((0..c.len()).filter_map(|i| hash(&c.scalar(i)))),
    }
}

impl Bloom {
    /// `hashes`: repetitions allowed. 10 bits for each distinct one: about 1 % false answers.
    pub fn build(hashes: &mut Vec<u64>, bits_per_value: usize) -> Bloom {
        hashes.sort_unstable();
        hashes.dedup();
        let blocks = (hashes.len() * bits_per_value).div_ceil(512).max(1);
        let mut words = vec![0u64; blocks * 8];
        for &h in hashes.iter() {
            let at = block_of(h, blocks);
            for k in 0..8 {
                words[at * 8 + k] |= 1 << (h >> (6 * k) & 63);
            }
        }
        Bloom { words }
    }
    pub fn may_contain(&self, h: u64) -> bool {
        let at = block_of(h, self.words.len() / 8);
        (0..8).all(|k| self.words[at * 8 + k] >> (h >> (6 * k) & 63) & 1 != 0)
    }
    pub fn write(&self) -> Vec<u8> {
        self.words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }
    pub fn read(bytes: &[u8]) -> Result<Bloom> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(64) {
            return Err(corrupt("a bloom filter that is not whole blocks"));
        }
        let mut r = Reader::new(bytes);
        let words = (0..bytes.len() / 8).map(|_| r.u64()).collect::<Result<_>>()?;
        Ok(Bloom { words })
    }
}

fn block_of(h: u64, blocks: usize) -> usize {
    (((h >> 32) * blocks as u64) >> 32) as usize
}

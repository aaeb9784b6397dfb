//! Run-length: where each run ends, and its value.
//!
//! Node: number of runs (u32), part: ends (ascending, the last is the row count), part: values.

use super::ints::{self, Ints};
use super::lane::Lane;
use super::test::Test;
use crate::bytes::{Reader, corrupt, put_part};
use types::{Bitmap, Result};

#[derive(Clone)]
pub(crate) struct Runs<'a> {
    ends: Vec<u32>,
    values: Ints<'a>,
}

pub(crate) fn write(values: &[u64], flip: u64, out: &mut Vec<u8>) {
    let mut ends = Vec::new();
    let mut heads = Vec::new();
    for (i, v) in values.iter().enumerate() {
        if i + 1 == values.len() || values[i + 1] != *v {
            ends.push(i as u64 + 1);
            heads.push(*v);
        }
    }
    out.extend_from_slice(&(ends.len() as u32).to_le_bytes());
    put_part(out, |out| ints::encode_light(&ends, out));
    put_part(out, |out| ints::encode_light_ordered(&heads, flip, out));
}

impl<'a> Runs<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        let count = r.u32()? as usize;
        if count > n {
            return Err(corrupt("more runs than rows"));
        }
        let ends: Vec<u32> = Ints::parse(&mut r.part()?, count, depth + 1)?.decode()?;
        let values = Ints::parse(&mut r.part()?, count, depth + 1)?;
        let mut before = 0;
        for &e in &ends {
            if e <= before {
                return Err(corrupt("runs out of order"));
            }
            before = e;
        }
        if before as usize != n {
            return Err(corrupt("runs do not cover the rows"));
        }
        Ok(Runs { ends, values })
    }
    pub fn decode<T: Lane>(&self) -> Result<Vec<T>> {
        let values = self.values.decode::<T>()?;
        let mut out = Vec::with_capacity(self.ends.last().map_or(0, |e| *e as usize));
        for (e, v) in self.ends.iter().zip(values) {
            out.resize(*e as usize, v);
        }
        Ok(out)
    }
    pub fn get(&self, i: usize) -> Result<u64> {
        self.values.get(self.ends.partition_point(|e| *e as usize <= i))
    }
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) -> Result<()> {
        let mut hits = Bitmap::new(self.ends.len(), true);
        self.values.filter(test, flip, &mut hits)?;
        let mut words = sel.words().to_vec();
        let mut start = 0;
        for (i, &end) in self.ends.iter().enumerate() {
            if !hits.get(i) {
                clear(&mut words, start, end as usize);
            }
            start = end as usize;
        }
        *sel = Bitmap::from_words(words, sel.len());
        Ok(())
    }
}

/// Clears the bits `[from, to)`.
fn clear(words: &mut [u64], from: usize, to: usize) {
    let mut at = from;
    while at < to {
        let end = (at / 64 * 64 + 64).min(to);
        let mask = u64::MAX >> (64 - (end - at)) << (at % 64);
        words[at / 64] &= !mask;
        at = end;
    }
}

//! Differences to the value before, for columns that are nearly sorted. Each vector of 2,048 rows starts
//! from a value of its own, so that one row costs at most one vector.
//!
//! Node: smallest difference (u64), first value of each vector (u64 each), then a part: the other
//! differences less the smallest (the first of each vector is 0).

use super::ints::{self, Ints};
use super::lane::Lane;
use crate::bytes::{Reader, corrupt, put_part};
use types::Result;

pub(crate) const VECTOR: usize = 2048;

#[derive(Clone)]
pub(crate) struct Delta<'a> {
    least: u64,
    first: &'a [u8],
    steps: Box<Ints<'a>>,
    n: usize,
}

/// `least`: smallest difference within a vector, as wrapped bits.
pub(crate) fn write(values: &[u64], least: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&least.to_le_bytes());
    values.chunks(VECTOR).for_each(|v| out.extend_from_slice(&v[0].to_le_bytes()));
    let mut steps = Vec::with_capacity(values.len());
    for v in values.chunks(VECTOR) {
        steps.push(0);
        steps.extend(v.windows(2).map(|w| w[1].wrapping_sub(w[0]).wrapping_sub(least)));
    }
    put_part(out, |out| ints::encode_light(&steps, out));
}

impl<'a> Delta<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        let least = r.u64()?;
        if n / VECTOR > r.left() {
            return Err(corrupt("too many vectors"));
        }
        let first = r.take(n.div_ceil(VECTOR) * 8)?;
        let steps = Box::new(Ints::parse(&mut r.part()?, n, depth + 1)?);
        Ok(Delta { least, first, steps, n })
    }
    fn first(&self, vector: usize) -> u64 {
        let mut b = [0; 8];
        b.copy_from_slice(&self.first[vector * 8..vector * 8 + 8]);
        u64::from_le_bytes(b)
    }
    pub fn decode<T: Lane>(&self) -> Result<Vec<T>> {
        let steps = self.steps.decode::<u64>()?;
        let mut out = Vec::with_capacity(self.n);
        for (k, v) in steps.chunks(VECTOR).enumerate() {
            let mut x = self.first(k);
            out.push(T::of(x));
            out.extend(v[1..].iter().map(|s| {
                x = x.wrapping_add(*s).wrapping_add(self.least);
                T::of(x)
            }));
        }
        Ok(out)
    }
    pub fn get(&self, i: usize) -> Result<u64> {
        let start = i / VECTOR * VECTOR;
        let mut x = self.first(i / VECTOR);
        for k in start + 1..=i {
            x = x.wrapping_add(self.steps.get(k)?).wrapping_add(self.least);
        }
        Ok(x)
    }
}

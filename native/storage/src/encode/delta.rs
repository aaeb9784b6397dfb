//! Differences to the value before, for columns that are nearly sorted. Each vector of 2,048 rows starts
//! from a value of its own, so that one row costs at most one vector.
//!
//! Node: smallest difference (u64), first value of each vector (u64 each), then a part: the other
//! differences less the smallest (the first of each vector is 0).

use super::ints::{self, Ints};
use super::lane::Lane;
use super::test::{Test, scan};
use crate::bytes::{Reader, corrupt, put_part};
use types::{Bitmap, Result};

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
            self.sum(k, v, |x| out.push(T::of(x)));
        }
        Ok(out)
    }
    fn sum(&self, vector: usize, steps: &[u64], mut each: impl FnMut(u64)) {
        let mut x = self.first(vector);
        each(x);
        for s in &steps[1..] {
            x = x.wrapping_add(*s).wrapping_add(self.least);
            each(x);
        }
    }
    pub fn get(&self, i: usize) -> Result<u64> {
        self.walk().get(i)
    }
    pub fn walk(&self) -> Walk<'_, 'a> {
        Walk { delta: self, at: usize::MAX, values: Vec::new() }
    }
    /// Decodes the vectors alone that have a selected row.
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) -> Result<()> {
        let mut walk = self.walk();
        let mut failure = None;
        scan::<u64>(sel, test, |k, out| match walk.vector(k * 64 / VECTOR) {
            Ok(values) => {
                let part = &values[k * 64 % VECTOR..];
                out.iter_mut().zip(part).for_each(|(o, v)| *o = v ^ flip);
            }
            Err(e) => failure = Some(e),
        });
        failure.map_or(Ok(()), Err)
    }
}

/// Single rows, near one another: the vector of the last one is kept.
pub(crate) struct Walk<'d, 'a> {
    delta: &'d Delta<'a>,
    at: usize,
    values: Vec<u64>,
}

impl Walk<'_, '_> {
    pub fn get(&mut self, i: usize) -> Result<u64> {
        Ok(self.vector(i / VECTOR)?[i % VECTOR])
    }
    fn vector(&mut self, k: usize) -> Result<&[u64]> {
        if self.at != k {
            let rows = k * VECTOR..self.delta.n.min((k + 1) * VECTOR);
            let steps = self.delta.steps.part(rows)?;
            self.values.clear();
            self.delta.sum(k, &steps, |x| self.values.push(x));
            self.at = k;
        }
        Ok(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_rows_and_filters_give_what_decoding_gives() {
        let n = 3 * VECTOR + 777;
        for spread in [5, 1] {
            let values: Vec<u64> = (0..n as u64).map(|i| 1_000_000 + i * 7 + i * i % spread).collect();
            let least = values.windows(2).map(|w| w[1].wrapping_sub(w[0]) as i64).min().unwrap_or(0);
            let mut bytes = Vec::new();
            write(&values, least as u64, &mut bytes);
            let delta = Delta::parse(&mut Reader::new(&bytes), n, 0).expect("parsed");
            assert_eq!(delta.decode::<u64>().expect("decoded"), values);
            let mut walk = delta.walk();
            for i in [0, 1, VECTOR - 1, VECTOR, 2 * VECTOR + 5, 3, n - 1, 3 * VECTOR] {
                assert_eq!(walk.get(i).ok(), Some(values[i]));
                assert_eq!(delta.get(i).ok(), Some(values[i]));
            }
            for range in [0..n, 5..6, VECTOR - 3..VECTOR + 70, n - 1..n, 0..0] {
                let test = Test::In(values[100], values[n - 50]);
                let mut found = Bitmap::of_range(n, range.clone());
                delta.filter(&test, 0, &mut found).expect("filtered");
                let wanted = Bitmap::from_fn(n, |i| range.contains(&i) && (100..=n - 50).contains(&i));
                assert_eq!(found.ones(), wanted.ones());
            }
        }
    }
}

//! One common value and the rows that differ.
//!
//! Node: common value (u64 raw), count of others (u32), part: gaps between their rows (row less the row
//! before, the first counted from −1, less 1), part: their values.

use super::ints::{self, Ints};
use super::lane::Lane;
use super::test::Test;
use crate::bytes::{Reader, corrupt, put_part};
use types::{Bitmap, Result};

#[derive(Clone)]
pub(crate) struct Sparse<'a> {
    common: u64,
    rows: Vec<u32>,
    values: Ints<'a>,
}

pub(crate) fn write(values: &[u64], common: u64, flip: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&common.to_le_bytes());
    let rows: Vec<usize> = (0..values.len()).filter(|i| values[*i] != common).collect();
    let others: Vec<u64> = rows.iter().map(|i| values[*i]).collect();
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    put_part(out, |out| ints::encode_light(&gaps(&rows), out));
    put_part(out, |out| ints::encode_light_ordered(&others, flip, out));
}

pub(crate) fn gaps(rows: &[usize]) -> Vec<u64> {
    let mut next = 0;
    rows.iter()
        .map(|&r| {
            let gap = r - next;
            next = r + 1;
            gap as u64
        })
        .collect()
}

/// Rows from their gaps, all below `n`.
pub(crate) fn read_rows(r: &mut Reader, count: usize, n: usize, depth: u8) -> Result<Vec<u32>> {
    if count > n {
        return Err(corrupt("more exceptions than rows"));
    }
    let mut rows: Vec<u32> = Ints::parse(r, count, depth + 1)?.decode()?;
    let mut next = 0u64;
    for r in &mut rows {
        let row = next + u64::from(*r);
        if row >= n as u64 {
            return Err(corrupt("an exception past the last row"));
        }
        *r = row as u32;
        next = row + 1;
    }
    Ok(rows)
}

impl<'a> Sparse<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        let common = r.u64()?;
        let count = r.u32()? as usize;
        let rows = read_rows(&mut r.part()?, count, n, depth)?;
        let values = Ints::parse(&mut r.part()?, count, depth + 1)?;
        Ok(Sparse { common, rows, values })
    }
    pub fn decode<T: Lane>(&self, n: usize) -> Result<Vec<T>> {
        let mut out = vec![T::of(self.common); n];
        for (r, v) in self.rows.iter().zip(self.values.decode::<T>()?) {
            out[*r as usize] = v;
        }
        Ok(out)
    }
    pub fn get(&self, i: usize) -> Result<u64> {
        match self.rows.binary_search(&(i as u32)) {
            Ok(k) => self.values.get(k),
            Err(_) => Ok(self.common),
        }
    }
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) -> Result<()> {
        let mut hits = Bitmap::new(self.rows.len(), true);
        self.values.filter(test, flip, &mut hits)?;
        let mut out = Bitmap::new(sel.len(), test.matches(self.common ^ flip));
        for (i, &r) in self.rows.iter().enumerate() {
            out.set(r as usize, hits.get(i));
        }
        sel.and_with(&out);
        Ok(())
    }
}
